"""The playbook: for which customers each entry is due now, who acts by when, and what became of the last list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from cs_helpers.analyses.playbook.declared import DECLARES as DECLARES
from cs_helpers.analyses.playbook.followed import last_list
from cs_helpers.contract.means import capacity_of, obstacles
from cs_helpers.contract.playbook import Play
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Due, Situation
from cs_helpers.result import Finding, Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import wilson

#: an entry has no rule, its rule can be told of no customer, or of some at least
NO_RULE, UNKNOWN, KNOWN = "no_rule", "unknown", "known"

#: number of an entry, counted from 1; the entry; for whom it is due now, and was at the end of the quarter before
_Entry = tuple[int, Play, Due, Due]


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """For whom each entry of the product's playbook is due at the end of the quarter, by what is known then.

    Tables: `entries` (number, from 1; entry, its id; state: `no_rule`, `unknown` (the data tells it of no customer) or
    `known`; who, within; obstacles: why nobody can carry it out by the sections `organisation` and `means` of the product
    file, as a tuple of `contract.means.Obstacle`; takes: customers a quarter that its means can take, NaN where that is not
    stated; customers, mrr (left out without contracts); oldest, median: the days since which it is due;
    unknown: customers of whom it is not known; previous: customers at the end of the quarter before, NaN where that is
    not known); `last_list`: see `followed.last_list`; `matches`, for the team only (number, entry, account_id, name,
    csm, size, since, mrr): one row for each entry and customer, by MRR.

    Findings: `decide` for each entry that is due for customers, by MRR (by customers without contracts), or `decide_nobody`
    where nobody can carry it out (with the field obstacles), or `decide_beyond` where its means can take fewer customers
    a quarter (with the field takes); further fields: entry (its id), number, when, do (`Words`), who (a role), by (the day by which it is to be done).
    """
    before, now = Situation.on(data, quarter.back(1).end, quarter.end)
    plays = data.product.playbook
    by_contracts = now.time.by_contracts
    if not plays or now.customers.empty:
        no_customers = "no_customers" if by_contracts else "no_accounts"
        code, fields = (no_customers, {"quarter": str(quarter)}) if plays else ("no_playbook", {})
        unanswered = tuple(Note(code, about, fields) for about in ("entries", "last_list", "matches"))
        name, n = data.product.product, len(now.customers)
        return Result("playbook", name, quarter, quarter.start, data.as_of, n, {}, {}, unanswered)
    entries = [
        (n, play, now.due(play.rule), before.due(play.rule))
        for n, play in enumerate(plays, start=1)
        if play.rule is not None
    ]
    mrr = now.time.mrr(quarter.end)
    in_the_way = [obstacles(play.key, data.product.means, data.product.organisation) for play in plays]
    takes = [capacity_of(play.key, data.product.means) for play in plays]
    table = _entry_table(plays, entries, mrr, len(before.customers)).assign(
        obstacles=in_the_way, takes=pd.Series(takes, dtype="float64")
    )
    table = table if by_contracts else table.drop(columns="mrr")
    tables = {"entries": table, "matches": _matches(entries, data["accounts"], mrr, by_contracts)}
    notes = _notes(plays, entries, by_contracts)
    if nobody := tuple(play.when for play, codes in zip(plays, in_the_way, strict=True) if codes):
        notes.append(Note("nobody_can", "entries", {"entries": nobody}))
    followed = last_list([(n, play, was) for n, play, _, was in entries], before, now)
    if followed.empty:
        notes.append(Note("no_list", "last_list", {"quarter": str(quarter.back(1))}))
    else:
        tables["last_list"] = followed
        if followed["done"].isna().all():
            notes.append(Note("no_sign", "done_share", {}))
    metrics = _metrics(entries, mrr, followed, len(now.customers), by_contracts) if entries else {}
    return Result(
        "playbook",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        len(now.customers),
        tables,
        metrics,
        tuple(notes),
        {"by_contracts": by_contracts},
        verdicts={"entries": _verdict(metrics, len(now.customers))} if entries else {},
        findings=_findings(entries, table, quarter, len(now.customers)),
    )


def _entry_table(
    plays: Sequence[Play], entries: Sequence[_Entry], mrr: pd.Series, customers_before: int
) -> pd.DataFrame:
    """The table `entries`: a row for each entry of the playbook, in its order."""
    by_number = {n: (due, was) for n, _, due, was in entries}
    rows = []
    for number, play in enumerate(plays, start=1):
        row = {"number": number, "entry": play.key, "state": NO_RULE, "who": play.who, "within": play.within}
        if number in by_number:
            due, was = by_number[number]
            is_known = due.is_known(len(mrr))
            was_known = was.is_known(customers_before)
            row |= {
                "state": KNOWN if is_known else UNKNOWN,
                "customers": len(due.customers) if is_known else np.nan,
                "mrr": float(mrr.reindex(due.customers).sum()) if is_known else np.nan,
                "oldest": due.since.min(),
                "median": due.since.sort_values().iloc[(len(due.since) - 1) // 2]
                if len(due.since)
                else pd.NaT,
                "unknown": len(due.unknown),
                "previous": len(was.customers) if was_known else np.nan,
            }
        rows.append(row)
    columns = [
        "number", "entry", "state", "who", "within", "customers", "mrr", "oldest", "median", "unknown", "previous",
    ]  # fmt: skip
    kinds = {
        **dict.fromkeys(("customers", "mrr", "unknown", "previous"), "float64"),
        **dict.fromkeys(("oldest", "median"), "datetime64[us]"),
    }
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def _matches(
    entries: Sequence[_Entry], accounts: pd.DataFrame, mrr: pd.Series, by_contracts: bool
) -> pd.DataFrame:
    """The table `matches`: the entries that are due for each customer, by MRR, then by days."""
    parts = [
        due.since.rename_axis("account_id").reset_index().assign(number=n, entry=play.key)
        for n, play, due, _ in entries
    ]
    columns = ["number", "entry", "account_id", "name", "csm", "size", "since", "mrr"]
    if not parts:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(parts, ignore_index=True).merge(
        accounts[["account_id", "name", "csm", "size"]], on="account_id", how="left"
    )
    rows["mrr"] = rows["account_id"].map(mrr).astype("float64")
    rows = rows.sort_values(
        ["mrr", "since", "account_id", "number"], ascending=[False, True, True, True], ignore_index=True
    )
    return rows[[c for c in columns if by_contracts or c != "mrr"]]


def _notes(plays: Sequence[Play], entries: Sequence[_Entry], by_contracts: bool) -> list[Note]:
    """Notes on entries without a rule, on customers of whom a rule is not known, and on missing MRR."""
    notes = []
    if not entries:
        notes += [Note("no_rules", about, {}) for about in ("entries", "matches")]
    elif len(entries) < len(plays):
        without_rule = tuple(play.when for play in plays if play.rule is None)
        notes.append(Note("no_rule", "entries", {"entries": without_rule}))
    unknown = tuple((play.when, len(due.unknown)) for _, play, due, _ in entries if len(due.unknown))
    if unknown:
        notes.append(Note("due_unknown", "entries", {"entries": unknown}))
    if not by_contracts:
        notes.append(Note("no_mrr", "due_mrr", {}))
    return notes


def _metrics(
    entries: Sequence[_Entry], mrr: pd.Series, followed: pd.DataFrame, customers: int, by_contracts: bool
) -> dict[str, Metric]:
    """`due` (customers with an entry that is due), `due_mrr` (their MRR), `done_share` (of the last list)."""
    accounts = pd.Index([]).append([due.customers for _, _, due, _ in entries]).unique()
    metrics = {"due": Metric("due", len(accounts), "count", customers)}
    if by_contracts:
        metrics["due_mrr"] = Metric("due_mrr", float(mrr.reindex(accounts).sum()), "currency", len(accounts))
    known = followed[followed["done"].notna()]
    if listed := int(known["listed"].sum()):
        done = int(known["done"].sum())
        low, high = wilson(done, listed)
        metrics["done_share"] = Metric("done_share", done / listed, "share", listed, low, high)
    return metrics


def _verdict(metrics: dict[str, Metric], customers: int) -> Verdict:
    """`message` (customers, of, mrr), `count` (customers, of) without MRR, or `none` (of)."""
    due = metrics["due"].value
    if not due:
        return Verdict("none", {"of": customers})
    if "due_mrr" in metrics:
        return Verdict("message", {"customers": due, "of": customers, "mrr": metrics["due_mrr"].value})
    return Verdict("count", {"customers": due, "of": customers})


def _findings(
    entries: Sequence[_Entry], table: pd.DataFrame, quarter: Quarter, customers: int
) -> tuple[Finding, ...]:
    """`decide` for each entry that is due: the customers now, against those at the end of the quarter before."""
    rows = table.set_index("number")
    findings = []
    for number, play, due, _ in entries:
        if due.customers.empty:
            continue
        in_the_way = rows.at[number, "obstacles"]
        count, previous = float(len(due.customers)), float(rows.at[number, "previous"])
        change = count - previous
        is_known = change == change
        takes = float(rows.at[number, "takes"])
        code, limit = (
            ("decide_nobody", {"obstacles": in_the_way})
            if in_the_way
            else ("decide_beyond", {"takes": takes})
            if takes < count
            else ("decide", {})
        )
        findings.append(
            Finding(
                code,
                "entries",
                "neither" if not is_known or not change else "worse" if change > 0 else "better",
                "counted",
                customers - len(due.unknown),
                value=count,
                compared=previous if is_known else None,
                compared_with="previous_quarter" if is_known else "nothing",
                size=change if is_known else None,
                size_unit="count" if is_known else "",
                customers=len(due.customers),
                mrr=float(rows.at[number, "mrr"]) if "mrr" in rows else None,
                fields=_action(number, play, quarter) | limit,
            )
        )
    return tuple(sorted(findings, key=lambda f: (f.mrr or 0.0, f.customers), reverse=True))


def _action(number: int, play: Play, quarter: Quarter) -> dict[str, object]:
    """The fields of a finding that say what is to be done, by whom, and by which day."""
    by = quarter.end + timedelta(days=play.within)
    return {"entry": play.key, "number": number, "when": play.when, "do": play.do, "who": play.who, "by": by}

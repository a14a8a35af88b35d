"""What became of the customers for whom an entry was due at the end of the quarter before: done or not, and then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.contract.playbook import Play
from cs_helpers.contract.products import Sign
from cs_helpers.contract.spells import RUNNING
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customer_journey.due import Due, Situation
from cs_helpers.customers import measures
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, fisher, newcombe

#: the customers with whom an entry was done, and without, that it takes to compare them
MIN_CUSTOMERS = 5

#: what became of a customer: due no more, still due, lost, or not known
RESOLVED, STILL, LOST, UNKNOWN = "resolved", "still", "lost", "unknown"

COLUMNS = (
    "number", "entry", "within", "listed", "done", "resolved", "still", "lost", "unknown",
    "done_of", "done_resolved", "done_lost", "other_of", "other_resolved", "other_lost", "difference", "low", "high",
    "p", "verdict",
)  # fmt: skip


def last_list(plays: Sequence[tuple[int, Play, Due]], before: Situation, now: Situation) -> pd.DataFrame:
    """What became of the customers listed at the end of the quarter before, for each entry with a sign or customers.

    plays: number, entry and the customers for whom it was due in the situation `before`. Columns: number, entry (its
    id), within, listed (customers), done (with whom it was done within `within` days; NaN: no sign is declared, or the
    data does not cover these days), resolved, still, lost, unknown (what became of them); then, of those of whom both
    is known, with whom it was done (done_of, done_resolved, done_lost) and with whom not (other_*); difference of the
    two shares of `resolved` with its 95 % interval low to high (Newcombe), p (Fisher's exact test), and verdict:
    `more`, `fewer` or `chance` (by Benjamini-Hochberg over the entries), `same` (shares), `too_few`, `no_sign`, `not_over` (the days
    within which it is to be done are not over) or `done_unknown`.
    """
    rows = []
    for number, play, due in plays:
        if due.customers.empty:
            continue
        outcome = _outcomes(play, due.customers, before, now)
        counts = outcome.value_counts()
        row = {
            "number": number, "entry": play.key, "within": play.within, "listed": len(outcome),
            **{kind: int(counts.get(kind, 0)) for kind in (RESOLVED, STILL, LOST, UNKNOWN)},
        }  # fmt: skip
        done = was_done(now.data, play, due.customers, before.day, now.day)
        rows.append({**row, **_compared(play, outcome, done, before.day, now.day)})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    is_compared = table["verdict"] == "chance"
    differs = benjamini_hochberg(table["p"].where(is_compared).to_list(), q=FALSE_DISCOVERY)
    better = np.where(table["difference"] > 0, "more", "fewer")
    table["verdict"] = table["verdict"].mask(is_compared & differs, pd.Series(better, table.index))
    return table


def _outcomes(play: Play, customers: pd.Index, before: Situation, now: Situation) -> pd.Series:
    """What became of each customer by the end of the quarter. Index: account_id."""
    assert play.rule is not None
    months = (now.day.year - before.day.year) * 12 + now.day.month - before.day.month
    due = now.due(play.rule, months_later=months)
    status = now.time.status_after(before.day, now.day).reindex(customers)
    outcome = np.select(
        [
            status.isin(ENDINGS),
            status != RUNNING,
            customers.isin(due.customers),
            customers.isin(due.unknown),
        ],
        [LOST, UNKNOWN, STILL, UNKNOWN],
        RESOLVED,
    )
    return pd.Series(outcome, customers, dtype="str")


def was_done(data: ProductData, play: Play, customers: pd.Index, listed_on: date, until: date) -> pd.Series:
    """With whom an entry was done within its days after `listed_on`, and by `until`.

    Index: account_id. Values: 1 (done), 0 (not), NaN: not known, as no sign is declared or the data has no such days.
    """
    if play.done is None:
        return pd.Series(np.nan, customers)
    first = pd.Timestamp(listed_on) + pd.Timedelta(days=1)
    last = min(pd.Timestamp(listed_on) + pd.Timedelta(days=play.within), pd.Timestamp(until))
    seen = customers.isin(_signs(data, play.done, first, last))
    source = "touches" if play.done.touch else "usage"
    period = measures.covered_period(data, source, play.done.event or "*")
    is_known = period is not None and period.covers(first.date(), last.date())
    return pd.Series(np.where(seen, 1.0, 0.0 if is_known else np.nan), customers)


def _signs(data: ProductData, sign: Sign, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """The account_ids with a sign between two days, inclusive."""
    if sign.touch:
        rows = data["touches"]
        rows = rows[(rows["kind"] != "churn_notice") & rows["content"].notna()]
        matches, when = measures.matches_event(rows["content"], sign.touch), rows["occurred_at"]
    else:
        rows = data["usage_daily"]
        matches, when = measures.matches_event(rows["event"], str(sign.event)), rows["day"]
    within = (when >= first) & (when < last + pd.Timedelta(days=1))
    return rows.loc[matches & within, "account_id"]


def _compared(
    play: Play, outcome: pd.Series, done: pd.Series, listed_on: date, until: date
) -> dict[str, object]:
    """The columns from `done` on: those with whom the entry was done against the others."""
    known = outcome[(outcome != UNKNOWN) & done.notna()]
    groups = {
        name: known[done.reindex(known.index) == value] for name, value in (("done", 1.0), ("other", 0.0))
    }
    counts = {
        f"{name}_{kind}": len(group) if kind == "of" else int((group == kind).sum())
        for name, group in groups.items()
        for kind in ("of", RESOLVED, LOST)
    }
    is_over = pd.Timestamp(listed_on) + pd.Timedelta(days=play.within) <= pd.Timestamp(until)
    row: dict[str, object] = {
        **counts, "done": float(done.sum()) if done.notna().any() else np.nan,
        "difference": np.nan, "low": np.nan, "high": np.nan, "p": np.nan,
    }  # fmt: skip
    if play.done is None or done.isna().all():
        return {**row, "verdict": "no_sign" if play.done is None else "done_unknown"}
    if not is_over:
        return {**row, "verdict": "not_over"}
    if min(counts["done_of"], counts["other_of"]) < MIN_CUSTOMERS:
        return {**row, "verdict": "too_few"}
    compared = counts["done_resolved"], counts["done_of"], counts["other_resolved"], counts["other_of"]
    low, high = newcombe(*compared)
    difference = compared[0] / compared[1] - compared[2] / compared[3]
    return {
        **row,
        "difference": difference,
        "low": low,
        "high": high,
        "p": fisher(*compared),
        "verdict": "chance" if difference else "same",
    }

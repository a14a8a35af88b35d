"""Feedback to the product: what customers ask of it, what becomes of that, and who has been told."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.product_feedback.answers import (
    QUARTERS,
    already_there,
    answer_curves,
    closed_loop,
    decision_waits,
    not_told,
    to_tell,
    told_waits,
    without_day,
)
from cs_helpers.analyses.product_feedback.asked import UNDECIDED, Asked
from cs_helpers.analyses.product_feedback.declared import DECLARES as DECLARES
from cs_helpers.analyses.product_feedback.findings import Counts, feedback_findings
from cs_helpers.analyses.product_feedback.handed import (
    NO_REQUEST,
    not_handed,
    not_handed_companies,
    told_themes,
    with_handed,
)
from cs_helpers.analyses.product_feedback.ranking import by_size, ranking, status_table
from cs_helpers.analyses.product_feedback.verdicts import verdicts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.segments import mask_unknown
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Answers, Finding, Metric, Note, Result
from cs_helpers.snapshot import ProductData

#: the questions that need to know who asked
_OF_WHO_ASKED = ("ranking", "by_size", "closed_loop", "not_told", "already_there", "to_tell")
#: those that need to know who was told
_OF_WHO_WAS_TOLD = ("closed_loop", "not_told", "already_there", "to_tell")
#: all questions, in the order of the page
_ALL = (*_OF_WHO_ASKED[:2], "status", "answers", *_OF_WHO_ASKED[2:], "not_handed", "not_handed_companies")


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """What customers ask of the product, as known at the end of the quarter; companies are counted, not mentions.

    Tables: `ranking`, `by_size`, `status`: see `ranking`; `answers` (curves), `waits` (their summary), `closed_loop`,
    `not_told`, `already_there`, `to_tell` (for the team): see `answers`; `not_handed`, `not_handed_companies` (for the team): see
    `handed`. Without contracts no MRR is known, and its columns are NaN.

    Metrics: open_requests (without an answer), undecided_mrr (of the customers that wait for it), days_to_answer (median over
    requests raised in the last two years, of which those without an answer are censored), days_to_told (median from asking to
    being told), closed_loop (share of pairs of a customer and an answered request in which it was told), untold (customers with
    another), unaware (customers not told that the product does what they asked for), not_handed (themes without a request).
    """
    by_contracts = not missing_contracts(data)
    found = Asked.on(data, quarter.end)
    answers = Answers()
    customers = len(found.customers)
    if code := _unanswerable(data, found, by_contracts):
        answers.notes += [_missing(code, data, about, quarter) for about in _ALL]
        return _result(data, quarter, customers, answers, by_contracts)
    counts = _counts(found)
    _add_answers(answers, data, found, quarter)
    _add_who_asked(answers, data, found, counts)
    _add_themes(answers, data, found, quarter)
    answers.verdicts |= verdicts(answers.tables)
    _add_notes(answers, data, found, quarter)
    findings = feedback_findings(answers.tables, counts, _counts_before(data, quarter), customers)
    return _result(data, quarter, customers, answers, by_contracts, findings)


def _unanswerable(data: ProductData, found: Asked, by_contracts: bool) -> str:
    """The code of the note on why nothing can be answered; '' where something can."""
    if data.missing("requests"):
        return "missing_table"
    if found.customers.empty:
        return "no_customers" if by_contracts else "no_accounts"
    return "no_requests" if found.requests.empty else ""


def _missing(code: str, data: ProductData, about: str, quarter: Quarter) -> Note:
    if code == "missing_table":
        return Note("missing_table", about, {"tables": data.missing("requests", "request_accounts")})
    if code == "no_requests":
        return Note("no_requests", about, {"quarter": str(quarter)})
    if code == "no_customers":
        return Note("no_customers", about, {"quarter": str(quarter)})
    return Note("no_accounts", about, {"quarter": str(quarter)})


def _add_answers(answers: Answers, data: ProductData, found: Asked, quarter: Quarter) -> None:
    """What has become of requests, and how long that took."""
    table = status_table(found)
    if data.missing("request_accounts"):
        table = table.assign(companies=np.nan, mrr=np.nan, unasked=np.nan)
    answers.tables["status"] = table
    undecided = found.requests["status"].isin(UNDECIDED)
    answers.add(Metric("open_requests", float(undecided.sum()), "count", len(found.requests)))
    told = told_waits(found, quarter)
    told = told if found.knows_told else told.iloc[:0]
    curves, waits = answer_curves(decision_waits(found, quarter), told)
    if waits.empty:
        answers.notes.append(Note("no_waits", "answers", {"quarters": QUARTERS}))
    else:
        answers.tables |= {"answers": curves, "waits": waits}
    for wait, name in (("decided", "days_to_answer"), ("told", "days_to_told")):
        row = waits[waits["wait"] == wait]
        if len(row) and row["median"].notna().all():
            median, low, high = (row[c].iloc[0] for c in ("median", "low", "high"))
            answers.add(Metric(name, float(median), "days", int(row["n"].iloc[0]), _known(low), _known(high)))
        elif len(row) and wait == "decided":
            answers.notes.append(Note("answer_not_reached", "answers", {}))
        elif len(row):
            answers.notes.append(Note("told_not_reached", "answers", {}))


def _add_who_asked(answers: Answers, data: ProductData, found: Asked, counts: Counts) -> None:
    """What depends on who asked: the ranking, and who has been told."""
    if missing := data.missing("request_accounts"):
        answers.notes += [Note("missing_table", about, {"tables": missing}) for about in _OF_WHO_ASKED]
        return
    asked = found.asked[found.asked["is_customer"]]
    if len(table := ranking(found)):
        answers.tables["ranking"] = table
    else:
        answers.notes.append(Note("nothing_waits", "ranking", {}))
    sizes = by_size(found)
    if len(sizes) or mask_unknown(found.customers["size"]).nunique() > 1:
        answers.tables["by_size"] = sizes
    else:
        answers.notes.append(Note("one_size", "by_size", {}))
    waiting = asked.loc[asked["status"].isin(UNDECIDED), "account_id"].unique()
    if found.time.by_contracts:
        amount = float(found.customers.loc[waiting, "mrr"].sum())
        answers.add(Metric("undecided_mrr", amount, "currency", len(waiting)))
    else:
        answers.notes.append(Note("no_mrr", "ranking", {}))
    owed = found.owed
    if owed.empty:
        answers.notes += [Note("nothing_owed", about, {}) for about in _OF_WHO_WAS_TOLD]
        return
    if not found.knows_told:
        answers.notes += [Note("told_unknown", about, {}) for about in _OF_WHO_WAS_TOLD]
        return
    loop = closed_loop(found, data.sizes)
    answers.tables |= {
        "closed_loop": loop, "not_told": not_told(found), "already_there": already_there(found),
        "to_tell": to_tell(found, found.day),
    }  # fmt: skip
    share = loop[loop["dimension"] == "all"].iloc[0]
    low, high = _known(share["low"]), _known(share["high"])
    answers.add(Metric("closed_loop", float(share["share"]), "share", int(share["owed"]), low, high))
    answers.add(Metric("untold", float(counts["untold"][0]), "count", int(owed["account_id"].nunique())))
    later = int(owed.loc[owed["is_later"], "account_id"].nunique())
    answers.add(Metric("unaware", float(counts["unaware"][0]), "count", later))


def _add_themes(answers: Answers, data: ProductData, found: Asked, quarter: Quarter) -> None:
    """Themes of interviews against those of requests."""
    both = ("not_handed", "not_handed_companies")
    if missing := data.missing("request_accounts", "interviews", "notes", "codings"):
        answers.notes += [Note("missing_table", about, {"tables": missing}) for about in both]
        return
    if not found.requests["code"].ne("").any():
        answers.notes += [Note("no_themes", about, {}) for about in both]
        return
    told = told_themes(data, quarter)
    if told.empty:
        answers.notes += [Note("no_interviews_told", about, {}) for about in both]
        return
    told = with_handed(told, found)
    table = not_handed(told, found)
    answers.tables["not_handed"] = table
    answers.tables["not_handed_companies"] = not_handed_companies(told, found, data["accounts"])
    without = int((table["state"] == NO_REQUEST).sum())
    answers.add(Metric("not_handed", float(without), "count", len(table)))


def _add_notes(answers: Answers, data: ProductData, found: Asked, quarter: Quarter) -> None:
    """What a reader must know about the answers."""
    for table, about in (("requests", "status"), ("request_accounts", "ranking")):
        period = data.coverage.tables.get(table)
        if period is not None and period.silent_since is not None and period.silent_since <= quarter.end:
            answers.notes.append(Note("log_ended", about, {"tables": (table,), "since": period.silent_since}))
    if unknown := int(without_day(found.requests).sum()):
        answers.notes.append(Note("day_unknown", "answers", {"requests": unknown, "of": len(found.requests)}))
    if data.missing("request_accounts"):
        return
    if others := int(found.asked.loc[~found.asked["is_customer"], "account_id"].nunique()):
        answers.notes.append(Note("lost_askers", "ranking", {"customers": others}))
    if unasked := int(answers.tables["status"]["unasked"].sum()):
        answers.notes.append(Note("unasked", "status", {"requests": unasked, "of": len(found.requests)}))


def _known(bound: float) -> float | None:
    return float(bound) if bound == bound else None


def _counts(found: Asked) -> dict[str, tuple[int, float]]:
    """Customers, and their MRR, that have not been told: of any answer (`untold`), of what the product does (`unaware`).

    Empty where it is not recorded who was told.
    """
    if not found.knows_told:
        return {}
    open_loop = found.owed[~found.owed["is_told"]]
    who = {"untold": open_loop, "unaware": open_loop[open_loop["is_later"]]}
    once = {name: rows.drop_duplicates("account_id") for name, rows in who.items()}
    return {
        name: (len(rows), float(rows["mrr"].sum(min_count=1)) if len(rows) else 0.0)
        for name, rows in once.items()
    }


def _counts_before(data: ProductData, quarter: Quarter) -> dict[str, tuple[int, float]] | None:
    """The counts at the end of the quarter before; None where they were not known."""
    before = Asked.on(data, quarter.back(1).end)
    return None if before.requests.empty or before.customers.empty else _counts(before) or None


def _result(
    data: ProductData,
    quarter: Quarter,
    customers: int,
    answers: Answers,
    by_contracts: bool,
    findings: tuple[Finding, ...] = (),
) -> Result:
    since = pd.Timestamp(quarter.back(QUARTERS - 1).start).date()
    return Result(
        "product_feedback", data.product.product, quarter, since, data.as_of, customers, answers.tables, answers.metrics,
        tuple(answers.notes), {"by_contracts": by_contracts, "has_askers": not data.missing("request_accounts")}, verdicts=answers.verdicts, findings=findings,
    )  # fmt: skip

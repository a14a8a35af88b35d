"""Hand-overs from sales: how complete they are, by whom, what goes with it, and whether what was promised came true."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.handover import expectations as expected
from cs_helpers.analyses.handover.associations import (
    association_verdict,
    associations,
    none_verdict,
    value_verdict,
)
from cs_helpers.analyses.handover.completeness import (
    customer_table,
    field_table,
    field_verdict,
    is_stricter,
    role_table,
    role_verdict,
    start_table,
    start_verdict,
)
from cs_helpers.analyses.handover.declared import DECLARES as DECLARES
from cs_helpers.analyses.handover.findings import handover_findings
from cs_helpers.analyses.handover.followed import (
    group_table,
    loss_periods,
    value_curves,
    value_periods,
    value_times,
)
from cs_helpers.analyses.handover.handed import Handed
from cs_helpers.analyses.handover.headlines import headline_metrics
from cs_helpers.analyses.handover.promises import overdue_table, promise_rows, promise_table, promise_verdict
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import HANDOVER_FIELDS
from cs_helpers.customers.handovers import UNKNOWN
from cs_helpers.result import Answers, Note, Result
from cs_helpers.snapshot import ProductData

_QUESTIONS = (
    "starts", "fields", "customers", "roles", "value", "associations", "expectations", "expectation_customers",
    "promises", "overdue",
)  # fmt: skip


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Hand-overs as known at the end of the quarter (`customers.handovers`).

    The state of hand-overs is told of the customers who started in the last four quarters, this one included; roles and what
    hand-overs go with of all whose hand-over is known.

    Tables: `starts`, `fields`, `customers` (for the team), `roles`: see `completeness`; `value` (curves) and `groups`: see `followed.value_curves`
    and `followed.group_table`; `associations`: see `associations.associations`; `expectations`, `expectation_customers` (for the
    team): see `expectations`; `promises`, `overdue` (for the team): see `promises`.
    """
    handed = Handed.over(data, quarter)
    unanswered = _unanswered(handed)
    if unanswered:
        name, n = data.product.product, len(handed.known)
        return Result("handover", name, quarter, quarter.start, data.as_of, n, {}, {}, tuple(unanswered))
    answers = Answers()
    _state(handed, answers)
    times = value_times(handed)
    _followed(handed, times, answers)
    promises = _promises(handed, times, answers)
    heard = _expectations(handed, answers)
    if not handed.time.by_contracts:
        answers.tables = {n: t.drop(columns="mrr", errors="ignore") for n, t in answers.tables.items()}
        answers.notes.append(Note("no_mrr", "customers", {}))
    answers.metrics = headline_metrics(handed, promises, heard)
    return Result(
        "handover",
        data.product.product,
        quarter,
        handed.known["started_on"].min().date(),
        data.as_of,
        len(handed.known),
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        {
            "by_contracts": handed.time.by_contracts,
            "complete_from": data.product.handover.complete_from,
            "fields": tuple(handed.fields),
            "value_step": data.product.journey.value_step,
            "followed": 0 if times is None else len(times),
            "since_new": str(quarter.back(3)),
        },
        verdicts=answers.verdicts,
        findings=handover_findings(handed, answers.tables, answers.verdicts, promises),
    )


def _unanswered(handed: Handed) -> list[Note]:
    """Why nothing can be told: no table, no hand-over by then, or none in which a field is filled in."""
    if missing := handed.data.missing("handovers"):
        return [Note("missing_table", about, {"tables": missing}) for about in _QUESTIONS]
    if handed.handed.empty:
        return [Note("no_handovers", about, {"quarter": str(handed.quarter)}) for about in _QUESTIONS]
    if not handed.fields:
        return [Note("no_fields", about, {}) for about in _QUESTIONS]
    return []


def _state(handed: Handed, answers: Answers) -> None:
    """How complete hand-overs are now: the questions `starts`, `fields`, `customers` and `roles`."""
    new = handed.new
    if unknown := int((handed.every["standing"] == UNKNOWN).sum()):
        since = handed.data["handovers"]["handed_over_on"].min().date()
        answers.notes.append(Note("unknown_starts", "starts", {"customers": unknown, "since": since}))
    if not handed.data.product.handover.fields and len(handed.fields) < len(HANDOVER_FIELDS):
        never = tuple(f for f in HANDOVER_FIELDS if f not in handed.fields)
        answers.notes.append(Note("fields_never", "fields", {"handover_fields": never}))
    starts = start_table(handed)
    if len(starts) and len(new):
        answers.tables["starts"] = starts
        answers.verdicts["starts"] = start_verdict(new)
        answers.tables["customers"] = customer_table(handed)
    else:
        answers.notes += [
            Note("none_started", about, {"quarter": str(handed.quarter)}) for about in ("starts", "customers")
        ]
    if len(handed.new_handed):
        answers.tables["fields"] = field_table(handed.new_handed, handed.fields)
        answers.verdicts["fields"] = field_verdict(answers.tables["fields"])
    else:
        answers.notes.append(Note("none_started", "fields", {"quarter": str(handed.quarter)}))
    without_role = int(handed.handed["from_role"].isna().sum())
    if without_role == len(handed.handed):
        answers.notes.append(Note("no_roles", "roles", {}))
        return
    answers.tables["roles"] = role_table(handed.handed, handed.fields)
    answers.verdicts["roles"] = role_verdict(answers.tables["roles"])
    if is_stricter(answers.tables["roles"]):
        answers.notes.append(Note("several_roles", "roles", {}))
    if without_role:
        answers.notes.append(
            Note("role_unknown", "roles", {"customers": without_role, "of": len(handed.handed)})
        )


def _followed(handed: Handed, times: pd.DataFrame | None, answers: Answers) -> None:
    """What came after: the questions `value` and `associations`."""
    value = None if times is None or times.empty else value_periods(handed, times)
    losses = loss_periods(handed) if handed.time.by_contracts else None
    if losses is None:
        answers.notes.append(Note("no_losses", "associations", {}))
    if value is None:
        answers.notes += [Note("no_value", about, {}) for about in ("value", "associations")]
    else:
        answers.tables["value"] = value_curves(value)
        answers.tables["groups"] = group_table(value, losses)
        late = int((value["entered"] > 0).sum())
        if late:
            answers.notes.append(Note("late_ones", "value", {"customers": late}))
        not_seen = len(handed.known) - len(times.index) if times is not None else 0
        if not_seen:
            answers.notes.append(
                Note("value_not_seen", "value", {"customers": not_seen, "of": len(handed.known)})
            )
    if value is not None or losses is not None:
        answers.tables["associations"] = associations(value, losses)
        answers.verdicts["associations"] = association_verdict(answers.tables["associations"])
        answers.notes.append(Note("not_random", "associations", {}))
        if value is not None:
            ratios = answers.tables["associations"]
            answers.verdicts["value"] = value_verdict(answers.tables["groups"], ratios)
            if without := none_verdict(answers.tables["groups"], ratios):
                answers.verdicts["value.none"] = without


def _promises(handed: Handed, times: pd.DataFrame | None, answers: Answers) -> pd.DataFrame | None:
    """Promises whose day has passed: the questions `promises` and `overdue`."""
    if times is None:
        answers.notes += [Note("no_value", about, {}) for about in ("promises", "overdue")]
        return None
    rows = promise_rows(handed, times)
    if rows.empty:
        answers.notes += [
            Note("no_deadlines", about, {"quarter": str(handed.quarter)}) for about in ("promises", "overdue")
        ]
        return None
    answers.tables["promises"] = promise_table(rows, handed.time.by_contracts)
    answers.verdicts["promises"] = promise_verdict(answers.tables["promises"])
    answers.tables["overdue"] = overdue_table(handed, rows)
    return rows


def _expectations(handed: Handed, answers: Answers) -> pd.DataFrame:
    """What customers expect, by hand-overs and in interviews: `expectations` and `expectation_customers`."""
    rows = expected.expectation_rows(handed)
    table = expected.expectation_table(rows)
    missing = handed.data.missing("interviews", "notes", "codings")
    for about in ("expectations", "expectation_customers"):
        if missing:
            answers.notes.append(Note("missing_table", about, {"tables": missing}))
        elif handed.handed["expectation"].isna().all():
            answers.notes.append(Note("no_expectation", about, {}))
        elif rows.empty:
            answers.notes.append(Note("not_interviewed", about, {}))
    if len(rows) and not missing:
        answers.tables["expectations"] = table
        answers.verdicts["expectations"] = expected.expectation_verdict(table)
        answers.tables["expectation_customers"] = expected.customer_table(handed, rows)
    return table

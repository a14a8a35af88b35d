"""The ten principles of customer success: how mature a product is in each, by its data and by the team's own judgement.

The principles are those of Mehta, Steinman, Murphy, "Customer Success" (2016). The rules by which data shows a level, and the order of
work for a phase of the business, are ours (`rules`, `contract.principles`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.ten_principles.assessments import assessment_table, counted_rows, later_rows
from cs_helpers.analyses.ten_principles.declared import DECLARES as DECLARES
from cs_helpers.analyses.ten_principles.evidence import shown
from cs_helpers.analyses.ten_principles.numbers import Numbers
from cs_helpers.analyses.ten_principles.rules import RULES
from cs_helpers.analyses.ten_principles.standing import order_table, principle_table
from cs_helpers.analyses.ten_principles.verdicts import (
    changes_verdict,
    headline_metrics,
    order_verdict,
    principle_findings,
    principles_verdict,
)
from cs_helpers.contract.principles import Principles
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Answers, Note, Result
from cs_helpers.snapshot import ProductData

_QUESTIONS_OF_TEAM = ("principles", "changes", "assessments")


def analyse(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
    """The ten principles of a product at the end of a quarter.

    results: of the reports that it builds on. Tables: `principles`: see `standing.principle_table`; `evidence`: see `evidence.shown`;
    `order`: see `standing.order_table`; `changes`: see `assessments.assessment_table`, of the principles that were judged before;
    `assessments` (for the team): principle, assessed_on, assessed_by, level, why; the last judgements first.
    """
    answers = Answers()
    time = customer_time_as_of(data, quarter.end)
    customers, declared = len(time.customers(quarter.end)), data.product.principles
    rows = counted_rows(data, quarter)
    judged = assessment_table(rows, quarter)
    found, evidence = shown(Numbers(data, quarter, results))
    table = principle_table(found, judged)
    answers.tables["principles"] = table
    answers.verdicts["principles"] = principles_verdict(table)
    if evidence.empty:
        code = "no_numbers" if customers else "no_customers" if time.by_contracts else "no_accounts"
        fields = {"principles": tuple(RULES)} if customers else {"quarter": str(quarter)}
        answers.notes.append(Note(code, "evidence", fields))
    else:
        answers.tables["evidence"] = evidence
        without = tuple(one.principle for one in found if not one.has_number)
        if without:
            answers.notes.append(Note("no_numbers", "evidence", {"principles": without}))
        answers.notes.append(Note("no_history", "evidence", {"principles": _without_history()}))
    answers.tables["order"] = order_table(table, declared)
    answers.verdicts["order"] = order_verdict(answers.tables["order"], declared)
    answers.notes += _notes_on_order(declared)
    _add_judgements(answers, data, quarter, rows, judged)
    for metric in headline_metrics(table):
        answers.add(metric)
    return Result(
        "ten_principles",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        customers,
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        {"phase": declared.phase if declared else "", "is_own": bool(declared and declared.order)},
        verdicts=answers.verdicts,
        findings=principle_findings(table),
    )


def _without_history() -> tuple[int, ...]:
    return tuple(principle for principle, rule in RULES.items() if rule.outcome is None)


def _notes_on_order(declared: Principles | None) -> list[Note]:
    """By whose order: ours, or that of the product file."""
    if declared is None:
        return [Note("no_phase", "order", {})]
    return [] if declared.order else [Note("order_is_ours", "order", {"phase": declared.phase})]


def _add_judgements(
    answers: Answers, data: ProductData, quarter: Quarter, rows: pd.DataFrame, judged: pd.DataFrame
) -> None:
    """Adds what the team says of itself, and what a reader must know of it."""
    if later := later_rows(data, quarter):
        answers.notes.append(Note("later_rows", "principles", {"rows": later, "quarter": str(quarter)}))
    if judged.empty:
        answers.notes += [Note("no_assessments", about, {"by": quarter.end}) for about in _QUESTIONS_OF_TEAM]
        return
    columns = ["principle", "assessed_on", "assessed_by", "level", "why"]
    answers.tables["assessments"] = rows[columns].reset_index(drop=True)
    if missing := tuple(one for one in RULES if one not in set(judged["principle"])):
        answers.notes.append(Note("some_not_assessed", "principles", {"principles": missing}))
    if (old := judged[judged["is_old"]])["principle"].any():
        fields = {"principles": tuple(map(int, old["principle"])), "since": old["on"].min().date()}
        answers.notes.append(Note("assessed_long_ago", "principles", fields))
    if (differ := judged[judged["low"] != judged["high"]])["principle"].any():
        answers.notes.append(
            Note("assessors_differ", "principles", {"principles": tuple(map(int, differ["principle"]))})
        )
    before = judged[judged["change"] != ""].reset_index(drop=True)
    if before.empty:
        answers.notes.append(Note("no_earlier", "changes", {}))
        return
    answers.tables["changes"] = before
    answers.verdicts["changes"] = changes_verdict(before)
    if len(before) < len(judged):
        first_time = tuple(int(one) for one in judged.loc[judged["change"] == "", "principle"])
        answers.notes.append(Note("partly_earlier", "changes", {"principles": first_time}))

"""The gap plan: what is against what is meant to be, in customers and MRR, and which gap to close first."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.gap_plan.declared import DECLARES as DECLARES
from cs_helpers.analyses.gap_plan.declared import in_gaps
from cs_helpers.analyses.gap_plan.effects import effects, unknown_before
from cs_helpers.analyses.gap_plan.findings import find
from cs_helpers.analyses.gap_plan.history import target_history
from cs_helpers.analyses.gap_plan.notes import notes_on_gaps
from cs_helpers.analyses.gap_plan.priorities import prioritise
from cs_helpers.analyses.gap_plan.sizing import Sized, size_gaps
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Answers, Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData

QUESTIONS = tuple(DECLARES.questions)


def analyse(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
    """The gap plan of a product at the end of a quarter.

    results: of `revenue` and of the analyses that its goals name. Tables: `gaps`: `sizing.Sized.gaps`; `priorities` and `pairs`:
    `priorities.Priorities`; `effects`: `effects.effects`; `history`: `history.target_history`; `tracker`: a row for each gap that
    is short, in their order.
    """
    answers = Answers()
    time = customer_time_as_of(data, quarter.end)
    customers = len(time.customers(quarter.end))
    to_be, findings = data.product.to_be, ()
    if to_be is None:
        answers.notes += [Note("no_to_be", question, {}) for question in QUESTIONS]
    elif not customers:
        code = "no_customers" if time.by_contracts else "no_accounts"
        answers.notes += [Note(code, question, {"quarter": str(quarter)}) for question in QUESTIONS]
    else:
        sized = size_gaps(data, quarter, results)
        answers.tables["gaps"] = sized.gaps
        answers.verdicts["gaps"] = _gaps_verdict(sized.gaps)
        answers.notes += notes_on_gaps(sized.gaps, to_be, quarter)
        for metric in in_gaps(data, quarter).values():
            answers.add(metric)
        answers.add(_reached(sized.gaps))
        _add_order(answers, data, quarter, sized)
        if time.by_contracts:
            _add_effects(answers, sized.gaps, results["revenue"], customers)
        findings = find(sized.gaps, to_be)
    return Result(
        "gap_plan",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        customers,
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        {"by_contracts": time.by_contracts},
        verdicts=answers.verdicts,
        findings=findings,
    )

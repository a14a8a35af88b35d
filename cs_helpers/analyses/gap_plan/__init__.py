"""The gap plan: what is against what is meant to be, in customers and MRR, and which gap to close first."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.gap_plan.capacity import shared_means
from cs_helpers.analyses.gap_plan.declared import DECLARES as DECLARES
from cs_helpers.analyses.gap_plan.declared import in_gaps
from cs_helpers.analyses.gap_plan.effects import effects, effects_verdict, unknown_before
from cs_helpers.analyses.gap_plan.findings import find
from cs_helpers.analyses.gap_plan.history import target_history
from cs_helpers.analyses.gap_plan.notes import notes_on_gaps, notes_on_means
from cs_helpers.analyses.gap_plan.priorities import prioritise
from cs_helpers.analyses.gap_plan.sizing import Sized, size_gaps
from cs_helpers.analyses.gap_plan.tracker import tracker_rows
from cs_helpers.analyses.gap_plan.verdicts import gaps_verdict
from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.result import Answers, Finding, Metric, Note, Result
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
    to_be = data.product.to_be
    findings: tuple[Finding, ...] = ()
    if to_be is None:
        answers.notes += [Note("no_to_be", question, {}) for question in QUESTIONS]
    elif not customers:
        code = "no_customers" if time.by_contracts else "no_accounts"
        answers.notes += [Note(code, question, {"quarter": str(quarter)}) for question in QUESTIONS]
    else:
        sized = size_gaps(data, quarter, results)
        answers.tables["gaps"] = sized.gaps
        answers.verdicts["gaps"] = gaps_verdict(sized.gaps)
        answers.notes += notes_on_gaps(sized.gaps, to_be, quarter)
        for metric in in_gaps(data, quarter, sized.now).values():
            answers.add(metric)
        answers.add(_reached(sized.gaps))
        order = _add_order(answers, sized, {goal.id: goal.name for goal in to_be.goals})
        tracker = answers.tables["tracker"] = tracker_rows(data.product, sized.gaps, order, quarter)
        shared = shared_means(data.product, tracker, sized.inside, quarter)
        answers.notes += notes_on_means(tracker, data.product, shared)
        _add_history(answers, data, quarter, sized)
        if time.by_contracts:
            _add_effects(answers, sized.gaps, order, results["revenue"], customers)
        else:
            answers.notes.append(Note("missing_table", "effects", {"tables": missing_contracts(data)}))
        findings = find(sized.gaps, to_be, list(order["goal"]))
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


def _reached(gaps: pd.DataFrame) -> Metric | None:
    """The share of goals that are reached, of those of which it is known beyond chance."""
    known = gaps[(gaps["state"] != "unknown") & (gaps["certainty"] != "unclear")]
    if known.empty:
        return None
    return Metric("reached", float((known["state"] == "reached").mean()), "share", len(known), exact=True)


def _add_order(answers: Answers, sized: Sized, names: Mapping[str, Words]) -> pd.DataFrame:
    """Adds the order of the gaps, and returns it. names: of the goals."""
    found = prioritise(sized.gaps, sized.draws)
    answers.verdicts |= found.verdicts
    if found.ranked.empty:
        answers.notes += [_without_worth(sized.gaps, about) for about in ("priorities", "pairs")]
        return found.ranked
    answers.tables["priorities"] = found.ranked
    if found.unknown:
        answers.notes.append(
            Note("not_ranked", "priorities", {"goals": tuple(names[goal] for goal in found.unknown)})
        )
    if found.pairs.empty:
        answers.notes.append(Note("one_gap", "pairs", {}))
    else:
        answers.tables["pairs"] = found.pairs
    return found.ranked


def _without_worth(gaps: pd.DataFrame, about: str) -> Note:
    """Why nothing is said of what closing gaps is worth: none that is known is left, or its worth is known of none."""
    if (gaps["state"] == "short").any():
        return Note("no_worth", about, {})
    return Note("nothing_left", about, {})


def _add_history(answers: Answers, data: ProductData, quarter: Quarter, sized: Sized) -> None:
    """Adds what was agreed before, where the product file says so."""
    table = target_history(data, quarter, sized.gaps, sized.past)
    if table.empty:
        answers.notes.append(Note("no_earlier_targets", "history", {}))
    else:
        answers.tables["history"] = table


def _add_effects(
    answers: Answers, gaps: pd.DataFrame, order: pd.DataFrame, revenue: Result, customers: int
) -> None:
    """Adds what closing each gap would do to the numbers of the page of revenue, in the order of the gaps."""
    ranked = list(order["goal"])
    goals = [*ranked, *(goal for goal in gaps["goal"] if goal not in ranked)]
    table = effects(gaps.set_index("goal", drop=False).loc[goals], revenue, customers)
    if table.empty:
        answers.notes.append(_without_worth(gaps, "effects"))
        return
    answers.tables["effects"] = table
    answers.verdicts["effects"] = effects_verdict(table)
    answers.notes.append(Note("assumed", "effects", {}))
    if unknown := unknown_before(revenue):
        answers.notes.append(Note("before_unknown", "effects", {"headlines": unknown}))
    if table["goal"].nunique() > 1:
        answers.notes.append(Note("effects_overlap", "effects", {}))

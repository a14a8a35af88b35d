"""Notes on the gaps: what is not known of them, and why some are worth nothing that can be told."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.to_be import ToBe
from cs_helpers.result import Note


def notes_on_gaps(gaps: pd.DataFrame, to_be: ToBe, quarter: Quarter) -> list[Note]:
    """The notes on the question `gaps`, each with the goals that it is about (field goals, their names)."""
    names = {goal.id: goal.name for goal in to_be.goals}

    def named(chosen: pd.Series) -> tuple[Words, ...]:
        return tuple(names[goal] for goal in gaps.loc[chosen, "goal"])

    notes = []
    short, unknown = gaps["state"] == "short", gaps["state"] == "unknown"
    if goals := named(unknown & (gaps["reason"] == "not_known")):
        notes.append(Note("number_unknown", "gaps", {"goals": goals}))
    if goals := named(unknown & (gaps["reason"] == "no_direction")):
        notes.append(Note("no_direction", "gaps", {"goals": goals}))
    if goals := named(unknown & (gaps["reason"] == "rule_unknown")):
        notes.append(Note("rule_unknown", "gaps", {"goals": goals}))
    partly = gaps[~unknown & (gaps["unknown"] > 0)]
    if len(partly):
        counted = tuple(
            (names[goal], count) for goal, count in zip(partly["goal"], partly["unknown"], strict=True)
        )
        notes.append(Note("customers_unknown", "gaps", {"entries": counted}))
    if goals := named(short & gaps["losses"].isin(["no_past", "nobody_compared"])):
        notes.append(Note("not_compared", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["losses"] == "few")):
        notes.append(Note("too_few_losses", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["losses"] == "unclear")):
        notes.append(Note("losses_unclear", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["part_of_year"] < 1)):
        notes.append(Note("part_of_year", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["reason"] == "not_in_mrr")):
        notes.append(Note("not_in_mrr", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["by"] <= pd.Timestamp(quarter.end))):
        notes.append(Note("days_over", "gaps", {"goals": goals}))
    return notes

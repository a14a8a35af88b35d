"""Notes on the gaps: what is not known of them, and why some are worth nothing that can be told."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cs_helpers.analyses.gap_plan.capacity import Shared
from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.to_be import ToBe
from cs_helpers.result import Note


def notes_on_gaps(gaps: pd.DataFrame, to_be: ToBe, quarter: Quarter) -> list[Note]:
    """The notes on the question `gaps`, each with the goals that it is about (field goals, their names)."""
    names = {goal.id: goal.name for goal in to_be.goals}

    def named(chosen: pd.Series) -> tuple[Words, ...]:
        return tuple(names[goal] for goal in gaps.loc[chosen, "goal"])

    notes = []
    if to_be.agreed_on > quarter.end:
        notes.append(Note("agreed_later", "gaps", {"since": to_be.agreed_on}))
    short, unknown = gaps["state"] == "short", gaps["state"] == "unknown"
    if goals := named(unknown & (gaps["reason"] == "not_known")):
        notes.append(Note("number_unknown", "gaps", {"goals": goals}))
    if goals := named(unknown & (gaps["reason"] == "no_direction")):
        notes.append(Note("no_direction", "gaps", {"goals": goals}))
    if goals := named(unknown & (gaps["reason"] == "rule_unknown")):
        notes.append(Note("rule_unknown", "gaps", {"goals": goals}))
    partly = gaps[gaps["as_is"].notna() & (gaps["unknown"] > 0)]
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
    if goals := named(short & (gaps["losses"] == "fewer")):
        notes.append(Note("lost_less_often", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["part_of_year"] < 1)):
        notes.append(Note("part_of_year", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["reason"] == "not_in_mrr")):
        notes.append(Note("not_in_mrr", "gaps", {"goals": goals}))
    if goals := named(short & (gaps["by"] <= pd.Timestamp(quarter.end))):
        notes.append(Note("days_over", "gaps", {"goals": goals}))
    return notes


def notes_on_means(rows: pd.DataFrame, product: Product, shared: Sequence[Shared]) -> list[Note]:
    """The notes on the means of the gaps that are left. rows: `tracker.tracker_rows`; shared: `capacity.shared_means`."""
    goals = {goal.id: goal.name for goal in (product.to_be.goals if product.to_be else ())}
    means = {one.id: one.name for one in product.means}
    notes = []
    if named := tuple(goals[goal] for goal in rows.loc[rows["means"] == "", "goal"]):
        notes.append(Note("no_means", "tracker", {"goals": named}))
    too_few = rows[rows["capacity"] < rows["customers"]]
    if named := tuple(goals[goal] for goal in too_few["goal"]):
        notes.append(Note("capacity_short", "tracker", {"goals": named}))
    notes += [
        Note(
            "capacity_shared", "tracker",
            {
                "goals": tuple(goals[goal] for goal in pool.goals), "means": tuple(means[one] for one in pool.means),
                "customers": pool.customers, "capacity": pool.capacity, "by": pool.by,
            },
        )
        for pool in shared
    ]  # fmt: skip
    return notes

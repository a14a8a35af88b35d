"""The gaps as issues of a tracker: what is to be done first, by when, and with which means."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.gap_plan.capacity import capacity_of
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter

COLUMNS = (
    "goal", "place", "priority", "kind", "metric", "as_is", "target", "unit", "n", "customers", "mrr", "impact",
    "impact_low", "impact_high", "confidence", "effort", "by", "first_three", "gain", "means", "capacity",
)  # fmt: skip


def tracker_rows(
    product: Product, gaps: pd.DataFrame, ranked: pd.DataFrame, quarter: Quarter
) -> pd.DataFrame:
    """An issue for each gap that is short of its target, in the order of priorities; those without one come last.

    gaps: `sizing`; ranked: `priorities`. Columns: goal, place (in the order, 1 is the first; NaN: not ranked), priority
    (`high`, `medium`, `low`, '': not ranked), first_three (share of the draws in which it is among the first three), means (ids
    of the product file, one a line), and of the gap kind, metric, as_is, target, unit, n, customers (to move), mrr
    (theirs), impact with its 95 % interval and gain, confidence, effort (person-months) and by. capacity: the customers
    that its means can serve from the end of the quarter until `by` (`capacity.capacity_of`); NaN where they do not say.
    """
    to_be = product.to_be
    assert to_be is not None
    order = ranked[["goal", "priority", "first_three"]].assign(place=range(1, len(ranked) + 1))
    rows = gaps[gaps["state"] == "short"].merge(order, on="goal", how="left")
    means = {goal.id: "\n".join(goal.means) for goal in to_be.goals}
    rows = rows.assign(priority=rows["priority"].fillna(""), means=[means[goal] for goal in rows["goal"]])
    capacity = {goal.id: capacity_of(goal, product.means, quarter) for goal in to_be.goals}
    rows["capacity"] = rows["goal"].map(capacity).astype("float64")
    return rows.sort_values("place", kind="stable", ignore_index=True)[list(COLUMNS)]

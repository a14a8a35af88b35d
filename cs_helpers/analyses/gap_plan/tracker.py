"""The gaps as issues of a tracker: what is to be done first, by when, and with which means."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

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
    that its means can serve from the end of the quarter until `by`; NaN without means, or where one states no capacity.
    """
    to_be = product.to_be
    assert to_be is not None
    order = ranked[["goal", "priority", "first_three"]].assign(place=range(1, len(ranked) + 1))
    rows = gaps[gaps["state"] == "short"].merge(order, on="goal", how="left")
    means = {goal.id: "\n".join(goal.means) for goal in to_be.goals}
    rows = rows.assign(priority=rows["priority"].fillna(""), means=[means[goal] for goal in rows["goal"]])
    capacity = {one.id: one.capacity for one in product.means}
    served = {goal.id: _capacity([capacity.get(name) for name in goal.means]) for goal in to_be.goals}
    quarters = [_quarters(quarter, by) for by in rows["by"]]
    rows["capacity"] = [np.floor(served[goal] * n) for goal, n in zip(rows["goal"], quarters, strict=True)]
    return rows.sort_values("place", kind="stable", ignore_index=True)[list(COLUMNS)]


def _capacity(stated: list[float | None]) -> float:
    """The customers that means can serve in a quarter together; NaN without any, or where one does not say."""
    known = [one for one in stated if one is not None]
    return sum(known) if stated and len(known) == len(stated) else math.nan


def _quarters(quarter: Quarter, by: pd.Timestamp) -> float:
    """The quarters from the end of one until a day, by months; none after it."""
    months = (by.year - quarter.end.year) * 12 + by.month - quarter.end.month
    return float(max(months, 0)) / 3

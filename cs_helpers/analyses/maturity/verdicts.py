"""The verdicts on where customers stand, from the tables, and the headline share at the upper levels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.segments import mask_unknown
from cs_helpers.result import Metric, Verdict
from cs_helpers.statistics.proportions import wilson

#: the quarters of a year: how far back levels are compared
YEAR = 4


def upper_share(states: pd.Series, upper_from: int) -> dict[str, Metric]:
    """`upper_levels`: the share at `upper_from` or above of the customers with a known level; empty where there is none.

    states: the level of each customer at the end of the quarter.
    """
    level = states[states >= 0]
    if level.empty:
        return {}
    high, n = int((level >= upper_from).sum()), len(level)
    low_bound, high_bound = wilson(high, n)
    return {"upper_levels": Metric("upper_levels", high / n, "share", n, low_bound, high_bound)}


def verdicts(
    tables: Mapping[str, pd.DataFrame], quarters: list[Quarter], upper_from: int
) -> dict[str, Verdict]:
    """The verdict of each question on where customers stand that has a table.

    upper_from: the first of the upper levels, whose share is compared; the field `level` of each verdict with a share.
    """
    result = {"by_quarter": _trend(tables["by_quarter"], quarters, upper_from)}
    if "by_size" in tables:
        result["by_size"] = _size_difference(tables["by_size"], upper_from)
    return result


def _trend(by_quarter: pd.DataFrame, quarters: list[Quarter], upper_from: int) -> Verdict:
    """The share at the upper levels of customers with a known level, and that of a year earlier where it is known."""
    known = by_quarter[by_quarter["level"] >= 0]
    total = known.groupby("quarter")["customers"].sum()
    high = known[known["level"] >= upper_from].groupby("quarter")["customers"].sum() / total.where(total > 0)
    now = float(high[str(quarters[-1])])
    if now != now:
        return Verdict("none")
    before = float(high.get(str(quarters[-1].back(YEAR)), np.nan))
    fields = {"level": upper_from, "share": now}
    return Verdict("now", fields) if before != before else Verdict("year", {**fields, "before": before})


def _size_difference(by_size: pd.DataFrame, upper_from: int) -> Verdict:
    """The company sizes with the largest and the smallest share at the upper levels."""
    known = by_size[(by_size["level"] >= 0) & mask_unknown(by_size["size"]).notna()]
    total = known.groupby("size", sort=False)["customers"].sum()
    high = known[known["level"] >= upper_from].groupby("size", sort=False)["customers"].sum() / total.where(
        total > 0
    )
    high = high.dropna()
    if len(high) < 2:
        one = {"level": upper_from, "share": float(high.iloc[0])} if len(high) else {}
        return Verdict("one" if one else "none", one)
    best, least = str(high.idxmax()), str(high.idxmin())
    if high[best] == high[least]:
        return Verdict("alike", {"level": upper_from, "share": float(high[best])})
    fields = {
        "level": upper_from,
        "best": best,
        "best_share": float(high[best]),
        "least": least,
        "least_share": float(high[least]),
    }
    return Verdict("message", fields)

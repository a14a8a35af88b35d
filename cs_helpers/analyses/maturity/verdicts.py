"""The headline metrics and the verdicts of maturity, from its tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.segments import mask_unknown
from cs_helpers.result import Metric, Verdict
from cs_helpers.statistics.proportions import rate_ratio, wilson

#: the quarters of a year: how far back levels are compared, and transitions are summed
YEAR = 4


def headline_metrics(states: pd.Series, tables: Mapping[str, pd.DataFrame]) -> dict[str, Metric]:
    """`level_3_or_more`, `rose`, `fell` and `fall_ratio`, each only where it is known.

    states: the level of each customer at the end of the quarter.
    """
    level = states[states >= 0]
    n = len(level)
    metrics = {}
    if n:
        high = int((level >= 3).sum())
        low_bound, high_bound = wilson(high, n)
        metrics["level_3_or_more"] = Metric("level_3_or_more", high / n, "share", n, low_bound, high_bound)
    levels = tables["levels"][lambda t: (t["previous"] >= 0) & (t["level"] >= 0)]
    if len(levels):
        for name, has_moved in (
            ("rose", levels["level"] > levels["previous"]),
            ("fell", levels["level"] < levels["previous"]),
        ):
            count = int(has_moved.sum())
            low_bound, high_bound = wilson(count, len(levels))
            metrics[name] = Metric(name, count / len(levels), "share", len(levels), low_bound, high_bound)
    falls = tables.get("falls")
    if falls is not None and len(falls) == 2 and falls["lost"].gt(0).all():
        ratio, low_bound, high_bound, _ = _loss_ratio(falls)
        metrics["fall_ratio"] = Metric(
            "fall_ratio", ratio, "ratio", int(falls["customers"].sum()), low_bound, high_bound
        )
    return metrics


def verdicts(
    tables: Mapping[str, pd.DataFrame], metrics: Mapping[str, Metric], quarters: list[Quarter]
) -> dict[str, Verdict]:
    """The verdict of each question that has a table."""
    result = {"by_quarter": _trend(tables["by_quarter"], quarters)}
    if "by_size" in tables:
        result["by_size"] = _size_difference(tables["by_size"])
    if "transitions" in tables:
        rose, fell = metrics.get("rose"), metrics.get("fell")
        summed_quarters = min(len(quarters) - 1, YEAR)
        shares = {"rose": rose.value, "fell": fell.value, "n": rose.n} if rose and fell else {}
        code = ("message" if shares else "unknown") + ("" if summed_quarters > 1 else "_one")
        result["transitions"] = Verdict(code, {**shares, "quarters": summed_quarters})
    if "falls" in tables:
        result["falls"] = _fall_warning(tables["falls"], metrics.get("fall_ratio"))
    return result


def _trend(by_quarter: pd.DataFrame, quarters: list[Quarter]) -> Verdict:
    """The share at Lv.3 or 4 of customers with a known level, and that of a year earlier where it is known."""
    known = by_quarter[by_quarter["level"] >= 0]
    total = known.groupby("quarter")["customers"].sum()
    high = known[known["level"] >= 3].groupby("quarter")["customers"].sum() / total.where(total > 0)
    now = float(high[str(quarters[-1])])
    if now != now:
        return Verdict("none")
    before = float(high.get(str(quarters[-1].back(YEAR)), np.nan))
    return (
        Verdict("now", {"share": now})
        if before != before
        else Verdict("year", {"share": now, "before": before})
    )


def _size_difference(by_size: pd.DataFrame) -> Verdict:
    """The company sizes with the largest and the smallest share at Lv.3 or 4."""
    known = by_size[(by_size["level"] >= 0) & mask_unknown(by_size["size"]).notna()]
    total = known.groupby("size", sort=False)["customers"].sum()
    high = known[known["level"] >= 3].groupby("size", sort=False)["customers"].sum() / total.where(total > 0)
    high = high.dropna()
    if len(high) < 2:
        return Verdict("one", {"share": float(high.iloc[0])}) if len(high) else Verdict("none")
    best, least = str(high.idxmax()), str(high.idxmin())
    if high[best] == high[least]:
        return Verdict("alike", {"share": float(high[best])})
    fields = {
        "best": best,
        "best_share": float(high[best]),
        "least": least,
        "least_share": float(high[least]),
    }
    return Verdict("message", fields)


def _fall_warning(falls: pd.DataFrame, ratio: Metric | None) -> Verdict:
    """Whether more customers are lost after a fall; where the ratio is not defined, by the two shares."""
    fell, held = falls.iloc[0], falls.iloc[1]
    if not fell["customers"] or not held["customers"]:
        return Verdict("nobody_fell" if held["customers"] else "unknown")
    if not fell["lost"] and not held["lost"]:
        return Verdict("none_lost", {"customers": int(falls["customers"].sum())})
    value, low, high, p = _loss_ratio(falls)
    if ratio is None:  # one count is 0: no ratio, but perhaps a difference
        shares = {"share": float(fell["share"]), "other": float(held["share"])}
        return Verdict(
            ("more_shares" if fell["lost"] else "fewer_shares") if p < 0.05 else "same_shares", shares
        )
    fields = {"ratio": value, "low": low, "high": high}
    return Verdict("more" if low > 1 else "fewer" if high < 1 else "same", fields)


def _loss_ratio(falls: pd.DataFrame) -> tuple[float, float, float, float]:
    """The rate of losses after a fall divided by that without one: ratio, low, high (95 %), p."""
    fell, held = falls.iloc[0], falls.iloc[1]
    return rate_ratio(int(fell["lost"]), int(fell["customers"]), int(held["lost"]), int(held["customers"]))

"""The verdicts and the headline metrics of how customers move, from the tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.result import Metric, Verdict
from cs_helpers.statistics.proportions import rate_ratio, wilson


def movement_metrics(tables: Mapping[str, pd.DataFrame]) -> dict[str, Metric]:
    """`rose`, `fell` and `fall_ratio`, each only where it is known."""
    metrics = {}
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


def movement_verdicts(
    tables: Mapping[str, pd.DataFrame], metrics: Mapping[str, Metric], summed_quarters: int
) -> dict[str, Verdict]:
    """The verdict of each question on movement that has a table; summed_quarters: those of the transitions."""
    result = {}
    if "transitions" in tables:
        rose, fell = metrics.get("rose"), metrics.get("fell")
        shares = {"rose": rose.value, "fell": fell.value, "n": rose.n} if rose and fell else {}
        code = ("message" if shares else "unknown") + ("" if summed_quarters > 1 else "_one")
        result["transitions"] = Verdict(code, {**shares, "quarters": summed_quarters})
    if "falls" in tables:
        result["falls"] = _fall_warning(tables["falls"], metrics.get("fall_ratio"))
    return result


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

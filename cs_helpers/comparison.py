"""Compares a headline metric with that of an earlier quarter and with a target, and says what is noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import Better
from cs_helpers.result import Certainty, ComparedWith, Direction, Metric

#: what a headline metric may be compared with
COMPARED_WITH: tuple[ComparedWith, ...] = ("previous_quarter", "previous_year", "target")
#: a counted number that changed by no more than this share of it is about the same
ABOUT_THE_SAME = 0.02
#: units whose values without an interval are counted and not estimated
COUNTED_UNITS = frozenset({"currency", "count"})


@dataclass(frozen=True)
class Change:
    """The difference of a metric from another value of it: `now.value - compared.value`.

    low, high: its 95 % interval; None where both values are counted, or where an interval is not known. certainty:
    `counted`, `clear` (the interval excludes 0) or `unclear`: then it may be noise. direction: whether the change is
    better or worse; `neither` for no change, for noise, for a counted number that is about the same, and for metrics of
    which no direction is better.
    """

    now: Metric
    compared: Metric
    compared_with: ComparedWith
    difference: float
    low: float | None
    high: float | None
    certainty: Certainty
    direction: Direction


def compare(now: Metric, other: Metric, better: Better, compared_with: ComparedWith) -> Change | None:
    """The change of a metric from another value of it; None where one of the two has no value.

    The interval of the difference is made of the intervals of both values (MOVER: Zou and Donner 2008; for shares with
    Wilson's intervals it is Newcombe's, 1998, method 10). It takes the values as independent; as most customers are in
    both, it is wider than it would have to be, so that noise is rather said too often than too seldom.
    """
    value, other_value = now.value, other.value
    if value is None or other_value is None or not (math.isfinite(value) and math.isfinite(other_value)):
        return None
    difference = value - other_value
    low = high = None
    if _is_exact(now) and _is_exact(other):
        certainty: Certainty = "counted"
    else:
        low, high = _interval(now, other)
        certainty = "clear" if low is not None and high is not None and (low > 0 or high < 0) else "unclear"
    direction: Direction = "neither"
    little = certainty == "counted" and _is_little(difference, other_value)
    if certainty != "unclear" and difference and better != "neither" and not little:
        direction = "better" if (difference > 0) == (better == "higher") else "worse"
    return Change(now, other, compared_with, difference, low, high, certainty, direction)


def is_little(change: Change) -> bool:
    """Whether a difference is at most `ABOUT_THE_SAME` of what it is compared with."""
    return _is_little(change.difference, change.compared.value or 0.0)


def _is_little(difference: float, of: float) -> bool:
    return abs(difference) <= ABOUT_THE_SAME * abs(of)


def against_target(now: Metric, target: float, better: Better) -> Change | None:
    """The difference of a metric from its target, a number without an interval; None where it has no value."""
    return compare(now, Metric(now.name, target, now.unit, now.n, target, target), better, "target")


def _interval(now: Metric, other: Metric) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of the difference of two values; None where an end of theirs is not known or infinite."""
    (value, low, high), (other_value, other_low, other_high) = with_ends(now), with_ends(other)
    if not all(map(math.isfinite, (low, high, other_low, other_high))):
        return None, None
    return (
        value - other_value - math.hypot(value - low, other_high - other_value),
        value - other_value + math.hypot(high - value, other_value - other_low),
    )


def _is_exact(metric: Metric) -> bool:
    return metric.exact or (metric.unit in COUNTED_UNITS and metric.low is None and metric.high is None)


def with_ends(metric: Metric) -> tuple[float, float, float]:
    """The value and the ends of its interval, NaN where not known; a counted value is its own interval."""
    value, low, high = (math.nan if v is None else v for v in (metric.value, metric.low, metric.high))
    if _is_exact(metric):
        return value, value, value
    return value, low, high


def total(metrics: Sequence[Metric]) -> Metric | None:
    """One metric of several products; None where it cannot be had from theirs, or one of them has no value.

    Counted values are added. Shares and ratios are weighted by their base, or shares of n customers by n; the distance of each end of
    the interval is the root of the summed squares of the weighted distances, for products are independent (MOVER, as in
    `compare`). Medians cannot be added.
    """
    if not metrics or any(m.value is None or not math.isfinite(m.value) for m in metrics):
        return None
    first, n = metrics[0], sum(m.n for m in metrics)
    values = [float(m.value or 0.0) for m in metrics]
    if first.unit in COUNTED_UNITS:
        return Metric(first.name, sum(values), first.unit, n)
    weights = [_weight(m) for m in metrics]
    if not all(map(math.isfinite, weights)) or sum(weights) <= 0:
        return None
    weights = [w / sum(weights) for w in weights]
    value = sum(w * v for w, v in zip(weights, values, strict=True))
    ends = [with_ends(m) for m in metrics]
    low, high = (
        value + sign * math.hypot(*(w * (e[k] - e[0]) for w, e in zip(weights, ends, strict=True)))
        for sign, k in ((-1, 1), (1, 2))
    )
    known = math.isfinite(low) and math.isfinite(high)
    return Metric(first.name, value, first.unit, n, low if known else None, high if known else None)


def _weight(metric: Metric) -> float:
    """The weight of a product's metric in that of several; NaN where it has none."""
    if metric.base is not None:
        return metric.base
    # a share with an interval is a count of n; others are shares of something that is not known here
    return float(metric.n) if metric.unit == "share" and metric.low is not None else math.nan


def earlier_quarters(quarter: Quarter) -> dict[ComparedWith, Quarter]:
    """The quarters that a quarter is compared with: the one before, and the same one of the year before."""
    return {"previous_quarter": quarter.back(1), "previous_year": quarter.back(4)}


def changes(
    now: Metric, earlier: Mapping[ComparedWith, Mapping[str, Metric]], better: Better
) -> tuple[Change, ...]:
    """The changes of a metric from each earlier quarter that has it, in the order of `earlier`."""
    found = (
        compare(now, metrics[now.name], better, compared_with)
        for compared_with, metrics in earlier.items()
        if now.name in metrics
    )
    return tuple(change for change in found if change is not None)

"""The effect of an exposure on the rate of events: hazard ratios and odds ratios."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

#: hazard ratios are searched up to this and its inverse; beyond, they are reported as infinite or 0
_MAX_LOG_RATIO = np.log(1e6)


def hazard_ratio(
    days: np.ndarray, reached: np.ndarray, exposed: np.ndarray, stratum: np.ndarray
) -> tuple[float, float, float, float]:
    """Hazard ratio after `exposed` days against before, within strata: ratio, low, high (95 %), p.

    Cox's partial likelihood with a covariate that changes with time, ties as Breslow; interval and p
    by the likelihood ratio, so that they hold with few events. All NaN where exposed and unexposed were never at risk
    at the same time.
    """
    events, exposed_events, at_risk, at_risk_exposed = (np.concatenate(part) for part in zip(
        *(_risk_sets(days[s], reached[s], exposed[s]) for s in (stratum == value for value in np.unique(stratum))),
        strict=True,
    ))  # fmt: skip
    informative = (at_risk_exposed > 0) & (at_risk_exposed < at_risk)
    if not informative.any():
        return (np.nan,) * 4
    d, d1, n0, n1 = (
        x[informative].astype(float)
        for x in (events, exposed_events, at_risk - at_risk_exposed, at_risk_exposed)
    )

    def likelihood(log_ratio: float) -> float:
        return float((d1 * log_ratio - d * np.log(n0 + n1 * np.exp(log_ratio))).sum())

    def slope(log_ratio: float) -> float:
        return float((d1 - d * n1 / (n0 * np.exp(-log_ratio) + n1)).sum())

    return _estimate(likelihood, slope)


class HazardTrend(NamedTuple):
    """A hazard ratio of one unit more, its 95 % interval and p, from `compared` events; NaN where there are none."""

    ratio: float
    low: float
    high: float
    p: float
    compared: int


def hazard_trend(
    start: np.ndarray, stop: np.ndarray, reached: np.ndarray, value: np.ndarray, stratum: np.ndarray
) -> HazardTrend:
    """The hazard ratio of one unit more of a value that changes with time, within strata.

    Each row is a period at risk, from after `start` to `stop`, in which the value is the same; one subject may have several
    that follow each other. Cox's partial likelihood with late entry (left truncation), ties as Efron (1977), because losses
    share a few days of the year; interval and p by the likelihood ratio. compared: events while others with another
    value were at risk in their stratum; all else says nothing.
    """
    values = np.unique(value)
    parts = [_event_rows(start[s], stop[s], reached[s], value[s], values) for s in _groups(stratum)]
    at_risk, of_event = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else (
        np.zeros((0, len(values))), np.zeros(0)
    )  # fmt: skip
    if not len(of_event):
        return HazardTrend(*(np.nan,) * 4, 0)

    def likelihood(log_ratio: float) -> float:
        weight = np.exp(log_ratio * values)
        return float((log_ratio * of_event - np.log(at_risk @ weight)).sum())

    def slope(log_ratio: float) -> float:
        weight = at_risk * np.exp(log_ratio * values)
        return float((of_event - weight @ values / weight.sum(axis=1)).sum())

    return HazardTrend(*_estimate(likelihood, slope), compared=len(of_event))


def _groups(stratum: np.ndarray) -> list[np.ndarray]:
    """The rows of each stratum."""
    _, code = np.unique(stratum, return_inverse=True)
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if len(order) else []


def _event_rows(
    start: np.ndarray, stop: np.ndarray, reached: np.ndarray, value: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each event of a stratum that can be compared: who was at risk by value, and the value of the event.

    Of several events on one day, the first leaves all at risk, the next all but its share of these events, and so on
    (Efron).
    """
    at, place = np.unique(stop[reached], return_inverse=True)
    column = np.searchsorted(values, value)
    at_risk = np.empty((len(at), len(values)))
    for k in range(len(values)):
        begun, ended = np.sort(start[column == k]), np.sort(stop[column == k])
        at_risk[:, k] = np.searchsorted(begun, at, side="left") - np.searchsorted(ended, at, side="left")
    events = np.zeros_like(at_risk)
    np.add.at(events, (place, column[reached]), 1)
    order = np.argsort(place, kind="stable")
    number = np.bincount(place, minlength=len(at))
    before = np.arange(len(place)) - np.repeat(np.cumsum(number) - number, number)
    day = place[order]
    rows = at_risk[day] - (before / number[day])[:, None] * events[day]
    compared = ((at_risk > 0).sum(axis=1) > 1)[day]
    return rows[compared], value[reached][order][compared]


def _estimate(
    likelihood: Callable[[float], float], slope: Callable[[float], float]
) -> tuple[float, float, float, float]:
    """Ratio, low, high (95 %) and p from a concave log likelihood of the logarithm of the ratio."""
    best = _root(slope, -_MAX_LOG_RATIO, _MAX_LOG_RATIO)
    highest = likelihood(best)
    drop = float(stats.chi2.ppf(0.95, 1)) / 2

    def beyond(log_ratio: float) -> float:
        return likelihood(log_ratio) - highest + drop

    low = _root(beyond, best, -_MAX_LOG_RATIO) if best > -_MAX_LOG_RATIO else best
    high = _root(beyond, best, _MAX_LOG_RATIO) if best < _MAX_LOG_RATIO else best
    p = float(stats.chi2.sf(2 * (highest - likelihood(0.0)), 1))
    return _ratio(best), _ratio(low), _ratio(high), p


def _ratio(log_ratio: float) -> float:
    if abs(log_ratio) >= _MAX_LOG_RATIO:
        return 0.0 if log_ratio < 0 else np.inf
    return float(np.exp(log_ratio))


def _root(function: Callable[[float], float], start: float, end: float) -> float:
    """The root of a monotone function between two points; without one, the end whose value is nearer to 0."""
    at_start, at_end = function(start), function(end)
    if np.sign(at_start) == np.sign(at_end):
        return start if abs(at_start) < abs(at_end) else end
    return float(optimize.brentq(function, min(start, end), max(start, end), xtol=1e-8))


def _risk_sets(
    days: np.ndarray, reached: np.ndarray, exposed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The risk set at each event time: events, events of exposed, at risk, at risk and exposed."""
    days = np.maximum(days, 0.5)  # an event on day 0 counts as one in the first half day, as in `survival`
    at, events = np.unique(days[reached], return_counts=True)
    was_exposed = exposed < days
    exposed_events = np.bincount(np.searchsorted(at, days[reached & was_exposed]), minlength=len(at))
    at_risk = len(days) - np.searchsorted(np.sort(days), at, side="left")
    at_risk_exposed = np.searchsorted(np.sort(exposed[was_exposed]), at, side="left") - np.searchsorted(
        np.sort(days[was_exposed]), at, side="left"
    )
    return events, exposed_events, at_risk, at_risk_exposed


def odds_ratio(with_reached: int, with_not: int, without_reached: int, without_not: int) -> float:
    """The odds ratio of reaching a step with an exposure against without, 1 added to each count (Haldane, PostHog)."""
    return float(((with_reached + 1) / (with_not + 1)) / ((without_reached + 1) / (without_not + 1)))

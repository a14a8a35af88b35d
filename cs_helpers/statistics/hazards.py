"""The effect of an exposure on the rate of events: hazard ratios and odds ratios."""

from __future__ import annotations

from collections.abc import Callable

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

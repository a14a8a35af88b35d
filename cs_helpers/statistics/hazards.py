"""How the pace of events changes once something was used: ratios of hazards and of odds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, stats

#: ratios of paces beyond this and its inverse are not told apart from it
_FURTHEST = np.log(1e6)


def pace_ratio(
    days: np.ndarray, reached: np.ndarray, exposed: np.ndarray, stratum: np.ndarray
) -> tuple[float, float, float, float]:
    """Hazard after `exposed` days against before, within strata: ratio, low, high (95 %), p.

    Cox's partial likelihood with a covariate that changes with time, ties as Breslow; interval and p
    by the likelihood ratio, so that they hold with few events. NaN where nobody was at risk without.
    """
    steps, with_, at_risk, at_risk_with = (np.concatenate(part) for part in zip(
        *(_risk(days[s], reached[s], exposed[s]) for s in (stratum == one for one in np.unique(stratum))),
        strict=True,
    ))  # fmt: skip
    known = (at_risk_with > 0) & (at_risk_with < at_risk)
    if not known.any():
        return (np.nan,) * 4
    d, d1, n0, n1 = (x[known].astype(float) for x in (steps, with_, at_risk - at_risk_with, at_risk_with))

    def likelihood(log_ratio: float) -> float:
        return float((d1 * log_ratio - d * np.log(n0 + n1 * np.exp(log_ratio))).sum())

    def slope(log_ratio: float) -> float:
        return float((d1 - d * n1 / (n0 * np.exp(-log_ratio) + n1)).sum())

    best = _root(slope, -_FURTHEST, _FURTHEST)
    highest = likelihood(best)
    drop = float(stats.chi2.ppf(0.95, 1)) / 2

    def beyond(log_ratio: float) -> float:
        return likelihood(log_ratio) - highest + drop

    low = _root(beyond, best, -_FURTHEST) if best > -_FURTHEST else best
    high = _root(beyond, best, _FURTHEST) if best < _FURTHEST else best
    p = float(stats.chi2.sf(2 * (highest - likelihood(0.0)), 1))
    return _ratio(best), _ratio(low), _ratio(high), p


def _ratio(log_ratio: float) -> float:
    if abs(log_ratio) >= _FURTHEST:
        return 0.0 if log_ratio < 0 else np.inf
    return float(np.exp(log_ratio))


def _root(function: Callable[[float], float], start: float, end: float) -> float:
    """Where a falling function is 0 between two places; the end of it where it is nowhere."""
    at_start, at_end = function(start), function(end)
    if np.sign(at_start) == np.sign(at_end):
        return start if abs(at_start) < abs(at_end) else end
    return float(optimize.brentq(function, min(start, end), max(start, end), xtol=1e-8))


def _risk(
    days: np.ndarray, reached: np.ndarray, exposed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """At each time that a step was taken: steps, of them with, at risk, of them with."""
    days = np.maximum(days, 0.5)  # as everywhere: a step on day 0 is one of the first half day
    at, taken = np.unique(days[reached], return_counts=True)
    later = exposed < days
    with_ = np.bincount(np.searchsorted(at, days[reached & later]), minlength=len(at))
    at_risk = len(days) - np.searchsorted(np.sort(days), at, side="left")
    at_risk_with = np.searchsorted(np.sort(exposed[later]), at, side="left") - np.searchsorted(
        np.sort(days[later]), at, side="left"
    )
    return taken, with_, at_risk, at_risk_with


def odds_ratio(with_reached: int, with_not: int, without_reached: int, without_not: int) -> float:
    """The odds of reaching a step with something against without, 1 added to each number (Haldane, PostHog)."""
    return float(((with_reached + 1) / (with_not + 1)) / ((without_reached + 1) / (without_not + 1)))

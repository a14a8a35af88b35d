"""How much an outcome rises with a value among rows of the same stratum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS

#: smaller errors are rounding
_ROUNDING = 1e-10


class Slope(NamedTuple):
    """A slope with its 95 % interval and p, from the rows of `customers`; NaN where it is not known."""

    value: float
    low: float
    high: float
    p: float
    customers: int


def stratified_slope(
    value: np.ndarray, outcome: np.ndarray, weight: np.ndarray, stratum: np.ndarray, customer: np.ndarray
) -> Slope:
    """The change of the outcome for one unit more of the value, within strata.

    Arrays of equal length, one row an observation, weights above 0; several rows of a customer belong together. Weighted least
    squares with a constant for each stratum. The error is that of the jackknife, which leaves out one customer after the other (Efron
    1982; CR3 of Bell, McCaffrey 2002), with the t distribution of G - 1 degrees of freedom for G customers in strata with more than one value:
    rather too wide than too narrow where few large customers decide. No interval for fewer than `MIN_CUSTOMERS`, where one
    customer decides alone, nor where all rows lie on one line, as where nobody pays more or less.
    """
    if not len(value):
        return Slope(*(np.nan,) * 4, 0)
    _, place = np.unique(stratum, return_inverse=True)
    low, high = np.full(place.max() + 1, np.inf), np.full(place.max() + 1, -np.inf)
    np.minimum.at(low, place, value)
    np.maximum.at(high, place, value)
    says = (high > low)[place]
    _, who = np.unique(customer[says], return_inverse=True)
    clusters = int(who.max()) + 1 if says.any() else 0
    if clusters < 2:
        return Slope(*(np.nan,) * 4, clusters)
    x, y, weight, place = value[says], outcome[says], weight[says], place[says]
    sums = np.vstack([weight, weight * x, weight * y, weight * x * x, weight * x * y])
    by_stratum = np.array([np.bincount(place, weights=row) for row in sums])
    top, bottom = _parts(by_stratum)
    slope = float(top.sum() / bottom.sum())
    if clusters < MIN_CUSTOMERS:
        return Slope(slope, *(np.nan,) * 3, clusters)
    # without a customer only the strata change in which it is
    pairs, pair = np.unique(who * by_stratum.shape[1] + place, return_inverse=True)
    of_pair = np.array([np.bincount(pair, weights=row) for row in sums])
    owner, where = np.divmod(pairs, by_stratum.shape[1])
    rest_top, rest_bottom = _parts(by_stratum[:, where] - of_pair)
    tops = top.sum() - np.bincount(owner, weights=top[where] - rest_top)
    bottoms = bottom.sum() - np.bincount(owner, weights=bottom[where] - rest_bottom)
    if bottoms.min() <= _ROUNDING * bottom.sum():
        return Slope(slope, *(np.nan,) * 3, clusters)
    error = float(np.sqrt((clusters - 1) / clusters * ((tops / bottoms - slope) ** 2).sum()))
    if error < _ROUNDING:
        return Slope(slope, *(np.nan,) * 3, clusters)
    reach = float(stats.t.ppf(0.975, clusters - 1)) * error
    p = float(2 * stats.t.sf(abs(slope) / error, clusters - 1))
    return Slope(slope, slope - reach, slope + reach, p, clusters)


def _parts(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of the slope of each stratum, from the sums of w, wx, wy, wxx and wxy; 0 of an empty one."""
    weight, x, y, xx, xy = sums
    inverse = np.divide(1.0, weight, out=np.zeros(len(weight)), where=weight > _ROUNDING)
    return np.where(inverse > 0, xy - x * y * inverse, 0.0), np.where(inverse > 0, xx - x * x * inverse, 0.0)

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

    Arrays of equal length, one row an observation; several rows of a customer belong together. Weighted least squares with a
    constant for each stratum, errors by customer (Liang, Zeger 1986) with G / (G - 1) and the t distribution of G - 1 degrees of
    freedom, for G customers in strata with more than one value. No interval for fewer than `MIN_CUSTOMERS`, nor where all
    rows lie on one line, as where nobody pays more or less.
    """
    if not len(value):
        return Slope(*(np.nan,) * 4, 0)
    _, place = np.unique(stratum, return_inverse=True)
    total = np.bincount(place, weights=weight)
    x = value - (np.bincount(place, weights=weight * value) / total)[place]
    low, high = np.full(len(total), np.inf), np.full(len(total), -np.inf)
    np.minimum.at(low, place, value)
    np.maximum.at(high, place, value)
    says = (high > low)[place] & (weight > 0)
    _, who = np.unique(customer[says], return_inverse=True)
    clusters = int(who.max()) + 1 if says.any() else 0
    if clusters < 2:
        return Slope(*(np.nan,) * 4, clusters)
    y = outcome - (np.bincount(place, weights=weight * outcome) / total)[place]
    x, y, weight = x[says], y[says], weight[says]
    spread = float((weight * x**2).sum())
    slope = float((weight * x * y).sum() / spread)
    if clusters < MIN_CUSTOMERS:
        return Slope(slope, *(np.nan,) * 3, clusters)
    scores = np.bincount(who, weights=weight * x * (y - slope * x))
    error = float(np.sqrt((scores**2).sum() * clusters / (clusters - 1))) / spread
    if error < _ROUNDING:
        return Slope(slope, *(np.nan,) * 3, clusters)
    reach = float(stats.t.ppf(0.975, clusters - 1)) * error
    p = float(2 * stats.t.sf(abs(slope) / error, clusters - 1))
    return Slope(slope, slope - reach, slope + reach, p, clusters)

"""Proportions, their differences and ratios of rates, with confidence intervals; multiple testing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import stats
from scipy.special import ndtri
from statsmodels.stats.multitest import multipletests

#: false discovery rate: the share of reported differences that may be due to chance
FALSE_DISCOVERY = 0.05


def wilson(count: float, n: float, *, alpha: float = 0.05) -> tuple[float, float]:
    """Wilson's interval for `count` of `n` (Wilson 1927); (nan, nan) for n = 0."""
    if n == 0:
        return float("nan"), float("nan")
    share, z = count / n, _z(alpha)
    middle = share + z**2 / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = ((middle + side) / (1 + z**2 / n) for side in (-reach, reach))
    # exact at the ends: rounding errors there would order equal rows at random
    return float(low) if count else 0.0, float(high) if count < n else 1.0


def newcombe(count: int, n: int, other_count: int, other_n: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two proportions, first minus second (Newcombe 1998, method 10).

    Neither n may be 0.
    """
    (low, high), (other_low, other_high) = wilson(count, n), wilson(other_count, other_n)
    share, other = count / n, other_count / other_n
    difference = share - other
    return (
        difference - math.hypot(share - low, other_high - other),
        difference + math.hypot(high - share, other - other_low),
    )


def fisher(count: int, n: int, other_count: int, other_n: int) -> float:
    """The two-sided p-value of Fisher's exact test that two proportions are equal; NaN where an n is 0."""
    if not n or not other_n:
        return float("nan")
    table = [[count, n - count], [other_count, other_n - other_count]]
    return float(stats.fisher_exact(table).pvalue)


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of the exact test that as many units have only the first of two properties as only the second.

    McNemar 1947; units with both or neither do not matter. 1 where no unit has only one.
    """
    discordant = only_first + only_second
    return float(stats.binomtest(only_first, discordant).pvalue) if discordant else 1.0


@cache
def _z(alpha: float) -> float:
    """The two-sided normal quantile of an interval at level 1 - alpha."""
    return float(ndtri(1 - alpha / 2))


def rate_ratio(
    count: int, exposure: float, other_count: int, other_exposure: float, *, dispersion: float = 1.0
) -> tuple[float, float, float, float]:
    """Ratio of two rates: ratio, low, high (95 %), two-sided p.

    Conditional on the sum, `count` is binomial (Przyborowski, Wilenski 1940). With a `dispersion`
    above 1 (variance divided by mean), both counts are divided by it.
    """
    scale = max(1.0, dispersion)
    a, b = count / scale, other_count / scale
    share = exposure / (exposure + other_exposure)
    if a + b == 0:
        return float("nan"), 0.0, float("inf"), 1.0

    def to_ratio(p: float) -> float:
        return float("inf") if p >= 1 else p / (1 - p) * other_exposure / exposure

    low = stats.beta.ppf(0.025, a, b + 1) if a > 0 else 0.0
    high = stats.beta.ppf(0.975, a + 1, b) if b > 0 else 1.0
    less = stats.beta.cdf(1 - share, b, a + 1) if b > 0 else 1.0
    more = stats.beta.cdf(share, a, b + 1) if a > 0 else 1.0
    ratio = float("inf") if other_count == 0 else (count / exposure) / (other_count / other_exposure)
    return ratio, to_ratio(float(low)), to_ratio(float(high)), min(1.0, 2 * float(min(less, more)))


def benjamini_hochberg(p_values: Sequence[float], *, q: float) -> np.ndarray:
    """Which p-values are significant at a false discovery rate of `q` (Benjamini, Hochberg 1995).

    NaN, the result of a test that could not be made, counts as 1.
    """
    if len(p_values) == 0:
        return np.zeros(0, dtype=bool)
    filled = np.nan_to_num(np.asarray(p_values, float), nan=1.0)
    return np.asarray(multipletests(filled, alpha=q, method="fdr_bh")[0])

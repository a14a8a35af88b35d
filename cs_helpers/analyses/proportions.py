"""Shares with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

#: false discovery rate: of all that is said to differ, so much may be chance
FALSE_DISCOVERY = 0.05


def wilson(count: int, n: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """Wilson's interval for `count` of `n` (Wilson 1927); (nan, nan) for n = 0."""
    if n == 0:
        return float("nan"), float("nan")
    low, high = proportion_confint(count, n, alpha=alpha, method="wilson")
    return max(0.0, float(low)), min(1.0, float(high))


def rate_ratio(
    count: int, exposure: float, other_count: int, other_exposure: float, *, dispersion: float = 1.0
) -> tuple[float, float, float, float]:
    """Ratio of two rates: ratio, low, high (95 %), two-sided p.

    Conditional on the sum, `count` is binomial (Przyborowski, Wilenski 1940). With a `dispersion`
    above 1 (variance over mean), both counts weigh that much less.
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
    """Which of the p-values stand at a false discovery rate of `q` (Benjamini, Hochberg 1995).

    NaN, of a test that could say nothing, counts as 1.
    """
    if len(p_values) == 0:
        return np.zeros(0, dtype=bool)
    known = np.nan_to_num(np.asarray(p_values, float), nan=1.0)
    return np.asarray(multipletests(known, alpha=q, method="fdr_bh")[0])

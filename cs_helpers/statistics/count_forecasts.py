"""Small counts against those before them: a mean, a dispersion, and a negative binomial distribution of the next count."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from cs_helpers.statistics.rolling import by_weekday, earlier_sum, from_weekdays

#: the periods whose mean is the level
LEVEL = {"day": 56, "week": 8, "month": 12}
#: the weekday's share is known from so many weeks
WEEKDAY_WEEKS = 52
#: p-values up to this one show whether tails are heavier than those of the distribution
TAIL = 0.03


def mean_forecasts(counts: np.ndarray, every: str, first_weekday: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean that is forecast for each period, and the sum of the counts that it rests on.

    counts: NaN where not known or not ordinary; extreme ones capped. The mean of the last eight weeks or twelve months
    (medians of small counts say little), for days times the factor of the weekday.
    """
    window = LEVEL[every]
    factor = _weekday_factors(counts, first_weekday) if every == "day" else np.ones(len(counts))
    known = np.isfinite(counts)
    total = earlier_sum(counts, window)
    exposure = earlier_sum(np.where(known, factor, np.nan), window)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Jeffreys' prior of a Poisson mean
        mean = np.where(
            earlier_sum(known.astype(float), window) >= window // 2, (total + 0.5) / exposure, np.nan
        )
    return mean * factor, total + 0.5


def _weekday_factors(counts: np.ndarray, first_weekday: int) -> np.ndarray:
    """How much of a week's mean falls on each day's weekday, by the 52 weeks before that week.

    Shrunk towards 1 by empirical Bayes (moments): by as much as the seven factors may differ by chance, so that a few
    counts do not make a weekday.
    """
    table = by_weekday(counts, first_weekday)
    known = np.isfinite(table)
    own, days = earlier_sum(table, WEEKDAY_WEEKS), earlier_sum(known.astype(float), WEEKDAY_WEEKS)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_day = own / days
        mean = np.nansum(per_day, axis=1, keepdims=True) / (days > 0).sum(axis=1, keepdims=True)
        factor, chance = per_day / mean, 1 / (mean * days)
        between = np.nansum((factor - 1) ** 2 - chance, axis=1, keepdims=True) / (days > 0).sum(
            axis=1, keepdims=True
        )
        kept = np.clip(between, 0, None) / (np.clip(between, 0, None) + chance)
    factor = 1 + np.nan_to_num(kept) * (np.nan_to_num(factor, nan=1.0) - 1)
    return from_weekdays(factor, first_weekday, len(counts))


def dispersion(counts: np.ndarray, means: np.ndarray) -> tuple[float, float]:
    """The over-dispersion a of past counts around their forecasts (variance mean + a mean squared), and its standard error.

    By moments of the out-of-sample errors, so that the uncertainty of the forecasts is in it.
    """
    excess = (counts - means) ** 2 - means
    weight = float(np.sum(means**2))
    if weight == 0:
        return 0.0, 0.0
    a = float(np.sum(excess)) / weight
    error = float(np.sqrt(np.sum((excess - a * means**2) ** 2))) / weight
    return max(a, 0.0), error


def count_p_values(counts: np.ndarray, means: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Two-sided p-values of counts: negative binomial with these means and over-dispersions (a > 0)."""
    size = 1 / a
    share = size / (size + means)
    with np.errstate(invalid="ignore"):
        lower = special.betainc(size, counts + 1, share)
        upper = np.where(counts > 0, special.betainc(np.maximum(counts, 1), size, 1 - share), 1.0)
    p = np.minimum(1.0, 2 * np.minimum(lower, upper))
    return np.where(np.isfinite(counts), p, np.nan)


def heavier_tails(p: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """P-values made larger where small ones came more often in the past than they say.

    Of calibrated p-values below .03, log(.03 / p) is exponential with mean 1 (of counts at most 1); a larger mean of the
    earlier ones, m, shows heavier tails, which p ** (1 / m) allows for (Hill 1975).
    """
    tail = np.log(TAIL / np.maximum(earlier[earlier <= TAIL], 1e-300))
    excess = max(1.0, (float(tail.sum()) + 1) / (len(tail) + 1))
    return np.where(p < TAIL, TAIL * (p / TAIL) ** (1 / excess), p)


def count_interval(means: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % prediction interval of counts: quantiles of their negative binomial distribution."""
    share = 1 / (1 + a * means)
    return stats.nbinom.ppf(0.025, 1 / a, share), stats.nbinom.ppf(0.975, 1 / a, share)

"""The usual level of each day of a series, learned from the days before it, and how far days may lie from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.seasonal import STL

#: days of history without which nothing is called usual: the level's eight weeks, and as many
#: again from which the size of ordinary errors is learned
LEAST_HISTORY = 112
LEVEL_DAYS = 56
ANSCOMBE = 3 / 8
#: errors that lie closer together than this, on the scale of roots, are rounding: counts differ by one at least
LEAST_SPREAD = 1e-4


def expected(values: pd.Series, since: pd.Timestamp = pd.Timestamp.min) -> pd.DataFrame:
    """The usual level of each day, known only from the days before it.

    The seasonal part of a robust STL (period 7) of the days before `since` gives the weekday, the median of the last
    eight weeks without it the level, and the median of earlier months the last three days of a month;
    on the square-root scale, on which counts vary alike at every level (Anscombe 1948). The errors
    of these forecasts are out of sample. Each is measured by the robust spread (MAD) of its kind
    of day, working day or weekend, and a Student t fitted to those of the past gives bounds (95 %)
    and p-values, so heavy tails widen them; those of quarters that end before `since` are not worked
    out. A small count is odd only where it also is beside the counts of days of its kind in the last eight weeks
    (`_count_p`). Days in a gap (NaN) are neither learned from nor judged.

    Index: day. Columns: value, usual, low, high, p (two-sided).
    """
    rooted = np.sqrt(values + ANSCOMBE)
    season = _weekday_part(rooted, since)
    level = (rooted - season).rolling(LEVEL_DAYS, min_periods=LEVEL_DAYS // 2).median().shift(1)
    forecast = level + season
    days = pd.DatetimeIndex(values.index)
    month_end = days.days_in_month - days.day < 3
    past_ends = (rooted - forecast)[month_end].rolling(24, min_periods=6).median().shift(1)
    forecast = forecast.add(past_ends.reindex(values.index).fillna(0.0))
    error = rooted - forecast
    frame = pd.DataFrame({"value": values, "usual": _counts(forecast)})
    frame[["low", "high", "p"]] = np.nan
    known = error.dropna()
    weekend = days.dayofweek >= 5
    # one quarter at a time, each against the errors made before it
    for _, block in error.groupby(days.to_period("Q")):
        if block.index[-1] < since:
            continue
        past = known[known.index < block.index[0]].iloc[-730:]
        if len(past) < LEAST_HISTORY - LEVEL_DAYS:
            continue
        spread = pd.Series(np.where(weekend, _spread(past, True), _spread(past, False)), index=values.index)
        if spread.min() <= LEAST_SPREAD:
            continue
        scaled = past / spread[past.index]
        freedom = _tail(scaled)
        centre, scale = student(scaled.to_numpy(), freedom)
        low, high = stats.t.interval(0.95, freedom, centre, scale)
        ruler = spread[block.index]
        frame.loc[block.index, "low"] = _counts(forecast[block.index] + low * ruler)
        frame.loc[block.index, "high"] = _counts(forecast[block.index] + high * ruler)
        p = 2 * stats.t.sf(np.abs((block / ruler - centre) / scale), freedom)
        frame.loc[block.index, "p"] = np.maximum(p, _count_p(values, weekend).reindex(block.index))
    return frame


def _counts(rooted: pd.Series) -> pd.Series:
    return (rooted.clip(lower=0) ** 2 - ANSCOMBE).clip(lower=0)


def _spread(errors: pd.Series, weekend: bool) -> float:
    """Robust standard deviation (1.4826 MAD) of the errors on working days or on weekends."""
    kind = errors[(pd.DatetimeIndex(errors.index).dayofweek >= 5) == weekend]
    return float(1.4826 * np.median(np.abs(kind - np.median(kind)))) if len(kind) else 0.0


def _tail(scaled: pd.Series) -> float:
    """Degrees of freedom by which 99 % of the errors lie where a Student t has them; 2.5 to 30."""
    reach = float(np.quantile(np.abs(scaled - np.median(scaled)), 0.99))
    grid = np.array([2.5, 3, 4, 5, 7, 10, 15, 30])
    ratio = stats.t.ppf(0.995, grid) / (1.4826 * stats.t.ppf(0.75, grid))
    return float(grid[np.argmin(np.abs(ratio - reach))])


def student(values: np.ndarray, freedom: float) -> tuple[float, float]:
    """Centre and scale of the Student t of so many degrees of freedom that fits best (maximum likelihood).

    By reweighting (Kent, Tyler, Vardi 1994): the estimate of scipy's `t.fit`, which searches for it
    without derivatives, in a twentieth of the time.
    """
    centre, scale = float(np.median(values)), float(np.std(values))
    for _ in range(500):
        weight = 1 / (freedom + ((values - centre) / scale) ** 2)
        weight /= weight.sum()
        before, centre = centre, float(weight @ values)
        narrower, scale = scale, float(np.sqrt(weight @ (values - centre) ** 2))
        if max(abs(centre - before), abs(scale - narrower)) < 1e-12 * scale:
            break
    return centre, scale


def _count_p(values: pd.Series, weekend: np.ndarray) -> pd.Series:
    """Two-sided p of each day's count beside those of its kind, working day or weekend, in the eight weeks before.

    As Poisson counts of one rate, which is known as well as those days tell it: the predictive distribution is
    negative binomial (Gelman and others, Bayesian Data Analysis, 2.6; Jeffreys' prior).
    """
    found = pd.Series(np.nan, values.index)
    for kind in (True, False):
        own = values[weekend == kind]
        past = own.rolling(f"{LEVEL_DAYS}D", closed="left")
        rows, days = past.sum().fillna(0.0) + 0.5, past.count()
        share = (days / (days + 1)).clip(lower=1e-9)
        more, less = stats.nbinom.sf(own - 1, rows, share), stats.nbinom.cdf(own, rows, share)
        found[own.index] = np.minimum(1.0, 2 * np.minimum(more, less))
    return found


def _weekday_part(rooted: pd.Series, since: pd.Timestamp) -> pd.Series:
    """The weekday's part, from a robust STL of the days before `since`, as the median of its last eight values before a day."""
    filled = rooted.fillna(rooted.groupby(pd.DatetimeIndex(rooted.index).dayofweek).transform("median"))
    past = filled[filled.index < since] if since > pd.Timestamp.min else filled
    seasonal = STL(past, period=7, seasonal=13, robust=True).fit().seasonal
    weekday = pd.Series(seasonal, index=past.index).reindex(rooted.index)
    return (
        weekday.groupby(pd.DatetimeIndex(weekday.index).dayofweek, group_keys=False)
        .apply(lambda part: part.rolling(8, min_periods=1).median().shift(1).ffill())
        .reindex(rooted.index)
        .bfill()
    )

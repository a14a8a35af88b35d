"""The usual level of a daily series, forecast from the days before, with prediction intervals and p-values."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.seasonal import STL

#: the days of history required: eight weeks for the level, and as many for the size of ordinary errors
MIN_HISTORY_DAYS = 112
LEVEL_DAYS = 56
ANSCOMBE = 3 / 8
#: a smaller spread of errors on the square-root scale is rounding, because counts differ by at least 1
MIN_SPREAD = 1e-4


def usual_levels(values: pd.Series, since: pd.Timestamp = pd.Timestamp.min) -> pd.DataFrame:
    """The usual level of each day, forecast from earlier days only.

    The seasonal component of a robust STL (period 7) of the days before `since` gives the effect of the weekday, the
    median of the last eight weeks without it the level, and the median error at earlier month ends the effect of the
    last three days of a month; all on the square-root scale, where the variance of counts does not depend on the level
    (Anscombe 1948). The forecast errors are out of sample. Each is divided by the robust spread (MAD) of working days
    or weekends, and a Student t fitted to past errors gives bounds (95 %) and p-values, so that heavy tails widen them;
    quarters that end before `since` are skipped. The p-value of a small count is at least that among the counts of
    the same kind of day in the last eight weeks (`_count_p`). Days in a gap (NaN) are neither used nor judged.

    Index: day. Columns: value, usual, low, high, p (two-sided).
    """
    rooted = np.sqrt(values + ANSCOMBE)
    season = _weekday_effect(rooted, since)
    level = (rooted - season).rolling(LEVEL_DAYS, min_periods=LEVEL_DAYS // 2).median().shift(1)
    forecast = level + season
    days = pd.DatetimeIndex(values.index)
    month_end = days.days_in_month - days.day < 3
    past_ends = (rooted - forecast)[month_end].rolling(24, min_periods=6).median().shift(1)
    forecast = forecast.add(past_ends.reindex(values.index).fillna(0.0))
    error = rooted - forecast
    frame = pd.DataFrame({"value": values, "usual": _from_roots(forecast)})
    frame[["low", "high", "p"]] = np.nan
    past_errors = error.dropna()
    weekend = days.dayofweek >= 5
    # each quarter is judged by the errors before it
    for _, block in error.groupby(days.to_period("Q")):
        if block.index[-1] < since:
            continue
        past = past_errors[past_errors.index < block.index[0]].iloc[-730:]
        if len(past) < MIN_HISTORY_DAYS - LEVEL_DAYS:
            continue
        spread = pd.Series(np.where(weekend, _spread(past, True), _spread(past, False)), index=values.index)
        if spread.min() <= MIN_SPREAD:
            continue
        scaled = past / spread[past.index]
        freedom = _degrees_of_freedom(scaled)
        centre, scale = fit_student_t(scaled.to_numpy(), freedom)
        low, high = stats.t.interval(0.95, freedom, centre, scale)
        quarter_spread = spread[block.index]
        frame.loc[block.index, "low"] = _from_roots(forecast[block.index] + low * quarter_spread)
        frame.loc[block.index, "high"] = _from_roots(forecast[block.index] + high * quarter_spread)
        p = 2 * stats.t.sf(np.abs((block / quarter_spread - centre) / scale), freedom)
        frame.loc[block.index, "p"] = np.maximum(p, _count_p(values, weekend).reindex(block.index))
    return frame


def _from_roots(rooted: pd.Series) -> pd.Series:
    """Counts from their square-root scale (the inverse of Anscombe's transformation)."""
    return (rooted.clip(lower=0) ** 2 - ANSCOMBE).clip(lower=0)


def _spread(errors: pd.Series, weekend: bool) -> float:
    """Robust standard deviation (1.4826 MAD) of the errors on working days or on weekends."""
    kind = errors[(pd.DatetimeIndex(errors.index).dayofweek >= 5) == weekend]
    return float(1.4826 * np.median(np.abs(kind - np.median(kind)))) if len(kind) else 0.0


def _degrees_of_freedom(scaled: pd.Series) -> float:
    """The degrees of freedom (2.5 to 30) of the Student t whose 99 % quantile fits that of the errors best."""
    reach = float(np.quantile(np.abs(scaled - np.median(scaled)), 0.99))
    grid = np.array([2.5, 3, 4, 5, 7, 10, 15, 30])
    ratio = stats.t.ppf(0.995, grid) / (1.4826 * stats.t.ppf(0.75, grid))
    return float(grid[np.argmin(np.abs(ratio - reach))])


def fit_student_t(values: np.ndarray, freedom: float) -> tuple[float, float]:
    """Centre and scale of the Student t with given degrees of freedom, by maximum likelihood.

    Iterative reweighting (Kent, Tyler, Vardi 1994) gives the estimate of scipy's `t.fit`, a search without
    derivatives, in a twentieth of the time.
    """
    centre, scale = float(np.median(values)), float(np.std(values))
    for _ in range(500):
        weight = 1 / (freedom + ((values - centre) / scale) ** 2)
        weight /= weight.sum()
        previous_centre, centre = centre, float(weight @ values)
        previous_scale, scale = scale, float(np.sqrt(weight @ (values - centre) ** 2))
        if max(abs(centre - previous_centre), abs(scale - previous_scale)) < 1e-12 * scale:
            break
    return centre, scale


def _count_p(values: pd.Series, weekend: np.ndarray) -> pd.Series:
    """Two-sided p-value of each count among those of the same kind of day (working day or weekend) in the eight weeks before.

    The counts are taken as Poisson with one unknown rate, so the predictive distribution is negative binomial (Gelman
    and others, Bayesian Data Analysis, 2.6; Jeffreys' prior).
    """
    p = pd.Series(np.nan, values.index)
    for kind in (True, False):
        counts = values[weekend == kind]
        past = counts.rolling(f"{LEVEL_DAYS}D", closed="left")
        rows, days = past.sum().fillna(0.0) + 0.5, past.count()
        share = (days / (days + 1)).clip(lower=1e-9)
        upper, lower = stats.nbinom.sf(counts - 1, rows, share), stats.nbinom.cdf(counts, rows, share)
        p[counts.index] = np.minimum(1.0, 2 * np.minimum(upper, lower))
    return p


def _weekday_effect(rooted: pd.Series, since: pd.Timestamp) -> pd.Series:
    """The effect of the weekday: the median of the last eight earlier seasonal values of a robust STL of the days before `since`."""
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

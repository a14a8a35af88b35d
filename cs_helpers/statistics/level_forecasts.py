"""What is usual in each period, forecast from the periods before it: level, weekday, month end, season of the year."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from statsmodels.tsa.seasonal import STL

from cs_helpers.statistics.rolling import by_weekday, earlier_median, from_weekdays

#: the days of the level and of its short form, which follows quicker
LEVEL_DAYS, SHORT_LEVEL_DAYS = 56, 28
#: the weekday's effect is a median over so many weeks, and known from so many on
WEEKDAY_WEEKS, MIN_WEEKDAY_WEEKS = 52, 4
#: the effect of the last days of a month is a median over so many of them, and known from so many on
MONTH_END_DAYS, MIN_MONTH_END_DAYS = 24, 6
CYCLE = {"week": 52, "month": 12}
#: the season is estimated anew after so many periods
SEASON_STEP = {"week": 13, "month": 3}
#: of 52 weeks trend and low pass of STL are smooth enough to interpolate (a sixth of the time, effects within .1 %)
JUMPS = {"week": {"trend_jump": 10, "low_pass_jump": 6}, "month": {}}
#: periods of the level, its least number of known ones, and periods of its short form
#: the ways of forecasting that know the season of the year
SEASONAL = ("season", "season_recent")
LEVEL = {"week": (8, 4, 4), "month": (12, 6, 4)}


def daily_forecasts(values: np.ndarray, days: pd.DatetimeIndex) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The level of each day, and forecasts in several ways, of which the past shows which serves best.

    values: on a scale on which effects add up; NaN: not known or no ordinary day. `level`: the median of the last eight
    weeks; `recent`: that of the last four; `drift`: the last four weeks, continued by their difference from the four weeks
    before. To each the effect of the weekday (see `weekday_effects`) is added, and the median error of that way on earlier
    last three days of a month.
    """
    effect = weekday_effects(values, int(days[0].day_of_week))
    level = values - effect
    slow = earlier_median(level, LEVEL_DAYS, LEVEL_DAYS // 2)
    ways = {"level": slow, **_following(level, SHORT_LEVEL_DAYS)}
    at_end = np.flatnonzero(np.asarray(days.days_in_month - days.day < 3))
    ways = {way: forecast + effect for way, forecast in ways.items()}
    errors = np.column_stack([(values - forecast)[at_end] for forecast in ways.values()])
    past_errors = earlier_median(errors, MONTH_END_DAYS, MIN_MONTH_END_DAYS)
    for forecast, past in zip(ways.values(), past_errors.T, strict=True):
        forecast[at_end] += np.nan_to_num(past)
    return slow, ways


def weekday_effects(values: np.ndarray, first_weekday: int) -> np.ndarray:
    """How each day's weekday differs from the mean of its week: a median over the last 52 of the same weekday before it.

    NaN before four of them are known.
    """
    around = pd.Series(values).rolling(7, center=True, min_periods=5).mean().to_numpy()
    differences = by_weekday(values - around, first_weekday)
    effects = earlier_median(differences, WEEKDAY_WEEKS, MIN_WEEKDAY_WEEKS)
    return from_weekdays(effects, first_weekday, len(values))


def longer_forecasts(
    values: np.ndarray, every: str, season_from: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The level of each week or month, and forecasts in several ways, of which the past shows which serves best.

    As `daily_forecasts`, without weekdays; `season` and `season_recent` add the season of the year, from a position on.
    """
    window, needed, short = LEVEL[every]
    ways = {"level": earlier_median(values, window, needed), **_following(values, short)}
    level = ways["level"]
    season = seasonal_effects(values, every, season_from)
    if season is None:
        return level, ways
    by_season = {way: np.full(len(values), np.nan) for way in SEASONAL}
    for first, last, effect in season:
        without = values[:last] - effect
        for way, periods, least in (("season", window, needed), ("season_recent", short, short // 2)):
            by_season[way][first:last] = (earlier_median(without, periods, least) + effect)[first:last]
    return level, {**ways, **by_season}


def seasonal_effects(values: np.ndarray, every: str, since: int) -> list[tuple[int, int, np.ndarray]] | None:
    """The season of the year as it is known before each quarter of periods: first, last, effect of all up to last.

    Quarters that end before the position `since` are left out.

    The seasonal component of a robust STL (Cleveland and others 1990) of the periods before the quarter, continued by
    that of a year earlier. Needs two full years; None without them.
    """
    cycle, step = CYCLE[every], SEASON_STEP[every]
    known = np.flatnonzero(np.isfinite(values))
    if len(values) <= 2 * cycle or not len(known) or len(values) <= known[0] + 2 * cycle:
        return None
    begin = known[0]
    result = []
    for first in range(begin + 2 * cycle, len(values), step):
        past, last = values[begin:first], min(first + step, len(values))
        if last <= since:
            continue
        if np.isfinite(past).sum() < 1.5 * cycle or np.nanstd(past) == 0:
            continue
        filled = pd.Series(past).interpolate(limit_direction="both").to_numpy()
        with warnings.catch_warnings():
            # a robust STL of values that mostly do not vary divides by a spread of 0
            warnings.simplefilter("ignore", RuntimeWarning)
            seasonal = STL(filled, period=cycle, seasonal=7, robust=True, **JUMPS[every]).fit().seasonal
        effect = np.concatenate(
            [np.zeros(begin), seasonal, seasonal[len(seasonal) - cycle :][: last - first]]
        )
        result.append((first, last, effect))
    return result or None


def _following(level: np.ndarray, window: int) -> dict[str, np.ndarray]:
    """Forecasts that follow a change quicker: the median of the last `window` values, and it continued by its drift."""
    recent = earlier_median(level, window, window // 2)
    before = np.full_like(recent, np.nan)
    before[window:] = recent[:-window]
    # from the middle of the window to the period that is forecast
    ahead = (window + 1) / 2 / window
    return {"recent": recent, "drift": recent + ahead * (recent - before)}

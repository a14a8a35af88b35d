"""Days on which offices are closed, and weeks with several of them, compared with earlier such periods."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

#: so many earlier closed periods make a usual value
MIN_CLOSED = 6
#: a week with so many closed working days is no ordinary week
CLOSED_DAYS_OF_WEEK = 2


def closed_periods(index: pd.DatetimeIndex, every: str, closed: pd.DatetimeIndex | None) -> np.ndarray:
    """Which periods are no ordinary ones: closed days, weeks with at least two closed working days, no month."""
    if closed is None or every == "month":
        return np.zeros(len(index), dtype=bool)
    days = pd.DatetimeIndex(closed).normalize().unique()
    if every == "day":
        return np.asarray(index.isin(days))
    working = days[days.day_of_week < 5]
    weeks = pd.Series(working - pd.to_timedelta(working.day_of_week, unit="D")).value_counts()
    return np.asarray(weeks.reindex(index, fill_value=0) >= CLOSED_DAYS_OF_WEEK)


def closed_forecasts(
    values: np.ndarray, levels: np.ndarray, closed: np.ndarray, least_spread: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forecast, spread and number of earlier closed periods, for each closed period; NaN elsewhere.

    The forecast is the level of ordinary periods plus the median effect of at least six earlier closed ones; the spread
    is the standard deviation of the next such effect around it, at least `least_spread` (on the scale of values), because
    effects that happened to be alike say little.
    """
    forecast, spread = np.full(len(values), np.nan), np.full(len(values), np.nan)
    n = np.zeros(len(values), dtype=int)
    effects: list[float] = []
    for at in np.flatnonzero(closed):
        n[at] = len(effects)
        if len(effects) >= MIN_CLOSED:
            forecast[at] = levels[at] + np.median(effects)
            # the variance of a median is pi / 2 times that of a mean
            spread[at] = max(np.std(effects, ddof=1), least_spread) * np.sqrt(1 + np.pi / 2 / len(effects))
        if np.isfinite(values[at]) and np.isfinite(levels[at]):
            effects.append(values[at] - levels[at])
    return forecast, np.where(spread > 0, spread, np.nan), n


def closed_p_values(errors: np.ndarray, spread: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Two-sided p-values of the errors of closed periods, by Student's t with n - 1 degrees of freedom."""
    return np.asarray(2 * special.stdtr(np.maximum(n - 1, 1), -np.abs(errors / spread)))

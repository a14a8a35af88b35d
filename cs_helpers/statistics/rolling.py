"""Medians and means over the periods before each period, of arrays with missing values."""

from __future__ import annotations

import numpy as np
import pandas as pd


def earlier_median(values: np.ndarray, window: int, needed: int) -> np.ndarray:
    """The median of the last `window` values before each, where `needed` of them are known; by column. NaN: not known."""
    frame = pd.Series(values) if values.ndim == 1 else pd.DataFrame(values)
    medians = frame.rolling(window, min_periods=needed).median().to_numpy()
    result = np.full_like(medians, np.nan)
    result[1:] = medians[:-1]
    return result


def earlier_sum(values: np.ndarray, window: int) -> np.ndarray:
    """The sum of the known ones of the last `window` values before each; by column."""
    total = np.cumsum(np.nan_to_num(values), axis=0)
    result = np.zeros_like(total)
    result[1:] = total[:-1]
    if len(total) > window:
        result[window + 1 :] -= total[: -window - 1]
    return result


def by_weekday(values: np.ndarray, first_weekday: int) -> np.ndarray:
    """Daily values as a table of weeks (Monday to Sunday), filled with NaN before the first day and after the last."""
    weeks = -(-(first_weekday + len(values)) // 7)
    table = np.full(weeks * 7, np.nan)
    table[first_weekday : first_weekday + len(values)] = values
    return table.reshape(weeks, 7)


def from_weekdays(table: np.ndarray, first_weekday: int, days: int) -> np.ndarray:
    """The daily values of a table of weeks; the inverse of `by_weekday`."""
    return table.ravel()[first_weekday : first_weekday + days]

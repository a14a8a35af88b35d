"""What users would pick to find unusual days, each from its published description, in a few lines of numpy.

Each takes a daily series (NaN where a day is missing) and the first day that it is asked about, and returns for each day
from there on how far it lies beyond what is expected, as a multiple of what the way allows: called above 1 and below -1.
What a way uses of a day is known before it, except where its docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.seasonal import STL

Way = Callable[[pd.Series, pd.Timestamp], np.ndarray]
#: the days of history of a fixed z and of fences
WINDOW = 56


def _excess(
    values: pd.Series, middle: pd.Series, reach: pd.Series | float, since: pd.Timestamp
) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = ((values - middle) / reach)[values.index >= since].to_numpy()
    return np.nan_to_num(excess, nan=0.0)


def fixed_z(values: pd.Series, since: pd.Timestamp) -> np.ndarray:
    """Mean plus and minus three standard deviations of the last 56 days."""
    past = values.rolling(WINDOW, min_periods=WINDOW // 2)
    mean, spread = past.mean().shift(1), past.std().shift(1)
    return _excess(values, mean, 3 * spread, since)


def weekday_z(values: pd.Series, since: pd.Timestamp) -> np.ndarray:
    """Mean plus and minus three standard deviations of the last eight days of the same weekday."""
    past = values.groupby(pd.DatetimeIndex(values.index).day_of_week, group_keys=False)
    mean = past.apply(lambda days: days.rolling(8, min_periods=4).mean().shift(1)).reindex(values.index)
    spread = past.apply(lambda days: days.rolling(8, min_periods=4).std().shift(1)).reindex(values.index)
    return _excess(values, mean, 3 * spread, since)


def fences(values: pd.Series, since: pd.Timestamp) -> np.ndarray:
    """Tukey's fences (1977): 1.5 interquartile ranges beyond the quartiles of the last 56 days."""
    past = values.rolling(WINDOW, min_periods=WINDOW // 2)
    lower, upper = past.quantile(0.25).shift(1), past.quantile(0.75).shift(1)
    return _excess(values, (lower + upper) / 2, 2 * (upper - lower), since)


def prophet_like(values: pd.Series, since: pd.Timestamp, confidence: float = 0.99) -> np.ndarray:
    """A trend in pieces and Fourier terms of week (order 3) and year (order 10), fitted to all days before, normal interval.

    Prophet's default model (Taylor, Letham 2018): 25 changes of slope in the first 80 % of the history. Here the slopes'
    changes have a normal prior in place of Laplace's, so that it is a ridge regression, and the trend goes on as it was.
    """
    time = (np.arange(len(values)) / (values.index < since).sum()).astype(float)
    day = np.arange(len(values))[:, None] * 2 * np.pi
    waves = [
        wave(day * k / length)
        for length, order in ((7, 3), (365.25, 10))
        for k in range(1, order + 1)
        for wave in (np.sin, np.cos)
    ]
    changes = np.maximum(0, time[:, None] - np.linspace(0, 0.8, 27)[1:-1])
    design = np.hstack([np.ones((len(values), 1)), time[:, None], changes, *waves])
    scale = values[values.index < since].abs().max()
    # prior standard deviations of Prophet on its scale: 5 for trend and offset, 0.05 for changes, 10 for waves
    prior = np.repeat([5.0, 0.05, 10.0], [2, changes.shape[1], len(waves)])
    known = ((values.index < since) & values.notna()).to_numpy()
    past, observed = design[known], values[known].to_numpy() / scale
    noise = 0.1
    for _ in range(3):  # the noise's variance weighs the prior, and is what the fit leaves
        fitted = np.linalg.solve(past.T @ past + np.diag(noise**2 / prior**2), past.T @ observed)
        noise = float(np.std(observed - past @ fitted))
    forecast = pd.Series(design @ fitted * scale, values.index)
    reach = stats.norm.ppf(0.5 + confidence / 2) * noise * scale
    return _excess(values, forecast, reach, since)


def seasonal_hybrid_esd(
    values: pd.Series, since: pd.Timestamp, alpha: float = 0.05, most: float = 0.02
) -> np.ndarray:
    """Twitter's S-H-ESD (Vallis, Hochenbaum, Kejariwal 2014), run at the end of each week on the last 26 weeks.

    The seasonal part of a periodic STL and the median are taken off; the generalised ESD test (Rosner 1983) with median
    and MAD calls at most 2 % of the days. It sees the rest of a week when it judges a day; what it calls counts for the
    week that has just ended.
    """
    filled = values.interpolate(limit_direction="both")
    result = pd.Series(0.0, values.index[values.index >= since])
    for first in result.index[::7]:
        part = filled[first - pd.Timedelta(days=175) : first + pd.Timedelta(days=6)]
        periodic = STL(part.to_numpy(), period=7, seasonal=10 * len(part) + 1, seasonal_deg=0).fit().seasonal
        rest = part.to_numpy() - periodic - np.median(part)
        for position, excess in _generalised_esd(rest, alpha, int(most * len(part))).items():
            day = part.index[position]
            if day >= first and not np.isnan(values[day]):
                result[day] = np.sign(rest[position]) * excess
    return result.to_numpy()


def _generalised_esd(rest: np.ndarray, alpha: float, most: int) -> dict[int, float]:
    """The most extreme values are taken away one by one; position -> statistic over its bound.

    A value is an outlier if the statistic is above its bound when it, or one after it, is taken away.
    """
    left, taken = np.arange(len(rest)), {}
    for _ in range(most):
        distance = np.abs(rest[left] - np.median(rest[left]))
        spread = 1.4826 * np.median(distance)
        if spread == 0:
            break
        worst, n = int(np.argmax(distance)), len(left)
        quantile = stats.t.ppf(1 - alpha / (2 * n), n - 2)
        bound = (n - 1) * quantile / np.sqrt((n - 2 + quantile**2) * n)
        taken[int(left[worst])] = float(distance[worst] / spread / bound)
        left = np.delete(left, worst)
    later = np.maximum.accumulate(list(taken.values())[::-1])[::-1]
    return dict(zip(taken, later.tolist(), strict=True)) if taken else {}


PEERS: dict[str, Way] = {
    "fixed z: 3 sigma of the last 56 days": fixed_z,
    "3 sigma of the last 8 same weekdays": weekday_z,
    "Tukey's fences of the last 56 days": fences,
    "Prophet's model, 99 % interval": prophet_like,
    "Twitter's S-H-ESD, alpha .05, at most 2 %": seasonal_hybrid_esd,
}

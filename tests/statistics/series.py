"""Simulated ordinary series, in which nothing is odd, and anomalies that are put into them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

#: three years of days; the last quarter is judged
DAYS = pd.date_range("2023-10-01", "2026-09-30", freq="D")
QUARTER = pd.Timestamp("2026-07-01")

Draw = Callable[[np.random.Generator, pd.DatetimeIndex], np.ndarray]


def weekly(days: pd.DatetimeIndex) -> np.ndarray:
    """Working days of 1, Saturdays of .4, Sundays of .25."""
    return np.array([1.0, 1.1, 1.05, 1.0, 0.9, 0.4, 0.25])[days.day_of_week]


def yearly(days: pd.DatetimeIndex, amplitude: float = 0.3) -> np.ndarray:
    """A wave over the year around 1."""
    return 1 + amplitude * np.sin(2 * np.pi * np.asarray(days.day_of_year) / 365.25)


def poisson(mean: float) -> Draw:
    """Poisson counts."""
    return lambda chance, days: chance.poisson(mean, len(days)).astype(float)


def negative_binomial(mean: float, size: float) -> Draw:
    """Over-dispersed counts: their variance is mean + mean squared / size."""
    return lambda chance, days: chance.negative_binomial(size, size / (size + mean), len(days)).astype(float)


def weekly_poisson(mean: float) -> Draw:
    """Poisson counts whose mean depends on the weekday."""
    return lambda chance, days: chance.poisson(mean * weekly(days)).astype(float)


def weekly_and_yearly(mean: float) -> Draw:
    """Poisson counts whose mean depends on the weekday and the season of the year (30 %)."""
    return lambda chance, days: chance.poisson(mean * weekly(days) * yearly(days)).astype(float)


def heavy_tails_of_logs(chance: np.random.Generator, days: pd.DatetimeIndex) -> np.ndarray:
    """Amounts whose logarithms have Student t noise (5 degrees of freedom)."""
    return 40 * np.exp(0.25 * chance.standard_t(5, len(days)))


def heavy_tails_of_roots(chance: np.random.Generator, days: pd.DatetimeIndex) -> np.ndarray:
    """Counts whose square roots have Student t noise (5 degrees of freedom)."""
    return np.round(np.clip(14 * np.sqrt(weekly(days)) + chance.standard_t(5, len(days)), 0, None) ** 2)


def heavy_tails_of_few(chance: np.random.Generator, days: pd.DatetimeIndex) -> np.ndarray:
    """Counts of about eight a day whose square roots have Student t noise (5 degrees of freedom)."""
    return np.round(np.clip(2.8 + 0.5 * chance.standard_t(5, len(days)), 0, None) ** 2)


def shifted_long_ago(chance: np.random.Generator, days: pd.DatetimeIndex) -> np.ndarray:
    """Poisson counts that rose from 60 to 100 sixteen months before the end."""
    return chance.poisson(np.where(np.arange(len(days)) < len(days) - 490, 60, 100)).astype(float)


def growing(chance: np.random.Generator, days: pd.DatetimeIndex) -> np.ndarray:
    """Over-dispersed counts that double each year."""
    mean = 40 * 2 ** (np.arange(len(days)) / 365) * weekly(days)
    return chance.negative_binomial(20, 20 / (20 + mean)).astype(float)


def days_missing(chance: np.random.Generator, days: pd.DatetimeIndex) -> np.ndarray:
    """Weekly Poisson counts of which every tenth is not known, chosen at random."""
    return np.where(chance.random(len(days)) < 0.1, np.nan, chance.poisson(50 * weekly(days)))


def with_a_gap(chance: np.random.Generator, days: pd.DatetimeIndex) -> np.ndarray:
    """Weekly Poisson counts of which forty days, two months before the end of the past, are not known."""
    values = chance.poisson(50 * weekly(days)).astype(float)
    last = len(days) - 92 - 20
    values[last - 40 : last] = np.nan
    return values


#: name -> scale, draw: ordinary daily series
ORDINARY: dict[str, tuple[str, Draw]] = {
    "poisson 0.3": ("count", poisson(0.3)),
    "poisson 1": ("count", poisson(1)),
    "poisson 5": ("count", poisson(5)),
    "poisson 12": ("count", poisson(12)),
    "poisson 100": ("count", poisson(100)),
    "negative binomial 1": ("count", negative_binomial(1, 1)),
    "negative binomial 5": ("count", negative_binomial(5, 2)),
    "negative binomial 100": ("count", negative_binomial(100, 10)),
    "weekly poisson 2": ("count", weekly_poisson(2)),
    "weekly poisson 20": ("count", weekly_poisson(20)),
    "weekly poisson 200": ("count", weekly_poisson(200)),
    "weekly and yearly 5": ("count", weekly_and_yearly(5)),
    "weekly and yearly 100": ("count", weekly_and_yearly(100)),
    "t5 of logs": ("amount", heavy_tails_of_logs),
    "t5 of roots": ("count", heavy_tails_of_roots),
    "t5 of few": ("count", heavy_tails_of_few),
    "shifted long ago": ("count", shifted_long_ago),
    "growing": ("count", growing),
    "days missing": ("count", days_missing),
    "with a gap": ("count", with_a_gap),
}


def ordinary(name: str, seed: int, days: pd.DatetimeIndex = DAYS) -> pd.Series:
    """An ordinary series of a family, without anything odd."""
    _, draw = ORDINARY[name]
    return pd.Series(draw(np.random.default_rng(seed), days), index=days)


def spike(values: pd.Series, day: pd.Timestamp, factor: float, days: int = 1) -> pd.Series:
    """The series with some days multiplied (a drop with a factor below 1)."""
    odd = values.copy()
    inside = (odd.index >= day) & (odd.index < day + pd.Timedelta(days=days))
    odd[inside] = np.round(odd[inside] * factor)
    return odd


def slow_drift(values: pd.Series, since: pd.Timestamp, a_week: float) -> pd.Series:
    """The series that grows by a share each week from a day on."""
    weeks = np.clip((values.index - since).days.to_numpy() / 7, 0, None)
    return np.round(values * (1 + a_week) ** weeks)


def turned_week(values: pd.Series, since: pd.Timestamp) -> pd.Series:
    """The series whose Saturdays and Sundays change places with Mondays and Tuesdays from a day on."""
    changed = values.copy()
    days = pd.DatetimeIndex(values.index)
    for one, other in ((0, 5), (1, 6)):
        first, second = (
            (days >= since) & (days.day_of_week == one),
            (days >= since) & (days.day_of_week == other),
        )
        n = min(first.sum(), second.sum())
        left, right = values[first].to_numpy()[:n].copy(), values[second].to_numpy()[:n].copy()
        changed.iloc[np.flatnonzero(first)[:n]] = right
        changed.iloc[np.flatnonzero(second)[:n]] = left
    return changed

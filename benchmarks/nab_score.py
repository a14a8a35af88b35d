"""The score of the Numenta Anomaly Benchmark, from its published description.

Lavin, Ahmad 2015, "Evaluating real-time anomaly detection algorithms", section II: a window that is found earns up to
+1, the earlier the more; one that is missed costs `miss`; an alert outside of windows costs up to `false_alert`, less
right after a window. A detector's threshold is the one that scores best over all series, and a corpus' score is scaled
so that a detector that never alerts has 0 and a perfect one 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: the part of a series, and the most points of it, in which nothing is scored
PROBATION, PROBATION_POINTS = 0.15, 750


@dataclass(frozen=True)
class Profile:
    """What a found window earns, and what a missed one and an alert outside of windows cost."""

    found: float
    missed: float
    false_alert: float


PROFILES = {
    "standard": Profile(1.0, 1.0, 0.11),
    "low false positives": Profile(1.0, 1.0, 0.22),
    "low false negatives": Profile(1.0, 2.0, 0.11),
}


@dataclass(frozen=True)
class Series:
    """A series' anomaly scores (one a point, more is odder) and its windows (first and last point of each, by position)."""

    name: str
    scores: np.ndarray
    windows: tuple[tuple[int, int], ...]
    probation: int

    @property
    def window_of(self) -> np.ndarray:
        """The number of each point's window, -1 outside of windows."""
        inside = np.full(len(self.scores), -1)
        for number, (first, last) in enumerate(self.windows):
            inside[first : last + 1] = number
        return inside


@dataclass(frozen=True)
class Score:
    """A score with the alerts that made it: points in windows (`hits`) and outside (`false_alerts`), and windows found."""

    score: float
    hits: int
    false_alerts: int
    found: int


def probation_points(points: int) -> int:
    """How many points at the start are not scored."""
    return int(min(PROBATION * points, PROBATION_POINTS))


def window_positions(
    times: pd.DatetimeIndex, windows: Sequence[Sequence[str]]
) -> tuple[tuple[int, int], ...]:
    """Windows (first and last time of each) as positions in the series."""

    def first_at(time: str) -> int:  # the hour of winter time stands in some files twice
        return int(np.flatnonzero(times == pd.Timestamp(time))[0])

    return tuple((first_at(first), first_at(last)) for first, last in windows)


def sigmoid(position: np.ndarray | float) -> np.ndarray:
    """+1 well before the right edge of a window (position 0), -1 well after it."""
    return 2 / (1 + np.exp(5 * np.asarray(position, float))) - 1


def weights(series: Series, profile: Profile) -> np.ndarray:
    """What an alert at each point earns, or costs."""
    points = np.arange(len(series.scores))
    weight = np.full(len(points), -profile.false_alert)
    for number, (first, last) in enumerate(series.windows):
        until = series.windows[number + 1][0] if number + 1 < len(series.windows) else len(points)
        width = last - first + 1
        inside, after = points[first : last + 1], points[last + 1 : until]
        weight[inside] = profile.found * sigmoid((inside - last - 1) / width) / sigmoid(-1.0)
        past = (after - last) / max(width - 1, 1)
        weight[after] = profile.false_alert * np.where(past < 3, sigmoid(np.minimum(past, 3)), -1.0)
    return weight


def score(series: Series, threshold: float, profile: Profile) -> Score:
    """The score of one series, with an alert at each point that reaches the threshold."""
    alert = (series.scores >= threshold) & (np.arange(len(series.scores)) >= series.probation)
    weight, window = weights(series, profile), series.window_of
    total, found = float(weight[alert & (window < 0)].sum()), 0
    for number, (_, last) in enumerate(series.windows):
        hits = alert & (window == number)
        found += bool(hits.any())
        if last >= series.probation:
            total += weight[hits].max() if hits.any() else -profile.missed
    return Score(total, int((alert & (window >= 0)).sum()), int((alert & (window < 0)).sum()), found)


def best_threshold(corpus: Sequence[Series], profile: Profile) -> float:
    """The threshold with the highest score over all series; above every score, if it is best never to alert."""
    steps = []
    for series in corpus:
        weight, window = weights(series, profile), series.window_of
        scored = np.arange(len(weight)) >= series.probation
        steps.append(pd.DataFrame({"threshold": series.scores, "gain": weight})[scored & (window < 0)])
        for number in range(len(series.windows)):
            inside = pd.DataFrame({"threshold": series.scores, "gain": weight})[scored & (window == number)]
            # as the threshold falls, only a point that earns more than those before it changes the window's score
            inside = inside.groupby("threshold").max().sort_index(ascending=False).cummax().reset_index()
            inside["gain"] = inside["gain"].diff().fillna(inside["gain"] + profile.missed)
            steps.append(inside)
    gains = pd.concat(steps).groupby("threshold")["gain"].sum().sort_index(ascending=False).cumsum()
    return float(gains.idxmax()) if gains.max() > 0 else float(np.nextafter(gains.index[0], np.inf))


def normalised(total: float, windows: int, profile: Profile) -> float:
    """A corpus' score where never to alert is 0 and to find every window at once is 100."""
    least, most = -profile.missed * windows, profile.found * windows
    return 100 * (total - least) / (most - least)

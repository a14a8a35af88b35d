"""The rate of events with an exposure against without, free of fixed effects: Poisson regression over periods at risk.

For an exposure that members of a few groups get at different times, as a training that CSMs complete: each group has its own
level, and so has each class of time, of size and of waiting, so that neither a strong group nor a trend passes for an effect
(two-way fixed effects; Rothman, Greenland, Lash, Modern Epidemiology, 3rd ed. 2008, chapter 20, for Poisson regression of rates).
The effect is what a group does after against before, beyond what the others do at the same time.

Events of a group are more alike than those of several, and groups are few. So the error of the logarithm of the ratio is that of
a jackknife over groups (each left out once; Bell and McCaffrey 2002), or that of the model if that is larger, and the interval is
Student's with one degree of freedom fewer than there are groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

_STEPS = 60
#: logarithms of ratios beyond this are not estimated: all events are on one side
_MAX_LOG_RATIO = np.log(1e3)


@dataclass(frozen=True)
class ExposedRate:
    """The ratio of rates with and without the exposure, its 95 % interval and p; NaN where it cannot be had.

    events, other_events: with and without the exposure; groups: that count; both: that have time with and without it.
    """

    ratio: float
    low: float
    high: float
    p: float
    events: int
    other_events: int
    groups: int
    both: int


def exposed_rate(
    events: np.ndarray,
    time: np.ndarray,
    exposed: np.ndarray,
    group: np.ndarray,
    classes: Sequence[np.ndarray] = (),
) -> ExposedRate:
    """The ratio from cells of time at risk. exposed: bool; group and each of `classes`: numbers from 0.

    Cells of one group and one of each class may be added up before; the result is the same.
    """
    cells = _Cells(events, time, exposed.astype(bool), group, tuple(classes)).informative()
    counts = int(cells.events[cells.exposed].sum()), int(cells.events[~cells.exposed].sum())
    groups = np.unique(cells.group)
    both = sum(len(np.unique(cells.exposed[cells.group == g])) == 2 for g in groups)
    nothing = ExposedRate(*(float("nan"),) * 4, *counts, len(groups), both)
    if not min(counts) or both < 2:
        return nothing
    fit = _fit(cells)
    if fit is None:
        return nothing
    log_ratio, model_error = fit
    left_out = [_fit(cells.without(g), start=log_ratio) for g in groups]
    known = [one[0] for one in left_out if one is not None]
    if len(known) < len(groups):  # all hangs on one group
        return nothing
    spread = np.asarray(known) - np.mean(known)
    error = max(float(np.sqrt((len(known) - 1) / len(known) * (spread**2).sum())), model_error)
    student = stats.t(len(groups) - 1)
    reach = float(student.ppf(0.975)) * error
    return ExposedRate(
        float(np.exp(log_ratio)),
        float(np.exp(log_ratio - reach)),
        float(np.exp(log_ratio + reach)),
        float(2 * student.sf(abs(log_ratio) / error)),
        *counts,
        len(groups),
        both,
    )


@dataclass(frozen=True, eq=False)
class _Cells:
    events: np.ndarray
    time: np.ndarray
    exposed: np.ndarray
    group: np.ndarray
    classes: tuple[np.ndarray, ...]

    def where(self, kept: np.ndarray) -> _Cells:
        return _Cells(
            self.events[kept], self.time[kept], self.exposed[kept], self.group[kept], tuple(c[kept] for c in self.classes)
        )  # fmt: skip

    def without(self, group: int) -> _Cells:
        return self.where(self.group != group).informative()

    def informative(self) -> _Cells:
        """Without classes that have no event: their level is 0 whatever the ratio is."""
        kept = self.time > 0
        while True:
            for column in (self.group, *self.classes):
                has_events = np.bincount(column[kept], self.events[kept], int(column.max(initial=0)) + 1) > 0
                kept = kept & has_events[column]
            fewer = self.where(kept)
            if all(
                (np.bincount(c, fewer.events)[np.unique(c)] > 0).all() for c in (fewer.group, *fewer.classes)
            ):
                return fewer

    def design(self) -> np.ndarray:
        """Columns: exposed, a level for each group, and for each class but its first."""
        columns = [self.exposed.astype(float)[:, None]]
        for n, column in enumerate((self.group, *self.classes)):
            codes = np.unique(column)[int(n > 0) :]
            columns.append((column[:, None] == codes).astype(float))
        return np.hstack(columns)


def _fit(cells: _Cells, start: float = 0.0) -> tuple[float, float] | None:
    """The logarithm of the ratio and its error by the model; None where it does not exist. Newton's method with halving."""
    if not len(cells.events):
        return None
    design = cells.design()
    if np.linalg.matrix_rank(design) < np.linalg.matrix_rank(design[:, 1:]) + 1:
        return None
    offset = np.log(cells.time)
    beta = np.zeros(design.shape[1])
    groups = len(np.unique(cells.group))
    beta[0], beta[1 : 1 + groups] = start, np.log(cells.events.sum() / cells.time.sum())
    likelihood = _likelihood(design, beta, offset, cells.events)
    for _ in range(_STEPS):
        mean = np.exp(design @ beta + offset)
        information = design.T @ (mean[:, None] * design)
        step = np.linalg.lstsq(information, design.T @ (cells.events - mean), rcond=1e-10)[0]
        for _ in range(20):
            new = _likelihood(design, beta + step, offset, cells.events)
            if new >= likelihood - 1e-12:
                break
            step = step / 2
        beta, gain, likelihood = beta + step, new - likelihood, new
        if abs(beta[0]) > _MAX_LOG_RATIO:
            return None
        if abs(gain) < 1e-9 and abs(step[0]) < 1e-7:
            break
    else:
        return None
    mean = np.exp(design @ beta + offset)
    variance = np.linalg.pinv(design.T @ (mean[:, None] * design), rcond=1e-10)[0, 0]
    return float(beta[0]), float(np.sqrt(variance))


def _likelihood(design: np.ndarray, beta: np.ndarray, offset: np.ndarray, events: np.ndarray) -> float:
    log_mean = np.clip(design @ beta + offset, -700, 50)
    return float((events * log_mean - np.exp(log_mean)).sum())

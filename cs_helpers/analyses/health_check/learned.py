"""Weights and probabilities learned from what happened, without the customers and the time that they are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

import numpy as np

from cs_helpers.analyses.health_check.panel import NEEDED, Panel
from cs_helpers.statistics.logistic import fit_logistic, log_loss, predicted, towards

#: parts that the customers are divided into: what is tried on one is learned from the others
FOLDS = 4
#: penalties on the distance from the declared weights that are tried, of measures that run from 0 to 1
_PENALTIES = (1.0, 10.0, 100.0, 1e5)


def fold_of(account: np.ndarray) -> np.ndarray:
    """The part of each customer, 0 to `FOLDS` - 1: by a hash of its account_id, so that it never changes."""
    names, codes = np.unique(account.astype(str), return_inverse=True)
    parts = np.array([crc32(name.encode()) % FOLDS for name in names], dtype=int)
    return np.asarray(parts[codes])


@dataclass(frozen=True)
class OutOfTime:
    """What would have been predicted at quarter ends: arrays of the length of the panel, NaN where nothing could be learned.

    p: the probability of being lost within the horizon, of the declared score. base: the share of lost customers that was
    known by then. score: with learned weights (0 to 100).
    """

    p: np.ndarray
    base: np.ndarray
    score: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """The rows for which there was enough to learn from; bool."""
        return np.asarray(~np.isnan(self.p))


def out_of_time(panel: Panel, horizon_days: int) -> OutOfTime:
    """Predictions for each quarter end from the quarter ends whose horizon was over by then, and from other customers.

    The rows of each quarter end are predicted in `FOLDS` parts. What predicts a part is learned from rows of the other
    parts only: the two numbers that turn a score into a probability (Platt 1999), the weights, and their penalty. So no
    customer is on both sides, and nothing is known earlier than it was. Needs `NEEDED` lost customers.
    """
    n, fold = len(panel.score), fold_of(panel.account)
    p, base, score = (np.full(n, np.nan) for _ in range(3))
    ended = panel.cut + np.timedelta64(horizon_days, "D")
    rows_of, declared = _rows(panel), declared_weights(panel)
    for cut in panel.cuts:
        known = ended <= cut
        parts = [f for f in range(FOLDS) if ((fold == f) & (panel.cut == cut)).any()]
        if not all(_enough(panel, known & (fold != f)) for f in parts):
            continue
        weights = dict(_weights_by_part(rows_of, declared, fold, known))
        for part in parts:
            rows, learn = (fold == part) & (panel.cut == cut), known & (fold != part)
            platt = fit_logistic(panel.score[learn, None] / 100, panel.lost[learn])
            p[rows] = predicted(panel.score[rows, None] / 100, platt)
            base[rows] = panel.lost[learn].mean()
            score[rows] = weighted_score(panel.points[rows], panel.weights[rows], weights[part], declared)
    return OutOfTime(p, base, score)


def _enough(panel: Panel, rows: np.ndarray) -> bool:
    return len(set(panel.account[rows & panel.lost])) >= NEEDED and bool((rows & ~panel.lost).any())


@dataclass(frozen=True)
class _Rows:
    """Rows to learn from: x (rows, measures) 0 to 1, seen (rows, measures): whether it is known, lost (rows)."""

    x: np.ndarray
    seen: np.ndarray
    lost: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> _Rows:
        return _Rows(self.x[chosen], self.seen[chosen], self.lost[chosen])

    @property
    def can_teach(self) -> bool:
        """Whether there are both lost customers and others."""
        return bool(self.lost.any() and not self.lost.all())

    def log_loss(self, coefficients: np.ndarray) -> float:
        return log_loss(self.x, self.lost, coefficients)


def _rows(panel: Panel) -> _Rows:
    """The rows of a panel, where a measure that is not known has the points of the customer's score.

    So it neither helps nor harms, as in the score itself, which leaves it out.
    """
    seen = ~np.isnan(panel.points)
    return _Rows(np.where(seen, panel.points, panel.score[:, None]) / 100, seen, panel.lost)


def learn_weights(panel: Panel) -> np.ndarray:
    """The weights of the measures that tell best who leaves, from all rows: (measures,), adding up to 1.

    Penalised logistic regression of leaving on the points. A measure may speak for the customer only: its weight is not
    negative. The penalty is on the distance from the declared proportions (`statistics.logistic.towards`), so that little
    data changes little; it is the one of `_PENALTIES` whose weights predict customers best that they were not learned
    from (the likelihood in `FOLDS` parts of the customers). Without any weight above 0 the declared ones stay.
    """
    rows, declared, fold = _rows(panel), declared_weights(panel), fold_of(panel.account)
    losses = np.zeros(len(_PENALTIES))
    for part in range(FOLDS):
        if (learn := rows[fold != part]).can_teach:
            losses += [rows[fold == part].log_loss(b) for b in _path(learn, declared)]
    return _shares(_path(rows, declared)[int(np.argmin(losses))], declared)


def _weights_by_part(
    rows: _Rows, declared: np.ndarray, fold: np.ndarray, known: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """For each part the weights learned without it, with a penalty that was chosen without it: part, (measures,)."""
    losses = {part: np.zeros(len(_PENALTIES)) for part in range(FOLDS)}
    for part, other in combinations(range(FOLDS), 2):
        learn = rows[known & (fold != part) & (fold != other)]
        if not learn.can_teach:
            continue
        fits = _path(learn, declared)
        for tried, asked in ((part, other), (other, part)):
            # what is tried on `tried` says which penalty is best for `asked`, and has seen neither
            losses[asked] += [rows[known & (fold == tried)].log_loss(b) for b in fits]
    for part in range(FOLDS):
        if (learn := rows[known & (fold != part)]).can_teach:
            best = _PENALTIES[int(np.argmin(losses[part]))]
            yield part, _shares(_fit(learn, declared, best, None), declared)


def _path(rows: _Rows, declared: np.ndarray) -> list[np.ndarray]:
    """The coefficients for each of `_PENALTIES`, each started at those of the next larger one."""
    fits: list[np.ndarray] = []
    start = None
    for penalty in reversed(_PENALTIES):
        start = _fit(rows, declared, penalty, start)
        fits.append(start)
    return fits[::-1]


def _fit(rows: _Rows, declared: np.ndarray, penalty: float, start: np.ndarray | None) -> np.ndarray:
    """The coefficients; 0 of a measure that is not known in any row, of which nothing can be learned."""
    known = rows.seen.any(axis=0)
    chosen = np.r_[True, known]
    coefficients = np.zeros(len(chosen))
    coefficients[chosen] = fit_logistic(
        rows.x[:, known],
        rows.lost,
        penalty * towards(declared[known]),
        signs=np.full(known.sum(), -1.0),
        start=None if start is None else start[chosen],
    )
    return coefficients


def _shares(coefficients: np.ndarray, declared: np.ndarray) -> np.ndarray:
    """Coefficients as weights that add up to 1; the declared ones where none is left."""
    weights = np.maximum(-coefficients[1:], 0.0)
    return np.asarray(weights / weights.sum() if weights.sum() > 1e-9 else declared)


def declared_weights(panel: Panel) -> np.ndarray:
    """The declared weights, as a mean over the rows where segments differ: (measures,), adding up to 1."""
    weights = panel.weights.mean(axis=0)
    return np.asarray(weights / weights.sum())


def weighted_score(
    points: np.ndarray, weights: np.ndarray, learned: np.ndarray, declared: np.ndarray
) -> np.ndarray:
    """The score with learned weights: (rows,), 0 to 100; NaN where no measure with a weight is known.

    points, weights: (rows, measures), as in `Panel`. Where a segment weighs a measure otherwise than the mean of all, its
    learned weight is changed by the same factor, and what a segment leaves out stays out.
    """
    factor = np.divide(learned, declared, out=np.zeros_like(learned), where=declared > 0)
    weight = np.where(np.isnan(points), 0.0, weights * factor)
    total = weight.sum(axis=1)
    return np.asarray(
        np.divide(
            (np.nan_to_num(points) * weight).sum(axis=1),
            total,
            out=np.full(len(points), np.nan),
            where=total > 0,
        )
    )

"""Logistic regression with a quadratic penalty and signs that hold, and how it is calibrated (Newton's method)."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

#: steps of Newton's method, and the gain by which it is done
_STEPS, _ENOUGH = 60, 1e-9
#: kept on the diagonal, so that a column without any spread has a weight of 0 and not an arbitrary one
_RIDGE = 1e-8


def fit_logistic(
    x: np.ndarray,
    event: np.ndarray,
    penalty: np.ndarray | None = None,
    *,
    signs: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """The coefficients that minimise `-log likelihood + b' penalty b / 2`, intercept first: (1 + k,).

    x: (n, k); event: (n,) bool, with both values. penalty: (k, k), positive semidefinite; none for the intercept.
    signs: (k,), the sign that each coefficient may have (1, -1, or 0 for any): projected Newton (Bertsekas 1982), in
    which a coefficient at 0 whose gradient points outwards stays there. The problem is convex, so that there is one
    minimum, unless events are perfectly separated without a penalty. start: coefficients to start at.
    """
    design = np.column_stack([np.ones(len(x)), x])
    y = np.asarray(event, float)
    k = design.shape[1]
    quadratic = np.zeros((k, k))
    quadratic[1:, 1:] = 0.0 if penalty is None else penalty
    quadratic[np.arange(1, k), np.arange(1, k)] += _RIDGE
    sign = np.zeros(k) if signs is None else np.r_[0.0, signs]
    share = float(y.mean())
    b = np.r_[np.log(share / (1 - share)), np.zeros(k - 1)] if start is None else start.copy()
    loss = _loss(design, y, b, quadratic)
    for _ in range(_STEPS):
        p = expit(design @ b)
        gradient = design.T @ (p - y) + quadratic @ b
        held = (sign != 0) & (b == 0) & (gradient * sign >= 0)
        free = ~held
        weighted = design[:, free] * (p * (1 - p))[:, None]
        hessian = weighted.T @ design[:, free] + quadratic[np.ix_(free, free)]
        step = np.zeros(k)
        step[free] = np.linalg.solve(hessian + np.eye(free.sum()) * 1e-12, gradient[free])
        length, moved, lower = 1.0, b, loss
        while length > 1e-6:
            moved = b - length * step
            moved = np.where(sign * moved < 0, 0.0, moved)
            lower = _loss(design, y, moved, quadratic)
            if lower <= loss:
                break
            length /= 2
        gain, b, loss = loss - lower, moved, lower
        if gain < _ENOUGH:
            break
    return b


def _loss(design: np.ndarray, y: np.ndarray, b: np.ndarray, quadratic: np.ndarray) -> float:
    z = design @ b
    return float(np.logaddexp(0.0, z).sum() - y @ z + b @ quadratic @ b / 2)


def log_loss(x: np.ndarray, event: np.ndarray, coefficients: np.ndarray) -> float:
    """The negative log likelihood of rows under coefficients of `fit_logistic`, summed."""
    z = coefficients[0] + x @ coefficients[1:]
    return float((np.logaddexp(0.0, z) - np.asarray(event, float) * z).sum())


def predicted(x: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """The probability of the event of each row under coefficients of `fit_logistic`."""
    return np.asarray(expit(coefficients[0] + x @ coefficients[1:]))


def towards(direction: np.ndarray) -> np.ndarray:
    """The penalty of the distance of weights from the nearest multiple of `direction`: (k, k).

    With an infinite penalty the weights are those of `direction`, times the one factor that fits the data best; with none
    they are free. direction: (k,), not all 0.
    """
    unit = direction / np.linalg.norm(direction)
    return np.asarray(np.eye(len(unit)) - np.outer(unit, unit))

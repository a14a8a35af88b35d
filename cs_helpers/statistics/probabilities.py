"""How good predicted probabilities are: the Brier score and its skill, calibration slope and intercept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS, interval, resampled_ratios
from cs_helpers.statistics.logistic import fit_logistic, predicted
from cs_helpers.statistics.proportions import wilson

_Z = 1.959963984540054


@dataclass(frozen=True)
class Brier:
    """The mean squared error of probabilities (Brier 1950), that of the reference, and `skill` = 1 - score / reference.

    low, high: the 95 % interval of the skill, of resampled clusters.
    """

    score: float
    reference: float
    skill: float
    low: float
    high: float


def brier(event: np.ndarray, p: np.ndarray, base: np.ndarray, cluster: np.ndarray) -> Brier:
    """The Brier score of the probabilities `p` of events, against the base rate `base` that was known beforehand.

    The interval is NaN for fewer than `bootstrap.MIN_CUSTOMERS` clusters.
    """
    y = np.asarray(event, float)
    codes = np.unique(cluster, return_inverse=True)[1]
    error, reference = (np.bincount(codes, (y - q) ** 2) for q in (p, base))
    skill = 1 - error.sum() / reference.sum()
    low = high = math.nan
    if len(error) >= MIN_CUSTOMERS:
        low, high = interval(1 - resampled_ratios(error[None, :], reference)[0])
    return Brier(float(error.sum() / len(y)), float(reference.sum() / len(y)), float(skill), low, high)


@dataclass(frozen=True)
class Calibration:
    """Calibration of probabilities (Cox 1958): outcome = intercept + slope x logit(p), with 95 % intervals.

    slope: 1 where differences are as large as predicted, below 1 where they are exaggerated. intercept: with the slope
    held at 1, 0 where as many events occur as predicted, above 0 where more do.
    """

    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    intercept_low: float
    intercept_high: float


def calibration(event: np.ndarray, p: np.ndarray, cluster: np.ndarray) -> Calibration | None:
    """Calibration of the probabilities `p` of events; None where they are all alike or events all or none.

    Standard errors allow for rows of the same cluster (sandwich, Liang and Zeger 1986).
    """
    y = np.asarray(event, float)
    z = np.asarray(logit(np.clip(p, 1e-9, 1 - 1e-9)))
    if np.ptp(z) < 1e-9 or y.min() == y.max():
        return None
    codes = np.unique(cluster, return_inverse=True)[1]
    both = fit_logistic(z[:, None], y > 0)
    spread = _sandwich(np.column_stack([np.ones(len(z)), z]), y, predicted(z[:, None], both), codes)
    shift = 0.0
    for _ in range(50):  # Newton's method for the one number
        q = 1 / (1 + np.exp(-(z + shift)))
        change = float((y - q).sum() / (q * (1 - q)).sum())
        shift += change
        if abs(change) < 1e-10:
            break
    shift_spread = _sandwich(np.ones((len(z), 1)), y, 1 / (1 + np.exp(-(z + shift))), codes)
    reach, shift_reach = _Z * math.sqrt(spread[1, 1]), _Z * math.sqrt(shift_spread[0, 0])
    slope = float(both[1])
    return Calibration(slope, slope - reach, slope + reach, shift, shift - shift_reach, shift + shift_reach)


def _sandwich(design: np.ndarray, y: np.ndarray, p: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The covariance of logistic coefficients that holds with rows of the same cluster."""
    bread = np.linalg.inv((design * (p * (1 - p))[:, None]).T @ design)
    scores = np.stack([np.bincount(codes, column) for column in (design * (y - p)[:, None]).T], axis=1)
    return np.asarray(bread @ (scores.T @ scores) @ bread)


def clustered_share(event: np.ndarray, cluster: np.ndarray) -> tuple[float, float, float]:
    """The share of rows with the event, low, high (95 %): Wilson's interval with an effective number of rows.

    Rows of the same cluster are not independent: the number of rows is divided by the design effect, the variance by
    clusters divided by that of independent rows, where that is above 1 (Korn and Graubard 1998). Where all or none have
    the event, clusters are counted instead of rows.
    """
    y = np.asarray(event, float)
    if not len(y):
        return math.nan, math.nan, math.nan
    share, codes = float(y.mean()), np.unique(cluster, return_inverse=True)[1]
    clusters = int(codes.max()) + 1
    if share in (0.0, 1.0):
        return (share, *wilson(int(share * clusters), clusters))
    sums = np.bincount(codes, y - share)
    # one cluster alone says nothing of how clusters differ
    spread = float(sums @ sums) * clusters / (clusters - 1) if clusters > 1 else math.inf
    effect = max(1.0, spread / (len(y) * share * (1 - share)))
    effective = max(1.0, len(y) / effect)
    return (share, *wilson(share * effective, effective))

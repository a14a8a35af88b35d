"""Bootstrap intervals of ratios of sums over customers (Efron 1979), with a fixed seed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

RESAMPLES = 1_000
#: below so many customers, resamples hold too few different ones for an interval
MIN_CUSTOMERS = 10
_SEED = 20
#: weights held in memory at once: resamples x customers
_CELLS = 4_000_000


def resampled_ratios(tops: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """The ratio sum(top) / sum(bottom) of each resample of customers.

    tops: (k, n), the numerators of k ratios of the same n customers; bottom: (n,). Returns (k, `RESAMPLES`); NaN
    or infinite where the sum of a resample's bottoms is 0.
    """
    sums = resampled_sums(np.vstack([tops, bottom]))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[:-1] / sums[-1])


def resampled_sums(values: np.ndarray) -> np.ndarray:
    """The sums of each resample of customers: (k, n), k values of n customers -> (k, `RESAMPLES`).

    Of the same n customers in the same order, all calls draw the same resamples.
    """
    values = np.asarray(values, dtype="float64")
    return np.concatenate([values @ w for w in _weights(values.shape[1])], axis=1)


def interval(resamples: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of one ratio's resamples; NaN where any is missing, or all are equal."""
    if np.isnan(resamples).any() or resamples.min() == resamples.max():
        return float("nan"), float("nan")
    low, high = np.quantile(resamples, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def ratio_intervals(tops: np.ndarray, bottom: np.ndarray) -> list[tuple[float, float]]:
    """The 95 % interval of sum(top) / sum(bottom) for each row of `tops`; NaN for fewer than `MIN_CUSTOMERS`."""
    if len(bottom) < MIN_CUSTOMERS:
        return [(float("nan"), float("nan"))] * len(tops)
    return [interval(row) for row in resampled_ratios(tops, bottom)]


def _weights(n: int) -> list[np.ndarray]:
    """How often each of n customers is in each resample, in blocks (n, resamples) that fit into memory."""
    if n * RESAMPLES <= _CELLS:
        return [_block(n, RESAMPLES, 0)]
    size = max(1, _CELLS // n)
    return [_block.__wrapped__(n, min(size, RESAMPLES - at), at) for at in range(0, RESAMPLES, size)]


@lru_cache(maxsize=32)
def _block(n: int, resamples: int, at: int) -> np.ndarray:
    drawn = np.random.default_rng([_SEED, at]).integers(0, n, (resamples, n))
    cells = drawn + np.arange(resamples)[:, None] * n
    counts = np.bincount(cells.ravel(), minlength=resamples * n).reshape(resamples, n)
    return np.ascontiguousarray(counts.T, dtype="float64")

"""Markov chains of discrete steps: counted transitions, their probabilities with intervals, and stationary shares.

A chain with an absorbing state, such as lost customers, is a table with a row for each state that can be left and a
column for each outcome, the absorbing one last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv


class TransitionProbabilities(NamedTuple):
    """The posterior of each transition: mean, low and high (95 %); shape (states, outcomes), NaN without counts."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def transition_counts(
    before: ArrayLike, after: ArrayLike, *, states: Sequence[int], outcomes: Sequence[int]
) -> np.ndarray:
    """How often each state was followed by each outcome.

    before, after: the state of each unit at the start and the end of a step, in the same order; those that are not among
    `states` and `outcomes`, as unknown ones, are not counted. Returns int64 of shape (states, outcomes).
    """
    was, became = np.asarray(before).reshape(-1, 1), np.asarray(after).reshape(-1, 1)
    counts = (was == np.asarray(states)).astype(np.int64).T @ (became == np.asarray(outcomes))
    return np.asarray(counts, np.int64)


def prior_or_default(counts: np.ndarray, prior: ArrayLike | None = None) -> np.ndarray:
    """The Dirichlet prior of each outcome; by default 1 / outcomes each.

    That prior counts as one unit in all, so that a state with many outcomes and few units is not pulled to equal
    probabilities, as by a prior of 1 or 1/2 each (Berger, Bernardo, Sun 2015, Overall objective priors).
    """
    outcomes = counts.shape[1]
    return np.broadcast_to(np.asarray(1 / outcomes if prior is None else prior, float), counts.shape)


def transition_probabilities(counts: np.ndarray, prior: ArrayLike | None = None) -> TransitionProbabilities:
    """The probability of each transition, from a Dirichlet posterior in each row.

    counts: shape (states, outcomes). prior: see `prior_or_default`; a number, one for each outcome, or one for each cell. The
    marginals are beta distributions, whose central 95 % are the interval; it begins at 0 for a count of none and ends
    at 1 for one of all, as for a single share (Brown, Cai, DasGupta 2001), so that it holds the observed share.
    """
    counts = np.asarray(counts, float)
    n = counts.sum(axis=1, keepdims=True)
    weights = counts + prior_or_default(counts, prior)
    total = weights.sum(axis=1, keepdims=True)
    low = np.where(counts == 0, 0.0, betaincinv(weights, total - weights, 0.025))
    high = np.where(counts == n, 1.0, betaincinv(weights, total - weights, 0.975))
    mean, low, high = (np.where(n > 0, part, np.nan) for part in (weights / total, low, high))
    return TransitionProbabilities(mean, low, high)


def draw_probabilities(
    counts: np.ndarray, draws: int, rng: np.random.Generator, prior: ArrayLike | None = None
) -> np.ndarray:
    """Tables of probabilities drawn from the posterior of `transition_probabilities`; shape (draws, states, outcomes).

    A state without counts is drawn from the prior.
    """
    weights = np.asarray(counts, float) + prior_or_default(np.asarray(counts), prior)
    drawn = rng.gamma(weights, size=(draws, *weights.shape))
    return np.asarray(drawn / drawn.sum(axis=2, keepdims=True))


def replacing_lost(probabilities: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """The chain in which each lost unit is replaced at once by a new one.

    probabilities: shape (..., states, states + 1), the last column that of being lost. entries: the share of new units
    that start in each state. Returns shape (..., states, states).
    """
    return np.asarray(probabilities[..., :-1] + probabilities[..., -1:] * entries)


def stationary_distribution(chain: np.ndarray) -> np.ndarray | None:
    """The share of each state in the long run, wherever units start; None where the chain does not settle so.

    chain: square, row by row the probabilities of the next state. It settles if it is irreducible and aperiodic, which
    is when all entries of its power (n - 1)^2 + 1 are positive (Wielandt 1950). Raises ValueError for rows that do not
    sum to one.
    """
    chain = np.asarray(chain, float)
    if (chain < 0).any() or not np.allclose(chain.sum(axis=1), 1):
        raise ValueError("each row of a chain must be probabilities that sum to one")
    return settled_shares(chain) if is_settling(chain > 0) else None


def settled_shares(chains: np.ndarray) -> np.ndarray:
    """The stationary distribution of each of several chains that settle (`is_settling`); (..., n, n) -> (..., n)."""
    n = chains.shape[-1]
    balance = np.swapaxes(chains, -1, -2) - np.eye(n)
    balance[..., -1, :] = 1.0  # one equation follows from the others; the shares sum to one instead
    return np.asarray(np.linalg.solve(balance, np.eye(n)[:, -1:])[..., 0])


def is_settling(possible: np.ndarray) -> bool:
    """Whether a chain with these possible transitions (square, bool) is irreducible and aperiodic."""
    n = len(possible)
    reached = np.eye(n, dtype=bool)
    for _ in range((n - 1) ** 2 + 1):
        reached = (reached.astype(int) @ possible.astype(int)) > 0
    return bool(reached.all())

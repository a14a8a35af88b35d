"""Changes of level: transitions from quarter to quarter, and the shares to which they lead in the long run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN, LevelHistory
from cs_helpers.statistics.markov_chain import (
    draw_probabilities,
    is_settling,
    replacing_lost,
    settled_shares,
    transition_counts,
    transition_probabilities,
)

#: the tables of transition probabilities drawn for the interval of the long run
DRAWS = 1000


def transition_table(history: LevelHistory, quarters: Sequence[Quarter]) -> pd.DataFrame:
    """Transitions between levels from one quarter to the next, summed over quarters.

    A customer-quarter with a known level at its start is exposed if it is known what became of it: a level, or a loss.
    Columns: before (a level), after (a level, `LOST`, `UNKNOWN`, or `NOT_THERE`: a renewal that may still be recorded),
    customers, exposure (of `before`), share (of the exposure), low, high (95 %, Dirichlet posterior:
    `markov_chain.transition_probabilities`; NaN where the exposure is 0, and for the two outcomes that are not known).
    """
    lost = (LOST,) if history.time.by_contracts else ()
    known = (*lost, *history.levels)
    unknown = (NOT_THERE, UNKNOWN) if history.time.by_contracts else (UNKNOWN,)
    before, after = all_moves(history, quarters)
    counts = transition_counts(before, after, states=history.levels, outcomes=known)
    others = transition_counts(before, after, states=history.levels, outcomes=unknown)
    exposure = counts.sum(axis=1)
    _, low, high = transition_probabilities(counts)
    table = pd.DataFrame(
        [(level, outcome) for level in history.levels for outcome in (*unknown, *known)],
        columns=["before", "after"],
    )
    nothing = np.full(others.shape, np.nan)
    share = np.divide(
        counts, exposure[:, None], out=np.full(counts.shape, np.nan), where=exposure[:, None] > 0
    )
    return table.assign(
        customers=np.hstack([others, counts]).ravel(),
        exposure=np.repeat(exposure, len(unknown) + len(known)),
        share=np.hstack([nothing, share]).ravel(),
        low=np.hstack([nothing, low]).ravel(),
        high=np.hstack([nothing, high]).ravel(),
    )


def all_moves(history: LevelHistory, quarters: Sequence[Quarter]) -> tuple[np.ndarray, np.ndarray]:
    """Where each customer was at the start and at the end of each quarter after the first: see `LevelHistory.moves`."""
    moves = [history.moves(quarter, following) for quarter, following in pairwise(quarters)]
    before, after = (np.concatenate([m[c].to_numpy() for m in moves]) for c in ("before", "after"))
    return before, after


def starting_levels(history: LevelHistory, quarters: Sequence[Quarter]) -> np.ndarray:
    """The customers who came in each quarter after the first, by level at its end; int64, by `history.levels`.

    Those with a level that is not known at that time, and those who had left by then, are not counted.
    """
    counts = np.zeros(len(history.levels), dtype=np.int64)
    for before, after in pairwise(quarters):
        began = history.time.spell_starts(after.end)
        came = began.index[began > pd.Timestamp(before.end)]
        level = history.states[after.end].reindex(came).to_numpy()
        counts += (level[:, None] == np.array(history.levels)).sum(axis=0)
    return counts


def long_run_shares(counts: np.ndarray, starts: np.ndarray, now: np.ndarray) -> pd.DataFrame | None:
    """The share of each level in the long run, if customers go on to move so, and each lost one is replaced by a new one.

    counts: transitions, shape (levels, levels + 1), the last column those lost. starts: new customers by level. now:
    customers by level. Columns: level, now, share, low, high (95 %, over `DRAWS` chains drawn from the posterior, and
    starting levels likewise). None where that has no answer: the observed transitions do not lead from each level to
    every other, or a level was reached from which nobody was observed. A level that nobody had stays at 0.
    """
    was_held = (counts.sum(axis=1) + counts[:, :-1].sum(axis=0) + starts + now) > 0
    held = np.flatnonzero(was_held)
    counts, starts = counts[np.ix_(held, [*held, counts.shape[1] - 1])], starts[held]
    loses = bool(counts[:, -1].any())
    possible = counts[:, :-1] > 0
    if loses:
        possible = possible | ((counts[:, -1:] > 0) & (starts > 0))
    if loses and not starts.any():
        return None
    if not len(held) or (counts.sum(axis=1) == 0).any() or not is_settling(possible):
        return None
    if not loses:
        counts, starts = counts[:, :-1], np.zeros(len(held))
    mean = transition_probabilities(counts).mean
    draws = draw_probabilities(counts, DRAWS, rng := np.random.default_rng(0))
    if loses:
        entries = transition_probabilities(starts[None]).mean[0]
        mean = replacing_lost(mean, entries)
        draws = replacing_lost(draws, draw_probabilities(starts[None], DRAWS, rng))
    shares = np.zeros((DRAWS + 1, len(was_held)))
    shares[:, held] = settled_shares(np.concatenate([mean[None], draws]))
    low, high = np.quantile(shares[1:], [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {
            "level": np.arange(len(was_held)),
            "now": now / max(now.sum(), 1),
            "share": shares[0],
            "low": low,
            "high": high,
        }
    )

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

#: the quarters over which transitions are summed
SUMMED_QUARTERS = 4
#: the tables of transition probabilities drawn for the interval of the long run
DRAWS = 1000


def transition_table(history: LevelHistory, quarters: Sequence[Quarter]) -> pd.DataFrame:
    """Transitions between levels from one quarter to the next, summed over quarters.

    A customer-quarter with a known level at its start is exposed if it is known what became of it: a level, or a loss.
    Columns: before (a level), after (a level, `LOST`, `UNKNOWN`, or `NOT_THERE`: a renewal, or without contracts a later row, that is not recorded),
    customers, exposure (of `before`), share (of the exposure), low, high (95 %, Dirichlet posterior:
    `markov_chain.transition_probabilities`; NaN where the exposure is 0, and for the two outcomes that are not known).
    """
    lost = (LOST,) if history.time.by_contracts else ()
    known = (*lost, *history.levels)
    unknown = (NOT_THERE, UNKNOWN) if history.time.spells_end else (UNKNOWN,)
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


def movements(history: LevelHistory, quarters: Sequence[Quarter]) -> dict[str, int]:
    """How often customers moved, left and came from one quarter to the next, summed over quarters.

    Keys: `rose`, `fell`, `lost`, `over` (not there any more, but not known to be lost), `came`.
    """
    before, after = all_moves(history, quarters)
    known = (before >= 0) & (after >= 0)
    came = 0
    for quarter, following in pairwise(quarters):
        came += int((history.time.spell_starts(following.end) > pd.Timestamp(quarter.end)).sum())
    return {
        "rose": int((known & (after > before)).sum()),
        "fell": int((known & (after < before)).sum()),
        "lost": int((after == LOST).sum()),
        "over": int((after == NOT_THERE).sum()),
        "came": came,
    }


def anybody_twice(history: LevelHistory, quarters: Sequence[Quarter]) -> bool:
    """Whether anybody is a customer at the ends of two quarters that follow each other.

    If not, as in a survey that asks others each time, a picture could show nobody's way.
    """
    there = history.by_quarter[list(quarters)].notna().to_numpy()
    return bool((there[:, :-1] & there[:, 1:]).any())


def long_run_draws(counts: np.ndarray, starts: np.ndarray) -> np.ndarray | None:
    """The share of each level in the long run, if customers go on to move so, and each lost one is replaced by a new one.

    counts: transitions, shape (levels, levels + 1), the last column those lost. starts: new customers by level. Returns
    shape (1 + `DRAWS`, levels): the shares by the means of the posterior, then by chains and starting levels drawn from
    it. None where that has no answer: the observed transitions do not lead from each level to every other, or a level
    was reached from which nobody was observed. A level that nobody had stays at 0.
    """
    was_held = counts.sum(axis=1) + counts[:, :-1].sum(axis=0) + starts > 0
    held = np.flatnonzero(was_held)
    counts, starts = counts[np.ix_(held, [*held, counts.shape[1] - 1])], starts[held]
    loses = bool(counts[:, -1].any())
    if loses and not starts.any():
        return None
    possible = (counts[:, :-1] > 0) | ((counts[:, -1:] > 0) & (starts > 0))
    if not len(held) or (counts.sum(axis=1) == 0).any() or not is_settling(possible):
        return None
    rng = np.random.default_rng(0)
    if loses:
        entries = transition_probabilities(starts[None]).mean[0]
        mean = replacing_lost(transition_probabilities(counts).mean, entries)
        drawn_entries = draw_probabilities(starts[None], DRAWS, rng)
        draws = replacing_lost(draw_probabilities(counts, DRAWS, rng), drawn_entries)
    else:
        mean = transition_probabilities(counts[:, :-1]).mean
        draws = draw_probabilities(counts[:, :-1], DRAWS, rng)
    shares = np.zeros((DRAWS + 1, len(was_held)))
    shares[:, held] = settled_shares(np.concatenate([mean[None], draws]))
    return shares


def long_run_shares(draws: np.ndarray, now: np.ndarray) -> pd.DataFrame:
    """The share of each level now and in the long run. Columns: level, now, share, low, high (95 %).

    draws: of `long_run_draws`; now: customers by level.
    """
    low, high = np.quantile(draws[1:], [0.025, 0.975], axis=0)
    levels = np.arange(draws.shape[1])
    return pd.DataFrame(
        {"level": levels, "now": now / max(now.sum(), 1), "share": draws[0], "low": low, "high": high}
    )

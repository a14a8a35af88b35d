"""What the quarters up to one tell of the next: moves, losses and new customers, counted and with their MRR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN, LevelHistory
from cs_helpers.statistics.chain_forecasts import Joined, PastSteps
from cs_helpers.statistics.markov_chain import transition_counts

#: the quarters that a forecast learns from, at most and at least: whole years, because losses come in seasons
LEARNED, NEEDED = 8, 4


@dataclass(frozen=True)
class Counted:
    """What was counted in the quarters that a forecast learns from, and the customers at the end of the last of them.

    states: the levels of the product from 0, and `UNKNOWN` where any customer's level is. past, joined: by the places of
    `states`. growth: the MRR of the customers who stayed in each quarter, at its end divided by that at its start.
    level: the state of each customer now, mrr: its MRR now (NaN: not known); (customers,), sorted by state and MRR, so that
    the names of accounts do not matter. quarters: those learned from.
    """

    states: tuple[int, ...]
    past: PastSteps
    joined: Joined
    growth: np.ndarray
    level: np.ndarray
    mrr: np.ndarray
    quarters: tuple[Quarter, ...]

    @property
    def places(self) -> np.ndarray:
        """The place of each customer's state in `states`."""
        return np.asarray(pd.Index(self.states).get_indexer(self.level), np.int64)

    @property
    def unseen(self) -> tuple[int, ...]:
        """The states of customers now in which no customer was in the quarters learned from."""
        seen = self.past.moves.sum(axis=(0, 2)) + self.past.lost.sum(axis=0)
        present = set(self.level.tolist())
        return tuple(state for state, n in zip(self.states, seen, strict=True) if not n and state in present)


def step_counts(history: LevelHistory, mrr: Mapping[Quarter, pd.Series] | None = None) -> Counted | None:
    """What the last `LEARNED` quarters of a history tell; None for fewer than `NEEDED`.

    A customer whose renewal may still be recorded at the end of a quarter counts neither as staying nor as lost; one who
    left and came back within a quarter counts as lost and as new. mrr: of each account at the end of each quarter; without
    it, all amounts are 0.
    """
    quarters = history.quarters[-LEARNED - 1 :]
    if len(quarters) <= NEEDED:
        return None
    spells = history.time.spells
    accounts = history.at_least.index.get_indexer(spells["account_id"])
    ends = np.array([q.end for q in quarters], dtype="datetime64[D]")
    first, last = (spells[c].to_numpy("datetime64[D]")[:, None] for c in ("first_day", "last_day"))
    is_running = (first <= ends) & (np.isnat(last) | (last >= ends)) & (accounts >= 0)[:, None]
    level = history.by_quarter[quarters].to_numpy()[accounts]
    level = np.where(is_running, level, NOT_THERE).astype(np.int64)
    paid = np.zeros(level.shape)
    if mrr is not None:
        paid = np.column_stack([mrr[q].reindex(spells["account_id"]).to_numpy(float) for q in quarters])
    is_lost = spells["ended"].isin(ENDINGS).to_numpy()
    is_unknown = (level == UNKNOWN).any()
    states = (*history.levels, *((UNKNOWN,) if is_unknown else ()))
    moves, lost, came, growth = [], [], [], []
    joined: list[tuple[np.ndarray, np.ndarray]] = []
    for step in range(len(quarters) - 1):
        was, stays = is_running[:, step], is_running[:, step] & is_running[:, step + 1]
        after = np.where(was & ~stays & is_lost, LOST, level[:, step + 1])
        counts = transition_counts(level[was, step], after[was], states=states, outcomes=(*states, LOST))
        moves.append(counts[:, :-1])
        lost.append(counts[:, -1])
        is_new = ~was & is_running[:, step + 1]
        came.append(int(is_new.sum()))
        joined.append((level[is_new, step + 1], np.nan_to_num(paid[is_new, step + 1])))
        before = np.nansum(paid[stays, step])
        growth.append(np.nansum(paid[stays, step + 1]) / before if before > 0 else 1.0)
    now = is_running[:, -1]
    new_level, new_paid = (np.concatenate([part[n] for part in joined]) for n in (0, 1))
    in_order = np.lexsort((new_paid, new_level))
    here = np.lexsort((paid[now, -1], level[now, -1]))
    return Counted(
        states,
        PastSteps(
            np.array(moves), np.array(lost), np.array(came), np.array([q.number for q in quarters[1:]])
        ),
        Joined(pd.Index(states).get_indexer(new_level[in_order]), new_paid[in_order]),
        np.array(growth),
        level[now, -1][here],
        paid[now, -1][here],
        tuple(quarters[1:]),
    )

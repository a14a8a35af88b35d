"""What the quarters up to one tell of the next: moves, losses and new customers, counted and with their MRR."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LOST, UNKNOWN, LevelHistory
from cs_helpers.statistics.chain_forecasts import Joined, PastSteps
from cs_helpers.statistics.markov_chain import transition_counts

#: the quarters that a forecast learns from, at most and at least: whole years, because losses come in seasons
LEARNED, NEEDED = 8, 4


@dataclass(frozen=True)
class Counted:
    """What was counted in the quarters that a forecast learns from, and the customers at the end of the last of them.

    states: the levels of the product from 0, and `UNKNOWN` where any customer's level is. past, joined: by the places of
    `states`. growth: the MRR of the customers who stayed in each quarter, at its end divided by that at its start.
    level: the state of each customer now, mrr: its MRR now (NaN: not known); index account_id, sorted by state and MRR,
    so that the names of accounts do not matter. quarters: those learned from.
    """

    states: tuple[int, ...]
    past: PastSteps
    joined: Joined
    growth: np.ndarray
    level: pd.Series
    mrr: pd.Series
    quarters: tuple[Quarter, ...]

    @property
    def places(self) -> np.ndarray:
        """The place of each customer's state in `states`."""
        return np.asarray(pd.Index(self.states).get_indexer(self.level), np.int64)

    @property
    def unseen(self) -> tuple[int, ...]:
        """The states of customers now in which no customer was in the quarters learned from."""
        seen = self.past.moves.sum(axis=(0, 2)) + self.past.lost.sum(axis=0)
        present = set(self.level)
        return tuple(state for state, n in zip(self.states, seen, strict=True) if not n and state in present)


def step_counts(history: LevelHistory) -> Counted | None:
    """What the last `LEARNED` quarters of a history tell; None for fewer than `NEEDED`.

    A customer whose renewal may still be recorded at the end of a quarter counts neither as staying nor as lost.
    """
    quarters = history.quarters[-LEARNED - 1 :]
    if len(quarters) <= NEEDED:
        return None
    levels = history.by_quarter
    is_unknown = (levels[quarters] == UNKNOWN).to_numpy().any()
    states = (*history.levels, *((UNKNOWN,) if is_unknown else ()))
    mrr = {quarter: history.time.mrr(quarter.end) for quarter in quarters}
    moves, lost, came, growth = [], [], [], []
    new_level, new_mrr = [], []
    for before, after in pairwise(quarters):
        moved = history.moves(before, after)
        counts = transition_counts(moved["before"], moved["after"], states=states, outcomes=(*states, LOST))
        moves.append(counts[:, :-1])
        lost.append(counts[:, -1])
        stayed = moved.index[moved["after"].isin(states)]
        new = levels[after].dropna().drop(stayed)
        came.append(len(new))
        new_level.append(new)
        new_mrr.append(mrr[after].reindex(new.index))
        paid = mrr[before].reindex(stayed)
        growth.append(mrr[after].reindex(stayed).sum() / paid.sum() if paid.sum() > 0 else 1.0)
    now = levels[quarters[-1]].dropna().astype("int64")
    customers = pd.DataFrame({"level": now, "mrr": mrr[quarters[-1]].reindex(now.index)})
    customers = customers.sort_values(["level", "mrr"], kind="stable")
    joined = pd.DataFrame({"level": pd.concat(new_level), "mrr": pd.concat(new_mrr).fillna(0.0)})
    joined = joined.sort_values(["level", "mrr"], kind="stable")
    return Counted(
        states,
        PastSteps(
            np.array(moves), np.array(lost), np.array(came), np.array([q.number for q in quarters[1:]])
        ),
        Joined(pd.Index(states).get_indexer(joined["level"]), joined["mrr"].to_numpy(float)),
        np.array(growth),
        customers["level"],
        customers["mrr"],
        tuple(quarters[1:]),
    )

"""The order of the gaps with other weights of worth, confidence and effort, and what of it no weight changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from cs_helpers.analyses.gap_plan.sizing import size_gaps
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.priorities import DECIDED, WEIGHTS, before, rank_scores, scores

#: the corners of the range of the weights: what holds at all of them in a draw holds everywhere between them
_CORNERS = np.array(list(product(WEIGHTS, repeat=3)))


@dataclass(frozen=True, eq=False)
class Weighed:
    """The gaps that have a place in the order, the first one first.

    order: goal, rank, rank_before (at the declared weights), impact, confidence, effort, chance (the share of the draws of the
    worth in which the gap comes before the one below it; NaN for the last), decided (`before`, `undecided`, or `few`: one of the two
    has too few customers for an interval; '' for the last).
    always: pairs (goal, other) whose order is decided whatever the weights in `WEIGHTS`: goal comes before other at all of them in more
    than `DECIDED` of the draws.
    """

    order: pd.DataFrame
    always: tuple[tuple[str, str], ...]


class Weighing:
    """What orders of gaps need, worked out once."""

    def __init__(self, gaps: pd.DataFrame, draws: Mapping[str, np.ndarray]) -> None:
        """gaps: of `sizing.Sized`; draws: goal -> draws of its worth, as many for each. `goals` may be empty."""
        known = gaps["impact"].notna() & gaps["confidence"].notna() & (gaps["effort"] > 0)
        short = gaps[(gaps["state"] == "short") & known & gaps["goal"].isin(list(draws))]
        rows = short.sort_values("goal", ignore_index=True)
        self.goals = list(rows["goal"])
        #: those that are short of their target, but of unknown worth
        self.unknown = list(gaps.loc[(gaps["state"] == "short") & ~gaps["goal"].isin(self.goals), "goal"])
        self._impact, self._confidence, self._effort = (
            rows[name].to_numpy(float) for name in ("impact", "confidence", "effort")
        )
        self._draws = np.vstack([draws[goal] for goal in self.goals]) if self.goals else np.zeros((0, 0))
        spread = self._draws.max(axis=1) > self._draws.min(axis=1) if self.goals else np.zeros(0, bool)
        self._has_interval = spread
        self._declared = rank_scores(self._scores(self._impact[:, None], np.ones((1, 3)))[:, 0])
        self._always = self._pairs_decided_by_no_weight()

    def weigh(self, worth: float, confidence: float, effort: float) -> Weighed:
        """The order with these exponents; 1 is the declared weight of each, 0 leaves it out."""
        weights = np.array([[worth, confidence, effort]])
        rank = rank_scores(self._scores(self._impact[:, None], weights)[:, 0])
        order = np.lexsort((np.arange(len(rank)), rank))
        chance = before(self._scores(self._draws, weights))
        rows = []
        for place, one in enumerate(order):
            below = order[place + 1] if place + 1 < len(order) else None
            share = np.nan if below is None else chance[one, below]
            few = below is not None and not (self._has_interval[one] and self._has_interval[below])
            decided = "" if below is None else "few" if few else "before" if share > DECIDED else "undecided"
            rows.append(
                (self.goals[one], int(rank[one]), int(self._declared[one]), self._impact[one], self._confidence[one],
                 self._effort[one], share, decided)
            )  # fmt: skip
        columns = ["goal", "rank", "rank_before", "impact", "confidence", "effort", "chance", "decided"]
        return Weighed(pd.DataFrame(rows, columns=columns), self._always)

    def _scores(self, impact: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return scores(impact, self._confidence, self._effort, weights)

    def _pairs_decided_by_no_weight(self) -> tuple[tuple[str, str], ...]:
        """For two gaps that win something the logarithm of their scores' ratio is linear in the weights: corners are enough."""
        if len(self.goals) < 2:
            return ()
        wins = np.ones((len(self.goals), len(self.goals), self._draws.shape[1]), bool)
        for corner in _CORNERS:
            drawn = self._scores(self._draws, corner[None, :])
            wins &= drawn[:, None, :] > drawn[None, :, :]
        share = wins.mean(axis=2) * np.outer(self._has_interval, self._has_interval)
        found = np.argwhere(share > DECIDED)
        return tuple((self.goals[one], self.goals[other]) for one, other in found)


def weighing_of(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Weighing | None:
    """What orders of the gaps of a product need; None without goals. results: as of `analyse`."""
    if data.product.to_be is None:
        return None
    sized = size_gaps(data, quarter, results)
    return Weighing(sized.gaps, sized.draws)

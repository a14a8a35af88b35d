"""Priorities of gaps: impact x confidence / effort, and how far their order depends on chance and on the weights.

The score is that of RICE (Sean McBride, Intercom, "RICE: Simple prioritization for product managers"), with reach and impact measured
together as one amount; a score by effort is a cost of delay by the size of the job (Donald Reinertsen, "The Principles of
Product Development Flow", 2009). What a single score hides, `before` and `share_among_first` show: they count over draws
of the impact (what is known of the customers) and of the weights (what is a matter of opinion).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

#: draws of impacts and of weights
DRAWS = 2_000
#: the range of the exponents of impact, confidence and effort: from the square root to one and a half
WEIGHTS = (0.5, 1.5)
#: an order is decided where it holds in more than this share of the draws
DECIDED = 0.9

#: whether the first of two comes before the second
Order = Literal["before", "undecided", "after"]


def drawn_weights(draws: int, *, seed: int) -> np.ndarray:
    """Draws of the exponents of impact, confidence and effort, independent and uniform over `WEIGHTS`: (draws, 3).

    One draw weighs all gaps alike, so that it is an opinion, and not an error of one gap.
    """
    return np.random.default_rng(seed).uniform(*WEIGHTS, (draws, 3))


def scores(impact: np.ndarray, confidence: np.ndarray, effort: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The score of each gap in each draw: (gaps, draws).

    impact: (gaps, draws), an amount; confidence: (gaps,), 0 to 1; effort: (gaps,), above 0; weights: (draws, 3) or (1, 3)
    exponents. impact ** a x confidence ** b / effort ** c. An impact of 0 or less stands for itself: where nothing is
    won, neither confidence nor effort makes it better, and all that win something come before. So these are for an order
    alone; what is shown is `shown_scores`, which is in one unit.
    """
    a, b, c = (weights[:, part][None, :] for part in range(3))
    won = np.maximum(impact, 0.0) ** a * confidence[:, None] ** b / effort[:, None] ** c
    return np.where(impact > 0, won, impact)


def shown_scores(impact: np.ndarray, confidence: np.ndarray, effort: np.ndarray) -> np.ndarray:
    """Impact x confidence / effort, whatever its sign, in the amount of the impact for each unit of effort: (gaps, draws)."""
    return np.asarray(impact * (confidence / effort)[:, None])


def rank_scores(score: np.ndarray) -> np.ndarray:
    """The rank of each gap by one score, the highest first; equal scores share the better rank."""
    return np.asarray((score[None, :] > score[:, None]).sum(axis=1) + 1)


def score_interval(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % percentile interval of each gap's score: (gaps, draws) -> low and high."""
    low, high = np.quantile(drawn, [0.025, 0.975], axis=1)
    return low, high


def share_among_first(drawn: np.ndarray, first: int) -> np.ndarray:
    """The share of draws in which each gap is among the `first` by score; gaps that tie at the border share its places.

    drawn: (gaps, draws). The shares add up to `first`, or to the number of gaps where there are fewer.
    """
    ahead = (drawn[None, :, :] > drawn[:, None, :]).sum(axis=1)
    level = (drawn[None, :, :] == drawn[:, None, :]).sum(axis=1)
    return np.asarray(np.clip((first - ahead) / level, 0.0, 1.0).mean(axis=1))


def before(drawn: np.ndarray) -> np.ndarray:
    """The share of draws in which each gap comes before each other one: (gaps, gaps); a tie counts half for either."""
    ahead = (drawn[:, None, :] > drawn[None, :, :]).mean(axis=2)
    return np.asarray((ahead + 1.0 - ahead.T) / 2)


def verdict(chance: float) -> Order:
    """Whether one of two comes first, from the share of draws in which it does."""
    return "before" if chance > DECIDED else "after" if chance < 1 - DECIDED else "undecided"

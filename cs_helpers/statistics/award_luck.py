"""How far an award to the highest of a team is luck: by simulation of what the same people would get in other years.

Events of a member (steps that customers took, customers who were lost) are Poisson with mean expected x ratio, the ratios of a
team Gamma with mean 1, as in `case_mix.compare_groups` (Clayton, Kaldor 1987). Where all are alike every ratio is 1, and only the
numbers of customers differ: the fewer, the further a rate strays from the mean (de Moivre's equation; Wainer 2007, The Most
Dangerous Equation), so the highest and the lowest rates are those of small caseloads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from scipy.special import chdtri, gammaincinv, gammaln
from scipy.stats import halfnorm

from cs_helpers.statistics.case_mix import SPREAD, SPREADS

#: what an award may go by: `rate`, events of all units; `ratio`, observed against expected; `shrunk`, the ratio drawn to 1 as in
#: `case_mix.compare_groups`; `bound`, the careful end of the exact 95 % interval of the ratio (Garwood 1936)
Rule = Literal["rate", "ratio", "shrunk", "bound"]
RULES: tuple[Rule, ...] = get_args(Rule)

#: a lead is no luck where the posterior probability of it is at least this: the one-sided end of a 95 % interval
SURE = 0.975
#: fewer events than this, of all members, tell nothing
MIN_EVENTS = 5

_DRAWS = 4_000
_POSTERIOR_DRAWS = 20_000
_TAIL = 0.025
#: scores are compared to so many digits, so that equal numbers tie
_DIGITS = 9


@dataclass(frozen=True, eq=False)
class Contest:
    """An award to `winners` of a team's members, by events of their customers.

    units: customers or waits of each member. expected: events that comparable customers would have had (above 0). more_is_better:
    whether events are what is wanted, as steps taken; else, as losses, the fewest win. All arrays are by member.
    """

    units: np.ndarray
    expected: np.ndarray
    winners: int = 1
    more_is_better: bool = True

    @property
    def members(self) -> int:
        """Their number."""
        return len(self.expected)

    def scores(self, events: np.ndarray, rule: Rule) -> np.ndarray:
        """The score of each member by a rule, the higher the better. events: (draws, members)."""
        side = 1 if self.more_is_better else -1
        if rule == "rate":
            return np.asarray(side * events / self.units)
        if rule == "ratio":
            return np.asarray(side * events / self.expected)
        if rule == "shrunk":
            return np.asarray(side * self._shrunk(events))
        # exact limits of a Poisson mean: the lower one of what is wanted, the upper one of what is not
        counts, at = np.unique(events, return_inverse=True)
        if self.more_is_better:
            limits = np.where(counts > 0, gammaincinv(np.maximum(counts, 1), _TAIL), 0.0)
        else:
            limits = -chdtri(2 * (counts + 1), _TAIL) / 2
        return np.asarray(limits[at.reshape(events.shape)] / self.expected)

    def won(self, events: np.ndarray, rule: Rule) -> np.ndarray:
        """The chance of each member to be among the winners in each draw: 1 or 0, or by lot where scores tie."""
        return shares_of_places(self.scores(events, rule), self.winners)

    def _shrunk(self, events: np.ndarray) -> np.ndarray:
        weights, shape = spread_weights(events, self.expected), 1 / SPREADS**2
        per_event = 1 / (self.expected[None, :] + shape[:, None])
        return np.asarray(weights @ (shape[:, None] * per_event) + events * (weights @ per_event))

    def luck(self, rule: Rule) -> np.ndarray:
        """The probability of each member to win if all are alike."""
        return np.asarray(self.won(self._alike, rule).mean(axis=0))

    @cached_property
    def _alike(self) -> np.ndarray:
        """Events where all are alike, the same for all rules."""
        return np.random.default_rng(0).poisson(self.expected, (_DRAWS, self.members))

    def found(self, spreads: np.ndarray, rule: Rule, terms: Sequence[float] = (1,)) -> np.ndarray:
        """How often the truly best is among the winners, and how many of the winners are of the truly best third: (terms, 2).

        spreads: of the true ratios, one a draw; these are new people with the caseloads of today. terms: increasing; over so
        many times the period of the award the same people are watched, with as many customers each time.
        """
        rng = np.random.default_rng(1)
        shape = 1 / spreads[:, None] ** 2
        ratios = rng.gamma(shape, 1 / shape, (len(spreads), self.members))
        merit = ratios if self.more_is_better else -ratios
        best = shares_of_places(merit, 1)
        third = shares_of_places(merit, third_of(self.members))
        events, seen, rows = np.zeros(ratios.shape, dtype=np.int64), 0.0, []
        for term in terms:
            events = events + rng.poisson((term - seen) * self.expected * ratios)
            seen = term
            longer = Contest(self.units * term, self.expected * term, self.winners, self.more_is_better)
            won = longer.won(events, rule)
            rows.append(((won * best).sum(axis=1).mean(), (won * third).sum(axis=1).mean() / self.winners))
        return np.array(rows)

    def standing(self, events: np.ndarray) -> Standing:
        """Who won by observed against expected, and whether that is beyond luck. events: of each member."""
        won = self.won(events[None, :], "ratio")[0]
        rng = np.random.default_rng(2)
        weights = spread_weights(events[None, :], self.expected)[0]
        shape = 1 / drawn_spreads(weights, _POSTERIOR_DRAWS, rng)[:, None] ** 2
        ratios = rng.gamma(events + shape, 1 / (self.expected + shape))
        merit = ratios if self.more_is_better else -ratios
        is_first = won > 0
        last = merit[:, is_first].min(axis=1)
        ahead = merit[:, ~is_first] > last[:, None]
        rivals = np.zeros(self.members, dtype=bool)
        rivals[~is_first] = ahead.mean(axis=0) > 1 - SURE
        if is_first.sum() > self.winners:  # a tie: lots are luck
            return Standing(won, 0.0, rivals | (is_first & (won < 1)))
        return Standing(won, float((~ahead.any(axis=1)).mean()), rivals)


@dataclass(frozen=True, eq=False)
class Standing:
    """The outcome of a contest.

    won: of each member, as of `Contest.won`. sure: the posterior probability that all winners are truly better than all others;
    0 where a lot decides. rivals: whether each cannot be told from a winner, or wins by lot only.
    """

    won: np.ndarray
    sure: float
    rivals: np.ndarray

    @property
    def is_decided(self) -> bool:
        """Whether the winners are apart from the others beyond luck."""
        return self.sure >= SURE


def third_of(members: int) -> int:
    """How many of the members are a third, at least one."""
    return max(1, round(members / 3))


def shares_of_places(scores: np.ndarray, places: int) -> np.ndarray:
    """The chance of each member to get one of so many places by score, the highest first; ties share by lot. By row."""
    scores = np.round(scores, _DIGITS)
    last = -np.partition(-scores, places - 1, axis=1)[:, places - 1 : places]
    above, level = scores > last, scores == last
    left = places - above.sum(axis=1, keepdims=True)
    return np.asarray(above + level * left / level.sum(axis=1, keepdims=True))


def spread_weights(events: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The posterior of the spread of true ratios over the grid of `case_mix`: (draws, spreads). events: (draws, members)."""
    shape = 1 / SPREADS**2
    total = np.tile(halfnorm.logpdf(SPREADS, scale=SPREAD), (len(events), 1))
    for member, due in enumerate(expected):
        counts, at = np.unique(events[:, member], return_inverse=True)
        # the negative binomial, without what does not depend on the spread
        of_count = gammaln(counts[:, None] + shape) - gammaln(shape) + shape * np.log(shape / (shape + due))
        total += (of_count - counts[:, None] * np.log(shape + due))[at]
    weights = np.exp(total - total.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def drawn_spreads(
    weights: np.ndarray, draws: int = _DRAWS, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Spreads drawn from their posterior. weights: of one row of `spread_weights`."""
    return np.asarray((rng or np.random.default_rng(3)).choice(SPREADS, draws, p=weights))


def spread_interval(weights: np.ndarray) -> tuple[float, float, float]:
    """The median of the spread, and its 95 % interval. weights: of one row of `spread_weights`."""
    at = np.searchsorted(np.cumsum(weights), [0.5, _TAIL, 1 - _TAIL])
    median, low, high = SPREADS[np.minimum(at, len(SPREADS) - 1)]
    return float(median), float(low), float(high)

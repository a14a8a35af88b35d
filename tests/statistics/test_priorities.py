"""Priorities: hand-computed scores, an exact toss-up, laws of ranks, and a slow reference of the shares."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from cs_helpers.statistics.priorities import (
    DRAWS,
    WEIGHTS,
    before,
    drawn_weights,
    rank_scores,
    score_interval,
    scores,
    share_among_first,
    verdict,
)

WEIGHTS_OF_ONE = np.ones((1, 3))


def weigh(impact, confidence, effort, weights=WEIGHTS_OF_ONE) -> np.ndarray:
    return scores(np.atleast_2d(np.asarray(impact, float)).T, np.asarray(confidence, float),
                  np.asarray(effort, float), weights)  # fmt: skip


def test_a_score_is_impact_times_confidence_by_effort() -> None:
    # 120,000 x 0.8 / 4 = 24,000; 90,000 x 0.5 / 1 = 45,000
    assert weigh([120_000, 90_000], [0.8, 0.5], [4, 1])[:, 0].tolist() == [24_000, 45_000]


def test_exponents_weigh_the_three_parts() -> None:
    # 100 ** 0.5 x 0.25 ** 2 / 4 ** 1.5 = 10 x 0.0625 / 8
    found = weigh([100], [0.25], [4], np.array([[0.5, 2.0, 1.5]]))
    assert found[0, 0] == pytest.approx(10 * 0.0625 / 8)


def test_without_gain_neither_confidence_nor_effort_counts_and_the_rank_is_last() -> None:
    found = weigh([5, 0, -10, -2], [0.1, 1, 1, 0.2], [50, 1, 1, 9])[:, 0]
    assert found.tolist() == [pytest.approx(0.01), 0, -10, -2]
    assert rank_scores(found).tolist() == [1, 2, 4, 3]


def test_equal_scores_share_a_rank() -> None:
    assert rank_scores(np.array([3.0, 9.0, 3.0, 1.0])).tolist() == [2, 1, 2, 4]


def test_the_unit_of_the_impact_changes_no_order() -> None:
    rng = np.random.default_rng(5)
    impact, weights = rng.lognormal(12, 1, (4, 500)), drawn_weights(500, seed=1)
    confidence, effort = np.array([0.5, 0.9, 0.7, 1]), np.array([1.0, 4, 2, 3])
    yen, thousand = (scores(impact / unit, confidence, effort, weights) for unit in (1, 1000))
    assert (yen.argsort(axis=0) == thousand.argsort(axis=0)).all()


def test_shares_among_the_first_three_counted_by_hand() -> None:
    #        draw:   1  2  3  4
    found = np.array([[9, 9, 9, 1],
                      [8, 8, 1, 9],
                      [7, 1, 8, 8],
                      [1, 7, 7, 7.0]])  # fmt: skip
    assert share_among_first(found, 3).tolist() == [0.75, 0.75, 0.75, 0.75]
    assert share_among_first(found, 1).tolist() == [0.75, 0.25, 0, 0]


def test_a_tie_at_the_border_is_shared() -> None:
    # two are ahead of three that share the third place
    found = np.array([[9.0], [8], [5], [5], [5]])
    assert share_among_first(found, 3) == pytest.approx([1, 1, 1 / 3, 1 / 3, 1 / 3])


def test_of_three_or_fewer_each_is_among_the_first_three() -> None:
    assert share_among_first(np.array([[1.0, 2], [3, 0]]), 3).tolist() == [1, 1]


def test_the_same_gap_twice_is_an_exact_toss_up() -> None:
    impact = np.random.default_rng(2).normal(0, 1, DRAWS)
    found = scores(
        np.vstack([impact, impact]), np.full(2, 0.7), np.full(2, 3.0), drawn_weights(DRAWS, seed=4)
    )
    assert before(found).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert verdict(0.5) == "undecided"


def test_draws_in_reverse_are_an_exact_toss_up_too() -> None:
    impact = np.arange(1.0, DRAWS + 1)
    found = weigh_draws(np.vstack([impact, impact[::-1]]))
    assert before(found)[0, 1] == 0.5


def weigh_draws(impact: np.ndarray) -> np.ndarray:
    n = len(impact)
    return scores(impact, np.full(n, 0.5), np.full(n, 2.0), drawn_weights(impact.shape[1], seed=3))


def test_the_chance_to_come_before_is_that_of_the_normal_difference() -> None:
    # two independent normal impacts: P(first > second) = Phi((m1 - m2) / sqrt(s1^2 + s2^2)) = Phi(1.2) = .8849
    rng = np.random.default_rng(6)
    impact = np.vstack([rng.normal(106, 3, DRAWS), rng.normal(100, 4, DRAWS)])
    assert before(weigh_draws(impact))[0, 1] == pytest.approx(0.8849, abs=0.02)


def test_the_weights_alone_can_leave_an_order_open() -> None:
    # 400 at effort 4 against 110 at effort 1: before where 400 ** a / 4 ** c > 110 ** a, so a x ln(400 / 110) > c x ln 4
    impact = np.vstack([np.full(DRAWS, 400.0), np.full(DRAWS, 110.0)])
    found = before(scores(impact, np.ones(2), np.array([4.0, 1]), drawn_weights(DRAWS, seed=7)))[0, 1]
    low, high = WEIGHTS
    slope = np.log(400 / 110) / np.log(4)
    area, _ = integrate.quad(lambda a: np.clip(a * slope, low, high) - low, low, high)
    assert found == pytest.approx(area / (high - low) ** 2, abs=0.03)
    assert verdict(found) == "undecided"


@pytest.mark.parametrize(
    ("chance", "said"), [(1.0, "before"), (0.9001, "before"), (0.9, "undecided"), (0.1, "undecided"), (0.0999, "after")]
)  # fmt: skip
def test_an_order_is_decided_beyond_ten_and_ninety_percent(chance: float, said: str) -> None:
    assert verdict(chance) == said


def test_the_interval_of_a_score_is_that_of_its_draws() -> None:
    impact = np.linspace(0, 1000, DRAWS)
    low, high = score_interval(scores(impact[None, :], np.array([0.5]), np.array([2.0]), WEIGHTS_OF_ONE))
    assert (low[0], high[0]) == pytest.approx((25 / 4, 975 / 4), abs=0.5)


def test_weights_are_drawn_around_one_and_the_same_for_a_seed() -> None:
    drawn = drawn_weights(DRAWS, seed=9)
    assert drawn.shape == (DRAWS, 3)
    assert drawn.min() >= WEIGHTS[0]
    assert drawn.max() <= WEIGHTS[1]
    assert drawn.mean(axis=0) == pytest.approx(np.ones(3), abs=0.03)
    assert (drawn == drawn_weights(DRAWS, seed=9)).all()
    assert (drawn != drawn_weights(DRAWS, seed=10)).any()


plans = st.integers(1, 7).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-3, 6), min_size=n * 8, max_size=n * 8).map(lambda v: np.reshape(v, (n, 8)) * 10.0),
        st.lists(st.sampled_from([0.1, 0.5, 1.0]), min_size=n, max_size=n).map(np.array),
        st.lists(st.sampled_from([0.5, 1.0, 4.0]), min_size=n, max_size=n).map(np.array),
        st.permutations(range(n)),
        st.integers(0, 99),
    )
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(plans)
def test_laws_of_shares_and_orders(plan) -> None:
    impact, confidence, effort, order, seed = plan
    weights = drawn_weights(impact.shape[1], seed=seed)
    found = scores(impact, confidence, effort, weights)
    share, first = share_among_first(found, 3), before(found)
    # they add up, and of two exactly one comes first
    assert share.sum() == pytest.approx(min(3, len(impact)))
    assert ((share >= 0) & (share <= 1 + 1e-12)).all()
    assert first + first.T == pytest.approx(np.ones_like(first))
    # the order in which the gaps are listed changes nothing
    order = list(order)
    again = scores(impact[order], confidence[order], effort[order], weights)
    assert share_among_first(again, 3) == pytest.approx(share[order])
    assert before(again) == pytest.approx(first[np.ix_(order, order)])
    # more impact never moves a gap back
    more = impact.copy()
    more[0] += 15
    raised = scores(more, confidence, effort, weights)
    assert share_among_first(raised, 3)[0] >= share[0] - 1e-12
    assert (before(raised)[0] >= first[0] - 1e-12).all()


def slow_share(found: np.ndarray, first: int) -> np.ndarray:
    """The reference: over all orders in which ties may be broken, how often each is among the first."""
    share = np.zeros(len(found))
    for column in found.T:
        orders = [
            o for o in itertools.permutations(range(len(column)))
            if all(column[a] >= column[b] for a, b in itertools.pairwise(o))
        ]  # fmt: skip
        for o in orders:
            for place in o[:first]:
                share[place] += 1 / len(orders)
    return share / found.shape[1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=5))
def test_shares_are_those_of_all_ways_to_break_ties(rows) -> None:
    found = np.array(rows, float)
    assert share_among_first(found, 3) == pytest.approx(slow_share(found, 3))

"""Transitions counted by hand, intervals that cover what they were drawn from, and the published stationary shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cs_helpers.statistics.markov_chain import (
    draw_probabilities,
    replacing_lost,
    stationary_distribution,
    transition_counts,
    transition_probabilities,
)

LOST = -1
PUBLISHED = np.array([[0.4, 0.5, 0.1], [0.05, 0.8, 0.15], [0.3, 0.0, 0.7]])


def test_transitions_are_those_counted_by_hand() -> None:
    # six customers: 0 -> 0, 0 -> 1, 0 lost, 1 -> 1, 1 -> 0, and one at Lv.1 whose next level is not known (-2)
    before, after = [0, 0, 0, 1, 1, 1], [0, 1, LOST, 1, 0, -2]
    counts = transition_counts(before, after, states=[0, 1], outcomes=[0, 1, LOST])
    assert counts.tolist() == [[1, 1, 1], [1, 1, 0]]


def test_nobody_gives_counts_of_zero() -> None:
    assert transition_counts([], [], states=[0, 1], outcomes=[0, 1]).tolist() == [[0, 0], [0, 0]]


def test_a_probability_of_two_outcomes_is_the_beta_posterior() -> None:
    # one of each with a prior of 1: Beta(2, 2), whose distribution 3x^2 - 2x^3 is .025 at .0943 by hand
    mean, low, high = transition_probabilities(np.array([[1, 1]]), prior=1.0)
    assert mean[0] == pytest.approx([0.5, 0.5])
    assert 3 * low[0, 0] ** 2 - 2 * low[0, 0] ** 3 == pytest.approx(0.025)
    assert low[0] == pytest.approx([0.0943, 0.0943], abs=5e-5)
    assert high[0] == pytest.approx([0.9057, 0.9057], abs=5e-5)


def test_one_customer_moved_is_little_to_go_by() -> None:
    # the default prior counts as one customer: 3 of 3 with two outcomes is a mean of 3.5 / 4
    mean, low, _ = transition_probabilities(np.array([[3, 0]]))
    assert mean[0] == pytest.approx([0.875, 0.125])
    assert low[0, 0] == pytest.approx(stats.beta.ppf(0.025, 3.5, 0.5))


def test_an_interval_holds_a_share_of_none_and_of_all() -> None:
    _, low, high = transition_probabilities(np.array([[0, 8, 0]]))
    assert low[0, 0] == low[0, 2] == 0
    assert high[0, 1] == 1


def test_without_customers_nothing_is_known_of_a_level() -> None:
    mean, low, high = transition_probabilities(np.array([[0, 0, 0], [4, 4, 2]]))
    assert np.isnan([mean[0], low[0], high[0]]).all()
    assert not np.isnan([mean[1], low[1], high[1]]).any()


def test_a_declared_prior_counts_as_that_many_customers() -> None:
    mean, _, _ = transition_probabilities(np.array([[3, 1, 0]]), prior=np.array([1.0, 1.0, 4.0]))
    assert mean[0] == pytest.approx([0.4, 0.2, 0.4])


def test_19_of_20_intervals_cover_the_probability_that_made_the_counts() -> None:
    rng = np.random.default_rng(22)
    truth = rng.dirichlet(np.full(6, 1 / 6), size=4000)
    counts = np.array([rng.multinomial(30, row) for row in truth])
    _, low, high = transition_probabilities(counts)
    covered = ((low <= truth) & (truth <= high)).mean()
    # a binomial of 24,000 at .95 has a standard error of .0014; intervals that begin at 0 cover a little more
    assert 0.945 < covered < 0.985


def test_stationary_shares_are_the_published_ones() -> None:
    assert stationary_distribution(PUBLISHED) == pytest.approx([0.197, 0.492, 0.311], abs=5e-4)


@pytest.mark.parametrize(
    "chain",
    [
        [[0, 1], [1, 0]],  # in turns: has a period
        [[1, 0], [0, 1]],  # nobody ever moves
        [[0.9, 0.1], [0, 1]],  # absorbed
    ],
    ids=["periodic", "apart", "absorbing"],
)
def test_a_chain_that_never_settles_has_no_stationary_shares(chain: list[list[float]]) -> None:
    assert stationary_distribution(np.array(chain, float)) is None


def test_a_chain_whose_rows_are_not_probabilities_is_refused() -> None:
    with pytest.raises(ValueError, match="sum to one"):
        stationary_distribution(np.array([[0.5, 0.4], [0.5, 0.5]]))


def test_lost_customers_are_replaced_by_new_ones() -> None:
    # a tenth of each level leaves; who comes instead starts at Lv.0: by hand .1 + .9 x .5 = .55 and .1
    chain = replacing_lost(np.array([[0.45, 0.45, 0.1], [0.0, 0.9, 0.1]]), np.array([1.0, 0.0]))
    assert chain == pytest.approx(np.array([[0.55, 0.45], [0.1, 0.9]]))
    # balance: .45 a = .1 b
    assert stationary_distribution(chain) == pytest.approx([0.1 / 0.55, 0.45 / 0.55])


def test_drawn_probabilities_have_the_mean_and_the_interval_of_the_posterior() -> None:
    counts = np.array([[5, 0, 15], [0, 0, 0]])
    drawn = draw_probabilities(counts, 20_000, np.random.default_rng(5))
    mean, low, high = transition_probabilities(counts)
    assert drawn.shape == (20_000, 2, 3)
    assert drawn.sum(axis=2) == pytest.approx(1)
    assert drawn[:, 0].mean(axis=0) == pytest.approx(mean[0], abs=0.004)
    assert np.quantile(drawn[:, 0, 0], [0.025, 0.975]) == pytest.approx([low[0, 0], high[0, 0]], abs=0.01)
    assert drawn[:, 1].mean(axis=0) == pytest.approx(1 / 3, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 7))
def test_stationary_shares_are_where_a_long_walk_ends(seed: int, n: int) -> None:
    chain = np.random.default_rng(seed).dirichlet(np.full(n, 0.7), size=n) * 0.9 + 0.1 / n
    shares = stationary_distribution(chain)
    assert shares is not None
    assert shares == pytest.approx(np.linalg.matrix_power(chain, 2000)[0], abs=1e-9)
    assert shares.sum() == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
)
def test_probabilities_sum_to_one_in_any_order_of_the_outcomes(counts: list[list[int]], seed: int) -> None:
    table = np.array(counts)
    known = table.sum(axis=1) > 0
    mean, low, high = transition_probabilities(table)
    assert mean[known].sum(axis=1) == pytest.approx(1)
    assert (low[known] <= mean[known]).all()
    assert (mean[known] <= high[known]).all()
    order = np.random.default_rng(seed).permutation(4)
    for part, reordered in zip((mean, low, high), transition_probabilities(table[:, order]), strict=True):
        np.testing.assert_allclose(part[:, order], reordered)

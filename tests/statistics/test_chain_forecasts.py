"""A two-level chain computed by hand, factors of seasons that are found, and intervals that cover as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.statistics.chain_forecasts import Drawn, Joined, PastSteps, draw_steps, expected, simulate
from cs_helpers.statistics.season_factors import draw_factors

# of those who stay, a fifth of state 0 rises and a tenth of state 1 falls; 10 % and 5 % are lost; four join at state 0
STAY = np.array([[0.8, 0.2], [0.1, 0.9]])
LOSS = np.array([0.1, 0.05])
START = np.array([10.0, 20.0])


def known_chain(draws: int, steps: int, joining: float = 4.0) -> Drawn:
    """The chain above without any doubt about it."""
    return Drawn(
        np.broadcast_to(STAY, (draws, steps, 2, 2)),
        np.broadcast_to(LOSS, (draws, steps, 2)),
        np.full((draws, steps), joining),
    )


def test_expected_numbers_are_those_computed_by_hand() -> None:
    numbers, lost = expected(known_chain(1, 2), START, np.array([1.0, 0.0]))
    # 9 and 19 stay: 9 x .8 + 19 x .1 + 4, 9 x .2 + 19 x .9; then 11.79 and 17.955 stay
    assert numbers[0] == pytest.approx(np.array([[13.1, 18.9], [15.2275, 18.5175]]))
    assert lost[0] == pytest.approx(np.array([[1.0, 1.0], [1.31, 0.945]]))


def test_more_who_rise_come_from_those_who_would_have_stayed_at_their_level() -> None:
    # of the nine of state 0 who are not lost, half rise more: .3 stay and .7 rise; at most the .8 who would stay can
    numbers, _ = expected(known_chain(1, 1), START, np.array([1.0, 0.0]), rising={0: 0.5})
    assert numbers[0, 0] == pytest.approx([9 * 0.3 + 19 * 0.1 + 4, 9 * 0.7 + 19 * 0.9])
    everybody, _ = expected(known_chain(1, 1), START, np.array([1.0, 0.0]), rising={0: 0.95})
    assert everybody[0, 0] == pytest.approx([19 * 0.1 + 4, 9 + 19 * 0.9])


def test_simulated_customers_meet_the_expected_numbers_and_add_up() -> None:
    joined = Joined(np.array([0]), np.array([50.0]))
    states, mrr = np.repeat([0, 1], [10, 20]), np.full(30, 100.0)
    seen = simulate(known_chain(20_000, 2), states, mrr, joined, np.array([1.0]), np.random.default_rng(1))
    wanted, lost = expected(known_chain(1, 2), START, np.array([1.0, 0.0]))
    assert seen.customers.mean(axis=0) == pytest.approx(wanted[0], abs=0.08)
    assert seen.lost.mean(axis=0) == pytest.approx(lost[0].sum(axis=1), abs=0.05)
    before = np.concatenate([np.full((20_000, 1), 30), seen.customers.sum(axis=2)[:, :-1]], axis=1)
    assert (before - seen.lost + seen.joined == seen.customers.sum(axis=2)).all()
    # the binomial and Poisson variance of the first step: 10 x .1 x .9 + 20 x .05 x .95 + 4
    assert seen.customers[:, 0].sum(axis=1).var() == pytest.approx(0.9 + 0.95 + 4, rel=0.05)


def test_mrr_follows_the_customers_who_pay_it() -> None:
    """One customer of 1,000 at the level that nobody leaves: the MRR is there or lost, never in between."""
    drawn = Drawn(np.ones((500, 1, 1, 1)), np.full((500, 1, 1), 0.3), np.zeros((500, 1)))
    nobody = Joined(np.array([], int), np.array([]))
    seen = simulate(
        drawn, np.array([0]), np.array([1000.0]), nobody, np.array([1.1]), np.random.default_rng(2)
    )
    assert set(np.round(seen.mrr[:, 0, 0])) == {0.0, 1100.0}
    assert seen.lost_mrr[:, 0] == pytest.approx(1000.0 * seen.lost[:, 0])


def test_no_loss_so_far_is_no_promise() -> None:
    """None lost of 84: Jeffreys' 95 % of their share end at 2.9 %, so that within four steps of 12 units one may be lost."""
    past = PastSteps(np.full((7, 1, 1), 12), np.zeros((7, 1), int), np.zeros(7, int), np.arange(7) % 4)
    drawn = draw_steps(past, np.arange(4), 4000, np.random.default_rng(6))
    assert np.quantile(drawn.loss[:, 0], 0.5) < 0.006
    assert 0.02 < np.quantile(drawn.loss[:, 0], 0.975) < 0.06


def test_a_state_that_is_lost_more_often_is_forecast_so() -> None:
    # 4 of 200 and 40 of 200, the same in each step
    moves, lost = np.array([[49, 0], [0, 40]]), np.array([1, 10])
    past = PastSteps(np.tile(moves, (4, 1, 1)), np.tile(lost, (4, 1)), np.zeros(4, int), np.arange(4))
    drawn = draw_steps(past, np.arange(4), 4000, np.random.default_rng(7))
    assert np.median(drawn.loss[:, 0], axis=0) == pytest.approx([0.02, 0.2], rel=0.35)
    assert np.quantile(drawn.loss[:, 0, 0], 0.975) < np.quantile(drawn.loss[:, 0, 1], 0.025)


def test_nothing_recorded_of_new_customers_forecasts_none() -> None:
    nobody = Joined(np.array([], int), np.array([]))
    seen = simulate(
        known_chain(50, 3), np.array([0, 1]), np.ones(2), nobody, np.array([1.0]), np.random.default_rng(3)
    )
    assert not seen.joined.any()


def test_a_season_of_losses_is_forecast_for_its_quarter_alone() -> None:
    # two years: 23 and 33 of the first quarter against 2 in each other; expected alike in all
    observed = np.array([2, 2, 23, 3, 3, 3, 33, 2])
    season = np.array([3, 4, 1, 2, 3, 4, 1, 2])
    ahead = np.array([3, 4, 1, 2])
    factors = draw_factors(
        observed, np.full(8, observed.mean()), season, ahead, 4000, np.random.default_rng(4)
    )
    rates = factors * observed.mean()
    assert np.median(rates[:, 2]) == pytest.approx(28, rel=0.2)
    assert np.quantile(rates[:, [0, 1, 3]], 0.9) < 8


def test_without_seasons_the_factors_stay_near_one() -> None:
    rng = np.random.default_rng(5)
    observed, season = rng.poisson(40, 8), np.tile([1, 2, 3, 4], 2)
    factors = draw_factors(observed, np.full(8, 40.0), season, np.array([1, 2, 3, 4]), 4000, rng)
    assert np.abs(np.median(factors, axis=0) - 1).max() < 0.15


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=12),
    st.floats(0, 50),
    st.integers(0, 2**31),
)
def test_factors_are_finite_and_not_negative(observed: list[int], expected_each: float, seed: int) -> None:
    n = len(observed)
    season = np.arange(n) % 4
    factors = draw_factors(
        np.array(observed), np.full(n, expected_each), season, np.arange(4), 50, np.random.default_rng(seed)
    )
    assert factors.shape == (50, 4)
    assert np.isfinite(factors).all()
    assert (factors >= 0).all()


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**31), st.integers(0, 30))
def test_drawn_tables_are_probabilities(states: int, steps: int, seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    past = PastSteps(
        rng.integers(0, most + 1, (steps, states, states)), rng.integers(0, most + 1, (steps, states)),
        rng.integers(0, 9, steps), np.arange(steps) % 4,
    )  # fmt: skip
    drawn = draw_steps(past, np.arange(4), 20, rng)
    assert drawn.stay.shape == (20, 4, states, states)
    assert np.allclose(drawn.stay.sum(axis=3), 1)
    assert ((drawn.loss >= 0) & (drawn.loss <= 1)).all()
    assert (drawn.joining >= 0).all()


def covered(seed: int, *, uneven: float) -> tuple[int, int]:
    """Of simulated chains, how many of the numbers a year later lie within 95 %, and of how many.

    uneven: the spread of the rate of losses from step to step; 0: the same in all.
    """
    rng = np.random.default_rng(seed)
    inside = total = 0
    for _ in range(40):
        stay = rng.dirichlet([1.0, 1.0, 1.0], 3) * 0.3 + np.eye(3) * 0.7
        loss, joining = rng.uniform(0.01, 0.06, 3), rng.uniform(4, 15)
        level = rng.integers(0, 3, 120)
        moves, lost, came, numbers = [], [], [], []
        for _step in range(12):
            factor = rng.gamma(1 / uneven**2, uneven**2) if uneven else 1.0
            is_lost = rng.random(len(level)) < np.minimum(loss[level] * factor, 1)
            later = np.array([rng.choice(3, p=stay[i]) for i in level[~is_lost]], int)
            moves.append(np.bincount(level[~is_lost] * 3 + later, minlength=9).reshape(3, 3))
            lost.append(np.bincount(level[is_lost], minlength=3))
            new = rng.integers(0, 2, rng.poisson(joining))
            came.append(new)
            level = np.concatenate([later, new])
            numbers.append(np.bincount(level, minlength=3))
            if _step == 7:
                known = level.copy()
        past = PastSteps(
            np.array(moves[:8]), np.array(lost[:8]), np.array([len(c) for c in came[:8]]), np.arange(8) % 4
        )
        joined = Joined(np.concatenate(came[:8]), np.ones(sum(len(c) for c in came[:8])))
        drawn = draw_steps(past, np.arange(4), 400, rng)
        seen = simulate(drawn, known, np.ones(len(known)), joined, np.array([1.0]), rng)
        low, high = np.quantile(seen.customers, [0.025, 0.975], axis=0)
        actual = np.array(numbers[8:])
        inside += int(((low <= actual) & (actual <= high)).sum())
        total += actual.size
    return inside, total


@pytest.mark.parametrize("uneven", [0.0, 0.6])
def test_intervals_of_simulated_chains_cover_what_they_say(uneven: float) -> None:
    inside, total = covered(7, uneven=uneven)
    # 40 chains of 12 numbers that go together: the share of 95 % within three standard errors of the chains alone
    assert 0.90 <= inside / total <= 0.995

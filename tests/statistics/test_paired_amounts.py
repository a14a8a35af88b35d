"""Whether one amount is larger than another that is paired with it: against scipy and McNemar, and how often it errs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cs_helpers.statistics.paired_amounts import p_of_signs
from cs_helpers.statistics.proportions import mcnemar


def test_three_amounts_by_hand() -> None:
    # of the eight sums of 5, 3 and 1 with either sign, four are at least as far from 0 as 5 + 3 - 1 = 7: 9, 7, -7, -9
    assert p_of_signs([5.0, 3.0, -1.0]) == 4 / 8
    # 5 - 3 + 1 = 3: all but 1 and -1
    assert p_of_signs([5.0, -3.0, 1.0]) == 6 / 8
    assert p_of_signs([0.0, 0.0]) == p_of_signs([]) == p_of_signs([7.0]) == 1.0


@given(st.integers(0, 6), st.integers(0, 6), st.floats(0.01, 1e9))
def test_equal_amounts_are_the_test_of_mcnemar(more: int, less: int, amount: float) -> None:
    assert p_of_signs([amount] * more + [-amount] * less) == pytest.approx(mcnemar(more, less))


@pytest.mark.parametrize("n", [5, 12, 13, 40])
def test_p_values_are_those_of_scipy(n: int) -> None:
    draw = np.random.default_rng([1, n])
    differences = draw.lognormal(11, 1, n) * draw.choice([-1, 1], n, p=[0.3, 0.7])
    expected = stats.permutation_test(
        (differences,), lambda x, axis: x.sum(axis), permutation_type="samples", vectorized=True,
        n_resamples=2**n if n <= 12 else 50_000, batch=5_000, rng=np.random.default_rng(2),
    ).pvalue  # fmt: skip
    # exact up to twelve; above, five standard errors of both draws
    assert p_of_signs(differences) == pytest.approx(expected, abs=1e-12 if n <= 12 else 0.04)


@given(st.lists(st.floats(-1e8, 1e8), max_size=30), st.randoms())
def test_neither_the_order_nor_the_side_matters(differences: list[float], random) -> None:
    shuffled = random.sample(differences, len(differences))
    assert p_of_signs(differences) == p_of_signs(shuffled) == p_of_signs([-d for d in differences])


def test_equal_requests_are_told_apart_as_rarely_as_promised() -> None:
    """Each customer asks for either with the same chance; a few pay many times what others do."""
    rounds, apart = 1_000, 0
    for seed in range(rounds):
        draw = np.random.default_rng([3, seed])
        paid = draw.lognormal(11, 1.2, 60)
        apart += p_of_signs(paid * (draw.random(60) < 0.3) - paid * (draw.random(60) < 0.3)) <= 0.05
    assert apart / rounds < 0.07


def test_a_request_of_three_times_the_customers_is_found() -> None:
    rounds, found = 200, 0
    for seed in range(rounds):
        draw = np.random.default_rng([4, seed])
        paid = draw.lognormal(11, 0.7, 100)
        found += p_of_signs(paid * (draw.random(100) < 0.45) - paid * (draw.random(100) < 0.15)) <= 0.05
    assert found / rounds > 0.9

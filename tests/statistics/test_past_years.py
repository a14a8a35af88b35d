"""What past years lead to expect: worked out by hand, calibrated by simulation, and nothing from nothing."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api
from scipy.stats import binom

from cs_helpers.statistics.past_years import expect_from_years


def test_three_years_that_grow_by_a_tenth_are_expected_as_worked_out_by_hand() -> None:
    # the logarithms of 100, 110 and 121 lie ln 1.1 apart: mean ln 110, standard deviation ln 1.1; the 97.5 % quantile of
    # Student's t with 2 degrees of freedom is 4.302653, so the reach is 4.302653 x .0953102 x root of 4/3 = .473526
    expected = expect_from_years(200, [100, 110, 121], scale="amount")
    assert expected.usual == pytest.approx(110)
    assert (expected.low, expected.high) == pytest.approx(
        (110 / np.exp(0.473526), 110 * np.exp(0.473526)), rel=1e-5
    )
    # t = ln(200/110) / (.0953102 x 1.154701) = 5.432; with 2 degrees of freedom p = 1 - t / root(t^2 + 2)
    t = np.log(200 / 110) / (np.log(1.1) * np.sqrt(4 / 3))
    assert expected.p == pytest.approx(1 - t / np.sqrt(t**2 + 2))


def test_two_years_as_worked_out_by_hand() -> None:
    # 40 and 60: mean 50, standard deviation 14.142, t with 1 degree of freedom 12.7062: 50 +- 12.7062 x 14.142 x 1.2247
    expected = expect_from_years(45, [40, 60], scale="level")
    assert (expected.low, expected.high) == pytest.approx((50 - 220.078, 50 + 220.078), abs=0.01)


def test_counts_that_agree_by_chance_are_expected_no_closer_than_poisson_allows() -> None:
    # root(100.375) = 10.01874; the variance is (1 + 1/3) / 4, and t with 2 degrees of freedom 4.302653: +- 2.484138
    expected = expect_from_years(100, [100, 100, 100], scale="count")
    assert expected.usual == pytest.approx(100)
    assert expected.low == pytest.approx((10.01874 - 2.484138) ** 2 - 0.375, abs=1e-3)
    assert expected.high == pytest.approx((10.01874 + 2.484138) ** 2 - 0.375, abs=1e-3)


def test_a_count_is_expected_in_proportion_to_its_exposure() -> None:
    expected = expect_from_years(400, [100, 202, 298], scale="count", exposure=40, past_exposure=[10, 20, 30])
    assert expected.usual == pytest.approx(400, rel=0.01)
    assert expected.low < 400 < expected.high


def test_the_interval_is_the_one_that_a_regression_on_a_constant_predicts() -> None:
    years = np.array([31.0, 35.0, 38.0, 30.0, 36.0])
    expected = expect_from_years(33, years, scale="level")
    fit = statsmodels.api.OLS(years, np.ones(5)).fit()
    assert (expected.low, expected.high) == pytest.approx(fit.get_prediction([1]).conf_int(obs=True)[0])


@pytest.mark.parametrize("years", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_of_ordinary_years_no_more_than_one_in_twenty_lies_outside(years: int, spread: float) -> None:
    draw = np.random.default_rng(years)
    runs, outside = 2000, 0
    for _ in range(runs):
        rate = 50 * np.exp(spread * draw.standard_normal(years + 1))
        *past, now = draw.poisson(rate)
        outside += expect_from_years(now, past, scale="count").p < 0.05
    assert outside <= binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize("factor", [5, 1.5, 1 / 3])
def test_what_is_odd_is_outside_of_years_that_differ_little(factor: float) -> None:
    past = [9_800, 10_100, 10_050, 9_900]
    assert expect_from_years(10_000 * factor, past, scale="count").p < 0.01
    assert expect_from_years(10_050, past, scale="count").p > 0.05


@pytest.mark.parametrize("past", [[], [100]])
def test_fewer_than_two_years_lead_to_expect_nothing(past: list[float]) -> None:
    assert expect_from_years(100, past, scale="count") is None


def test_years_that_are_all_alike_lead_to_expect_nothing_of_a_level() -> None:
    assert expect_from_years(12, [10, 10, 10], scale="level") is None
    assert expect_from_years(12, [10, 10, 10], scale="amount") is None


def test_an_amount_of_nothing_has_no_ratio() -> None:
    assert expect_from_years(12, [10, 0, 12], scale="amount") is None
    assert expect_from_years(0, [10, 11, 12], scale="amount") is None


def test_none_after_years_of_none_is_as_expected_and_a_hundred_is_not() -> None:
    assert expect_from_years(0, [0, 0, 0, 0], scale="count").p == pytest.approx(1)
    assert expect_from_years(100, [0, 0, 0, 0], scale="count").p < 0.05

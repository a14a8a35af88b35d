"""Small counts: means, dispersion and p-values against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from builders import random
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cs_helpers.statistics.count_forecasts import (
    count_interval,
    count_p_values,
    dispersion,
    heavier_tails,
    mean_forecasts,
)


@given(st.integers(0, 60), st.floats(0.01, 30), st.floats(0.001, 3))
def test_p_values_are_twice_the_smaller_tail_of_scipys_negative_binomial(
    count: int, mean: float, a: float
) -> None:
    expected = stats.nbinom(1 / a, 1 / (1 + a * mean))
    p = count_p_values(np.array([count, np.nan]), np.array([mean, mean]), np.array([a, a]))
    assert p[0] == pytest.approx(
        min(1, 2 * min(expected.cdf(count), expected.sf(count - 1))), rel=1e-6, abs=1e-12
    )
    assert np.isnan(p[1])


def test_bounds_leave_at_most_a_fortieth_on_either_side() -> None:
    means, a = np.array([0.3, 5.0]), np.array([0.1, 0.4])
    low, high = count_interval(means, a)
    for k in range(2):
        expected = stats.nbinom(1 / a[k], 1 / (1 + a[k] * means[k]))
        assert expected.sf(high[k]) <= 0.025
        assert expected.cdf(low[k] - 1) <= 0.025


def test_the_mean_of_weeks_is_that_of_the_last_eight_with_half_a_count_more() -> None:
    counts = np.array([100.0, 3, 1, 4, 1, np.nan, 9, 2, 6, 5])
    mean, behind = mean_forecasts(counts, "week", 0)
    # 3 + 1 + 4 + 1 + 9 + 2 + 6 of seven known weeks
    assert (mean[9], behind[9]) == pytest.approx((26.5 / 7, 26.5))
    # fewer than four known weeks say nothing
    assert np.isnan(mean[:4]).all()
    assert np.isfinite(mean[4:]).all()


def test_a_weekday_has_its_share_where_counts_show_it_and_none_where_they_do_not() -> None:
    quiet = np.tile([5, 5, 5, 5, 5, 0.5, 0.5], 60)
    means, _ = mean_forecasts(random(1).poisson(quiet).astype(float), "day", 0)
    assert means[-7:] == pytest.approx(quiet[:7], rel=0.3)
    # 52 weeks of .3 a day leave the share of a weekday open by a quarter, of which little remains
    differences = []
    for seed in range(20):
        alike, _ = mean_forecasts(random(seed).poisson(0.3, 420).astype(float), "day", 0)
        differences.append(alike[-7:].std() / alike[-7:].mean())
    assert np.mean(differences) < 0.25 / 2


def test_the_dispersion_is_that_of_the_variance() -> None:
    counts = random(3).negative_binomial(4, 4 / (4 + 6), 20_000).astype(float)
    a, error = dispersion(counts, np.full(20_000, 6.0))
    assert a == pytest.approx(1 / 4, abs=4 * error)
    assert 0 < error < 0.02
    assert dispersion(np.full(10, 6.0), np.full(10, 6.0))[0] == 0


def test_tails_that_were_heavier_in_the_past_make_p_values_larger() -> None:
    calibrated = random(4).random(5000)
    heavier = calibrated**1.5
    small = np.array([1e-3, 0.2])
    assert heavier_tails(small, calibrated) == pytest.approx(small, rel=0.5)
    # with log(.03 / p) one and a half times as large, p is .03 (p / .03) ** (1 / 1.5)
    assert heavier_tails(small, heavier) == pytest.approx([0.03 * (1e-3 / 0.03) ** (1 / 1.5), 0.2], rel=0.3)
    assert heavier_tails(small, np.array([])).tolist() == small.tolist()

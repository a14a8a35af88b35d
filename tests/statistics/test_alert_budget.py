"""Alerts of many series: by hand, and by simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from builders import random
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from cs_helpers.statistics.alert_budget import alerts, weekly_tests


@dataclass(frozen=True)
class Budget:
    false_alerts_a_week: float = 0.2
    false_discovery: float = 0.05


def all_large(p: np.ndarray) -> np.ndarray:
    return np.ones(len(p), dtype=bool)


def test_a_product_with_series_of_days_weeks_and_months_makes_so_many_tests_a_week() -> None:
    # a month is 30.4375 days: .23 of it in a week
    assert weekly_tests(["day", "day", "week", "month"]) == pytest.approx(15.229979)


def test_an_alert_is_within_the_discovery_rate_the_budget_and_large_enough() -> None:
    # of four tests the rate allows .0125, .025, .0375, .05 in order: the first three; of 14 a week the budget .2 / 14 = .0143
    p = np.array([0.03, 0.001, 0.014, np.nan])
    assert alerts(p, all_large(p), 14, Budget()).tolist() == [False, True, True, False]
    assert alerts(p, np.array([True, False, True, True]), 14, Budget()).tolist() == [
        False,
        False,
        True,
        False,
    ]
    assert alerts(p, all_large(p), 14, Budget(false_alerts_a_week=1)).tolist() == [True, True, True, False]
    assert alerts(p, all_large(p), 14, Budget(1, 0.01)).tolist() == [False, True, False, False]


def test_without_any_test_nothing_is_called() -> None:
    assert alerts(np.array([]), np.array([], dtype=bool), 0, Budget()).tolist() == []
    nothing = np.array([np.nan, np.nan])
    assert not alerts(nothing, all_large(nothing), 0, Budget()).any()


@pytest.mark.parametrize("series", [1, 10, 300])
@pytest.mark.parametrize("budget", [0.2, 2])
def test_false_alerts_of_ordinary_series_stay_within_the_budget(series: int, budget: float) -> None:
    weeks = 13 * 40
    found = 0
    for quarter in range(40):
        p = random(quarter).random(series * 7 * 13)
        # a rate of discovery that lets everything through: the budget alone
        found += int(alerts(p, all_large(p), 7 * series, Budget(budget, 1.0)).sum())
    assert found <= poisson.ppf(0.999, budget * weeks)
    assert found >= poisson.ppf(0.001, budget * weeks)


def test_of_scans_without_anything_odd_at_most_the_discovery_rate_has_an_alert() -> None:
    scans = [random(seed).random(500) for seed in range(400)]
    called = sum(bool(alerts(p, all_large(p), 1, Budget(50, 0.05)).any()) for p in scans)
    # one in twenty of 400 scans, and three standard errors
    assert called <= 20 + 3 * np.sqrt(400 * 0.05 * 0.95)


def test_each_scan_has_a_discovery_rate_of_its_own() -> None:
    # .02 is the least of two in the first scan (.025 allowed); of all four tests it would have to be .0125
    p = np.array([0.02, 0.9, 0.03, 0.8])
    weeks = np.array([1, 1, 2, 2])
    assert alerts(p, all_large(p), 1, Budget(), weeks).tolist() == [True, False, False, False]
    assert not alerts(p, all_large(p), 1, Budget()).any()


def test_an_odd_week_makes_no_other_week_odd() -> None:
    odd, ordinary = np.full(20, 1e-6), np.linspace(0.02, 1, 20)
    p, weeks = np.concatenate([odd, ordinary]), np.repeat([1, 2], 20)
    called = alerts(p, all_large(p), 1, Budget(), weeks)
    assert called[:20].all()
    assert not called[20:].any()
    assert alerts(p, all_large(p), 1, Budget())[20]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.01, 50), st.floats(0.01, 100))
def test_a_larger_budget_calls_all_that_a_smaller_one_does(
    values: list[float], budget: float, tests: float
) -> None:
    p = np.array(values)
    less, more = (alerts(p, all_large(p), tests, Budget(b)) for b in (budget, 2 * budget))
    assert not (less & ~more).any()

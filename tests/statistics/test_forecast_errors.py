"""What past errors say: by hand, and against plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import random
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cs_helpers.statistics.forecast_errors import best_way, spreads, without_level_changes
from cs_helpers.statistics.level_forecasts import daily_forecasts, seasonal_effects, weekday_effects
from cs_helpers.statistics.rolling import by_weekday, earlier_median, earlier_sum, from_weekdays

VALUES = arrays(float, st.integers(1, 40), elements=st.one_of(st.integers(-5, 5).map(float), st.just(np.nan)))


@given(VALUES, st.integers(1, 12))
def test_rolling_medians_and_sums_are_of_the_values_before(values: np.ndarray, window: int) -> None:
    needed = (window + 1) // 2
    medians, sums = earlier_median(values, window, needed), earlier_sum(values, window)
    for k in range(len(values)):
        known = [v for v in values[max(0, k - window) : k] if v == v]
        expected = np.median(known) if len(known) >= needed else np.nan
        assert medians[k] == pytest.approx(expected, nan_ok=True)
        assert sums[k] == pytest.approx(sum(known))


@given(VALUES, st.integers(0, 6))
def test_a_table_of_weeks_gives_its_days_back(values: np.ndarray, first_weekday: int) -> None:
    table = by_weekday(values, first_weekday)
    assert from_weekdays(table, first_weekday, len(values)) == pytest.approx(values, nan_ok=True)


def test_the_effect_of_a_weekday_is_its_difference_from_the_mean_of_the_week() -> None:
    pattern = np.array([3.0, 1, 2, 0, 1, -4, -3])
    values = np.tile(10 + pattern, 30)[2:]  # from a Wednesday
    values[100] = 500  # one odd day moves no effect
    effects = weekday_effects(values, 2)
    assert effects[-7:] == pytest.approx(pattern)
    assert np.isnan(effects[:28]).all()


def test_the_end_of_a_month_has_an_effect_of_its_own() -> None:
    days = pd.date_range("2024-01-01", "2026-01-31")
    at_end = np.asarray(days.days_in_month - days.day < 3)
    values = 20 + random(1).normal(0, 0.5, len(days)) + 4 * at_end
    _, ways = daily_forecasts(values, days)
    assert ways["level"][-5:] == pytest.approx([20, 20, 24, 24, 24], abs=0.6)


def test_what_grows_is_forecast_best_by_its_drift_and_what_does_not_by_its_level() -> None:
    days = pd.date_range("2024-01-01", periods=700)
    noise = random(2).normal(0, 1, 700)
    for slope, way in ((0.1, "drift"), (0.0, "level")):
        values = 50 + slope * np.arange(700) + noise
        _, ways = daily_forecasts(values, days)
        errors = {w: values - forecast for w, forecast in ways.items()}
        assert best_way(errors, dict.fromkeys(ways, 42)) == way


def test_another_way_is_taken_only_if_it_was_better_by_more_than_chance() -> None:
    # of 10 periods another way must be better by a fifth
    level = np.full(10, 1.0)
    for other, way in ((0.85, "level"), (0.75, "recent")):
        assert best_way({"level": level, "recent": np.full(10, other)}, {"level": 5, "recent": 5}) == way
    assert best_way({"level": level, "recent": np.full(10, 0.1)}, {"level": 5, "recent": 11}) == "level"


def test_working_days_and_weekends_have_their_own_spread_the_more_of_them_there_are() -> None:
    errors = np.concatenate([random(3).normal(0, 1, 5000), random(4).normal(0, 3, 2000)])
    weekend = np.arange(7000) >= 5000
    assert spreads(errors, weekend) == pytest.approx((1, 3), rel=0.05)
    few = np.r_[0:50, 5000:5010]
    working, weekends = spreads(errors[few], weekend[few])
    assert working < weekends < 2.5
    assert spreads(np.zeros(30), np.zeros(30, dtype=bool)) == (0, 0)


def test_a_change_of_level_is_left_out_and_single_odd_days_are_not() -> None:
    errors = random(5).normal(0, 1, 700)
    errors[::50] = 9
    assert len(without_level_changes(errors)) == 700
    changed = errors.copy()
    changed[300:328] += 5
    kept = without_level_changes(changed)
    assert 670 <= len(kept) <= 676
    # where changes are common they are ordinary
    often = np.repeat(random(6).choice([-4.0, 4.0], 50), 14) + errors
    assert len(without_level_changes(often)) == 700


def test_the_season_of_a_month_is_known_from_two_years_on_and_continued() -> None:
    wave = 3 * np.sin(2 * np.pi * np.arange(48) / 12)
    season = seasonal_effects(10 + wave, "month", 0)
    assert season is not None
    assert [(first, last) for first, last, _ in season] == [(k, k + 3) for k in range(24, 48, 3)]
    for _, last, effect in season:
        assert effect == pytest.approx(wave[:last], abs=0.05)
    assert seasonal_effects(wave[:24], "month", 0) is None
    assert seasonal_effects(np.full(48, np.nan), "month", 0) is None

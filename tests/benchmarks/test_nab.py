"""Usual levels of a series every five minutes, as the benchmark runs them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import random
from nab import our_scores, points_a_day

DAY = 288


@pytest.fixture
def two_weeks():
    """The hour's effect is ten times the noise."""
    times = pd.date_range("2014-02-14", periods=14 * DAY, freq="5min")
    hourly = 50 + 20 * np.sin(2 * np.pi * np.asarray(times.hour) / 24)
    return pd.Series(hourly + random(1).normal(0, 2, len(times)), times)


def test_a_spike_and_a_silence_are_the_oddest_points(two_weeks):
    spike, silence = 9 * DAY + 70, 12 * DAY + 100
    two_weeks.iloc[spike] += 40
    two_weeks.iloc[silence : silence + 20] = 0
    scores = our_scores(two_weeks)
    assert set(np.argsort(scores)[-2:]) == {spike, silence}


def test_of_an_episode_one_point_is_called_and_later_only_an_odder_one(two_weeks):
    start = 9 * DAY + 70
    two_weeks.iloc[start : start + 30] = 150
    two_weeks.iloc[start + 20] = 300
    scores = our_scores(two_weeks)[start : start + DAY // 2]
    assert set(np.flatnonzero(scores > 6)) == {0, 20}


def test_a_flat_line_is_ordinary_until_it_moves(two_weeks):
    flat = pd.Series(45.0, two_weeks.index)
    assert not our_scores(flat).any()
    flat.iloc[10 * DAY] = 46
    assert np.flatnonzero(our_scores(flat)).tolist() == [10 * DAY]


def test_the_day_is_counted_in_the_usual_time_between_points(two_weeks):
    assert points_a_day(pd.DatetimeIndex(two_weeks.index)) == DAY
    assert points_a_day(pd.DatetimeIndex(two_weeks.drop(two_weeks.index[40:90]).index)) == DAY

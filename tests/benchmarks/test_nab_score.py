"""The score of the Numenta Anomaly Benchmark: the numbers of its own scorer's tests, and its published results."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nab import PUBLISHED, read_values, series_of, windowed_gaussian
from nab_score import (
    PROFILES,
    Profile,
    Series,
    best_threshold,
    normalised,
    probation_points,
    score,
    sigmoid,
    weights,
)

#: the cost matrix of the tests in NAB's repository (tests/unit/scorer_test.py)
COSTS = Profile(found=1.1, missed=1.2, false_alert=0.11)
#: the scaled sigmoid at the left edge of a window and in its middle, as printed there
EDGE, MIDDLE = 0.9866142981514305, 0.8482836399575131


@pytest.mark.parametrize(
    ("alerts", "windows", "probation", "expected"),
    [
        ([0, 0, 0, 0, 0], (), 0, 0.0),
        ([0, 1, 0, 1, 0], (), 0, -2 * 0.11),
        ([0, 1, 0, 1, 0], (), 4, 0.0),
        ([0, 1, 0, 1, 0], (), 3, -0.11),
        ([0, 0, 0, 0, 0, 0, 0], ((1, 2), (4, 5)), 0, -2 * 1.2),
        ([0, 0, 1, 0, 0, 0, 0], ((1, 2),), 0, 1.1 * MIDDLE / EDGE),
        ([0, 0, 1, 0, 0, 0, 0], ((1, 2), (4, 5)), 0, 1.1 * MIDDLE / EDGE - 1.2),
        ([0, 0, 0, 0, 1, 0, 0], ((4, 5),), 0, 1.1),
        ([0, 0, 0, 0, 1, 1, 0], ((4, 5),), 0, 1.1),
        ([0, 0, 1, 0, 1, 0, 0], ((1, 2), (4, 5)), 0, 1.1 * MIDDLE / EDGE + 1.1),
    ],
)
def test_the_cases_of_the_benchmarks_own_tests_score_the_same(alerts, windows, probation, expected):
    series = Series("case", np.array(alerts, float), windows, probation)
    assert score(series, 0.5, COSTS).score == pytest.approx(expected, abs=1e-12)


def test_the_sigmoid_is_the_published_one():
    assert sigmoid(-1.0) == pytest.approx(EDGE, abs=1e-15)
    assert sigmoid(-0.5) == pytest.approx(MIDDLE, abs=1e-15)
    assert sigmoid(0.0) == 0
    assert sigmoid(1.0) == pytest.approx(-EDGE, abs=1e-15)


def test_the_first_rows_of_the_windowed_gaussian_are_the_published_ones():
    """results/windowedGaussian/realTraffic/windowedGaussian_speed_7578.csv."""
    speeds = np.array([73, 62, 66, 69, 65, 76, 65, 62, 61, 65, 68, 66], float)
    published = [
        0.0, 1.0, 0.607468565726, 0.670010205067, 0.732428273801, 0.991921534369,
        0.76764895003, 0.904032549238, 0.906490564606, 0.625076556718, 0.634556876563, 0.548677868807,
    ]  # fmt: skip
    assert windowed_gaussian(speeds) == pytest.approx(published, abs=1e-12)


def test_the_published_results_of_every_file_are_reproduced(shared_data):
    """Score and points of NAB's windowed Gaussian at its published threshold, by running it and scoring it."""
    published = pd.read_csv(PUBLISHED).query("detector == 'windowedGaussian'").set_index("file")
    ours = {}
    for name, (values, windows) in read_values(shared_data / "baselines_nab").items():
        scored = series_of(name, values, windows, windowed_gaussian(values.to_numpy()))
        ours[name] = score(scored, 1.0, PROFILES["standard"])
    assert set(ours) == set(published.index)
    for name, found in ours.items():
        expected = published.loc[name]
        assert (found.hits, found.false_alerts) == (expected.hits, expected.false_alerts), name
        assert found.score == pytest.approx(expected.score, abs=1e-6), name


def test_never_to_alert_is_0_and_every_window_found_at_once_is_100():
    for profile in PROFILES.values():
        assert normalised(-116 * profile.missed, 116, profile) == 0
        assert normalised(116 * profile.found, 116, profile) == 100


def test_published_totals_give_the_published_final_scores():
    """results/final_results.json: 116 windows; totals from each detector's `_standard_scores.csv`."""
    totals = {
        "numenta": (46.6344501971, 70.10105611943965),
        "twitterADVec": (-6.81625917053, 47.06195725408189),
        "windowedGaussian": (-24.0131054891, 39.649523496077585),
        "skyline": (-33.2060596464, 35.687043255862065),
    }
    for total, final in totals.values():
        assert normalised(total, 116, PROFILES["standard"]) == pytest.approx(final, abs=1e-9)


def test_the_probation_is_15_percent_and_at_most_750_points():
    assert probation_points(4032) == 604
    assert probation_points(22695) == 750


@st.composite
def corpora(draw):
    series = []
    for number in range(draw(st.integers(1, 3))):
        scores = draw(st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), min_size=12, max_size=20))
        windows = draw(st.sampled_from([(), ((3, 5),), ((3, 5), (8, 10))]))
        series.append(Series(str(number), np.array(scores), windows, draw(st.integers(0, 3))))
    return series


@given(corpora(), st.sampled_from(list(PROFILES.values())))
def test_no_threshold_scores_better_than_the_best(corpus, profile):
    def total(threshold: float) -> float:
        return sum(score(series, threshold, profile).score for series in corpus)

    tried = [*np.unique(np.concatenate([series.scores for series in corpus])), 2.0]
    assert total(best_threshold(corpus, profile)) == pytest.approx(max(map(total, tried)))


def test_an_alert_costs_less_right_after_a_window_than_far_from_one():
    cost = weights(Series("case", np.zeros(30), ((4, 8),), 0), PROFILES["standard"])[9:]
    assert (np.diff(cost) <= 0).all()
    assert cost[0] > cost[-1] == -0.11

"""Means of small groups: published and hand-computed cases, and simulations of what is promised for a handful of people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cs_helpers.statistics.small_groups import difference_of_means, holm, mean_from_zero, permutation_p


def test_all_splits_of_a_few_people_are_counted() -> None:
    # 3 against 3: 20 splits; only this one and its mirror image differ as much
    assert permutation_p(np.array([4.0, 5, 5]), np.array([1.0, 2, 2])) == pytest.approx(2 / 20)
    # nobody differs: every split is as extreme
    assert permutation_p(np.array([3.0, 3]), np.array([3.0, 3, 3])) == 1


def test_the_permutation_test_is_that_of_scipy() -> None:
    draw = np.random.default_rng(3)
    for _ in range(5):
        first, second = draw.normal(0.8, 1, 4), draw.normal(0, 1, 8)
        other = stats.permutation_test(
            (first, second), lambda a, b: a.mean() - b.mean(), n_resamples=np.inf, permutation_type="independent"
        )  # fmt: skip
        # scipy doubles the smaller tail; of unequal groups the two tails differ, so only |difference| is compared
        extreme = np.abs(other.null_distribution) >= abs(other.statistic) - 1e-9
        assert permutation_p(first, second) == pytest.approx(extreme.mean())


def test_many_people_are_drawn_and_the_p_value_is_near_the_one_of_student() -> None:
    draw = np.random.default_rng(4)
    first, second = draw.normal(0.5, 1, 30), draw.normal(0, 1, 40)
    p = permutation_p(first, second)
    assert p == pytest.approx(stats.ttest_ind(first, second).pvalue, abs=0.01)
    assert permutation_p(first + 9, second) == pytest.approx(1 / 20_001)


def test_the_interval_is_that_of_welch() -> None:
    first, second = np.array([4.0, 4.5, 5, 3.5]), np.array([3.0, 2, 3.5, 2.5, 4, 3, 3, 2])
    found = difference_of_means(first, second)
    other = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert (found.value, found.low, found.high) == pytest.approx((1.375, other.low, other.high))
    assert found.excludes_zero


def test_where_nobody_varies_there_is_no_interval() -> None:
    found = difference_of_means(np.array([4.0, 4, 4]), np.array([3.0, 3, 3]))
    assert (found.value, found.p) == (1, 2 / 20)
    assert np.isnan(found.low)
    assert found.excludes_zero
    assert not difference_of_means(np.array([3.0, 3]), np.array([3.0, 3])).excludes_zero
    # five of five have the same sign: 2 of 32 ways
    always_stricter = mean_from_zero(np.full(5, -1.0))
    assert np.isnan(always_stricter.low)
    assert always_stricter.p == 2 / 32
    assert mean_from_zero(np.zeros(4)).p == mean_from_zero(np.array([0.5])).p == 1


def test_the_mean_of_few_has_the_interval_of_student() -> None:
    values = np.array([0.5, 1.0, -0.25, 0.75])
    found, other = mean_from_zero(values), stats.ttest_1samp(values, 0)
    assert found.p == pytest.approx(other.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(other.confidence_interval()))


def test_holm_is_that_of_statsmodels_and_leaves_out_what_could_not_be_tested() -> None:
    p = [0.04, 0.002, 0.5, 0.03, 0.011]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    with_gap = holm([0.01, np.nan, 0.04])
    assert with_gap[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(with_gap[1])
    assert len(holm([])) == 0


def scores(draw: np.random.Generator, runs: int, means: np.ndarray, raters: int) -> np.ndarray:
    """Mean ratings from 1 to 5: runs x people; each person has a level of their own, and each rater an error."""
    levels = means + draw.normal(0, 0.5, (runs, len(means)))
    rated = levels[..., None] + draw.normal(0, 0.7, (*levels.shape, raters))
    return np.clip(np.rint(rated), 1, 5).mean(axis=2)


@pytest.mark.parametrize("raters", [1, 3])
@pytest.mark.parametrize("shift", [0.0, 1.3])
def test_intervals_of_4_against_8_people_cover_the_true_difference(raters: int, shift: float) -> None:
    draw, runs = np.random.default_rng(11), 1500
    means = np.r_[np.full(4, 3 + shift), np.full(8, 3.0)]
    truth = scores(draw, 60_000, means, 1)[:, [0, 11]].mean(axis=0)
    found = [difference_of_means(x[:4], x[4:]) for x in scores(draw, runs, means, raters)]
    covered = np.mean([f.low <= truth[0] - truth[1] <= f.high for f in found if f.low == f.low])
    assert 0.93 <= covered <= 0.97


def test_six_elements_without_a_difference_are_called_different_in_few_teams() -> None:
    """Of 400 teams without a true difference, at most 5 % (plus chance) have any element that is called different."""
    draw, called = np.random.default_rng(12), 0
    means = np.full(12, 3.0)
    for _ in range(400):
        # what raters think of a person as a whole colours all elements
        halo = draw.normal(0, 0.3, 12)
        elements = [scores(draw, 1, means + halo, 3)[0] for _ in range(6)]
        found = [difference_of_means(x[:4], x[4:]) for x in elements]
        corrected = holm([f.p for f in found])
        called += any(p < 0.05 and f.excludes_zero for p, f in zip(corrected, found, strict=True))
    assert called / 400 <= 0.05 + 1.64 * np.sqrt(0.05 * 0.95 / 400)

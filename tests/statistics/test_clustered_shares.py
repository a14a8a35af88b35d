"""Shares of clustered things, against statsmodels, hand-computed cases, and shares that were drawn."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from cs_helpers.statistics.clustered_shares import clustered_share
from cs_helpers.statistics.proportions import wilson


def drawn(seed: int, clusters: int, share: float, *, alike: bool) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of some twelve things; of one kind each (alike), or each of shares of their own around `share`."""
    rng = np.random.default_rng(seed)
    sizes = rng.poisson(rng.gamma(2, 6, clusters)) + 1
    of_each = rng.beta(2 * share, 2 * (1 - share), clusters)
    return sizes * (rng.random(clusters) < share) if alike else rng.binomial(sizes, of_each), sizes


@pytest.mark.parametrize("seed", range(5))
def test_the_variance_is_that_of_a_regression_with_clustered_errors(seed: int) -> None:
    counts, sizes = drawn(seed, 30, 0.3, alike=False)
    each = np.concatenate([[1.0] * c + [0.0] * (s - c) for c, s in zip(counts, sizes, strict=True)])
    groups = np.repeat(np.arange(30), sizes)
    fit = sm.OLS(each, np.ones(len(each))).fit(cov_type="cluster", cov_kwds={"groups": groups})
    found = clustered_share(counts, sizes)
    assert found.share == pytest.approx(fit.params[0])
    student = (stats.t.ppf(0.975, 29) / stats.norm.ppf(0.975)) ** 2
    assert found.share * (1 - found.share) / found.effective / student == pytest.approx(fit.bse[0] ** 2)


def test_clusters_of_one_thing_each_have_the_interval_of_wilson_widened_for_few_of_them() -> None:
    # 5 of 20: variance 20/19 * (5 * .75^2 + 15 * .25^2) / 400 = .0098684, so 19 independent things, and t(19) = 2.0930
    found = clustered_share(np.array([1] * 5 + [0] * 15), np.ones(20))
    assert found.effective == pytest.approx(19 * (1.959964 / 2.093024) ** 2, rel=1e-6)
    assert (found.low, found.high) == wilson(0.25 * found.effective, found.effective)


def test_things_of_one_cluster_that_are_all_alike_count_once() -> None:
    once = clustered_share(np.array([1] * 5 + [0] * 15), np.ones(20))
    assert clustered_share(np.array([9] * 5 + [0] * 15), np.full(20, 9)) == once


def test_where_none_is_of_the_kind_each_cluster_counts_as_one_thing() -> None:
    found = clustered_share(np.zeros(20), np.full(20, 50))
    assert (found.share, found.low, found.high) == (0.0, *wilson(0, 20))
    assert found.p_value(0.25) < 0.05 < found.p_value(0.05)
    assert found.p_value(0.0) == 1


def test_few_clusters_have_a_share_and_no_interval_and_nothing_is_tested() -> None:
    found = clustered_share(np.array([3, 0]), np.array([4, 4]))
    assert found.share == 0.375
    assert np.isnan([found.low, found.high, found.p_value(0.9)]).all()
    assert np.isnan(clustered_share(np.array([]), np.array([])).share)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("clusters", [12, 50])
def test_intervals_cover_the_share_and_the_test_agrees_with_them(
    clusters: int, alike: bool, share: float
) -> None:
    """Of 600 draws about 95 % are covered; few clusters of very different sizes cost some (measured: 86 to 97 %)."""
    found = [clustered_share(*drawn(seed, clusters, share, alike=alike)) for seed in range(600)]
    covered = np.array([f.low <= share <= f.high for f in found])
    assert covered.mean() > (0.84 if clusters == 12 else 0.9)
    accepted = np.array([f.p_value(share) > 0.05 for f in found])
    assert (covered == accepted).all()

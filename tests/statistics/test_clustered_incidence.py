"""Waits that come in clusters: the curve is that of Kaplan and Meier, its interval allows for clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from cs_helpers.statistics.bootstrap import _weights
from cs_helpers.statistics.clustered_incidence import ClusteredIncidence
from cs_helpers.statistics.survival import LEFT, REACHED, incidence, share_at


def waits(clusters: int, per_cluster: int, seed: int, leaving: float = 0.0) -> ClusteredIncidence:
    """Waits of clusters that are each slow or fast; observed for up to 100 days."""
    draw = np.random.default_rng(seed)
    slow = np.repeat(draw.exponential(60, clusters), per_cluster)
    days = np.ceil(slow * draw.uniform(0.8, 1.2, len(slow)))
    over = np.where(draw.random(len(days)) < leaving, LEFT, REACHED)
    outcome = np.where(days <= 100, over, 0)
    cluster = np.repeat([f"c{n:02d}" for n in range(clusters)], per_cluster)
    return ClusteredIncidence(pd.Series(np.minimum(days, 100.0)), pd.Series(outcome), pd.Series(cluster))


def test_the_curve_and_the_median_are_those_of_statsmodels() -> None:
    found = waits(41, 3, 1)
    reference = SurvfuncRight(found.days, found.outcome == REACHED)
    at = found.curve.set_index("day")["share"]
    assert at.loc[reference.surv_times].to_numpy() == pytest.approx(1 - reference.surv_prob)
    assert found.median()[0] == reference.quantile(0.5)


@pytest.mark.parametrize("leaving", [0.0, 0.3])
def test_resamples_are_curves_of_the_rows_of_the_drawn_clusters(leaving: float) -> None:
    found = waits(12, 3, 2, leaving)
    weights = _weights(12)[0]
    days = found.conversion.curve["day"].to_numpy()
    for resample in (0, 7, 99):
        times = weights[pd.factorize(found.cluster, sort=True)[0], resample].astype(int)
        rows = np.repeat(np.arange(len(times)), times)
        curve = incidence(found.days.iloc[rows], found.outcome.iloc[rows])
        expected = [share_at(curve, day)[0] for day in days]
        assert found._shares[: len(days), resample] == pytest.approx(np.array(expected))


def test_waits_of_one_cluster_that_are_alike_are_less_certain_than_so_many_customers() -> None:
    found = waits(40, 6, 3)
    naive = found.conversion.median()
    median, low, high = found.median()
    assert low <= median <= high
    assert high - low > 1.5 * (naive[2] - naive[1])


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    truth = 60 * np.log(2)
    held = [
        low <= truth * 1.2 and high >= truth * 0.8
        for _, low, high in (waits(40, 4, s).median() for s in range(40))
    ]
    assert np.mean(held) >= 0.9


def test_few_clusters_have_no_interval() -> None:
    median, low, high = waits(9, 5, 4).median()
    assert median == median
    assert np.isnan([low, high]).all()
    assert waits(9, 5, 4).curve["low"].isna().all()

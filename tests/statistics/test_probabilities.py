"""Brier score, calibration and shares by cluster: hand-worked cases, statsmodels, and how often intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from cs_helpers.statistics.probabilities import brier, calibration, clustered_share
from cs_helpers.statistics.proportions import wilson


def test_a_brier_score_worked_out_by_hand() -> None:
    # errors .2, .3, .9 and .1 squared: .04 + .09 + .81 + .01; the base rate of .25 everywhere: .0625 x 3 + .5625
    event = np.array([False, False, False, True])
    found = brier(event, np.array([0.2, 0.3, 0.9, 0.9]), np.full(4, 0.25), np.arange(4))
    assert found.score == pytest.approx(0.95 / 4)
    assert found.reference == pytest.approx(0.75 / 4)
    assert found.skill == pytest.approx(1 - 0.95 / 0.75)


def test_the_base_rate_itself_has_no_skill_and_certainty_that_holds_all_of_it() -> None:
    event = np.repeat([True, False], [10, 30])
    base = np.full(40, 0.25)
    assert brier(event, base, base, np.arange(40)).skill == 0
    assert brier(event, event.astype(float), base, np.arange(40)).skill == 1


def predictions(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.5, 1.2, n)
    return rng.random(n) < expit(0.3 + 0.6 * z), expit(z), rng.integers(0, n // 3, n)


def test_slope_intercept_and_their_errors_are_those_of_statsmodels() -> None:
    event, p, cluster = predictions(1)
    z = logit(p)
    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": cluster, "use_correction": False}}
    family = sm.families.Binomial()
    slope = sm.GLM(event.astype(float), sm.add_constant(z), family=family).fit(**clustered)
    shift = sm.GLM(event.astype(float), np.ones((len(z), 1)), family=family, offset=z).fit(**clustered)
    found = calibration(event, p, cluster)
    assert found is not None
    assert (found.slope, found.slope_low, found.slope_high) == pytest.approx(
        (slope.params[1], *slope.conf_int()[1]), abs=1e-4
    )
    assert (found.intercept, found.intercept_low, found.intercept_high) == pytest.approx(
        (shift.params[0], *shift.conf_int()[0]), abs=1e-4
    )


def test_probabilities_that_are_all_alike_have_no_slope() -> None:
    event = np.repeat([True, False], [10, 30])
    assert calibration(event, np.full(40, 0.25), np.arange(40)) is None
    assert calibration(np.zeros(40, bool), np.linspace(0.1, 0.9, 40), np.arange(40)) is None


def test_a_share_of_independent_rows_has_wilsons_interval() -> None:
    event = np.repeat([True, False], [8, 2])
    share, low, high = clustered_share(event, np.arange(10))
    assert share == 0.8
    # the variance between single rows is n / (n - 1) of the binomial one
    assert (low, high) == pytest.approx(wilson(7.2, 9), abs=1e-12)


def test_rows_that_repeat_a_customer_add_nothing() -> None:
    event = np.repeat([True, False], [8, 12])
    once = clustered_share(event, np.arange(20))
    fivefold = clustered_share(np.repeat(event, 5), np.repeat(np.arange(20), 5))
    assert fivefold == pytest.approx(once, abs=1e-12)


def test_where_nobody_had_the_event_customers_are_counted() -> None:
    share, low, high = clustered_share(np.zeros(40, bool), np.repeat(np.arange(10), 4))
    assert (share, low, high) == (0.0, *wilson(0, 10))


@pytest.mark.thorough
def test_the_interval_of_a_share_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(600):
        rng = np.random.default_rng([9, seed])
        chance = rng.beta(2, 8, 60)  # the mean is .2
        _, low, high = clustered_share(rng.random(300) < np.repeat(chance, 5), np.repeat(np.arange(60), 5))
        held += low <= 0.2 <= high
    assert 0.92 <= held / 600 <= 0.98

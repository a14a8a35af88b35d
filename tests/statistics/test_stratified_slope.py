"""The slope within strata: against statsmodels with dummies and clusters, by hand, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cs_helpers.statistics.stratified_slope import stratified_slope

#: value, outcome, weight, stratum, customer
rows = st.lists(
    st.tuples(st.integers(0, 4), st.floats(0, 2), st.integers(1, 50), st.integers(0, 3), st.integers(0, 25)),
    min_size=40,
    max_size=80,
)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_it_is_weighted_least_squares_with_a_constant_a_stratum_and_errors_by_customer(found) -> None:
    value, outcome, weight, stratum, customer = (np.array(part, float) for part in zip(*found, strict=True))
    slope = stratified_slope(value, outcome, weight, stratum, customer)
    dummies = (stratum[:, None] == np.unique(stratum)[None, :]).astype(float)
    design = np.column_stack([value, dummies])
    if np.linalg.matrix_rank(design) < design.shape[1] or slope.customers < 2:
        assert np.isnan(slope.value)
        return
    fit = sm.WLS(outcome, design, weights=weight).fit(
        cov_type="cluster", cov_kwds={"groups": customer, "use_correction": False}
    )
    assert slope.value == pytest.approx(fit.params[0], abs=1e-8)
    if slope.customers >= 10:
        clusters = slope.customers
        error = fit.bse[0] * np.sqrt(clusters / (clusters - 1))
        reach = float(stats.t.ppf(0.975, clusters - 1)) * error
        assert (slope.high - slope.low) / 2 == pytest.approx(reach, rel=1e-6, abs=1e-8)


def test_a_stratum_of_one_level_says_nothing() -> None:
    # in the first stratum one level more pays 0.2 more; the second has one level only, so its 9.9 does not count
    slope = stratified_slope(
        np.array([1, 2, 3.0]), np.array([1.0, 1.2, 9.9]), np.ones(3), np.array([0, 0, 1]), np.array([0, 1, 2])
    )
    assert slope.value == pytest.approx(0.2)
    assert slope.customers == 2
    assert np.isnan(slope.low), "two customers are too few for an interval"


def test_nothing_to_compare_has_no_slope() -> None:
    empty = np.zeros(0)
    assert np.isnan(stratified_slope(empty, empty, empty, empty, empty).value)
    same = stratified_slope(np.ones(4), np.arange(4.0), np.ones(4), np.zeros(4), np.arange(4))
    assert np.isnan(same.value)
    assert same.customers == 0


def test_the_interval_holds_the_truth_in_some_nineteen_of_twenty_simulations() -> None:
    held = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        customer = np.repeat(np.arange(80), 3)
        stratum = random.integers(0, 5, 240)
        level = np.repeat(random.integers(0, 5, 80), 3).astype(float)
        weight = np.repeat(random.lognormal(0, 1, 80), 3)
        own = np.repeat(random.normal(0, 0.2, 80), 3)  # a customer's years are alike
        outcome = 1 + 0.05 * level + 0.1 * stratum + own + random.normal(0, 0.2, 240)
        slope = stratified_slope(level, outcome, weight, stratum, customer)
        held += slope.low <= 0.05 <= slope.high
    assert held >= 180

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


@settings(max_examples=25, deadline=None)
@given(rows)
def test_it_is_weighted_least_squares_with_a_constant_a_stratum_and_a_jackknife_of_customers(found) -> None:
    value, outcome, weight, stratum, customer = (np.array(part, float) for part in zip(*found, strict=True))
    slope = stratified_slope(value, outcome, weight, stratum, customer)
    dummies = (stratum[:, None] == np.unique(stratum)[None, :]).astype(float)
    design = np.column_stack([value, dummies])
    if np.linalg.matrix_rank(design) < design.shape[1] or slope.customers < 2:
        assert np.isnan(slope.value)
        return
    fit = sm.WLS(outcome, design, weights=weight).fit()
    assert slope.value == pytest.approx(fit.params[0], abs=1e-8)
    if not np.isnan(slope.low):
        # once more for each customer, without it
        varied = [np.ptp(value[stratum == k]) > 0 for k in stratum]
        others = [
            sm.WLS(outcome[customer != c], design[customer != c], weights=weight[customer != c])
            .fit()
            .params[0]
            for c in np.unique(customer[varied])
        ]
        clusters = len(others)
        assert slope.customers == clusters
        error = np.sqrt((clusters - 1) / clusters * np.sum((np.array(others) - fit.params[0]) ** 2))
        reach = float(stats.t.ppf(0.975, clusters - 1)) * error
        assert (slope.high - slope.low) / 2 == pytest.approx(reach, rel=1e-5, abs=1e-8)


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


@pytest.mark.parametrize("customers", [12, 80])
def test_the_interval_holds_the_truth_in_some_nineteen_of_twenty_simulations(customers: int) -> None:
    held = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        customer = np.repeat(np.arange(customers), 3)
        stratum = random.integers(0, 5 if customers > 20 else 2, 3 * customers)
        level = np.repeat(random.integers(0, 5, customers), 3).astype(float)
        weight = np.repeat(random.lognormal(0, 1, customers), 3)
        own = np.repeat(random.normal(0, 0.2, customers), 3)  # a customer's years are alike
        outcome = 1 + 0.05 * level + 0.1 * stratum + own + random.normal(0, 0.2, 3 * customers)
        slope = stratified_slope(level, outcome, weight, stratum, customer)
        held += slope.low <= 0.05 <= slope.high
    assert held >= 184

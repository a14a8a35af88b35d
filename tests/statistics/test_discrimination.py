"""AUC, differences of AUCs and lift: published examples, hand-worked cases, scipy, and a bootstrap over customers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cs_helpers.statistics.discrimination import auc, auc_difference, lift, standard_error

#: albumin, total protein, K-G score, and whether surgery helped: DeLong et al. (1988), as in SAS/STAT, PROC LOGISTIC
_ROWS = """3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0 1.6 5.6 5 1
    3.8 5.7 5 1 3.7 6.7 6 1 3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1 4.3 7.0 4 1 3.6 6.7 4 0
    2.3 4.4 6 1 4.2 7.6 4 0 4.0 6.6 6 0 3.5 5.8 6 1 3.8 6.8 7 1 3.0 4.7 8 0 4.5 7.4 5 1 3.7 7.4 5 1
    3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1 4.3 6.5 4 1 3.2 5.1 5 1 2.6 4.7 6 1 3.3 6.8 6 0 1.7 4.0 7 0
    3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1 3.5 6.2 5 1 2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0 4.0 7.0 7 1
    3.3 5.7 6 1 3.7 6.9 5 1 3.6 6.6 5 1"""
OVARIAN = np.array(_ROWS.split(), float).reshape(-1, 4)
HELPED = OVARIAN[:, 3] == 1
ALBUMIN, PROTEIN, SCORE = OVARIAN[:, 0], OVARIAN[:, 1], 10 - OVARIAN[:, 2]


@pytest.mark.parametrize(
    ("test", "area", "error"), [(ALBUMIN, 0.7366, 0.0927), (SCORE, 0.7258, 0.1028), (PROTEIN, 0.6478, 0.1000)]
)
def test_the_areas_of_delong_and_colleagues(test: np.ndarray, area: float, error: float) -> None:
    found = auc(HELPED, test)
    assert found.value == pytest.approx(area, abs=5e-5)
    assert standard_error(found) == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize(
    ("test", "difference", "low", "high"),
    [(ALBUMIN, 0.0108, -0.1761, 0.1976), (PROTEIN, -0.0780, -0.2830, 0.1271)],
)
def test_the_paired_differences_of_delong_and_colleagues(
    test: np.ndarray, difference: float, low: float, high: float
) -> None:
    found = auc_difference(auc(HELPED, test), auc(HELPED, SCORE))
    assert found == pytest.approx((difference, low, high), abs=6e-5)


def test_the_area_and_variance_that_proc_publishes() -> None:
    # WFNS grades 1 to 5 of 72 patients with a good and 41 with a poor outcome (aSAH; Turck et al. 2010, pROC's tests)
    good, poor = np.repeat(np.arange(5), [37, 20, 3, 8, 4]), np.repeat(np.arange(5), [2, 12, 1, 8, 18])
    found = auc(np.r_[np.zeros(72, bool), np.ones(41, bool)], np.r_[good, poor])
    assert found.value == pytest.approx(0.8236789, abs=5e-8)
    assert standard_error(found) ** 2 == pytest.approx(0.00146991470882363, rel=1e-10)


def test_an_area_worked_out_by_hand() -> None:
    # pairs: 3 > 1, 3 > 2, 2 > 1, 2 = 2
    found = auc(np.array([True, True, False, False]), np.array([3, 2, 1, 2]))
    assert found.value == 3.5 / 4


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40))
def test_the_area_is_that_of_mann_and_whitney(rows: list[tuple[bool, int]]) -> None:
    event, risk = np.array([e for e, _ in rows]), np.array([r for _, r in rows], float)
    found = auc(event, risk)
    if event.all() or not event.any():
        assert math.isnan(found.value)
        return
    u = stats.mannwhitneyu(risk[event], risk[~event]).statistic
    assert found.value == pytest.approx(u / (event.sum() * (~event).sum()))
    assert 0 <= found.low <= found.value <= found.high <= 1
    turned = auc(event, -risk)
    assert turned.value == pytest.approx(1 - found.value)
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-6)


def test_perfect_order_still_has_an_interval() -> None:
    found = auc(np.repeat([True, False], [5, 20]), np.repeat([1.0, 0.0], [5, 20]))
    assert (found.value, found.high) == (1, 1)
    assert 0.5 < found.low < 0.95


def test_a_score_that_is_the_same_for_all_tells_nothing() -> None:
    found = auc(np.repeat([True, False], [5, 20]), np.zeros(25))
    assert found.value == 0.5
    assert found.low < 0.35
    assert found.high > 0.65


def test_only_rows_of_the_same_date_are_compared() -> None:
    # within each date the score says nothing; between them it would: all events fall on the second
    event = np.array([False] * 8 + [True, True, False, False])
    risk = np.array([1] * 8 + [2] * 4)
    dates = np.array([1] * 8 + [2] * 4)
    assert auc(event, risk).value > 0.8
    assert auc(event, risk, stratum=dates).value == 0.5


def panel(seed: int, n: int = 120, dates: int = 4) -> tuple[np.ndarray, ...]:
    """Customers seen at several dates, with a trait that lasts: event, risk, other risk, customer, date."""
    rng = np.random.default_rng([7, seed])
    leaves = rng.random(n) < 0.2
    trait, other = rng.normal(leaves * 0.8, 1), rng.normal(leaves * 0.4, 1)
    customer, date = np.repeat(np.arange(n), dates), np.tile(np.arange(dates), n)
    event = leaves[customer] & (date >= dates - 2)
    noise, more = rng.normal(0, 0.5, (2, n * dates))
    return event, trait[customer] + noise, other[customer] + more, customer, date


def test_the_interval_of_customers_seen_several_times_is_that_of_a_bootstrap_over_customers() -> None:
    event, risk, other, customer, date = panel(0)
    found, second = (auc(event, r, customer, date) for r in (risk, other))
    values, differences = [], []
    rng = np.random.default_rng(1)
    for _ in range(400):
        drawn = rng.integers(0, 120, 120)
        rows = (drawn[:, None] * 4 + np.arange(4)).ravel()
        again = [auc(event[rows], r[rows], None, date[rows]).value for r in (risk, other)]
        values.append(again[0])
        differences.append(again[0] - again[1])
    assert standard_error(found) == pytest.approx(np.std(values), rel=0.15)
    _, low, high = auc_difference(found, second)
    assert (high - low) / 2 / 1.96 == pytest.approx(np.std(differences), rel=0.15)
    # as if each row were a customer of its own, the interval would be far too narrow
    assert standard_error(auc(event, risk, None, date)) < 0.85 * standard_error(found)


@pytest.mark.thorough
@pytest.mark.parametrize("effect", [0.0, 0.8, 1.6])
@pytest.mark.parametrize("leavers", [10, 24])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(leavers: int, effect: float) -> None:
    truth, held, rounds, n, dates = stats.norm.cdf(effect / math.sqrt(2 * (1 + 0.25))), 0, 400, 80, 4
    customer, date = np.repeat(np.arange(n), dates), np.tile(np.arange(dates), n)
    event = (customer < leavers) & (date >= dates - 2)
    for seed in range(rounds):
        rng = np.random.default_rng([7, seed])
        trait = rng.normal((np.arange(n) < leavers) * effect, 1)
        found = auc(event, trait[customer] + rng.normal(0, 0.5, n * dates), customer, date)
        held += found.low <= truth <= found.high
    assert 0.92 <= held / rounds <= 0.985


def test_lift_of_the_top_tenth_worked_out_by_hand() -> None:
    # 2 of 20 in the top tenth, one of them an event; 4 events of 20 in all
    risk = np.arange(20.0)
    event = np.isin(risk, [19, 3, 4, 5])
    value, _, _ = lift(event, risk, np.arange(20), np.zeros(20))
    assert value == pytest.approx((1 / 2) / (4 / 20))


def test_ties_at_the_border_of_the_top_tenth_count_in_part() -> None:
    event = np.repeat([True, False], [5, 15])
    value, _, _ = lift(event, np.zeros(20), np.arange(20), np.zeros(20))
    assert value == pytest.approx(1)


def test_the_interval_of_a_lift_holds_1_where_the_score_is_noise() -> None:
    rng = np.random.default_rng(4)
    value, low, high = lift(rng.random(400) < 0.2, rng.normal(size=400), np.arange(400), np.zeros(400))
    assert low < 1 < high
    assert low <= value <= high


def test_lift_without_any_event_is_not_known() -> None:
    assert all(math.isnan(v) for v in lift(np.zeros(20, bool), np.arange(20.0), np.arange(20), np.zeros(20)))

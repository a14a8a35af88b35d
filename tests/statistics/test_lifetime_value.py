"""Lifetime value: the published fit, closed forms, and limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cs_helpers.statistics.lifetime_value import ShiftedBetaGeometric, constant_hazard, retained_value

#: Fader and Hardie (2007), table 1: customers of 100 left after each year
HIGH_END = np.array([100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1])


def test_the_published_cohort_gives_the_published_parameters() -> None:
    lost = -np.diff(HIGH_END)
    kept = np.r_[np.zeros(6), HIGH_END[-1]]
    fitted = ShiftedBetaGeometric.fit(lost, kept)
    assert fitted is not None
    assert fitted.alpha == pytest.approx(0.668, abs=5e-4)
    assert fitted.beta == pytest.approx(3.806, abs=2e-3)


def test_survival_is_the_product_of_the_retention_rates_of_the_paper() -> None:
    # r(t) = (beta + t - 1) / (alpha + beta + t - 1), Fader and Hardie (2007), equation 8
    model = ShiftedBetaGeometric(0.668, 3.806)
    rates = [(3.806 + t - 1) / (0.668 + 3.806 + t - 1) for t in range(1, 13)]
    assert model.survival(np.arange(13)) == pytest.approx(np.r_[1, np.cumprod(rates)])


def test_customers_who_are_alike_give_a_geometric_curve() -> None:
    lost = 1000 * 0.2 * 0.8 ** np.arange(8)
    fitted = ShiftedBetaGeometric.fit(lost, np.r_[np.zeros(7), 1000 * 0.8**8])
    assert fitted is not None
    assert fitted.survival(np.arange(9)) == pytest.approx(0.8 ** np.arange(9), abs=0.005)


@pytest.mark.parametrize(("lost", "kept"), [([0, 0], [5, 5]), ([3], [0]), ([0], [0])])
def test_without_a_loss_or_without_anybody_who_stayed_nothing_is_fitted(lost: list, kept: list) -> None:
    assert ShiftedBetaGeometric.fit(np.array(lost), np.array(kept)) is None


def test_margin_divided_by_the_rate_of_loss() -> None:
    # 12 lost in 1,200 customer-months: 1 % a month; the exact interval of a count of 12 is 6.201 to 20.962
    value, low, high = constant_hazard(1_000, 12, 1_200)
    assert value == pytest.approx(100_000)
    assert (low, high) == (pytest.approx(1.2e6 / 20.962, rel=1e-3), pytest.approx(1.2e6 / 6.201, rel=1e-3))


def test_without_a_loss_only_the_lower_end_is_known() -> None:
    value, low, high = constant_hazard(1_000, 0, 1_200)
    assert (value, high) == (float("inf"), float("inf"))
    assert low == pytest.approx(1.2e6 / stats.chi2.ppf(0.975, 2) * 2)


@given(st.floats(0, 0.5), st.integers(1, 120))
def test_discounted_geometric_survival_has_a_closed_form(rate: float, months: int) -> None:
    ratio = 0.97 / (1 + rate) ** (1 / 12)
    found = retained_value(50, 0.97 ** np.arange(months), rate)
    assert found == pytest.approx(50 * (1 - ratio**months) / (1 - ratio))

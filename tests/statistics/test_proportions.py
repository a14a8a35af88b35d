"""Shares and rates against published numbers, scipy's exact tests, and the laws they must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from cs_helpers.statistics.proportions import benjamini_hochberg, newcombe, rate_ratio, wilson

counts = st.integers(0, 200)
exposures = st.floats(0.5, 500)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"), [(8, 10, 0.490, 0.943), (0, 6, 0.0, 0.390)], ids=["8 of 10", "0 of 6"]
)
def test_wilson_gives_the_published_intervals(count: int, n: int, low: float, high: float) -> None:
    assert wilson(count, n) == pytest.approx((low, high), abs=5e-4)


def test_wilson_of_nobody_is_unknown() -> None:
    assert np.isnan(wilson(0, 0)).all()


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_holds_the_share_and_stays_between_0_and_1(n: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, n))
    low, high = wilson(count, n)
    assert 0 <= low <= count / n + 1e-12
    assert count / n - 1e-12 <= high <= 1


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_of_those_who_did_mirrors_that_of_those_who_did_not(n: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, n))
    low, high = wilson(count, n)
    assert wilson(n - count, n) == pytest.approx((1 - high, 1 - low))


@given(n=st.integers(1, 500), alpha=st.sampled_from([0.05, 0.1, 0.01]), data=st.data())
def test_wilson_is_that_of_statsmodels(n: int, alpha: float, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, n))
    expected = proportion_confint(count, n, alpha=alpha, method="wilson")
    assert wilson(count, n, alpha=alpha) == pytest.approx(np.clip(expected, 0, 1), abs=1e-12)


@pytest.mark.parametrize(
    ("of", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_intervals(
    of: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe 1998, table II, method 10."""
    assert newcombe(*of) == pytest.approx((low, high), abs=5e-5)


@given(n=st.integers(1, 300), m=st.integers(1, 300), data=st.data())
def test_newcombe_is_that_of_statsmodels(n: int, m: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    expected = confint_proportions_2indep(a, n, b, m, compare="diff", method="newcomb")
    assert newcombe(a, n, b, m) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("count", "exposure", "other_count", "other_exposure"),
    [(10, 100, 30, 100), (3, 8, 40, 31), (0, 20, 7, 25), (12, 9.5, 0, 30.25), (200, 90, 180, 110)],
)
def test_rate_ratio_is_the_exact_binomial_conditional_on_the_sum(
    count: int, exposure: float, other_count: int, other_exposure: float
) -> None:
    share = exposure / (exposure + other_exposure)
    test = binomtest(count, count + other_count, share)
    bounds = test.proportion_ci(0.95, method="exact")
    with np.errstate(divide="ignore"):
        expected = [np.float64(p) / (1 - p) * other_exposure / exposure for p in (bounds.low, bounds.high)]
    one_sided = [
        binomtest(count, count + other_count, share, alternative=side).pvalue for side in ("less", "greater")
    ]
    _, low, high, p = rate_ratio(count, exposure, other_count, other_exposure)
    assert [low, high] == pytest.approx(expected)
    assert p == pytest.approx(min(1.0, 2 * min(one_sided)))


def test_rate_ratio_is_the_ratio_of_the_rates() -> None:
    assert rate_ratio(18, 18, 60, 20)[0] == pytest.approx(1 / 3)


def test_rate_ratio_is_infinite_where_only_the_other_counted_none() -> None:
    ratio, low, high, _ = rate_ratio(5, 10, 0, 10)
    assert ratio == high == float("inf")
    assert low > 0


def test_rate_ratio_says_nothing_from_no_events_at_all() -> None:
    ratio, low, high, p = rate_ratio(0, 10, 0, 20)
    assert np.isnan(ratio)
    assert (low, high, p) == (0.0, float("inf"), 1.0)


@given(a=counts.filter(bool), m=exposures, b=counts.filter(bool), n=exposures)
def test_swapping_the_two_gives_the_inverse_ratio_and_the_same_p(a: int, m: float, b: int, n: float) -> None:
    ratio, low, high, p = rate_ratio(a, m, b, n)
    other_ratio, other_low, other_high, other_p = rate_ratio(b, n, a, m)
    assert (other_ratio, other_p) == pytest.approx((1 / ratio, p))
    assert (other_low, other_high) == pytest.approx((1 / high, 1 / low))


@given(count=counts.filter(bool), exposure=exposures)
def test_equal_rates_give_a_ratio_of_1_and_no_doubt_about_it(count: int, exposure: float) -> None:
    ratio, low, high, p = rate_ratio(count, exposure, count, exposure)
    assert ratio == pytest.approx(1)
    assert low < 1 < high
    assert p > 0.95


@given(a=counts, m=exposures, b=counts, n=exposures, dispersion=st.floats(1.1, 10))
def test_dispersion_widens_the_interval(a: int, m: float, b: int, n: float, dispersion: float) -> None:
    if a + b == 0:
        return
    _, low, high, _ = rate_ratio(a, m, b, n)
    _, wider_low, wider_high, _ = rate_ratio(a, m, b, n, dispersion=dispersion)
    assert wider_low <= low * (1 + 1e-9)
    assert wider_high >= high * (1 - 1e-9)


def test_dispersion_below_1_does_not_narrow_the_interval() -> None:
    assert rate_ratio(10, 20, 30, 20, dispersion=0.2) == rate_ratio(10, 20, 30, 20)


def test_benjamini_hochberg_keeps_all_up_to_the_last_p_below_its_line() -> None:
    # sorted: .005 <= .01, .021 > .02, .028 <= .03, .041 > .04, .5 > .05 (line q * rank / 5): the
    # third is the last below its line, so it and the second, though above its own, stand
    p_values = [0.5, 0.028, 0.005, 0.041, 0.021]
    assert benjamini_hochberg(p_values, q=0.05).tolist() == [False, True, True, False, True]


def test_benjamini_hochberg_of_nothing_is_nothing() -> None:
    assert len(benjamini_hochberg([], q=0.05)) == 0

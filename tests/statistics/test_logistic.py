"""Penalised logistic regression with signs, against statsmodels, scipy and closed cases."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from cs_helpers.statistics.logistic import fit_logistic, log_loss, predicted, towards


def rows(seed: int, n: int = 200, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k))
    return x, rng.random(n) < expit(-1 + x @ np.linspace(-1, 1, k))


def test_without_penalty_it_is_the_maximum_likelihood_of_statsmodels() -> None:
    x, event = rows(1)
    expected = sm.Logit(event.astype(float), sm.add_constant(x)).fit(disp=0)
    found = fit_logistic(x, event)
    assert found == pytest.approx(expected.params, abs=1e-5)
    assert log_loss(x, event, found) == pytest.approx(-expected.llf, abs=1e-6)
    assert predicted(x, found) == pytest.approx(expected.predict(), abs=1e-5)


def test_with_no_column_at_all_the_intercept_is_that_of_the_share() -> None:
    event = np.repeat([True, False], [20, 80])
    assert fit_logistic(np.zeros((100, 0)), event)[0] == pytest.approx(np.log(0.25))


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.tuples(*[st.sampled_from([-1, 0, 1])] * 3))
def test_with_penalty_and_signs_it_is_the_minimum_that_scipy_finds(
    seed: int, weight: float, signs: tuple[int, ...]
) -> None:
    x, event = rows(seed, n=60)
    penalty = weight * towards(np.array([1.0, 2.0, 3.0]))
    y = event.astype(float)

    def loss(b: np.ndarray) -> float:
        z = b[0] + x @ b[1:]
        return float(np.logaddexp(0, z).sum() - y @ z + b[1:] @ penalty @ b[1:] / 2 + 5e-9 * b[1:] @ b[1:])

    bounds = [(None, None), *((0 if s > 0 else None, 0 if s < 0 else None) for s in signs)]
    expected = minimize(
        loss, np.zeros(4), method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000, "ftol": 1e-14}
    )
    found = fit_logistic(x, event, penalty, signs=np.array(signs, float))
    assert loss(found) <= expected.fun + 1e-6
    assert all(s * b >= 0 for s, b in zip(signs, found[1:], strict=True))


def test_a_large_penalty_keeps_the_declared_proportions() -> None:
    x, event = rows(3, n=500)
    declared = np.array([3.0, 2.0, 1.0])
    found = fit_logistic(x, event, 1e7 * towards(declared))
    assert found[1:] / found[1] == pytest.approx(declared / 3, rel=1e-3)
    # and the factor is the one that fits best: that of the declared score alone
    alone = sm.Logit(event.astype(float), sm.add_constant(x @ declared)).fit(disp=0)
    assert found[1] / 3 == pytest.approx(alone.params[1], rel=1e-3)


def test_a_column_that_says_the_wrong_thing_gets_no_weight() -> None:
    x, event = rows(5, n=800)
    found = fit_logistic(x, event, signs=np.array([1.0, 0.0, 1.0]))  # the first column has a negative effect
    assert found[1] == 0
    without = fit_logistic(x[:, 1:], event, signs=np.array([0.0, 1.0]))
    assert found[2:] == pytest.approx(without[1:], abs=1e-4)

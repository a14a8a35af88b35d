"""The distribution of forecast errors, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from builders import random
from scipy import stats
from scipy.optimize import minimize

from cs_helpers.statistics.student_errors import FREEDOM, error_distribution, fit_student_t


@pytest.mark.parametrize("freedom", [2.5, 5, 30])
@pytest.mark.parametrize("days", [60, 730])
def test_the_student_t_of_the_errors_is_the_one_that_scipy_finds(freedom: float, days: int) -> None:
    errors = stats.t.rvs(freedom, loc=0.3, scale=1.1, size=days, random_state=random(days))

    def thorough(loss, start, args=(), disp=0):  # type: ignore[no-untyped-def]
        # left alone, scipy stops its search at a ten-thousandth
        options = {"xatol": 1e-10, "fatol": 1e-12, "maxfev": 10_000}
        return minimize(loss, start, args, method="Nelder-Mead", options=options).x

    _, centre, scale = stats.t.fit(errors, f0=freedom, optimizer=thorough)
    found = fit_student_t(errors, np.array([freedom, 100.0]))
    assert (found[0][0], found[1][0]) == pytest.approx((centre, scale), rel=1e-5)


def test_fits_weigh_by_their_likelihood_and_heavy_tails_more() -> None:
    errors = stats.t.rvs(4, size=300, random_state=random(1))
    found = error_distribution(errors)
    fits = [
        stats.t.logpdf(errors, f, *map(float, (c, s))).sum()
        for f, c, s in zip(FREEDOM, *fit_student_t(errors, FREEDOM), strict=True)
    ]
    likelihood = np.exp(np.array(fits) - max(fits)) / np.sqrt(FREEDOM)
    assert found.weight == pytest.approx(likelihood / likelihood.sum())


def test_p_values_and_quantiles_are_those_of_the_mixture() -> None:
    found = error_distribution(stats.t.rvs(5, loc=2, scale=3, size=200, random_state=random(2)))
    low, middle, high = found.quantiles(0.025, 0.5, 0.975)
    below = [
        sum(
            w * stats.t.cdf(q, f, c, s)
            for w, f, c, s in zip(found.weight, found.freedom, found.centre, found.scale, strict=True)
        )
        for q in (low, middle, high)
    ]
    assert below == pytest.approx([0.025, 0.5, 0.975])
    assert found.p_values(np.array([low, middle, high, np.nan])) == pytest.approx(
        [0.05, 1, 0.05, np.nan], nan_ok=True
    )

"""The hazard ratio of a unit more: against statsmodels, by hand, and of what cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.hazard_regression import PHReg

from cs_helpers.statistics.hazards import hazard_trend

#: start, length, lost, level, stratum of each period at risk
periods = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 8), st.booleans(), st.integers(0, 3), st.sampled_from("ab")),
    min_size=15,
    max_size=60,
)


def trend(rows: list[tuple[int, int, bool, int, str]], method=hazard_trend):
    start, length, lost, level, stratum = (np.array(part) for part in zip(*rows, strict=True))
    return method(start.astype(float), (start + length).astype(float), lost, level.astype(float), stratum)


@settings(max_examples=60, deadline=None)
@given(periods)
def test_it_is_the_cox_model_of_statsmodels_with_late_entry_and_tied_losses(rows) -> None:
    found = trend(rows)
    if not 0.05 < found.ratio < 20:  # statsmodels does not converge where it is 0 or infinite
        return
    start, length, lost, level, stratum = (np.array(part) for part in zip(*rows, strict=True))
    log_ratio = np.log(found.ratio)
    # statsmodels takes who enters at t as at risk at t, so it is given entries half a day later
    late = PHReg(
        start + length,
        level[:, None].astype(float),
        lost.astype(int),
        entry=start + 0.5,
        strata=stratum,
        ties="efron",
    )
    assert late.score(np.array([log_ratio])) == pytest.approx(0, abs=1e-4)
    drop = (
        late.loglike(np.array([log_ratio])) - late.loglike(np.array([np.log(found.low)]))
        if found.low
        else None
    )
    if drop is not None:
        assert drop == pytest.approx(3.8414588 / 2, abs=1e-4)


def test_two_customers_at_risk_and_the_lower_one_lost_is_worked_out_by_hand() -> None:
    # twice, the level 0 of one level 0 and one level 1 is lost; once the level 1: likelihood 1/(1+r) twice and r/(1+r)
    rows = [
        *((0, 5, True, 0, s) for s in "ab"), *((0, 9, False, 1, s) for s in "ab"),
        (0, 5, True, 1, "c"), (0, 9, False, 0, "c"),
    ]  # fmt: skip
    found = trend(rows)
    assert found.ratio == pytest.approx(0.5)
    assert found.compared == 3
    assert found.low < 0.5 < found.high


def test_nobody_else_at_risk_or_all_at_one_level_says_nothing() -> None:
    for rows in (
        [(0, 5, True, 1, "a"), (5, 5, True, 2, "a")],
        [(0, 5, True, 1, "a"), (0, 6, False, 1, "a"), (0, 6, False, 2, "b")],
        [(0, 5, False, 1, "a"), (0, 6, False, 2, "a")],
    ):
        found = trend(rows)
        assert np.isnan(found.ratio)
        assert found.compared == 0
        assert found.p != found.p


def test_where_only_the_lowest_are_lost_the_ratio_is_zero_and_its_upper_bound_is_not() -> None:
    rows = [*((0, n + 1, True, 0, "a") for n in range(6)), *((0, 9, False, 1, "a") for _ in range(6))]
    found = trend(rows)
    assert (found.ratio, found.low) == (0.0, 0.0)
    assert 0 < found.high < 1


@pytest.mark.parametrize("truth", [0.6, 1.0, 1.5])
def test_the_interval_holds_the_truth_in_some_nineteen_of_twenty_simulations(truth: float) -> None:
    held = 0
    for seed in range(120):
        random = np.random.default_rng(seed)
        level = random.integers(0, 4, 150).astype(float)
        stratum = random.integers(0, 3, 150)
        start = random.integers(0, 10, 150).astype(float)
        time = start + np.ceil(random.exponential(10 / truth**level / (1 + stratum)))  # whole days: many ties
        stop = np.minimum(time, start + 12)
        found = hazard_trend(start, stop, time <= start + 12, level, stratum)
        held += found.low <= truth <= found.high
    assert 106 <= held <= 120

"""Curves of few end before single customers move them, and those of many do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cs_helpers.statistics.steady_conversion import SteadyConversion
from cs_helpers.statistics.survival import CENSORED, REACHED, Conversion


def of(days: list[float], censored: set[float]) -> tuple[pd.Series, pd.Series]:
    outcome = [CENSORED if day in censored else REACHED for day in days]
    return pd.Series(days, dtype="float64"), pd.Series(outcome)


def test_the_last_few_of_many_censored_do_not_take_a_share_to_all() -> None:
    # nine of twenty are handed over before; of the eleven that reach it the last three would be a ninth each
    waits = of([*range(1, 9), *range(50, 58), 84, 116, 130, 135], {*range(1, 9), 84})
    assert Conversion(*waits).share_within(180)[0] == 1
    assert np.isnan(SteadyConversion(*waits).share_within(180)[0])
    assert SteadyConversion(*waits).known_until == 84
    assert SteadyConversion(*waits).share_within(60)[0] == pytest.approx(8 / 12)


def test_of_three_nothing_is_said() -> None:
    waits = of([5, 20, 40], {5})
    assert np.isnan(SteadyConversion(*waits).share_within(30)).all()
    assert (SteadyConversion(*waits).curve["share"] == 0).all()


@pytest.mark.parametrize("n", [10, 40])
def test_of_ten_or_more_of_whom_all_are_seen_the_whole_curve_is_known(n: int) -> None:
    waits = of(list(range(1, n + 1)), set())
    pd.testing.assert_frame_equal(SteadyConversion(*waits).curve, Conversion(*waits).curve)


def test_who_waits_on_alone_does_not_end_the_curve() -> None:
    waits = of([*range(1, 15), 400], {400})
    assert SteadyConversion(*waits).share_within(180)[0] == pytest.approx(14 / 15)

"""One estimate of conversion: its share, its median and what is known cannot contradict each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, Conversion

#: days, how each wait ended, and the day from which it was watched
rows = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([CENSORED, REACHED, LEFT]), st.integers(0, 11)),
    min_size=1,
    max_size=30,
).map(lambda found: [(day, outcome, min(since, day - 1)) for day, outcome, since in found])
days = st.floats(0, 15)


def conversion(result: list[tuple[int, int, int]]) -> Conversion:
    frame = pd.DataFrame(result, columns=["day", "outcome", "since"])
    return Conversion(frame["day"], frame["outcome"], frame["since"])


def of(*result: tuple[float, int]) -> Conversion:
    return Conversion(
        pd.Series([d for d, _ in result], dtype=float), pd.Series([o for _, o in result], dtype=int)
    )


def product_limit(result: list[tuple[int, int, int]], by: float) -> float:
    """The share that reached it, day by day: what is left of everybody, times who reached it of those watched."""
    left, share = 1.0, 0.0
    for day in range(1, int(by) + 1):
        watched = sum(since < day <= end for end, _, since in result)
        reached, went = (
            sum((end, outcome) == (day, kind) for end, outcome, _ in result) for kind in (REACHED, LEFT)
        )
        if watched:
            share += left * reached / watched
            left *= 1 - (reached + went) / watched
    return share


@given(result=rows, by=days)
def test_a_share_that_is_known_is_that_of_the_product_limit(
    result: list[tuple[int, int, int]], by: float
) -> None:
    share, low, high = conversion(result).share_within(by)
    if np.isnan(share):
        assert np.isnan([low, high]).all()
    else:
        assert share == pytest.approx(product_limit(result, by))
        assert 0 <= low <= share <= high <= 1


@given(result=rows, by=days)
def test_half_are_there_by_the_median_and_not_before(result: list[tuple[int, int, int]], by: float) -> None:
    one = conversion(result)
    share, median = one.share_within(by)[0], one.median()[0]
    if not np.isnan(share):
        assert (median <= by) == (share >= 0.5)


@given(result=rows)
def test_the_interval_of_the_median_is_where_the_band_of_the_curve_holds_a_half(
    result: list[tuple[int, int, int]],
) -> None:
    one = conversion(result)
    median, low, high = one.median()
    assert not low > median
    assert not median > high
    for bound, day in ((2, low), (1, high)):
        if not np.isnan(day):
            assert one.share_within(day)[bound] >= 0.5


@given(result=rows, by=st.tuples(days, days).map(sorted))
def test_a_share_never_falls_and_what_is_unknown_stays_so(
    result: list[tuple[int, int, int]], by: list[float]
) -> None:
    sooner, later = (conversion(result).share_within(day)[0] for day in by)
    assert np.isnan(later) if np.isnan(sooner) else not later < sooner


@given(result=rows, by=days)
def test_nothing_is_known_of_days_that_nobody_was_watched(
    result: list[tuple[int, int, int]], by: float
) -> None:
    one = conversion(result)
    still = any(outcome == CENSORED for _, outcome, _ in result)
    longest = max(day for day, _, _ in result)
    open_at_last = still and max(day for day, outcome, _ in result if outcome == CENSORED) == longest
    if by > longest and open_at_last:
        assert np.isnan(one.share_within(by)[0])
    if not still:
        assert not np.isnan(one.share_within(by)[0])


@given(result=rows)
def test_without_leavers_and_late_ones_it_is_kaplan_meier(result: list[tuple[int, int, int]]) -> None:
    result = [(day, outcome % LEFT, 0) for day, outcome, _ in result] + [(5, REACHED, 0)] * 4
    curve = conversion(result).curve
    other = SurvfuncRight(*(np.array(part, float) for part in list(zip(*result, strict=True))[:2]))
    known = other.surv_times <= curve["day"].max()
    assert curve.set_index("day")["share"].loc[other.surv_times[known]].to_numpy() == pytest.approx(
        1 - other.surv_prob[known]
    )


def test_a_share_within_180_days_is_not_known_after_30_days_of_watching() -> None:
    # three of ten reached it on day 10, seven have been watched for 30 days
    watched = of(*[(10, REACHED)] * 3, *[(30, CENSORED)] * 7)
    assert watched.share_within(30)[0] == pytest.approx(0.3)
    assert np.isnan(watched.share_within(180)).all()
    assert watched.known_until == 30


def test_one_customer_that_was_watched_longer_makes_it_no_better_known() -> None:
    # seventy of a hundred were last seen on day 30, and one goes on alone
    watched = of(*[(10, REACHED)] * 29, *[(30, CENSORED)] * 70, (200, CENSORED))
    assert watched.known_until == 30
    assert np.isnan(watched.share_within(180)).all()


def test_a_few_that_still_wait_when_all_others_are_through_are_enough() -> None:
    watched = of(*[(10, REACHED)] * 98, (200, CENSORED), (210, CENSORED))
    assert watched.share_within(180)[0] == pytest.approx(0.98)
    assert np.isnan(watched.share_within(211)[0])


def test_half_within_10_days_never_stands_beside_30_percent_within_180() -> None:
    # three of ten reach it on day 10, six leave on day 5: of those that stay three in four are there by day 10
    leaving = of(*[(5, LEFT)] * 6, *[(10, REACHED)] * 3, (200, CENSORED))
    assert leaving.share_within(180)[0] == pytest.approx(0.3)
    assert np.isnan(leaving.median()[0])


def test_the_number_watched_at_an_age_stands_beside_its_share() -> None:
    # of five: reached on day 10, left on day 20, reached on day 40, waiting since 50 and since 90
    five = of((10, REACHED), (20, LEFT), (40, REACHED), (50, CENSORED), (90, CENSORED))
    assert [five.at_risk_before(age) for age in (5, 30, 60, 120)] == [5, 3, 1, 0]
    shares = [five.share_within(age)[0] for age in (5, 30, 60)]
    assert shares == pytest.approx([0, 1 / 5, 1 / 5 + 3 / 5 / 3])
    assert five.share_within(5)[1:] == pytest.approx((0, 1.96**2 / (5 + 1.96**2)), abs=1e-4)
    assert np.isnan(five.share_within(120)[0])  # nobody was watched that long


def test_when_nobody_waits_any_more_every_age_is_known() -> None:
    assert of((10, REACHED), (20, LEFT)).share_within(120)[0] == 0.5


def test_nobody_by_a_day_is_as_sure_as_those_that_were_watched_until_then_make_it() -> None:
    # a hundred were watched for 10 days, five of them for 200: 0 of 5 by day 180
    none = of(*[(10, CENSORED)] * 95, *[(200, CENSORED)] * 5)
    assert none.share_within(180) == pytest.approx((0, 0, 1.96**2 / (5 + 1.96**2)), abs=1e-4)


def test_of_nobody_nothing_is_known() -> None:
    assert np.isnan([*of().share_within(10), *of().median()]).all()
    assert of().curve.empty

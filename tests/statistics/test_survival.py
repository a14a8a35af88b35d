"""Waits that are not over: published medians, a ten-line reference, and the bias they must not have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import random
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, Conversion, incidence, log_rank, share_at

PUBLISHED = Path(__file__).parents[3] / "shared" / "data"

#: days (with ties) and how each wait ended
waits = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([CENSORED, REACHED, LEFT])), min_size=1)


def published(file: str) -> pd.DataFrame:
    if not (PUBLISHED / file).exists():
        pytest.skip(f"the published data is not beside this checkout: {PUBLISHED / file}")
    return pd.read_csv(PUBLISHED / file)


def aalen_johansen(rows: list[tuple[float, int]], by: float) -> tuple[float, float, float]:
    """Shares that reached, that left, and that still wait by a day."""
    waiting, reached, left = 1.0, 0.0, 0.0
    for day in sorted({d for d, _ in rows if d <= by}):
        at_risk = sum(d >= day for d, _ in rows)
        ends = [outcome for d, outcome in rows if d == day]
        reached += waiting * ends.count(REACHED) / at_risk
        left += waiting * ends.count(LEFT) / at_risk
        waiting *= 1 - (ends.count(REACHED) + ends.count(LEFT)) / at_risk
    return reached, left, waiting


def curve_of(rows: list[tuple[float, int]]) -> pd.DataFrame:
    return incidence(pd.Series([d for d, _ in rows]), pd.Series([o for _, o in rows]))


def median_of(
    days: Sequence[float], reached: Sequence[bool], since: pd.Series | None = None
) -> tuple[float, float, float]:
    """The median where nobody leaves, as published for Kaplan and Meier's curve."""
    outcome = pd.Series(np.where(reached, REACHED, CENSORED))
    return Conversion(pd.Series(np.asarray(days, float)), outcome, since).median()


def swapped(rows: list[tuple[float, int]]) -> list[tuple[float, int]]:
    other = {REACHED: LEFT, LEFT: REACHED, CENSORED: CENSORED}
    return [(day, other[outcome]) for day, outcome in rows]


@pytest.mark.parametrize(
    ("file", "days", "event", "median"),
    [
        ("survival_lifelines/waltons_dataset.csv", "T", "E", 56),
        ("survival_lifelines/dd.csv", "duration", "observed", 4),
        ("survival_lifelines/lung.csv", "time", "status", 310),
    ],
    ids=["waltons", "dd", "lung"],
)
def test_the_median_is_the_published_one(file: str, days: str, event: str, median: float) -> None:
    rows = published(file)
    assert median_of(rows[days], rows[event] == 1)[0] == median


def test_the_interval_of_the_median_is_the_published_one() -> None:
    rows = published("survival_lifelines/waltons_dataset.csv")
    assert median_of(rows["T"], rows["E"] == 1) == (56, 53, 58)


@pytest.mark.parametrize(("group", "median"), [("control", 58), ("miR-137", 26)])
def test_the_median_of_each_group_is_the_published_one(group: str, median: float) -> None:
    rows = published("survival_lifelines/waltons_dataset.csv")
    inside = rows[rows["group"] == group]
    assert median_of(inside["T"], inside["E"] == 1)[0] == median


def test_a_median_that_is_not_reached_is_said_to_be_so() -> None:
    rows = published("survival_lifelines/rossi.csv")
    assert np.isnan(median_of(rows["week"], rows["arrest"] == 1)[0])


def test_the_share_by_a_day_is_the_published_one() -> None:
    rows = published("survival_lifelines/rossi.csv")
    share, _, _ = share_at(incidence(rows["week"], rows["arrest"]), 52)
    assert 1 - share == pytest.approx(0.7361, abs=5e-5)


def test_the_median_of_monthly_contracts_with_internet_is_the_published_one() -> None:
    rows = published("telco/Telco-Customer-Churn.csv")
    rows = rows[(rows["Contract"] == "Month-to-month") & (rows["InternetService"] != "No")]
    left = rows["Churn"] == "Yes"
    assert (len(rows), left.sum()) == (3351, 1556)
    assert median_of(rows["tenure"], left)[0] == 34


@given(rows=waits, by=st.integers(0, 13))
def test_incidence_is_that_of_the_ten_line_reference(rows: list[tuple[float, int]], by: int) -> None:
    assert share_at(curve_of(rows), by)[0] == pytest.approx(aalen_johansen(rows, by)[0])


@given(rows=waits, by=st.integers(0, 13))
def test_reached_left_and_still_waiting_add_up_to_everybody(rows: list[tuple[float, int]], by: int) -> None:
    reached, left = (share_at(curve_of(r), by)[0] for r in (rows, swapped(rows)))
    assert reached + left + aalen_johansen(rows, by)[2] == pytest.approx(1)


@given(rows=waits)
def test_the_share_never_falls_and_its_bounds_hold_it(rows: list[tuple[float, int]]) -> None:
    curve = curve_of(rows)
    assert (curve["share"].diff().fillna(0) >= -1e-12).all()
    assert curve["low"].le(curve["share"] + 1e-12).all()
    assert curve["high"].ge(curve["share"] - 1e-12).all()
    assert curve[["low", "high"]].stack().between(0, 1).all()


def log_log(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of shares between 0 and 1, symmetric in log(-log(1 - share)) (Kalbfleisch, Prentice 1980)."""
    middle, reach = np.log(-np.log(1 - share)), -1.959964 * error / ((1 - share) * np.log(1 - share))
    return 1 - np.exp(-np.exp(middle - reach)), 1 - np.exp(-np.exp(middle + reach))


@given(rows=waits)
def test_without_anybody_waiting_the_interval_is_that_of_a_share(rows: list[tuple[float, int]]) -> None:
    ended = [(day, outcome or LEFT) for day, outcome in [*rows, (1, LEFT), (2, REACHED)]]
    share, low, high = share_at(curve_of(ended), 99)
    error = np.sqrt(share * (1 - share) / len(ended))
    assert share == pytest.approx(np.mean([outcome == REACHED for _, outcome in ended]))
    assert (low, high) == pytest.approx(log_log(np.array(share), error), abs=1e-6)


@given(rows=waits)
def test_the_interval_rests_on_the_error_of_statsmodels_while_somebody_waits(
    rows: list[tuple[float, int]],
) -> None:
    waiting = [*rows, (1, LEFT), (2, REACHED), (13, CENSORED)]
    other = CumIncidenceRight(*(np.array(column, float) for column in zip(*waiting, strict=True)))
    curve = curve_of(waiting)
    assert curve["day"].tolist() == other.times.tolist()
    some = other.cinc[0] > 0
    low, high = log_log(other.cinc[0][some], other.cinc_se[0][some])
    assert curve["low"].to_numpy()[some] == pytest.approx(low, abs=1e-5)
    assert curve["high"].to_numpy()[some] == pytest.approx(high, abs=1e-5)


@given(rows=waits)
def test_at_risk_are_those_that_wait_just_before_the_day(rows: list[tuple[float, int]]) -> None:
    curve = curve_of(rows)
    assert curve["at_risk"].tolist() == [sum(d >= day for d, _ in rows) for day in curve["day"]]


@given(rows=waits, seed=st.integers(0, 5))
def test_the_order_of_customers_changes_nothing(rows: list[tuple[float, int]], seed: int) -> None:
    mixed = [rows[i] for i in random(seed).permutation(len(rows))]
    pd.testing.assert_frame_equal(curve_of(rows), curve_of(mixed))


def test_leaving_does_not_count_as_if_the_customer_could_still_have_reached_it() -> None:
    # four wait; one leaves on day 1, then one of three reaches it on day 2: 3/4 x 1/3, not 1/3
    assert share_at(curve_of([(1, LEFT), (2, REACHED), (3, CENSORED), (3, CENSORED)]), 3)[0] == 0.25


def test_a_step_reached_on_the_day_of_the_first_counts() -> None:
    assert share_at(curve_of([(0, REACHED), (0, REACHED), (5, CENSORED), (5, CENSORED)]), 1)[0] == 0.5


def test_before_the_first_step_of_the_curve_the_share_is_0() -> None:
    assert share_at(curve_of([(3, REACHED), (4, CENSORED)]), 2) == (0.0, 0.0, 0.0)


def test_where_nobody_reached_it_the_curve_stays_at_0() -> None:
    curve = curve_of([(3, LEFT), (4, CENSORED)])
    assert curve["share"].tolist() == [0, 0]
    # nobody of two: Wilson's interval ends at z2 / (2 + z2)
    assert curve["high"].tolist() == pytest.approx([1.96**2 / (2 + 1.96**2)] * 2, abs=1e-4)


def test_where_nobody_is_there_is_no_curve() -> None:
    assert curve_of([]).empty


def test_the_median_of_nobody_who_reached_it_is_unknown() -> None:
    assert np.isnan(median_of([3, 4], [False, False])).all()


def test_growing_sign_ups_bias_the_mean_of_converters_and_not_the_median_here() -> None:
    chance = random(7)
    median, today = 41.6, 90
    # sign-ups double every 15 days, so most customers are young
    signed_up = today + 15 * np.log2(chance.uniform(2 ** (-today / 15), 1, 4000))
    wait = chance.exponential(median / np.log(2), 4000)
    reached = wait <= today - signed_up
    observed = np.where(reached, wait, today - signed_up)
    result, low, high = median_of(observed, reached)
    assert np.median(wait[reached]) < wait[reached].mean() < median / 2
    assert low <= median <= high
    assert result == pytest.approx(median, rel=0.1)


def test_the_log_rank_test_is_the_published_one() -> None:
    rows = published("survival_lifelines/waltons_dataset.csv")
    chi_squared, p = log_rank(rows["T"], rows["E"] == 1, rows["group"])
    assert chi_squared == pytest.approx(122.25, abs=0.005)
    assert p < 1e-20


def test_the_log_rank_test_by_gender_is_the_published_one() -> None:
    rows = published("telco/Telco-Customer-Churn.csv")
    rows = rows[(rows["Contract"] == "Month-to-month") & (rows["InternetService"] != "No")]
    _, p = log_rank(rows["tenure"], rows["Churn"] == "Yes", rows["gender"])
    assert p == pytest.approx(0.153, abs=5e-4)


@pytest.mark.parametrize(
    ("reached", "group"), [([True, True], ["a", "a"]), ([False, False], ["a", "b"])], ids=["one", "nobody"]
)
def test_where_there_is_nothing_to_compare_the_log_rank_test_says_nothing(
    reached: list[bool], group: list[str]
) -> None:
    assert np.isnan(log_rank([1, 2], reached, group)).all()


#: days, how each wait ended, and the day from which it was watched
truncated = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([CENSORED, REACHED, LEFT]), st.integers(0, 11)), min_size=1
).map(lambda rows: [(max(day, since + 1), outcome, since) for day, outcome, since in rows])


def late(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["day", "outcome", "since"])
    return incidence(frame["day"], frame["outcome"], frame["since"])


@given(rows=truncated, by=st.integers(0, 13))
def test_who_came_late_counts_from_then_on(rows: list[tuple[int, int, int]], by: int) -> None:
    waiting, share = 1.0, 0.0
    for day in sorted({d for d, _, _ in rows if d <= by}):
        at_risk = sum(since < day <= d for d, _, since in rows)
        ends = [outcome for d, outcome, _ in rows if d == day]
        share += waiting * ends.count(REACHED) / at_risk
        waiting *= 1 - (ends.count(REACHED) + ends.count(LEFT)) / at_risk
    assert share_at(late(rows), by)[0] == pytest.approx(share)


@given(rows=truncated)
def test_without_leaving_late_entry_is_that_of_statsmodels(rows: list[tuple[int, int, int]]) -> None:
    open_or_reached = [(day, outcome % LEFT, since) for day, outcome, since in [*rows, (5, REACHED, 0)]]
    days, status, since = (np.array(column, float) for column in zip(*open_or_reached, strict=True))
    other = SurvfuncRight(days, status, entry=since)
    curve = late(open_or_reached).set_index("day").loc[other.surv_times]
    assert curve["share"].to_numpy() == pytest.approx(1 - other.surv_prob)
    assert curve["at_risk"].tolist() == other.n_risk.tolist()
    some = other.surv_prob > 1e-9
    low, high = log_log(1 - other.surv_prob[some], other.surv_prob_se[some])
    assert curve["low"].to_numpy()[some] == pytest.approx(low, abs=1e-5)
    assert curve["high"].to_numpy()[some] == pytest.approx(high, abs=1e-5)


def test_customers_older_than_the_log_bias_who_ignores_it_and_not_us() -> None:
    """True median 60 days; those that had reached it before the log began were never seen."""
    draw = random(11)
    days = draw.exponential(60 / np.log(2), 6000)
    since = draw.uniform(0, 200, 6000)  # their age when the log began
    seen = days > since
    days, since = pd.Series(days[seen]), pd.Series(since[seen])
    reached = pd.Series(np.full(len(days), REACHED))
    assert median_of(days, reached == REACHED)[0] > 110
    median, low, high = median_of(days, reached == REACHED, since)
    assert low <= 60 <= high
    assert median == pytest.approx(60, rel=0.1)
    _, low, high = share_at(incidence(days, reached, since), 60)
    assert low <= 0.5 <= high


def growing(seed: int) -> tuple[pd.Series, pd.Series]:
    """400 sign-ups of half a year that double each month; half of them reach value within 41.6 days."""
    draw = random(seed)
    started = 180 + 30 * np.log2(draw.uniform(2**-6, 1, 400))
    wait, watched = 41.6 * np.exp(draw.normal(0, 1, 400)), 180 - started
    return pd.Series(np.minimum(wait, watched)), pd.Series(wait <= watched)


def test_converters_alone_look_fast_while_sign_ups_grow() -> None:
    """The numbers of docs/time-to-value.md."""
    naive, ours, inside = [], [], 0
    for seed in range(200):
        days, reached = growing(seed)
        median, low, high = median_of(days.tolist(), reached.tolist())
        naive.append(days[reached].median())
        ours.append(median)
        inside += low <= 41.6 and not high < 41.6  # nan: the interval has no upper end yet
    assert (np.mean(naive), np.max(naive)) == pytest.approx((21.9, 27.5), abs=0.05)
    assert np.mean(ours) == pytest.approx(42.1, abs=0.05)
    assert inside == 187

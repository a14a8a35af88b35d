"""From rows alone: when a log began, when it fell silent, and which silences within it are gaps."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.contract.coverage import NO_COVERAGE, Coverage, Period
from cs_helpers.snapshot.coverage import coverage_by_product, period_of

AS_OF = date(2026, 9, 30)
DAY = timedelta(days=1)


def every_day(first: str, last: str | date = AS_OF, *, weekends: bool = True) -> pd.Series:
    """Five rows a day."""
    days = pd.date_range(first, last, freq="D" if weekends else "B")
    return pd.Series(5, index=days)


def without(rows: pd.Series, first: str, last: str) -> pd.Series:
    return rows[(rows.index < pd.Timestamp(first)) | (rows.index > pd.Timestamp(last))]


def on(*days: str) -> pd.Series:
    return pd.Series(1, index=pd.DatetimeIndex(days))


def poisson(rate: float, seed: int, *, days: int = 730, weekend: float = 1.0) -> pd.Series:
    span = pd.date_range(end=pd.Timestamp(AS_OF), periods=days)
    drawn = np.random.default_rng(seed).poisson(np.where(span.day_of_week >= 5, rate * weekend, rate))
    rows = pd.Series(drawn, index=span)
    return rows[rows > 0]


# --- where a log begins -------------------------------------------------------------------------


def test_the_coverage_of_a_daily_log_begins_at_most_a_day_before_its_first_row() -> None:
    result = period_of(every_day("2026-04-16"), AS_OF)
    assert result == Period(date(2026, 4, 15), AS_OF)


def test_the_weekend_before_a_first_monday_is_known_where_weekends_are_quiet() -> None:
    # Saturday 1 August: a month that begins so is known as a whole
    assert period_of(every_day("2026-08-03", weekends=False), AS_OF).covers(date(2026, 8, 1), AS_OF)
    assert not period_of(every_day("2026-08-03"), AS_OF).covers(date(2026, 8, 1), AS_OF)


def test_a_first_row_after_new_year_does_not_make_new_year_unknown() -> None:
    result = period_of(every_day("2026-01-06", weekends=False), AS_OF)
    assert result.covers(date(2026, 1, 1), AS_OF)
    assert not result.covers(date(2025, 12, 1), AS_OF)


def test_a_single_row_covers_a_month_before_it_and_all_days_after() -> None:
    assert period_of(on("2026-03-10"), AS_OF) == Period(date(2026, 2, 7), AS_OF)


def test_a_row_on_the_last_day_is_enough() -> None:
    assert period_of(on("2026-09-30"), AS_OF).last == AS_OF


def test_a_stray_row_years_before_a_daily_log_makes_the_years_between_a_gap() -> None:
    rows = pd.concat([on("2019-03-04", "2021-06-07"), every_day("2024-10-01")])
    result = period_of(rows, AS_OF)
    assert result.gaps == (
        (date(2019, 3, 5), date(2021, 6, 6)),
        (date(2021, 6, 8), date(2024, 9, 30)),
    )
    assert result.silent_since is None


# --- where it ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "silent"), [(0, False), (1, False), (2, True), (29, True)])
def test_a_log_of_every_day_ends_where_two_days_are_without_rows(days: int, silent: bool) -> None:
    last = AS_OF - days * DAY
    result = period_of(every_day("2025-01-01", last), AS_OF)
    assert result.silent_since == (last + DAY if silent else None)
    assert result.last == (last if silent else AS_OF)
    assert result.gaps == ()


def test_a_log_of_working_days_is_not_silent_on_a_sunday_and_is_on_the_thursday_after_the_weekend() -> None:
    rows = every_day("2025-01-01", "2026-09-25", weekends=False)  # a Friday
    assert period_of(rows, date(2026, 9, 27)).silent_since is None
    assert period_of(rows, date(2026, 10, 1)).silent_since == date(2026, 9, 26)


@pytest.mark.parametrize("weekends", [True, False])
def test_a_quarter_that_ends_in_the_new_year_holidays_of_the_first_year_is_not_silent(
    weekends: bool,
) -> None:
    rows = every_day("2025-07-01", "2025-12-26", weekends=weekends)
    assert period_of(rows, date(2025, 12, 31)).silent_since is None
    assert period_of(rows, date(2026, 1, 4)).silent_since is None
    assert period_of(rows, date(2026, 1, 9)).silent_since == date(2025, 12, 27)


def test_a_silence_no_longer_than_one_before_it_is_no_end() -> None:
    rows = without(every_day("2025-01-01", "2026-09-20"), "2025-08-09", "2025-08-18")
    assert period_of(rows, date(2026, 9, 30)).silent_since is None
    assert period_of(rows, date(2026, 10, 1)).silent_since == date(2026, 9, 21)


def test_monthly_tickets_may_be_missing_for_three_months() -> None:
    months = pd.date_range("2024-10-15", "2026-06-30", freq="30D")
    result = period_of(pd.Series(1, index=months), AS_OF)
    assert (result.silent_since, result.last, result.gaps) == (None, AS_OF, ())


def test_waves_of_a_survey_twice_a_year_neither_end_nor_leave_gaps() -> None:
    waves = [pd.date_range(f"{d}", periods=12, freq="B") for d in ("2024-11-04", "2025-05-12", "2025-11-03")]
    rows = pd.Series(9, index=waves[0].append(waves[1:]))
    for as_of in (date(2026, 5, 11), date(2026, 9, 30)):
        assert period_of(rows, as_of) == Period(period_of(rows, as_of).first, as_of)


def test_a_log_that_ended_ends_there_though_a_stray_row_follows() -> None:
    rows = pd.concat([every_day("2025-01-01", "2026-06-30"), on("2026-09-02", "2026-09-03")])
    result = period_of(rows, AS_OF)
    assert result.gaps == ((date(2026, 7, 1), date(2026, 9, 1)),)
    assert result.silent_since == date(2026, 9, 4)


@pytest.mark.parametrize("rate", [0.5, 0.7])
def test_a_log_of_most_days_ends_where_four_weeks_are_silent(rate: float) -> None:
    # 30 days without tickets where there is one on every second day: once in some millions
    cut = [period_of(poisson(rate, seed)[: AS_OF - 30 * DAY], AS_OF) for seed in range(20)]
    assert sum(period.silent_since is not None for period in cut) >= 16


# --- what lies between --------------------------------------------------------------------------


@pytest.mark.parametrize("weekends", [True, False])
@pytest.mark.parametrize(
    ("first", "last"), [("2025-12-29", "2026-01-03"), ("2026-04-29", "2026-05-08")], ids=["New Year", "Golden Week"]
)  # fmt: skip
def test_holidays_are_no_gap(weekends: bool, first: str, last: str) -> None:
    result = period_of(without(every_day("2025-01-01", weekends=weekends), first, last), AS_OF)
    assert (result.gaps, result.silent_since) == ((), None)


def test_twenty_days_of_silence_in_a_daily_log_are_a_gap() -> None:
    result = period_of(without(every_day("2025-01-01"), "2026-02-03", "2026-02-22"), AS_OF)
    assert result.gaps == ((date(2026, 2, 3), date(2026, 2, 22)),)
    assert not result.covers(date(2026, 2, 1), date(2026, 2, 28))
    assert result.covers(date(2026, 3, 1), AS_OF)
    days = pd.date_range("2026-02-01", "2026-02-28")
    assert result.covers_days(days).sum() == 8


def test_after_a_gap_a_log_can_end_as_soon_as_before() -> None:
    rows = without(every_day("2025-01-01", "2026-09-25"), "2026-07-20", "2026-08-20")
    assert period_of(rows, AS_OF).silent_since == date(2026, 9, 26)


# --- parts of a table ---------------------------------------------------------------------------


def log(**parts: pd.Series) -> pd.DataFrame:
    """The log of one product: the events given, and all of them together."""
    rows = [
        pd.DataFrame({"part": name, "day": counts.index, "rows": counts.to_numpy()})
        for name, counts in parts.items()
    ]
    events = pd.concat(rows, ignore_index=True)
    return pd.concat([events, events.groupby("day", as_index=False)["rows"].sum().assign(part="")])


def of_log(**parts: pd.Series) -> Coverage:
    return coverage_by_product({"usage": log(**parts).assign(product="desk")}, ["desk"], AS_OF)["desk"]


def test_an_event_that_starts_long_after_its_log_is_known_from_its_start() -> None:
    result = of_log(steady=every_day("2025-02-01"), new=every_day("2026-05-11"))
    assert result.parts["usage", "new"] == Period(date(2026, 5, 10), AS_OF)
    assert result.parts["usage", "steady"].first == date(2025, 1, 31)


def test_an_event_seen_on_a_few_days_is_known_of_the_whole_log() -> None:
    result = of_log(steady=every_day("2025-01-01"), rare=on("2026-05-11", "2026-07-01"))
    assert result.parts["usage", "rare"] == result.tables["usage"]


def test_an_event_that_stops_while_the_log_goes_on_is_known_until_then() -> None:
    result = of_log(steady=every_day("2025-01-01"), stops=every_day("2025-01-01", "2026-07-31"))
    assert result.tables["usage"].silent_since is None
    assert result.parts["usage", "stops"].silent_since == date(2026, 8, 1)
    assert result.parts["usage", "stops"].last == date(2026, 7, 31)


def test_an_event_that_fades_out_does_not_count_as_stopped() -> None:
    days = pd.date_range("2026-03-01", "2026-08-31")
    fading = days[np.isin((days - days[0]).days, np.cumsum(np.arange(1, 40)))]  # ever longer apart
    rows = pd.concat([every_day("2025-01-01", "2026-02-28"), pd.Series(1, index=fading)])
    assert of_log(steady=every_day("2025-01-01"), fades=rows).parts["usage", "fades"].silent_since is None


def test_an_event_falls_silent_with_its_log() -> None:
    result = of_log(a=every_day("2025-01-01", "2026-08-31"), rare=on("2026-05-11"))
    assert {period.silent_since for period in result.parts.values()} == {date(2026, 9, 1)}
    assert {period.last for period in result.parts.values()} == {date(2026, 8, 31)}


def test_an_event_of_working_days_does_not_stop_because_its_log_had_a_gap() -> None:
    # the log came back on Saturday 26 September: the working days since are too few to say that the event did not
    rows = without(every_day("2025-01-01", "2026-09-28"), "2026-09-04", "2026-09-25")
    work = every_day("2025-01-01", "2026-09-03", weekends=False)
    result = coverage_by_product(
        {"usage": log(a=rows, work=work).assign(product="d")}, ["d"], date(2026, 9, 28)
    )["d"]
    assert result.parts["usage", "work"].silent_since is None
    assert result.parts["usage", "work"].gaps == result.tables["usage"].gaps != ()


def of_two(last: str, other_last: str) -> dict[str, Coverage]:
    rows = [
        log(e=every_day("2025-01-01", last)).assign(product="desk"),
        log(e=every_day("2025-01-01", other_last)).assign(product="other"),
    ]
    return coverage_by_product({"usage": pd.concat(rows)}, ["desk", "other", "new"], AS_OF)


def test_a_table_that_continues_for_other_products_is_distinguished_from_one_that_ended() -> None:
    result = of_two("2026-08-31", "2026-09-30")
    assert result["desk"].active_elsewhere == {"usage"}
    assert result["other"].active_elsewhere == frozenset()
    assert result["new"] == NO_COVERAGE


def test_a_table_that_ended_a_day_later_for_another_product_does_not_go_on() -> None:
    assert of_two("2026-08-31", "2026-09-01")["desk"].active_elsewhere == frozenset()


# --- laws ---------------------------------------------------------------------------------------

dates = st.dates(date(2019, 1, 1), date(2027, 12, 31))
some_rows = st.lists(st.integers(0, 900), min_size=1, max_size=120, unique=True).map(sorted)


@given(some_rows, st.integers(0, 200))
def test_days_with_rows_are_covered_and_days_after_the_last_one_are_not(
    offsets: list[int], later: int
) -> None:
    days = pd.DatetimeIndex([pd.Timestamp("2024-01-01") + pd.Timedelta(days=n) for n in offsets])
    until = days[-1].date() + later * DAY
    result = period_of(pd.Series(1, index=days), until)
    assert result.covers_days(days).all()
    assert result.first <= days[0].date()
    assert result.last == (until if result.silent_since is None else days[-1].date())
    assert result.silent_since in (None, days[-1].date() + DAY)
    for first, last in result.gaps:
        assert not ((days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last))).any()
    for day in pd.date_range(days[0], until, freq="17D"):
        assert result.covers(day.date(), day.date()) == result.covers_days(pd.DatetimeIndex([day]))[0]


periods = st.builds(
    lambda days, gaps, silent: Period(days[0], days[1], tuple(gaps), silent),
    st.tuples(dates, dates).map(sorted),
    st.lists(st.tuples(dates, dates).map(lambda two: tuple(sorted(two)))),
    st.none() | dates,
)
names = st.text(min_size=1)


@given(
    st.builds(
        Coverage,
        st.dictionaries(names, periods),
        st.dictionaries(st.tuples(names, names), periods),
        st.frozensets(names),
    )
)
def test_coverage_survives_a_round_trip_through_a_manifest(what: Coverage) -> None:
    assert Coverage.of_json(what.as_json()) == what


RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 20, 200)


@pytest.mark.parametrize("weekend", [1.0, 0.1, 0.0])
def test_of_complete_logs_at_most_one_in_a_hundred_is_said_to_be_silent_or_to_have_a_gap(
    weekend: float,
) -> None:
    """Measured over 150 seeds of each rate: 0 to 1.3 % silent, 0 to .7 % with a gap; on average .1 % of either."""
    result = [period_of(poisson(rate, seed, weekend=weekend), AS_OF) for rate in RATES for seed in range(20)]
    assert sum(p.silent_since is not None for p in result) <= 2
    assert sum(bool(p.gaps) for p in result) <= 2


@pytest.mark.parametrize("rate", [1, 2, 5, 20, 200])
@pytest.mark.parametrize("weekend", [1.0, 0.1, 0.0])
def test_an_end_thirty_days_ago_is_found_where_most_days_have_rows(rate: float, weekend: float) -> None:
    for seed in range(10):
        rows = poisson(rate, seed, weekend=weekend)[: AS_OF - 30 * DAY]
        result = period_of(rows, AS_OF)
        assert result.silent_since == rows.index[-1].date() + DAY


@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_thirty_days_without_a_row_are_no_end_where_rows_are_rare(rate: float) -> None:
    cut = [period_of(poisson(rate, seed)[: AS_OF - 30 * DAY], AS_OF) for seed in range(20)]
    assert not any(period.silent_since for period in cut)

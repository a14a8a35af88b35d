"""Closed days: the public holidays that the Japanese Cabinet Office lists, and declared days of each year."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pandas as pd
import pytest

from cs_helpers.contract.baselines import KNOWN_COUNTRIES, Calendar
from cs_helpers.customers.working_days import closed_days

YEAR_END = {"first": "12-29", "last": "01-03"}
#: the list of the Cabinet Office, without holidays on a Saturday or Sunday
JAPAN = {
    2021: "01-01 01-11 02-11 02-23 04-29 05-03 05-04 05-05 07-22 07-23 08-09 09-20 09-23 11-03 11-23",
    2024: "01-01 01-08 02-12 02-23 03-20 04-29 05-03 05-06 07-15 08-12 09-16 09-23 10-14 11-04",
    2026: "01-01 01-12 02-11 02-23 03-20 04-29 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23",
}


def listed(calendar: Calendar, first: str, last: str) -> list[str]:
    days = closed_days(calendar, date.fromisoformat(first), date.fromisoformat(last))
    return [str(day.date()) for day in days]


@pytest.mark.parametrize("year", JAPAN)
def test_japanese_holidays_are_those_of_the_official_list_with_substitutes_and_days_between(
    year: int,
) -> None:
    days = listed(Calendar(country="JP"), f"{year}-01-01", f"{year}-12-31")
    assert days == [f"{year}-{day}" for day in JAPAN[year].split()]


def test_a_season_may_last_over_the_turn_of_the_year() -> None:
    # 2025-12-29 is a Monday, 2026-01-03 a Saturday
    season = Calendar.model_validate({"closed": [YEAR_END]})
    turn = ["2025-12-29", "2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]
    assert listed(season, "2025-12-01", "2026-01-31") == turn
    assert listed(season, "2025-12-31", "2026-01-01") == turn[2:4]


def test_holidays_and_seasons_count_once() -> None:
    both = Calendar.model_validate(
        {"country": "JP", "closed": [YEAR_END, {"first": "08-12", "last": "08-14"}]}
    )
    assert listed(both, "2026-08-01", "2026-08-31") == [
        "2026-08-11",
        "2026-08-12",
        "2026-08-13",
        "2026-08-14",
    ]
    assert listed(both, "2026-01-01", "2026-01-11") == ["2026-01-01", "2026-01-02"]


def test_the_weekend_is_that_of_the_country() -> None:
    # the day of independence of Israel in 2026 is a Wednesday, the fifth of its Passover days a Sunday there
    days = closed_days(Calendar(country="IL"), date(2020, 1, 1), date(2026, 12, 31))
    assert set(days.day_of_week) & {6}
    assert not set(days.day_of_week) & {4, 5}


def test_without_a_calendar_no_day_is_closed() -> None:
    assert closed_days(Calendar(), date(2026, 1, 1), date(2026, 12, 31)).empty


def test_a_leap_day_may_be_closed() -> None:
    calendar = Calendar.model_validate({"closed": [{"first": "02-29", "last": "02-29"}]})
    assert listed(calendar, "2024-01-01", "2027-12-31") == ["2024-02-29"]


@pytest.mark.parametrize(
    ("calendar", "problem"),
    [
        ({"country": "XX"}, "no public holidays are known of the country 'XX'"),
        ({"country": "UK"}, "no public holidays are known of the country 'UK'"),
        ({"closed": [{"first": "02-30", "last": "03-01"}]}, "there is no day '02-30' in any year"),
    ],
)
def test_what_is_no_country_or_no_day_is_refused_when_the_file_is_read(
    calendar: object, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Calendar.model_validate(calendar)


def test_countries_that_are_not_looked_up_are_known() -> None:
    for country in KNOWN_COUNTRIES:
        assert len(closed_days(Calendar(country=country), date(2026, 1, 1), date(2026, 12, 31)))


def test_the_library_of_holidays_is_only_imported_where_it_is_needed() -> None:
    code = (
        "import sys; from cs_helpers.contract.baselines import Calendar; import cs_helpers.customers.working_days;"
        "Calendar(country='JP'); assert 'holidays' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_days_are_an_index_that_other_days_can_be_found_in() -> None:
    days = pd.date_range("2026-09-19", "2026-09-25", freq="D")
    closed = closed_days(Calendar(country="JP"), date(2026, 9, 1), date(2026, 9, 30))
    assert days.isin(closed).tolist() == [False, False, True, True, True, False, False]

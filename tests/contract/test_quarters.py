"""Calendar quarters."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ParameterError

quarters = st.builds(Quarter, st.integers(1900, 2200), st.integers(1, 4))
steps = st.integers(-400, 400)
days = st.dates(date(1900, 1, 1), date(2200, 12, 31))


def test_a_quarter_is_read_as_it_is_written():
    assert Quarter.parse("2026Q3") == Quarter(2026, 3)


@pytest.mark.parametrize(
    "text",
    ["2026Q5", "2026Q0", "26Q3", "2026q3", "Q3 2026", "2026-Q3", " 2026Q3", "2026Q3\n", "", "nonsense"],
)
def test_what_is_not_a_quarter_is_refused_with_an_example(text):
    with pytest.raises(ParameterError, match="as in 2026Q3") as caught:
        Quarter.parse(text)
    assert (caught.value.name, caught.value.value) == ("quarter", text)


def test_a_number_is_not_a_quarter():
    with pytest.raises(ParameterError):
        Quarter.parse(20263)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("2024Q2", date(2024, 4, 1), date(2024, 6, 30)),
        ("2024Q3", date(2024, 7, 1), date(2024, 9, 30)),
        ("2024Q4", date(2024, 10, 1), date(2024, 12, 31)),
    ],
)
def test_a_quarter_has_three_whole_months(text, first, last):
    quarter = Quarter.parse(text)
    assert (quarter.start, quarter.end) == (first, last)


def test_back_crosses_the_year():
    assert Quarter(2026, 1).back(1) == Quarter(2025, 4)
    assert Quarter(2026, 4).back(-1) == Quarter(2027, 1)
    assert Quarter(2026, 3).back(4) == Quarter(2025, 3)


def test_upto_includes_both_ends():
    assert [str(q) for q in Quarter(2025, 3).upto(Quarter(2026, 2))] == [
        "2025Q3",
        "2025Q4",
        "2026Q1",
        "2026Q2",
    ]


def test_upto_an_earlier_quarter_is_empty():
    assert Quarter(2026, 2).upto(Quarter(2026, 1)) == []


def test_a_quarter_is_complete_on_its_last_day():
    assert Quarter.latest_complete(date(2026, 9, 30)) == Quarter(2026, 3)


def test_a_quarter_is_not_complete_the_day_before():
    assert Quarter.latest_complete(date(2026, 9, 29)) == Quarter(2026, 2)


@given(quarters)
def test_writing_and_reading_is_the_identity(quarter):
    assert Quarter.parse(str(quarter)) == quarter


@given(quarters, steps)
def test_back_and_forth_is_the_identity(quarter, n):
    assert quarter.back(n).back(-n) == quarter


@given(quarters)
def test_a_quarter_ends_the_day_before_the_next_starts(quarter):
    assert quarter.end + timedelta(days=1) == quarter.back(-1).start


@given(days)
def test_a_day_lies_in_its_quarter(day):
    quarter = Quarter.containing(day)
    assert quarter.start <= day <= quarter.end


@given(days)
def test_the_latest_complete_quarter_is_over_and_the_next_is_not(day):
    quarter = Quarter.latest_complete(day)
    assert quarter.end <= day < quarter.back(-1).end


@given(quarters, st.integers(0, 40))
def test_upto_steps_by_one(quarter, n):
    span = quarter.back(n).upto(quarter)
    assert span == [quarter.back(n - i) for i in range(n + 1)]
    assert span == sorted(span)

"""One watched number: the comparisons of the report for it, of all customers and of a segment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_helpers.analyses.baselines.one_number import OneNumber
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.segments import filter_segment

Q3 = Quarter(2026, 3)


@pytest.mark.parametrize(
    "name", ["daily_active_users", "tickets_opened", "first_answer", "customers_lost", "mrr_lost"]
)
def test_the_values_and_usual_ranges_are_those_of_the_report(of_product, result_of, name):
    report, number = result_of("baselines", "helpdesk", "2026Q3"), OneNumber(of_product("helpdesk"), Q3, name)
    columns = ["day", "value", "usual", "low", "high", "p", "n", "basis"]
    expected = report.tables["series"][lambda t: t["series"] == name]
    found = number.usual().tables["series"]
    assert found[columns].reset_index(drop=True).equals(expected[columns].reset_index(drop=True))
    [row] = report.tables["normal"][lambda t: t["series"] == name].to_dict("records")
    years = number.past_years()
    table = years.tables["number_years"]
    assert table["year"].is_monotonic_increasing
    assert table["year"].iloc[-1] == 2026
    assert table["value"].iloc[-1] == pytest.approx(row["quarter_value"])
    assert years.verdicts["number_years"].fields["years"] == row["years"] == len(table) - 1
    for name_here, name_there in (("usual", "year_usual"), ("low", "year_low"), ("high", "year_high")):
        assert table[name_here].iloc[-1] == pytest.approx(row[name_there], nan_ok=True)


def test_first_months_of_tickets_are_the_cohorts_of_the_report(of_product, result_of):
    report = result_of("baselines", "helpdesk", "2026Q3").tables["cohorts"]
    found = OneNumber(of_product("helpdesk"), Q3, "tickets_opened").first_months().tables["number_ages"]
    assert found["cohort"].tolist() == report["cohort"].tolist()
    assert found["customers"].tolist() == report["customers"].tolist()
    assert found["each"].tolist() == pytest.approx(report["each"].tolist())


def test_a_segment_counts_its_own_customers_only(of_product):
    data = of_product("helpdesk")
    small = data.of_accounts(filter_segment(data["accounts"], "size:small")["account_id"])
    found = OneNumber(small, Q3, "tickets_opened").usual().tables["series"]
    size = data["accounts"].set_index("account_id")["size"]
    opened = data["tickets"]["opened_at"].dt.normalize()
    is_small = data["tickets"]["account_id"].map(size) == "small"
    by_day = opened[is_small].value_counts()
    assert found["value"].tolist() == [by_day.get(day, 0) for day in found["day"]]


def test_a_number_that_is_no_sum_over_customers_says_so(of_product):
    notes = OneNumber(of_product("helpdesk"), Q3, "first_answer").first_months().notes
    assert [note.code for note in notes] == ["no_first_months"]


def test_without_its_table_all_three_say_why(of_product):
    data = of_product("helpdesk")
    number = OneNumber(replace(data, given=data.given - {"tickets"}), Q3, "tickets_opened")
    assert "missing_table" in [note.code for note in number.usual().notes]
    assert "missing_table" in [note.code for note in number.past_years().notes]
    assert [note.code for note in number.first_months().notes] == ["missing_table"]

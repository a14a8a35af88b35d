"""Churn of the last four quarters, each against its own past: a bad quarter is named until it is a year old."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from builders import contract, product_data

from cs_helpers.analyses import baselines
from cs_helpers.charts import baselines as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.tables.findings import sentence
from cs_helpers.tables.notes import sentence as note_sentence
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
#: lost of 200 customers at the start of each quarter in past years
USUAL = {1: 40, 2: 10, 3: 10, 4: 10}


def analysed(lost: dict[str, int], years: range = range(2022, 2026)) -> Result:
    """200 customers at the start of each quarter; so many are lost in the quarters named, and as usual in those of `years`."""
    usual = {f"{year}Q{n}": number for year in years for n, number in USUAL.items()}
    running, rows = [(f"first-{n}", date(min(years) - 1, 12, 1)) for n in range(200)], []
    for quarter in Quarter(min(years), 1).upto(Q3):
        count = lost.get(str(quarter), usual.get(str(quarter), 0))
        middle, later = (date(quarter.start.year, quarter.start.month + n, 15) for n in (1, 2))
        rows += [contract(name, str(since), str(middle)) for name, since in running[:count]]
        running = running[count:] + [(f"{quarter}-{n}", later) for n in range(count)]  # others come instead
    rows += [contract(name, str(since)) for name, since in running]
    return baselines.analyse(product_data(accounts=[], contracts=pd.DataFrame(rows)), Q3)


def test_each_of_the_last_four_quarters_is_compared_with_the_same_quarter_of_past_years() -> None:
    table = analysed({"2026Q1": 40, "2026Q2": 10, "2026Q3": 10}).tables["last_quarters"]
    assert table.groupby("quarter", sort=False)["year"].apply(list).to_dict() == {
        "2025Q4": [2022, 2023, 2024, 2025],
        "2026Q1": [2022, 2023, 2024, 2025, 2026],
        "2026Q2": [2022, 2023, 2024, 2025, 2026],
        "2026Q3": [2022, 2023, 2024, 2025, 2026],
    }
    latest = table.groupby("quarter", sort=False).tail(1).set_index("quarter")
    assert not latest["odd"].any()


def test_a_bad_quarter_two_quarters_ago_is_the_message_and_a_finding() -> None:
    result = analysed({"2026Q1": 80, "2026Q2": 10, "2026Q3": 10})
    verdict = result.verdicts["same_quarter"]
    assert verdict.code == "earlier_more"
    assert verdict.fields["quarter"] == "2026Q1"
    assert verdict.fields["ratio"] == pytest.approx(80 / 40, rel=0.02)
    [named] = [f for f in result.findings if f.code.startswith("lost_")]
    assert (named.code, named.direction, named.fields["quarter"]) == ("lost_more_in", "worse", "2026Q1")
    message = charts.same_quarter(result, Text("en")).message
    assert "Q1 2026 lost more than usual" in message
    assert "2026年1〜3月期" in charts.same_quarter(result, Text("ja")).message
    assert "2026年1〜3月期" in sentence(named, Text("ja"), "baselines", "JPY")


def test_where_the_latest_quarter_is_bad_too_it_is_the_message_and_both_are_found() -> None:
    result = analysed({"2026Q1": 80, "2026Q2": 10, "2026Q3": 40})
    assert result.verdicts["same_quarter"].code == "more"
    assert [f.code for f in result.findings] == ["lost_more", "lost_more_in"]


def test_of_several_earlier_quarters_the_one_furthest_from_chance_is_the_message() -> None:
    result = analysed({"2025Q4": 24, "2026Q1": 120, "2026Q2": 10, "2026Q3": 10})
    assert result.verdicts["same_quarter"].fields["quarter"] == "2026Q1"
    named = [f.fields["quarter"] for f in result.findings if f.code == "lost_more_in"]
    assert named == ["2026Q1", "2025Q4"]


def test_an_earlier_quarter_with_fewer_is_good_news() -> None:
    result = analysed({"2026Q1": 10, "2026Q2": 10, "2026Q3": 10})
    assert result.verdicts["same_quarter"].code == "earlier_fewer"
    [named] = [f for f in result.findings if f.code == "lost_fewer_in"]
    assert named.direction == "better"


def test_losses_after_years_of_none_are_named_without_a_ratio() -> None:
    never_before = {f"{year}Q1": 0 for year in range(2022, 2026)}
    result = analysed({**never_before, "2026Q1": 60, "2026Q2": 10, "2026Q3": 10})
    assert result.verdicts["same_quarter"].code == "earlier_more_than_none"
    for language in ("en", "ja"):
        assert "–" not in charts.same_quarter(result, Text(language)).message


def test_four_ordinary_quarters_are_said_to_hold_one_by_chance_in_a_fifth_of_all_cases() -> None:
    # 1 - .95 ** 4 = .185
    [note] = [
        n for n in analysed({"2026Q1": 40, "2026Q2": 10, "2026Q3": 10}).notes if n.code == "judged_alone"
    ]
    assert note.fields == {"quarters": 4, "share": pytest.approx(0.1855, abs=1e-4)}
    assert "19%" in note_sentence(note, Text("en"), "baselines", "JPY")


def test_a_quarter_with_too_few_years_is_not_called_usual_beside_an_earlier_bad_one() -> None:
    # the third quarter of 2025 is the first one: only the first quarter has two past years
    result = analysed({"2026Q1": 120, "2026Q2": 10, "2026Q3": 10}, years=range(2024, 2026))
    table = result.tables["last_quarters"]
    message = charts.same_quarter(result, Text("en")).message
    assert table["quarter"].iloc[-1] == "2026Q3"
    assert result.verdicts["same_quarter"].code == "earlier_more"
    assert message.startswith("5% of the customers left in the quarter; Q1 2026 lost more than usual")

"""The gaps as files that trackers import, read back as these read them, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pandas as pd
import pytest

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.tables import gap_plan, issues
from cs_helpers.tables.spreadsheet import spreadsheet
from cs_helpers.text import Text

JIRA = ["Summary", "Description", "Issue Type", "Priority", "Labels", "Due Date"]
GITHUB = ["title", "body", "labels", "milestone"]


def issue(goal: str, **said: Any) -> dict[str, Any]:
    known = {
        "goal": goal, "place": 1.0, "priority": "high", "kind": "customers", "metric": "", "as_is": 0.25, "target": 0.1,
        "unit": "share", "n": 120, "customers": 18.0, "mrr": 1_500_000.0, "impact": 400_000.0, "impact_low": 100_000.0,
        "impact_high": 700_000.0, "confidence": 0.5, "effort": 3.0, "by": pd.Timestamp("2027-03-31"), "first_three": 0.97,
        "means": "guided_setup\ncall", "gain": "clear", "capacity": float("nan"),
    }  # fmt: skip
    return known | said


NOT_RANKED = issue(
    "value", place=float("nan"), priority="", kind="metric", as_is=120.0, target=90.0, unit="days", customers=float("nan"),
    mrr=float("nan"), impact=float("nan"), impact_low=float("nan"), impact_high=float("nan"), first_three=float("nan"),
    means="", gain="",
)  # fmt: skip


def plan(*rows: dict[str, Any], by_contracts: bool = True) -> Result:
    quarter = Quarter(2026, 3)
    settings = {"currency": "JPY", "by_contracts": by_contracts}
    tables = {"tracker": pd.DataFrame(rows)}
    return Result(
        "gap_plan",
        "paper_to_web",
        quarter,
        quarter.start,
        date(2026, 9, 30),
        120,
        tables,
        {},
        settings=settings,
    )


def read(frame: pd.DataFrame) -> list[dict[str, str]]:
    """What a reader of CSV gets of the file of a frame."""
    return list(csv.DictReader(io.StringIO(spreadsheet(frame), newline="")))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_jira_reads_its_own_fields_in_every_language(language: str) -> None:
    rows = read(issues.for_jira(plan(issue("second"), NOT_RANKED), Text(language)))
    assert list(rows[0]) == JIRA
    first, other = rows
    assert date.fromisoformat(first["Due Date"]) == date(2027, 3, 31)
    assert (first["Issue Type"], first["Priority"]) == ("Task", "High")
    assert first["Labels"].split(" ") == ["gap-plan", "paper_to_web"]
    assert "second" in first["Summary"]
    for said in (
        "25.0%",
        "10.0%",
        "18",
        "1,500,000",
        "400,000",
        "100,000",
        "700,000",
        "50%",
        "97%",
        "guided_setup",
    ):
        assert said in first["Description"], said
    # what is not known is not said, and no 0 stands in for it
    assert other["Priority"] == ""
    assert len(other["Description"].splitlines()) == 4
    assert "–" not in other["Description"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_importers_of_github_issues_read_title_body_labels_and_milestone(language: str) -> None:
    first, other = read(issues.for_github(plan(issue("second"), NOT_RANKED), Text(language)))
    assert list(first) == GITHUB
    assert first["labels"].split(",") == ["gap-plan", "paper_to_web", "priority-high"]
    assert other["labels"].split(",") == ["gap-plan", "paper_to_web"]
    assert first["milestone"] == "2027Q1"
    assert first["body"] == read(issues.for_jira(plan(issue("second")), Text(language)))[0]["Description"]


@pytest.mark.parametrize(("gain", "said"), [("unclear", "may be nothing"), ("loss", "shows no gain")])
def test_an_issue_says_where_its_worth_may_be_nothing(gain: str, said: str) -> None:
    (row,) = read(issues.for_jira(plan(issue("second", gain=gain, priority="medium")), Text("en")))
    assert said in row["Description"]


def test_an_issue_says_where_its_means_are_too_few_or_none() -> None:
    rows = read(issues.for_jira(plan(issue("one", capacity=10.0), issue("two", means="")), Text("en")))
    assert "can serve 10 of 18 customers" in rows[0]["Description"]
    assert "No means is named." in rows[1]["Description"]
    page = gap_plan.tracker(plan(issue("one", capacity=10.0), issue("two", means="")), Text("en")).page
    assert page.iloc[0, -1] == "guided_setup, call\nby then 10 of 18 customers"
    assert page.iloc[1, -1] == "no means"


@pytest.mark.parametrize(("language", "said"), [("en", "Not yet: second"), ("ja", "未達：『second』")])
def test_a_title_does_not_read_as_if_the_goal_were_reached(language: str, said: str) -> None:
    (row,) = read(issues.for_jira(plan(issue("second")), Text(language)))
    assert row["Summary"] == said


def test_a_hostile_goal_is_no_formula_in_any_cell() -> None:
    text = Text("en")
    text._sentences["labels.goal.bad"] = '=HYPERLINK("https://x")'
    text._sentences["gap_plan.issue.title"] = "{goal}"
    for frame in (issues.for_jira, issues.for_github):
        (row,) = read(frame(plan(issue("bad")), text))
        assert all(not cell or cell[0] not in "=+-@\t\r" for cell in row.values())
        assert next(iter(row.values())) == '\'=HYPERLINK("https://x")'


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_contracts_no_issue_mentions_mrr(language: str) -> None:
    frame = issues.for_jira(plan(issue("second"), by_contracts=False), Text(language, accounts=True))
    assert "MRR" not in spreadsheet(frame)


def test_the_page_lists_the_issues_and_offers_both_files() -> None:
    listing = gap_plan.tracker(plan(issue("second"), NOT_RANKED), Text("en"))
    assert listing.page.iloc[:, 1].tolist() == ["High", "Not ranked"]
    assert {name: len(frame) for name, frame in listing.files.items()} == {"jira": 2, "github": 2}
    assert not listing.is_truncated


def test_an_effort_has_a_decimal_only_where_it_needs_one() -> None:
    assert [issues.months(v, Text("en")) for v in (3.0, 0.5, 12.0)] == ["3", "0.5", "12"]

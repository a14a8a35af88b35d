"""The gaps as rows that issue trackers import: a file for Jira's CSV import, and one for importers of GitHub issues.

Jira maps columns to fields by the names of its fields and reads labels with blanks between them; importers of GitHub issues
read `title`, `body`, `labels` (with commas between them) and `milestone`. Both take the names of columns and the values
of priorities in English, so these are the same in every language.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.tables.units import format_value
from cs_helpers.text import Text

#: names of Jira's priorities and type of issue that every new site has
_PRIORITIES = {"high": "High", "medium": "Medium", "low": "Low", "": ""}
_ISSUE_TYPE = "Task"
_LABEL = "gap-plan"


def title(row: Any, text: Text) -> str:
    """The title of an issue: the goal in words."""
    return text("gap_plan.issue.title", goal=text.label("goal", row.goal))


def means(row: Any, text: Text) -> str:
    """The means that serve a goal, as a list; '' without any."""
    return text.join_list([text.label("means", name) for name in row.means.split("\n") if name])


def about(amount: float) -> float:
    """An amount that is a share of another in proportion, with three figures: it has no more."""
    return float(f"{amount:.3g}")


def months(effort: float, text: Text) -> str:
    """An effort in person-months, with a decimal only where it has one."""
    return text.number(effort, 0 if effort == round(effort) else 1)


def for_jira(result: Result, text: Text) -> pd.DataFrame:
    """The issues for Jira: Summary, Description, Issue Type, Priority, Labels, Due Date (as 2027-03-31)."""
    return pd.DataFrame(
        [
            {
                "Summary": title(row, text),
                "Description": description(row, result, text),
                "Issue Type": _ISSUE_TYPE,
                "Priority": _PRIORITIES[row.priority],
                "Labels": f"{_LABEL} {result.product}",
                "Due Date": row.by.date(),
            }
            for row in result.tables["tracker"].itertuples()
        ]
    )


def for_github(result: Result, text: Text) -> pd.DataFrame:
    """The issues for importers of GitHub issues: title, body, labels, milestone (the quarter of the day, as 2027Q1)."""
    return pd.DataFrame(
        [
            {
                "title": title(row, text),
                "body": description(row, result, text),
                "labels": ",".join(
                    [_LABEL, result.product, *([f"priority-{row.priority}"] if row.priority else [])]
                ),
                "milestone": str(Quarter.containing(row.by.date())),
            }
            for row in result.tables["tracker"].itertuples()
        ]
    )


def description(row: Any, result: Result, text: Text) -> str:
    """What an issue is about, a sentence a line: As-Is and To-Be, what to move, what it is worth, and with what."""
    currency, by_contracts = result.settings["currency"], result.settings["by_contracts"]
    lines = [
        text(
            "gap_plan.issue.state",
            as_is=format_value(row.as_is, row.unit, text, currency),
            target=format_value(row.target, row.unit, text, currency),
            by=text.day(row.by),
            quarter=text.quarter(result.quarter),
        )
    ]
    if row.customers == row.customers:
        customers = text.number(row.customers)
        amount = by_contracts and row.mrr == row.mrr
        lines.append(
            text("gap_plan.issue.move_mrr", customers=customers, mrr=text.money(about(row.mrr), currency))
            if amount
            else text("gap_plan.issue.move", customers=customers)
        )
    if by_contracts and row.impact == row.impact:
        ends = {"low": row.impact_low, "high": row.impact_high}
        amounts = {k: text.money(v, currency) for k, v in {"impact": row.impact, **ends}.items()}
        key = "impact" if row.impact_low < row.impact_high else "impact_alone"
        lines.append(text(f"gap_plan.issue.{key}", confidence=text.share(row.confidence), **amounts))
    if by_contracts and row.gain in ("unclear", "loss"):
        lines.append(text(f"gap_plan.issue.{row.gain}"))
    if row.place == row.place:
        lines.append(
            text("gap_plan.issue.place", place=text.number(row.place), share=text.share(row.first_three))
        )
    lines.append(text("gap_plan.issue.effort", effort=months(row.effort, text)))
    lines.append(
        text("gap_plan.issue.means", means=means(row, text)) if row.means else text("gap_plan.issue.no_means")
    )
    if row.capacity < row.customers:
        served = {name: text.number(getattr(row, name)) for name in ("capacity", "customers")}
        lines.append(text("gap_plan.issue.capacity", **served))
    lines.append(
        text("gap_plan.issue.source", quarter=text.quarter(result.quarter), as_of=text.day(result.as_of))
    )
    return "\n".join(lines)

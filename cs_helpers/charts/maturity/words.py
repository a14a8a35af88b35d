"""What the figures of maturity share: the sentence of a verdict, the names and colours of levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from cs_helpers.charts.theme import level_colours
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the colour of customers whose level is not known, unlike the blues of levels
NOT_KNOWN = "#eadfca"


def verdict_sentence(result: Result, question: str, text: Text) -> str:
    """The sentence of a question's verdict, with its fields formatted in the language."""
    verdict = result.verdicts[question]
    formats: dict[str, Callable[[Any], str]] = {
        **dict.fromkeys(("level", "short"), lambda level: text.label("level", level)),
        "segment": text.segment,
        "quarter": lambda quarter: text.quarter(Quarter.parse(quarter)),
        **dict.fromkeys(("ratio", "low", "high"), lambda value: text.number(value, 1)),
    }
    fields = {
        name: formats.get(name, text.number if isinstance(value, int) else text.share)(value)
        for name, value in verdict.fields.items()
    }
    return text(f"maturity.{question}.{verdict.code}", **fields)


def levels_of(table: pd.DataFrame) -> tuple[int, ...]:
    """The levels that a table with a row for each of them (column `level`) holds, from 0."""
    return tuple(sorted(int(level) for level in set(table["level"]) if level >= 0))


def level_colour(level: int, top: int) -> str:
    """The colour of a level up to the highest, or of customers whose level is not known."""
    return NOT_KNOWN if level == UNKNOWN else level_colours(top)[level]


def level_name(level: int, text: Text) -> str:
    """The name of a level, or of the state that takes its place."""
    words = {LOST: "lost", UNKNOWN: "unknown", NOT_THERE: "not_recorded"}
    return text(f"maturity.{words[level]}") if level in words else text.label("level", level)


def quarters_with_customers(table: pd.DataFrame, most: int) -> list[str]:
    """The last quarters of a table (columns quarter, customers) that anybody is counted in, at most so many.

    A survey that is made once a year counts nobody in the quarters between.
    """
    counted = table.groupby("quarter", sort=False)["customers"].agg(lambda numbers: numbers.abs().sum())
    return [str(quarter) for quarter in counted.index[counted > 0]][-most:]


def quarter_ticks(quarters: list[str]) -> list[str]:
    """The names of quarters below a narrow axis, with the year below the first of each year."""
    parts = [quarter.partition("Q") for quarter in quarters]
    years = ["", *(year for year, _, _ in parts)]
    return [
        f"Q{n}\n{year}" if year != before else f"Q{n}"
        for before, (year, _, n) in zip(years, parts, strict=False)
    ]

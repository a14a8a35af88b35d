"""The figure of what keeps customers from the next level."""

from __future__ import annotations

from typing import Any

from cs_helpers.charts.theme import (
    BLUE,
    QUIET,
    SKY,
    Picture,
    bars,
    canvas,
    finish_figure,
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.text import Text


def held_back(result: Result, text: Text) -> Picture:
    """For each level, the share of its customers who lack each condition of the next one."""
    table = result.tables["held_back"]
    with canvas(text, height=1.3 + 0.42 * max(len(table), 1)) as (figure, axis):
        names = []
        for place, row in enumerate(table.itertuples()):
            only = row.only / row.n
            bars(axis, [place], only, color=BLUE, width=0.6, lying=True)
            bars(axis, [place], row.share - only, start=only, color=SKY, width=0.6, lying=True)
            label = text(
                "maturity.held_back.label",
                share=text.share(row.share),
                customers=text.number(row.customers),
                n=text.number(row.n),
            )
            axis.text(row.share + 0.01, place, label, va="center", fontsize=9, color=QUIET)
            names.append(_condition(str(row.condition), row.level, text))
        axis.set_yticks(range(len(names)), names)
        axis.invert_yaxis()
        percent_axis(axis, which="x", top=1.18)
        axis.grid(axis="y", visible=False)
        axis.set_title(text("maturity.held_back.axis"))
        if len(table):
            handles = [axis.barh([0], [0], color=colour) for colour in (BLUE, SKY)]
            words = [text(f"maturity.held_back.{key}") for key in ("only", "further")]
            axis.legend(handles, words, ncols=2, loc="upper center", bbox_to_anchor=(0.4, -0.12), fontsize=9)
        message = _message(result, text)
        n = int(table.drop_duplicates("level")["n"].sum())
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=text("maturity.held_back.alt", message=message),
            n=text("charts.n_customers", n=text.number(n)),
            period=text.day(result.quarter.end),
        )


def _condition(key: str, level: int, text: Text) -> str:
    """A condition with the level that it keeps customers at, and the one that it belongs to."""
    return text(
        "maturity.held_back.condition",
        level=text.label("level", level),
        to=text.label("level", level + 1),
        condition=text.condition(key),
    )


def _message(result: Result, text: Text) -> str:
    verdict = result.verdicts["held_back"]
    fields: dict[str, Any] = {}
    for name, value in verdict.fields.items():
        if name == "level":
            fields[name] = text.label("level", value)
        elif name == "condition":
            fields[name] = text.condition(value)
        elif name == "conditions":
            fields[name] = text.join_list([_condition(key, int(key[0]) - 1, text) for key in value])
        else:
            fields[name] = text.number(value)
    return text(f"maturity.held_back.{verdict.code}", **fields)

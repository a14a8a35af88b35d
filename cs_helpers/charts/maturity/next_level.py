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
)
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.text.measured import measured


def held_back(result: Result, text: Text) -> Picture:
    """For each level, how many of its customers lack each condition of the next one."""
    table, currency = result.tables["held_back"], result.settings["currency"]
    widest = float(table["customers"].max())
    with canvas(text, height=1.15 + 0.46 * len(table)) as (figure, axis):
        names = []
        for place, row in enumerate(table.itertuples()):
            bars(axis, [place], row.only, color=BLUE, width=0.6, lying=True)
            further = row.customers - row.only
            bars(axis, [place], further, start=row.only, color=SKY, width=0.6, lying=True)
            axis.text(
                row.customers + widest * 0.012,
                place,
                _label(row, currency, text),
                va="center",
                fontsize=9,
                color=QUIET,
            )
            needs = measured(row.needs, row.unit, currency, text)
            name = text.wrap(_condition(str(row.condition), row.level, text), 40)
            names.append(f"{name}\n{text(f'labels.measured.{row.bound}', n=needs)}")
        axis.set_yticks(range(len(names)), names)
        axis.invert_yaxis()
        axis.set_xlim(0, widest * 1.8)
        axis.set_xticks([])
        axis.grid(axis="y", visible=False)
        axis.set_title(text("maturity.held_back.axis"))
        colours = {"only": BLUE, "further": SKY} if (table["customers"] > table["only"]).any() else {}
        handles = [axis.barh([0], [0], color=colour) for colour in colours.values()]
        words = [text(f"maturity.held_back.{key}") for key in colours]
        if colours:
            axis.legend(handles, words, ncols=2, loc="upper center", bbox_to_anchor=(0.4, 0.0), fontsize=9)
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


def _label(row: Any, currency: str, text: Text) -> str:
    """How many of the customers at the level, the MRR of these where it is known, and what they have at the median."""
    fields = {"customers": text.number(row.customers), "n": text.number(row.n)}
    mrr = getattr(row, "mrr", None)
    if not row.customers:
        return text("maturity.held_back.label", **fields)
    fields["median"] = measured(row.median, row.unit, currency, text)
    if mrr is None:
        return text("maturity.held_back.label_median", **fields)
    return text("maturity.held_back.label_mrr", mrr=text.money(mrr, currency), **fields)


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
            names = [
                text.condition(key) if verdict.code == "tied" else _condition(key, int(key[0]) - 1, text)
                for key in value
            ]
            fields[name] = text.join_list(
                [text("maturity.held_back.quoted", condition=each) for each in names]
            )
        else:
            fields[name] = text.number(value)
    return text(f"maturity.held_back.{verdict.code}", **fields)

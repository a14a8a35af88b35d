"""Figures of the means: customers who need something now against who can take them, and who answers for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RED,
    RULE,
    Picture,
    bars,
    canvas,
    finish_figure,
)
from cs_helpers.result import Result
from cs_helpers.text import Text

#: from more departments on, their names are turned so that they do not meet
MANY = 5

_COLOURS = {"nobody": RED, "exceeded": ORANGE, "enough": BLUE}


def needs(result: Result, text: Text) -> Picture:
    """For each step and entry the customers who need it now, by whether somebody can take them."""
    table = result.tables["needs"]
    kinds = [(kind, rows.iloc[::-1]) for kind, rows in table.groupby("kind", sort=False)]
    reach = float(np.nanmax(table["demand"].to_numpy(float), initial=0)) or 1.0
    with canvas(
        text,
        len(kinds),
        height=1.3 + 0.45 * len(table) + 0.3 * len(kinds),
        squeeze=False,
        sharex=True,
        height_ratios=[len(rows) + 0.4 for _, rows in kinds],
    ) as (figure, axes):
        for axis, (kind, rows) in zip(axes[:, 0], kinds, strict=True):
            places = np.arange(len(rows))
            colours = [_COLOURS.get(state, QUIET) for state in rows["state"]]
            bars(axis, places, rows["demand"].to_numpy(float), width=0.56, color=colours, lying=True)
            for place, row in zip(places, rows.itertuples(), strict=True):
                start = 0.0 if row.demand != row.demand else row.demand
                axis.text(
                    start + reach * 0.012, place, _beside(row, text), va="center", fontsize=9,
                    color=_COLOURS[row.state] if row.state in ("nobody", "exceeded") else QUIET, in_layout=False,
                )  # fmt: skip
            axis.set_title(text(f"means.needs.{kind}s"))
            axis.set_xlim(0, reach * 1.75)
            axis.set_ylim(-0.6, len(rows) - 0.4)
            axis.set_xticks([])
            axis.spines["bottom"].set_visible(False)
            axis.set_yticks(places, [text.wrap(text.named(kind, need), 40) for need in rows["need"]])
        return _finished(figure, result, "needs", text)


def _beside(row: Any, text: Text) -> str:
    """What stands beside a bar: the customers, and who can take them or why nobody can."""
    said = text(
        f"means.needs.beside_{row.state}",
        why=text.join_list([text(f"means.short.{code}") for code in row.obstacles]),
        capacity=text.number(row.capacity),
    )
    if row.demand != row.demand:
        return (
            f"{text('means.needs.not_known')}{text('means.needs.and')}{said}"
            if row.obstacles
            else text("means.needs.not_known")
        )
    return f"{text.number(row.demand)}{text('means.needs.and')}{said}" if said else text.number(row.demand)


def between(result: Result, text: Text) -> Picture:
    """The departments that answer for each step, entry and KPI: one is as it should be."""
    table = result.tables["between"]
    table = table[table["kind"] != "means"].iloc[::-1].reset_index(drop=True)
    departments = list(dict.fromkeys(name for names in table["departments"][::-1] for name in names))
    with canvas(text, height=1.5 + 0.36 * len(table)) as (figure, axis):
        for place, row in enumerate(table.itertuples()):
            if row.state != "one":
                axis.axhspan(place - 0.5, place + 0.5, color="#fbeedd", linewidth=0)
            columns = [departments.index(name) for name in row.departments]
            axis.scatter(
                columns,
                [place] * len(columns),
                s=70,
                color=ORANGE if row.state == "several" else BLUE,
                zorder=3,
            )
            if row.state != "one":
                axis.text(
                    len(departments) - 0.45, place, text(f"means.between.beside_{row.state}"), va="center",
                    fontsize=9, color=INK,
                )  # fmt: skip
        _groups(axis, table, text)
        axis.set_xlim(-0.5, len(departments) + 0.55)
        axis.set_ylim(-0.5, len(table) - 0.5)
        axis.xaxis.tick_top()
        axis.set_xticks(
            range(len(departments)),
            [text.wrap(text.label("department", name), 12) for name in departments],
            **({"rotation": 35, "ha": "left"} if len(departments) > MANY else {}),
        )
        axis.vlines(range(len(departments)), -0.5, len(table) - 0.5, color=RULE, linewidth=0.8)
        for side in ("left", "bottom"):
            axis.spines[side].set_visible(False)
        return _finished(figure, result, "between", text)


def _groups(axis: Axes, table: pd.DataFrame, text: Text) -> None:
    """The names of the rows, and a line between steps, entries and KPIs."""
    kinds: Sequence[str] = list(table["kind"])
    axis.set_yticks(
        range(len(table)),
        [
            _two_lines(text(f"means.item.{row.kind}", name=text.named(row.kind, row.item)), text)
            for row in table.itertuples()
        ],
        fontsize=9,
    )
    for place in range(1, len(kinds)):
        if kinds[place] != kinds[place - 1]:
            axis.axhline(place - 0.5, color=QUIET, linewidth=0.8)


def _two_lines(name: str, text: Text, width: int = 46) -> str:
    """A name in at most two lines, with an ellipsis where there is more of it."""
    lines = text.wrap(name, width).split("\n")
    return "\n".join(lines[:2]) + ("…" if len(lines) > 2 else "")


def _finished(figure: Any, result: Result, question: str, text: Text) -> Picture:
    message = _message(result, question, text)
    return finish_figure(
        figure, text, result, message=message, alt=text(f"means.{question}.alt", message=message),
        n=text("charts.n_customers", n=text.number(result.n)),
    )  # fmt: skip


def _message(result: Result, question: str, text: Text) -> str:
    """The sentence of a question's verdict."""
    verdict = result.verdicts[question]
    fields = {
        name: text.join_list([text.label("means", one) for one in value])
        if name == "means"
        else text.number(value)
        for name, value in verdict.fields.items()
    }
    return text(f"means.{question}.{verdict.code}", **fields)

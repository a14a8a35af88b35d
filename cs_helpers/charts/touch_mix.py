"""Figures of touches: their mix by level, what customers of each level get, who gets less than planned, and hours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RULE,
    Picture,
    bars,
    canvas,
    finish_figure,
    percent_axis,
)
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.result import Result
from cs_helpers.text import Text


def mix(result: Result, text: Text) -> Picture:
    """The share of each touch model by level over the year, with intervals and the declared share as a line."""
    table = result.tables["mix"]
    table = table[(table["period"] == "year") & (table["touches"] > 0)]
    levels = list(dict.fromkeys(table["level"]))[::-1]
    touches = table.drop_duplicates("level").set_index("level")["touches"]
    with canvas(text, 1, len(TOUCH_MODELS), height=1.3 + 0.42 * max(len(levels), 2), sharey=True) as (
        figure,
        axes,
    ):
        for axis, model in zip(axes, TOUCH_MODELS, strict=True):
            rows = table[table["touch_model"] == model].set_index("level").reindex(levels)
            colours = [ORANGE if v in ("more", "fewer") else BLUE for v in rows["verdict"]]
            places = np.arange(len(levels))
            bars(axis, places, rows["share"], width=0.56, color=colours, lying=True)
            axis.hlines(places, rows["low"], rows["high"], color=INK, linewidth=1.3)
            axis.vlines(
                rows["declared"],
                places - 0.42,
                places + 0.42,
                color=INK,
                linewidth=2.2,
                linestyle=(0, (1, 0.6)),
            )
            axis.set_title(text.label("touch_model", model))
            percent_axis(axis, which="x")
            axis.set_xticks([0, 0.5, 1.0])
            axis.grid(axis="y", visible=False)
        axes[0].set_yticks(
            range(len(levels)),
            [f"{text.label('level', level)}  n={text.number(touches[level])}" for level in levels],
        )
        axes[0].set_ylim(-0.6, max(len(levels), 1) - 0.4)
        message = _message(result, "mix", text)
        n = text("touch_mix.n", touches=text.number(touches.get("all", 0)))
        return finish_figure(
            figure, text, result, message=message, alt=text("touch_mix.mix.alt", message=message), n=n
        )


def levels(result: Result, text: Text) -> Picture:
    """Touches per customer in the quarter by level; hours, and those that the plan needs, where they are declared."""
    table = result.tables["levels"].iloc[::-1].reset_index(drop=True)
    panels = ["rate", "hours"] if result.settings["has_hours"] else ["rate"]
    with canvas(text, 1, len(panels), height=1.35 + 0.4 * len(table), squeeze=False, sharey=True) as (
        figure,
        axes,
    ):
        places = np.arange(len(table))
        for axis, panel in zip(axes[0], panels, strict=True):
            values = table[panel]
            bars(axis, places, values, width=0.56, color=BLUE, lying=True)
            ends = table["high"].fillna(values) if panel == "rate" else values
            if panel == "rate":
                axis.hlines(places, table["low"], table["high"], color=INK, linewidth=1.3)
            else:
                plan = table["plan_hours"]
                axis.vlines(
                    plan, places - 0.42, places + 0.42, color=INK, linewidth=2.2, linestyle=(0, (1, 0.6))
                )
                ends = np.fmax(values, plan)
            reach = float(np.nanmax(ends.to_numpy(float), initial=0)) or 1.0
            for place, value, end in zip(places, values, ends, strict=True):
                if value == value:
                    label = text.number(value, 1 if panel == "rate" else 0)
                    _beside(axis, end + reach * 0.02, place, label)
            axis.set_xlim(0, reach * 1.18)
            _without_scale(axis)
            axis.set_title(text(f"touch_mix.levels.{panel}"))
        axes[0][0].set_yticks(
            places,
            [
                f"{text.label('level', row.level)}  n={text.number(row.customers)}"
                for row in table.itertuples()
            ],
        )
        axes[0][0].set_ylim(-0.6, len(table) - 0.4)
        return _of_quarter(figure, result, "levels", text)


def below_plan(result: Result, text: Text) -> Picture:
    """Customers who got fewer touches than planned (without a plan: none), and their MRR, by group."""
    table = result.tables["below_plan"].iloc[::-1].reset_index(drop=True)
    kind, of = ("below", "planned") if result.settings["has_plan"] else ("untouched", "customers")
    amounts = [f"{kind}_mrr"] if result.settings["by_contracts"] else []
    with canvas(text, 1, 1 + len(amounts), height=1.35 + 0.4 * len(table), squeeze=False, sharey=True) as (
        figure,
        axes,
    ):
        places = np.arange(len(table))
        for axis, column in zip(axes[0], [kind, *amounts], strict=True):
            values = table[column]
            whole = table[of] if column == kind else values
            reach = float(np.nanmax(whole.to_numpy(float), initial=0)) or 1.0
            if column == kind:
                bars(axis, places, whole, width=0.56, color=RULE, lying=True)
            bars(axis, places, values, width=0.56, color=ORANGE, lying=True)
            for place, value, end in zip(places, values, whole, strict=True):
                label = (
                    text("touch_mix.below_plan.of", count=text.number(value), of=text.number(end))
                    if column == kind
                    else text.money(value, result.settings["currency"])
                )
                _beside(axis, end + reach * 0.02, place, label)
            axis.set_xlim(0, reach * 1.35)
            _without_scale(axis)
            axis.set_title(text(f"touch_mix.below_plan.axis_{'mrr' if column in amounts else kind}"))
        axes[0][0].set_yticks(places, [text.label(result.settings["by"], group) for group in table["group"]])
        axes[0][0].set_ylim(-0.6, len(table) - 0.4)
        return _of_quarter(figure, result, "below_plan", text)


def changed_mix(result: Result, text: Text) -> Picture:
    """The hours that the quarter's touches took, and those that the plan and other mixes would need."""
    table: pd.DataFrame = result.tables["changed_mix"].iloc[::-1].reset_index(drop=True)
    with canvas(text, height=1.1 + 0.42 * len(table)) as (figure, axis):
        places = np.arange(len(table))
        colours = [INK if c == "now" else ORANGE if c == "plan" else BLUE for c in table["change"]]
        bars(axis, places, table["hours"], width=0.56, color=colours, lying=True)
        reach = float(table["hours"].max()) or 1.0
        for place, row in enumerate(table.itertuples()):
            label = text("touch_mix.hours", hours=text.number(row.hours))
            if row.change != "now":
                sign = "+" if row.difference > 0 else "−" if row.difference < 0 else "±"
                label += f"  {sign}{text.number(abs(row.difference))}"
            _beside(axis, row.hours + reach * 0.01, place, label)
        axis.set_xlim(0, reach * 1.2)
        axis.set_ylim(-0.6, len(table) - 0.4)
        _without_scale(axis)
        axis.set_yticks(
            places, [text.wrap(text(f"touch_mix.changed_mix.{change}"), 20) for change in table["change"]]
        )
        return _of_quarter(figure, result, "changed_mix", text)


def _of_quarter(figure: Any, result: Result, question: str, text: Text) -> Picture:
    message = _message(result, question, text)
    return finish_figure(
        figure,
        text,
        result,
        message=message,
        alt=text(f"touch_mix.{question}.alt", message=message),
        n=text("charts.n_customers", n=text.number(result.n)),
        period=text.span(result.quarter.start, result.quarter.end),
    )


def _message(result: Result, question: str, text: Text) -> str:
    """The sentence of a question's verdict, with its fields formatted in the language."""
    verdict = result.verdicts[question]
    fields = {}
    for name, value in verdict.fields.items():
        if name in ("share", "low", "high", "declared"):
            fields[name] = text.share(value)
        elif name == "touch_model":
            fields[name] = text.label("touch_model", value)
        elif name in ("level", "most", "fewest"):
            fields[name] = text.label("level", value)
        elif name == "mrr":
            fields[name] = text.money(value, result.settings["currency"])
        else:
            fields[name] = text.number(value, 1 if name.endswith("rate") else 0)
    return text(f"touch_mix.{question}.{verdict.code}", **fields)


def _beside(axis: Axes, x: float, y: Any, label: str) -> None:
    axis.text(x, y, label, va="center", fontsize=9, color=QUIET, in_layout=False)


def _without_scale(axis: Axes) -> None:
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)

"""Figures of level_outlook: the quarters ahead, past forecasts, and what if more customers rose."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    SKY,
    Picture,
    bars,
    canvas,
    count_axis,
    finish_figure,
    ink_on,
    label_inside,
    level_colours,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the shares of a level that rise more, of which the page asks
SHOWN = (0.0, 0.05, 0.1, 0.2)
#: the colour of customers whose level is not known
_NOT_KNOWN = "#eadfca"
_INNER, _OUTER = SKY, "#d3e6f2"


def verdict_sentence(result: Result, question: str, text: Text) -> str:
    """The sentence of a question's verdict, with its fields formatted in the language."""
    verdict = result.verdicts[question]
    currency = result.settings["currency"]

    def formatted(name: str, value: object) -> str:
        if name == "level":
            return text.label("level", value)
        if name == "quarter":
            return text.quarter(Quarter.parse(str(value)))
        number = float(str(value))
        if name in ("more", "share"):
            return text.share(number)
        if question == "mrr":
            return text.money(number, currency)
        digits = int(question == "what_if" and name.startswith("kept"))
        return text.number(number, digits)

    fields = {name: formatted(name, value) for name, value in verdict.fields.items()}
    return text(f"level_outlook.{question}.{verdict.code}", **fields)


def outlook(result: Result, text: Text) -> Picture:
    """Customers, those lost and new in each quarter, and customers by level: as it was, and the next four quarters."""
    table = result.tables["outlook"]
    parts = _parts(table["part"])
    message = verdict_sentence(result, "outlook", text)
    with _panels(parts, text) as (figure, axes):
        for part, axis in zip(parts, axes, strict=False):
            _fan(axis, table[table["part"] == part], "customers", text)
            axis.set_title(text(f"level_outlook.parts.{part}"), fontsize=10)
            last = table[table["part"] == part].iloc[-1]
            label = text.number_within(last["customers"], last["low"], last["high"])
            _corner_label(axis, label)
        return finish_figure(
            figure, text, result, message=message, alt=text("level_outlook.outlook.alt", message=message),
            n=text("charts.n_customers", n=text.number(result.n)),
        )  # fmt: skip


def mrr(result: Result, text: Text) -> Picture:
    """The MRR of all customers and of those at the upper levels: as it was, and the next four quarters."""
    table = result.tables["mrr"]
    message = verdict_sentence(result, "mrr", text)
    currency = result.settings["currency"]
    with canvas(text, 1, 2, height=2.7) as (figure, axes):
        for part, axis in zip(("all", "upper"), axes, strict=True):
            rows = table[table["part"] == part]
            _fan(axis, rows, "mrr", text)
            axis.set_title(text(f"level_outlook.parts.{part}"), fontsize=10)
            last = rows.iloc[-1]
            low, high = text.money(last["low"], currency), text.money(last["high"], currency)
            label = text("charts.interval", value=text.money(last["mrr"], currency), low=low, high=high)
            _corner_label(axis, label)
        return finish_figure(
            figure, text, result, message=message, alt=text("level_outlook.mrr.alt", message=message),
            n=text("charts.n_customers", n=text.number(result.n)),
        )  # fmt: skip


def backtest(result: Result, text: Text) -> Picture:
    """Forecasts one quarter ahead with their 95 % intervals, from past quarters, and what came."""
    table = result.tables["backtest"]
    table = table[(table["ahead"] == 1) & (table["part"] != "upper")]
    parts = _parts(table["part"])
    message = verdict_sentence(result, "backtest", text)
    with _panels(parts, text) as (figure, axes):
        for part, axis in zip(parts, axes, strict=False):
            rows = table[table["part"] == part]
            places = np.arange(len(rows))
            axis.vlines(places, rows["low"], rows["high"], color=SKY, linewidth=7)
            axis.plot(places, rows["customers"], linestyle="", marker="_", markersize=9, color=BLUE)
            colours = [INK if held else ORANGE for held in rows["held"]]
            axis.scatter(places, rows["actual"], c=colours, s=26, zorder=3)
            _quarter_ticks(axis, list(rows["quarter"]))
            axis.set_xlim(-0.6, len(rows) - 0.4)
            count_axis(axis, text)
            axis.set_ylim(0, max(float(rows[["high", "actual"]].to_numpy().max()) * 1.15, 1))
            axis.set_title(text(f"level_outlook.parts.{part}"), fontsize=10)
        return finish_figure(
            figure, text, result, message=message, alt=text("level_outlook.backtest.alt", message=message),
            n=text("level_outlook.n_forecasts", n=text.number(len(table))),
        )  # fmt: skip


def what_if(result: Result, text: Text) -> Picture:
    """The expected customers by level a year from now, if more customers of one level rose in each quarter."""
    rising = result.verdicts["what_if"].fields["level"]
    by_level, gains = (
        result.tables[name][lambda t: t["rising"] == rising] for name in ("what_if_levels", "what_if")
    )
    parts = [part for part in dict.fromkeys(by_level["part"]) if part != "unknown"]
    top = len(parts) - 1
    parts += ["unknown"] if "unknown" in set(by_level["part"]) else []
    message = verdict_sentence(result, "what_if", text)
    with canvas(text, height=2.75) as (figure, axis):
        start = np.zeros(len(SHOWN))
        for place, part in enumerate(parts):
            colour = _NOT_KNOWN if part == "unknown" else level_colours(top)[place]
            rows = by_level[by_level["part"] == part].set_index("more")["customers"]
            values = np.array([rows[more] for more in SHOWN])
            bars(
                axis, range(len(SHOWN)), values, start=start, color=colour, width=0.62, lying=True,
                label=text(f"level_outlook.parts.{part}"),
            )  # fmt: skip
            for y, (x, width) in enumerate(zip(start, values, strict=True)):
                if width >= 0.035 * result.n:
                    label_inside(axis, x + width / 2, y, text.number(width), color=ink_on(colour))
            start += values
        for y, more in enumerate(SHOWN):
            row = gains[np.isclose(gains["more"], more)].iloc[0]
            if more:
                label = text(
                    "level_outlook.what_if.above",
                    above=text.number(row["above"]),
                    level=text.label("level", rising),
                )
                axis.annotate(
                    label, (start[y], y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9, color=QUIET
                )  # fmt: skip
        names = [
            text("level_outlook.what_if.more", more=text.share(more)) if more else text("level_outlook.what_if.as_is")
            for more in SHOWN
        ]  # fmt: skip
        axis.set_yticks(range(len(SHOWN)), names)
        axis.set_ylim(len(SHOWN) - 0.5, -0.5)
        axis.set_xlim(0, float(start.max()) * 1.16)
        axis.grid(visible=False)
        axis.legend(
            ncols=len(parts), loc="upper center", bbox_to_anchor=(0.45, -0.1), fontsize=9, columnspacing=1.2
        )
        return finish_figure(
            figure, text, result, message=message, alt=text("level_outlook.what_if.alt", message=message),
            n=text("charts.n_customers", n=text.number(result.n)),
        )  # fmt: skip


def _parts(named: pd.Series) -> list[str]:
    """The parts that panels show: all, new, lost, then each level."""
    present = set(named)
    levels = sorted(
        (p for p in present if p.startswith("level_")), key=lambda p: int(p.removeprefix("level_"))
    )
    return [part for part in ("all", "joined", "lost", *levels, "unknown") if part in present]


@contextmanager
def _panels(parts: Sequence[str], text: Text) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure with a panel for each part, in rows of at most four."""
    columns = min(4, math.ceil(len(parts) / math.ceil(len(parts) / 4)))
    rows = math.ceil(len(parts) / columns)
    with canvas(text, rows, columns, height=1.85 * rows + 0.25, squeeze=False) as (figure, axes):
        panels = list(axes.ravel())
        for unused in panels[len(parts) :]:
            unused.set_visible(False)
        yield figure, panels


def _fan(axis: Axes, rows: pd.DataFrame, value: str, text: Text) -> None:
    """The past as a line, and what is ahead as the mean within its 80 % and 95 %, from the last known value on."""
    was, ahead = rows[rows["ahead"] == 0], rows[rows["ahead"] > 0]
    places = np.arange(len(rows))
    axis.plot(places[: len(was)], was[value], color=INK, linewidth=1.5)
    axis.plot(places[len(was) - 1 : len(was)], was[value].iloc[-1:], marker="o", markersize=4, color=INK)
    joined = np.concatenate([[was[value].iloc[-1]], ahead[value]])
    x = places[len(was) - 1 :]
    for low, high, colour in (("low", "high", _OUTER), ("inner_low", "inner_high", _INNER)):
        start = was[value].iloc[-1]
        lower, upper = np.concatenate([[start], ahead[low]]), np.concatenate([[start], ahead[high]])
        axis.fill_between(x, lower, upper, color=colour, linewidth=0)
    axis.plot(x, joined, color=BLUE, linewidth=1.5)
    _quarter_ticks(axis, list(rows["quarter"]))
    count_axis(axis, text)
    largest = np.nanmax(np.concatenate([was[value], ahead["high"], [1]]))
    axis.set_ylim(0, float(largest) * 1.22)
    axis.set_xlim(-0.3, len(rows) - 0.7)


def _quarter_ticks(axis: Axes, quarters: list[str]) -> None:
    """The year below its first quarter that is shown, a mark for each quarter."""
    parsed = [Quarter.parse(quarter) for quarter in quarters]
    labels = [
        f"Q{q.number}\n{q.year}" if q.number == 1 or (n == 0 and q.number == 2) else "" for n, q in enumerate(parsed)
    ]  # fmt: skip
    axis.set_xticks(range(len(quarters)), labels, fontsize=8)
    axis.tick_params(axis="y", labelsize=8)


def _corner_label(axis: Axes, label: str) -> None:
    """Words at the upper right of a panel."""
    axis.annotate(
        label, (1, 1), xytext=(0, -1), xycoords="axes fraction", textcoords="offset points", ha="right", va="top",
        fontsize=8.5, color=QUIET, in_layout=False,
    )  # fmt: skip

"""Figures of awards and promotions: luck by caseload, years until the best win, and members who meet the criteria."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullLocator

from cs_helpers.charts.theme import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PHONE,
    QUIET,
    RULE,
    SKY,
    Picture,
    bars,
    canvas,
    finish_figure,
    in_two_widths,
    ink_on,
    label_inside,
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.text.recognition_words import criterion_name, promotion_name

_RULES = {"rate": (ORANGE, "o"), "ratio": (INK, "s"), "shrunk": (GREEN, "^"), "bound": (BLUE, "D")}
_STATES = {"met": BLUE, "cannot_be_told": SKY, "not_known": "#dfe5ea", "not_met": ORANGE}


def luck(result: Result, text: Text) -> Picture:
    """The probability of each member to win if all are alike, by the size of the caseload, a line for each rule."""
    return in_two_widths(_luck, result, text)


def _luck(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["luck"]
    with _panels(table, text, width, 3.6) as (figure, panels):
        for axis, (award, rows) in panels:
            for rule, (colour, marker) in _RULES.items():
                line = rows[rows["rule"] == rule]
                # the rate depends on how easy customers are too, so that a line through it would mean nothing
                axis.plot(
                    line["expected"], line["luck"], color=colour, marker=marker, markersize=4.5,
                    linewidth=0 if rule == "rate" else 1.2, label=text(f"recognition.rule.{rule}"),
                )  # fmt: skip
            axis.axhline(
                rows["fair"].iloc[0],
                color=QUIET,
                linestyle="--",
                linewidth=1,
                label=text("recognition.luck.fair"),
            )
            top = min(1.0, float(rows["luck"].max()) * 1.12 + 0.02)
            percent_axis(axis, top=top)
            axis.yaxis.set_major_locator(MultipleLocator(0.05 if top <= 0.3 else 0.1 if top <= 0.6 else 0.2))
            _by_size(axis, rows["expected"], text)
            axis.set_title(_title(text, "luck", award, width))
        _legend(figure, panels[0][0], width)
        return _finished(figure, result, "luck", text, _luck_message(result, text))


def needed(result: Result, text: Text) -> Picture:
    """How often the truly best would be among the winners, by years watched, within the ends of the spread that the data allows."""
    return in_two_widths(_needed, result, text)


def _needed(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["needed"]
    verdict = result.verdicts["needed"].fields
    with _panels(table, text, width, 2.9) as (figure, panels):
        for axis, (award, rows) in panels:
            years = rows["quarters"] / 4
            axis.fill_between(years, rows["low"], rows["high"], color="#d3e6f2", linewidth=0)
            axis.plot(years, rows["best"], color=BLUE, linewidth=2)
            axis.axhline(verdict["aim"], color=QUIET, linestyle="--", linewidth=1)
            percent_axis(axis)
            axis.set_xlim(0, float(years.max()))
            axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
            axis.set_title(_title(text, "needed", award, width))
        message = text(
            f"recognition.needed.{result.verdicts['needed'].code}",
            award=text.label("award", verdict["award"]),
            aim=text.share(verdict["aim"]),
            best=text.share(verdict["best"]),
            quarters=text.number(verdict["quarters"]),
            years=text.number(verdict["quarters"] / 4),
            customers=text.number(verdict["customers"]),
        )
        return _finished(figure, result, "needed", text, message)


def criteria(result: Result, text: Text) -> Picture:
    """For each promotion and criterion, the members who meet it, of whom it cannot be told or is not known, and who do not."""
    return in_two_widths(_criteria, result, text)


def _criteria(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["criteria"]
    groups = [(promotion, rows.iloc[::-1]) for promotion, rows in table.groupby("promotion", sort=False)]
    narrow = width == PHONE
    row_height = 0.62 if narrow else 0.36
    with canvas(
        text, len(groups), height=0.9 + row_height * len(table) + 0.35 * len(groups), width=width, squeeze=False,
        height_ratios=[len(rows) for _, rows in groups],
    ) as (figure, axes):  # fmt: skip
        for axis, (promotion, rows) in zip(axes[:, 0], groups, strict=True):
            start = np.zeros(len(rows))
            for state, colour in _STATES.items():
                counts = rows[state].to_numpy(float)
                bars(
                    axis, range(len(rows)), counts, start=start, color=colour, width=0.66, lying=True,
                    label=text(f"recognition.state.{state}"),
                )  # fmt: skip
                for place, (x, count) in enumerate(zip(start, counts, strict=True)):
                    if count:
                        label_inside(axis, x + count / 2, place, text.number(count), color=ink_on(colour))
                start += counts
            names = [criterion_name(r.kind, r.what, r.at_least, text) for r in rows.itertuples()]
            axis.set_yticks(
                range(len(rows)), [text.wrap(name, 18 if narrow else 44) for name in names], fontsize=9
            )
            axis.set_xlim(0, float(table["people"].max()))
            axis.set_ylim(-0.5, len(rows) - 0.5)
            axis.set_xticks([])
            axis.spines["bottom"].set_visible(False)
            axis.spines["left"].set_color(RULE)
            axis.set_title(promotion_name(promotion, result.settings["grades"], text))
        _legend(figure, axes[0, 0], width)
        people = int(table.loc[table["kind"] == "all", "people"].sum())
        return _finished(figure, result, "criteria", text, _criteria_message(result, text), people)


def _luck_message(result: Result, text: Text) -> str:
    verdict = result.verdicts["luck"]
    return text(
        f"recognition.luck.{verdict.code}",
        award=text.label("award", verdict.fields["award"]),
        share=text.share(verdict.fields["share"]),
        fair=text.share(verdict.fields["fair"]),
    )


def _criteria_message(result: Result, text: Text) -> str:
    verdict = result.verdicts["criteria"]
    said = dict(verdict.fields)
    numbers = {name: text.number(said[name]) for name in ("people", "meet", "met", "of") if name in said}
    if verdict.code == "all_meet":
        return text("recognition.criteria.all_meet", **numbers)
    return text(
        f"recognition.criteria.{verdict.code}",
        criterion=criterion_name(said["kind"], said["what"], said["at_least"], text),
        promotion=promotion_name(said["promotion"], result.settings["grades"], text),
        **numbers,
    )


@contextmanager
def _panels(
    table: pd.DataFrame, text: Text, width: float, height: float
) -> Iterator[tuple[Figure, list[tuple[Axes, tuple[str, pd.DataFrame]]]]]:
    """A panel for each award, two in a row where there is room."""
    groups = [(str(award), rows) for award, rows in table.groupby("award", sort=False)]
    columns = 1 if width == PHONE else min(2, len(groups))
    rows = -(-len(groups) // columns)
    with canvas(text, rows, columns, height=0.4 + height * rows, width=width, squeeze=False) as (
        figure,
        axes,
    ):
        for spare in axes.flat[len(groups) :]:
            spare.set_visible(False)
        yield figure, list(zip(axes.flat, groups, strict=False))


def _by_size(axis: Axes, expected: pd.Series, text: Text) -> None:
    """The size of caseloads on a logarithmic axis, with plain numbers."""
    low, high = float(expected.min()), float(expected.max())
    axis.set_xscale("log")
    axis.set_xlim(low / 1.15, high * 1.15 + (low == high))
    axis.xaxis.set_major_locator(
        LogLocator(subs=(1, 2, 3, 5) if high / low < 10 else (1, 3) if high / low < 100 else (1,))
    )
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _title(text: Text, question: str, award: str, width: float) -> str:
    title = text(f"recognition.{question}.axis", award=text.label("award", award))
    return text.wrap(title, 40 if width == PHONE else 56)


def _legend(figure: Figure, axis: Axes, width: float) -> None:
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper left", ncols=1 if width == PHONE else len(labels), fontsize=9,
        labelcolor=INK, handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip


def _finished(
    figure: Any, result: Result, question: str, text: Text, message: str, members: int | None = None
) -> Picture:
    if members is None:
        members = int(result.tables["chances"]["members"].max())
    return finish_figure(
        figure, text, result, message=message, alt=text(f"recognition.{question}.alt", message=message),
        n=text("recognition.n_members", n=text.number(members)),
    )  # fmt: skip

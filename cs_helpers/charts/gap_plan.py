"""Figures of the gap plan: As-Is against To-Be, the order of the gaps, and what closing each would do."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cs_helpers.charts.points import mark
from cs_helpers.charts.theme import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PHONE,
    QUIET,
    RULE,
    Picture,
    bars,
    canvas,
    finish_figure,
    in_two_widths,
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.statistics.priorities import DRAWS
from cs_helpers.text import Text
from cs_helpers.text.gap_plan_verdict import gap_plan_verdict
from cs_helpers.text.units import format_value

#: a figure shows so many gaps; all of them are in its table
MAX_GAPS = 10


def gaps(result: Result, text: Text) -> Picture:
    """Each goal on a scale of its own unit: the number now with its interval, and the target."""
    return in_two_widths(_gaps, result, text)


def _gaps(result: Result, text: Text, width: float) -> Picture:
    """The goals; on a phone the name of each stands above it."""
    table = result.tables["gaps"].head(MAX_GAPS)
    # goals of a unit stand together, as they share a scale
    units = list(dict.fromkeys(table["unit"]))
    table = table.sort_values("unit", key=lambda unit: unit.map(units.index), kind="stable")
    reach = {unit: _reach(part) for unit, part in table.groupby("unit") if unit}
    currency = result.settings["currency"]
    of_each, edge = (0.95, 0.1) if width == PHONE else (0.7, 0.04)
    with canvas(text, len(table), 1, height=0.6 + of_each * len(table), width=width, squeeze=False) as (
        figure,
        axes,
    ):
        above = None
        for axis, row in zip(axes[:, 0], table.itertuples(), strict=True):
            _goal(axis, row, reach.get(row.unit, 1.0), text, currency, edge)
            scale = (
                text("gap_plan.gaps.scale", unit=text(f"gap_plan.units.{row.unit}"))
                if row.unit and above not in (None, row.unit)
                else ""
            )
            name = text.label("goal", row.goal)
            if width == PHONE:
                axis.set_yticks([])
                axis.set_title("\n".join(filter(None, [text.wrap(name, 44), scale])), color=INK, fontsize=9.5)
            else:
                axis.set_yticks([0], [text.wrap(name, 32)])
                axis.tick_params(axis="y", labelsize=9.5, labelcolor=INK, pad=9)
                if scale:
                    _new_scale(axis, scale)
            above = row.unit or above
        legend = text("gap_plan.gaps.legend")
        if width == PHONE:
            parts = re.split(" {2,}", legend)
            lines = ["   ".join(parts[n : n + 2]) for n in range(0, len(parts), 2)]
            figure.supxlabel("\n".join(lines), fontsize=9, color=QUIET, x=0.01, ha="left")
        else:
            figure.supxlabel(legend, fontsize=9, color=QUIET, x=0.99, ha="right")
        return _finished(figure, result, "gaps", text)


def _reach(part: Any) -> float:
    """How far the scale of a unit goes: all its numbers are on it."""
    ends = part[["as_is", "high", "target"]].to_numpy(float)
    largest = float(np.nanmax(ends[np.isfinite(ends)], initial=0.0))
    return largest or 1.0


def _goal(axis: Axes, row: Any, reach: float, text: Text, currency: str, edge: float) -> None:
    """One goal: a line from As-Is to To-Be, and both numbers, which up to the share `edge` of the scale stand beside its start."""
    axis.set(xlim=(min(0.0, row.low if row.low == row.low else 0.0), 1.22 * reach), ylim=(-1.2, 1.1))
    axis.set_xticks([])
    axis.spines[["bottom", "left"]].set_visible(False)
    axis.axhline(0, color=RULE, linewidth=1, zorder=0)
    if not row.unit:
        axis.text(0.0, 0.12, text("gap_plan.gaps.unknown"), color=QUIET, fontsize=9, in_layout=False)
        return
    may_be_chance = row.certainty == "unclear" or row.state == "unknown"
    colour = QUIET if may_be_chance else GREEN if row.state == "reached" else ORANGE
    axis.vlines(row.target, -0.45, 0.45, color=INK, linewidth=2.6, zorder=2)
    if row.as_is == row.as_is:
        axis.hlines(0, *sorted((row.as_is, row.target)), color=colour, linewidth=5, alpha=0.35, zorder=1)
        if row.low == row.low and row.high == row.high:
            axis.hlines(0, row.low, row.high, color=colour, linewidth=1.6, zorder=2)
        axis.scatter([row.as_is], [0], color=colour, s=46, zorder=3, clip_on=False)
        if row.kind == "customers":
            words, at = [text.label("goal", row.goal)], 0.015 * reach
            mark(
                axis,
                text,
                {"goal": row.goal},
                words,
                row.in_gap,
                (row.as_is - at, row.as_is + at),
                (-0.3, 0.3),
            )
        _number(
            axis, row.as_is, -0.48, format_value(row.as_is, row.unit, text, currency), colour, edge * reach
        )
    _number(axis, row.target, 0.5, format_value(row.target, row.unit, text, currency), INK, edge * reach)


def _new_scale(axis: Axes, scale: str) -> None:
    """Sets goals of another unit apart from those above."""
    axis.axhline(1.05, color=RULE, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axis.text(
        0.0, 0.93, scale, ha="left", va="top", fontsize=8.5, color=QUIET, transform=axis.transAxes, in_layout=False,
    )  # fmt: skip


def _number(axis: Axes, x: float, y: float, label: str, colour: str, edge: float) -> None:
    """Writes a number above its mark, or below it; up to `edge`, beside the names, to the right of it."""
    axis.text(
        x, y, label, ha="center" if x > edge else "left", va="bottom" if y > 0 else "top", fontsize=9,
        color=colour, in_layout=False,
    )  # fmt: skip


def priorities(result: Result, text: Text) -> Picture:
    """The score of each gap with its interval, and how often it is among the first three (of three or fewer: the first)."""
    return in_two_widths(_priorities, result, text)


def _priorities(result: Result, text: Text, width: float) -> Picture:
    """The gaps in their order; on a phone the name of each stands above both panels."""
    table = result.tables["priorities"]
    which = "first_three" if len(table) > 3 else "first"
    table = table.head(MAX_GAPS).iloc[::-1].reset_index(drop=True)
    pairs = result.tables.get("pairs")
    is_open = set() if pairs is None else set(pairs.loc[pairs["verdict"] == "undecided", "goal"])
    colours = [ORANGE if p == "high" else BLUE if p == "medium" else QUIET for p in table["priority"]]
    currency = result.settings["currency"]
    of_each = 0.85 if width == PHONE else 0.62
    with canvas(
        text, 1, 2, height=1.35 + of_each * len(table), width=width, sharey=True, width_ratios=[3, 2]
    ) as (figure, axes):
        places = np.arange(len(table))
        score, share = axes
        score.axvline(0, color=RULE, linewidth=1, zorder=0)
        score.hlines(places, table["low"], table["high"], color=colours, linewidth=2, alpha=0.75)
        score.scatter(table["score"], places, color=colours, s=36, zorder=3)
        ends = table[["low", "high", "score"]].to_numpy(float)
        low, high = float(np.nanmin(ends, initial=0.0)), float(np.nanmax(ends, initial=0.0))
        score.set_xlim(low - 0.03 * (high - low or 1), high + 0.05 * (high - low or 1))
        score.xaxis.set_major_formatter(lambda value, _: text.money(value, currency))
        score.locator_params(axis="x", nbins=4)
        # no label at the end, where it would touch those of the other panel
        last = low + 0.88 * (high - low)
        score.set_xticks([tick for tick in score.get_xticks() if low <= tick <= last] or [0.0])
        score.grid(axis="x")
        for place, value in zip(places, table["score"], strict=True):
            score.annotate(
                text.money(value, currency), (value, place), xytext=(0, 6), textcoords="offset points",
                ha="center", fontsize=8.5, color=QUIET, in_layout=False,
            )  # fmt: skip
        bars(share, places, table[which], width=0.32 if width == PHONE else 0.5, color=colours, lying=True)
        end = 1.45 if width == PHONE else 1.22  # there is room for the shares beside the bars
        percent_axis(share, top=end, which="x")
        share.set_xticks([0, 0.5, 1.0])
        for place, value in zip(places, table[which], strict=True):
            share.text(
                value + 0.02, place, text.share(value), va="center", fontsize=9, color=QUIET, in_layout=False
            )
        for place, goal in zip(places, table["goal"], strict=True):
            if goal in is_open and place:
                share.annotate(
                    text("gap_plan.priorities.open_order"), (end - 0.02, place - 0.5), ha="right", va="center",
                    fontsize=8.5, color=QUIET, style="italic" if text.language == "en" else "normal", in_layout=False,
                )  # fmt: skip
        names = [f"{text.number(r.rank)}. {text.label('goal', r.goal)}" for r in table.itertuples()]
        titles = (26, 20) if width == PHONE else (60, 34)
        for axis, title, room in zip(axes, ("score", which), titles, strict=True):
            axis.set_title(text.wrap(text(f"gap_plan.priorities.{title}"), room))
        if width == PHONE:
            score.set_yticks([])
            share.patch.set_visible(False)  # names go on over both panels
            for place, name in zip(places, names, strict=True):
                score.text(
                    0.0, place + 0.3, text.wrap(name, 38), va="bottom", fontsize=9.5, color=INK,
                    transform=score.get_yaxis_transform(), in_layout=False,
                )  # fmt: skip
        else:
            score.set_yticks(places, [text.wrap(name, 32) for name in names])
            score.tick_params(axis="y", labelsize=9.5, labelcolor=INK)
        score.set_ylim(-0.6, len(table) - (0.2 if width == PHONE else 0.4))
        n = text(
            "gap_plan.priorities.n",
            n=text.number(len(result.tables["priorities"])),
            draws=text.number(DRAWS),
        )
        return _finished(figure, result, "priorities", text, n=n)


def effects(result: Result, text: Text) -> Picture:
    """For each number of revenue what it is now, and what it would be after closing each gap, with intervals."""
    return in_two_widths(_effects, result, text)


def _effects(result: Result, text: Text, width: float) -> Picture:
    """A panel for each number, beside each other, on a phone below each other."""
    table, currency = result.tables["effects"], result.settings["currency"]
    goals = list(dict.fromkeys(table["goal"]))[:MAX_GAPS][::-1]
    measures = list(dict.fromkeys(table["measure"]))
    shape = (len(measures), 1) if width == PHONE else (1, len(measures))
    height = shape[0] * ((0.8 if width == PHONE else 1.5) + 0.5 * len(goals))
    with canvas(text, *shape, height=height, width=width, sharey=True, squeeze=False) as (figure, axes):
        places = np.arange(len(goals))
        for axis, measure in zip(axes.flat, measures, strict=True):
            rows = table[table["measure"] == measure].set_index("goal").reindex(goals)
            known = rows["before"].dropna()
            unit = str(table.loc[table["measure"] == measure, "unit"].iloc[0])
            colours = [GREEN if v == "better" else ORANGE if v == "worse" else QUIET for v in rows["verdict"]]
            axis.axvline(float(known.iloc[0]), color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
            axis.hlines(places, rows["low"], rows["high"], color=colours, linewidth=2, alpha=0.75)
            axis.scatter(rows["after"], places, color=colours, s=30, zorder=3)
            for place, value in zip(places, rows["after"], strict=True):
                if math.isfinite(value):
                    axis.annotate(
                        format_value(value, unit, text, currency), (value, place), xytext=(0, 8),
                        textcoords="offset points", ha="center", fontsize=8.5, color=QUIET, in_layout=False,
                        zorder=2, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
                    )  # fmt: skip
            ends = np.r_[rows[["after", "low", "high"]].to_numpy(float).ravel(), known.iloc[0]]
            low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
            room = 0.22 * ((high - low) or abs(high) or 1.0)
            axis.set_xlim(low - room, high + room)
            axis.set_xticks(
                [float(known.iloc[0])],
                [
                    text(
                        "gap_plan.effects.now", value=format_value(float(known.iloc[0]), unit, text, currency)
                    )
                ],
            )
            title = text(f"revenue.metrics.{measure}")
            axis.set_title(title if width == PHONE else text.wrap(title.replace("（", "\n（"), 22))
            axis.spines["left"].set_visible(False)
            axis.tick_params(axis="y", labelsize=9.5, labelcolor=INK)
        room = 18 if width == PHONE else 32
        axes[0][0].set_yticks(places, [text.wrap(text.label("goal", goal), room) for goal in goals])
        axes[0][0].set_ylim(-0.6, len(goals) - 0.3)
        return _finished(figure, result, "effects", text)


def _finished(figure: Figure, result: Result, question: str, text: Text, n: str = "") -> Picture:
    verdict = result.verdicts[question]
    message = gap_plan_verdict(text, question, verdict.code, verdict.fields, result.settings["currency"])
    return finish_figure(
        figure,
        text,
        result,
        message=message,
        alt=text(f"gap_plan.{question}.alt", message=message),
        n=n or text("charts.n_customers", n=text.number(result.n)),
        period=text.span(result.quarter.start, result.quarter.end),
    )

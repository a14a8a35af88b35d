"""The figure of flows: who moved from which level to which from quarter to quarter, who came, and who was lost."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from cs_helpers.charts.maturity.movement import summed_period
from cs_helpers.charts.maturity.words import level_colour, level_name, verdict_sentence
from cs_helpers.charts.theme import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    QUIET,
    RED,
    Picture,
    bars,
    canvas,
    count_axis,
    finish_figure,
    label_inside,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the quarters between whose ends flows are drawn
QUARTERS = 4

_COLOURS = {"came": GREEN, "rose": BLUE, "fell": ORANGE, "lost": RED, "other": "#cfd6dd"}
_OPACITY = {"came": 0.55, "rose": 0.5, "fell": 0.6, "lost": 0.6, "other": 0.55}
_CURVE = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
#: half the width of the bar of a state; where who leaves ends and who comes begins, between two quarters
_HALF_BAR, _LEAVES_AT, _COMES_AT = 0.07, 0.43, 0.57

#: the lowest customer of each state in a stack
_Places = Mapping[int, float]


def flows(result: Result, text: Text) -> Picture:
    """Bands from each level to each level between quarter ends; new customers come from below, lost ones go there."""
    table = result.tables["flows"]
    first = str(table["quarter"].iloc[0])
    quarters = [str(quarter) for quarter in Quarter.parse(first).upto(result.quarter)][-QUARTERS:]
    table = table[table["quarter"].isin(quarters)]
    top = int(result.tables["by_quarter"]["level"].max())
    order = [UNKNOWN, *range(top + 1)]
    first = table[table["quarter"] == quarters[0]].groupby("before")["customers"].sum()
    held = [first, *(table[table["quarter"] == q].groupby("after")["customers"].sum() for q in quarters)]
    held = [counts.reindex(order, fill_value=0) for counts in held]
    gap = max(float(counts.sum()) for counts in held) * 0.025
    with canvas(text, height=4.3) as (figure, axis):
        stacks = [_stack(counts, gap) for counts in held]
        for place, quarter in enumerate(quarters):
            inside = table[table["quarter"] == quarter]
            _bands(axis, inside, place, stacks[place], stacks[place + 1], gap)
        for place, (counts, stack) in enumerate(zip(held, stacks, strict=True)):
            for state, customers in counts[counts > 0].items():
                low = stack[int(str(state))]
                bars(
                    axis, [place], [customers], start=low, color=level_colour(int(str(state)), top),
                    width=2 * _HALF_BAR,
                )  # fmt: skip
                if customers >= 1.6 * gap:
                    colour = "white" if int(str(state)) > top / 2 else INK
                    label_inside(
                        axis, place, low + customers / 2, text.number(customers), color=colour, fontsize=8.5
                    )
                if place == len(quarters):
                    axis.text(
                        place + 0.1, low + customers / 2, level_name(int(str(state)), text), va="center", fontsize=9,
                        color=QUIET,
                    )  # fmt: skip
        _labels(axis, table, quarters, gap, text)
        names = [str(result.quarter.back(len(quarters) - n)) for n in range(len(quarters) + 1)]
        axis.set_xticks(range(len(names)), [name.replace("Q", " Q") for name in names], fontsize=9)
        axis.set_xlim(-0.15, len(quarters) + 0.55)
        count_axis(axis, text)
        highest = max(stack[top] + counts.iloc[-1] for stack, counts in zip(stacks, held, strict=True))
        axis.set_ylim(-_depth(table, gap) - 2.2 * gap, highest + gap)
        axis.set_yticks([])
        axis.grid(visible=False)
        axis.spines[:].set_visible(False)
        axis.set_title(text("maturity.flows.axis"))
        _legend(axis, table, text)
        message = verdict_sentence(result, "flows", text)
        alt = text("maturity.flows.alt", message=message)
        n = text("charts.n_customers", n=text.number(result.n))
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=n, period=summed_period(result, "flows", text)
        )


def _kind(before: int, after: int) -> str:
    """What a band is of: `came`, `lost`, `rose`, `fell`, or `other`: stayed, not known, or a renewal not recorded."""
    if before < NOT_THERE:
        return "came"
    if after == LOST:
        return "lost"
    if min(before, after) < 0 or before == after:
        return "other"
    return "rose" if after > before else "fell"


def _stack(counts: pd.Series, gap: float) -> dict[int, float]:
    """Where each state begins in a stack, from the bottom, with a gap above each state that anybody is in."""
    places, low = {}, 0.0
    for state, customers in counts.items():
        places[int(str(state))] = low
        low += float(customers) + gap * bool(customers)
    return places


def _bands(axis: Axes, inside: pd.DataFrame, place: int, starts: _Places, ends: _Places, gap: float) -> None:
    """Draws the bands of one quarter, in the order of levels so that they cross as little as possible."""
    start, end = dict(starts), dict(ends)
    below = {"lost": -gap, "came": -gap}
    drawn = inside.sort_values(["before", "after"])
    for row in drawn.itertuples():
        before, after, size = int(row.before), int(row.after), float(row.customers)
        kind = _kind(before, after)
        left, right = place + _HALF_BAR, place + 1 - _HALF_BAR
        if before < NOT_THERE:
            below["came"] -= size
            left, low = place + _COMES_AT, below["came"]
        else:
            low = start[before]
            start[before] += size
        if after in (LOST, NOT_THERE):
            below["lost"] -= size
            right, high = place + _LEAVES_AT, below["lost"]
        else:
            high = end[after]
            end[after] += size
        axis.add_patch(
            PathPatch(
                _band(left, low, right, high, size),
                facecolor=_COLOURS[kind],
                alpha=_OPACITY[kind],
                edgecolor="none",
            )
        )


def _band(left: float, low: float, right: float, high: float, size: float) -> Path:
    """A band of constant height from (left, low) to (right, high), which begins and ends horizontally."""
    middle = (left + right) / 2
    corners = [
        (left, low), (middle, low), (middle, high), (right, high),
        (right, high + size), (middle, high + size), (middle, low + size), (left, low + size), (left, low),
    ]  # fmt: skip
    return Path(corners, _CURVE)


def _outside(inside: pd.DataFrame) -> tuple[int, int]:
    """The customers who left (lost, or not recorded) and those who came in a quarter."""
    left = inside.loc[inside["after"].isin((LOST, NOT_THERE)), "customers"].sum()
    return int(left), int(inside.loc[inside["before"] < NOT_THERE, "customers"].sum())


def _depth(table: pd.DataFrame, gap: float) -> float:
    """How far below the stacks those who leave and come reach."""
    return gap + max(max(_outside(inside)) for _, inside in table.groupby("quarter"))


def _labels(axis: Axes, table: pd.DataFrame, quarters: list[str], gap: float, text: Text) -> None:
    """Writes how many left and how many came, below their bands."""
    for place, quarter in enumerate(quarters):
        left, came = _outside(table[table["quarter"] == quarter])
        for customers, x, sign, colour, side in (
            (left, place + _LEAVES_AT, "−", RED, "right"),
            (came, place + _COMES_AT, "+", GREEN, "left"),
        ):
            if customers:
                axis.text(
                    x, -gap - customers - 0.4 * gap, f"{sign}{text.number(customers)}", fontsize=8.5, va="top", ha=side,
                    color=colour, in_layout=False,
                )  # fmt: skip


def _legend(axis: Axes, table: pd.DataFrame, text: Text) -> None:
    """The colours of the bands that are drawn."""
    drawn = {_kind(int(r.before), int(r.after)) for r in table.itertuples() if r.customers}
    patches = [
        Patch(color=_COLOURS[kind], alpha=_OPACITY[kind], label=text(f"maturity.flows.{kind}"), linewidth=0)
        for kind in _COLOURS
        if kind in drawn
    ]
    axis.legend(
        handles=patches, ncols=len(patches), loc="upper center", bbox_to_anchor=(0.45, -0.07), fontsize=9, columnspacing=1.4,
        handlelength=1.2,
    )  # fmt: skip

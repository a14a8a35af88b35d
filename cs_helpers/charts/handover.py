"""Figures of hand-overs: what was handed over, how completely and by whom, and what goes with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from cs_helpers.charts.points import mark
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RULE,
    SKY,
    Picture,
    bars,
    canvas,
    finish_figure,
    label_inside,
    percent_axis,
    spread_labels,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.text.handover_words import association_name, role_name, signed_points, verdict_sentence

#: the parts of a bar of starts, with their colours
_KINDS = {"complete": BLUE, "partial": SKY, "late": ORANGE, "none": RULE}
_GROUPS = {"complete": BLUE, "partial": ORANGE, "none": QUIET}
#: the ends of the axis of time to value, in days
_HORIZONS = (90, 180, 270, 365, 450, 540)
#: the marks of an axis of ratios
_RATIOS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16)


def starts(result: Result, text: Text) -> Picture:
    """New customers of each quarter by what was handed over of them, and when."""
    table = result.tables["starts"]
    places = np.arange(len(table))
    with canvas(text, height=3.1) as (figure, axis):
        below = np.zeros(len(table))
        for kind, colour in _KINDS.items():
            counts = table[kind].to_numpy(float)
            bars(
                axis,
                places,
                counts,
                start=below,
                width=0.62,
                color=colour,
                label=text(f"handover.starts.kind.{kind}"),
            )
            for place, low, count in zip(places, below, counts, strict=True):
                if count:
                    label_inside(
                        axis,
                        place,
                        low + count / 2,
                        text.number(count),
                        color="white" if kind == "complete" else INK,
                    )
            for place, quarter, low, count in zip(places, table["quarter"], below, counts, strict=True):
                words = [text.quarter(Quarter.parse(quarter)), text(f"handover.starts.kind.{kind}")]
                key = {"quarter": quarter, "kind": kind}
                mark(axis, text, key, words, count, (place - 0.31, place + 0.31), (low, low + count))
            below += counts
        axis.set_ylim(0, max(below.max(initial=0.0), 1.0) * 1.04)
        axis.set_xlim(-0.6, max(len(table), 4) - 0.4)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        axis.set_xticks(places, [_quarter(q, text) for q in table["quarter"]])
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, fontsize=9, borderaxespad=0.2)
        n = text("handover.new_n", n=text.number(int(table["started"].sum())))
        first, last = Quarter.parse(table["quarter"].iloc[0]), Quarter.parse(table["quarter"].iloc[-1])
        return _finish(figure, result, text, "starts", n, text.span(first.start, last.end))


def fields(result: Result, text: Text) -> Picture:
    """The share of hand-overs in which each field is filled in, the least filled at the top."""
    table = result.tables["fields"].iloc[::-1].reset_index(drop=True)
    places = np.arange(len(table))
    with canvas(text, height=0.75 + 0.36 * len(table)) as (figure, axis):
        bars(axis, places, table["share"], width=0.58, color=BLUE, lying=True)
        axis.hlines(places, table["low"], table["high"], color=INK, linewidth=1.3)
        for place, row in zip(places, table.itertuples(), strict=True):
            label = f"{text.share(row.share)}  ({text.number(row.filled)}/{text.number(row.of)})"
            axis.text(1.02, place, label, va="center", fontsize=9, color=QUIET)
        percent_axis(axis, which="x", top=1.0)
        axis.set_xticks(np.linspace(0, 1, 6))
        axis.grid(axis="y", visible=False)
        axis.set_yticks(places, [text.label("handover_field", f) for f in table["field"]])
        axis.set_ylim(-0.6, len(table) - 0.4)
        n = text("handover.handed_n", n=text.number(int(table["of"].iloc[0])))
        return _finish(figure, result, text, "fields", n, _new_period(result, text))


def roles(result: Result, text: Text) -> Picture:
    """The completeness of each role's hand-overs, and its difference from the others in companies of the same size."""
    table = result.tables["roles"].iloc[::-1].reset_index(drop=True)
    places = np.arange(len(table))
    compares = table["difference"].notna().any()
    with canvas(
        text, 1, 1 + int(compares), height=1.15 + 0.42 * max(len(table), 2), squeeze=False, sharey=True
    ) as (
        figure,
        axes,
    ):
        axis = axes[0][0]
        bars(axis, places, table["completeness"], width=0.5, color=BLUE, lying=True)
        axis.hlines(places, table["low"], table["high"], color=INK, linewidth=1.3)
        for place, row in zip(places, table.itertuples(), strict=True):
            label_inside(
                axis,
                0.09,
                place,
                text.share(row.completeness),
                color="white" if row.completeness > 0.2 else INK,
            )
        percent_axis(axis, which="x", top=1.0)
        axis.set_xticks([0, 0.5, 1.0])
        axis.grid(axis="y", visible=False)
        axis.set_title(text("handover.roles.axis_completeness"))
        axis.set_yticks(
            places, [f"{role_name(r.role, text)}  n={text.number(r.n)}" for r in table.itertuples()]
        )
        axis.set_ylim(-0.6, len(table) - 0.4)
        if compares:
            _differences(axes[0][1], table, text)
        n = text("handover.handed_n", n=text.number(int(table["n"].sum())))
        return _finish(figure, result, text, "roles", n)


def _differences(axis: Axes, table: pd.DataFrame, text: Text) -> None:
    colours = {"fewer": ORANGE, "more": BLUE}
    reach = float(np.nanmax(np.abs(table[["difference_low", "difference_high"]].to_numpy(float))))
    for place, row in enumerate(table.itertuples()):
        if row.difference != row.difference:
            axis.text(
                0,
                place,
                text(f"handover.roles.row.{row.verdict}"),
                va="center",
                ha="center",
                fontsize=9,
                color=QUIET,
            )
            continue
        colour = colours.get(str(row.verdict), QUIET)
        axis.hlines(place, row.difference_low, row.difference_high, color=colour, linewidth=2, alpha=0.75)
        axis.scatter(row.difference, place, color=colour, s=34, zorder=3)
        axis.annotate(
            signed_points(row.difference, text), (row.difference, place), xytext=(0, 7), textcoords="offset points",
            ha="center", fontsize=9, color=colour, in_layout=False, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip
    axis.axvline(0, color=INK, linewidth=1)
    axis.set_xlim(-1.15 * reach, 1.15 * reach)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    axis.set_title(text("handover.roles.axis_difference"))


def value(result: Result, text: Text) -> Picture:
    """The share of customers that reached value by day, by what was handed over of them."""
    table = result.tables["value"]
    groups = result.tables["groups"].set_index("group")
    last_event = float(table.loc[table["share"].diff().fillna(1) > 0, "day"].max()) if len(table) else 0.0
    horizon = next((d for d in _HORIZONS if d >= last_event), _HORIZONS[-1])
    with canvas(text, height=3.5) as (figure, axis):
        ends = []
        for group, colour in _GROUPS.items():
            curve = table[(table["group"] == group) & (table["day"] <= horizon)]
            if curve.empty:
                continue
            until = min(float(curve["until"].iloc[0]), horizon)
            days, parts = _steps(curve, until)
            axis.fill_between(
                days,
                parts["low"],
                parts["high"],
                step="post",
                color=colour,
                alpha=0.07 if group == "none" else 0.15,
                linewidth=0,
            )
            axis.step(
                days, parts["share"], where="post", color=colour, linewidth=1.3 if group == "none" else 2
            )
            ends.append((float(curve["share"].iloc[-1]), until, group, colour))
        ends.sort()
        # two lines each; a lower one would lie on the last day of the axis
        heights = spread_labels([share for share, *_ in ends], 0.15, top=0.97, bottom=0.07)
        for (share, until, group, colour), at in zip(ends, heights, strict=True):
            reached = text.share(share)
            if until < horizon:
                reached = text("handover.value.end", share=reached, day=text.number(until))
            label = f"{text(f'handover.group.{group}')}\n{reached}  n={text.number(groups.at[group, 'n'])}"
            axis.annotate(
                label, (horizon, at), xytext=(8, 0), textcoords="offset points", color=colour, va="center",
                fontsize=9.5, linespacing=1.3, annotation_clip=False,
            )  # fmt: skip
        percent_axis(axis, top=1.03)
        axis.set_yticks(np.linspace(0, 1, 6))
        axis.set_xlim(0, horizon)
        axis.set_xticks(np.linspace(0, horizon, 4)[1:])  # 0 would touch the 0 of the other axis
        axis.xaxis.set_major_formatter(lambda at, _: text("handover.value.days", n=text.number(at)))
        axis.set_title(text("handover.value.axis", step=text.label("step", result.settings["value_step"])))
        n = text("charts.n_customers", n=text.number(result.settings["followed"]))
        return _finish(figure, result, text, "value", n)


def _steps(curve: pd.DataFrame, until: float) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The days and values of a curve from day 0 to the last known day."""
    days = np.r_[0.0, curve["day"].to_numpy(float), max(until, float(curve["day"].max()))]
    parts = {c: curve[c].to_numpy(float) for c in ("share", "low", "high")}
    return days, {c: np.r_[0.0, v, v[-1]] for c, v in parts.items()}


def associations(result: Result, text: Text) -> Picture:
    """The ratios of the rates of reaching value and of losses, on a logarithmic axis with intervals."""
    table = result.tables["associations"].iloc[::-1].reset_index(drop=True)
    known = table[["ratio", "low", "high"]].to_numpy(float)
    finite = known[np.isfinite(known) & (known > 0)]
    reach = min(max(float(np.exp(np.abs(np.log(finite)).max())) if len(finite) else 2.0, 2.0) * 1.15, 20.0)
    with canvas(text, height=1.0 + 0.5 * len(table)) as (figure, axis):
        axis.set_xscale("log")
        axis.set_xlim(1 / reach, reach)
        for place, row in enumerate(table.itertuples()):
            if row.ratio != row.ratio:
                axis.text(
                    1, place, text("handover.associations.row.too_few"), va="center", ha="center", fontsize=9, color=QUIET,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
                )  # fmt: skip
                continue
            colour = QUIET if row.verdict == "chance" else BLUE
            low, high = max(row.low, 1 / reach), min(row.high, reach)
            axis.hlines(place, low, high, color=colour, linewidth=2, alpha=0.75)
            at = min(max(row.ratio, 1 / reach), reach)
            axis.scatter(at, place, color=colour, s=36, zorder=3, clip_on=False)
            label = f"{text.number(row.ratio, 1)}  {text(f'handover.associations.row.{row.verdict}')}"
            axis.annotate(
                label, (min(max(at, reach**-0.6), reach**0.6), place), xytext=(0, 8), textcoords="offset points",
                ha="center", fontsize=9, color=colour, in_layout=False, zorder=2,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
        axis.axvline(1, color=INK, linewidth=1, zorder=1)
        marks = [r for r in _RATIOS if 1 / reach <= r <= reach]
        axis.xaxis.set_major_locator(FixedLocator(marks))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter(lambda at, _: _ratio(at, text))
        axis.grid(axis="x")
        axis.set_yticks(
            range(len(table)),
            [
                text.wrap(association_name(row.outcome, row.comparison, text), 34)
                for row in table.itertuples()
            ],
        )
        axis.set_ylim(-0.5, len(table) - 0.3)
        axis.set_title(text("handover.associations.axis"))
        row = result.tables["associations"].query("comparison == 'complete'").iloc[0]
        n = text("handover.associations.n_sides", n=text.number(row["n"]), of=text.number(row["of"]))
        return _finish(figure, result, text, "associations", n)


def _ratio(value: float, text: Text) -> str:
    return text.number(value) if value >= 1 else f"1/{text.number(1 / value)}"


def _quarter(quarter: str, text: Text) -> str:
    name = text.quarter(Quarter.parse(quarter))
    return name.replace("年", "年\n") if text.language == "ja" else name.replace(" ", "\n")


def _new_period(result: Result, text: Text) -> str:
    return text.span(Quarter.parse(result.settings["since_new"]).start, result.quarter.end)


def _finish(figure: Any, result: Result, text: Text, question: str, n: str, period: str = "") -> Picture:
    said = [result.verdicts[key] for key in (question, f"{question}.none") if key in result.verdicts]
    message = text("handover.value.between").join(
        verdict_sentence(question, verdict.code, verdict.fields, text) for verdict in said
    )
    alt = text(f"handover.{question}.alt", message=message)
    return finish_figure(figure, text, result, message=message, alt=alt, n=n, period=period)

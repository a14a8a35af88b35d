"""Figures of the team: how far CSMs differ, each one's steps against expected ones, and what trainings go with."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

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
    in_two_widths,
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.text import Text

_COLOURS = {"above": BLUE, "below": ORANGE, "faster": BLUE, "slower": ORANGE}
#: the marks of an axis of ratios
_MARKS = (1 / 100, 1 / 30, 1 / 10, 1 / 4, 1 / 2, 1, 2, 4, 10, 30, 100)
#: intervals of ratios are cut at this and its inverse
_REACH = 100.0


def spread(result: Result, text: Text) -> Picture:
    """How far CSMs differ at each step, beside what chance alone gives."""
    return in_two_widths(_spread, result, text)


def _spread(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["spread"].iloc[::-1].reset_index(drop=True)
    places = np.arange(len(table))
    with canvas(text, height=1.25 + 0.42 * len(table), width=width) as (figure, axis):
        bars(axis, places, table["chance_high"], width=0.56, color=RULE, lying=True)
        axis.vlines(table["chance"], places - 0.28, places + 0.28, color=QUIET, linewidth=1.4)
        colours = [BLUE if v == "apart" else INK for v in table["verdict"]]
        axis.scatter(table["distance"], places, color=colours, s=44, zorder=3, clip_on=False)
        percent_axis(axis, which="x", top=float(table[["distance", "chance_high"]].max().max()) * 1.08)
        axis.grid(axis="y", visible=False)
        names = [_step(step, text) for step in table["step"]]
        axis.set_yticks(places, [text.wrap(name, 30 if width > 5 else 14) for name in names])
        axis.set_ylim(-0.6, len(table) - 0.4)
        marks = [
            Line2D([], [], marker="o", linestyle="", color=INK, label=text("team.spread.observed")),
            Patch(color=RULE, label=text("team.spread.by_chance")),
        ]
        # on a phone the axis begins too far right for the words of the legend
        figure.legend(
            handles=marks, loc="outside upper left", ncols=2 if width > 5 else 1, fontsize=9 if width > 5 else 8,
            labelcolor=INK,
        )  # fmt: skip
        axis.set_title(text("team.spread.axis"), fontsize=10 if width > 5 else 9)
        verdict = result.verdicts["spread"]
        fields = dict(verdict.fields)
        if "steps" in fields:
            fields["steps"] = text.join_list([text.label("step", s) for s in fields["steps"]])
        fields |= {name: text.number(fields[name]) for name in ("rows", "csms") if name in fields}
        return _finish(figure, result, text, "spread", text(f"team.spread.{verdict.code}", **fields))


def conversions(result: Result, text: Text) -> Picture:
    """Each CSM's ratio of observed to expected steps, over all steps and by step, in the order of names."""
    return in_two_widths(_conversions, result, text)


def _conversions(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["conversions"]
    people = sorted(table["csm"].unique(), reverse=True)
    steps = ["all", *result.settings["steps"]]
    reach = float(np.exp(np.abs(np.log(table[["low", "high"]].to_numpy(float))).max())) * 1.05
    columns = len(steps) if width > 5 else min(3, len(steps))
    lines = -(-len(steps) // columns)
    with canvas(
        text, lines, columns, height=0.3 + lines * (0.9 + 0.26 * max(len(people), 3)), width=width, squeeze=False,
        sharey=True, sharex=True,
    ) as (figure, axes):  # fmt: skip
        for spare in axes.flat[len(steps) :]:
            spare.set_visible(False)
        for axis, step in zip(axes.flat, steps, strict=False):
            rows = table[table["step"] == step].set_index("csm")
            for place, csm in enumerate(people):
                if csm in rows.index:
                    _interval(axis, place, rows.loc[csm], reach)
            axis.set_title(text.wrap(_step(step, text), 14), fontsize=9 if width > 5 else 8)
            _ratio_axis(axis, min(reach, 20.0), text, few=True)
            axis.tick_params(axis="x", labelbottom=True)
        axes[0][0].set_yticks(range(len(people)), [text.label("csm", csm) for csm in people])
        axes[0][0].set_ylim(-0.6, len(people) - 0.4)
        verdict = result.verdicts["conversions"]
        fields = {name: text.number(value) for name, value in verdict.fields.items()}
        message = text(f"team.conversions.{verdict.code}", **fields)
        return _finish(figure, result, text, "conversions", message)


def training_effects(result: Result, text: Text) -> Picture:
    """The ratio of the rates of reaching the step after the training against without it, with intervals."""
    return in_two_widths(_training_effects, result, text)


def _training_effects(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["training_effects"].iloc[::-1].reset_index(drop=True)
    known = table[["low", "high"]].to_numpy(float)
    known = known[np.isfinite(known) & (known > 0)]
    widest = float(np.exp(np.abs(np.log(known)).max())) if len(known) else 2.0
    reach = min(max(widest, 2.0) * 1.15, _REACH * 1.3)
    # on a phone the names of a training and its step take up to four lines
    height = 1.0 + 0.62 * len(table) if width > 5 else 1.2 + 0.9 * len(table)
    with canvas(text, height=height, width=width) as (figure, axis):
        for place, row in table.iterrows():
            label = text(f"team.training_effects.row.{row['verdict']}")
            if row["ratio"] == row["ratio"]:
                _interval(axis, place, row, reach)
                label = f"{text.number(row['ratio'], 1)}  {label}"
            at = row["ratio"] if row["ratio"] == row["ratio"] else 1.0
            axis.annotate(
                label, (min(max(at, reach**-0.5), reach**0.5), place), xytext=(0, 8), textcoords="offset points",
                ha="center", fontsize=9, color=_COLOURS.get(row["verdict"], QUIET), in_layout=False, zorder=4,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
        _ratio_axis(axis, reach, text, few=width < 5)
        names = [
            text("team.training_effects.label", training=text.label("training", r.training), step=text.label("step", r.step))
            for r in table.itertuples()
        ]  # fmt: skip
        axis.set_yticks(
            range(len(table)),
            [text.wrap(name, 34 if width > 5 else 15) for name in names],
            fontsize=9 if width < 5 else None,
        )
        axis.set_ylim(-0.5, len(table) - 0.3)
        title = text("team.training_effects.axis")
        axis.set_title(title if width > 5 else text.wrap(title, 34), fontsize=10 if width > 5 else 9)
        verdict = result.verdicts["training_effects"]
        fields = dict(verdict.fields)
        if "training" in fields:
            fields = {
                "training": text.label("training", fields["training"]),
                "step": text.label("step", fields["step"]),
                **{name: text.number(fields[name]) for name in ("days", "other_days")},
                **{name: text.number(fields[name], 1) for name in ("ratio", "low", "high")},
            }
        else:
            fields = {name: text.number(value) for name, value in fields.items()}
        message = text(f"team.training_effects.{verdict.code}", **fields)
        return _finish(figure, result, text, "training_effects", message)


def _interval(axis: Axes, place: int, row: Any, reach: float) -> None:
    """The interval and the estimate of a row, cut at the ends of the axis."""
    colour = _COLOURS.get(row["verdict"], QUIET)
    axis.hlines(
        place, max(row["low"], 1 / reach), min(row["high"], reach), color=colour, linewidth=2, alpha=0.75
    )
    axis.scatter(min(max(row["ratio"], 1 / reach), reach), place, color=colour, s=26, zorder=3)


def _ratio_axis(axis: Axes, reach: float, text: Text, *, few: bool = False) -> None:
    """A logarithmic axis of ratios around 1."""
    axis.set_xscale("log")
    axis.set_xlim(1 / reach, reach)
    marks = [mark for mark in _MARKS if 1 / reach <= mark <= reach]
    if few and len(marks) > 3:
        marks = [marks[0], 1, marks[-1]]
    axis.xaxis.set_major_locator(FixedLocator(marks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(
        FuncFormatter(lambda at, _: text.number(at) if at >= 1 else f"1/{text.number(1 / at)}")
    )
    axis.axvline(1, color=INK, linewidth=1, zorder=1)
    axis.grid(axis="x")


def _step(step: str, text: Text) -> str:
    return text("team.all_steps") if step == "all" else text.label("step", step)


def _finish(figure: Any, result: Result, text: Text, question: str, message: str) -> Picture:
    alt = text(f"team.{question}.alt", message=message)
    n = text("charts.n_customers", n=text.number(result.n))
    return finish_figure(figure, text, result, message=message, alt=alt, n=n)

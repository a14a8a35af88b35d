"""Figures of the worth of a level: lifetime value, how long customers stay, NRR, and each step of the curve."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter

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
    spread_labels,
)
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.text.level_worth_verdict import level_worth_verdict

#: ratios beyond these, and bounds of intervals, are drawn at the edge of the figure
_EDGE = 16.0


def _message(result: Result, text: Text, question: str) -> str:
    verdict = result.verdicts[question]
    return level_worth_verdict(
        text, question, verdict.code, verdict.fields, result.settings.get("currency", "")
    )


def _level_axis(axis: Axes, levels: pd.Series, n: pd.Series, text: Text) -> None:
    """The levels as rows, the highest on top, each with its n."""
    names = [f"{text.label('level', at)}  n={text.number(k)}" for at, k in zip(levels, n, strict=True)]
    axis.set_yticks(range(len(names)), names, fontsize=9.5)
    axis.set_ylim(-0.6, len(names) - 0.4)


def lifetime(result: Result, text: Text) -> Picture:
    """Of each level the margin of a month, the share that is still there after a year, and the lifetime value."""
    table, currency = result.tables["lifetime"], result.settings["currency"]
    places = np.arange(len(table))
    with canvas(text, 1, 3, height=1.35 + 0.4 * len(table), sharey=True, width_ratios=(1, 1, 1.35)) as (
        figure,
        axes,
    ):
        for axis, name in ((axes[0], "margin"), (axes[2], "value")):
            values = table[name].to_numpy(float)
            bars(axis, places, values, color=BLUE, width=0.58, lying=True)
            ends = table[f"{name}_high"].to_numpy(float) if name == "value" else values
            if name == "value":
                axis.hlines(places, table["value_low"], table["value_high"], color=INK, linewidth=1.4)
            top = float(np.nanmax(np.r_[values, ends], initial=0.0)) or 1.0
            for place, (value, end) in enumerate(zip(values, ends, strict=True)):
                at = 0.0 if math.isnan(value) else value if math.isnan(end) else max(value, end)
                axis.text(
                    max(at, 0.0) + 0.03 * top, place, text.money(value, currency), va="center", fontsize=9.5,
                    in_layout=False,
                )  # fmt: skip
            low = min(0.0, float(np.nanmin(values, initial=0.0)))
            axis.set_xlim(1.1 * low, top * (1.75 if name == "margin" else 1.42))
            axis.set_xticks([])
            axis.spines["bottom"].set_visible(False)
        share, low, high = (table[c].to_numpy(float) for c in ("stay", "stay_low", "stay_high"))
        axes[1].hlines(places, low, high, color=BLUE, linewidth=2, alpha=0.75)
        axes[1].scatter(share, places, color=BLUE, s=30, zorder=3, clip_on=False)
        for place, value in enumerate(share):
            if not math.isnan(value):
                axes[1].annotate(
                    text.share(value), (value, place), xytext=(0, 6), textcoords="offset points", ha="center",
                    fontsize=9, in_layout=False,
                )  # fmt: skip
        percent_axis(axes[1], top=1.0, which="x")
        axes[1].xaxis.set_major_locator(MaxNLocator(3))
        _level_axis(axes[0], table["level"], table["now"], text)
        months = text("page.months", n=text.number(int(table["months"].iloc[0])))
        for axis, name in zip(axes, ("margin", "stay", "value"), strict=True):
            axis.set_title(text(f"level_worth.lifetime.axis_{name}", months=months))
        message = _message(result, text, "lifetime")
        return finish_figure(
            figure, text, result, message=message, alt=text("level_worth.lifetime.alt", message=message),
            n=text("charts.n_customers", n=text.number(int(table["now"].sum()))),
        )  # fmt: skip


def staying(result: Result, text: Text) -> Picture:
    """The share of the customers of the upper and the lower levels that is still there, by months after a landmark."""
    table = result.tables["staying"]
    level = text.label("level", result.settings["upper_from"])
    with canvas(text, height=3.3) as (figure, axis):
        months = max(int(table["month"].max()), 1)
        ends = []
        for half, colour in (("upper", BLUE), ("lower", ORANGE)):
            part = table[table["group"] == half]
            if part.empty:
                continue
            axis.fill_between(
                part["month"], part["low"], part["high"], step="post", color=colour, alpha=0.16, linewidth=0
            )
            axis.step(part["month"], part["survival"], where="post", color=colour, linewidth=1.9)
            ends.append((half, colour, part.iloc[-1]))
        places = sorted(ends, key=lambda end: float(end[2]["survival"]))
        heights = spread_labels([float(last["survival"]) for _, _, last in places], 0.15, top=1.0)
        for (half, colour, last), at in zip(places, heights, strict=True):
            name = text(f"level_worth.half.{half}", level=level)
            n = int(table.loc[(table["group"] == half) & (table["month"] == 0), "at_risk"].iloc[0])
            axis.annotate(
                f"{name}\n{text.share(last['survival'])}  n={text.number(n)}", (months, at), xytext=(8, 0),
                textcoords="offset points", color=colour, va="center", fontsize=9.5, linespacing=1.3,
                annotation_clip=False,
            )  # fmt: skip
        percent_axis(axis, top=1.03)
        axis.set_yticks(np.linspace(0, 1, 6))
        axis.set_xlim(0, months)
        axis.set_xticks(range(3 if months <= 15 else 6, months + 1, 3 if months <= 15 else 6))
        axis.xaxis.set_major_formatter(lambda value, _: text("page.months", n=text.number(value)))
        axis.spines["bottom"].set_color(RULE)
        axis.set_title(text("level_worth.staying.axis"))
        message = _message(result, text, "staying")
        followed = int(table.loc[table["month"] == 0, "at_risk"].sum())
        return finish_figure(
            figure, text, result, message=message, alt=text("level_worth.staying.alt", message=message),
            n=text("level_worth.staying.n", n=text.number(followed)), period=text("level_worth.staying.period"),
        )  # fmt: skip


def nrr(result: Result, text: Text) -> Picture:
    """NRR of the quarter and of the year by the level at their start."""
    table = result.tables["nrr"]
    periods = list(dict.fromkeys(table["period"]))
    levels = sorted(set(table["level"]))
    with canvas(text, 1, len(periods), height=1.45 + 0.36 * len(levels), sharey=True, squeeze=False) as (
        figure,
        axes,
    ):
        for axis, period in zip(axes[0], periods, strict=True):
            part = table[table["period"] == period].set_index("level").reindex(levels)
            ends = zip(part["nrr"], part["nrr_low"], part["nrr_high"], part["paying"].fillna(0), strict=True)
            known = part[["nrr", "nrr_low", "nrr_high"]].to_numpy(float)
            low, high = float(np.nanmin(known, initial=1.0)), float(np.nanmax(known, initial=1.0))
            room = 0.12 + 0.15 * (high - low)
            axis.axvline(1, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
            for place, (value, at_least, at_most, paying) in enumerate(ends):
                if math.isnan(value):
                    continue
                face = "white" if math.isnan(at_least) else BLUE  # hollow: no interval
                axis.hlines(place, at_least, at_most, color=BLUE, linewidth=2, alpha=0.75)
                axis.scatter([value], [place], facecolors=face, edgecolors=BLUE, s=30, zorder=3)
                axis.annotate(
                    f"{text.share(value)}  n={text.number(paying)}", (value, place), xytext=(0, 7),
                    textcoords="offset points", ha="center", fontsize=8.5, color=QUIET, in_layout=False,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
                )  # fmt: skip
            percent_axis(axis, top=high + room, which="x")
            axis.set_xlim(left=max(0.0, low - room))
            axis.xaxis.set_major_locator(MaxNLocator(5))
            axis.set_title(text(f"level_worth.period.{period}"))
        axes[0][0].set_yticks(range(len(levels)), [text.label("level", at) for at in levels], fontsize=9.5)
        axes[0][0].set_ylim(-0.5, len(levels) - 0.3)
        message = _message(result, text, "nrr")
        paying = int(table.loc[table["period"] == periods[-1], "paying"].sum())
        return finish_figure(
            figure, text, result, message=message, alt=text("level_worth.nrr.alt", message=message),
            n=text("charts.n_customers", n=text.number(paying)), period=text(f"level_worth.period.{periods[-1]}"),
        )  # fmt: skip


def steps(result: Result, text: Text) -> Picture:
    """The ratio of the rates of loss of each step, and of one level more over the whole curve, on a logarithmic axis."""
    table, of_all = result.tables["steps"], result.tables["associations"]
    chosen = of_all[(of_all["outcome"] == "loss") & of_all["chosen"]].iloc[0]
    earlier = of_all[of_all["common"] == "earlier"].iloc[0]
    rows = [
        (text("level_worth.steps.any"), chosen["value"], chosen["low"], chosen["high"], chosen["compared"],
         earlier["value"], earlier["low"], earlier["high"], result.verdicts["steps"].code not in ("fewer", "more")),
        *(
            (text("level_worth.steps.step", below=text.label("level", r.below), level=text.label("level", r.level)),
             r.ratio, r.low, r.high, r.compared, r.earlier, r.earlier_low, r.earlier_high, r.verdict == "unclear")
            for r in table.iloc[::-1].itertuples()
        ),
    ]  # fmt: skip
    with canvas(text, height=1.5 + 0.47 * len(rows)) as (figure, axis):
        axis.set_xscale("log")
        axis.axvline(1, color=INK, linewidth=1)
        for place, (_, ratio, low, high, compared, before, before_low, before_high, is_unclear) in enumerate(
            rows
        ):
            colour = BLUE if is_unclear else ORANGE
            if math.isnan(ratio):
                axis.text(
                    1.06,
                    place,
                    text("level_worth.steps.nothing_compared"),
                    va="center",
                    fontsize=9,
                    color=QUIET,
                )
                continue
            axis.hlines(
                place, *_inside(low, high), color=colour, linewidth=2.4 if place == 0 else 2, alpha=0.8
            )
            axis.scatter(_inside(ratio), [place], color=colour, s=52 if place == 0 else 32, zorder=3)
            if not math.isnan(before):
                axis.hlines(
                    place + 0.24, *_inside(before_low, before_high), color=QUIET, linewidth=1, alpha=0.8
                )
                axis.scatter(
                    _inside(before), [place + 0.24], facecolors="white", edgecolors=QUIET, s=18, zorder=3
                )
            words = text.number_within(ratio, low, high, 2)
            label = f"{words}  {text('level_worth.steps.losses', n=text.number(compared))}"
            axis.text(
                1.02, place, label, transform=axis.get_yaxis_transform(), va="center", fontsize=9, color=QUIET
            )
        axis.axhline(0.6, color=RULE, linewidth=1)
        axis.set_yticks(range(len(rows)), [row[0] for row in rows], fontsize=9.5)
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.set_xlim(1 / _EDGE, _EDGE)
        ticks = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
        axis.set_xticks(ticks, [f"×{t:g}" if t >= 1 else f"×1/{1 / t:g}" for t in ticks])
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.tick_params(which="minor", length=0)
        axis.grid(axis="x")
        axis.spines["left"].set_visible(False)
        axis.set_title(text("level_worth.steps.axis"))
        message = _message(result, text, "steps")
        fields = result.verdicts["steps"].fields
        return finish_figure(
            figure, text, result, message=message, alt=text("level_worth.steps.alt", message=message),
            n=text("charts.n_customer_quarters", n=text.number(fields["quarters"])), period=text("level_worth.staying.period"),
        )  # fmt: skip


def _inside(*values: float) -> list[float]:
    """Ratios as far as the axis goes."""
    return [float(np.clip(value, 1 / _EDGE, _EDGE)) for value in values]

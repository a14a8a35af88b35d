"""Figures of revenue: the bridge of the quarter, the trend, losses by segment, and how long customers stay."""

from __future__ import annotations

import math

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

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
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.text.revenue_verdict import revenue_verdict

#: segments of a dimension that the figure shows: those with the most customers
MAX_SEGMENTS = 9


def _message(result: Result, text: Text, question: str) -> str:
    verdict = result.verdicts[question]
    return revenue_verdict(text, question, verdict.code, verdict.fields, result.settings.get("currency", ""))


def bridge(result: Result, text: Text) -> Picture:
    """The movements of the quarter as steps from the opening to the closing MRR."""
    table = result.tables["bridge"].set_index("step")
    currency = result.settings["currency"]
    steps = [s for s in table.index[1:-1] if s != "not_recorded" or table["amount"][s]]
    amounts = table["amount"][steps].to_numpy(float)
    net = float(table["amount"]["closing"] - table["amount"]["opening"])
    ends = np.cumsum(amounts)
    places = np.arange(len(steps) + 1)
    with canvas(text, height=1.3 + 0.46 * len(places)) as (figure, axis):
        lengths, starts = np.r_[amounts, net], np.r_[ends - amounts, 0.0]
        colours = [BLUE if v > 0 else ORANGE for v in amounts] + [INK]
        bars(axis, places, lengths, start=starts, color=colours, width=0.62, lying=True)
        axis.axvline(0, color=INK, linewidth=1)
        for place, end in enumerate(ends):  # from the end of each step to the beginning of the next
            axis.vlines(end, place - 0.31, place + 1.31, color=QUIET, linewidth=0.7)
        low, high = min(0.0, *starts, *ends), max(0.0, *starts, *ends)
        room = (high - low) or 1.0
        for place, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            sign = "+" if length > 0 else "−" if length < 0 else "±"
            label = f"{sign}{text.money(abs(length), currency)}"
            if place < len(steps) and length:
                customers = text.number(int(table["customers"][steps[place]]))
                label += f"  {text('revenue.bridge.moved', customers=customers)}"
            axis.text(max(start, start + length) + 0.015 * room, place, label, va="center", fontsize=9.5)
            if place < len(steps):
                key, words = {"step": steps[place]}, [text(f"revenue.drivers.{steps[place]}")]
                count = table["customers"][steps[place]]
                mark(axis, text, key, words, count, (start, start + length), (place - 0.31, place + 0.31))
        names = [text(f"revenue.drivers.{s}") for s in steps] + [text("revenue.bridge.net")]
        axis.set_yticks(places, names, fontsize=10, color=INK)
        axis.set_ylim(len(places) - 0.4, -0.6)
        axis.set_xlim(low - 0.02 * room, high + 0.36 * room)
        axis.set_xticks([])
        axis.spines[:].set_visible(False)
        ends_text = {
            name: text.money(float(table["amount"][name]), currency) for name in ("opening", "closing")
        }
        axis.set_title(text("revenue.bridge.axis", **ends_text))
        message = _message(result, text, "bridge")
        return finish_figure(
            figure, text, result, message=message, alt=text("revenue.bridge.alt", message=message, **ends_text),
            n=text("charts.n_customers", n=text.number(int(table["customers"]["closing"]))),
            period=text.span(result.quarter.start, result.quarter.end),
        )  # fmt: skip


def trend(result: Result, text: Text) -> Picture:
    """The MRR at the end of each month."""
    table = result.tables["trend"]
    currency = result.settings["currency"]
    with canvas(text, height=3.4) as (figure, axis):
        months, mrr = table["month"], table["mrr"].to_numpy(float)
        axis.fill_between(months, 0, mrr, color=SKY, alpha=0.35, linewidth=0)
        axis.plot(months, mrr, color=BLUE, linewidth=1.8)
        marked = [len(table) - 1, *([len(table) - 13] if len(table) > 12 else [])]
        axis.scatter(months.iloc[marked], mrr[marked], color=BLUE, s=26, zorder=3)
        for place in marked:
            is_last = place == len(table) - 1
            falls = place > 0 and mrr[place - 1] > mrr[place]  # then the line is above
            axis.annotate(
                text.money(mrr[place], currency), (months.iloc[place], mrr[place]), xytext=(0, -15 if falls else 7),
                textcoords="offset points", ha="right" if is_last else "center", fontsize=9.5,
                in_layout=False,
            )  # fmt: skip
        axis.set_ylim(0, max(float(mrr.max()) * 1.18, 1.0))
        axis.margins(x=0.01)
        axis.grid(axis="y")
        axis.yaxis.set_major_locator(MaxNLocator(5))
        axis.yaxis.set_major_formatter(lambda value, _: text.money(value, currency))
        _month_axis(axis, table["month"], text)
        axis.set_title(text("revenue.trend.axis"))
        message = _message(result, text, "trend")
        return finish_figure(
            figure, text, result, message=message, alt=text("revenue.trend.alt", message=message),
            n=text("charts.n_customers", n=text.number(int(table["customers"].iloc[-1]))),
            period=text.span(months.iloc[0].date(), months.iloc[-1].date()),
        )  # fmt: skip


def _month_axis(axis: Axes, months: pd.Series, text: Text) -> None:
    """Ticks at quarters or months, as many as can be read."""
    every = 1 if len(months) <= 9 else 3 if len(months) <= 18 else 6
    axis.xaxis.set_major_locator(mdates.MonthLocator(bymonth=range(1, 13, every), bymonthday=1))
    axis.xaxis.set_major_formatter(mdates.DateFormatter("%b %Y" if text.language == "en" else "%Y年%-m月"))


def segments(result: Result, text: Text) -> Picture:
    """Logo churn and NRR of each segment with intervals, beside those of all customers."""
    table = result.tables["segments"]
    rank = table.groupby("dimension")["customers"].rank(ascending=False, method="first")
    table = table[rank <= MAX_SEGMENTS]
    of_all = result.tables["retention"].iloc[-1]
    places, heads, place = [], [], 0.0
    for dimension, part in table.groupby("dimension", sort=False):
        heads.append((place, text.label("segment", dimension)))
        places += [place + 0.9 + n for n in range(len(part))]
        place += len(part) + 1.2
    at = np.array(places)
    with canvas(text, 1, 2, height=1.5 + 0.25 * (place + 0.5), sharey=True) as (figure, axes):
        for axis, name in zip(axes, ("logo_churn", "nrr"), strict=True):
            value, low, high = (table[c].to_numpy(float) for c in (name, f"{name}_low", f"{name}_high"))
            clear = (
                table["verdict"].to_numpy() != "unclear" if name == "logo_churn" else np.zeros(len(at), bool)
            )
            colours = np.where(clear, ORANGE, BLUE)
            axis.hlines(at, low, high, color=colours, linewidth=2, alpha=0.75)
            faces = np.where(np.isnan(low), "white", colours)  # hollow: too few customers for an interval
            axis.scatter(
                value, at, facecolors=list(faces), edgecolors=list(colours), s=28, zorder=3, clip_on=False
            )
            if not math.isnan(of_all[name]):
                axis.axvline(float(of_all[name]), color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
            top = float(np.nanmax(np.r_[value, high, of_all[name]], initial=0.02))
            percent_axis(axis, top=top * 1.06, which="x")
            axis.set_xlim(left=-0.04 * top)
            if name == "nrr":
                bottom = float(np.nanmin(np.r_[value, low, of_all[name]], initial=1.0))
                axis.set_xlim(max(0.0, bottom - 0.08), top + 0.05)
            axis.xaxis.set_major_locator(MaxNLocator(5))
            axis.set_title(text(f"revenue.segments.{name}", all=text.share(of_all[name])))
        names = [
            f"{text.label(r.dimension, r.segment)}  n={text.number(r.customers)}" for r in table.itertuples()
        ]
        axes[0].set_yticks([*at, *(p for p, _ in heads)], [*names, *(h for _, h in heads)], fontsize=9.5)
        for label in axes[0].get_yticklabels()[len(at) :]:
            label.set_color(INK)
        axes[0].set_ylim(place - 0.4, -0.6)
        for axis in axes:
            axis.spines["left"].set_visible(False)
        message = _message(result, text, "segments")
        return finish_figure(
            figure, text, result, message=message, alt=text("revenue.segments.alt", message=message),
            n=text("charts.n_customers", n=text.number(int(of_all["customers"]))),
            period=text(f"revenue.periods.{of_all['period']}"),
        )  # fmt: skip


def survival(result: Result, text: Text) -> Picture:
    """The share of customers that are still there by age, observed and as the sBG model has it."""
    table = result.tables["survival"]
    known = table.dropna(subset=["survival"])
    with canvas(text, height=3.5) as (figure, axis):
        axis.fill_between(
            known["month"], known["low"], known["high"], step="post", color=SKY, alpha=0.4, linewidth=0
        )
        axis.step(known["month"], known["survival"], where="post", color=BLUE, linewidth=1.8)
        if table["sbg"].notna().any():
            axis.step(
                table["month"], table["sbg"], where="post", color=ORANGE, linewidth=1.4, linestyle=(0, (4, 2))
            )
        percent_axis(axis, top=1.04)
        axis.set_yticks(np.linspace(0, 1, 6))
        axis.set_xlim(0, max(int(table["month"].max()), 1))
        every = 12 if len(table) > 24 else 3
        axis.set_xticks(range(every, int(table["month"].max()) + 2, every))
        axis.xaxis.set_major_formatter(lambda value, _: text("page.months", n=text.number(value)))
        axis.spines["bottom"].set_color(RULE)
        axis.set_title(text("revenue.survival.axis"))
        axis.text(
            1.0, 1.04, text("revenue.survival.legend"), transform=axis.transAxes, ha="right", fontsize=8.5, color=QUIET
        )  # fmt: skip
        message = _message(result, text, "survival")
        return finish_figure(
            figure, text, result, message=message, alt=text("revenue.survival.alt", message=message),
            n=text("charts.n_customers", n=text.number(result.verdicts["survival"].fields["customers"])),
            period=text("revenue.survival.period"),
        )  # fmt: skip

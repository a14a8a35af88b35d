"""Figures of where customers stand: customers and MRR by level, over quarters, at their highest, and by segment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cs_helpers.charts.maturity.words import (
    level_colour,
    level_name,
    levels_of,
    quarter_ticks,
    quarters_with_customers,
    verdict_sentence,
)
from cs_helpers.charts.points import asked, mark
from cs_helpers.charts.theme import (
    INK,
    QUIET,
    RULE,
    Picture,
    bars,
    canvas,
    count_axis,
    finish_figure,
    ink_on,
    label_above,
    label_inside,
    percent_axis,
    spread_labels,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the most quarters that a figure shows: two years, and the quarter before them
MAX_QUARTERS = 9


def by_quarter(result: Result, text: Text) -> Picture:
    """Customers, and their MRR where it is known, by level at the end of each quarter."""
    table = result.tables["by_quarter"]
    quarters = quarters_with_customers(table, MAX_QUARTERS)
    with_mrr = "mrr" in table
    with canvas(text, 1, 1 + with_mrr, height=3.5, squeeze=False) as (figure, axes):
        _stacked(axes[0, 0], table, quarters, "customers", text)
        count_axis(axes[0, 0], text)
        axes[0, 0].set_title(text("maturity.by_quarter.axis"))
        if with_mrr:
            _stacked(axes[0, 1], table, quarters, "mrr", text)
            count_axis(axes[0, 1], text)
            axes[0, 1].yaxis.set_major_locator(MaxNLocator(5))
            currency = result.settings["currency"]
            axes[0, 1].yaxis.set_major_formatter(lambda value, _: text.money(value, currency))
            axes[0, 1].set_title(text("maturity.by_quarter.axis_mrr"))
        message = verdict_sentence(result, "by_quarter", text)
        alt = text("maturity.by_quarter.alt", message=message, quarters=len(quarters))
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_customers", n=text.number(result.n)),
            period=text("maturity.by_quarter.period", quarters=text.number(len(quarters))),
        )  # fmt: skip


def _stacked(axis: Axes, table: pd.DataFrame, quarters: list[str], what: str, text: Text) -> None:
    """Stacked bars of a column by quarter and level, with the levels beside the last bar."""
    values = table.pivot(index="quarter", columns="level", values=what).loc[quarters]
    customers = table.pivot(index="quarter", columns="level", values="customers")
    levels = levels_of(table)
    base, highest = np.zeros(len(quarters)), max(float(values.sum(axis=1).max()), 1.0)
    middles, names = [], []
    for level in (*levels, *([UNKNOWN] if values[UNKNOWN].any() else [])):
        inside, colour = values[level].to_numpy(float), level_colour(level, levels[-1])
        bars(axis, range(len(quarters)), inside, start=base, color=colour, width=0.8)
        for x, (quarter, low, value) in enumerate(
            zip(quarters if asked() else (), base, inside, strict=False)
        ):
            words = [text.quarter(Quarter.parse(quarter)), level_name(level, text)]
            key, count = {"quarter": quarter, "level": level}, customers.loc[quarter, level]
            mark(axis, text, key, words, count, (x - 0.4, x + 0.4), (low, low + value))
        if what == "customers":
            for x, (low, value) in enumerate(zip(base, inside, strict=True)):
                if value >= highest * 0.05:
                    label_inside(
                        axis, x, low + value / 2, text.number(value), color=ink_on(colour), fontsize=8
                    )
        if inside[-1]:
            middles.append(float(base[-1] + inside[-1] / 2))
            share = inside[-1] / float(values.iloc[-1].sum())
            names.append(f"{level_name(level, text)}  {text.share(share)}")
        base += inside
    for place, name in zip(spread_labels(middles, 0.062 * highest), names, strict=True):
        axis.text(len(quarters) - 0.5, place, name, va="center", fontsize=8.5, color=QUIET)
    if what == "customers":
        for x, total in enumerate(base):
            label_above(axis, x, total, text.number(total))
    axis.set_xticks(range(len(quarters)), quarter_ticks(quarters), fontsize=8.5)
    axis.set_xlim(-0.6, len(quarters) + 0.4)
    axis.set_ylim(0, highest * 1.12)


def standing(result: Result, text: Text) -> Picture:
    """The share of customers and of MRR at each level, with its interval: now, and at the highest level so far."""
    table = result.tables["standing"]
    levels = levels_of(table)
    unknown = table.loc[table["level"] == UNKNOWN, "customers"].any()
    shown = [*levels[::-1], *([UNKNOWN] if unknown else [])]
    sides = ["share", *(["mrr_share"] if "mrr" in table else [])]
    with canvas(text, 1, len(sides), height=1.2 + 0.5 * len(shown), squeeze=False, sharey=True) as (
        figure,
        axes,
    ):
        for axis, column in zip(axes[0], sides, strict=True):
            low, high = ("low", "high") if column == "share" else ("mrr_low", "mrr_high")
            for offset, basis in ((-0.2, "current_state"), (0.2, "ratchet")):
                rows = table[table["basis"] == basis].set_index("level").loc[shown]
                places = np.arange(len(shown)) + offset
                now = basis == "current_state"
                colour: Any = [level_colour(n, levels[-1]) for n in shown] if now else RULE
                bars(axis, places, rows[column].to_numpy(float), color=colour, width=0.36, lying=True)
                axis.hlines(places, rows[low], rows[high], color=INK if now else QUIET, linewidth=1.3)
                for place, row in zip(places, rows.itertuples(), strict=True):
                    _label_share(axis, place, row, column, text, bold=now)
                    words = [level_name(row.Index, text), text(f"maturity.standing.{basis}")]
                    key = {"basis": basis, "level": row.Index}
                    length = (0, max(np.nan_to_num(getattr(row, column)), 0.0))
                    mark(axis, text, key, words, row.customers, length, (place - 0.18, place + 0.18))
            top = float(np.nanmax(table[[column, high]].to_numpy(float), initial=0.05))
            percent_axis(axis, which="x", top=top * 1.75)
            axis.set_xticks([])
            axis.spines["bottom"].set_visible(False)
            axis.set_title(text(f"maturity.standing.{'axis' if column == 'share' else 'axis_mrr'}"))
        keys = {"current_state": level_colour(levels[-1], levels[-1]), "ratchet": RULE}
        handles = [axes[0, 0].scatter([], [], marker="s", s=45, color=colour) for colour in keys.values()]
        labels = [text(f"maturity.standing.{basis}") for basis in keys]
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9, handletextpad=0.3)
        axes[0, 0].set_yticks(range(len(shown)), [level_name(n, text) for n in shown])
        axes[0, 0].set_ylim(len(shown) - 0.4, -0.6)
        message = verdict_sentence(result, "standing", text)
        return finish_figure(
            figure, text, result, message=message, alt=text("maturity.standing.alt", message=message),
            n=text("charts.n_customers", n=text.number(result.n)), period=text.day(result.quarter.end),
        )  # fmt: skip


def _label_share(axis: Axes, place: float, row: Any, column: str, text: Text, *, bold: bool) -> None:
    """A share with its interval, and its number of customers, beside the end of a bar or of its interval."""
    share = getattr(row, column)
    if share != share:
        return
    low, high = (row.low, row.high) if column == "share" else (row.mrr_low, row.mrr_high)
    said = text.share(share) if low != low else text.share_within(share, low, high)
    count = f"  n={text.number(row.customers)}" if column == "share" else ""
    end = share if high != high else max(share, high)
    axis.annotate(
        f"{said}{count}", (end, place), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8.5,
        color=INK if bold else QUIET, in_layout=False,
    )  # fmt: skip


def by_segment(result: Result, text: Text) -> Picture:
    """The share of each level within each segment, of customers and of MRR, with that of the upper levels."""
    upper = result.tables["segments"]
    places, headings, at = [], [], 0.0
    for dimension, part in upper.groupby("dimension", sort=False):
        headings.append((at, str(dimension), str(part["verdict"].iloc[0])))
        places += [at + 1 + n for n in range(len(part))]
        at += len(part) + 1.25
    sides = ["share", *(["mrr_share"] if "mrr_share" in upper else [])]
    with canvas(text, 1, len(sides), height=1.35 + 0.27 * at, squeeze=False, sharey=True) as (figure, axes):
        for axis, column in zip(axes[0], sides, strict=True):
            _segment_bars(axis, result, column, places, text)
            axis.set_title(text(f"maturity.by_segment.{'axis' if column == 'share' else 'axis_mrr'}"))
            axis.patch.set_visible(False)  # headings of the first one reach into the second
        for place, dimension, verdict in headings:
            said = text(f"maturity.by_segment.said.{verdict}")
            heading = text(
                "maturity.by_segment.heading", dimension=text.label("segment", dimension), said=said
            )
            axes[0, 0].text(0, place, heading, va="center", fontsize=9.5, color=INK, in_layout=False)
        n = result.tables["by_segment"].drop_duplicates(["dimension", "segment"])["n"]
        names = [
            f"{text.label(row.dimension, row.segment)}  n={text.number(count)}"
            for row, count in zip(upper.itertuples(), n, strict=True)
        ]
        axes[0, 0].set_yticks(places, names, fontsize=9)
        axes[0, 0].set_ylim(at - 0.55, -0.6)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9, columnspacing=1.2
        )
        message = verdict_sentence(result, "by_segment", text)
        return finish_figure(
            figure, text, result, message=message, alt=text("maturity.by_segment.alt", message=message),
            n=text("charts.n_customers", n=text.number(result.n)), period=text.day(result.quarter.end),
        )  # fmt: skip


def _segment_bars(axis: Axes, result: Result, column: str, places: list[float], text: Text) -> None:
    """Bars of the levels of each segment, and beside them the share of the upper levels with its interval."""
    table, upper = result.tables["by_segment"], result.tables["segments"]
    shares = table.pivot(index=["dimension", "segment"], columns="level", values=column)
    shares = shares.loc[list(zip(upper["dimension"], upper["segment"], strict=True))]
    customers = table.pivot(index=["dimension", "segment"], columns="level", values="customers")
    levels = levels_of(table)
    start = np.zeros(len(upper))
    for level in (*levels, *([UNKNOWN] if table.loc[table["level"] == UNKNOWN, "customers"].any() else [])):
        widths, colour = shares[level].to_numpy(float), level_colour(level, levels[-1])
        bars(
            axis, places, widths, start=start, color=colour, width=0.74, lying=True,
            label=level_name(level, text),
        )  # fmt: skip
        for segment, place, x, width in zip(
            shares.index if asked() else (), places, start, widths, strict=False
        ):
            words = [text.label(*segment), level_name(level, text)]
            key = {"dimension": segment[0], "segment": segment[1], "level": level}
            mark(
                axis, text, key, words, customers.loc[segment, level], (x, x + width), (place - 0.37, place + 0.37)
            )  # fmt: skip
        if column == "share":
            counts = np.rint(widths * table.drop_duplicates(["dimension", "segment"])["n"].to_numpy())
            for place, x, width, count in zip(places, start, widths, counts, strict=True):
                if width > 0.07:
                    label_inside(
                        axis, x + width / 2, place, text.number(count), color=ink_on(colour), fontsize=8
                    )
        start += np.nan_to_num(widths)
    low, high = ("low", "high") if column == "share" else ("mrr_low", "mrr_high")
    for place, row in zip(places, upper.itertuples(), strict=True):
        share = getattr(row, column)
        if share == share:
            bounds = getattr(row, low), getattr(row, high)
            said = text.share(share) if bounds[0] != bounds[0] else text.share_within(share, *bounds)
            axis.text(1.02, place, said, va="center", fontsize=8.5, color=QUIET, in_layout=False)
    percent_axis(axis, which="x", top=1.42)
    axis.set_xticks([0, 0.5, 1.0])
    axis.grid(visible=False)
    axis.spines["bottom"].set_visible(False)

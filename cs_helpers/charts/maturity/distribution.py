"""Figures of where customers stand: levels over time and by segment."""

from __future__ import annotations

import numpy as np

from cs_helpers.charts.maturity.words import level_colour, level_name, levels_of, verdict_sentence
from cs_helpers.charts.theme import (
    QUIET,
    Picture,
    bars,
    canvas,
    count_axis,
    finish_figure,
    ink_on,
    label_above,
    label_inside,
    percent_axis,
)
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text


def by_quarter(result: Result, text: Text) -> Picture:
    """Customers by level at the end of each quarter."""
    table = result.tables["by_quarter"]
    quarters = list(dict.fromkeys(table["quarter"]))
    counts = table.pivot(index="quarter", columns="level", values="customers").loc[quarters]
    levels = levels_of(table)
    with canvas(text, height=3.35) as (figure, axis):
        base = np.zeros(len(quarters))
        for level in (*levels, *([UNKNOWN] if counts[UNKNOWN].any() else [])):
            inside, colour = counts[level].to_numpy(float), level_colour(level, levels[-1])
            bars(axis, range(len(quarters)), inside, start=base, color=colour, width=0.78)
            for x, (low, value) in enumerate(zip(base, inside, strict=True)):
                if value >= max(counts.to_numpy().sum(axis=1).max() * 0.045, 1):
                    label_inside(axis, x, low + value / 2, f"{value:.0f}", color=ink_on(colour), fontsize=8.5)
            if inside[-1]:
                axis.text(
                    len(quarters) - 0.55,
                    base[-1] + inside[-1] / 2,
                    level_name(level, text),
                    va="center",
                    fontsize=9,
                    color=QUIET,
                )
            base += inside
        for x, total in enumerate(base):
            label_above(axis, x, total, text.number(total))
        axis.set_xticks(range(len(quarters)), [q.replace("Q", " Q") for q in quarters], fontsize=9)
        axis.set_xlim(-0.6, len(quarters) + 0.6)
        count_axis(axis, text)
        axis.set_ylim(0, max(base.max() * 1.12, 1))
        axis.set_title(text("maturity.by_quarter.axis"))
        message = verdict_sentence(result, "by_quarter", text)
        alt = text("maturity.by_quarter.alt", message=message, quarters=len(quarters))
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=text.number(result.n)),
        )


def by_size(result: Result, text: Text) -> Picture:
    """The share of each level within each company size."""
    table = result.tables["by_size"]
    table = table[table["n"] > 0]
    sizes, levels = list(dict.fromkeys(table["size"]))[::-1], levels_of(table)
    with canvas(text, height=2.65) as (figure, axis):
        start = np.zeros(len(sizes))
        unknown = table.loc[table["level"] == UNKNOWN, "customers"].any()
        for level in (*levels, *([UNKNOWN] if unknown else [])):
            colour = level_colour(level, levels[-1])
            share = table[table["level"] == level].set_index("size").loc[sizes, "share"].to_numpy(float)
            bars(
                axis, range(len(sizes)), share, start=start, color=colour, width=0.62, lying=True,
                label=level_name(level, text),
            )  # fmt: skip
            for y, (x, width) in enumerate(zip(start, share, strict=True)):
                if width > 0.03:
                    label_inside(axis, x + width / 2, y, text.share(width), color=ink_on(colour))
            start += share
        n = table.drop_duplicates("size").set_index("size")["n"]
        axis.set_yticks(range(len(sizes)), [f"{text.label('size', s)}\nn={n[s]}" for s in sizes])
        percent_axis(axis, which="x")
        axis.grid(visible=False)
        axis.legend(
            ncols=len(levels) + bool(unknown),
            loc="upper center",
            bbox_to_anchor=(0.5, -0.1),
            fontsize=9,
            columnspacing=1.2,
        )
        message = verdict_sentence(result, "by_size", text)
        alt = text("maturity.by_size.alt", message=message)
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=text.number(result.n)),
            period=text.day(result.quarter.end),
        )

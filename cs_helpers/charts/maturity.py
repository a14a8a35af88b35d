"""Figures of maturity: levels over time and by size, transitions, and losses after a fall in level."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    Picture,
    bars,
    canvas,
    count_axis,
    finish_figure,
    heatmap,
    label_above,
    label_inside,
    percent_axis,
)
from cs_helpers.charts.theme import LEVELS as SHADES
from cs_helpers.customers.maturity_levels import LEVELS, LOST, NOT_THERE, UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the colour of customers whose level is not known, unlike the blues of levels
NOT_KNOWN = "#eadfca"


def by_quarter(result: Result, text: Text) -> Picture:
    """Customers by level at the end of each quarter."""
    table = result.tables["by_quarter"]
    quarters = list(dict.fromkeys(table["quarter"]))
    counts = table.pivot(index="quarter", columns="level", values="customers").loc[quarters]
    with canvas(text, height=3.35) as (figure, axis):
        base = np.zeros(len(quarters))
        for level in (*LEVELS, *([UNKNOWN] if counts[UNKNOWN].any() else [])):
            inside = counts[level].to_numpy(float)
            bars(axis, range(len(quarters)), inside, start=base, color=_level_colour(level), width=0.78)
            for x, (low, value) in enumerate(zip(base, inside, strict=True)):
                if value >= max(counts.to_numpy().sum(axis=1).max() * 0.045, 1):
                    color = "white" if level >= 3 else INK
                    label_inside(axis, x, low + value / 2, f"{value:.0f}", color=color, fontsize=8.5)
            if inside[-1]:
                axis.text(
                    len(quarters) - 0.55,
                    base[-1] + inside[-1] / 2,
                    _level_name(level, text),
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
        message = _verdict_sentence(result, "by_quarter", text)
        alt = text("maturity.by_quarter.alt", message=message, quarters=len(quarters))
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=text.number(result.n)),
        )


def _verdict_sentence(result: Result, question: str, text: Text) -> str:
    """The sentence of a question's verdict, with its fields formatted in the language."""
    verdict = result.verdicts[question]
    fields: dict[str, str] = {}
    for name, value in verdict.fields.items():
        if name in ("best", "least"):
            fields[name] = text.label("size", value)
        elif name in ("n", "customers", "quarters"):
            fields[name] = text.number(value)
        else:
            fields[name] = text.number(value, 1) if name in ("ratio", "low", "high") else text.share(value)
    return text(f"maturity.{question}.{verdict.code}", **fields)


def _level_colour(level: int) -> str:
    return NOT_KNOWN if level == UNKNOWN else SHADES[level]


def _level_name(level: int, text: Text) -> str:
    """The name of a level, or of the state that takes its place."""
    words = {LOST: "lost", UNKNOWN: "unknown", NOT_THERE: "not_recorded"}
    return text(f"maturity.{words[level]}") if level in words else text.label("level", level)


def by_size(result: Result, text: Text) -> Picture:
    """The share of each level within each company size."""
    table = result.tables["by_size"]
    table = table[table["n"] > 0]
    sizes = list(dict.fromkeys(table["size"]))[::-1]
    with canvas(text, height=2.65) as (figure, axis):
        start = np.zeros(len(sizes))
        unknown = table.loc[table["level"] == UNKNOWN, "customers"].any()
        for level in (*LEVELS, *([UNKNOWN] if unknown else [])):
            share = table[table["level"] == level].set_index("size").loc[sizes, "share"].to_numpy(float)
            bars(
                axis, range(len(sizes)), share, start=start, color=_level_colour(level), width=0.62, lying=True,
                label=_level_name(level, text),
            )  # fmt: skip
            for y, (x, width) in enumerate(zip(start, share, strict=True)):
                if width > 0.03:
                    label_inside(
                        axis, x + width / 2, y, text.share(width), color="white" if level >= 3 else INK
                    )
            start += share
        n = table.drop_duplicates("size").set_index("size")["n"]
        axis.set_yticks(range(len(sizes)), [f"{text.label('size', s)}\nn={n[s]}" for s in sizes])
        percent_axis(axis, which="x")
        axis.grid(visible=False)
        axis.legend(
            ncols=6 if unknown else 5,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.1),
            fontsize=9,
            columnspacing=1.2,
        )
        message = _verdict_sentence(result, "by_size", text)
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


def transitions(result: Result, text: Text) -> Picture:
    """Transitions between levels within a quarter, over the last four quarters."""
    table = result.tables["transitions"]
    table = table[table["n"] > 0]
    other_states = [a for a in (NOT_THERE, UNKNOWN) if table.loc[table["after"] == a, "customers"].any()]
    columns = [*other_states, *([LOST] if (table["after"] == LOST).any() else []), *LEVELS]
    before = sorted(set(table["before"]))
    share = table.pivot(index="before", columns="after", values="share").loc[before, columns]
    count = table.pivot(index="before", columns="after", values="customers").loc[before, columns]
    n = table.drop_duplicates("before").set_index("before")["n"]
    with canvas(text, height=3.25) as (figure, axis):
        words = np.array(
            [[f"{text.share(s)}\n({c})" if c else "" for s, c in zip(a, b, strict=True)]
             for a, b in zip(share.to_numpy(), count.to_numpy(), strict=True)]
        )  # fmt: skip
        heatmap(axis, share.to_numpy(), words, fontsize=9)
        axis.set_xticklabels([text.wrap(_level_name(a, text), 12) for a in columns])
        axis.set_yticklabels([f"{text.label('level', b)}  n={n[b]}" for b in before])
        axis.set_xlabel(text("maturity.transitions.after"))
        axis.set_ylabel(text("maturity.transitions.before"), labelpad=10)
        message = _verdict_sentence(result, "transitions", text)
        alt = text("maturity.transitions.alt", message=message)
        total = int(n.sum())
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customer_quarters", n=text.number(total)),
            period=text.span(
                result.quarter.back(result.verdicts["transitions"].fields["quarters"] - 1).start,
                result.quarter.end,
            ),
        )


def falls(result: Result, text: Text) -> Picture:
    """The share of customers lost in a quarter, of those whose level fell in the two quarters before and of the others."""
    table: pd.DataFrame = result.tables["falls"]
    with canvas(text, height=2.15) as (figure, axis):
        for place, row in enumerate(table.itertuples()):
            if not row.customers:  # nothing to draw without customers
                continue
            colour = ORANGE if row.fell else BLUE
            bars(axis, [place], row.share, color=colour, width=0.5, lying=True)
            axis.hlines(place, row.low, row.high, color=INK, linewidth=1.6)
            axis.text(
                row.high + 0.01,
                place,
                f"{text.share_within(row.share, row.low, row.high)}  {row.lost}/{row.customers}",
                va="center",
                fontsize=9,
                color=QUIET,
            )
        axis.set_yticks(
            range(len(table)), [text(f"maturity.falls.{'fell' if f else 'held'}") for f in table["fell"]]
        )
        axis.invert_yaxis()
        percent_axis(axis, which="x", top=min(1.0, float(np.nanmax(table["high"])) + 0.25))
        axis.grid(axis="y", visible=False)
        axis.set_title(text("maturity.falls.axis"))
        message = _verdict_sentence(result, "falls", text)
        alt = text("maturity.falls.alt", message=message)
        total = int(table["customers"].sum())
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customer_quarters", n=text.number(total)),
        )

"""Figures of maturity: levels over time, by size, transitions, and what a fall foretells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.maturity import LEVELS
from cs_helpers.analyses.result import Result
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    Picture,
    above,
    bars,
    canvas,
    count_axis,
    finished,
    percent_axis,
    shaded,
    within,
)
from cs_helpers.charts.theme import LEVELS as SHADES
from cs_helpers.text import Text


def by_quarter(result: Result, text: Text) -> Picture:
    """Customers by level at the end of each quarter."""
    table = result.tables["by_quarter"]
    quarters = list(dict.fromkeys(table["quarter"]))
    counts = table.pivot(index="quarter", columns="level", values="customers").loc[quarters]
    with canvas(text, height=3.9) as (figure, axis):
        base = np.zeros(len(quarters))
        for level in LEVELS:
            inside = counts[level].to_numpy(float)
            bars(axis, range(len(quarters)), inside, start=base, color=SHADES[level], width=0.78)
            for x, (low, value) in enumerate(zip(base, inside, strict=True)):
                if value >= max(counts.to_numpy().sum(axis=1).max() * 0.045, 1):
                    color = "white" if level >= 3 else INK
                    within(axis, x, low + value / 2, f"{value:.0f}", color=color, fontsize=8.5)
            if inside[-1]:
                axis.text(
                    len(quarters) - 0.55,
                    base[-1] + inside[-1] / 2,
                    text.label("level", level),
                    va="center",
                    fontsize=9,
                    color=QUIET,
                )
            base += inside
        for x, total in enumerate(base):
            above(axis, x, total, text.number(total))
        axis.set_xticks(range(len(quarters)), [q.replace("Q", " Q") for q in quarters], fontsize=9)
        axis.set_xlim(-0.6, len(quarters) + 0.6)
        count_axis(axis, text)
        axis.set_ylim(0, max(base.max() * 1.12, 1))
        axis.set_title(text("maturity.by_quarter.axis"))
        message = _trend(result, text, quarters)
        alt = text("maturity.by_quarter.alt", message=message, quarters=len(quarters))
        return finished(
            figure, text, result, message=message, alt=alt, n=text("charts.n_customers", n=result.n)
        )


def _trend(result: Result, text: Text, quarters: list[str]) -> str:
    table = result.tables["by_quarter"]
    high = table[table["level"] >= 3].groupby("quarter")["share"].sum()
    now, then = (
        float(high.get(quarters[-1], np.nan)),
        float(high.get(quarters[max(0, len(quarters) - 5)], np.nan)),
    )
    if now != now:
        return text("maturity.by_quarter.none")
    if len(quarters) < 5 or then != then:
        return text("maturity.by_quarter.now", share=text.share(now))
    return text("maturity.by_quarter.year", share=text.share(now), before=text.share(then))


def by_size(result: Result, text: Text) -> Picture:
    """The share of each level within each size."""
    table = result.tables["by_size"]
    table = table[table["n"] > 0]
    sizes = list(dict.fromkeys(table["size"]))[::-1]
    with canvas(text, height=3.2) as (figure, axis):
        start = np.zeros(len(sizes))
        for level in LEVELS:
            share = table[table["level"] == level].set_index("size").loc[sizes, "share"].to_numpy(float)
            bars(
                axis, range(len(sizes)), share, start=start, color=SHADES[level], width=0.62, lying=True,
                label=text.label("level", level),
            )  # fmt: skip
            for y, (x, width) in enumerate(zip(start, share, strict=True)):
                if width > 0.03:
                    within(axis, x + width / 2, y, text.share(width), color="white" if level >= 3 else INK)
            start += share
        n = table.drop_duplicates("size").set_index("size")["n"]
        axis.set_yticks(range(len(sizes)), [f"{text.label('size', s)}\nn={n[s]}" for s in sizes])
        percent_axis(axis, which="x")
        axis.grid(visible=False)
        axis.legend(ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.1), fontsize=9, columnspacing=1.2)
        high = table[table["level"] >= 3].groupby("size")["share"].sum()
        best, least = str(high.idxmax()), str(high.idxmin())
        message = text(
            "maturity.by_size.message",
            best=text.label("size", best),
            best_share=text.share(float(high[best])),
            least=text.label("size", least),
            least_share=text.share(float(high[least])),
        )
        alt = text("maturity.by_size.alt", message=message)
        return finished(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=result.n),
            period=text.day(result.quarter.end),
        )


def transitions(result: Result, text: Text) -> Picture:
    """From level to level in a quarter, the last four quarters together."""
    table = result.tables["transitions"]
    table = table[table["n"] > 0]
    columns = [-1, *LEVELS]
    before = sorted(set(table["before"]))
    share = table.pivot(index="before", columns="after", values="share").loc[before, columns]
    count = table.pivot(index="before", columns="after", values="customers").loc[before, columns]
    n = table.drop_duplicates("before").set_index("before")["n"]
    with canvas(text, height=3.8) as (figure, axis):
        words = np.array(
            [[f"{text.share(s)}\n({c})" if c else "" for s, c in zip(a, b, strict=True)]
             for a, b in zip(share.to_numpy(), count.to_numpy(), strict=True)]
        )  # fmt: skip
        shaded(axis, share.to_numpy(), words, fontsize=9)
        axis.set_xticklabels([text("maturity.lost") if a == -1 else text.label("level", a) for a in columns])
        axis.set_yticklabels([f"{text.label('level', b)}  n={n[b]}" for b in before])
        axis.set_xlabel(text("maturity.transitions.after"))
        axis.set_ylabel(text("maturity.transitions.before"), labelpad=10)
        rose, fell = result.metrics.get("rose"), result.metrics.get("fell")
        message = text(
            "maturity.transitions.message",
            rose=text.share(rose.value if rose else None),
            fell=text.share(fell.value if fell else None),
            n=rose.n if rose else 0,
        )
        alt = text("maturity.transitions.alt", message=message)
        total = int(n.sum())
        return finished(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customer_quarters", n=total),
            period=text.span(result.quarter.back(3).start, result.quarter.end),
        )


def falls(result: Result, text: Text) -> Picture:
    """Customers lost within two quarters, after a fall in level and after none."""
    table: pd.DataFrame = result.tables["falls"]
    with canvas(text, height=2.7) as (figure, axis):
        for place, row in enumerate(table.itertuples()):
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
        percent_axis(axis, which="x", top=min(1.0, float(table["high"].max()) + 0.25))
        axis.grid(axis="y", visible=False)
        axis.set_title(text("maturity.falls.axis"))
        ratio = result.metrics.get("fall_ratio")
        if ratio is None or ratio.low is None or not ratio.value or ratio.value != ratio.value:
            message = text("maturity.falls.unknown")
        else:
            key = "more" if ratio.low > 1 else "same"
            message = text(
                f"maturity.falls.{key}",
                ratio=text.number(ratio.value, 1),
                low=text.number(ratio.low, 1),
                high=text.number(ratio.high, 1),
            )
        alt = text("maturity.falls.alt", message=message)
        total = int(table["customers"].sum())
        return finished(
            figure, text, result, message=message, alt=alt, n=text("charts.n_customer_quarters", n=total)
        )

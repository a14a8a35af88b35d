"""Figures of how customers move: transitions between levels, and the shares to which they lead in the long run."""

from __future__ import annotations

import numpy as np

from cs_helpers.charts.maturity.words import level_name, verdict_sentence
from cs_helpers.charts.points import mark_cells
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    QUIET,
    Picture,
    canvas,
    finish_figure,
    heatmap,
    percent_axis,
)
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text


def transitions(result: Result, text: Text) -> Picture:
    """Transitions between levels within a quarter, over the last four quarters, with intervals."""
    table = result.tables["transitions"]
    seen = table.groupby("before")["customers"].sum()
    table = table[table["before"].isin(seen.index[seen > 0])]
    others = [a for a in (NOT_THERE, UNKNOWN) if table.loc[table["after"] == a, "customers"].any()]
    lost = [LOST] if (table["after"] == LOST).any() else []
    columns = [*others, *lost, *(a for a in table["after"].unique() if a >= 0)]
    before = sorted(set(table["before"]))
    cells = table.set_index(["before", "after"]).reindex([(b, a) for b in before for a in columns])
    words = [
        ""
        if not row.customers
        else f"({text.number(row.customers)})"
        if row.share != row.share
        else f"{text.share(row.share)} ({text.number(row.customers)})\n{_between(row.low, row.high, text)}"
        for row in cells.itertuples()
    ]
    shape = (len(before), len(columns))
    exposure = table.drop_duplicates("before").set_index("before")["exposure"]
    with canvas(text, height=1.15 + 0.47 * len(before)) as (figure, axis):
        shares = cells["share"].fillna(0).to_numpy().reshape(shape)
        heatmap(axis, shares, np.array(words, dtype=object).reshape(shape), fontsize=8.5)
        mark_cells(
            axis, text, [[{"before": b, "after": a} for a in columns] for b in before],
            [[(level_name(b, text), level_name(a, text)) for a in columns] for b in before],
            cells["customers"].fillna(0).to_numpy().reshape(shape),
        )  # fmt: skip
        axis.set_xticklabels([text.wrap(level_name(a, text), 12) for a in columns])
        axis.set_yticklabels([f"{text.label('level', b)}  n={text.number(exposure[b])}" for b in before])
        axis.set_xlabel(text("maturity.transitions.after"))
        axis.set_ylabel(text("maturity.transitions.before"), labelpad=10)
        message = verdict_sentence(result, "transitions", text)
        alt = text("maturity.transitions.alt", message=message)
        n = text("charts.n_customer_quarters", n=text.number(int(exposure.sum())))
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=n,
            period=summed_period(result, "transitions", text),
        )


def _between(low: float, high: float, text: Text) -> str:
    """An interval of shares, short enough for a cell."""
    return text("maturity.transitions.between", low=text.number(100 * low), high=text.number(100 * high))


def summed_period(result: Result, question: str, text: Text) -> str:
    """The days of the quarters over which a question sums."""
    quarters = result.verdicts[question].fields["quarters"]
    return text.span(result.quarter.back(quarters - 1).start, result.quarter.end)


def long_run(result: Result, text: Text) -> Picture:
    """The share of each level now, and in the long run with its interval."""
    table = result.tables["long_run"].iloc[::-1]
    places = np.arange(len(table))
    with canvas(text, height=1.0 + 0.36 * len(table)) as (figure, axis):
        axis.hlines(places, table["low"], table["high"], color=BLUE, linewidth=2.4, alpha=0.45)
        axis.scatter(
            table["share"], places, color=BLUE, s=46, zorder=3, label=text("maturity.long_run.later")
        )
        axis.scatter(
            table["now"], places, facecolors="white", edgecolors=INK, s=46, zorder=4, linewidths=1.4,
            label=text("maturity.long_run.now"),
        )  # fmt: skip
        top = min(float(max(table["high"].max(), table["now"].max())) + 0.08, 1.0)
        for place, row in zip(places, table.itertuples(), strict=True):
            axis.text(
                1.01 * top, place,
                text("maturity.long_run.cell", now=text.share(row.now), later=text.share_within(row.share, row.low, row.high)),
                va="center", fontsize=9, color=QUIET,
            )  # fmt: skip
        axis.set_yticks(places, [text.label("level", level) for level in table["level"]])
        axis.set_ylim(-0.6, len(table) - 0.4)
        percent_axis(axis, which="x", top=top)
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize=9, borderaxespad=0.2)
        message = verdict_sentence(result, "long_run", text)
        alt = text("maturity.long_run.alt", message=message)
        exposure = result.tables["transitions"].drop_duplicates("before")["exposure"].sum()
        n = text("charts.n_customer_quarters", n=text.number(int(exposure)))
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=n,
            period=summed_period(result, "transitions", text),
        )

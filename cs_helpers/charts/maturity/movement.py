"""Figures of how customers move: transitions between levels, and losses after a fall in level."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.charts.maturity.words import level_name, verdict_sentence
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    Picture,
    bars,
    canvas,
    finish_figure,
    heatmap,
    percent_axis,
)
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text


def transitions(result: Result, text: Text) -> Picture:
    """Transitions between levels within a quarter, over the last four quarters."""
    table = result.tables["transitions"]
    levels = sorted(set(table["before"]))
    table = table[table["n"] > 0]
    other_states = [a for a in (NOT_THERE, UNKNOWN) if table.loc[table["after"] == a, "customers"].any()]
    columns = [*other_states, *([LOST] if (table["after"] == LOST).any() else []), *levels]
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
        axis.set_xticklabels([text.wrap(level_name(a, text), 12) for a in columns])
        axis.set_yticklabels([f"{text.label('level', b)}  n={n[b]}" for b in before])
        axis.set_xlabel(text("maturity.transitions.after"))
        axis.set_ylabel(text("maturity.transitions.before"), labelpad=10)
        message = verdict_sentence(result, "transitions", text)
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
        message = verdict_sentence(result, "falls", text)
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

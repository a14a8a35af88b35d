"""Figures of losses after a fall in level: how many more, and how long after."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.maturity.falls import LOWEST, MISSED, UNKNOWN_BEFORE, WARNED, WARNING_MONTHS
from cs_helpers.charts.maturity.words import verdict_sentence
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
    label_above,
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the length of a month in the figure of lead times, in days
MONTH = 365.25 / 12


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


def lead_time(result: Result, text: Text) -> Picture:
    """The customers lost, by the months between the fall in level and the loss; apart from them those without a fall."""
    table = result.tables["lead_time"]
    warned = table.loc[table["outcome"] == WARNED, "days"]
    months = np.clip(np.ceil(warned / MONTH), 1, WARNING_MONTHS)
    ahead = [int((months == month).sum()) for month in range(WARNING_MONTHS, 0, -1)]
    others = [o for o in (MISSED, LOWEST, UNKNOWN_BEFORE) if (table["outcome"] == o).any()]
    apart = [int((table["outcome"] == outcome).sum()) for outcome in others]
    places = [*range(WARNING_MONTHS), *(WARNING_MONTHS + 0.6 + n for n in range(len(others)))]
    with canvas(text, height=2.9) as (figure, axis):
        bars(axis, places[:WARNING_MONTHS], ahead, color=ORANGE, width=0.72)
        bars(axis, places[WARNING_MONTHS:], apart, color="#b8c1ca", width=0.72)
        for place, count in zip(places, [*ahead, *apart], strict=True):
            if count:
                label_above(axis, place, count, text.number(count))
        names = [
            text("maturity.lead_time.months", first=text.number(month - 1), last=text.number(month))
            for month in range(WARNING_MONTHS, 0, -1)
        ]
        names += [text.wrap(text(f"maturity.lead_time.{outcome}"), 12) for outcome in others]
        axis.set_xticks(places, names, fontsize=9)
        axis.set_xlim(-0.6, places[-1] + 0.6)
        count_axis(axis, text)
        axis.set_ylim(0, max(*ahead, *apart, 1) * 1.15)
        axis.set_title(text("maturity.lead_time.axis"))
        message = verdict_sentence(result, "lead_time", text)
        alt = text("maturity.lead_time.alt", message=message)
        n = text("maturity.n_losses", n=text.number(len(table)))
        return finish_figure(figure, text, result, message=message, alt=alt, n=n)

"""Figures of level_outlook."""

from __future__ import annotations

from cs_helpers.charts.theme import BLUE, Picture, bars, canvas, count_axis, finish_figure, label_above
from cs_helpers.result import Result
from cs_helpers.text import Text


def by_size(result: Result, text: Text) -> Picture:
    """Bars of the number of customers by company size, each labelled with its share."""
    table = result.tables["by_size"]
    with canvas(text, height=3.4) as (figure, axis):
        places = range(len(table))
        bars(axis, places, table["customers"], width=0.6, color=BLUE)
        for place, row in zip(places, table.itertuples(), strict=True):
            label_above(axis, place, row.customers, f"{text.number(row.customers)}\n{text.share(row.share)}")
        axis.set_xticks(places, [text.label("size", size) for size in table["size"]])
        axis.set_xlim(-0.6, len(table) - 0.4)
        count_axis(axis, text)
        axis.set_ylim(top=float(table["customers"].max()) * 1.25)
        verdict = result.verdicts["by_size"]
        message = text(
            f"level_outlook.by_size.{verdict.code}",
            size=text.label("size", verdict.fields["size"]),
            share=text.share(verdict.fields["share"]),
            customers=text.number(verdict.fields["customers"]),
        )
        n = text("charts.n_customers", n=text.number(result.n))
        return finish_figure(
            figure, text, result, message=message, alt=text("level_outlook.by_size.alt", message=message), n=n
        )

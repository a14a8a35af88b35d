"""Figure of the playbook: the customers for whom each entry is due, and their MRR."""

from __future__ import annotations

import numpy as np

from cs_helpers.charts.points import mark
from cs_helpers.charts.theme import BLUE, ORANGE, QUIET, RULE, Picture, bars, canvas, finish_figure
from cs_helpers.result import Result
from cs_helpers.text import Text


def entries(result: Result, text: Text) -> Picture:
    """The entries with a rule in their order: customers now and last quarter, and MRR where it is known.

    Orange: nobody can carry the entry out.
    """
    table = result.tables["entries"]
    table = table[table["state"] == "known"][::-1]
    panels = ["customers", "mrr"] if "mrr" in table else ["customers"]
    places = np.arange(len(table))
    with canvas(text, 1, len(panels), height=1.4 + 0.62 * max(len(table), 1), squeeze=False) as (
        figure,
        axes,
    ):
        for axis, panel in zip(axes[0], panels, strict=True):
            values = table[panel].to_numpy(float)
            if panel == "customers":
                before = np.nan_to_num(table["previous"].to_numpy(float))
                bars(axis, places - 0.27, before, width=0.16, color=RULE, lying=True)
            colours = [ORANGE if codes else BLUE for codes in table["obstacles"]]
            bars(axis, places, values, width=0.38, color=colours, lying=True)
            for place, value in zip(places, values, strict=True):
                label = (
                    text.number(value)
                    if panel == "customers"
                    else text.money(value, result.settings["currency"])
                )
                axis.text(value, place, f" {label}", va="center", fontsize=9, color=QUIET, in_layout=False)
            for place, row in zip(places, table.itertuples(), strict=True):
                words = [text.label("when", row.entry)]
                length = (0, values[int(place)])
                mark(
                    axis,
                    text,
                    {"entry": row.entry},
                    words,
                    row.customers,
                    length,
                    (place - 0.19, place + 0.19),
                )
            axis.set_xlim(0, max(values.max(initial=0) * (1.2 if panel == "customers" else 1.45), 1))
            axis.set_ylim(-0.6, len(table) - 0.4)
            axis.set_xticks([])
            axis.spines["bottom"].set_visible(False)
            axis.set_title(text(f"playbook.entries.{panel}"))
            axis.set_yticks([])
        axes[0][0].set_yticks(
            places,
            [
                text.wrap(
                    text(
                        f"playbook.entries.{'marked' if row.obstacles else 'label'}",
                        number=text.number(row.number),
                        when=text.label("when", row.entry),
                    ),
                    38,
                )
                for row in table.itertuples()
            ],
        )
        message = _message(result, text)
        alt = text("playbook.entries.alt", message=message)
        n = text("charts.n_customers", n=text.number(result.n))
        return finish_figure(figure, text, result, message=message, alt=alt, n=n)


def _message(result: Result, text: Text) -> str:
    """The sentence of the verdict on the entries."""
    verdict = result.verdicts["entries"]
    numbers = {
        name: text.number(verdict.fields[name]) for name in ("customers", "of") if name in verdict.fields
    }
    if "mrr" in verdict.fields:
        numbers["mrr"] = text.money(verdict.fields["mrr"], result.settings["currency"])
    return text(f"playbook.entries.{verdict.code}", **numbers)

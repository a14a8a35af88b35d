"""Figures of health: the distribution of scores, and bands by size."""

from __future__ import annotations

import numpy as np

from cs_helpers.charts.theme import (
    BANDS,
    INK,
    Picture,
    bars,
    canvas,
    finish_figure,
    label_inside,
    percent_axis,
)
from cs_helpers.customers.health_score import BANDS as ORDER
from cs_helpers.result import Result
from cs_helpers.text import Text


def bands(result: Result, text: Text) -> Picture:
    """Customers by score, and the bands within each size."""
    scores, table = result.tables["scores"], result.tables["bands"]
    table = table[table["n"] > 0]
    with canvas(text, 1, 2, height=3.15, width_ratios=(1.1, 1)) as (figure, (left, right)):
        edges = np.arange(0, 101, 10)
        counts, _ = np.histogram(scores["score"], edges)
        yellow, green = result.settings["yellow_from"], result.settings["green_from"]
        colours = [BANDS["red" if e < yellow else "yellow" if e < green else "green"] for e in edges[:-1]]
        bars(left, edges[:-1] + 5, counts, width=9, color=colours)
        for x, count in zip(edges[:-1] + 5, counts, strict=True):
            if count:
                left.text(x, count, str(count), ha="center", va="bottom", fontsize=9, in_layout=False)
        left.set_xticks(edges)
        left.set_ylim(0, max(counts.max() * 1.15, 1))
        left.grid(axis="y")
        left.set_title(text("health.bands.left", yellow=text.number(yellow), green=text.number(green)))
        sizes = list(dict.fromkeys(table["size"]))[::-1]
        start = np.zeros(len(sizes))
        for name in ORDER:
            share = table[table["band"] == name].set_index("size").loc[sizes, "share"].to_numpy(float)
            bars(right, range(len(sizes)), share, start=start, color=BANDS[name], width=0.62, lying=True)
            for y, (x, width) in enumerate(zip(start, share, strict=True)):
                if width > 0.08:
                    colour = INK if name == "yellow" else "white"
                    label_inside(right, x + width / 2, y, text.share(width), color=colour)
            start += share
        n = table.drop_duplicates("size").set_index("size")["n"]
        labels = [f"{text('charts.all') if s == 'all' else text.label('size', s)}\nn={n[s]}" for s in sizes]
        right.set_yticks(range(len(sizes)), labels)
        percent_axis(right, which="x")
        right.grid(visible=False)
        right.set_title(text("health.bands.right"))
        verdict = result.verdicts["bands"]
        red, median = text.share(verdict.fields["red"]), text.number(verdict.fields["median"])
        message = text(f"health.bands.{verdict.code}", red=red, median=median)
        alt = text("health.bands.alt", message=message)
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=text.number(result.n)),
        )

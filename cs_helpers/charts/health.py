"""Figures of health: scores and what they are made of, what moved them, bands by segment, numbers against views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.charts.points import mark, mark_cells
from cs_helpers.charts.theme import (
    BANDS,
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RULE,
    Picture,
    bars,
    canvas,
    finish_figure,
    heatmap,
    label_inside,
    percent_axis,
)
from cs_helpers.customers.health_score import BANDS as ORDER
from cs_helpers.result import Result
from cs_helpers.text import Text


def bands(result: Result, text: Text) -> Picture:
    """Customers by score, and what each measure contributes to the mean score."""
    tens, measures = result.tables["tens"], result.tables["measures"]
    measures = measures[measures["known"] > 0]
    height = max(3.15, 1.2 + 0.36 * len(measures))
    with canvas(text, 1, 2, height=height, width_ratios=(1.1, 1)) as (figure, (left, right)):
        edges, counts = tens["points_from"].to_numpy(), tens["customers"].to_numpy()
        yellow, green = result.settings["yellow_from"], result.settings["green_from"]
        colours = [BANDS["red" if e < yellow else "yellow" if e < green else "green"] for e in edges]
        bars(left, edges + 5, counts, width=9, color=colours)
        for x, count in zip(edges + 5, counts, strict=True):
            if count:
                left.text(x, count, str(count), ha="center", va="bottom", fontsize=9, in_layout=False)
                words = [text("health.bands.point", low=text.number(x - 5), high=text.number(x + 5))]
                mark(left, text, {"points_from": int(x - 5)}, words, count, (x - 4.5, x + 4.5), (0, count))
        left.set_xticks([*edges, 100])
        left.set_ylim(0, max(counts.max() * 1.15, 1))
        left.grid(axis="y")
        left.set_title(text("health.bands.left", yellow=text.number(yellow), green=text.number(green)))
        places = np.arange(len(measures))
        given, lost = measures["contribution"].to_numpy(), measures["lost"].to_numpy()
        bars(right, places, given, color=BLUE, width=0.62, lying=True)
        bars(right, places, lost, start=given, color=RULE, width=0.62, lying=True)
        for place, (part, lacking) in enumerate(zip(given, lost, strict=True)):
            right.text(
                part + lacking + 0.6, place, text("health.bands.of", part=text.number(part, 1), whole=text.number(part + lacking, 1)),
                va="center", fontsize=9, color=QUIET, in_layout=False,
            )  # fmt: skip
        names = [text.wrap(text.label("measure", m), 26) for m in measures["measure"]]
        right.set_yticks(places, names, fontsize=9)
        right.set_xlim(0, (given + lost).max() * 1.42)
        right.invert_yaxis()
        right.set_xticks([])
        right.spines["bottom"].set_visible(False)
        right.set_title(text("health.bands.right", mean=text.number(given.sum(), 1)))
        return _finish(figure, text, result, "bands")


def moved(result: Result, text: Text) -> Picture:
    """Customers by band a quarter before and now, and the measures that moved them down and up."""
    flows, measures = result.tables["flows"], result.tables["moved"]
    measures = measures[(measures["fell"] > 0) | (measures["rose"] > 0)]
    height = max(3.3, 1.3 + 0.4 * len(measures))
    with canvas(text, 1, 2, height=height, width_ratios=(1, 1.45)) as (figure, (left, right)):
        _crossed(left, flows, "band_before", "band", result, text)
        left.set_xlabel(text("health.moved.now"))
        left.set_ylabel(text("health.moved.before"))
        left.set_title(text("health.moved.left"))
        places = np.arange(len(measures))
        for name, colour, side in (("fell", ORANGE, -1), ("rose", BLUE, 1)):
            counts = measures[name].to_numpy()
            bars(right, places, side * counts, color=colour, width=0.6, lying=True)
            for place, row in enumerate(measures.itertuples()):
                count = getattr(row, name)
                if count:
                    mrr = getattr(row, f"{name}_mrr", None)
                    label = (
                        text.number(count)
                        if mrr is None
                        else text("health.moved.count", n=text.number(count), mrr=text.money(mrr, result.settings["currency"]))
                    )  # fmt: skip
                    right.annotate(
                        label, (side * count, place), xytext=(4 * side, 0), textcoords="offset points", va="center",
                        ha="left" if side > 0 else "right", fontsize=8.5, color=QUIET, in_layout=False,
                    )  # fmt: skip
        reach = max(measures[["fell", "rose"]].to_numpy().max(initial=1), 1) * 2.9
        right.set_xlim(-reach, reach)
        right.set_ylim(len(measures) - 0.4, -0.6)
        right.axvline(0, color=INK, linewidth=0.8)
        names = [
            text("health.moved.mean", measure=text.wrap(text.label("measure", r.measure), 22), points=signed(r.change, text))
            for r in measures.itertuples()
        ]  # fmt: skip
        right.set_yticks(places, names, fontsize=9)
        right.set_xticks([])
        right.spines["bottom"].set_visible(False)
        right.spines["left"].set_visible(False)
        right.set_title(
            text("health.moved.right", points=text.number(result.verdicts["moved"].fields["points"]))
        )
        return _finish(figure, text, result, "moved", n=result.verdicts["moved"].fields["n"])


def segments(result: Result, text: Text) -> Picture:
    """The bands in each segment, with the share of red customers and its interval."""
    table = result.tables["segments"]
    # a row between two dimensions holds the heading of the next
    places, headings, at = [], [], 0.0
    for dimension, part in table.groupby("dimension", sort=False):
        headings.append((at, str(dimension), part["verdict"].iloc[0]))
        places += [at + 1 + n for n in range(len(part))]
        at += len(part) + 1.25
    height = 0.75 + 0.29 * at
    with canvas(text, height=height) as (figure, axis):
        start = np.zeros(len(table))
        for band in ORDER:
            shares = (table[band] / table["n"]).to_numpy()
            bars(axis, places, shares, start=start, color=BANDS[band], width=0.74, lying=True)
            for place, x, width, count in zip(places, start, shares, table[band], strict=True):
                if width > 0.06:
                    colour = INK if band == "yellow" else "white"
                    label_inside(axis, x + width / 2, place, str(count), color=colour, fontsize=8.5)
            for row, place, x, width, count in zip(
                table.itertuples(), places, start, shares, table[band], strict=True
            ):
                key = {"dimension": row.dimension, "segment": row.segment, "band": band}
                words = [text.label(row.dimension, row.segment), text.label("band", band)]
                mark(axis, text, key, words, count, (x, x + width), (place - 0.37, place + 0.37))
            start += shares
        for place, row in zip(places, table.itertuples(), strict=True):
            axis.text(
                1.02, place, text("health.segments.red", share=text.share_within(row.share, row.low, row.high)),
                va="center", fontsize=9, color=QUIET, in_layout=False,
            )  # fmt: skip
        for place, dimension, verdict in headings:
            heading = text(
                "health.segments.heading",
                dimension=text.label("segment", dimension),
                said=text(f"health.segments.said.{verdict}"),
            )
            axis.text(0, place, heading, va="center", fontsize=9.5, color=INK, in_layout=False)
        names = [
            text("health.segments.row", segment=text.label(r.dimension, r.segment), n=text.number(r.n))
            for r in table.itertuples()
        ]
        axis.set_yticks(places, names, fontsize=9)
        percent_axis(axis, which="x", top=1.34)
        axis.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
        axis.grid(visible=False)
        axis.set_ylim(at - 0.55, -0.6)
        axis.spines["bottom"].set_visible(False)
        return _finish(figure, text, result, "segments")


def views(result: Result, text: Text) -> Picture:
    """Customers by the band of the quantitative and of the qualitative measures."""
    table = result.tables["views"]
    with canvas(text, height=3.3) as (figure, axis):
        _crossed(axis, table, "numbers", "view", result, text)
        for x, y in ((0.0, 2.0), (2.0, 0.0)):  # where the two disagree
            axis.plot(
                [x, x + 1, x + 1, x, x], [y, y, y + 1, y + 1, y], color=ORANGE, linewidth=2.5, clip_on=False
            )
        axis.set_xlabel(text("health.views.view"))
        axis.set_ylabel(text("health.views.numbers"))
        return _finish(figure, text, result, "views", n=int(table["customers"].sum()))


def _crossed(axis: Any, table: pd.DataFrame, rows: str, columns: str, result: Result, text: Text) -> None:
    """Customers by two bands as a heatmap, shaded by the share of all of them, with MRR where it is known."""
    counts = table.pivot(index=rows, columns=columns, values="customers").loc[list(ORDER), list(ORDER)]
    labels = counts.map(text.number).to_numpy(dtype=object)
    if "mrr" in table:
        mrr = table.pivot(index=rows, columns=columns, values="mrr").loc[list(ORDER), list(ORDER)]
        amounts = mrr.map(lambda amount: text.money(amount, result.settings["currency"])).to_numpy()
        labels = np.where(counts.to_numpy() > 0, labels + "\n" + amounts, labels)
    heatmap(axis, counts.to_numpy() / max(counts.to_numpy().sum(), 1), labels, fontsize=8.5)
    mark_cells(
        axis, text, [[{rows: a, columns: b} for b in ORDER] for a in ORDER],
        [[(text.label("band", a), text.label("band", b)) for b in ORDER] for a in ORDER], counts.to_numpy(),
    )  # fmt: skip
    axis.set_xticklabels([text.label("band", band) for band in ORDER])
    axis.set_yticklabels([text.label("band", band) for band in ORDER])


def signed(points: float, text: Text, digits: int = 1) -> str:
    """Points with their sign."""
    number = text.number(abs(points), digits)
    return number if float(f"{points:.{digits}f}") == 0 else f"{'+' if points > 0 else '−'}{number}"


def _finish(figure: Any, text: Text, result: Result, question: str, *, n: int | None = None) -> Picture:
    """The finished figure of a question, with the sentence of its verdict as its message."""
    verdict = result.verdicts[question]
    formats: dict[str, Callable[[Any], str]] = {
        "share": text.share,
        "other_share": text.share,
        "segment": text.segment,
        "measure": lambda name: text.label("measure", name),
    }
    fields = {name: formats.get(name, text.number)(value) for name, value in verdict.fields.items()}
    message = text(f"health.{question}.{verdict.code}", **fields)
    alt = text(f"health.{question}.alt", message=message)
    count = text("charts.n_customers", n=text.number(result.n if n is None else n))
    return finish_figure(
        figure, text, result, message=message, alt=alt, n=count, period=text.day(result.quarter.end)
    )

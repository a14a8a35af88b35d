"""Figures of the interviews: coverage, key words, evidence, reasons for not acting, saturation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from cs_helpers.analyses.interviews.key_words import filter_script
from cs_helpers.analyses.interviews.verdicts import BEHAVIOUR_TARGET, first_dimension
from cs_helpers.charts.points import mark_cells
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RULE,
    Picture,
    bars,
    canvas,
    count_axis,
    finish_figure,
    heatmap,
    percent_axis,
    size_colours,
    spread_labels,
)
from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.vocabulary import REASONS, VIEWPOINTS
from cs_helpers.customers.segments import sort_segments
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the key words shown for each segment
KEY_WORDS = 8
#: the most segments shown
PANELS = 4


def verdict_sentence(result: Result, question: str, text: Text) -> str:
    """The sentence of a question's verdict, with its fields formatted in the language."""
    verdict = result.verdicts[question]
    fields: dict[str, str] = {}
    for name, value in verdict.fields.items():
        if name in ("share", "low", "high"):
            fields[name] = text.share(value)
        elif name == "new":
            fields[name] = text.number(value, 1)
        elif name == "reasons":
            fields[name] = text.join_list([text.label("reason", reason) for reason in value])
        elif name == "viewpoint":
            fields[name] = text.label("viewpoint", value)
        elif name == "segment":
            fields[name] = text.label(verdict.fields.get("dimension", "size"), value)
        elif isinstance(value, int):
            fields[name] = text.number(value)
        else:
            fields[name] = str(value)
    return text(f"interviews.{question.partition('.')[0]}.{verdict.code}", **fields)


def coverage(result: Result, text: Text) -> Picture:
    """The number of interviewed companies by viewpoint and segment."""
    table = result.tables["coverage"]
    order = {d: tuple(dict.fromkeys(part["segment"])) for d, part in table.groupby("dimension", sort=False)}
    dimensions = list(order)
    rows: list[list[str]] = [
        [d for d in ("size", "quadrant") if d in dimensions],
        [d for d in ("industry",) if d in dimensions],
    ]
    rows = [row for row in rows if row]
    with canvas(text, 0, height=0.35 + 2.9 * len(rows)) as (figure, _):
        top = max(float(table["companies"].max()), 1.0)
        lines = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
        for line, row in zip(lines, rows, strict=True):
            axes = line.subplots(1, len(row), squeeze=False, width_ratios=[len(order[d]) for d in row])[0]
            for axis, dimension in zip(axes, row, strict=True):
                inside = table[table["dimension"] == dimension]
                grid = inside.pivot(index="viewpoint", columns="segment", values="companies")
                companies = grid.loc[list(VIEWPOINTS), list(order[dimension])].to_numpy()
                words = np.array([[text.companies(n) for n in row] for row in companies], dtype=object)
                heatmap(axis, np.nan_to_num(companies.astype(float)) / top, words, fontsize=11)
                mark_cells(
                    axis, text,
                    [[{"dimension": dimension, "segment": s, "viewpoint": v} for s in order[dimension]] for v in VIEWPOINTS],
                    [[(text.label(dimension, s), text.label("viewpoint", v)) for s in order[dimension]] for v in VIEWPOINTS],
                    companies.astype(float),
                )  # fmt: skip
                axis.set_title(text(f"charts.by_{dimension}"))
                axis.set_xticklabels([text.wrap(text.label(dimension, s), 12) for s in order[dimension]])
                first = axis is axes[0]
                axis.set_yticklabels([text.label("viewpoint", v) for v in VIEWPOINTS] if first else [])
        message = verdict_sentence(result, "coverage", text)
        alt = text("interviews.coverage.alt", message=message, companies=result.n)
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_companies", n=result.n)
        )


def crossing(result: Result, text: Text) -> Picture:
    """Interviewed companies of all customers where two dimensions of segments cross; empty cells are framed."""
    table = result.tables["crossing"]
    industries = list(dict.fromkeys(table.loc[table["second"] == "industry", "second_segment"]))
    sides = pd.concat(
        [
            table[[side, f"{side}_segment"]].set_axis(["dimension", "segment"], axis=1)
            for side in ("first", "second")
        ]
    )
    sizes = result.settings.get("sizes", DEFAULT_ORDER)
    orders = {d: sort_segments(part["segment"], sizes) for d, part in sides.groupby("dimension")}
    panels = [
        (rows, columns)
        for rows, columns in (
            (("quadrant", orders.get("quadrant", [])), ["size"]),
            (("industry", industries), ["size", "quadrant"]),
        )
        if rows[1] and ((table["second"] == rows[0]) & table["first"].isin(columns)).any()
    ]
    cells = {
        (r.first, r.first_segment, r.second, r.second_segment): (r.companies, r.customers)
        for r in table.itertuples()
    }
    top = max(float(table["companies"].max()), 1.0)
    heights = [len(rows[1]) + 1.6 for rows, _ in panels]
    with canvas(
        text, len(panels), 1, height=0.45 + 0.36 * sum(heights), height_ratios=heights, squeeze=False
    ) as (figure, axes):
        for axis, ((dimension, segments), columns) in zip(axes[:, 0], panels, strict=True):
            column_keys = [(c, s) for c in columns for s in orders.get(c, ())]
            counts = np.array(
                [[cells.get((*c, dimension, s), (0, 0)) for c in column_keys] for s in segments], float
            )
            labels = np.array(
                [
                    [f"{text.companies(n)}/{text.companies(of)}" if of or n else "" for n, of in row]
                    for row in counts
                ],
                dtype=object,
            )
            heatmap(axis, np.nan_to_num(counts[:, :, 0]) / top, labels, fontsize=9)
            for row, column in zip(*np.nonzero((counts[:, :, 0] == 0) & (counts[:, :, 1] > 0)), strict=True):
                frame = Rectangle(
                    (column + 0.04, row + 0.06), 0.92, 0.88, fill=False, edgecolor=ORANGE, linewidth=1.4
                )
                axis.add_patch(frame)
            axis.xaxis.tick_top()
            axis.set_xticklabels([text.wrap(text.label(c, s), 12) for c, s in column_keys], fontsize=8.5)
            axis.set_yticklabels([text.label(dimension, s) for s in segments], fontsize=9)
        message = verdict_sentence(result, "crossing", text)
        alt = text("interviews.crossing.alt", message=message)
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_companies", n=result.n)
        )


def key_words(result: Result, text: Text) -> Picture:
    """The key words of each segment, by log-odds with their interval."""
    table = filter_script(result.tables["key_words"], text.script)
    dimension = first_dimension(table)
    table = table[table["dimension"] == dimension]
    colours = size_colours(result)
    sizes = sort_segments(table["segment"], result.settings.get("sizes", DEFAULT_ORDER))[:PANELS]
    shown = {size: table[table["segment"] == size].head(KEY_WORDS).iloc[::-1] for size in sizes}
    shown_words = pd.concat(shown.values())
    with canvas(text, 1, len(sizes), height=3.35, squeeze=False) as (figure, axes):
        reach = float(max(shown_words["high"].max(), -shown_words["low"].min())) * 1.05
        for axis, size in zip(axes[0], sizes, strict=True):
            inside = shown[size]
            places = np.arange(len(inside))
            axis.axvline(0, color=RULE, linewidth=1)
            axis.hlines(
                places, inside["low"], inside["high"], colors=colours.get(size, BLUE), linewidth=2, alpha=0.4
            )
            axis.scatter(inside["log_odds"], places, color=colours.get(size, BLUE), s=36, zorder=3)
            axis.set_yticks(
                places, [f"{word} ({n}/{of})" for word, n, of in zip(inside["written"], inside["companies"], inside["of"], strict=True)],
                fontsize=9,
            )  # fmt: skip
            axis.set_ylim(-0.7, KEY_WORDS - 0.4)
            axis.set_xlim(-reach, reach)
            axis.grid(axis="x")
            axis.set_title(text.wrap(text.label(dimension, size), 24), color=colours.get(size, BLUE))
        axes[0][0].set_xlabel(text("interviews.key_words.axis"), loc="left")
        message = verdict_sentence(result, f"key_words.{text.script}", text)
        alt = text("interviews.key_words.alt", message=message)
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_companies", n=result.n)
        )


def evidence(result: Result, text: Text) -> Picture:
    """The share of behaviour among notes on behaviour and words, with interval, against the target of 6 : 4."""
    table = result.tables["evidence"].set_index("viewpoint").loc[["all", *VIEWPOINTS]].iloc[::-1]
    with canvas(text, height=3.15) as (figure, axis):
        places = np.arange(len(table))
        axis.axvline(BEHAVIOUR_TARGET, color=ORANGE, linewidth=1.5, linestyle=(0, (4, 3)))
        axis.text(
            BEHAVIOUR_TARGET + 0.008,
            len(table) - 0.42,
            text("interviews.evidence.target"),
            color=ORANGE,
            fontsize=9,
        )
        colours = [INK if v == "all" else BLUE for v in table.index]
        axis.hlines(places, table["low"], table["high"], colors=colours, linewidth=2, alpha=0.45)
        axis.scatter(table["share"], places, c=colours, s=52, zorder=3)
        for place, (_, row) in zip(places, table.iterrows(), strict=True):
            n = int(row["behaviour"] + row["words"])
            axis.text(
                1.02,
                place,
                f"{text.share(row['share'])}  n={n}",
                va="center",
                fontsize=9,
                color=QUIET,
            )
        axis.set_yticks(
            places,
            [
                text("interviews.evidence.all") if v == "all" else text.label("viewpoint", v)
                for v in table.index
            ],
        )
        axis.set_ylim(-0.6, len(table) - 0.1)
        percent_axis(axis, which="x", top=1.14)
        axis.set_xticks(np.linspace(0, 1, 6))
        axis.set_title(text("interviews.evidence.axis"))
        total = result.metrics["behaviour_share"]
        message = verdict_sentence(result, "evidence", text)
        alt = text("interviews.evidence.alt", message=message)
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_notes", n=total.n)
        )


def reasons(result: Result, text: Text) -> Picture:
    """The share of interviewed companies that gave each of the four reasons for not acting, by size."""
    rows = result.tables["reasons"]
    by_size = (rows["dimension"] == "size").any()  # otherwise no size of the interviewed companies is known
    table = rows[rows["dimension"] == ("size" if by_size else "all")].rename(columns={"segment": "size"})
    colours = size_colours(result)
    sizes = [s for s in colours if s in set(table["size"])]
    with canvas(text, height=1.95 + 0.4 * max(len(sizes), 3)) as (figure, axis):
        height = min(0.26, 0.8 / len(sizes))
        for i, size in enumerate(sizes):
            inside = table[table["size"] == size].set_index("reason").reindex(list(REASONS), fill_value=0)
            places = np.arange(len(REASONS)) + (i - (len(sizes) - 1) / 2) * height
            share = inside["given"] / inside["of"].where(inside["of"] > 0)
            supported = inside["supported"] / inside["of"].where(inside["of"] > 0)
            look: dict[str, Any] = {"width": height * 0.88, "color": colours[size], "lying": True}
            bars(axis, places, share, **look, alpha=0.35)
            name = text("interviews.frozen.all") if size == "all" else text.label("size", size)
            bars(axis, places, supported, **look, label=name)
            for place, (_, row), value in zip(places, inside.iterrows(), share, strict=True):
                axis.text(
                    (0 if value != value else value) + 0.008,
                    place,
                    f"{text.companies(row['given'])}/{text.companies(row['of'])}",
                    va="center",
                    fontsize=8,
                    color=QUIET,
                )
        axis.set_yticks(range(len(REASONS)), [text.wrap(text.label("reason", r), 26) for r in REASONS])
        axis.invert_yaxis()
        percent_axis(
            axis,
            which="x",
            top=min(1.0, float((table["given"] / table["of"].clip(lower=1)).max()) * 1.2 + 0.05),
        )
        axis.grid(axis="y", visible=False)
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.1), ncols=4, fontsize=9, borderaxespad=0.2)
        axis.set_title(text("interviews.reasons.axis" if by_size else "interviews.reasons.axis_all"))
        message = verdict_sentence(result, "reasons", text)
        alt = text("interviews.reasons.alt", message=message)
        axis.spines["left"].set_color(RULE)
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_companies", n=result.n)
        )


def saturation(result: Result, text: Text) -> Picture:
    """The number of themes by number of companies interviewed, for all and by size, over shuffled orders."""
    table = result.tables["saturation"]
    with canvas(text, height=3.05) as (figure, axis):
        ends: list[tuple[float, int, str]] = []
        colours = size_colours(result)
        for size, colour in colours.items():
            curve = table[table["segment"] == size]
            if curve.empty:
                continue
            axis.plot(
                [0, *curve["companies"]], [0, *curve["themes"]], color=colour,
                linewidth=2.2 if size == "all" else 1.4,
            )  # fmt: skip
            ends.append((float(curve["themes"].iloc[-1]), len(curve), size))
        max_companies = int(table["companies"].max())
        places = spread_labels([themes for themes, _, _ in sorted(ends)], 0.07 * float(table["themes"].max()))
        for place, (_, companies, size) in zip(places, sorted(ends), strict=True):
            label = text("interviews.frozen.all") if size == "all" else text.label("size", size)
            axis.text(
                max_companies * 1.02,
                place,
                f"{label}  n={companies}",
                va="center",
                color=colours[size],
                fontsize=9,
            )
        axis.set_xlim(0, max_companies * 1.2)
        axis.set_xticks(list(range(0, max_companies + 1, max(5, max_companies // 50 * 5))))
        count_axis(axis, text)
        axis.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axis.set_title(text("interviews.saturation.axis"))
        message = verdict_sentence(result, "saturation", text)
        alt = text("interviews.saturation.alt", message=message)
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_companies", n=result.n)
        )

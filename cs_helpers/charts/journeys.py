"""Figures of the journey: funnel, transitions between steps, steps by size, stalls, and time to value."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path

from cs_helpers.charts.points import mark, mark_cells
from cs_helpers.charts.theme import (
    BLUE,
    GREEN,
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
    size_colours,
    spread_labels,
)
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the ends of the axis of time to value, in days: the first one after the last event is used
HORIZONS = (90, 180, 270, 365, 450, 540)

#: the fields of a verdict that are names, with the kind of their label
_LABELS = {"step": "step", "before": "step", "size": "size", "other": "size", "industry": "industry"}

#: of segments that have no colours of their own
SEGMENT_COLOURS = (BLUE, ORANGE, GREEN, "#7a55a5", "#8c564b", "#b3487d")

#: half the width of a step in the figure of transitions
_HALF_WIDTH = 0.62
_CURVE = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]

#: the most transitions drawn besides those to the next step: those of most customers
MAX_TRANSITIONS = 7

#: the most industries shown: those with most customers
MAX_INDUSTRIES = 6


def funnel(result: Result, text: Text) -> Picture:
    """The share of customers (or users) that reached each step, of all that entered."""
    table = result.tables["funnel"]
    unordered, users = result.settings["mode"] == "unordered", result.settings["unit"] == "user"
    places = np.arange(len(table))
    names = [text.label("step", s) for s in table["step"]]
    if unordered:
        names = [text("journeys.funnel.any", steps=k + 1) for k in places]
    with canvas(text, height=0.85 + 0.42 * len(table)) as (figure, axis):
        bars(axis, places, table["share"], color=BLUE, width=0.62, lying=True)
        axis.hlines(places, table["low"], table["high"], color=INK, linewidth=1.4)
        for place, row in zip(places, table.itertuples(), strict=True):
            axis.text(
                row.high + 0.012,
                place,
                f"{text.share(row.share)}  ({text.number(row.units)})",
                va="center",
                fontsize=9,
                color=QUIET,
            )
            mark(
                axis,
                text,
                {"step": row.step},
                [names[place]],
                row.units,
                (0, row.share),
                (place - 0.31, place + 0.31),
            )
        axis.set_yticks(places, names)
        axis.invert_yaxis()
        percent_axis(axis, which="x", top=1.12)
        axis.set_xticks(np.linspace(0, 1, 6))
        axis.grid(axis="y", visible=False)
        n = int(table["units"].iloc[0])
        message = _message(result, text, "funnel")
        alt = text("journeys.funnel.alt", message=message)
        n_units = text("charts.n_users" if users else "charts.n_customers", n=text.number(n))
        return finish_figure(figure, text, result, message=message, alt=alt, n=n_units)


def funnel_by(result: Result, text: Text) -> Picture:
    """The share of customers (or users) that reached each step, of all that entered, by segment, with intervals."""
    table, by = result.tables["funnel_by"], result.settings["by"]
    unordered, users = result.settings["mode"] == "unordered", result.settings["unit"] == "user"
    names = list(dict.fromkeys(table["step"]))
    segments = list(dict.fromkeys(table["segment"]))
    colours = dict(zip(segments, SEGMENT_COLOURS, strict=False))
    if by == "size":  # the colours of all other figures
        colours |= {size: colour for size, colour in size_colours(result).items() if size in colours}
    apart = 0.8 / max(len(segments), 3)
    with canvas(text, height=1.0 + 0.24 * max(len(segments), 2) * len(names)) as (figure, axis):
        for i, segment in enumerate(segments):
            inside = table[table["segment"] == segment]
            places = np.arange(len(names)) + (i - (len(segments) - 1) / 2) * apart
            axis.hlines(places, inside["low"], inside["high"], color=colours[segment], linewidth=2, alpha=0.5)
            label = text(
                "journeys.funnel_by.segment", segment=text.label(by, segment), n=int(inside["units"].iloc[0])
            )
            axis.scatter(inside["share"], places, color=colours[segment], s=34, zorder=3, label=label)
            for place, row in zip(places, inside.itertuples(), strict=True):
                words = f"{text.share(row.share)}  ({text.number(row.units)})"
                axis.text(1.015, place, words, va="center", fontsize=8, color=colours[segment])
        labels = [text("journeys.funnel.any", steps=k + 1) for k in range(len(names))]
        axis.set_yticks(range(len(names)), labels if unordered else [text.label("step", s) for s in names])
        axis.set_ylim(len(names) - 0.5, -0.5)
        percent_axis(axis, which="x", top=1.13)
        axis.set_xticks(np.linspace(0, 1, 6))
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, fontsize=9, borderaxespad=0.2)
        message = _segments_message(result, text)
        alt = text("journeys.funnel_by.alt", message=message)
        n = text.number(int(table.loc[table["step"] == names[0], "units"].sum()))
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_users" if users else "charts.n_customers", n=n),
        )


def _segments_message(result: Result, text: Text) -> str:
    verdict, by = result.verdicts["funnel_by"], result.settings["by"]
    fields = {
        name: text.label("step", value) if name == "step"
        else text.label(by, value) if name in ("high", "least")
        else text.share(value) if name.endswith("share")
        else value
        for name, value in verdict.fields.items()
    }  # fmt: skip
    return text(f"journeys.funnel_by.{verdict.code}", **fields)


def steps(result: Result, text: Text) -> Picture:
    """The conversion of each step within the window by company size, with intervals."""
    table = result.tables["steps"]
    names = list(dict.fromkeys(table["step"]))
    colours = size_colours(result)
    sizes = [s for s in colours if s in set(table["size"]) and s != "all"]
    has_sizes = bool(sizes)
    sizes = sizes or ["all"]  # where no size is known
    with canvas(text, height=0.95 + 0.24 * max(len(sizes), 3) * len(names)) as (figure, axis):
        for i, size in enumerate(sizes):
            inside = table[table["size"] == size].set_index("step").reindex(names)
            places = np.arange(len(names)) + (i - (len(sizes) - 1) / 2) * min(0.24, 0.8 / len(sizes))
            axis.hlines(places, inside["low"], inside["high"], color=colours[size], linewidth=2, alpha=0.5)
            axis.scatter(
                inside["share"], places, color=colours[size], s=42, zorder=3, label=text.label("size", size)
            )
            for place, row in zip(places, inside.itertuples(), strict=True):
                if row.n == row.n and row.n:
                    axis.text(
                        1.015, place, f"{text.share(row.share)}  n={int(row.n)}", va="center", fontsize=8,
                        color=colours[size],
                    )  # fmt: skip
                    words = [
                        text.label("step", row.Index),
                        text.label("size", size) if has_sizes else text("charts.all"),
                    ]
                    share = row.share if row.share == row.share else 1.06
                    key = {"step": row.Index, "size": size}
                    mark(
                        axis,
                        text,
                        key,
                        words,
                        row.n,
                        (share - 0.02, share + 0.02),
                        (place - 0.1, place + 0.1),
                    )
        axis.set_yticks(range(len(names)), [text.label("step", s) for s in names])
        axis.set_ylim(len(names) - 0.5, -0.5)  # steps without a known share keep their row
        percent_axis(axis, which="x", top=1.13)
        axis.set_xticks(np.linspace(0, 1, 6))
        if has_sizes:
            axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, fontsize=9, borderaxespad=0.2)
        message = _message(result, text, "steps")
        alt = text("journeys.steps.alt", message=message)
        return finish_figure(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def ways(result: Result, text: Text) -> Picture:
    """Transitions between steps: to the next step in the middle, further ahead on the right, backward on the left."""
    table = result.tables["ways"]
    steps = result.tables["funnel"]["step"].tolist()
    position = {step: n for n, step in enumerate(steps)}
    other_transitions = table[table["ahead"] != 1].nlargest(MAX_TRANSITIONS, "customers")
    max_customers = int(table["customers"].max())
    with canvas(text, height=0.85 + 0.72 * len(steps)) as (figure, axis):
        for row in table[table["ahead"] == 1].itertuples():
            y = position[row.before] + 0.5
            axis.vlines(0, y - 0.24, y + 0.24, color=BLUE, linewidth=1 + 13 * row.customers / max_customers)
            axis.text(0.08, y, text.number(row.customers), va="center", fontsize=9, color=BLUE)
        for n, row in enumerate(other_transitions.sort_values("ahead", key=abs).itertuples()):
            side, color = (1, GREEN) if row.ahead > 0 else (-1, ORANGE)
            # arrows ahead start below the middle of a step and end above it, arrows back the other way round
            start, end = position[row.before] + 0.07 * side, position[row.step] - 0.07 * side
            edge, reach = (
                side * _HALF_WIDTH,
                side * (_HALF_WIDTH + 0.25 + 0.26 * abs(row.ahead) + 0.07 * (n % 2)),
            )
            curve = Path([(edge, start), (reach, start), (reach, end), (edge, end)], _CURVE)
            axis.add_patch(
                FancyArrowPatch(
                    path=curve, arrowstyle="-|>", mutation_scale=10, color=color, shrinkA=0, shrinkB=0,
                    linewidth=1 + 9 * row.customers / max_customers,
                )
            )  # fmt: skip
            axis.text(
                (edge + 3 * reach) / 4, (start + end) / 2, text.number(row.customers), color=color,
                fontsize=9, va="center", ha="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
        for step, y in position.items():
            axis.add_patch(
                Rectangle((-_HALF_WIDTH, y - 0.24), 2 * _HALF_WIDTH, 0.48, facecolor="white", edgecolor=RULE)
            )
            label_inside(axis, 0, y, text.wrap(text.label("step", step), 26))
        axis.set(xlim=(-2.4, 2.4), ylim=(len(steps) - 0.6, -0.4))
        axis.set_axis_off()
        message = _message(result, text, "ways")
        alt = text("journeys.ways.alt", message=message)
        return finish_figure(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def stalls(result: Result, text: Text) -> Picture:
    """The share of customers that wait longer than usual for each step, of those that reached the step before, by segment."""
    table = result.tables["stalls"]
    names = result.tables["funnel"]["step"].tolist()[1:]
    waits_by_segment = table.groupby(["dimension", "segment"])["waits"].sum()
    industries = waits_by_segment.get("industry", waits_by_segment.iloc[:0])
    largest = industries.drop(UNKNOWN, errors="ignore").nlargest(MAX_INDUSTRIES).index.tolist()
    order = {
        "size": [s for s in size_colours(result) if ("size", s) in waits_by_segment.index],
        "industry": [*largest, *(s for s in industries.index if s == UNKNOWN)],
    }
    order = {dimension: segments for dimension, segments in order.items() if segments}
    with canvas(
        text, 1, len(order), height=1.2 + 0.5 * len(names), squeeze=False,
        width_ratios=[len(segments) for segments in order.values()],
    ) as (figure, axes):  # fmt: skip
        for axis, (dimension, segments) in zip(axes[0], order.items(), strict=True):
            inside = table[table["dimension"] == dimension].set_index(["step", "segment"])
            cells = inside.reindex([(step, s) for step in names for s in segments])
            shape = (len(names), len(segments))
            words = [
                "" if n != n else text("journeys.stalls.cell", late=text.number(late), waits=text.number(n))
                for late, n in zip(cells["late"], cells["waits"], strict=True)
            ]
            shares = cells["share"].fillna(0).to_numpy().reshape(shape)
            heatmap(axis, shares, np.array(words, dtype=object).reshape(shape), fontsize=8.5)
            mark_cells(
                axis, text,
                [[{"step": step, "dimension": dimension, "segment": s} for s in segments] for step in names],
                [[(text.label("step", step), text.label(dimension, s)) for s in segments] for step in names],
                cells["late"].fillna(0).to_numpy().reshape(shape),
            )  # fmt: skip
            axis.set_title(text(f"charts.by_{dimension}"))
            axis.set_xticklabels([text.wrap(text.label(dimension, s), 10) for s in segments], fontsize=7.5)
            if axis is axes[0, 0]:
                axis.set_yticklabels([text.wrap(text.label("step", s), 24) for s in names], fontsize=9)
        message = _message(result, text, "stalls")
        alt = text("journeys.stalls.alt", message=message)
        return finish_figure(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def value_curve(result: Result, text: Text) -> Picture:
    """The share of customers with value by days since the start, with leaving as a competing event."""
    table = result.tables["value_curve"]
    # a curve that is known without end is drawn to the first horizon after its last event
    longest = table.groupby("size")["day"].max().max()
    horizon = next((day for day in HORIZONS if day >= longest), HORIZONS[-1])
    with canvas(text, height=3.35) as (figure, axis):
        ends: list[tuple[float, float, str]] = []
        colours = size_colours(result)
        for size, colour in colours.items():
            full_curve = table[table["size"] == size]
            if full_curve.empty:
                continue
            curve = full_curve[full_curve["day"] <= horizon]
            # it ends where nobody is observed any more; where nobody waits any more it has no end
            last = min(float(full_curve["until"].iloc[0]), horizon)
            day, share, low, high = (np.r_[0.0, curve[c]] for c in ("day", "share", "low", "high"))
            day, share, low, high = np.r_[day, last], *(np.r_[part, part[-1]] for part in (share, low, high))
            axis.step(day, share, where="post", color=colour, linewidth=2.2 if size == "all" else 1.4)
            if size == "all":
                axis.fill_between(day, low, high, step="post", color=colour, alpha=0.1, linewidth=0)
            if last < horizon:
                axis.plot(last, share[-1], "o", color=colour, markersize=4)
            ends.append((float(share[-1]), float(full_curve["at_risk"].iloc[0]), size))
        places = spread_labels([share_end for share_end, _, _ in sorted(ends)], 0.055, 1.02)
        for place, (_, n, size) in zip(places, sorted(ends), strict=True):
            label = text("charts.all") if size == "all" else text.label("size", size)
            axis.text(
                1.01 * horizon, place, f"{label}  n={int(n)}", va="center", color=colours[size], fontsize=9,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )  # fmt: skip
        axis.set_xlim(0, horizon * 1.22)
        axis.set_xticks([0, *(day for day in HORIZONS if day <= horizon)])
        percent_axis(axis)
        axis.set_title(
            text("journeys.value_curve.axis", step=text.label("step", result.settings["value_step"]))
        )
        message = _message(result, text, "value_curve")
        alt = text("journeys.value_curve.alt", message=message)
        return finish_figure(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def _message(result: Result, text: Text, question: str) -> str:
    """The sentence of a question's verdict, with its fields formatted in the language."""
    verdict = result.verdicts[question]
    fields = {}
    for name, value in verdict.fields.items():
        if name in _LABELS:
            fields[name] = text.label(_LABELS[name], value)
        elif name == "mrr":
            fields[name] = text.money(value, result.settings["currency"])
        else:
            fields[name] = text.share(value) if name.endswith("share") else text.number(value)
    return text(f"journeys.{question}.{verdict.code}", **fields)


def _customers(result: Result, text: Text) -> str:
    return text("charts.n_customers", n=text.number(result.n))

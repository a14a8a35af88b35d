"""Figures of the journey: the funnel, the ways between steps, each step by size, stalls, and time to value."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path

from cs_helpers.charts.theme import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    QUIET,
    RULE,
    Picture,
    apart,
    bars,
    canvas,
    finished,
    percent_axis,
    shaded,
    size_colours,
    within,
)
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text

#: days that the curve of time to value shows: up to the first of them after which nothing comes
HORIZONS = (90, 180, 270, 365, 450, 540)

#: fields of a verdict that are names, and of what; of the others some are shares, the rest numbers
_NAMED = {"step": "step", "before": "step", "size": "size", "other": "size", "industry": "industry"}

#: half of the width of a step in the picture of ways
_BOX = 0.62
_CURVE = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]

#: so many ways beside the expected ones are drawn, those that most customers went
MOST_WAYS = 7

#: so many industries are shown, those with most customers
MOST_INDUSTRIES = 6


def funnel(result: Result, text: Text) -> Picture:
    """Customers (or users) that have come as far as each step, of all that entered."""
    table = result.tables["funnel"]
    unordered, users = result.settings["mode"] == "unordered", result.settings["unit"] == "user"
    places = np.arange(len(table))
    names = [text.label("step", s) for s in table["step"]]
    if unordered:
        names = [text("journeys.funnel.any", steps=k + 1) for k in places]
    with canvas(text, height=1.4 + 0.42 * len(table)) as (figure, axis):
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
        axis.set_yticks(places, names)
        axis.invert_yaxis()
        percent_axis(axis, which="x", top=1.12)
        axis.set_xticks(np.linspace(0, 1, 6))
        axis.grid(axis="y", visible=False)
        n = int(table["units"].iloc[0])
        message = _message(result, text, "funnel")
        alt = text("journeys.funnel.alt", message=message)
        counted = text("charts.n_users" if users else "charts.n_customers", n=text.number(n))
        return finished(figure, text, result, message=message, alt=alt, n=counted)


def steps(result: Result, text: Text) -> Picture:
    """Conversion of each step within the window, by size, with intervals."""
    table = result.tables["steps"]
    names = list(dict.fromkeys(table["step"]))
    colours = size_colours(result)
    sizes = [s for s in colours if s in set(table["size"]) and s != "all"]
    compared = bool(sizes)
    sizes = sizes or ["all"]  # where no size is known
    with canvas(text, height=1.5 + 0.24 * max(len(sizes), 3) * len(names)) as (figure, axis):
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
        axis.set_yticks(range(len(names)), [text.label("step", s) for s in names])
        axis.set_ylim(len(names) - 0.5, -0.5)  # a step of which nothing is known has its place, too
        percent_axis(axis, which="x", top=1.13)
        axis.set_xticks(np.linspace(0, 1, 6))
        if compared:
            axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, fontsize=9, borderaxespad=0.2)
        message = _message(result, text, "steps")
        alt = text("journeys.steps.alt", message=message)
        return finished(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def ways(result: Result, text: Text) -> Picture:
    """From which step to which customers went: straight on, further ahead (right), back (left)."""
    table = result.tables["ways"]
    steps = result.tables["funnel"]["step"].tolist()
    place = {step: n for n, step in enumerate(steps)}
    asides = table[table["ahead"] != 1].nlargest(MOST_WAYS, "customers")
    most = int(table["customers"].max())
    with canvas(text, height=1.4 + 0.72 * len(steps)) as (figure, axis):
        for row in table[table["ahead"] == 1].itertuples():
            y = place[row.before] + 0.5
            axis.vlines(0, y - 0.24, y + 0.24, color=BLUE, linewidth=1 + 13 * row.customers / most)
            axis.text(0.08, y, text.number(row.customers), va="center", fontsize=9, color=BLUE)
        for n, row in enumerate(asides.sort_values("ahead", key=abs).itertuples()):
            side, color = (1, GREEN) if row.ahead > 0 else (-1, ORANGE)
            # ahead they leave below the middle of a step and come in above it, back the other way round
            start, end = place[row.before] + 0.07 * side, place[row.step] - 0.07 * side
            edge, reach = side * _BOX, side * (_BOX + 0.25 + 0.26 * abs(row.ahead) + 0.07 * (n % 2))
            curve = Path([(edge, start), (reach, start), (reach, end), (edge, end)], _CURVE)
            axis.add_patch(
                FancyArrowPatch(
                    path=curve, arrowstyle="-|>", mutation_scale=10, color=color, shrinkA=0, shrinkB=0,
                    linewidth=1 + 9 * row.customers / most,
                )
            )  # fmt: skip
            axis.text(
                (edge + 3 * reach) / 4, (start + end) / 2, text.number(row.customers), color=color,
                fontsize=9, va="center", ha="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
        for step, y in place.items():
            axis.add_patch(Rectangle((-_BOX, y - 0.24), 2 * _BOX, 0.48, facecolor="white", edgecolor=RULE))
            within(axis, 0, y, text.wrapped(text.label("step", step), 26))
        axis.set(xlim=(-2.4, 2.4), ylim=(len(steps) - 0.6, -0.4))
        axis.set_axis_off()
        message = _message(result, text, "ways")
        alt = text("journeys.ways.alt", message=message)
        return finished(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def stalls(result: Result, text: Text) -> Picture:
    """Of those that came to each step the share that waits longer than usual for the next, by segment."""
    table = result.tables["stalls"]
    names = result.tables["funnel"]["step"].tolist()[1:]
    by_number = table.groupby(["dimension", "segment"])["waits"].sum()
    industries = by_number.get("industry", by_number.iloc[:0])
    largest = industries.drop(UNKNOWN, errors="ignore").nlargest(MOST_INDUSTRIES).index.tolist()
    order = {
        "size": [s for s in size_colours(result) if ("size", s) in by_number.index],
        "industry": [*largest, *(s for s in industries.index if s == UNKNOWN)],
    }
    order = {dimension: segments for dimension, segments in order.items() if segments}
    with canvas(
        text, 1, len(order), height=1.75 + 0.5 * len(names), squeeze=False,
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
            shaded(axis, shares, np.array(words, dtype=object).reshape(shape), fontsize=8.5)
            axis.set_title(text(f"charts.by_{dimension}"))
            axis.set_xticklabels([text.wrapped(text.label(dimension, s), 10) for s in segments], fontsize=7.5)
            if axis is axes[0, 0]:
                axis.set_yticklabels([text.wrapped(text.label("step", s), 24) for s in names], fontsize=9)
        message = _message(result, text, "stalls")
        alt = text("journeys.stalls.alt", message=message)
        return finished(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def value_curve(result: Result, text: Text) -> Picture:
    """Share of customers with value by days since the start, leaving being a competing end."""
    table = result.tables["value_curve"]
    # a curve that is known for ever is drawn no further than its last event makes worth while
    longest = table.groupby("size")["day"].max().max()
    horizon = next((day for day in HORIZONS if day >= longest), HORIZONS[-1])
    with canvas(text, height=3.9) as (figure, axis):
        ends: list[tuple[float, float, str]] = []
        colours = size_colours(result)
        for size, colour in colours.items():
            whole = table[table["size"] == size]
            if whole.empty:
                continue
            curve = whole[whole["day"] <= horizon]
            # it ends where nobody is watched any more; where nobody waits any more it is known for ever
            last = min(float(whole["until"].iloc[0]), horizon)
            day, share, low, high = (np.r_[0.0, curve[c]] for c in ("day", "share", "low", "high"))
            day, share, low, high = np.r_[day, last], *(np.r_[part, part[-1]] for part in (share, low, high))
            axis.step(day, share, where="post", color=colour, linewidth=2.2 if size == "all" else 1.4)
            if size == "all":
                axis.fill_between(day, low, high, step="post", color=colour, alpha=0.1, linewidth=0)
            if last < horizon:
                axis.plot(last, share[-1], "o", color=colour, markersize=4)
            ends.append((float(share[-1]), float(whole["at_risk"].iloc[0]), size))
        places = apart([share_end for share_end, _, _ in sorted(ends)], 0.055, 1.02)
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
        return finished(figure, text, result, message=message, alt=alt, n=_customers(result, text))


def _message(result: Result, text: Text, question: str) -> str:
    """What the analysis says of a question, in words."""
    verdict = result.verdicts[question]
    said = {}
    for name, value in verdict.fields.items():
        if name in _NAMED:
            said[name] = text.label(_NAMED[name], value)
        elif name == "mrr":
            said[name] = text.money(value, result.settings["currency"])
        else:
            said[name] = text.share(value) if name.endswith("share") else text.number(value)
    return text(f"journeys.{question}.{verdict.code}", **said)


def _customers(result: Result, text: Text) -> str:
    return text("charts.n_customers", n=text.number(result.n))

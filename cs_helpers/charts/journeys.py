"""Figures of the journey: the funnel, each step by size, and time to value."""

from __future__ import annotations

import numpy as np

from cs_helpers.analyses.result import Result
from cs_helpers.charts.theme import BLUE, INK, QUIET, SIZES, Picture, canvas, finished, percent_axis
from cs_helpers.text import Text

#: days that the curve of time to value shows
HORIZON = 540


def funnel(result: Result, text: Text) -> Picture:
    """Customers (or users) that have come as far as each step, of all that entered."""
    table = result.tables["funnel"]
    unordered, users = result.settings["mode"] == "unordered", result.settings["unit"] == "user"
    places = np.arange(len(table))
    names = [text.label("step", s) for s in table["step"]]
    if unordered:
        names = [text("journeys.funnel.any", steps=k + 1) for k in places]
    with canvas(text, height=1.4 + 0.42 * len(table)) as (figure, axis):
        axis.barh(places, table["share"], color=BLUE, height=0.62)
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
        hardest = next((m for name, m in result.metrics.items() if name.startswith("hardest_step:")), None)
        n = int(table["units"].iloc[0])
        if unordered or users:
            share = text.share(table["share"].iloc[-1])
            message = text("journeys.funnel.whole", share=share, steps=len(table), n=text.number(n))
        elif hardest is None:
            message = text("journeys.funnel.few")
        else:
            message = text(
                "journeys.funnel.message",
                step=text.label("step", hardest.name.partition(":")[2]),
                share=text.share(hardest.value),
                n=hardest.n,
            )
        alt = text("journeys.funnel.alt", message=message)
        counted = text("charts.n_users" if users else "charts.n_customers", n=n)
        return finished(figure, text, result, message=message, alt=alt, n=counted)


def steps(result: Result, text: Text) -> Picture:
    """Conversion of each step within the window, by size, with intervals."""
    table = result.tables["steps"]
    names = list(dict.fromkeys(table["step"]))
    sizes = [s for s in SIZES if s in set(table["size"]) and s != "all"]
    with canvas(text, height=1.5 + 0.72 * len(names)) as (figure, axis):
        for i, size in enumerate(sizes):
            inside = table[table["size"] == size].set_index("step").reindex(names)
            places = np.arange(len(names)) + (i - (len(sizes) - 1) / 2) * 0.24
            axis.hlines(places, inside["low"], inside["high"], color=SIZES[size], linewidth=2, alpha=0.5)
            axis.scatter(
                inside["share"], places, color=SIZES[size], s=42, zorder=3, label=text.label("size", size)
            )
            for place, row in zip(places, inside.itertuples(), strict=True):
                if row.n == row.n and row.n:
                    axis.text(
                        1.015, place, f"{text.share(row.share)}  n={int(row.n)}", va="center", fontsize=8,
                        color=SIZES[size],
                    )  # fmt: skip
        axis.set_yticks(range(len(names)), [text.label("step", s) for s in names])
        axis.invert_yaxis()
        percent_axis(axis, which="x", top=1.13)
        axis.set_xticks(np.linspace(0, 1, 6))
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, fontsize=9, borderaxespad=0.2)
        message = _widest_gap(result, text, sizes)
        alt = text("journeys.steps.alt", message=message)
        return finished(
            figure, text, result, message=message, alt=alt, n=text("charts.n_customers", n=result.n)
        )


def _widest_gap(result: Result, text: Text, sizes: list[str]) -> str:
    table = result.tables["steps"]
    differ = result.tables["differences"]
    differ = differ.loc[differ["differs"], "step"]
    table = table[table["size"].isin(sizes) & (table["n"] >= 5) & table["step"].isin(differ)]
    best: tuple[float, str, str, float, str, float] | None = None
    for step, inside in table.groupby("step", sort=False):
        low, high = inside.loc[inside["share"].idxmin()], inside.loc[inside["share"].idxmax()]
        gap = float(high["low"] - low["high"])  # the pace may differ, too: a stall is a matter of the share
        if gap > 0 and (best is None or gap > best[0]):
            best = (
                gap,
                str(step),
                str(low["size"]),
                float(low["share"]),
                str(high["size"]),
                float(high["share"]),
            )
    if best is None:
        return text("journeys.steps.alike")
    _, step, worst, share, other, other_share = best
    return text(
        "journeys.steps.stall",
        step=text.label("step", step),
        size=text.label("size", worst),
        share=text.share(share),
        other=text.label("size", other),
        other_share=text.share(other_share),
    )


def value_curve(result: Result, text: Text) -> Picture:
    """Share of customers with value by days since the start, leaving being a competing end."""
    table = result.tables["value_curve"]
    with canvas(text, height=3.9) as (figure, axis):
        ends: list[tuple[float, float, str]] = []
        for size, colour in SIZES.items():
            curve = table[(table["size"] == size) & (table["day"] <= HORIZON)]
            if curve.empty:
                continue
            day = np.concatenate([[0.0], curve["day"]])
            share = np.concatenate([[0.0], curve["share"]])
            axis.step(day, share, where="post", color=colour, linewidth=2.2 if size == "all" else 1.4)
            if size == "all":
                axis.fill_between(
                    day, np.concatenate([[0.0], curve["low"]]), np.concatenate([[0.0], curve["high"]]),
                    step="post", color=colour, alpha=0.1, linewidth=0,
                )  # fmt: skip
            # after the last event nothing more is known than that none came: a thin dashed line
            axis.hlines(share[-1], day[-1], HORIZON, color=colour, linewidth=1, linestyle=(0, (3, 3)))
            ends.append((float(share[-1]), float(curve["at_risk"].iloc[0]), size))
        last = -1.0
        for share_end, n, size in sorted(ends):
            last = max(share_end, last + 0.055)
            label = text("charts.all") if size == "all" else text.label("size", size)
            axis.text(HORIZON + 6, last, f"{label}  n={int(n)}", va="center", color=SIZES[size], fontsize=9)
        axis.set_xlim(0, HORIZON * 1.22)
        axis.set_xticks([0, 90, 180, 270, 365, 450, HORIZON])
        percent_axis(axis)
        axis.set_title(
            text("journeys.value_curve.axis", step=text.label("step", result.settings["value_step"]))
        )
        median = result.metrics.get("days_to_value")
        by_half_year = result.metrics.get("value_within_180_days")
        key = "message" if median and median.value is not None else "not_reached"
        message = text(
            f"journeys.value_curve.{key}",
            days=text.number(median.value if median else None),
            low=text.number(median.low if median else None),
            high=text.number(median.high if median else None),
            share=text.share(by_half_year.value if by_half_year else None),
        )
        alt = text("journeys.value_curve.alt", message=message)
        return finished(
            figure, text, result, message=message, alt=alt, n=text("charts.n_customers", n=result.n)
        )

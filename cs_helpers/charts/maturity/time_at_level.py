"""The figure of the time spent at a level: by months since reaching it, who rose, fell, or was lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from cs_helpers.charts.maturity.words import verdict_sentence
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RED,
    Picture,
    canvas,
    finish_figure,
    label_inside,
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the months drawn, and the most panels in a row
MONTHS, PANELS = 24, 5
#: the ways out of a level, from the bottom, and their colours
_WAYS = {"rose": BLUE, "fell": ORANGE, "lost": RED}


def sojourn(result: Result, text: Text) -> Picture:
    """The share of customers who rose, fell or were lost, by months since they reached each level."""
    table, stays = result.tables["sojourn"], result.tables["stays"].set_index("level")
    levels = sorted(int(level) for level in table["level"].unique())
    rows = -(-len(levels) // PANELS)
    columns = -(-len(levels) // rows)
    with canvas(
        text, rows, columns, height=0.8 + 2.2 * rows, squeeze=False, sharey=True, sharex=True
    ) as (figure, grid):  # fmt: skip
        panels = grid.ravel()
        for axis, level in zip(panels, levels, strict=False):
            _panel(axis, table[table["level"] == level])
            n = text.number(int(stays.at[level, "spells"]))
            axis.set_title(
                f"{text.label('level', level)}  n={n}\n{_half(stays.loc[level], text)}",
                fontsize=8.5,
                color=INK,
            )
        for axis in panels[len(levels) :]:
            axis.set_visible(False)
        figure.supxlabel(text("maturity.sojourn.axis"), fontsize=9, color=QUIET)
        ways = [way for way in _WAYS if table[way].any()]
        patches = [
            Patch(color=_WAYS[way], label=text(f"maturity.sojourn.{way}"), linewidth=0) for way in ways
        ]
        figure.legend(
            handles=patches, ncols=len(patches) or 1, loc="outside lower right", fontsize=9, handlelength=1.2
        )
        message = verdict_sentence(result, "sojourn", text)
        alt = text("maturity.sojourn.alt", message=message)
        n = text("maturity.n_stays", n=text.number(int(stays["spells"].sum())))
        return finish_figure(figure, text, result, message=message, alt=alt, n=n)


def _panel(axis: Axes, curve: pd.DataFrame) -> None:
    """Draws the shares of one level as areas on top of each other, to the last month that was observed."""
    inside = curve[curve["month"] <= MONTHS]
    last = min(float(curve["month"].max()), MONTHS)
    month = np.r_[0.0, inside["month"], last]
    base = np.zeros(len(month))
    for way, colour in _WAYS.items():
        share = np.r_[0.0, inside[way], inside[way].iloc[-1] if len(inside) else 0.0]
        axis.fill_between(month, base, base + share, step="post", color=colour, alpha=0.85, linewidth=0)
        base = base + share
    axis.step(month, base, where="post", color=INK, linewidth=0.8)
    axis.axhline(0.5, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
    if last < MONTHS:
        axis.axvspan(last, MONTHS, color="#f3f5f7", zorder=0)
        if last <= MONTHS - 6:
            label_inside(axis, (last + MONTHS) / 2, 0.5, "?", color=QUIET)
    axis.set_xlim(0, MONTHS)
    axis.set_xticks([0, 6, 12, 18, 24])
    percent_axis(axis)


def _half(stay: pd.Series, text: Text) -> str:
    """After how many months half have left a level, with the interval, or that this is not known."""
    if stay["median"] != stay["median"]:
        return text("maturity.sojourn.not_reached")
    if stay["high"] != stay["high"]:
        return text(
            "maturity.sojourn.half_open", months=text.number(stay["median"]), low=text.number(stay["low"])
        )
    return text("maturity.sojourn.half", months=text.number_within(stay["median"], stay["low"], stay["high"]))

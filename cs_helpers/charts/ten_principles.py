"""The figure of the ten principles: what the data shows and what the team says, as two marks on one scale of levels."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    PHONE,
    QUIET,
    RED,
    RULE,
    Picture,
    canvas,
    finish_figure,
    in_two_widths,
)
from cs_helpers.contract.vocabulary import PRINCIPLE_LEVELS
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the marks stand so far above and below the middle of a row
_APART = 0.17


def principles(result: Result, text: Text) -> Picture:
    """Ten rows by five levels: a circle where the data shows it, a diamond where the team says so, an arrow from the time before."""
    return in_two_widths(_principles, result, text)


def _principles(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["principles"].iloc[::-1].reset_index(drop=True)
    is_phone = width == PHONE
    verdict = result.verdicts["principles"]
    with canvas(
        text, height=(1.7 + 0.62 * len(table)) if is_phone else (1.5 + 0.48 * len(table)), width=width
    ) as (
        figure,
        axis,
    ):
        for place, row in enumerate(table.itertuples()):
            if row.comparison in ("unbacked", "says_more"):
                axis.axhspan(place - 0.5, place + 0.5, color="#fbeedd", linewidth=0, zorder=0)
            axis.axhline(place - 0.5, color=RULE, linewidth=0.6, zorder=0)
            _data(axis, place, row, text)
            _team(axis, place, row)
        _scale(axis, table, text, is_phone=is_phone)
        figure.legend(
            handles=_legend(text), loc="outside lower left" if is_phone else "outside lower right", ncols=1 if is_phone else 3,
            frameon=False, fontsize=7.5 if is_phone else 8.5, labelcolor=INK,
        )  # fmt: skip
        counts = {name: text.number(n) for name, n in verdict.fields.items() if name != "principles"}
        named = [text(f"ten_principles.numbered.{one}") for one in verdict.fields.get("principles", ())]
        message = text(
            f"ten_principles.principles.{verdict.code}", **counts, principles=text.join_list(named)
        )
        n = text("ten_principles.principles.n", customers=text.number(result.n))
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=text("ten_principles.principles.alt", message=message),
            n=n,
        )


def _data(axis: Axes, place: int, row: Any, text: Text) -> None:
    """The level that the data shows; where it cannot be told, these words at the left."""
    if not row.level:
        axis.text(
            -0.32, place + _APART, text("ten_principles.principles.no_level"), fontsize=8, color=QUIET, va="center",
            in_layout=False,
        )  # fmt: skip
        return
    axis.scatter([PRINCIPLE_LEVELS.index(row.level)], [place + _APART], s=72, color=BLUE, zorder=3)


def _team(axis: Axes, place: int, row: Any) -> None:
    """The levels that the team says, from the lowest to the highest, and the arrow from the median of the time before."""
    if not row.low:
        return
    low, median, high = (PRINCIPLE_LEVELS.index(level) for level in (row.low, row.median, row.high))
    at, colour = place - _APART, RED if row.comparison in ("unbacked", "says_more") else ORANGE
    if row.before_median and (before := PRINCIPLE_LEVELS.index(row.before_median)) != median:
        axis.annotate(
            "", (median - 0.09 * (1 if median > before else -1), at), (before, at),
            arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 2}, zorder=2,
        )  # fmt: skip
    axis.plot([low, high], [at, at], color=colour, linewidth=2, zorder=2)
    axis.scatter(
        sorted({low, high}), [at] * len({low, high}), s=52, marker="D", facecolor="white", edgecolor=colour, linewidth=1.8,
        zorder=3,
    )  # fmt: skip


def _scale(axis: Axes, table: Any, text: Text, *, is_phone: bool) -> None:
    """The names of the levels above, those of the principles at the left, or on a phone above their rows."""
    levels = [text(f"ten_principles.level.{level}") for level in PRINCIPLE_LEVELS]
    axis.set_xlim(-0.4, len(levels) - 0.6)
    axis.set_ylim(-0.5, len(table) - 0.5)
    axis.xaxis.tick_top()
    axis.set_xticks(
        range(len(levels)),
        [text.wrap(level, 9 if is_phone else 16) for level in levels],
        fontsize=6.6 if is_phone else 9.5,
    )
    axis.vlines(range(len(levels)), -0.5, len(table) - 0.5, color=RULE, linewidth=0.8, zorder=0)
    axis.tick_params(length=0)
    for side in ("left", "bottom", "top", "right"):
        axis.spines[side].set_visible(False)
    names = [text(f"ten_principles.numbered.{one}") for one in table["principle"]]
    axis.set_yticks(
        range(len(table)),
        [text.wrap(name, 15 if is_phone else 36) for name in names],
        fontsize=7.5 if is_phone else 9.5,
    )


def _legend(text: Text) -> list[Line2D]:
    said: dict[str, Any] = {
        "marker": "D", "markerfacecolor": "white", "linestyle": "none", "markersize": 7, "markeredgewidth": 1.8,
    }  # fmt: skip
    shown: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 8, "color": BLUE}
    return [
        Line2D([], [], label=text("ten_principles.principles.mark_data"), **shown),
        Line2D([], [], label=text("ten_principles.principles.mark_team"), markeredgecolor=ORANGE, **said),
        Line2D([], [], label=text("ten_principles.principles.mark_more"), markeredgecolor=RED, **said),
    ]

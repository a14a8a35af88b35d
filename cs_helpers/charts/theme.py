"""One look for all figures: type, colours that colour-blind readers tell apart, title, source."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import matplotlib_fontja
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, PercentFormatter

from cs_helpers.analyses.result import Result
from cs_helpers.text import Text

INK, QUIET, RULE = "#1f2933", "#616e7c", "#d9dee4"
BLUE, ORANGE, GREEN, RED, SKY, SAND = "#1f6fb2", "#d9822b", "#2a8c6e", "#c0392b", "#8fc1e3", "#e3c567"
#: one colour a company size, in order
SIZES = {"all": INK, "enterprise": BLUE, "mid": GREEN, "small": ORANGE}
#: maturity levels from 0 to 4, light to dark
LEVELS = ("#dfe5ea", "#b9d6ea", "#7fb2d9", "#3d82bd", "#174f86")
BANDS = {"green": GREEN, "yellow": SAND, "red": RED}

WIDTH = 9.0
PIXELS_AN_INCH = 130


@dataclass(frozen=True)
class Picture:
    """A figure, its message in a sentence, and what a reader who cannot see it is told."""

    png: bytes
    message: str
    alt: str
    width: int


#: what draws the answer to one question of a page
Chart = Callable[[Result, Text], Picture]


@cache
def _japanese_font() -> str:
    """Registers the Japanese font that ships with matplotlib-fontja and returns its name."""
    folder = Path(matplotlib_fontja.__file__).parent / "fonts"
    for file in sorted(folder.glob("*.ttf")):
        fontManager.addfont(str(file))
    return "IPAexGothic"


@contextmanager
def style(language: str) -> Iterator[None]:
    """The settings that every figure is drawn under."""
    fonts = ["DejaVu Sans", _japanese_font()]
    settings: dict[str, Any] = {
        "font.family": fonts if language == "en" else fonts[::-1],
        "font.size": 10,
        "text.color": INK,
        "axes.labelcolor": QUIET,
        "axes.edgecolor": RULE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "axes.titlecolor": QUIET,
        "axes.titleweight": "normal",
        "axes.axisbelow": True,
        "axes.unicode_minus": False,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "grid.color": "#eceff2",
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "legend.frameon": False,
    }
    with matplotlib.rc_context(settings):  # type: ignore[arg-type]
        yield


@contextmanager
def canvas(
    text: Text, rows: int = 1, columns: int = 1, *, height: float = 3.9, **options: Any
) -> Iterator[tuple[Figure, Any]]:
    """A figure and its axes (none for 0 rows) under the one style, closed afterwards."""
    with style(text.language):
        figure = plt.figure(figsize=(WIDTH, height), layout="constrained", dpi=PIXELS_AN_INCH)
        axes = figure.subplots(rows, columns, **options) if rows else None
        try:
            yield figure, axes
        finally:
            plt.close(figure)


def finished(
    figure: Figure, text: Text, result: Result, *, message: str, alt: str, n: str, period: str = ""
) -> Picture:
    """The figure with its message as title and its n, period and as-of as source line.

    `period` where the figure's is not the result's.
    """
    title = figure.suptitle(
        text.wrapped(message, 84), x=0.008, ha="left", fontsize=12.5, color=INK, linespacing=1.35
    )
    if text.language == "ja":  # the Japanese font has no bold: a thin outline makes one
        title.set_path_effects([withStroke(linewidth=0.45, foreground=INK)])
    else:
        title.set(fontweight="bold", fontfamily="DejaVu Sans")
    source = text(
        "charts.source",
        n=n,
        period=period or text.span(result.since, result.quarter.end),
        as_of=text.day(result.as_of),
    )
    figure.supxlabel(source, x=0.008, ha="left", fontsize=8, color=QUIET)
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.06)  # type: ignore[union-attr,call-arg]
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), message, alt, int(WIDTH * 96))


def percent_axis(axis: Axes, *, top: float = 1.0, which: str = "y") -> None:
    """Percentages from 0 on one axis, with quiet lines."""
    target = axis.yaxis if which == "y" else axis.xaxis
    (axis.set_ylim if which == "y" else axis.set_xlim)(0, top)
    target.set_major_formatter(PercentFormatter(1.0, decimals=0 if top >= 0.05 else 1))
    axis.grid(axis=which)  # type: ignore[arg-type]
    axis.tick_params(length=0)


def count_axis(axis: Axes, text: Text) -> None:
    """Counts from 0 on the upright axis, with the language's separators and quiet lines."""
    axis.set_ylim(bottom=0)
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
    axis.grid(axis="y")
    axis.tick_params(length=0)


def above(axis: Axes, x: Any, y: float, words: str) -> None:
    """Words just above the end of a bar."""
    axis.annotate(
        words, (x, y), xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=9,
        linespacing=1.35,
    )  # fmt: skip

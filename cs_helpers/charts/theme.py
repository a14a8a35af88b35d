"""The common style of all figures: fonts, colours safe for colour-blind readers, title and source line."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import FuncFormatter, PercentFormatter

from cs_helpers.charts.drawing import Drawing
from cs_helpers.charts.pixels import png
from cs_helpers.charts.points import Point, points_of
from cs_helpers.charts.rendering import pixels
from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.text import Text

INK, QUIET, RULE = "#1f2933", "#616e7c", "#d9dee4"
BLUE, ORANGE, GREEN, RED, SKY, SAND = "#1f6fb2", "#d9822b", "#2a8c6e", "#c0392b", "#8fc1e3", "#e3c567"
#: colours of company sizes, largest first: as many as a product may have classes
_SIZE_COLOURS = (BLUE, GREEN, ORANGE, "#7a55a5", "#8c564b", "#b3487d")
#: of levels of maturity, from the lowest to the highest; level 0 is grey
_LEVEL_SHADES = LinearSegmentedColormap.from_list("levels", ["#b9d6ea", "#7fb2d9", "#3d82bd", "#174f86"])
_NO_LEVEL = "#dfe5ea"
#: of a share, from none to all: seaborn's light palette of this blue; to import it for that alone takes time
_SHADES = LinearSegmentedColormap.from_list("shades", [(0.93979, 0.943778, 0.951388), BLUE])  # type: ignore[arg-type]
BANDS = {"green": GREEN, "yellow": SAND, "red": RED}

WIDTH = 9.0
#: of a figure laid out for a phone: what a page of 390 pixels has room for
PHONE = 3.65
PIXELS_AN_INCH = 130
#: a phone's screen has more of them
_PIXELS_AN_INCH_ON_PHONES = 195


#: where finished figures are added as SVG, too
_as_svg: ContextVar[list[str] | None] = ContextVar("as_svg", default=None)


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, with its message, its alt text, its width in CSS pixels, and its source: n, period, as of.

    Message and source are words of the page, not of the picture: they wrap on a phone and follow the reader's colours.
    narrow: the same laid out for a phone (`in_two_widths`); without it a page lets the figure scroll there.
    points: what can be followed to the customers behind it, where it was drawn `with_points`.
    """

    png: bytes
    message: str
    alt: str
    width: int
    source: str
    narrow: bytes = b""
    points: tuple[Point, ...] = ()


#: a function that draws the figure for one question of a page
Chart = Callable[[Result, Text], Picture | Drawing]


def size_colours(result: Result) -> dict[str, str]:
    """The colours of `all`, of the classes of company size from the largest, and of `unknown`, in this order."""
    sizes = result.settings.get("sizes", DEFAULT_ORDER)
    return {"all": INK, **dict(zip(sizes, _SIZE_COLOURS, strict=False)), UNKNOWN: QUIET}


@cache
def level_colours(top: int) -> tuple[str, ...]:
    """The colours of the levels of maturity from 0 to the highest, the darker the higher."""
    return (_NO_LEVEL, *(to_hex(_LEVEL_SHADES(n / (top - 1))) for n in range(top)))


def ink_on(colour: str) -> str:
    """The colour of letters that can be read on an area of a colour: white on what is dark."""
    red, green, blue = to_rgb(colour)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else INK


@cache
def _japanese_font() -> str:
    """Registers the Japanese font that ships with matplotlib-fontja and returns its name."""
    # not imported, because importing it changes the fonts of all figures in the process
    package = find_spec("matplotlib_fontja")
    folder = Path(str(package.origin if package else "")).parent / "fonts"
    for file in sorted(folder.glob("*.ttf")):
        fontManager.addfont(str(file))
    return "IPAexGothic"


@contextmanager
def style(language: str) -> Iterator[None]:
    """The matplotlib settings of all figures, as a context."""
    fonts = ["DejaVu Sans", _japanese_font()]
    settings: dict[str, Any] = {
        "font.family": fonts if language == "en" else fonts[::-1],
        "font.size": 10,
        # pages scale figures, which makes hinting useless, and hinting doubles the time to draw text
        "text.hinting": "no_hinting",
        "text.color": INK,
        "axes.labelcolor": QUIET,
        "axes.edgecolor": RULE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titley": 1.0,  # titles are never above tick labels; otherwise matplotlib measures to find out
        "axes.titlesize": 10,
        "axes.titlecolor": QUIET,
        "axes.titleweight": "normal",
        "axes.axisbelow": True,
        "axes.unicode_minus": False,
        "xtick.color": QUIET,
        "xtick.major.size": 0,
        "ytick.color": QUIET,
        "ytick.major.size": 0,
        "grid.color": "#eceff2",
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "legend.frameon": False,
    }
    with matplotlib.rc_context(settings):  # type: ignore[arg-type]
        yield


@contextmanager
def canvas(
    text: Text,
    rows: int = 1,
    columns: int = 1,
    *,
    height: float = 3.9,
    width: float = WIDTH,
    **options: Any,
) -> Iterator[tuple[Figure, Any]]:
    """A figure and its axes (None for 0 rows) in the common style, not registered with pyplot."""
    dpi = _PIXELS_AN_INCH_ON_PHONES if width == PHONE else PIXELS_AN_INCH
    with style(text.language):
        figure = Figure(figsize=(width, height), layout="constrained", dpi=dpi)
        yield figure, figure.subplots(rows, columns, **options) if rows else None


def finish_figure(
    figure: Figure, text: Text, result: Result, *, message: str, alt: str, n: str, period: str = ""
) -> Picture:
    """The finished figure, with its message, and n, period and as-of date as its source.

    period: default that of the result.
    """
    source = text(
        "charts.source",
        n=n,
        period=period or text.span(result.since, result.quarter.end),
        as_of=text.day(result.as_of),
    )
    for axes in figure.axes:
        for spine in axes.spines.values():
            spine.set_in_layout(False)  # on the edge of the axes, so nothing to measure
        for line in (axes.xaxis, axes.yaxis):
            if not line.get_label_text():
                line.set_label_coords(0, 0)  # otherwise all tick labels are measured to place an empty label
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.06)  # type: ignore[union-attr,call-arg]
    image = png(pixels(figure), an_inch=int(figure.dpi))
    if (drawn := _as_svg.get()) is not None:
        file = io.StringIO()
        figure.savefig(file, format="svg")
        drawn.append(file.getvalue())
    return Picture(image, message, alt, int(figure.get_figwidth() * 96), source, points=points_of(figure))


@contextmanager
def with_svg() -> Iterator[list[str]]:
    """The list to which each finished figure is added as SVG while the context lasts, which takes as long again."""
    drawn: list[str] = []
    token = _as_svg.set(drawn)
    try:
        yield drawn
    finally:
        _as_svg.reset(token)


def in_two_widths(draw: Callable[[Result, Text, float], Picture], result: Result, text: Text) -> Picture:
    """A figure as wide as the page of a screen (`WIDTH`), and the same laid out for a phone (`PHONE`).

    It takes twice the time to draw: for figures of lines of words, which on a phone scroll out of sight of their marks.
    """
    return replace(draw(result, text, WIDTH), narrow=draw(result, text, PHONE).png)


def percent_axis(axis: Axes, *, top: float = 1.0, which: str = "y") -> None:
    """Formats one axis as percentages from 0, with grid lines."""
    target = axis.yaxis if which == "y" else axis.xaxis
    (axis.set_ylim if which == "y" else axis.set_xlim)(0, top)
    target.set_major_formatter(PercentFormatter(1.0, decimals=0 if top >= 0.05 else 1))
    axis.grid(axis=which)  # type: ignore[arg-type]


def count_axis(axis: Axes, text: Text) -> None:
    """Formats the y axis as counts from 0 with the separators of the language, with grid lines."""
    axis.set_ylim(bottom=0)
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
    axis.grid(axis="y")


def bars(
    axis: Axes,
    places: Any,
    lengths: Any,
    *,
    width: float,
    color: Any,
    start: Any = 0.0,
    lying: bool = False,
    **look: Any,
) -> None:
    """Draws bars centred on `places`, from `start`, vertical or horizontal; bars of missing length are left out.

    Draws one collection, because `Axes.bar` creates and measures a patch per bar: for 60 bars a fifth of the time of a
    figure.
    """
    places, lengths, start = np.broadcast_arrays(np.asarray(places, float), np.asarray(lengths, float), start)
    known = ~np.isnan(lengths)
    near, low = places[known] - width / 2, start[known]
    far, high = near + width, low + lengths[known]
    across, along = np.stack([near, near, far, far], axis=1), np.stack([low, high, high, low], axis=1)
    corners = np.stack([along, across] if lying else [across, along], axis=2)
    colours = (
        [c for c, is_known in zip(color, known, strict=True) if is_known]
        if isinstance(color, list)
        else color
    )
    axis.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors="none", **look))
    axis.autoscale_view()


def label_above(axis: Axes, x: Any, y: float, label: str) -> None:
    """Writes a label above the end of a bar, where the axis leaves room for it."""
    axis.annotate(
        label, (x, y), xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=9,
        linespacing=1.35, in_layout=False,
    )  # fmt: skip


def label_inside(axis: Axes, x: Any, y: Any, label: str, *, color: str = INK, fontsize: float = 9) -> None:
    """Writes a label centred in a bar or cell, excluded from the layout because it cannot stick out of the axes."""
    axis.text(x, y, label, ha="center", va="center", color=color, fontsize=fontsize, in_layout=False)


def heatmap(axis: Axes, shares: np.ndarray, labels: np.ndarray, *, fontsize: float) -> None:
    """Draws a heatmap of shares (0 to 1) with a label in each cell, first row on top.

    Looks like seaborn's heatmap, which draws the whole figure to find out whether labels overlap.
    """
    rows, columns = shares.shape
    axis.pcolormesh(shares, cmap=_SHADES, vmin=0, vmax=1, linewidths=2, edgecolor="white")
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share >= 0.65 else INK
        label_inside(axis, column + 0.5, row + 0.5, str(labels[row, column]), color=color, fontsize=fontsize)
    axis.set(xlim=(0, columns), ylim=(rows, 0))
    axis.set_xticks(np.arange(columns) + 0.5)
    axis.set_yticks(np.arange(rows) + 0.5, [""] * rows, va="center")
    axis.spines[:].set_visible(False)


def spread_labels(
    places: list[float], gap: float, top: float = float("inf"), bottom: float = float("-inf")
) -> list[float]:
    """Positions of labels, sorted, with at least `gap` between them, none above `top`, and none below `bottom` while there is room.

    Changes the list in place.
    """
    for n in range(len(places)):
        places[n] = max(places[n], bottom)
        bottom = places[n] + gap
    for n in range(len(places) - 1, -1, -1):
        places[n] = min(places[n], top)
        top = places[n] - gap
    return places

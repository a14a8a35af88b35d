"""The points of a figure that can be followed to the customers behind them: where each lies, and its key.

A chart marks them where it draws them, in the numbers of its axes. They are kept only while somebody asks
(`with_points`), so that a batch, whose pages have no use for them, pays nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cs_helpers.text import Text

#: the least width and height of a point, in inches of 96 pixels of a page: what a finger or a tired hand can hit
_LEAST = 18 / 96


@dataclass(frozen=True)
class Point:
    """A part of a picture: fractions of its width and height, from the left and from the top; its key and its name.

    key: the values that tell the point from the others, as JSON (`key_of`).
    """

    left: float
    top: float
    width: float
    height: float
    key: str
    name: str


@dataclass(frozen=True)
class _Mark:
    axis: Axes
    corners: tuple[float, float, float, float]
    key: str
    name: str


_marks: ContextVar[list[_Mark] | None] = ContextVar("marks", default=None)


@contextmanager
def with_points() -> Iterator[None]:
    """Pictures that are drawn inside have their points."""
    token = _marks.set([])
    try:
        yield
    finally:
        _marks.reset(token)


def asked() -> bool:
    """Whether somebody asks for points: marks that take time to name are made only then."""
    return _marks.get() is not None


def key_of(values: Mapping[str, Any]) -> str:
    """The key of a point: the values of its row, as JSON."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    return json.dumps(plain, ensure_ascii=False)


def mark(
    axis: Axes,
    text: Text,
    key: Mapping[str, Any],
    words: Sequence[str],
    customers: float,
    x: tuple[float, float],
    y: tuple[float, float],
) -> None:
    """Marks a part of an axis, from one x to another and one y to another, as the point of a key.

    words: its names, to be read out with the number of customers. Nothing is marked where there is nobody, or nobody asks.
    """
    marks = _marks.get()
    if marks is not None and customers > 0:
        count = text("charts.point", n=text.number(customers))
        name = text("page.separator").join([*words, count])
        marks.append(_Mark(axis, (x[0], y[0], x[1], y[1]), key_of(key), name))


def mark_cells(
    axis: Axes,
    text: Text,
    keys: Sequence[Sequence[Mapping[str, Any]]],
    words: Sequence[Sequence[Sequence[str]]],
    customers: np.ndarray,
) -> None:
    """Marks the cells of a heatmap, first row on top."""
    for (row, column), count in np.ndenumerate(customers):
        mark(axis, text, keys[row][column], words[row][column], count, (column, column + 1), (row, row + 1))


def points_of(figure: Figure) -> tuple[Point, ...]:
    """The points that were marked on a figure which is laid out."""
    marks = _marks.get()
    if not marks:
        return ()
    size = np.array([figure.bbox.width, figure.bbox.height])
    found = []
    for one in [m for m in marks if m.axis.get_figure(root=True) is figure]:
        marks.remove(one)
        ends = one.axis.transData.transform(np.reshape(one.corners, (2, 2)))
        low, high = np.minimum(*ends), np.maximum(*ends)
        lacking = np.clip(_LEAST * figure.dpi - (high - low), 0, None) / 2
        low, high = np.clip((low - lacking) / size, 0, 1), np.clip((high + lacking) / size, 0, 1)
        width, height = (float(part) for part in high - low)
        if width > 0 and height > 0:
            found.append(Point(float(low[0]), float(1 - high[1]), width, height, one.key, one.name))
    return tuple(found)

"""A table of cells that have types of their own (a workbook, JSON lines) as the engine reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

_GREATEST = 2**63


def as_arrow(columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Columns of cells (text, numbers, dates, times, truth values, None) as a table.

    A column has a type where all its cells have it: int64, double, date, timestamp, bool; else it is text, and its
    numbers, dates and times are written so that nothing of them is lost.
    """
    return pa.table({name: _column(cells) for name, cells in columns.items()})


def _column(cells: Sequence[Any]) -> pa.Array:
    known = [_whole(cell) for cell in cells]
    there = [cell for cell in known if cell is not None]
    for fits, type_ in _TYPES:
        if there and all(fits(cell) for cell in there):
            return pa.array(known, type_, from_pandas=False)
    return pa.array([None if cell is None else as_text(cell) for cell in known], pa.string())


def _whole(cell: Any) -> Any:
    """A cell without what only the file's format makes of it: 7.0 for 7, an empty text for nothing."""
    if isinstance(cell, str):
        return cell if cell.strip() else None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return cell


def as_text(cell: Any) -> str:
    """A cell as text."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        text = repr(cell)
        # 1.234 among texts must not look like a thousand and more
        return f"{text}0" if "." in text and "e" not in text and len(text.split(".")[1]) == 3 else text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def _is(*types: type, but: tuple[type, ...] = ()) -> Callable[[Any], bool]:
    return lambda cell: isinstance(cell, types) and not isinstance(cell, but)


_TYPES: tuple[tuple[Callable[[Any], bool], pa.DataType], ...] = (
    (_is(bool), pa.bool_()),
    (lambda cell: _is(int, but=(bool,))(cell) and abs(cell) < _GREATEST, pa.int64()),
    (lambda cell: _is(int, float, but=(bool,))(cell) and abs(cell) < _GREATEST, pa.float64()),
    (_is(date, but=(datetime,)), pa.date32()),
    (lambda cell: isinstance(cell, datetime) and cell.tzinfo is None, pa.timestamp("us")),
    (lambda cell: isinstance(cell, date) and getattr(cell, "tzinfo", None) is None, pa.timestamp("us")),
)

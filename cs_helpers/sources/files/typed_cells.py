"""Arrow tables from cells that have types of their own, as in workbooks and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

_GREATEST = 2**63


def to_arrow(columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Convert columns of cells (texts, numbers, dates, times, booleans, None) to a table.

    A column is int64, double, date, timestamp or bool where all its cells are; else it is text, with numbers, dates
    and times converted without loss.
    """
    return pa.table({name: _column(cells) for name, cells in columns.items()})


def _column(cells: Sequence[Any]) -> pa.Array:
    normalized = [_normalize(cell) for cell in cells]
    present = [cell for cell in normalized if cell is not None]
    for is_of_type, type_ in _TYPES:
        if present and all(is_of_type(cell) for cell in present):
            return pa.array(normalized, type_, from_pandas=False)
    return pa.array([None if cell is None else to_text(cell) for cell in normalized], pa.string())


def _normalize(cell: Any) -> Any:
    """A cell without artefacts of the file format: 7.0 becomes 7, a blank text None."""
    if isinstance(cell, str):
        return cell if cell.strip() else None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return cell


def to_text(cell: Any) -> str:
    """Convert a cell to text."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        text = repr(cell)
        # 1.234 among texts must not look like 1,234
        return f"{text}0" if "." in text and "e" not in text and len(text.split(".")[1]) == 3 else text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def _is(*types: type, excluding: tuple[type, ...] = ()) -> Callable[[Any], bool]:
    return lambda cell: isinstance(cell, types) and not isinstance(cell, excluding)


_TYPES: tuple[tuple[Callable[[Any], bool], pa.DataType], ...] = (
    (_is(bool), pa.bool_()),
    (lambda cell: _is(int, excluding=(bool,))(cell) and abs(cell) < _GREATEST, pa.int64()),
    (lambda cell: _is(int, float, excluding=(bool,))(cell) and abs(cell) < _GREATEST, pa.float64()),
    (_is(date, excluding=(datetime,)), pa.date32()),
    (lambda cell: isinstance(cell, datetime) and cell.tzinfo is None, pa.timestamp("us")),
    (lambda cell: isinstance(cell, date) and getattr(cell, "tzinfo", None) is None, pa.timestamp("us")),
)

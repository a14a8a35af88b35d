"""JSON and JSON lines as tables: one object per row, nested values named with points."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.headers import column_names
from cs_helpers.sources.files.typed_cells import to_arrow


def json_table(name: str, content: BinaryIO, where: str) -> pa.Table:
    """Read a file of JSON lines, a JSON array, or an object that holds one array of objects.

    `{"properties": {"time": 1}}` becomes a column `properties.time`; a list inside a row becomes text. Numbers stay
    numbers, and texts stay texts. Raises `SourceError` where the file is not JSON, or has no rows.
    """
    rows: list[dict[str, Any]] = []
    for position, value in _values(name, content, where):
        if not isinstance(value, dict):
            raise SourceError(
                name,
                f"{position} holds {json.dumps(value)[:40]}, not an object with the row's values",
                where=where,
            )
        rows.append(dict(_flatten(value, "")))
    if not rows:
        raise SourceError(name, "the file holds no row", where=where)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return to_arrow(
        {column: [row.get(key) for row in rows] for key, column in zip(keys, column_names(keys), strict=True)}
    )


def _values(name: str, content: BinaryIO, where: str) -> Iterator[tuple[str, Any]]:
    try:
        text = io.TextIOWrapper(content, encoding="utf-8-sig").read()
    except UnicodeDecodeError:
        raise SourceError(name, "the file is not UTF-8 text; JSON is written in UTF-8", where=where) from None
    lines = [(i, line) for i, line in enumerate(text.split("\n"), 1) if line.strip()]
    try:
        document = json.loads(text) if text.strip() else []
    except json.JSONDecodeError:
        for i, line in lines:
            try:
                yield f"line {i}", json.loads(line)
            except json.JSONDecodeError as error:
                raise SourceError(name, f"line {i} is not JSON: {error.msg}", where=where) from None
        return
    if isinstance(document, dict):
        nested_lists = [value for value in document.values() if isinstance(value, list) and value]
        document = (
            nested_lists[0]
            if len(nested_lists) == 1 and all(isinstance(v, dict) for v in nested_lists[0])
            else [document]
        )
    if not isinstance(document, list):
        document = [document]
    yield from ((f"row {i}", value) for i, value in enumerate(document, 1))


def _flatten(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, child in value.items():
        if isinstance(child, dict):
            yield from _flatten(child, f"{prefix}{key}.")
        else:
            yield (
                f"{prefix}{key}",
                json.dumps(child, ensure_ascii=False) if isinstance(child, list) else child,
            )

"""JSON and JSON lines as tables: an object a row, what lies inside it named with points."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.headers import column_names
from cs_helpers.sources.files.typed_cells import as_arrow

KINDS = ("jsonl", "ndjson", "json")


def json_table(name: str, content: BinaryIO, where: str) -> pa.Table:
    """The rows of a file of JSON lines, of a JSON array, or of an object that holds one array; raises `SourceError`.

    `{"properties": {"time": 1}}` is a column `properties.time`; a list inside a row is text. Numbers are numbers, and
    what is text stays text.
    """
    rows: list[dict[str, Any]] = []
    for at, value in _values(name, content, where):
        if not isinstance(value, dict):
            raise SourceError(
                name, f"{at} holds {json.dumps(value)[:40]}, not an object with the row's values", where=where
            )
        rows.append(dict(_flat(value, "")))
    if not rows:
        raise SourceError(name, "the file holds no row", where=where)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return as_arrow(
        {column: [row.get(key) for row in rows] for key, column in zip(keys, column_names(keys), strict=True)}
    )


def _values(name: str, content: BinaryIO, where: str) -> Iterator[tuple[str, Any]]:
    try:
        text = io.TextIOWrapper(content, encoding="utf-8-sig").read()
    except UnicodeDecodeError:
        raise SourceError(name, "the file is not UTF-8 text; JSON is written in UTF-8", where=where) from None
    lines = [(i, line) for i, line in enumerate(text.split("\n"), 1) if line.strip()]
    try:
        whole = json.loads(text) if text.strip() else []
    except json.JSONDecodeError:
        for i, line in lines:
            try:
                yield f"line {i}", json.loads(line)
            except json.JSONDecodeError as error:
                raise SourceError(name, f"line {i} is not JSON: {error.msg}", where=where) from None
        return
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if isinstance(value, list) and value]
        whole = lists[0] if len(lists) == 1 and all(isinstance(v, dict) for v in lists[0]) else [whole]
    if not isinstance(whole, list):
        whole = [whole]
    yield from ((f"row {i}", value) for i, value in enumerate(whole, 1))


def _flat(value: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for key, inside in value.items():
        if isinstance(inside, dict):
            yield from _flat(inside, f"{before}{key}.")
        else:
            yield (
                f"{before}{key}",
                json.dumps(inside, ensure_ascii=False) if isinstance(inside, list) else inside,
            )

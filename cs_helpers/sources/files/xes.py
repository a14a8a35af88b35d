"""Reads process logs in XES (IEEE 1849), as ProM and other process mining tools write them: one row per event.

A row holds the attributes of the event under their own keys (`concept:name`, `time:timestamp`, `org:resource`,
`lifecycle:transition` ...) and those of its trace as `case:<key>`. A nested attribute is named `<key>.<key>`, and a key
that repeats within an event, as in lists, `<key> [2]`.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from lxml import etree

from cs_helpers.errors import SourceError
from cs_helpers.paths import display_path

#: a value as the log declares it: its type and its text
RawValue = tuple[str, str]
#: rows per chunk of the table; the largest number of attributes of a log
_CHUNK_ROWS, _MAX_ATTRIBUTES = 50_000, 5_000
#: bytes that are read at a time to find the root element
_CHUNK_BYTES = 16_384
#: expand no entities, load no document types, fetch nothing
_PARSER_OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
#: default values that mean "unknown"
_PLACEHOLDERS = frozenset({"", "UNKNOWN", "__INVALID__", "DEFAULT", "NULL", "NONE", "N/A"})
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
#: up to here, doubles represent all integers exactly
_EXACT_DOUBLES = 2**53


def read_events(source: Path | BinaryIO) -> Iterator[dict[str, str | int | float | bool]]:
    """Yield the events of a log in file order, each as key -> value; a missing attribute has no key.

    source: a file `.xes` or `.xes.gz`, or an open, seekable stream. Times stay texts with their offset. A default that
    the log declares for all events (or traces) fills a missing attribute, unless it is a time or means "unknown"
    (`UNKNOWN`, `__INVALID__`). A value that does not fit its declared type stays a text. Raises `SourceError` where the
    file is not a log in XES.
    """
    if not isinstance(source, Path):
        yield from _typed_rows(_raw_rows("log", source, str(getattr(source, "name", "the file"))))
        return
    with source.open("rb") as raw:
        content = gzip.open(raw) if source.name.lower().endswith(".gz") else raw  # noqa: SIM115
        yield from _typed_rows(_raw_rows(source.stem, content, display_path(source)))  # type: ignore[arg-type]


def read_table(name: str, content: BinaryIO, where: str) -> pa.Table:
    """Read the events of a log into a table, with columns in order of first appearance.

    A column is int64, double or bool where all its values are (double where integers and other numbers mix), else
    text as written. content: seekable. name, where: table and place for error messages. Raises `SourceError` where the
    file is not a log in XES, or has no events.
    """
    columns: dict[str, _ColumnBuilder] = {}
    count = 0
    for row in _raw_rows(name, content, where):
        for key, value in row.items():
            if key not in columns:
                if len(columns) == _MAX_ATTRIBUTES:
                    problem = f"the log has more than {_MAX_ATTRIBUTES:,} different attributes; export it with those needed"
                    raise SourceError(name, problem, where=where)
                columns[key] = _ColumnBuilder()
            columns[key].add(count, value)
        count += 1
        if count % _CHUNK_ROWS == 0:
            for column in columns.values():
                column.flush(count)
    if not count:
        raise SourceError(name, "the log holds no event; export it again", where=where)
    return pa.table({key: column.finish(count) for key, column in columns.items()})


class _ColumnBuilder:
    """The values of an attribute, in chunks of Arrow texts to save memory, and the set of their actual types."""

    def __init__(self) -> None:
        self.parts: list[pa.Array] = []
        self.flushed_rows = 0
        self.pending: list[str | None] = []
        self.kinds: set[str] = set()

    def add(self, row: int, value: RawValue) -> None:
        self.pending.extend([None] * (row - self.flushed_rows - len(self.pending)))
        self.pending.append(value[1])
        self.kinds.add(_actual_type(value))

    def flush(self, rows: int) -> None:
        self.pending.extend([None] * (rows - self.flushed_rows - len(self.pending)))
        self.parts.append(pa.array(self.pending, pa.string()))
        self.flushed_rows, self.pending = rows, []

    def finish(self, rows: int) -> pa.ChunkedArray:
        self.flush(rows)
        texts = pa.chunked_array(self.parts, pa.string())
        if self.kinds == {"int"}:
            return _convert(texts, int, pa.int64())
        if self.kinds and self.kinds <= {"int", "float"}:
            mixed = len(self.kinds) > 1
            if not mixed or all(
                abs(int(t)) <= _EXACT_DOUBLES
                for t in texts.unique().to_pylist()
                if t and _INTEGER.fullmatch(t)
            ):
                return _convert(texts, float, pa.float64())
        if self.kinds == {"boolean"}:
            return _convert(texts, lambda text: _BOOLEANS[text.lower()], pa.bool_())
        return texts


def _convert(texts: pa.ChunkedArray, of: Any, type_: pa.DataType) -> pa.ChunkedArray:
    parts = ([None if t is None else of(t) for t in part.to_pylist()] for part in texts.chunks)
    return pa.chunked_array([pa.array(part, type_) for part in parts], type_)


def _actual_type(value: RawValue) -> str:
    """int, float or boolean where the text fits the declared type, else string."""
    kind, text = value
    if kind == "int":
        return "int" if _INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63 else "string"
    if kind == "float":
        return "float" if _NUMBER.fullmatch(text) else "string"
    return "boolean" if kind == "boolean" and text.lower() in _BOOLEANS else "string"


def _typed_rows(rows: Iterable[dict[str, RawValue]]) -> Iterator[dict[str, str | int | float | bool]]:
    for row in rows:
        yield {key: _typed_value(value) for key, value in row.items()}


def _typed_value(value: RawValue) -> str | int | float | bool:
    kind, text = _actual_type(value), value[1]
    if kind == "int":
        return int(text)
    if kind == "float":
        return math.nan if text == "NaN" else float(text)
    return _BOOLEANS[text.lower()] if kind == "boolean" else text


def _raw_rows(name: str, content: BinaryIO, where: str) -> Iterator[dict[str, RawValue]]:
    """The events with values as declared; raises `SourceError` where the file is not a log in XES."""
    try:
        _check_head(name, content, where)
        yield from _parse_events(content)
    except etree.XMLSyntaxError as error:
        raise SourceError(name, _syntax_problem(error), where=where) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        problem = "the file is not whole, or not compressed with gzip; export or copy it again"
        raise SourceError(name, problem, where=where) from None


def _syntax_problem(error: etree.XMLSyntaxError) -> str:
    message = re.sub(
        r",? line \d+(, column \d+)?.*", "", str(error.msg or "it cannot be read"), flags=re.DOTALL
    )
    if "Premature end of data" in message or "Couldn't find end of Start Tag" in message:
        return f"the file ends before its log does, at line {error.lineno}; export or copy it again"
    return f"line {error.lineno} is not valid XML: {message}; export the log again"


def _check_head(name: str, content: BinaryIO, where: str) -> None:
    """Raise `SourceError` where the root element is not a log, or the file declares a document type.

    libxml2 expands entities in attributes whatever its options, so a file that may declare entities is rejected before
    any event is parsed.
    """
    parser = etree.XMLPullParser(events=("start",), **_PARSER_OPTIONS)
    root, content_read = None, b""
    content.seek(0)
    try:
        while root is None:
            chunk = content.read(_CHUNK_BYTES)
            if not chunk:
                raise SourceError(name, "the file holds no XML; export the log again", where=where)
            content_read += chunk
            parser.feed(chunk)
            root = next((element for _, element in parser.read_events()), None)
        document = root.getroottree().docinfo
        declares_doctype = bool(document.doctype) or document.internalDTD is not None
    except etree.XMLSyntaxError:  # an entity expansion attack can fail already in this chunk
        declares_doctype = b"<!DOCTYPE" in re.sub(rb"<!--.*?-->", b"", content_read, flags=re.DOTALL)
        if not declares_doctype:
            raise
    if declares_doctype:
        problem = "the file declares a document type (<!DOCTYPE ...>), which no log in XES has; take it out"
        raise SourceError(name, problem, where=where)
    if etree.QName(root).localname != "log":
        root_name = etree.QName(root).localname[:40]
        problem = f"the file is not an event log in XES: it begins with <{root_name}>, not with <log>"
        raise SourceError(name, problem, where=where)
    content.seek(0)


def _parse_events(content: BinaryIO) -> Iterator[dict[str, RawValue]]:
    """Yield events with the attributes of their trace, at the end of the trace, since those may follow the events."""
    defaults: dict[str, dict[str, RawValue]] = {"event": {}, "trace": {}}
    trace_rows: list[dict[str, RawValue]] = []
    tags = ("{*}event", "{*}trace", "{*}global")
    for _, element in etree.iterparse(content, events=("end",), tag=tags, **_PARSER_OPTIONS):
        kind = etree.QName(element).localname
        if kind == "global":
            scope = str(element.get("scope", "event"))
            defaults.setdefault(scope, {}).update(_defaults(element))
        elif kind == "event":
            row = _attributes(element)
            row.update({k: v for k, v in defaults["event"].items() if k not in row})
            parent = element.getparent()
            if parent is not None and etree.QName(parent).localname == "trace":
                trace_rows.append(row)
                element.clear()
                continue
            yield row
        else:
            case = _attributes(element)
            case.update({k: v for k, v in defaults["trace"].items() if k not in case})
            case_columns = {f"case:{key}": value for key, value in case.items()}
            yield from ({**case_columns, **row} for row in trace_rows)
            trace_rows = []
        _release(element)


def _release(element: Any) -> None:
    """Free the memory of an element and its preceding siblings."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _defaults(element: Any) -> dict[str, RawValue]:
    """The defaults that a log declares for missing attributes, without times and values that mean "unknown"."""
    return {
        key: (kind, text)
        for key, (kind, text) in _attributes(element).items()
        if kind != "date" and text.strip().upper() not in _PLACEHOLDERS
    }


def _attributes(element: Any) -> dict[str, RawValue]:
    attributes: dict[str, RawValue] = {}
    _collect_attributes(element, "", attributes)
    return attributes


def _collect_attributes(element: Any, prefix: str, attributes: dict[str, RawValue]) -> None:
    for child in element:
        if not isinstance(child.tag, str):  # a comment
            continue
        key = child.get("key")
        child_prefix = prefix
        if key is not None:
            child_prefix = f"{prefix}{key}."
            text = child.get("value")
            if text is not None:
                tag = child.tag
                attributes[_unused_key(prefix + key, attributes)] = (tag[tag.rfind("}") + 1 :], text)
        if len(child) and not child.tag.endswith("event"):
            _collect_attributes(child, child_prefix, attributes)


def _unused_key(key: str, attributes: dict[str, RawValue]) -> str:
    if key not in attributes:
        return key
    number = 2
    while f"{key} [{number}]" in attributes:
        number += 1
    return f"{key} [{number}]"

"""Reads process logs in XES (IEEE 1849), as ProM and other tools of process mining write them: one row an event.

A row holds the attributes of the event under their own keys (`concept:name`, `time:timestamp`, `org:resource`,
`lifecycle:transition` ...) and those of its trace as `case:<key>`. What is nested in an attribute stands as
`<key>.<key>`, and a key that an event has twice, as lists do, as `<key> [2]`.
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

#: a value as the log has it: its type, and the text that is written
Written = tuple[str, str]
#: rows that are held before they become a part of the table; attributes that a log may have
_ROWS, _ATTRIBUTES = 50_000, 5_000
#: how much is read at a time to see what the file begins with
_PIECE = 16_384
#: no entity is filled in, no document type loaded, nothing fetched
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
#: defaults that stand for "not known"
_PLACEHOLDERS = frozenset({"", "UNKNOWN", "__INVALID__", "DEFAULT", "NULL", "NONE", "N/A"})
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
#: whole numbers beyond this are not all doubles
_EXACT = 2**53


KINDS = ("xes",)


def events(source: Path | BinaryIO) -> Iterator[dict[str, str | int | float | bool]]:
    """The events of a log, in the order of the file: key -> value; what an event does not have is not in it.

    source: a file `.xes` or `.xes.gz`, or an open one that can be read from its start again. Times stay texts, with
    their offset, as they are written. A default that the log declares for all events (or traces) stands in where one
    lacks the attribute, unless it is a time or stands for "not known" (`UNKNOWN`, `__INVALID__`): those are never
    facts. A value that is not what its type says stays a text. Raises `SourceError` where the file is no log in XES.
    """
    if not isinstance(source, Path):
        yield from _typed(_rows("log", source, str(getattr(source, "name", "the file"))))
        return
    with source.open("rb") as raw:
        content = gzip.open(raw) if source.name.lower().endswith(".gz") else raw  # noqa: SIM115
        yield from _typed(_rows(source.stem, content, display_path(source)))  # type: ignore[arg-type]


def as_table(name: str, content: BinaryIO, where: str) -> pa.Table:
    """The events of a log as a table; columns in the order in which the log first has them.

    A column is int64, double or bool where each of its values is one (double, too, where whole numbers and others
    mix), and else a text as it is written. content: can be read from its start again. name, where: the table and the
    place for the message. Raises `SourceError` where the file is no log in XES, or one without events.
    """
    columns: dict[str, _Column] = {}
    count = 0
    for row in _rows(name, content, where):
        for key, value in row.items():
            if key not in columns:
                if len(columns) == _ATTRIBUTES:
                    problem = f"the log has more than {_ATTRIBUTES:,} different attributes; export it with those needed"
                    raise SourceError(name, problem, where=where)
                columns[key] = _Column()
            columns[key].add(count, value)
        count += 1
        if count % _ROWS == 0:
            for column in columns.values():
                column.close(count)
    if not count:
        raise SourceError(name, "the log holds no event; export it again", where=where)
    return pa.table({key: column.whole(count) for key, column in columns.items()})


class _Column:
    """The values of an attribute: texts in parts, so that few of them are Python's, and what types they say they are."""

    def __init__(self) -> None:
        self.parts: list[pa.Array] = []
        self.closed = 0
        self.open: list[str | None] = []
        self.kinds: set[str] = set()

    def add(self, row: int, value: Written) -> None:
        self.open.extend([None] * (row - self.closed - len(self.open)))
        self.open.append(value[1])
        self.kinds.add(_kind(value))

    def close(self, rows: int) -> None:
        self.open.extend([None] * (rows - self.closed - len(self.open)))
        self.parts.append(pa.array(self.open, pa.string()))
        self.closed, self.open = rows, []

    def whole(self, rows: int) -> pa.ChunkedArray:
        self.close(rows)
        texts = pa.chunked_array(self.parts, pa.string())
        if self.kinds == {"int"}:
            return _each(texts, int, pa.int64())
        if self.kinds and self.kinds <= {"int", "float"}:
            mixed = len(self.kinds) > 1
            if not mixed or all(
                abs(int(t)) <= _EXACT for t in texts.unique().to_pylist() if t and _WHOLE.fullmatch(t)
            ):
                return _each(texts, float, pa.float64())
        if self.kinds == {"boolean"}:
            return _each(texts, lambda text: _TRUTHS[text.lower()], pa.bool_())
        return texts


def _each(texts: pa.ChunkedArray, of: Any, type_: pa.DataType) -> pa.ChunkedArray:
    parts = ([None if t is None else of(t) for t in part.to_pylist()] for part in texts.chunks)
    return pa.chunked_array([pa.array(part, type_) for part in parts], type_)


def _kind(value: Written) -> str:
    """What a value is: int, float or boolean where it is what its type says; else string."""
    kind, text = value
    if kind == "int":
        return "int" if _WHOLE.fullmatch(text) and -(2**63) <= int(text) < 2**63 else "string"
    if kind == "float":
        return "float" if _NUMBER.fullmatch(text) else "string"
    return "boolean" if kind == "boolean" and text.lower() in _TRUTHS else "string"


def _typed(rows: Iterable[dict[str, Written]]) -> Iterator[dict[str, str | int | float | bool]]:
    for row in rows:
        yield {key: _value(value) for key, value in row.items()}


def _value(value: Written) -> str | int | float | bool:
    kind, text = _kind(value), value[1]
    if kind == "int":
        return int(text)
    if kind == "float":
        return math.nan if text == "NaN" else float(text)
    return _TRUTHS[text.lower()] if kind == "boolean" else text


def _rows(name: str, content: BinaryIO, where: str) -> Iterator[dict[str, Written]]:
    """The events as they are written; raises `SourceError` where the file is no log in XES."""
    try:
        _check_head(name, content, where)
        yield from _read(content)
    except etree.XMLSyntaxError as error:
        raise SourceError(name, _syntax(error), where=where) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        problem = "the file is not whole, or not compressed with gzip; export or copy it again"
        raise SourceError(name, problem, where=where) from None


def _syntax(error: etree.XMLSyntaxError) -> str:
    said = re.sub(r",? line \d+(, column \d+)?.*", "", str(error.msg or "it cannot be read"), flags=re.DOTALL)
    if "Premature end of data" in said or "Couldn't find end of Start Tag" in said:
        return f"the file ends before its log does, at line {error.lineno}; export or copy it again"
    return f"line {error.lineno} is not valid XML: {said}; export the log again"


def _check_head(name: str, content: BinaryIO, where: str) -> None:
    """Reads as far as the first element, before any attribute of an event is.

    libxml2 fills in the entities of attributes whatever it is told, so a file that may declare some is not read.
    """
    parser = etree.XMLPullParser(events=("start",), **_SAFE)
    root, head = None, b""
    content.seek(0)
    try:
        while root is None:
            piece = content.read(_PIECE)
            if not piece:
                raise SourceError(name, "the file holds no XML; export the log again", where=where)
            head += piece
            parser.feed(piece)
            root = next((element for _, element in parser.read_events()), None)
        about = root.getroottree().docinfo
        declares = bool(about.doctype) or about.internalDTD is not None
    except etree.XMLSyntaxError:  # entities that grow beyond all bounds are found in the same piece
        declares = b"<!DOCTYPE" in re.sub(rb"<!--.*?-->", b"", head, flags=re.DOTALL)
        if not declares:
            raise
    if declares:
        problem = "the file declares a document type (<!DOCTYPE ...>), which no log in XES has; take it out"
        raise SourceError(name, problem, where=where)
    if etree.QName(root).localname != "log":
        begins = etree.QName(root).localname[:40]
        problem = f"the file is not an event log in XES: it begins with <{begins}>, not with <log>"
        raise SourceError(name, problem, where=where)
    content.seek(0)


def _read(content: BinaryIO) -> Iterator[dict[str, Written]]:
    """The events, each with its trace, once the trace is over: its own attributes may stand behind its events."""
    defaults: dict[str, dict[str, Written]] = {"event": {}, "trace": {}}
    waiting: list[dict[str, Written]] = []
    tags = ("{*}event", "{*}trace", "{*}global")
    for _, element in etree.iterparse(content, events=("end",), tag=tags, **_SAFE):
        kind = etree.QName(element).localname
        if kind == "global":
            scope = str(element.get("scope", "event"))
            defaults.setdefault(scope, {}).update(_defaults(element))
        elif kind == "event":
            row = _attributes(element)
            row.update({k: v for k, v in defaults["event"].items() if k not in row})
            parent = element.getparent()
            if parent is not None and etree.QName(parent).localname == "trace":
                waiting.append(row)
                element.clear()
                continue
            yield row
        else:
            case = _attributes(element)
            case.update({k: v for k, v in defaults["trace"].items() if k not in case})
            of_case = {f"case:{key}": value for key, value in case.items()}
            yield from ({**of_case, **row} for row in waiting)
            waiting = []
        _let_go(element)


def _let_go(element: Any) -> None:
    """Forgets an element and those before it, which have been read."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _defaults(element: Any) -> dict[str, Written]:
    """What a log says stands in for an attribute that is missing; not times, nor what stands for "not known"."""
    return {
        key: (kind, text)
        for key, (kind, text) in _attributes(element).items()
        if kind != "date" and text.strip().upper() not in _PLACEHOLDERS
    }


def _attributes(element: Any) -> dict[str, Written]:
    found: dict[str, Written] = {}
    _collect(element, "", found)
    return found


def _collect(element: Any, prefix: str, found: dict[str, Written]) -> None:
    for child in element:
        if not isinstance(child.tag, str):  # a comment
            continue
        key = child.get("key")
        inside = prefix
        if key is not None:
            inside = f"{prefix}{key}."
            text = child.get("value")
            if text is not None:
                tag = child.tag
                found[_free(prefix + key, found)] = (tag[tag.rfind("}") + 1 :], text)
        if len(child) and not child.tag.endswith("event"):
            _collect(child, inside, found)


def _free(key: str, taken: dict[str, Written]) -> str:
    if key not in taken:
        return key
    number = 2
    while f"{key} [{number}]" in taken:
        number += 1
    return f"{key} [{number}]"

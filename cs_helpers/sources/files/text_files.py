"""Text files (CSV and its kin): read as text, every row counted, types decided by our own rules.

The engine is told everything (delimiter, quotes, no comments, no words for nothing), so that it guesses nothing, and
the rows of each file are counted by something that is not the engine.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import numpy as np
from ibis.backends.duckdb import Backend

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.headers import column_names, joined_header
from cs_helpers.sources.files.reading import escaped, opened_bytes, place, sql_text
from cs_helpers.sources.mapping import FileSource

_UTF8 = ("utf-8", "utf8", "utf-8-sig")
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NOT_UTF8 = (
    "the file is not UTF-8 text; if Excel in Japan wrote it, say so with 'encoding: cp932'"
    " (files.{name}: {{path: {file}, encoding: cp932}}), or save it as UTF-8 (in Excel: 'CSV UTF-8')"
)
_UNCLOSED = 'opens a quote (") that does not end in it; close it or take it out'
_ILL_QUOTED = (
    'has a quote (") inside a cell in quotes; write it twice (""), or say how the file writes it:'
    " 'escape: \"\\\\\"' where a \\ stands before it, 'quote: \"\"' where quotes are letters like others"
)
#: bytes that are looked at together; letters of a Latin alphabet in which these stand for nothing
_CHUNK, _CONTROLS = 1 << 22, re.compile("[\x80-\x9f]")
#: rows by which the types that a column can have are found, before all rows are held against them
_HEAD = 20_000


@dataclass(frozen=True)
class _Form:
    """How one file is written: its columns, the records before its first row, and its signs."""

    names: tuple[str, ...]
    skip: int
    delimiter: str
    quote: str
    escape: str
    new_line: str

    def query(self, paths: Sequence[str], *, with_file: bool) -> str:
        """The rows of files of this form, in DuckDB's SQL; every column is text."""
        columns = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in self.names)
        named = ", filename='source_file'" if with_file else ""
        return (
            f"SELECT * FROM read_csv([{', '.join(map(sql_text, paths))}], auto_detect=false, header=false,"
            f" skip={self.skip}, columns={{{columns}}}, delim={sql_text(self.delimiter)},"
            f" quote={sql_text(self.quote)}, escape={sql_text(self.escape)}, new_line='{self.new_line}', comment='',"
            f" nullstr='', strict_mode=true{named})"
        )


def written_view(
    connection: Backend,
    view: str,
    name: str,
    path: str,
    parts: Sequence[str],
    file: FileSource,
    scratch: Path,
) -> None:
    """Makes a text file, or the `parts` of a pattern, a view with every column as text; raises `SourceError`.

    Columns are named by the line of the names (`headers.column_names`); the parts of a pattern need not have the same
    ones, and have `source_file`, the path of the part, besides. An empty cell is null.
    """
    with_file = len(parts) > 1 or parts[0] != path
    read = {part: _in_utf8(name, part, file, scratch, i) for i, part in enumerate(parts)}
    forms = {part: _form(name, part, read[part], file) for part in parts}
    groups: dict[_Form, list[str]] = {}
    for i, part in enumerate(parts):
        if not _agrees(connection, name, part, read[part], forms[part], file):
            # a form that only the engine does not take, as of mixed ends of lines
            copy = scratch / f"plain-{name}-{i}.csv"
            forms[part] = _rewritten(read[part], forms[part], file, copy)
            read[part] = str(copy)
        groups.setdefault(forms[part], []).append(read[part])
    queries = [form.query(paths, with_file=with_file) for form, paths in groups.items()]
    connection.raw_sql(
        f'CREATE OR REPLACE VIEW "{escaped(view)}" AS {" UNION ALL BY NAME ".join(queries)}'
    ).fetchall()


# --- encodings ---------------------------------------------------------------------------------


def encoding_of(content: BinaryIO) -> str | None:
    """`utf-16` of a text that begins with the mark of it, else `None`."""
    return _BOMS.get(content.read(2))


def _in_utf8(name: str, path: str, file: FileSource, scratch: Path, number: int) -> str:
    """A text file as the engine reads it: itself, or a copy in UTF-8."""
    if "://" in path and file.encoding is None:
        return path
    with opened_bytes(path, file.options) as content:
        marked = encoding_of(content)
    said = file.encoding
    if marked is None and (said is None or said.lower() in _UTF8):
        return path
    said = marked or str(said)
    copy = scratch / f"utf8-{name}-{number}.csv"
    where = place(path)
    try:
        with opened_bytes(path, file.options) as raw, copy.open("w", encoding="utf-8", newline="") as out:
            shutil.copyfileobj(io.TextIOWrapper(raw, encoding=said, newline=""), out, 1 << 20)
    except LookupError:
        raise SourceError(
            name, f"there is no encoding '{said}'; cp932, utf-8 and utf-16 are usual", where=where
        ) from None
    except (UnicodeDecodeError, UnicodeError):
        raise SourceError(name, f"the file is not {said} text; check 'encoding'", where=where) from None
    if marked is None and (other := _rather(path, file, copy)):
        raise SourceError(name, f"the file is not {said} text but {other}; check 'encoding'", where=where)
    return str(copy)


def _rather(path: str, file: FileSource, copy: Path) -> str:
    """What a file is that was read by an alphabet which takes any byte for a letter; empty where it may be that."""
    if str(file.encoding).lower().replace("_", "-") not in (
        "latin-1", "latin1", "iso-8859-1", "iso8859-1", "cp1252", "windows-1252", "iso-8859-15",
    ):  # fmt: skip
        return ""
    for other in ("utf-8", "cp932"):
        text, plain = "", True
        try:
            with opened_bytes(path, file.options) as raw:
                for text in io.TextIOWrapper(raw, encoding=other):
                    plain = plain and text.isascii()
        except UnicodeError:
            continue
        if plain:
            return ""
        if other == "utf-8":
            return "UTF-8"
        with copy.open(encoding="utf-8") as content:  # Japanese read as Latin has letters that no text has
            if any(_CONTROLS.search(line) for line in content):
                return "cp932 (Japanese)"
    return ""


def is_utf8(path: Path) -> bool:
    """Whether a file is UTF-8 text; where that cannot be seen, it is."""
    try:
        with opened_bytes(str(path), {}) as content:
            for _ in io.TextIOWrapper(content, encoding="utf-8"):
                pass
    except UnicodeDecodeError:
        return False
    except (OSError, EOFError):
        return True
    return True


# --- the line of the names ---------------------------------------------------------------------


@contextmanager
def _lines(path: str, file: FileSource) -> Iterator[Iterator[str]]:
    with (
        opened_bytes(path, file.options) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as content,
    ):
        yield iter(content)


def _form(name: str, part: str, path: str, file: FileSource) -> _Form:
    """How a file is written, by its first lines; raises `SourceError`."""
    where = place(part)
    if "://" not in path and file.encoding is None:
        _check_start(name, path, file, where)
    before: list[str] = []
    top = said = None
    with _lines(path, file) as lines:
        for line in lines:
            # Excel is told the delimiter by such a first line
            hint = re.fullmatch(r"sep=(.)\r?\n?", line) if not before and file.header_row == 1 else None
            said = hint[1] if hint else said
            if hint is None and len(before) >= file.header_row - 1 and line.strip():
                top = line
                break
            before.append(line)
        if top is None:
            after = f" after line {file.header_row - 1}; check 'header_row'" if file.header_row > 1 else ""
            raise SourceError(name, f"the file holds no line{after}", where=where)
        delimiter = file.delimiter or said or delimiter_of(top)
        options = _options(delimiter, file)
        try:
            header = list(
                itertools.islice(csv.reader(itertools.chain([top], lines), **options), file.header_rows)
            )
        except csv.Error:
            raise SourceError(name, f"line {len(before) + 1} {_UNCLOSED}", where=where) from None
    skip = sum(1 for _ in csv.reader(before, **options)) + len(header)
    new_line = r"\r\n" if top.endswith("\r\n") else r"\r" if top.endswith("\r") else r"\n"
    quote = '"' if file.quote is None else file.quote
    escape = (file.escape or quote) if quote else ""
    return _Form(tuple(column_names(joined_header(header))), skip, delimiter, quote, escape, new_line)


def delimiter_of(line: str) -> str:
    """The delimiter of a line of names: the sign that stands there most often outside quotes."""
    return max(",;\t|", key=re.sub(r'"[^"]*"', "", line).count)


def _options(delimiter: str, file: FileSource, *, strict: bool = False) -> Any:
    quote = '"' if file.quote is None else file.quote
    said: dict[str, Any] = {"delimiter": delimiter, "strict": strict}
    if not quote:
        return said | {"quoting": csv.QUOTE_NONE}
    said["quotechar"] = quote
    if file.escape and file.escape != quote:
        said |= {"escapechar": file.escape, "doublequote": False}
    return said


def _check_start(name: str, path: str, file: FileSource, where: str) -> None:
    """Whether the first bytes of a file are UTF-8; the rest is looked at where the engine refuses it."""
    with opened_bytes(path, {}) as content:
        start = content.read(_CHUNK)
    if 0.3 * len(start[:200]) < start[:200].count(0) < 0.7 * len(start[:200]):
        order = "le" if start[1::2].count(0) > start[::2].count(0) else "be"
        problem = (
            f"the file is UTF-16 text, or none; say so with 'encoding: utf-16-{order}' (files.{name}: {{path: {file.path},"
            f" encoding: utf-16-{order}}}), or save it as UTF-8"
        )
        raise SourceError(name, problem, where=where)
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start <= len(start) - 4:
            raise SourceError(name, _NOT_UTF8.format(name=name, file=file.path), where=where) from None


# --- every row -------------------------------------------------------------------------------


def _agrees(connection: Backend, name: str, part: str, path: str, form: _Form, file: FileSource) -> bool:
    """Whether the engine reads as many rows as stand in a file; raises `SourceError` where the file is at fault."""
    where = place(part)
    try:
        found = connection.raw_sql(
            f"SELECT count(*) FROM ({form.query([path], with_file=False)})"
        ).fetchone()[0]
    except duckdb.Error:
        if "://" in path:
            raise
        if file.encoding is None and not is_utf8(Path(path)):
            raise SourceError(name, _NOT_UTF8.format(name=name, file=file.path), where=where) from None
        _check_lines(name, path, form, file, where)
        return False
    if "://" in path:
        return True  # which would be to fetch it twice
    if found == _count_fast(path, form):
        return True
    # a quote within a cell without quotes: only a parser of its own can tell
    _check_lines(name, path, form, file, where)
    return bool(found == sum(1 for _ in _rows(path, form, file)))


def _count_fast(path: str, form: _Form) -> int:
    """The rows of a file, by its quotes and ends of lines alone."""
    quote = ord(form.quote) if form.quote else -1
    end = 13 if form.new_line == r"\r" else 10
    rows, inside, length, last = 0, 0, 0, -1
    blank = 0
    with opened_bytes(path, {}) as content:
        if content.read(3) != b"\xef\xbb\xbf":
            content.seek(0)
        while chunk := content.read(_CHUNK):
            bytes_ = np.frombuffer(chunk, dtype=np.uint8)
            ends = np.flatnonzero(bytes_ == end)
            if inside or (quote >= 0 and form.quote.encode() in chunk):
                parity = np.cumsum(bytes_ == quote, dtype=np.uint8) & 1 ^ inside
                ends = ends[parity[ends] == 0]
                inside = int(parity[-1])
            if not len(ends):
                length += len(chunk)
                last = int(bytes_[-1])
                continue
            starts = np.concatenate(([-length - 1], ends[:-1]))
            lengths = ends - starts - 1
            before = np.where(ends > 0, bytes_[np.maximum(ends - 1, 0)], last)
            lengths = lengths - ((before == 13) & (lengths > 0))
            blank += int((lengths == 0).sum())
            rows += len(ends)
            length = len(chunk) - int(ends[-1]) - 1
            last = int(bytes_[-1])
    rows += bool(length)
    # of a file with one column, an empty line is a row without a value; before the rows they are skipped, too
    with _lines(path, FileSource(path=path)) as lines:
        head = list(itertools.islice(csv.reader(lines, **_options(form.delimiter, _quoted(form))), form.skip))
    if len(form.names) == 1:
        return rows - len(head)
    return rows - blank - sum(1 for row in head if row)


def _quoted(form: _Form) -> FileSource:
    return FileSource(path="-", quote=form.quote, escape=form.escape or None)


def _rows(path: str, form: _Form, file: FileSource) -> Iterator[list[str]]:
    """The rows of a file as another parser reads them; those without a cell are none."""
    with _lines(path, file) as lines:
        rows = csv.reader(lines, **_options(form.delimiter, file))
        for row in itertools.islice(rows, form.skip, None):
            if row or len(form.names) == 1:
                yield row


def _rewritten(path: str, form: _Form, file: FileSource, copy: Path) -> _Form:
    """Writes a file anew in the plainest form; gives that form."""
    with copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow(form.names)
        writer.writerows(row + [""] * (len(form.names) - len(row)) for row in _rows(path, form, file))
    return _Form(form.names, 1, ",", '"', '"', r"\n")


def _check_lines(name: str, path: str, form: _Form, file: FileSource, where: str) -> None:
    """Names the first line that has not as many cells as there are names, or an ill-written quote.

    After an empty line, the last ones may have a single cell: reports write below their rows what they are.
    """
    below: SourceError | None = None
    parted = False
    with _lines(path, file) as lines:
        rows = csv.reader(lines, **_options(form.delimiter, file, strict=True))
        before = 0
        try:
            for i, row in enumerate(rows):
                first, last, before = before + 1, rows.line_num, rows.line_num
                if i < form.skip or not row or len(row) == len(form.names):
                    parted = parted or (i >= form.skip and not row)
                    if row and below is not None:
                        raise below
                    continue
                if len(row) > len(form.names) and not any(cell.strip() for cell in row[len(form.names) :]):
                    continue
                cells = (
                    f"has {len(row)} cells, the line of the names has {len(form.names)};"
                    " mend it (a value with a comma needs quotes around it)"
                )
                problem = (
                    f"line {first}, which begins with '{row[0][:40]}', {_UNCLOSED if last > first else cells}"
                )
                below = below or SourceError(name, problem, where=where)
                if not parted or len(row) > 1:
                    raise below
        except csv.Error as error:
            said = _ILL_QUOTED if "expected after" in str(error) else _UNCLOSED
            raise SourceError(name, f"line {before + 1} {said}", where=where) from None


# --- types -------------------------------------------------------------------------------------

_PLAIN = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_CLOCK = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"
#: type -> whether a text is plainly of it, so that its text can be had back
_IS = {
    "BOOLEAN": "lower($c) IN ('true', 'false')",
    "BIGINT": "coalesce(TRY_CAST($c AS BIGINT)::VARCHAR = $c, CASE WHEN $c IS NOT NULL THEN false END)",
    "DOUBLE": f"regexp_matches($c, '{_PLAIN}') AND length(replace(replace($c, '-', ''), '.', '')) <= 15",
    "DATE": "coalesce(TRY_CAST($c AS DATE)::VARCHAR = $c, CASE WHEN $c IS NOT NULL THEN false END)",
    "TIMESTAMP": f"regexp_matches($c, '{_CLOCK}') AND TRY_CAST($c AS TIMESTAMP) IS NOT NULL",
}
#: more that is asked of all the values of a column: numbers of which some have a fraction, or all are written with as
#: many digits after the point (an id that a spreadsheet wrote as 123.0 beside 123 is none), and not all of those with a
#: point have three of them (1.200 may be more than a thousand)
_NUMBERS = (
    "coalesce(bool_or(regexp_matches($c, '\\.[0-9]*[1-9]')) OR count(DISTINCT length(split_part($c, '.', 2))) = 1, true)"
    " AND coalesce(NOT bool_or(regexp_matches($c, '^-?[1-9][0-9]{0,2}\\.[0-9]{3}$'))"
    " OR bool_or(regexp_matches($c, '^-?(0\\.|[0-9]{4,}\\.|[0-9]+\\.([0-9]{1,2}|[0-9]{4,})$)')), true)"
)


def plain_types(connection: Backend, view: str) -> dict[str, str]:
    """The columns of a view of texts that hold plainly something else: their types in DuckDB.

    A column is BIGINT, DOUBLE, DATE, TIMESTAMP or BOOLEAN if all its values are written as one, and its text, as a key
    say, does not change by it: no zeros before a number, no more than 15 digits of one with a point.
    """
    names = [row[0] for row in connection.raw_sql(f'DESCRIBE "{escaped(view)}"').fetchall()]
    found: dict[str, list[str]] = {name: list(_IS) for name in names if name != "source_file"}
    for whole in (False, True):  # the first rows leave few types to hold all rows against
        part = f'"{escaped(view)}"' if whole else f'(FROM "{escaped(view)}" LIMIT {_HEAD})'
        asked = [(n, t) for n, types in found.items() for t in types]
        if not asked:
            return {}
        wanted = ", ".join(_asked(n, t, whole=whole) for n, t in asked)
        answers = connection.raw_sql(f"SELECT {wanted} FROM {part}").fetchone()
        held = [pair for pair, answer in zip(asked, answers, strict=True) if answer]
        found = {name: [t for n, t in held if n == name] for name in found}
    return {name: types[0] for name, types in found.items() if types}


def _asked(name: str, type_: str, *, whole: bool) -> str:
    column = f'"{escaped(name)}"'
    text = f"coalesce(bool_and({_IS[type_]}), {str(not whole).lower()})"
    return (
        f"{text} AND {_NUMBERS}".replace("$c", column)
        if whole and type_ == "DOUBLE"
        else text.replace("$c", column)
    )

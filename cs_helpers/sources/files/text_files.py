"""Text files (CSV and similar): every column is read as text, and every row is counted.

DuckDB's reader gets all options (delimiter, quotes, no comments, no null strings), so that it guesses nothing, and the
rows of each file are counted independently of it.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from ibis.backends.duckdb import Backend

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.encodings import is_utf8, utf8_copy
from cs_helpers.sources.files.headers import column_names, join_header
from cs_helpers.sources.files.streams import display_path, open_bytes
from cs_helpers.sources.mapping import FileSource
from cs_helpers.sources.sql_quoting import quote_identifier, sql_text

_NOT_UTF8 = (
    "the file is not UTF-8 text; if Excel in Japan wrote it, say so with 'encoding: cp932'"
    " (files.{name}: {{path: {file}, encoding: cp932}}), or save it as UTF-8 (in Excel: 'CSV UTF-8')"
)
_UNCLOSED = 'opens a quote (") that does not end in it; close it or take it out'
_ILL_QUOTED = (
    'has a quote (") inside a cell in quotes; write it twice (""), or say how the file writes it:'
    " 'escape: \"\\\\\"' where a \\ stands before it, 'quote: \"\"' where quotes are letters like others"
)
#: bytes that are read at a time
_CHUNK = 1 << 22


@dataclass(frozen=True)
class TextForm:
    """How one file is written: its columns, the number of records before its first row, and its special characters."""

    names: tuple[str, ...]
    skip: int
    delimiter: str
    quote: str
    escape: str
    new_line: str

    def query(self, paths: Sequence[str], *, with_file: bool) -> str:
        """The SQL that reads files of this form; every column is text."""
        columns = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in self.names)
        filename_option = ", filename='source_file'" if with_file else ""
        return (
            f"SELECT * FROM read_csv([{', '.join(map(sql_text, paths))}], auto_detect=false, header=false,"
            f" skip={self.skip}, columns={{{columns}}}, delim={sql_text(self.delimiter)},"
            f" quote={sql_text(self.quote)}, escape={sql_text(self.escape)}, new_line='{self.new_line}', comment='',"
            f" nullstr='', strict_mode=true{filename_option})"
        )


def create_text_view(
    connection: Backend,
    view: str,
    name: str,
    path: str,
    paths: Sequence[str],
    file: FileSource,
    scratch: Path,
) -> None:
    """Create a view of a text file, or of the files `paths` of the pattern `path`, with every column as text.

    Columns are named by the header (`headers.column_names`). The files of a pattern may have different columns, and
    get `source_file`, their path, as an additional one. An empty cell is null. Raises `SourceError` where a file
    cannot be read completely.
    """
    with_file = len(paths) > 1 or paths[0] != path
    read_paths = {
        file_path: utf8_copy(name, file_path, file, scratch, i) for i, file_path in enumerate(paths)
    }
    forms = {file_path: _detect_form(name, file_path, read_paths[file_path], file) for file_path in paths}
    groups: dict[TextForm, list[str]] = {}
    for i, file_path in enumerate(paths):
        if not _engine_agrees(connection, name, file_path, read_paths[file_path], forms[file_path], file):
            # a valid file that only DuckDB cannot read, such as one with mixed line ends
            copy = scratch / f"plain-{name}-{i}.csv"
            forms[file_path] = _rewrite(read_paths[file_path], forms[file_path], file, copy)
            read_paths[file_path] = str(copy)
        groups.setdefault(forms[file_path], []).append(read_paths[file_path])
    queries = [form.query(paths, with_file=with_file) for form, paths in groups.items()]
    connection.raw_sql(
        f"CREATE OR REPLACE VIEW {quote_identifier(view)} AS {' UNION ALL BY NAME '.join(queries)}"
    ).fetchall()


# --- the header --------------------------------------------------------------------------------


@contextmanager
def _open_lines(path: str, file: FileSource) -> Iterator[Iterator[str]]:
    with (
        open_bytes(path, file.options) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as content,
    ):
        yield iter(content)


def _detect_form(name: str, original: str, path: str, file: FileSource) -> TextForm:
    """Detect how a file is written by its first lines; raises `SourceError` where it has no header."""
    where = display_path(original)
    if "://" not in path and file.encoding is None:
        _check_start(name, path, file, where)
    lines_above: list[str] = []
    header_line = declared_delimiter = None
    with _open_lines(path, file) as lines:
        for line in lines:
            # Excel's convention: a first line `sep=;` declares the delimiter
            sep_line = (
                re.fullmatch(r"sep=(.)\r?\n?", line) if not lines_above and file.header_row == 1 else None
            )
            declared_delimiter = sep_line[1] if sep_line else declared_delimiter
            if sep_line is None and len(lines_above) >= file.header_row - 1 and line.strip():
                header_line = line
                break
            lines_above.append(line)
        if header_line is None:
            suffix = f" after line {file.header_row - 1}; check 'header_row'" if file.header_row > 1 else ""
            raise SourceError(name, f"the file holds no line{suffix}", where=where)
        delimiter = file.delimiter or declared_delimiter or delimiter_of(header_line)
        options = _csv_options(delimiter, file)
        try:
            header = list(
                itertools.islice(
                    csv.reader(itertools.chain([header_line], lines), **options), file.header_rows
                )
            )
        except csv.Error:
            raise SourceError(name, f"line {len(lines_above) + 1} {_UNCLOSED}", where=where) from None
    skip = sum(1 for _ in csv.reader(lines_above, **options)) + len(header)
    new_line = r"\r\n" if header_line.endswith("\r\n") else r"\r" if header_line.endswith("\r") else r"\n"
    quote = '"' if file.quote is None else file.quote
    escape = (file.escape or quote) if quote else ""
    return TextForm(tuple(column_names(join_header(header))), skip, delimiter, quote, escape, new_line)


def delimiter_of(line: str) -> str:
    """The delimiter of a header line: the candidate that occurs most often outside quotes."""
    return max(",;\t|", key=re.sub(r'"[^"]*"', "", line).count)


def _csv_options(delimiter: str, file: FileSource, *, strict: bool = False) -> Any:
    quote = '"' if file.quote is None else file.quote
    options: dict[str, Any] = {"delimiter": delimiter, "strict": strict}
    if not quote:
        return options | {"quoting": csv.QUOTE_NONE}
    options["quotechar"] = quote
    if file.escape and file.escape != quote:
        options |= {"escapechar": file.escape, "doublequote": False}
    return options


def _check_start(name: str, path: str, file: FileSource, where: str) -> None:
    """Raise `SourceError` where the first bytes of a file are not UTF-8; the rest is checked where DuckDB fails."""
    with open_bytes(path, {}) as content:
        start = content.read(_CHUNK)
    if 0.3 * len(start[:200]) < start[:200].count(0) < 0.7 * len(start[:200]):
        byte_order = "le" if start[1::2].count(0) > start[::2].count(0) else "be"
        problem = (
            f"the file is UTF-16 text, or none; say so with 'encoding: utf-16-{byte_order}' (files.{name}: {{path: {file.path},"
            f" encoding: utf-16-{byte_order}}}), or save it as UTF-8"
        )
        raise SourceError(name, problem, where=where)
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start <= len(start) - 4:
            raise SourceError(name, _NOT_UTF8.format(name=name, file=file.path), where=where) from None


# --- counting rows -----------------------------------------------------------------------------


def _engine_agrees(
    connection: Backend, name: str, original: str, path: str, form: TextForm, file: FileSource
) -> bool:
    """Whether DuckDB reads as many rows as the file has; raises `SourceError` where the file is malformed."""
    where = display_path(original)
    try:
        row_count = connection.raw_sql(
            f"SELECT count(*) FROM ({form.query([path], with_file=False)})"
        ).fetchone()[0]
    except duckdb.Error:
        if "://" in path:
            raise
        if file.encoding is None and not is_utf8(Path(path)):
            raise SourceError(name, _NOT_UTF8.format(name=name, file=file.path), where=where) from None
        _check_cells(name, path, form, file, where)
        return False
    if "://" in path:
        return True  # counting would download the file a second time
    if row_count == _count_rows_fast(path, form):
        return True
    # a quote inside an unquoted cell misleads the fast count, so that a parser has to decide
    _check_cells(name, path, form, file, where)
    return bool(row_count == sum(1 for _ in _parsed_rows(path, form, file)))


def _count_rows_fast(path: str, form: TextForm) -> int:
    """Count the rows of a file by its quotes and line ends alone."""
    quote = ord(form.quote) if form.quote else -1
    line_end = 13 if form.new_line == r"\r" else 10
    rows, in_quotes, partial_length, last_byte = 0, 0, 0, -1
    blank_lines = 0
    with open_bytes(path, {}) as content:
        if content.read(3) != b"\xef\xbb\xbf":
            content.seek(0)
        while chunk := content.read(_CHUNK):
            bytes_ = np.frombuffer(chunk, dtype=np.uint8)
            line_ends = np.flatnonzero(bytes_ == line_end)
            if in_quotes or (quote >= 0 and form.quote.encode() in chunk):
                quote_parity = np.cumsum(bytes_ == quote, dtype=np.uint8) & 1 ^ in_quotes
                line_ends = line_ends[quote_parity[line_ends] == 0]
                in_quotes = int(quote_parity[-1])
            if not len(line_ends):
                partial_length += len(chunk)
                last_byte = int(bytes_[-1])
                continue
            starts = np.concatenate(([-partial_length - 1], line_ends[:-1]))
            lengths = line_ends - starts - 1
            preceding = np.where(line_ends > 0, bytes_[np.maximum(line_ends - 1, 0)], last_byte)
            lengths = lengths - ((preceding == 13) & (lengths > 0))
            blank_lines += int((lengths == 0).sum())
            rows += len(line_ends)
            partial_length = len(chunk) - int(line_ends[-1]) - 1
            last_byte = int(bytes_[-1])
    rows += bool(partial_length)
    # in a file with one column an empty line is a row without a value; empty lines above the rows do not count
    with _open_lines(path, FileSource(path=path)) as lines:
        head = list(
            itertools.islice(csv.reader(lines, **_csv_options(form.delimiter, _file_source(form))), form.skip)
        )
    if len(form.names) == 1:
        return rows - len(head)
    return rows - blank_lines - sum(1 for row in head if row)


def _file_source(form: TextForm) -> FileSource:
    return FileSource(path="-", quote=form.quote, escape=form.escape or None)


def _parsed_rows(path: str, form: TextForm, file: FileSource) -> Iterator[list[str]]:
    """The rows of a file as Python's parser reads them, without empty lines."""
    with _open_lines(path, file) as lines:
        rows = csv.reader(lines, **_csv_options(form.delimiter, file))
        for row in itertools.islice(rows, form.skip, None):
            if row or len(form.names) == 1:
                yield row


def _rewrite(path: str, form: TextForm, file: FileSource, copy: Path) -> TextForm:
    """Write a copy of a file in the simplest form, and return that form."""
    with copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow(form.names)
        writer.writerows(row + [""] * (len(form.names) - len(row)) for row in _parsed_rows(path, form, file))
    return TextForm(form.names, 1, ",", '"', '"', r"\n")


def _check_cells(name: str, path: str, form: TextForm, file: FileSource, where: str) -> None:
    """Raise `SourceError` for the first line with a wrong number of cells or a malformed quote.

    After an empty line the last lines may have a single cell: that is the footer of a report.
    """
    footer_error: SourceError | None = None
    after_blank = False
    with _open_lines(path, file) as lines:
        rows = csv.reader(lines, **_csv_options(form.delimiter, file, strict=True))
        previous_line = 0
        try:
            for i, row in enumerate(rows):
                first_line, last_line, previous_line = previous_line + 1, rows.line_num, rows.line_num
                if i < form.skip or not row or len(row) == len(form.names):
                    after_blank = after_blank or (i >= form.skip and not row)
                    if row and footer_error is not None:
                        raise footer_error
                    continue
                if len(row) > len(form.names) and not any(cell.strip() for cell in row[len(form.names) :]):
                    continue
                cell_problem = (
                    f"has {len(row)} cells, the line of the names has {len(form.names)};"
                    " mend it (a value with a comma needs quotes around it)"
                )
                problem = f"line {first_line}, which begins with '{row[0][:40]}', {_UNCLOSED if last_line > first_line else cell_problem}"
                footer_error = footer_error or SourceError(name, problem, where=where)
                if not after_blank or len(row) > 1:
                    raise footer_error
        except csv.Error as error:
            quote_problem = _ILL_QUOTED if "expected after" in str(error) else _UNCLOSED
            raise SourceError(name, f"line {previous_line + 1} {quote_problem}", where=where) from None

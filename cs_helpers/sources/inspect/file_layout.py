"""The layout of files, detected: their encoding, header lines, and the sheets or members that hold tables."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cs_helpers.sources.files import file_types
from cs_helpers.sources.files.archives import readable_members
from cs_helpers.sources.files.encodings import detect_encoding
from cs_helpers.sources.files.file_types import extension
from cs_helpers.sources.files.streams import open_bytes
from cs_helpers.sources.files.text_files import delimiter_of
from cs_helpers.sources.inspect.names import is_synonym
from cs_helpers.sources.inspect.value_forms import ISO_DATE, PLAIN_NUMBER
from cs_helpers.sources.mapping import FileSource

#: lines in which a header is searched; the least share of a table's columns that its header fills
_HEAD_LINES, _FILLED_SHARE = 60, 0.6


@dataclass(frozen=True)
class FileTable:
    """A table in a file, as the sources file describes it. hidden: on a sheet that Excel does not show."""

    file: FileSource
    hidden: bool = False


def tables_in(path: str) -> list[FileTable]:
    """The tables of a file: one, or one for each sheet of a workbook with rows, or for each file of an archive."""
    type_ = extension(path.lower())
    if type_ == "zip":
        members: list[str] = []
        with contextlib.suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            members = readable_members(archive)
        if len(members) > 1:
            return [FileTable(_file_source(path, member=member)) for member in members]
        return [FileTable(_file_source(path))]  # the sources file need not name the only member
    if type_ in file_types.WORKBOOK:
        return _sheet_tables(path)
    if type_ in file_types.TEXT and not any(c in path for c in "*?["):
        encoding = detect_encoding(Path(path))
        return [FileTable(_file_source(path, encoding=encoding, **_text_layout(path, encoding)))]
    return [FileTable(_file_source(path))]


def _file_source(path: str, **options: Any) -> FileSource:
    return FileSource.model_validate({"path": path} | {k: v for k, v in options.items() if v is not None})


# --- text --------------------------------------------------------------------------------------


def _text_layout(path: str, encoding: str | None) -> dict[str, Any]:
    """`header_row`, `header_rows` and `delimiter` of a text file, where they differ from the defaults."""
    try:
        with open_bytes(path, {}) as content:
            text = io.TextIOWrapper(content, encoding=encoding or "utf-8-sig", errors="replace", newline="")
            lines = list(itertools.islice(text, _HEAD_LINES))
    except (OSError, EOFError, zlib.error, UnicodeError):
        return {}
    best: tuple[int, int, str, list[tuple[int, list[str]]]] = (0, 0, "", [])
    for delimiter in ",;\t|":
        reader = csv.reader(lines, delimiter=delimiter)
        rows, before = [], 0
        with contextlib.suppress(csv.Error):
            for row in reader:
                rows.append((before, row))
                before = reader.line_num
        widths = [len(row) for _, row in rows if len(row) > 1]
        usual = max(set(widths), key=widths.count) if widths else 0
        score = (widths.count(usual) * (usual > 1), usual, delimiter, rows)
        if score[:2] > best[:2]:
            best = score
    _, _, delimiter, rows = best
    if not rows:
        return {}
    layout: dict[str, Any] = _header_lines([row for _, row in rows])
    if "header_row" in layout:  # a record may span several lines
        layout["header_row"] = rows[layout["header_row"] - 1][0] + 1
    header_line = lines[layout.get("header_row", 1) - 1] if layout.get("header_row", 1) <= len(lines) else ""
    return layout if delimiter_of(header_line) == delimiter else layout | {"delimiter": delimiter}


# --- workbooks ---------------------------------------------------------------------------------


def _sheet_tables(path: str) -> list[FileTable]:
    """One table for each sheet with rows, visible ones first."""
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    tables: list[tuple[str, bool, dict[str, Any]]] = []
    # a broken workbook raises many types of errors here; opening it later gives the message
    with (
        contextlib.suppress(Exception),
        open_bytes(path, {}) as content,
        CalamineWorkbook.from_filelike(io.BytesIO(content.read())) as book,
    ):
        visible = [s for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
        for sheet in [*visible, *(s for s in book.sheets_metadata if s not in visible)]:
            cells = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False, nrows=_HEAD_LINES)
            rows = [[str(cell).strip() for cell in row] for row in cells]
            if sum(any(row) for row in rows) > 1 and any(sum(map(bool, row)) > 1 for row in rows):
                tables.append((sheet.name, sheet not in visible, _header_lines(rows)))
        only_sheet = len(tables) == 1 and len(book.sheets_metadata) == 1
    if not tables:
        return [FileTable(_file_source(path))]
    return [
        FileTable(_file_source(path, sheet=None if only_sheet else name, **header), hidden)
        for name, hidden, header in tables
    ]


# --- header lines ------------------------------------------------------------------------------


def _header_lines(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """`header_row` (from 1) and `header_rows`, where the header is not just the first row."""
    counts = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = median([count for count in counts if count > 1] or [0])
    header = next(
        (i for i, n in enumerate(counts) if n > 1 and n >= _FILLED_SHARE * usual and _can_be_names(rows[i])),
        None,
    )
    if header is None:
        return {}
    above = next((i for i in range(header - 1, -1, -1) if counts[i]), None)
    if above == header - 1 and above is not None and _is_group_row(rows[above], rows[header]):
        return {"header_row": above + 1, "header_rows": 2} if above else {"header_rows": 2}
    if header + 1 < len(rows) and _is_second_header(rows[header], rows[header + 1]):
        return {"header_row": header + 1, "header_rows": 2} if header else {"header_rows": 2}
    return {"header_row": header + 1} if header and any(counts[:header]) else {}


def _can_be_names(row: Sequence[str]) -> bool:
    """Whether a row can consist of column names: no cell is a number or a date."""
    cells = [unicodedata.normalize("NFKC", cell).strip() for cell in row if cell.strip()]
    return bool(cells) and not any(PLAIN_NUMBER.fullmatch(c) or ISO_DATE.fullmatch(c) for c in cells)


def _is_group_row(row: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row above the column names names groups of columns, as merged cells do."""
    filled = [i for i, cell in enumerate(row) if cell.strip()]
    width = max((i for i, cell in enumerate(names) if cell.strip()), default=0) + 1
    return 1 < len(filled) < width and _can_be_names(row) and filled[0] <= 1 and filled[-1] >= width / 2


def _is_second_header(names: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the row below the column names holds names, too, such as those of another language."""
    cells = [cell for cell in below if cell.strip()]
    synonyms = sum(is_synonym(cell) for cell in cells)
    return (
        len(cells) > 1
        and _can_be_names(below)
        and synonyms >= max(2, len(cells) / 2)
        and any(map(is_synonym, names))
    )

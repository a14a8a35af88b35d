"""Cells of the sheets (.xlsx) that people fill in: texts go in and come back as they are, and a file is opened with care."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.archive import MAX_BYTES, report_unreadable
from cs_helpers.exchange.qdpx import normalize_line_ends

#: the name of the hidden sheet: what the file was made from as JSON in A1, and below it the values of the choice lists
ABOUT_SHEET = "cs-workbook"
_MAX_TEXT = 16_000
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile("_x(?=[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def visible_text(text: str) -> str:
    """A text as a cell can show it: characters that Excel forbids are replaced, and long texts are cut off."""
    plain = _FORBIDDEN.sub("\ufffd", normalize_line_ends(text))
    return plain if len(plain) <= _MAX_TEXT else plain[:_MAX_TEXT] + "…"


def escape(text: str) -> str:
    """A text as a cell stores it, with escapes like `_x0041_` (which Excel reads as A) escaped."""
    return _ESCAPE.sub("_x005F_x", visible_text(text))


def unescape(text: str) -> str:
    """The text that a cell shows, from the text that it stores."""
    return visible_text(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text))


def strip_lines(text: str) -> str:
    """A text for comparisons: stripped line by line, as spreadsheets change blanks at the ends of lines."""
    return "\n".join(line.strip() for line in text.splitlines()).strip()


def write_cell(cell: Any, value: object) -> Any:
    """Write a value into a cell; a text is never turned into a number, date or formula."""
    if isinstance(value, str):
        cell.value = None
        cell._value, cell.data_type = escape(value), "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd"
    return cell


def write_header(sheet: Any, headings: Iterable[str], widths: Iterable[int]) -> None:
    """Write the headings of a sheet in bold, each with the width of its column."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for place, (name, width) in enumerate(zip(headings, widths, strict=True), 1):
        write_cell(sheet.cell(1, place), name).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A2"


def write_guide(sheet: Any, title: str, sentences: Iterable[str]) -> None:
    """Write a sheet that says how to fill in another one, a sentence a row."""
    from openpyxl.styles import Alignment

    write_header(sheet, [title], [100])
    for number, sentence in enumerate(sentences, 2):
        write_cell(sheet.cell(number, 1), sentence).alignment = Alignment(wrap_text=True, vertical="top")


def protect(sheet: Any, *allowed: str) -> None:
    """Protect a sheet without a password, to prevent mistakes only. allowed: further actions that stay possible."""
    sheet.protection.sheet = True
    for action in ("formatColumns", "formatRows", "formatCells", *allowed):
        setattr(sheet.protection, action, False)


def open_workbook(file: Path, name: str) -> Any:
    """The workbook in a file. name: of the file in messages. Raises `ExchangeError` where it cannot be read."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    # raised by openpyxl for damaged files
    unreadable = (
        ValueError,
        TypeError,
        KeyError,
        SyntaxError,
        IndexError,
        AttributeError,
        InvalidFileException,
    )
    with report_unreadable(name, "the file is not an Excel workbook; save it again as .xlsx", *unreadable):
        with zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise ExchangeError(name, "unpacked it is larger than a sheet of codings can be")
        return load_workbook(file, data_only=True)


def cell_text(value: Any) -> str | None:
    """The stripped text that a cell shows; `None` for an empty one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    text = value.isoformat() if isinstance(value, date) else str(value)
    return unescape(text).strip() or None

"""Workbooks of Excel and LibreOffice as tables."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa

from cs_helpers.errors import SourceError, did_you_mean
from cs_helpers.sources.files.file_types import COMPOUND_FILE, DESCRIPTIONS, sniff_type
from cs_helpers.sources.files.headers import column_names, join_header
from cs_helpers.sources.files.typed_cells import to_arrow, to_text
from cs_helpers.sources.mapping import FileSource

_NOT_A_WORKBOOK = "the file is not an Excel workbook; save it again as .xlsx or as CSV"
_ENCRYPTED_PROBLEM = (
    "the workbook is encrypted with a password; open it in Excel, take the password away (File, Info, Protect"
    " Workbook) and save it again"
)
#: the stream of an encrypted workbook, as its name is stored in the compound file
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. hidden: whether Excel does not show it."""

    name: str
    hidden: bool = False


def workbook_table(name: str, content: BinaryIO, kind: str, file: FileSource, where: str) -> pa.Table:
    """Read a sheet of a workbook, without its empty rows.

    Without `file.sheet` it is the first visible sheet. Raises `SourceError` where the workbook cannot be read, or
    where another sheet has the same columns, so that it is not known which one is meant.
    """
    with _open_workbook(content, kind, name, where) as book:
        sheet = _select_sheet(name, book, file, where)
        rows = book.rows(sheet)
        head = list(itertools.islice(rows, file.header_row - 1 + file.header_rows))[file.header_row - 1 :]
        if not head:
            count = sum(1 for _ in book.rows(sheet))
            raise SourceError(
                name,
                f"the sheet has {count} rows; check 'header_row', which says {file.header_row}",
                where=where,
            )
        body = [row for row in rows if not _is_empty(row)]
        book.check(sheet)
    header = join_header([["" if c is None else to_text(c) for c in row] for row in head])
    width = max((len(row) for row in [header, *body]), default=0)
    header += [""] * (width - len(header))
    columns = {
        c: [row[i] if i < len(row) else None for row in body] for i, c in enumerate(column_names(header))
    }
    # drop columns that have neither a name nor a value
    return to_arrow(
        {
            c: cells
            for (c, cells), column_name in zip(columns.items(), header, strict=True)
            if column_name or not _is_empty(cells)
        }
    )


def _is_empty(cells: Sequence[Any]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)


def _select_sheet(name: str, book: _Workbook, file: FileSource, where: str) -> str:
    names = [sheet.name for sheet in book.sheets]
    requested = file.sheet
    if isinstance(requested, str):
        if requested in names:
            return requested
        hint = did_you_mean(requested, names)
        raise SourceError(
            name, f"there is no sheet '{requested}'.{hint} There are: {', '.join(names)}", where=where
        )
    if requested is not None:
        if 0 <= requested < len(names):
            return names[requested]
        raise SourceError(
            name, f"there is no sheet {requested}; the first is 0. There are: {', '.join(names)}", where=where
        )
    first = next((sheet for sheet in book.sheets if not sheet.hidden), book.sheets[0])
    columns = _header(book, first.name, file)
    for other in book.sheets:
        if other is not first and columns and _header(book, other.name, file) == columns:
            hidden = " (hidden)" if other.hidden else ""
            raise SourceError(
                name,
                f"the sheets '{first.name}' and '{other.name}'{hidden} have the same columns; say which holds the rows:"
                f" {{path: {file.path}, sheet: {first.name}}}",
                where=where,
            )
    return first.name


def _header(book: _Workbook, sheet: str, file: FileSource) -> set[str]:
    at = file.header_row - 1
    head = list(itertools.islice(book.rows(sheet), at, at + file.header_rows))
    return {
        name for name in join_header([["" if c is None else to_text(c) for c in row] for row in head]) if name
    }


# --- the libraries -----------------------------------------------------------------------------


class _Workbook:
    """An open workbook; the subclasses wrap one library each."""

    sheets: list[Sheet]

    def rows(self, sheet: str) -> Iterator[Sequence[Any]]:
        """The cells of each row, from the first row of the sheet; None for an empty cell."""
        raise NotImplementedError

    def check(self, sheet: str) -> None:
        """Raise `SourceError` where the file lacks the value of a formula."""

    def __enter__(self) -> _Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the workbook."""


class _OpenXmlWorkbook(_Workbook):
    """.xlsx and .xlsm by openpyxl, which keeps error values such as #N/A."""

    def __init__(self, content: BinaryIO, name: str, where: str) -> None:
        from openpyxl import load_workbook  # takes a quarter of a second to import

        self._content, self._name, self._where = content, name, where
        self._book = load_workbook(content, read_only=True, data_only=True)
        worksheets = self._book.worksheets
        self.sheets = [Sheet(sheet.title, sheet.sheet_state != "visible") for sheet in worksheets]

    def rows(self, sheet: str) -> Iterator[Sequence[Any]]:
        worksheet = self._book[sheet]
        worksheet.reset_dimensions()  # some tools write dimensions that are too small
        yield from worksheet.iter_rows(values_only=True)

    def check(self, sheet: str) -> None:
        from openpyxl import load_workbook

        self._content.seek(0)
        with zipfile.ZipFile(self._content) as archive:
            parts = [p for p in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", p)]
            # a formula that was never calculated has no value in the file
            if not any(
                re.search(rb"</f></c>|<f/></c>|<v ?/></c>|<v></v></c>", archive.read(p)) for p in parts
            ):
                return
        self._content.seek(0)
        formulas = load_workbook(self._content, read_only=True)[sheet]
        formulas.reset_dimensions()
        for formula_row, row in zip(formulas.iter_rows(), self.rows(sheet), strict=False):
            for cell, value in zip(formula_row, row, strict=False):
                if value is None and isinstance(cell.value, str) and cell.value.startswith("="):
                    raise SourceError(
                        self._name,
                        f"cell {cell.coordinate} of sheet '{sheet}' holds a formula ({cell.value[:40]}) that was never"
                        " calculated; open the workbook in Excel and save it",
                        where=self._where,
                    )

    def __exit__(self, *_: object) -> None:
        self._book.close()


class _CalamineWorkbook(_Workbook):
    """.xls, .xlsb and .ods by calamine."""

    def __init__(self, content: BinaryIO) -> None:
        from python_calamine import CalamineWorkbook, SheetVisibleEnum

        self._book = CalamineWorkbook.from_filelike(content)
        self.sheets = [
            Sheet(sheet.name, sheet.visible != SheetVisibleEnum.Visible)
            for sheet in self._book.sheets_metadata
        ]

    def rows(self, sheet: str) -> Iterator[Sequence[Any]]:
        for row in self._book.get_sheet_by_name(sheet).to_python(skip_empty_area=False):
            yield [None if cell == "" else cell for cell in row]

    def __exit__(self, *_: object) -> None:
        self._book.close()


def _open_workbook(content: BinaryIO, kind: str, name: str, where: str) -> _Workbook:
    content = io.BytesIO(content.read())  # the libraries need a seekable stream
    start = content.getvalue()[:2000]
    if start.startswith(COMPOUND_FILE) and _ENCRYPTED_PART in content.getvalue():
        raise SourceError(name, _ENCRYPTED_PROBLEM, where=where)
    actual_type = sniff_type(start)
    if actual_type not in ("", "xlsx", "zip", "xls", "ods"):
        raise SourceError(
            name, f"the file is not an Excel workbook but {DESCRIPTIONS[actual_type]}", where=where
        )
    try:
        open_xml = kind in ("xlsx", "xlsm") or _is_open_xml(content)
        content.seek(0)
        if open_xml:
            return _OpenXmlWorkbook(content, name, where)
        return _CalamineWorkbook(content)
    except Exception as error:  # the libraries raise many types of errors for a broken workbook
        problem = _ENCRYPTED_PROBLEM if "assword" in str(error) else _NOT_A_WORKBOOK
        raise SourceError(name, problem, where=where) from None


def _is_open_xml(content: BinaryIO) -> bool:
    if not zipfile.is_zipfile(content):
        return False
    with zipfile.ZipFile(content) as archive:
        return "xl/workbook.xml" in archive.namelist()

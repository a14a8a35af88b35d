"""Workbooks of Excel and LibreOffice as tables: which sheet, what each cell is."""

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
from cs_helpers.sources.files.headers import column_names, joined_header
from cs_helpers.sources.files.typed_cells import as_arrow, as_text
from cs_helpers.sources.mapping import FileSource

KINDS = ("xlsx", "xlsm", "xls", "xlsb", "ods")
_NO_WORKBOOK = "the file is not an Excel workbook; save it again as .xlsx or as CSV"
_LOCKED = (
    "the workbook is encrypted with a password; open it in Excel, take the password away (File, Info, Protect"
    " Workbook) and save it again"
)
#: how the name of a part is written in a compound file, which an encrypted workbook is
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_COMPOUND = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook; hidden: whether Excel does not show it."""

    name: str
    hidden: bool = False


def sheets(content: BinaryIO, kind: str, name: str = "", where: str = "") -> list[Sheet]:
    """The sheets of a workbook in their order; raises `SourceError`."""
    with _opened(content, kind, name, where) as book:
        return book.sheets


def workbook_table(name: str, content: BinaryIO, kind: str, file: FileSource, where: str) -> pa.Table:
    """The rows of a sheet of a workbook; raises `SourceError`.

    Without `sheet`, it is the first that is not hidden; if another one has the same columns, a person has to say.
    Empty rows are none.
    """
    with _opened(content, kind, name, where) as book:
        sheet = _chosen(name, book, file, where)
        rows = book.rows(sheet)
        head = list(itertools.islice(rows, file.header_row - 1 + file.header_rows))[file.header_row - 1 :]
        if not head:
            count = sum(1 for _ in book.rows(sheet))
            raise SourceError(
                name,
                f"the sheet has {count} rows; check 'header_row', which says {file.header_row}",
                where=where,
            )
        body = [row for row in rows if not _empty(row)]
        book.check(sheet)
    header = joined_header([["" if c is None else as_text(c) for c in row] for row in head])
    width = max((len(row) for row in [header, *body]), default=0)
    header += [""] * (width - len(header))
    columns = {
        c: [row[i] if i < len(row) else None for row in body] for i, c in enumerate(column_names(header))
    }
    # a column without a name and without a cell is none
    return as_arrow(
        {
            c: cells
            for (c, cells), said in zip(columns.items(), header, strict=True)
            if said or not _empty(cells)
        }
    )


def _empty(cells: Sequence[Any]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)


def _chosen(name: str, book: _Book, file: FileSource, where: str) -> str:
    names = [sheet.name for sheet in book.sheets]
    said = file.sheet
    if isinstance(said, str):
        if said in names:
            return said
        hint = did_you_mean(said, names)
        raise SourceError(
            name, f"there is no sheet '{said}'.{hint} There are: {', '.join(names)}", where=where
        )
    if said is not None:
        if 0 <= said < len(names):
            return names[said]
        raise SourceError(
            name, f"there is no sheet {said}; the first is 0. There are: {', '.join(names)}", where=where
        )
    first = next((sheet for sheet in book.sheets if not sheet.hidden), book.sheets[0])
    mine = _header(book, first.name, file)
    for other in book.sheets:
        if other is not first and mine and _header(book, other.name, file) == mine:
            hidden = " (hidden)" if other.hidden else ""
            raise SourceError(
                name,
                f"the sheets '{first.name}' and '{other.name}'{hidden} have the same columns; say which holds the rows:"
                f" {{path: {file.path}, sheet: {first.name}}}",
                where=where,
            )
    return first.name


def _header(book: _Book, sheet: str, file: FileSource) -> set[str]:
    at = file.header_row - 1
    head = list(itertools.islice(book.rows(sheet), at, at + file.header_rows))
    return {
        name
        for name in joined_header([["" if c is None else as_text(c) for c in row] for row in head])
        if name
    }


# --- the libraries -----------------------------------------------------------------------------


class _Book:
    """An open workbook."""

    sheets: list[Sheet]

    def rows(self, sheet: str) -> Iterator[Sequence[Any]]:
        """The cells of each row from the first, None where there is nothing."""
        raise NotImplementedError

    def check(self, sheet: str) -> None:
        """Raises `SourceError` where a cell has a value that the file does not hold."""

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes what is open."""


class _OpenXml(_Book):
    """.xlsx and .xlsm by openpyxl, which keeps errors as #N/A in cells."""

    def __init__(self, content: BinaryIO, name: str, where: str) -> None:
        from openpyxl import load_workbook  # a quarter of a second, for Excel alone

        self._content, self._name, self._where = content, name, where
        self._book = load_workbook(content, read_only=True, data_only=True)
        shown = self._book.worksheets
        self.sheets = [Sheet(sheet.title, sheet.sheet_state != "visible") for sheet in shown]

    def rows(self, sheet: str) -> Iterator[Sequence[Any]]:
        found = self._book[sheet]
        found.reset_dimensions()  # some tools write too small ones
        yield from found.iter_rows(values_only=True)

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
        for written, row in zip(formulas.iter_rows(), self.rows(sheet), strict=False):
            for cell, value in zip(written, row, strict=False):
                if value is None and isinstance(cell.value, str) and cell.value.startswith("="):
                    raise SourceError(
                        self._name,
                        f"cell {cell.coordinate} of sheet '{sheet}' holds a formula ({cell.value[:40]}) that was never"
                        " calculated; open the workbook in Excel and save it",
                        where=self._where,
                    )

    def __exit__(self, *_: object) -> None:
        self._book.close()


class _OtherBook(_Book):
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


def _opened(content: BinaryIO, kind: str, name: str, where: str) -> _Book:
    content = io.BytesIO(content.read())  # the libraries go to and fro in it
    start = content.getvalue()[:2000]
    if start.startswith(_COMPOUND) and _ENCRYPTED in content.getvalue():
        raise SourceError(name, _LOCKED, where=where)
    other = what_it_is(start)
    if other not in ("", "xlsx", "zip", "xls", "ods"):
        raise SourceError(name, f"the file is not an Excel workbook but {DESCRIBED[other]}", where=where)
    try:
        open_xml = kind in ("xlsx", "xlsm") or _is_open_xml(content)
        content.seek(0)
        if open_xml:
            return _OpenXml(content, name, where)
        return _OtherBook(content)
    except Exception as error:  # a broken workbook raises what it likes
        problem = _LOCKED if "assword" in str(error) else _NO_WORKBOOK
        raise SourceError(name, problem, where=where) from None


def _is_open_xml(content: BinaryIO) -> bool:
    if not zipfile.is_zipfile(content):
        return False
    with zipfile.ZipFile(content) as archive:
        return "xl/workbook.xml" in archive.namelist()


#: what a file is by its first bytes, and what to do with it
DESCRIBED = {
    "xlsx": "an Excel workbook; give it the ending .xlsx, and say so in 'files'",
    "xls": "an old Excel workbook (.xls) or another document of Office; give it the ending .xls, and say so in 'files'",
    "ods": "a sheet of LibreOffice; give it the ending .ods, and say so in 'files'",
    "zip": "a zip archive; give it the ending .zip, and say so in 'files'",
    "gz": "compressed with gzip; give it an ending with .gz, and say so in 'files'",
    "parquet": "a Parquet file; give it the ending .parquet, and say so in 'files'",
    "html": "an HTML page, which some tools call .xls or .csv; open it in Excel and save it as .xlsx",
    "xml": "an XML file; open it in the program it is of and save it as .xlsx or as CSV",
    "pdf": "a PDF document; export the table as CSV or Excel",
    "sqlite": "a database of SQLite; export its table as CSV",
}
_SIGNS = (
    (b"\x1f\x8b", "gz"),
    (b"PAR1", "parquet"),
    (b"%PDF", "pdf"),
    (b"SQLite format 3", "sqlite"),
    (_COMPOUND, "xls"),
)


def what_it_is(start: bytes) -> str:
    """The kind of a file by its first bytes (a key of `DESCRIBED`); empty where it may be text."""
    if start.startswith(b"PK\x03\x04"):
        if b"mimetypeapplication/vnd.oasis" in start:
            return "ods"
        return (
            "xlsx" if b"[Content_Types].xml" in start or b"xl/" in start or b"docProps/" in start else "zip"
        )
    if found := next((kind for sign, kind in _SIGNS if start.startswith(sign)), ""):
        return found
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<style")):
        return "html"
    return "xml" if text.startswith((b"<?xml", b"<workbook")) else ""

"""What a file does not say of itself: its encoding, the lines of its names, the sheets that hold tables."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cs_helpers.sources.files.reading import opened_bytes
from cs_helpers.sources.files.text_files import delimiter_of
from cs_helpers.sources.inspect.names import known
from cs_helpers.sources.inspect.value_forms import ISO, NUMBER
from cs_helpers.sources.mapping import FileSource

TEXTS, BOOKS = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PARQUET, OTHERS = (".parquet", ".pq"), (".jsonl", ".ndjson", ".json", ".xes")
#: what is looked at as a table
FILES = (*TEXTS, *BOOKS, *PARQUET, *OTHERS, ".zip")
#: lines by which a header is found; the share of a table's cells that its header fills at least
_LOOKED, _FULL = 60, 0.6


@dataclass(frozen=True)
class Item:
    """A table in a file, as the sources file says it; hidden: on a sheet that Excel does not show."""

    file: FileSource
    hidden: bool = False


def suffix(name: str) -> str:
    """The ending of a file's name, without that of its compression."""
    return Path(name.lower().removesuffix(".gz")).suffix


def tables_in(path: str) -> list[Item]:
    """The tables of a file: one, of a workbook one for each sheet that holds any, of an archive one for each file."""
    if suffix(path) == ".zip":
        members: list[str] = []
        with contextlib.suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            inside = [info.filename for info in archive.infolist() if not info.is_dir()]
            members = [m for m in inside if suffix(m) in FILES and not m.startswith("__MACOSX/")]
        # a sources file need not say which, where there is one
        return [Item(_source(path, member=m)) for m in members] if len(members) > 1 else [Item(_source(path))]
    if suffix(path) in BOOKS:
        return _sheets(path)
    if suffix(path) in TEXTS and not any(c in path for c in "*?["):
        encoding = encoding_of(Path(path))
        return [Item(_source(path, encoding=encoding, **_text_header(path, encoding)))]
    return [Item(_source(path))]


def _source(path: str, **said: Any) -> FileSource:
    return FileSource.model_validate({"path": path} | {k: v for k, v in said.items() if v is not None})


# --- text --------------------------------------------------------------------------------------


def encoding_of(path: Path) -> str | None:
    """`utf-16`, `cp932` (Japanese) or `cp1252` (Western Europe), where a text file is that and not UTF-8."""
    with contextlib.suppress(OSError, EOFError, zlib.error):
        with opened_bytes(str(path), {}) as content:
            if content.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                return "utf-16"
        for encoding in ("utf-8", "cp932", "cp1252"):
            with contextlib.suppress(UnicodeError), opened_bytes(str(path), {}) as content:
                lines = io.TextIOWrapper(content, encoding=encoding)
                if encoding != "cp932" or _is_japanese(lines):
                    for _ in lines:
                        pass
                    return None if encoding == "utf-8" else encoding
    return None


def _is_japanese(lines: Iterator[str]) -> bool:
    """Whether what is read as Japanese is that: accented letters read so give rare signs."""
    other, japanese = 0, 0
    for line in lines:
        for c in line:
            if c > "\x7f":
                wide = "\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" or "\uff01" <= c <= "\uff5e"
                japanese += wide
                other += not wide and not "\uff61" <= c <= "\uff9f"
                other += "\ue000" <= c <= "\uf8ff"
    return japanese > 3 * other


def _text_header(path: str, encoding: str | None) -> dict[str, Any]:
    """`header_row`, `header_rows` and `delimiter` of a text file, where they are not what is taken without a word."""
    try:
        with opened_bytes(path, {}) as content:
            text = io.TextIOWrapper(content, encoding=encoding or "utf-8-sig", errors="replace", newline="")
            lines = list(itertools.islice(text, _LOOKED))
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
    said = _header([row for _, row in rows])
    if "header_row" in said:
        said["header_row"] = rows[said["header_row"] - 1][0] + 1
    top = lines[said.get("header_row", 1) - 1] if said.get("header_row", 1) <= len(lines) else ""
    return said if delimiter_of(top) == delimiter else said | {"delimiter": delimiter}


# --- workbooks ---------------------------------------------------------------------------------


def _sheets(path: str) -> list[Item]:
    """What the sources file says of a book: once for each sheet that has rows, those that are shown first."""
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    found: list[tuple[str, bool, dict[str, Any]]] = []
    # what is no workbook raises what it likes; opening it says so in a sentence
    with (
        contextlib.suppress(Exception),
        opened_bytes(path, {}) as content,
        CalamineWorkbook.from_filelike(io.BytesIO(content.read())) as book,
    ):
        shown = [s for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
        for sheet in [*shown, *(s for s in book.sheets_metadata if s not in shown)]:
            cells = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False, nrows=_LOOKED)
            rows = [[str(cell).strip() for cell in row] for row in cells]
            if sum(any(row) for row in rows) > 1 and any(sum(map(bool, row)) > 1 for row in rows):
                found.append((sheet.name, sheet not in shown, _header(rows)))
        one = len(found) == 1 and len(book.sheets_metadata) == 1
    if not found:
        return [Item(_source(path))]
    return [Item(_source(path, sheet=None if one else n, **said), hidden) for n, hidden, said in found]


# --- the lines of the names --------------------------------------------------------------------


def _header(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """`header_row` (from 1) and `header_rows`, where the first row is not the line of the names."""
    counts = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = median([count for count in counts if count > 1] or [0])
    at = next((i for i, n in enumerate(counts) if n > 1 and n >= _FULL * usual and _names(rows[i])), None)
    if at is None:
        return {}
    above = next((i for i in range(at - 1, -1, -1) if counts[i]), None)
    if above == at - 1 and above is not None and _above(rows[above], rows[at]):
        return {"header_row": above + 1, "header_rows": 2} if above else {"header_rows": 2}
    if at + 1 < len(rows) and _names_again(rows[at], rows[at + 1]):
        return {"header_row": at + 1, "header_rows": 2} if at else {"header_rows": 2}
    return {"header_row": at + 1} if at and any(counts[:at]) else {}


def _names(row: Sequence[str]) -> bool:
    """Whether a row can be one of names: no number, no date, hardly anything twice."""
    cells = [unicodedata.normalize("NFKC", cell).strip() for cell in row if cell.strip()]
    return bool(cells) and not any(NUMBER.fullmatch(c) or ISO.fullmatch(c) for c in cells)


def _above(row: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row holds names of groups of columns, as merged cells do, above the row of the names."""
    filled = [i for i, cell in enumerate(row) if cell.strip()]
    width = max((i for i, cell in enumerate(names) if cell.strip()), default=0) + 1
    return (
        len(filled) > 1 and len(filled) < width and _names(row) and filled[0] <= 1 and filled[-1] >= width / 2
    )


def _names_again(names: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row below that of the names holds names, too, as of another language."""
    cells = [cell for cell in below if cell.strip()]
    told = sum(known(cell) for cell in cells)
    return len(cells) > 1 and _names(below) and told >= max(2, len(cells) / 2) and any(map(known, names))

"""Writes a coding sheet (.xlsx): for one coder, a row for each of their readings and each note still to read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from cs_helpers.exchange.material import ATTRIBUTES, Material, records
from cs_helpers.exchange.qdpx import lines
from cs_helpers.exchange.words import ALLOWED, heading
from cs_helpers.text import Text

GIVEN = ("note_id", "company", "size", "held_on", "speaker", "evidence", "text")
#: the columns that a coder fills
FILLED = ("viewpoint", "polarity", "code", "why_level", "reason", "reason_status")
#: a hidden sheet: in A1 whose the sheet is, below it what the lists offer
ABOUT = "cs-workbook"
_WIDTHS = {"text": 70, "company": 24, "viewpoint": 24, "code": 26, "reason": 30, "reason_status": 22}
#: rows after the last one that have lists, for second readings
_SPARE = 500
_LONGEST = 16_000
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile("_x(?=[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class About:
    """Whose a sheet is, and what it was made from."""

    coder: str
    role: str | None
    product: str
    snapshot: str
    language: str


def visible(text: str) -> str:
    """A text as a cell can show it: what Excel forbids replaced, what is too long for a cell cut off."""
    plain = _FORBIDDEN.sub("\ufffd", lines(text))
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "…"


def escaped(text: str) -> str:
    """A text as a cell holds it: `_x0041_` would be read as A."""
    return _ESCAPE.sub("_x005F_x", visible(text))


def unescaped(text: str) -> str:
    """What a cell shows that holds a text."""
    return visible(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))


def sheet_bytes(material: Material, about: About) -> bytes:
    """The sheet of a coder as a file's content."""
    from openpyxl import Workbook  # a quarter of a second, for Excel alone

    text = Text(about.language)
    book = Workbook()
    sheet = book.active
    sheet.title = text("exchange.sheets.codings")
    rows = list(_rows(material, about, text))
    _write_codings(sheet, rows, text)
    themes = _write_themes(book.create_sheet(text("exchange.sheets.themes")), material, text)
    _write_guide(book.create_sheet(text("exchange.sheets.guide")), about, text)
    lists = _write_about(book.create_sheet(ABOUT), about, text)
    if themes:
        lists["code"] = f"'{text('exchange.sheets.themes')}'!$A$2:$A${themes + 1}"
    _offer(sheet, lists, len(rows) + 1 + _SPARE)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _rows(material: Material, about: About, text: Text) -> Iterable[dict[str, Any]]:
    read: dict[str, list[dict[str, Any]]] = {}
    for row in records(material.of_coder(about.coder, about.role).codings):
        read.setdefault(row["note_id"], []).append(row)
    companies = {a["account_id"]: a for a in records(material.accounts)}
    notes: dict[str, list[dict[str, Any]]] = {}
    for note in records(material.notes):
        notes.setdefault(note["interview_id"], []).append(note)
    for interview in records(material.interviews):
        company = companies.get(interview["account_id"], {})
        for note in notes.get(interview["interview_id"], ()):
            size = company.get("size")
            given = {
                **note,
                "company": company.get("name") or interview["account_id"],
                "size": text.label("size", size) if size else None,
                "held_on": interview["held_on"].date(),
                "evidence": text.label("evidence", note["evidence"]),
            }
            for reading in read.get(note["note_id"], [{}]):
                said = {c: text.label(c, reading[c]) for c in ("viewpoint", *ATTRIBUTES) if reading.get(c)}
                yield {**given, **said, "code": reading.get("code")}


def _write_codings(sheet: Any, rows: list[dict[str, Any]], text: Text) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter

    grey, top = PatternFill("solid", fgColor="EEEEEE"), Alignment(wrap_text=True, vertical="top")
    open_ = Protection(locked=False)
    for place, column in enumerate((*GIVEN, *FILLED), 1):
        head = _put(sheet.cell(1, place), heading(text, column))
        head.font, head.fill, head.alignment = Font(bold=True), PatternFill("solid", fgColor="D9E2EC"), top
        whole = sheet.column_dimensions[get_column_letter(place)]
        # cells that nobody wrote take after their column: the rows at the end are free to fill
        whole.width, whole.protection, whole.alignment = _WIDTHS.get(column, 14), open_, top
        for number, row in enumerate(rows, 2):
            cell = _put(sheet.cell(number, place), row.get(column))
            cell.alignment = top
            if column in FILLED:
                cell.protection = open_
            else:
                cell.fill = grey
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(GIVEN) + len(FILLED))}{len(rows) + 1}"
    sheet.protection.sheet = True  # without a password: against slips, not against people
    for allowed in ("formatColumns", "formatRows", "formatCells", "insertRows", "autoFilter", "sort"):
        setattr(sheet.protection, allowed, False)


def _put(cell: Any, value: object) -> Any:
    """Gives a cell a value; a text stays one, whatever it looks like."""
    if isinstance(value, str):
        cell.value = None
        cell._value, cell.data_type = escaped(value), "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value
        if value is not None:
            cell.number_format = "yyyy-mm-dd"
    return cell


def _write_themes(sheet: Any, material: Material, text: Text) -> int:
    """The themes that are used, with their viewpoints; says how many."""
    used = material.codings.dropna(subset=["code"])
    found: pd.Series = used.groupby("code")["viewpoint"].unique()
    _head(sheet, (heading(text, "code"), heading(text, "viewpoint")), (34, 60))
    for number, (code, viewpoints) in enumerate(found.items(), 2):
        named = [text.label("viewpoint", v) for v in ALLOWED["viewpoint"] if v in set(viewpoints)]
        _put(sheet.cell(number, 1), code)
        _put(sheet.cell(number, 2), text.join_list(named))
    return len(found)


def _head(sheet: Any, headings: Iterable[str], widths: Iterable[int]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for place, (name, width) in enumerate(zip(headings, widths, strict=True), 1):
        _put(sheet.cell(1, place), name).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A2"


def _write_guide(sheet: Any, about: About, text: Text) -> None:
    from openpyxl.styles import Alignment

    _head(sheet, [text("exchange.guide.title")], [100])
    names = {"codings": text("exchange.sheets.codings"), "themes": text("exchange.sheets.themes")}
    said = [text(f"exchange.guide.{key}", **names) for key in ("one", "choose", "theme", "again", "skip")]
    for number, sentence in enumerate([*said, text("exchange.guide.by", coder=about.coder)], 2):
        _put(sheet.cell(number, 1), sentence).alignment = Alignment(wrap_text=True, vertical="top")


def _write_about(sheet: Any, about: About, text: Text) -> dict[str, str]:
    """Whose the sheet is, and the lists; says where each list lies."""
    from openpyxl.utils import get_column_letter

    sheet.sheet_state = "hidden"
    _put(sheet.cell(1, 1), json.dumps(asdict(about)))
    lists = {}
    for place, column in enumerate(("viewpoint", *ATTRIBUTES), 1):
        values = ALLOWED[column]
        for number, value in enumerate(values, 2):
            _put(sheet.cell(number, place), text.label(column, value))
        letter = get_column_letter(place)
        lists[column] = f"'{ABOUT}'!${letter}$2:${letter}${len(values) + 1}"
    return lists


def _offer(sheet: Any, lists: Mapping[str, str], last: int) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for column, where in lists.items():
        letter = get_column_letter((*GIVEN, *FILLED).index(column) + 1)
        # a theme may be new
        offered = DataValidation("list", formula1=where, allow_blank=True, showErrorMessage=column != "code")
        offered.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(offered)

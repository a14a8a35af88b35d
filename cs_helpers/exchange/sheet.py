"""Write a coding sheet (.xlsx) for one coder, with a row for each of their readings and each note without one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from cs_helpers.exchange.cells import ABOUT_SHEET, protect, write_cell, write_guide, write_header
from cs_helpers.exchange.labels import ALLOWED, heading
from cs_helpers.exchange.material import ATTRIBUTES, Material, records
from cs_helpers.text import Text

GIVEN_COLUMNS = ("note_id", "company", "size", "held_on", "speaker", "evidence", "text")
#: the columns that the coder fills in
CODER_COLUMNS = ("viewpoint", "polarity", "code", "why_level", "reason", "reason_status")
_WIDTHS = {"text": 70, "company": 24, "viewpoint": 24, "code": 26, "reason": 30, "reason_status": 22}
#: number of rows after the last one with choice lists, for second readings
_EXTRA_ROWS = 500


@dataclass(frozen=True)
class SheetInfo:
    """The coder of a sheet, and the data that it was made from."""

    coder: str
    role: str | None
    product: str
    snapshot: str
    language: str


def sheet_bytes(material: Material, info: SheetInfo) -> bytes:
    """The content of the file with a coder's sheet."""
    from openpyxl import Workbook  # imported here, as it takes a quarter of a second

    text = Text(info.language)
    book = Workbook()
    sheet = book.active
    sheet.title = text("exchange.sheets.codings")
    rows = list(_rows(material, info, text))
    _write_codings(sheet, rows, text)
    themes = _write_themes(book.create_sheet(text("exchange.sheets.themes")), material, text)
    write_guide(
        book.create_sheet(text("exchange.sheets.guide")), text("exchange.guide.title"), _guide(info, text)
    )
    lists = _write_info(book.create_sheet(ABOUT_SHEET), info, text)
    if themes:
        lists["code"] = f"'{text('exchange.sheets.themes')}'!$A$2:$A${themes + 1}"
    _add_choices(sheet, lists, len(rows) + 1 + _EXTRA_ROWS)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _rows(material: Material, info: SheetInfo, text: Text) -> Iterable[dict[str, Any]]:
    readings: dict[str, list[dict[str, Any]]] = {}
    for row in records(material.of_coder(info.coder, info.role).codings):
        readings.setdefault(row["note_id"], []).append(row)
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
            for reading in readings.get(note["note_id"], [{}]):
                labels = {c: text.label(c, reading[c]) for c in ("viewpoint", *ATTRIBUTES) if reading.get(c)}
                yield {**given, **labels, "code": reading.get("code")}


def _write_codings(sheet: Any, rows: list[dict[str, Any]], text: Text) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter

    grey, top = PatternFill("solid", fgColor="EEEEEE"), Alignment(wrap_text=True, vertical="top")
    open_ = Protection(locked=False)
    for place, column in enumerate((*GIVEN_COLUMNS, *CODER_COLUMNS), 1):
        head = write_cell(sheet.cell(1, place), heading(text, column))
        head.font, head.fill, head.alignment = Font(bold=True), PatternFill("solid", fgColor="D9E2EC"), top
        column_format = sheet.column_dimensions[get_column_letter(place)]
        # empty cells use the format of their column, which leaves the rows at the end unlocked
        column_format.width, column_format.protection, column_format.alignment = (
            _WIDTHS.get(column, 14),
            open_,
            top,
        )
        for number, row in enumerate(rows, 2):
            cell = write_cell(sheet.cell(number, place), row.get(column))
            cell.alignment = top
            if column in CODER_COLUMNS:
                cell.protection = open_
            else:
                cell.fill = grey
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(GIVEN_COLUMNS) + len(CODER_COLUMNS))}{len(rows) + 1}"
    protect(sheet, "insertRows", "autoFilter", "sort")


def _write_themes(sheet: Any, material: Material, text: Text) -> int:
    """Write the used themes with their viewpoints; returns their number."""
    with_code = material.codings.dropna(subset=["code"])
    viewpoints_of: pd.Series = with_code.groupby("code")["viewpoint"].unique()
    write_header(sheet, (heading(text, "code"), heading(text, "viewpoint")), (34, 60))
    for number, (code, viewpoints) in enumerate(viewpoints_of.items(), 2):
        labels = [text.label("viewpoint", v) for v in ALLOWED["viewpoint"] if v in set(viewpoints)]
        write_cell(sheet.cell(number, 1), code)
        write_cell(sheet.cell(number, 2), text.join_list(labels))
    return len(viewpoints_of)


def _guide(info: SheetInfo, text: Text) -> Iterable[str]:
    names = {"codings": text("exchange.sheets.codings"), "themes": text("exchange.sheets.themes")}
    sentences = [
        text(f"exchange.guide.{key}", **names) for key in ("one", "choose", "theme", "again", "skip")
    ]
    return (*sentences, text("exchange.guide.by", coder=info.coder))


def _write_info(sheet: Any, info: SheetInfo, text: Text) -> dict[str, str]:
    """Write the hidden sheet; returns the range of the choice list of each column."""
    from openpyxl.utils import get_column_letter

    sheet.sheet_state = "hidden"
    write_cell(sheet.cell(1, 1), json.dumps(asdict(info)))
    lists = {}
    for place, column in enumerate(("viewpoint", *ATTRIBUTES), 1):
        values = ALLOWED[column]
        for number, value in enumerate(values, 2):
            write_cell(sheet.cell(number, place), text.label(column, value))
        letter = get_column_letter(place)
        lists[column] = f"'{ABOUT_SHEET}'!${letter}$2:${letter}${len(values) + 1}"
    return lists


def _add_choices(sheet: Any, lists: Mapping[str, str], last: int) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for column, where in lists.items():
        letter = get_column_letter((*GIVEN_COLUMNS, *CODER_COLUMNS).index(column) + 1)
        # coders may add new themes
        validation = DataValidation(
            "list", formula1=where, allow_blank=True, showErrorMessage=column != "code"
        )
        validation.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(validation)

"""Write the scoring sheet (.xlsx) of a structured interview: the questions of the product file, with cells for the scores."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from cs_helpers.contract.products import Product
from cs_helpers.contract.team import InterviewQuestion, Team
from cs_helpers.exchange.cells import ABOUT_SHEET, protect, write_cell, write_guide
from cs_helpers.text import Text

#: the fields above the questions, in this order; all but the product are filled in
FIELDS = ("product", "candidate", "interviewer", "interviewed_on", "keep_until")
#: the columns of a question, in this order, with their widths; the last two are filled in
COLUMNS: Mapping[str, int] = {
    "question": 20, "asks": 52, "elements": 24, "minutes": 9, "low": 30, "high": 30, "score": 9, "notes": 60,
}  # fmt: skip
#: the wording of a question: what it asks, and what its scores are anchored in
WORDING = ("asks", "low", "high")
FILLED_COLUMNS = ("score", "notes")
SCORES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class InterviewInfo:
    """Which interview a sheet is for; what is '' or None is filled in on the sheet."""

    product: str
    candidate: str = ""
    interviewer: str = ""
    keep_until: date | None = None
    language: str = "en"


def field_label(text: Text, field: str) -> str:
    """What a field above the questions is called."""
    return text(f"exchange.interview.fields.{field}")


def hint(text: Text, field: str) -> str:
    """What stands beside a field that is filled in."""
    return text(f"exchange.interview.hints.{field}")


def column_label(text: Text, column: str) -> str:
    """The heading of a column."""
    return text(f"exchange.interview.columns.{column}")


def wording(question: InterviewQuestion, language: str) -> dict[str, str]:
    """The wording of a question in a language: what it asks, and the anchors of its lowest and highest score."""
    parts = ((name, getattr(question, name)) for name in WORDING)
    return {name: words.in_language(language) if words else "" for name, words in parts}


def interview_sheet_bytes(product: Product, team: Team, info: InterviewInfo) -> bytes:
    """The content of the file: a row for each question of the product file, in its order, which is the same for everybody."""
    from openpyxl import Workbook  # imported here, as it takes a quarter of a second

    text = Text(info.language)
    book = Workbook()
    sheet = book.active
    sheet.title = text("exchange.interview.sheets.scores")
    _write_fields(sheet, product, info, text)
    _write_questions(sheet, team, text)
    guide = [
        text(f"exchange.interview.guide.{key}") for key in ("ask", "score", "skip", "notes", "keep", "back")
    ]
    write_guide(
        book.create_sheet(text("exchange.interview.sheets.guide")),
        text("exchange.interview.guide.title"),
        guide,
    )
    about = book.create_sheet(ABOUT_SHEET)
    about.sheet_state = "hidden"
    write_cell(about.cell(1, 1), json.dumps({**asdict(info), "keep_until": str(info.keep_until or "")}))
    for number, score in enumerate(SCORES, 2):
        write_cell(about.cell(number, 1), score)
    _add_choices(sheet, len(team.questions), text)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _write_fields(sheet: Any, product: Product, info: InterviewInfo, text: Text) -> None:
    from openpyxl.styles import Alignment, Border, Font, Protection, Side

    values = {
        "product": info.product,
        "candidate": info.candidate or None,
        "interviewer": info.interviewer or None,
        "interviewed_on": None,
        "keep_until": info.keep_until,
    }
    line = Border(bottom=Side("thin", color="888888"))
    for number, field in enumerate(FIELDS, 1):
        write_cell(sheet.cell(number, 1), field_label(text, field)).font = Font(bold=True)
        cell = write_cell(sheet.cell(number, 2), values[field])
        cell.alignment = Alignment(horizontal="left")
        if field == "product":
            write_cell(sheet.cell(number, 3), product.name.in_language(text.language))
            continue
        cell.border, cell.protection = line, Protection(locked=False)
        if field in ("interviewed_on", "keep_until"):
            cell.number_format = "yyyy-mm-dd"
        write_cell(sheet.cell(number, 3), hint(text, field)).font = Font(italic=True, color="666666")


def _write_questions(sheet: Any, team: Team, text: Text) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter

    grey, top = PatternFill("solid", fgColor="EEEEEE"), Alignment(wrap_text=True, vertical="top")
    names = {element.id: element.name.in_language(text.language) for element in team.elements}
    first = len(FIELDS) + 2
    for place, (column, width) in enumerate(COLUMNS.items(), 1):
        head = write_cell(sheet.cell(first, place), column_label(text, column))
        head.font, head.fill, head.alignment = Font(bold=True), PatternFill("solid", fgColor="D9E2EC"), top
        sheet.column_dimensions[get_column_letter(place)].width = width
        for number, question in enumerate(team.questions, first + 1):
            given = {
                **wording(question, text.language),
                "question": question.id,
                "elements": text.join_list([names[e] for e in question.elements]),
                "minutes": question.minutes,
            }
            cell = write_cell(sheet.cell(number, place), given.get(column))
            cell.alignment = top
            if column in FILLED_COLUMNS:
                cell.protection = Protection(locked=False)
            else:
                cell.fill = grey
    sheet.freeze_panes = sheet.cell(first + 1, 1)
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    protect(sheet)


def _add_choices(sheet: Any, questions: int, text: Text) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    letter, first = get_column_letter(list(COLUMNS).index("score") + 1), len(FIELDS) + 3
    choices = DataValidation(
        "list",
        formula1=f"'{ABOUT_SHEET}'!$A$2:$A${len(SCORES) + 1}",
        allow_blank=True,
        showErrorMessage=True,
        error=text("exchange.interview.choose"),
    )
    choices.add(f"{letter}{first}:{letter}{first + questions - 1}")
    sheet.add_data_validation(choices)

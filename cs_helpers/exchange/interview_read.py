"""Read scoring sheets (.xlsx) of interviews that came back: their scores, or all mistakes at once, each with its cell.

Rows may have been sorted and deleted, columns moved; notes are not read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.contract.products import Product
from cs_helpers.errors import ExchangeError, did_you_mean
from cs_helpers.exchange.cells import (
    ABOUT_SHEET,
    cell_text,
    open_workbook,
    strip_lines,
    unescape,
    visible_text,
)
from cs_helpers.exchange.interview_sheet import (
    COLUMNS,
    FIELDS,
    SCORES,
    WORDING,
    column_label,
    field_label,
    hint,
    wording,
)
from cs_helpers.exchange.labels import fold
from cs_helpers.paths import display_path
from cs_helpers.text import Text

#: a score as people write it in a cell of text
_SCORE = re.compile(r"(\d+)(?:\.0+)?\s*(?:点|pts?\.?|points?|/\s*5)?", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
#: serial numbers of days in this century, which a cell holds that lost its format
_SERIAL_DAYS = range(36_526, 73_051)
_NEEDED_COLUMNS = ("question", *WORDING, "score")


@dataclass(frozen=True)
class Interview:
    """What a sheet says. scores: question -> score; unscored: the questions of the product file without one."""

    file: str
    product: str
    candidate: str
    interviewer: str
    interviewed_on: date
    keep_until: date
    scores: Mapping[str, int]
    unscored: tuple[str, ...]

    @property
    def rows(self) -> Iterator[dict[str, str]]:
        """The rows of the table `candidate_scores`, as text."""
        for question, score in self.scores.items():
            yield {
                "product": self.product,
                "candidate": self.candidate,
                "question": question,
                "interviewer": self.interviewer,
                "interviewed_on": self.interviewed_on.isoformat(),
                "score": str(score),
                "keep_until": self.keep_until.isoformat(),
            }


def read_interviews(
    files: Sequence[Path], products: Mapping[str, Product], *, product: str = "", today: date
) -> list[Interview]:
    """The interviews in sheets. product: of which all must be. Raises `ExchangeError` with the mistakes of all sheets."""
    interviews: list[Interview] = []
    errors: list[ExchangeError] = []
    for file in files:
        try:
            interview = _Sheet(file).interview(products, product, today)
        except ExchangeError as error:
            errors.append(error)
            continue
        of = (interview.product, interview.candidate, interview.interviewer)
        for other in interviews:
            if of == (other.product, other.candidate, other.interviewer):
                errors.append(
                    ExchangeError(
                        interview.file,
                        f"the same candidate and interviewer as in {other.file}; give only the one that counts",
                    )
                )
                break
        else:
            interviews.append(interview)
    if errors:
        raise ExchangeError.together(errors)
    return interviews


@dataclass
class _Cell:
    value: Any
    where: str

    @property
    def text(self) -> str | None:
        return cell_text(self.value)


class _Sheet:
    def __init__(self, file: Path) -> None:
        self.file = display_path(file)
        book = open_workbook(file, self.file)
        self.about = _about(book)
        self.name, self.fields, self.rows = self._find(book)

    def _find(self, book: Any) -> tuple[str, dict[str, _Cell], list[dict[str, _Cell]]]:
        """The name of the sheet with the questions, the fields above them, and the rows below their headings."""
        for sheet in (s for s in book.worksheets if s.title != ABOUT_SHEET):
            above: list[list[_Cell]] = []
            for row in sheet.iter_rows():
                cells = [_Cell(c.value, c.coordinate) for c in row]
                names = [_column_names().get(fold(c.text or "")) for c in cells]
                if "question" not in names or "score" not in names:
                    above.append(cells)
                    continue
                missing = [c for c in _NEEDED_COLUMNS if c not in names]
                if missing:
                    self._refuse(
                        f"the columns {', '.join(missing)} are missing; fill in the sheet as it was exported"
                    )
                fields = _fields(above)
                gone = [name for name in FIELDS if name not in fields]
                if gone:
                    self._refuse(
                        f"the fields {', '.join(gone)} are gone; fill in the sheet as it was exported"
                    )
                below = sheet.iter_rows(min_row=row[0].row + 1)
                rows = [
                    {name: _Cell(c.value, c.coordinate) for name, c in zip(names, line, strict=False) if name}
                    for line in below
                ]
                return sheet.title, fields, rows
        raise ExchangeError(
            self.file,
            "this is no scoring sheet of 'cs-workbook interview export': it has no questions with scores",
        )

    def _refuse(self, problem: str) -> None:
        raise ExchangeError(self.file, problem)

    def interview(self, products: Mapping[str, Product], expected: str, today: date) -> Interview:
        """What the sheet says. Raises `ExchangeError` with all its mistakes."""
        mistakes = list(self._product_mistakes(products, expected))
        product = None if mistakes else products[self.fields["product"].text or ""]
        mistakes += self._field_mistakes(today)
        scores: dict[str, int] = {}
        if product is not None:
            wrong, scores = self._scores(product)
            mistakes += wrong
        problems = [f"sheet '{self.name}', cell {cell.where}: {problem}" for cell, problem in mistakes]
        if not problems and not scores:
            problems = [f"sheet '{self.name}': no question has a score"]
        interviewed_on, keep_until = (
            _parse_day(self.fields[name].value) for name in ("interviewed_on", "keep_until")
        )
        if problems or product is None or interviewed_on is None or keep_until is None:
            raise ExchangeError(self.file, *problems)
        asked = [question.id for question in product.team.questions] if product.team else []
        return Interview(
            self.file,
            product.product,
            self.fields["candidate"].text or "",
            self.fields["interviewer"].text or "",
            interviewed_on,
            keep_until,
            {question: scores[question] for question in asked if question in scores},
            tuple(question for question in asked if question not in scores),
        )

    def _product_mistakes(
        self, products: Mapping[str, Product], expected: str
    ) -> Iterator[tuple[_Cell, str]]:
        cell = self.fields["product"]
        name, made_for = cell.text or "", self.about.get("product")
        if name not in products:
            hint = did_you_mean(name, products)
            yield cell, f"there is no product file of {name!r}.{hint}".removesuffix(".")
        elif isinstance(made_for, str) and made_for != name:
            yield cell, f"the sheet was made for {made_for}, not for {name}"
        elif expected and name != expected:
            yield cell, f"the sheet is of {name}, not of {expected}"
        elif not (team := products[name].team) or not team.questions:
            yield cell, f"the product file of {name} has no questions (team.questions)"

    def _field_mistakes(self, today: date) -> Iterator[tuple[_Cell, str]]:
        candidate, interviewer, held, until = (self.fields[name] for name in FIELDS[1:])
        if candidate.text is None:
            yield candidate, "the candidate is missing"
        if interviewer.text is None:
            yield interviewer, "the interviewer is missing"
        interviewed_on, keep_until = _parse_day(held.value), _parse_day(until.value)
        if held.text is None:
            yield held, "the day of the interview is missing"
        elif interviewed_on is None:
            yield held, f"{held.text!r} is no day as in 2026-08-20"
        elif interviewed_on > today:
            yield held, f"the day of the interview is to come: {interviewed_on}"
        if until.text is None:
            yield until, "the day until which the scores may be kept is missing; they are not read without it"
        elif keep_until is None:
            yield until, f"{until.text!r} is no day as in 2026-08-20"
        elif keep_until < today:
            yield (
                until,
                f"the scores could be kept until {keep_until}, which is over, so they are not read; delete the file",
            )

    def _scores(self, product: Product) -> tuple[list[tuple[_Cell, str]], dict[str, int]]:
        """The mistakes in the rows, and question -> score for the others that have one."""
        questions = {q.id: q for q in product.team.questions} if product.team else {}
        mistakes: list[tuple[_Cell, str]] = []
        scores: dict[str, int] = {}
        first_cells: dict[str, _Cell] = {}
        for row in self.rows:
            cell, given = row["question"], row["score"]
            key = cell.text or ""
            if key in first_cells:
                mistakes.append((cell, f"the same question as in cell {first_cells[key].where}"))
                continue
            if key in questions:
                first_cells[key] = cell
            if given.text is None:
                continue
            score = _parse_score(given.value)
            if not key:
                mistakes.append((cell, "the question is missing, but there is a score for it"))
            elif key not in questions:
                hint = did_you_mean(key, questions)
                mistakes.append(
                    (cell, f"{key!r} is no question of {product.product}.{hint}".removesuffix("."))
                )
            elif changed := _changed_cell(row, [wording(questions[key], lang) for lang in LANGUAGES]):
                mistakes.append(
                    (
                        changed,
                        f"the wording of {key} is not that of the product file, in which all candidates are asked",
                    )
                )
            elif score is None:
                mistakes.append((given, f"{given.text!r} is no score from 1 to 5"))
            else:
                scores[key] = score
        return mistakes, scores


def _changed_cell(row: Mapping[str, _Cell], known: Sequence[Mapping[str, str]]) -> _Cell | None:
    """The first cell of a question whose wording is in no language that of the product file."""
    of_each = [
        [row[p] for p in WORDING if strip_lines(row[p].text or "") != strip_lines(visible_text(words[p]))]
        for words in known
    ]
    fewest = min(of_each, key=len)
    return fewest[0] if fewest else None


def _fields(above: Sequence[Sequence[_Cell]]) -> dict[str, _Cell]:
    """The fields above the questions: each stands to the right of its name, and before the hint on it."""
    fields: dict[str, _Cell] = {}
    for cells in above:
        label = next((n for n, cell in enumerate(cells) if cell.text), None)
        name = None if label is None else _field_names().get(fold(cells[label].text or ""))
        if label is None or name is None or name in fields or label + 1 == len(cells):
            continue
        right = cells[label + 1 :]
        filled = (cell for cell in right if cell.text and fold(cell.text) not in _hints())
        fields[name] = next(filled, right[0])
    return fields


@cache
def _field_names() -> dict[str, str]:
    return {fold(field_label(Text(language), f)): f for language in LANGUAGES for f in FIELDS}


@cache
def _hints() -> frozenset[str]:
    return frozenset(fold(hint(Text(language), f)) for language in LANGUAGES for f in FIELDS[1:])


@cache
def _column_names() -> dict[str, str]:
    return {fold(column_label(Text(language), c)): c for language in LANGUAGES for c in COLUMNS}


def _about(book: Any) -> dict[str, Any]:
    """What the sheet was made for; empty where that was lost."""
    try:
        found = json.loads(unescape(str(book[ABOUT_SHEET]["A1"].value)))
    except (KeyError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _parse_score(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    match = _SCORE.fullmatch(unicodedata.normalize("NFKC", cell_text(value) or ""))
    return int(match[1]) if match and int(match[1]) in SCORES else None


def _parse_day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _SERIAL_DAYS:
        return date.fromordinal(date(1899, 12, 30).toordinal() + int(value))
    match = _DAY.fullmatch(unicodedata.normalize("NFKC", cell_text(value) or ""))
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None

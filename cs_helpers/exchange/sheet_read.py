"""Read a coding sheet (.xlsx) that a coder filled in: its readings, or all its mistakes at once.

Rows may have been sorted, deleted and copied; values may be tokens or labels of either language.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.errors import ExchangeError, did_you_mean
from cs_helpers.exchange.cells import (
    ABOUT_SHEET,
    cell_text,
    open_workbook,
    strip_lines,
    unescape,
    visible_text,
)
from cs_helpers.exchange.labels import ALLOWED, column_by_heading, fold, token_by_label
from cs_helpers.exchange.material import ATTRIBUTES, Material, contract_frame, records, sorted_rows
from cs_helpers.exchange.sheet import CODER_COLUMNS, SheetInfo
from cs_helpers.paths import display_path
from cs_helpers.text import Text

#: number of rows that are searched for the headings, as people write above them
_HEADING_ROWS = 10


class CodingSheet:
    """A filled-in sheet. info: its coder and data, `None` if that was lost. Raises `ExchangeError`."""

    def __init__(self, file: Path) -> None:
        self.file = display_path(file)
        book = open_workbook(file, self.file)
        self.info = _read_info(book)
        self.name, self.columns, self.rows = self._find_table(book)

    def _find_table(self, book: Any) -> tuple[str, dict[str, int], list[tuple[int, tuple[Any, ...]]]]:
        """The name of the sheet with the codings, the positions of its columns, and its numbered rows."""
        missing: list[str] = []
        for sheet in book.worksheets:
            rows = list(enumerate(sheet.iter_rows(values_only=True), 1))
            for number, row in rows[:_HEADING_ROWS]:
                positions = {
                    column_by_heading().get(fold(cell_text(v) or "")): place for place, v in enumerate(row)
                }
                if "note_id" not in positions:
                    continue
                missing = [c for c in ("text", *CODER_COLUMNS) if c not in positions]
                if not missing:
                    return sheet.title, {str(k): v for k, v in positions.items() if k}, rows[number:]
        problem = (
            f"the columns {', '.join(missing)} are missing" if missing else "no sheet has the column note_id"
        )
        raise ExchangeError(self.file, f"{problem}; fill in the sheet as it was exported")

    def codings(self, material: Material, info: SheetInfo) -> pd.DataFrame:
        """The readings in the sheet as the table `codings`. Raises `ExchangeError` with all mistakes."""
        notes = {visible_text(n["note_id"]).strip(): n for n in records(material.notes)}
        codes = {visible_text(c).strip(): c for c in material.codings["code"].dropna()}
        problems: list[str] = []
        row_numbers: dict[tuple[Any, ...], int] = {}
        readings = []
        for number, cells in self.rows:
            values = {
                c: cell_text(cells[place]) if place < len(cells) else None
                for c, place in self.columns.items()
            }
            mistakes, row = self._parse_row(values, notes, info)
            if row is not None:
                row |= {
                    "coder": info.coder,
                    "coder_role": info.role,
                    "code": codes.get(row["code"], row["code"]),
                }
                key = (row["note_id"], row["viewpoint"], row["code"])
                if key in row_numbers:
                    mistakes.append(
                        ("code", f"the same note, viewpoint and theme as in row {row_numbers[key]}")
                    )
                row_numbers.setdefault(key, number)
                readings.append(row)
            problems += [
                f"sheet '{self.name}', row {number}, column {c}: {problem}" for c, problem in mistakes
            ]
        if problems:
            raise ExchangeError(self.file, *problems)
        return sorted_rows("codings", contract_frame("codings", readings))

    def _parse_row(
        self, values: Mapping[str, str | None], notes: Mapping[str, Mapping[str, Any]], info: SheetInfo
    ) -> tuple[list[tuple[str, str]], dict[str, Any] | None]:
        """The mistakes in a row as (column, problem), and its reading; `None` if it has none."""
        filled = [c for c in CODER_COLUMNS if values[c] is not None]
        key = values["note_id"]
        if key is None:
            return [("note_id", f"it is empty, but {filled[0]} is filled")] if filled else [], None
        mistakes = list(self._note_mistakes(values, notes, info))
        row: dict[str, Any] = dict.fromkeys(CODER_COLUMNS) | {"code": values["code"]}
        for column in ("viewpoint", *ATTRIBUTES):
            value = values[column]
            row[column] = token_by_label(column).get(fold(value)) if value is not None else None
            if value is not None and row[column] is None:
                allowed = [Text(info.language).label(column, t) for t in ALLOWED[column]]
                hint = did_you_mean(value, [*allowed, *token_by_label(column)])
                mistakes.append(
                    (column, f"{value!r} is none of {', '.join(allowed)}.{hint}".removesuffix("."))
                )
        if values["viewpoint"] is None and filled:
            mistakes.append(("viewpoint", f"it is empty, but {filled[0]} is filled"))
        if key not in notes or row["viewpoint"] is None:
            return mistakes, None
        return mistakes, {**row, "note_id": notes[key]["note_id"]}

    def _note_mistakes(
        self, values: Mapping[str, str | None], notes: Mapping[str, Mapping[str, Any]], info: SheetInfo
    ) -> Iterator[tuple[str, str]]:
        key = str(values["note_id"])
        if key not in notes:
            hint = did_you_mean(key, notes)
            yield "note_id", f"{key!r} is no note of {info.product}.{hint}".removesuffix(".")
        elif values["text"] is not None and strip_lines(values["text"]) != strip_lines(
            visible_text(notes[key]["text"])
        ):
            yield (
                "text",
                f"the text of {key} is not as it was; take a reading of another text out of the sheet",
            )


def _read_info(book: Any) -> SheetInfo | None:
    if ABOUT_SHEET not in book.sheetnames:
        return None
    try:
        values = json.loads(unescape(str(book[ABOUT_SHEET]["A1"].value)))
        info = SheetInfo(**{k: values[k] for k in SheetInfo.__dataclass_fields__})
    except (ValueError, KeyError, TypeError):
        return None
    texts = (info.coder, info.product, info.snapshot, info.role or "")
    return info if all(isinstance(t, str) for t in texts) and info.language in LANGUAGES else None

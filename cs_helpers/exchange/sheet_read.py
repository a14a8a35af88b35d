"""Reads a coding sheet (.xlsx) that came back: its readings, or all that is wrong in it at once.

Rows may have been sorted, deleted and copied; words may be tokens or labels of either language.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.errors import ExchangeError, did_you_mean
from cs_helpers.exchange.archive import LIMIT, readable
from cs_helpers.exchange.material import ATTRIBUTES, Material, frame, records, sorted_rows
from cs_helpers.exchange.sheet import ABOUT, FILLED, About, unescaped, visible
from cs_helpers.exchange.words import ALLOWED, columns, folded, tokens
from cs_helpers.paths import display_path
from cs_helpers.text import Text

#: in how many rows the headings are looked for: people write above them
_TOP = 10


class CodingSheet:
    """A sheet that came back; `about` says whose it is, if the sheet still knows. Raises `ExchangeError`."""

    def __init__(self, file: Path) -> None:
        self.file = display_path(file)
        book = _opened(file, self.file)
        self.about = _about(book)
        self.name, self.columns, self.rows = self._table(book)

    def _table(self, book: Any) -> tuple[str, dict[str, int], list[tuple[int, tuple[Any, ...]]]]:
        """The name of the sheet with the codings, where its columns are, and its rows with their numbers."""
        missing: list[str] = []
        for sheet in book.worksheets:
            rows = list(enumerate(sheet.iter_rows(values_only=True), 1))
            for number, row in rows[:_TOP]:
                named = {columns().get(folded(_text(v) or "")): place for place, v in enumerate(row)}
                if "note_id" not in named:
                    continue
                missing = [c for c in ("text", *FILLED) if c not in named]
                if not missing:
                    return sheet.title, {str(k): v for k, v in named.items() if k}, rows[number:]
        problem = (
            f"the columns {', '.join(missing)} are missing" if missing else "no sheet has the column note_id"
        )
        raise ExchangeError(self.file, f"{problem}; fill in the sheet as it was exported")

    def codings(self, material: Material, about: About) -> pd.DataFrame:
        """The readings in the sheet, as the table `codings`; raises `ExchangeError` with every mistake."""
        notes = {visible(n["note_id"]).strip(): n for n in records(material.notes)}
        known = {visible(c).strip(): c for c in material.codings["code"].dropna()}
        problems: list[str] = []
        found: dict[tuple[Any, ...], int] = {}
        read = []
        for number, cells in self.rows:
            said = {
                c: _text(cells[place]) if place < len(cells) else None for c, place in self.columns.items()
            }
            mistakes, row = self._reading(said, notes, about)
            if row is not None:
                row |= {
                    "coder": about.coder,
                    "coder_role": about.role,
                    "code": known.get(row["code"], row["code"]),
                }
                key = (row["note_id"], row["viewpoint"], row["code"])
                if key in found:
                    mistakes.append(("code", f"the same note, viewpoint and theme as in row {found[key]}"))
                found.setdefault(key, number)
                read.append(row)
            problems += [
                f"sheet '{self.name}', row {number}, column {c}: {problem}" for c, problem in mistakes
            ]
        if problems:
            raise ExchangeError(self.file, *problems)
        return sorted_rows("codings", frame("codings", read))

    def _reading(
        self, said: Mapping[str, str | None], notes: Mapping[str, Mapping[str, Any]], about: About
    ) -> tuple[list[tuple[str, str]], dict[str, Any] | None]:
        """What is wrong in a row, by column, and the reading it is; `None` for one that is not read."""
        filled = [c for c in FILLED if said[c] is not None]
        key = said["note_id"]
        if key is None:
            return [("note_id", f"it is empty, but {filled[0]} is filled")] if filled else [], None
        mistakes = list(self._about_note(said, notes, about))
        row: dict[str, Any] = dict.fromkeys(FILLED) | {"code": said["code"]}
        for column in ("viewpoint", *ATTRIBUTES):
            value = said[column]
            row[column] = tokens(column).get(folded(value)) if value is not None else None
            if value is not None and row[column] is None:
                allowed = [Text(about.language).label(column, t) for t in ALLOWED[column]]
                hint = did_you_mean(value, [*allowed, *tokens(column)])
                mistakes.append(
                    (column, f"{value!r} is none of {', '.join(allowed)}.{hint}".removesuffix("."))
                )
        if said["viewpoint"] is None and filled:
            mistakes.append(("viewpoint", f"it is empty, but {filled[0]} is filled"))
        if key not in notes or row["viewpoint"] is None:
            return mistakes, None
        return mistakes, {**row, "note_id": notes[key]["note_id"]}

    def _about_note(
        self, said: Mapping[str, str | None], notes: Mapping[str, Mapping[str, Any]], about: About
    ) -> Iterator[tuple[str, str]]:
        key = str(said["note_id"])
        if key not in notes:
            hint = did_you_mean(key, notes)
            yield "note_id", f"{key!r} is no note of {about.product}.{hint}".removesuffix(".")
        elif said["text"] is not None and _plain(said["text"]) != _plain(visible(notes[key]["text"])):
            yield (
                "text",
                f"the text of {key} is not as it was; take a reading of another text out of the sheet",
            )


def _plain(text: str) -> str:
    """A text as it is compared: spreadsheets add and drop blanks at the ends of lines."""
    return "\n".join(line.strip() for line in text.splitlines()).strip()


def _opened(file: Path, name: str) -> Any:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    # what openpyxl raises for parts that are not as they should be
    odd = (ValueError, TypeError, KeyError, SyntaxError, IndexError, AttributeError, InvalidFileException)
    with readable(name, "the file is not an Excel workbook; save it again as .xlsx", *odd):
        with zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > LIMIT:
                raise ExchangeError(name, "unpacked it is larger than a sheet of codings can be")
        return load_workbook(file, data_only=True)


def _about(book: Any) -> About | None:
    if ABOUT not in book.sheetnames:
        return None
    try:
        said = json.loads(unescaped(str(book[ABOUT]["A1"].value)))
        about = About(**{k: said[k] for k in About.__dataclass_fields__})
    except (ValueError, KeyError, TypeError):
        return None
    texts = (about.coder, about.product, about.snapshot, about.role or "")
    return about if all(isinstance(t, str) for t in texts) and about.language in LANGUAGES else None


def _text(value: Any) -> str | None:
    """What a cell shows, without blanks around it; `None` for an empty one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    text = value.isoformat() if isinstance(value, date) else str(value)
    return unescaped(text).strip() or None

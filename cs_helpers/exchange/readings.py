"""Combine the codings of a passage into readings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cs_helpers.exchange.codes import Meaning

#: evidence of notes from other tools, which do not record it: the customer's words
_DEFAULT_EVIDENCE = "words"
_LEFT_OUT_CODINGS = "{n} codings left out that belong to no reading, or contradict each other"
Key = tuple[str, str, str | None]


@dataclass
class Passage:
    """A selected passage of a text, with the codings of each selection of it.

    position: as recorded in the selection, "" where it is not. selections: for each selection, its codings as (coder,
    role, meaning).
    """

    text: str
    note_id: str = ""
    position: int | str | None = ""
    names: list[str] = field(default_factory=list)
    selections: list[list[tuple[str, str | None, Meaning]]] = field(default_factory=list)


@dataclass(frozen=True)
class PassageRows:
    """The rows of a passage: its values for the note, and its readings for codings."""

    note: dict[str, Any]
    codings: list[dict[str, Any]]


def passage_rows(passage: Passage, left_out: Counter[str]) -> PassageRows:
    """The readings of a passage, one for each coder, viewpoint and theme.

    The other codings of a selection belong to the readings of its themes. If a selection has no theme
    (some tools create a selection for each coding), its codings belong to all readings of that coder
    without a value for them, provided they do not contradict each other. left_out: counts of remarks, updated.
    """
    note_values: dict[str, Any] = {}
    rows: dict[Key, dict[str, Any]] = {}
    without_theme: dict[tuple[str, str], dict[str, None]] = {}
    for selection in passage.selections:
        for coder in dict.fromkeys(coder for coder, _, _ in selection):
            codings = [(role, m) for by, role, m in selection if by == coder]
            own_values: dict[str, Any] = {}
            for _, meaning in codings:
                if meaning.group != "viewpoint":
                    of_note = meaning.group in ("evidence", "speaker")
                    _set_once(note_values if of_note else own_values, meaning.group, meaning.value, left_out)
            themes = [(role, m) for role, m in codings if m.group == "viewpoint"]
            for role, meaning in themes:
                key = (coder, str(meaning.value), meaning.theme)
                row = rows.setdefault(key, {"coder": coder, "coder_role": role})
                row |= {"viewpoint": meaning.value, "code": meaning.theme, "note_id": passage.note_id}
                for group, value in own_values.items():
                    _set_once(row, group, value, left_out)
            if not themes:
                for group, value in own_values.items():
                    without_theme.setdefault((coder, group), {})[str(value)] = None
    for (coder, group), values in without_theme.items():
        matching_rows = [row for (by, _, _), row in rows.items() if by == coder and group not in row]
        if len(values) > 1 or not matching_rows:
            left_out[_LEFT_OUT_CODINGS] += 1
            continue
        for row in matching_rows:
            row[group] = next(iter(values))
    note = {"note_id": passage.note_id, "evidence": _DEFAULT_EVIDENCE, **note_values}
    return PassageRows(note, list(rows.values()))


def _set_once(row: dict[str, Any], group: str, value: str | None, left_out: Counter[str]) -> None:
    """Set a value unless there is one; a contradiction is counted in `left_out`."""
    if row.setdefault(group, value) != value:
        left_out[_LEFT_OUT_CODINGS] += 1

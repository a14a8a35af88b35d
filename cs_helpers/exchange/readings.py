"""What coders made of a passage: its codings, put together as readings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cs_helpers.exchange.codes import Meaning

#: how other tools leave unsaid what was seen, said or guessed: somebody said it
_EVIDENCE = "words"
_CONTRADICT = "{n} codings left out that belong to no reading, or contradict each other"
Key = tuple[str, str, str | None]


@dataclass
class Passage:
    """A passage of a text that somebody selected, with the codings of each selection of it.

    position: as its selection says it, "" where it does not.
    """

    text: str
    note_id: str = ""
    position: int | str | None = ""
    names: list[str] = field(default_factory=list)
    selections: list[list[tuple[str, str | None, Meaning]]] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """A passage as rows: what it says of its note, and its readings."""

    note: dict[str, Any]
    codings: list[dict[str, Any]]


def readings(passage: Passage, left_out: Counter[str]) -> Said:
    """The readings of a passage, one of each coder, viewpoint and theme.

    What a selection says beside its themes belongs to its readings. Where a selection has no theme
    (some tools make a selection of each coding), it belongs to all readings of that coder that say
    nothing else, provided it is one thing.
    """
    about: dict[str, Any] = {}
    rows: dict[Key, dict[str, Any]] = {}
    loose: dict[tuple[str, str], dict[str, None]] = {}
    for selection in passage.selections:
        for coder in dict.fromkeys(coder for coder, _, _ in selection):
            mine = [(role, m) for by, role, m in selection if by == coder]
            said: dict[str, Any] = {}
            for _, meaning in mine:
                if meaning.group != "viewpoint":
                    of_note = meaning.group in ("evidence", "speaker")
                    _add(about if of_note else said, meaning.group, meaning.value, left_out)
            themes = [(role, m) for role, m in mine if m.group == "viewpoint"]
            for role, meaning in themes:
                key = (coder, str(meaning.value), meaning.theme)
                row = rows.setdefault(key, {"coder": coder, "coder_role": role})
                row |= {"viewpoint": meaning.value, "code": meaning.theme, "note_id": passage.note_id}
                for group, value in said.items():
                    _add(row, group, value, left_out)
            if not themes:
                for group, value in said.items():
                    loose.setdefault((coder, group), {})[str(value)] = None
    for (coder, group), values in loose.items():
        own = [row for (by, _, _), row in rows.items() if by == coder and group not in row]
        if len(values) > 1 or not own:
            left_out[_CONTRADICT] += 1
            continue
        for row in own:
            row[group] = next(iter(values))
    note = {"note_id": passage.note_id, "evidence": _EVIDENCE, **about}
    return Said(note, list(rows.values()))


def _add(row: dict[str, Any], group: str, value: str | None, left_out: Counter[str]) -> None:
    """Says one more thing; what was said first stays."""
    if row.setdefault(group, value) != value:
        left_out[_CONTRADICT] += 1

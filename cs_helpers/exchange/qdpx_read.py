"""Reads a REFI-QDA project (.qdpx) of the workbook or of another coding tool.

A note is a passage that is selected; its number is the name of the selection, if that names one
note only and is not the beginning of its text. Who coded is a user; of whom it was said, a case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_helpers.contract.vocabulary import VIEWPOINTS
from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.archive import opened
from cs_helpers.exchange.codes import Meaning, meanings
from cs_helpers.exchange.material import Material, frame, sorted_rows
from cs_helpers.exchange.qdpx import lines
from cs_helpers.exchange.readings import Passage, readings
from cs_helpers.exchange.refi import (
    ORIGIN,
    OTHER_SOURCES,
    called,
    check,
    content,
    guid,
    kind,
    shown,
    span,
    tag,
)
from cs_helpers.exchange.who import Companies
from cs_helpers.paths import display_path as shown_path

_POSITION = re.compile(r"position: (none|-?\d+)")
_OTHERS = {"PictureSource": "picture", "PDFSource": "PDF", "AudioSource": "sound", "VideoSource": "film"}


@dataclass(frozen=True)
class Imported:
    """What was read, and sentences about what was left out."""

    material: Material
    remarks: tuple[str, ...] = ()


def read_project(file: Path, viewpoint: str | None = None, product: str | None = None) -> Imported:
    """The material of a project.

    viewpoint: of themes that lie under none. product: of interviews that name none. Raises
    `ExchangeError`.
    """
    project, texts = opened(file)
    where = shown_path(file)
    selected = {
        key: _lines_of(source, texts[key])
        for source in project.iterfind(f"{tag('Sources')}/{tag('TextSource')}")
        for key in [guid(source.get("guid"))]
    }
    check(project, selected, where)
    return _Reading(project, selected, where, viewpoint, product).imported()


def _lines_of(source: Any, text: str) -> str:
    """A text with the line ends by which its selections count.

    Tools on Windows write CRLF and count it as two characters, as code points are; some count one.
    Where they name selections by their text, that tells.
    """
    if "\r\n" not in text:
        return text
    named = [(s, s.get("name") or "") for s in source.iterfind(tag("PlainTextSelection"))]

    def fits(words: str) -> int:
        return sum(_begins(words[slice(*span(s))], name) for s, name in named if name)

    try:
        return lines(text) if fits(lines(text)) > fits(text) else text
    except ValueError:  # a selection without positions: the check names it
        return text


def _begins(text: str, name: str) -> bool:
    """Whether a name is the beginning of a text, as tools name selections."""
    start = name.removesuffix("...").removesuffix("…").rstrip()
    return bool(start) and _flat(text).startswith(_flat(start))


def _flat(text: str) -> str:
    return re.sub(r"\s", " ", lines(text))


class _Reading:
    """One project while it is read."""

    def __init__(
        self, project: Any, texts: Mapping[str, str], file: str, viewpoint: str | None, product: str | None
    ) -> None:
        self.project, self.texts, self.file = project, texts, file
        self.viewpoint = viewpoint
        self.own = (project.get("origin") or "").startswith(ORIGIN)
        self.sources = project.findall(f"{tag('Sources')}/{tag('TextSource')}")
        self.users = {
            guid(u.get("guid")): (
                called(u) or (u.get("id") or "").strip() or guid(u.get("guid")),
                u.get("id"),
            )
            for u in project.iterfind(f"{tag('Users')}/{tag('User')}")
        }
        self.companies = Companies(project, file, product)
        self.meanings = meanings(project, file)
        self.left_out: Counter[str] = Counter()

    def imported(self) -> Imported:
        named = _unique(called(s) or guid(s.get("guid")) for s in self.sources)
        passages = dict(zip(named, map(self._passages, self.sources), strict=True))
        self._name_notes(passages)
        self._give_viewpoints(passages)
        interviews = [self.companies.interview(s, key) for s, key in zip(self.sources, named, strict=True)]
        heard = {i["account_id"] for i in interviews}
        notes, codings = [], []
        for key, found in passages.items():
            for place, passage in enumerate(found, 1):
                said = readings(passage, self.left_out)
                position = place if passage.position == "" else passage.position
                notes.append({**said.note, "interview_id": key, "position": position, "text": passage.text})
                codings += said.codings
        rows = {
            "accounts": [a for a in self.companies.accounts() if a["account_id"] in heard],
            "interviews": interviews, "notes": notes, "codings": codings,
        }  # fmt: skip
        return Imported(
            Material(**{t: sorted_rows(t, frame(t, r)) for t, r in rows.items()}), tuple(self._remarks())
        )

    def _remarks(self) -> Iterator[str]:
        others = Counter(
            kind(s) for s in self.project.iterfind(f"{tag('Sources')}/*") if kind(s) in OTHER_SOURCES
        )
        if others:
            counted = ", ".join(f"{n} {_OTHERS[k]}" for k, n in sorted(others.items()))
            yield f"left out, as they are not text: {counted} sources"
        for what, count in self.left_out.items():
            yield what.format(n=count)

    def _passages(self, source: Any) -> list[Passage]:
        """The passages that are selected in a text, in its order, with what they were coded with."""
        text = self.texts[guid(source.get("guid"))]
        found: dict[tuple[int, int], Passage] = {}
        for selection in source.iterfind(tag("PlainTextSelection")):
            start, end = span(selection)
            if not text[start:end].strip():
                self.left_out["{n} selections without a word left out"] += 1
                continue
            passage = found.setdefault((start, end), Passage(lines(text[start:end])))
            name = called(selection)
            if name and (self.own or not _begins(passage.text.strip(), name)):
                passage.names.append(name)
            if self.own and (said := _POSITION.fullmatch(content(selection.find(tag("Description"))))):
                passage.position = None if said[1] == "none" else int(said[1])
            passage.selections.append(list(self._codings(selection, source)))
        whole = [guid(c.find(tag("CodeRef")).get("targetGUID")) for c in source.iterfind(tag("Coding"))]
        if read := sum(code in self.meanings and code not in self.companies.codes for code in whole):
            self.left_out["{n} codings of whole texts left out"] += read
        return [found[key] for key in sorted(found)]

    def _codings(self, selection: Any, source: Any) -> Iterator[tuple[str, str | None, Meaning]]:
        """Coder, role and meaning of each coding of a selection."""
        for coding in selection.iterfind(tag("Coding")):
            code = guid(coding.find(tag("CodeRef")).get("targetGUID"))
            meaning = self.meanings.get(code)
            if code in self.companies.codes:
                continue
            if meaning is None:
                self.left_out["{n} codings with nothing but the name of a group left out"] += 1
                continue
            if meaning.group in ("evidence", "speaker"):
                yield "", None, meaning
                continue
            by = next(
                (e.get("creatingUser") for e in (coding, selection, source) if e.get("creatingUser")), None
            )
            by = by or self.project.get("creatingUserGUID")
            user = guid(by) if by else next(iter(self.users), "") if len(self.users) == 1 else ""
            if user not in self.users:
                raise ExchangeError(
                    self.file,
                    f"{shown(source)}: selection {guid(selection.get('guid'))} does not say who coded it;"
                    " export it with its users",
                )
            coder, role = self.users[user]
            yield coder, role if self.own else None, meaning

    def _name_notes(self, passages: Mapping[str, list[Passage]]) -> None:
        used = Counter(name for found in passages.values() for p in found for name in dict.fromkeys(p.names))
        taken = set()
        waiting = []
        for source, found in passages.items():
            for place, passage in enumerate(found, 1):
                name = next((n for n in passage.names if used[n] == 1), None)
                if name is None:
                    waiting.append((passage, f"{source}-{place}"))
                else:
                    passage.note_id = name
                    taken.add(name)
        for passage, name in waiting:
            passage.note_id = _free(name, taken)
            taken.add(passage.note_id)

    def _give_viewpoints(self, passages: Mapping[str, list[Passage]]) -> None:
        said = [s for found in passages.values() for p in found for s in p.selections]
        loose = dict.fromkeys(m.theme for s in said for _, _, m in s if not m.group)
        if loose and self.viewpoint is None:
            names = ", ".join(repr(name) for name in list(loose)[:5])
            more = f" and {len(loose) - 5} more" if len(loose) > 5 else ""
            raise ExchangeError(
                self.file,
                f"the codes {names}{more} lie under no viewpoint; say which they are of with --viewpoint"
                f" ({', '.join(VIEWPOINTS)}), or move them below codes of these names in the tool",
            )
        for selection in said:
            selection[:] = [
                (coder, role, m if m.group else Meaning("viewpoint", self.viewpoint, m.theme))
                for coder, role, m in selection
            ]


def _free(name: str, taken: set[str]) -> str:
    """`name`, or with a number behind it if it is taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _unique(names: Iterable[str]) -> list[str]:
    """The names, numbered where one comes again."""
    taken: set[str] = set()
    found = []
    for name in names:
        found.append(_free(name, taken))
        taken.add(found[-1])
    return found

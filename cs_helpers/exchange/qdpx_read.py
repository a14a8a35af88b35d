"""Read a REFI-QDA project (.qdpx) of the workbook or of another coding tool.

A selected passage is a note; its note_id is the name of the selection, if that name is unique and not the
beginning of the passage. Users are coders, and cases are companies.
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
from cs_helpers.exchange.archive import read_archive
from cs_helpers.exchange.cases import ProjectCases
from cs_helpers.exchange.codes import Meaning, meanings
from cs_helpers.exchange.material import Material, contract_frame, sorted_rows
from cs_helpers.exchange.qdpx import normalize_line_ends
from cs_helpers.exchange.readings import Passage, passage_rows
from cs_helpers.exchange.refi import (
    ORIGIN,
    OTHER_SOURCES,
    check_project,
    describe,
    guid,
    kind,
    name_of,
    span,
    tag,
    text_of,
)
from cs_helpers.paths import display_path as shown_path

_POSITION = re.compile(r"position: (none|-?\d+)")
_OTHER_KINDS = {"PictureSource": "picture", "PDFSource": "PDF", "AudioSource": "sound", "VideoSource": "film"}


@dataclass(frozen=True)
class Imported:
    """The imported material, and remarks on what was left out."""

    material: Material
    remarks: tuple[str, ...] = ()


def read_project(file: Path, viewpoint: str | None = None, product: str | None = None) -> Imported:
    """Read a project.

    viewpoint: for themes that are not below one. product: for interviews without one. Raises
    `ExchangeError` where the file is not a valid project, or lacks necessary information.
    """
    project, texts = read_archive(file)
    where = shown_path(file)
    texts_to_select = {
        key: _with_matching_line_ends(source, texts[key])
        for source in project.iterfind(f"{tag('Sources')}/{tag('TextSource')}")
        for key in [guid(source.get("guid"))]
    }
    check_project(project, texts_to_select, where)
    return _ProjectReader(project, texts_to_select, where, viewpoint, product).read()


def _with_matching_line_ends(source: Any, text: str) -> str:
    """A text with the line ends that match the positions of its selections.

    Tools on Windows write CRLF and count it as two characters, but some count one. Selections that are named
    after their text show which of them holds.
    """
    if "\r\n" not in text:
        return text
    selections = [(s, s.get("name") or "") for s in source.iterfind(tag("PlainTextSelection"))]

    def matching_names(words: str) -> int:
        return sum(_is_beginning(words[slice(*span(s))], name) for s, name in selections if name)

    try:
        return (
            normalize_line_ends(text)
            if matching_names(normalize_line_ends(text)) > matching_names(text)
            else text
        )
    except ValueError:  # a selection without positions, which `check_project` reports
        return text


def _is_beginning(text: str, name: str) -> bool:
    """Whether a name is the beginning of a text, as in the default names of selections."""
    start = name.removesuffix("...").removesuffix("…").rstrip()
    return bool(start) and _flatten(text).startswith(_flatten(start))


def _flatten(text: str) -> str:
    return re.sub(r"\s", " ", normalize_line_ends(text))


class _ProjectReader:
    """Reads one project."""

    def __init__(
        self, project: Any, texts: Mapping[str, str], file: str, viewpoint: str | None, product: str | None
    ) -> None:
        self.project, self.texts, self.file = project, texts, file
        self.viewpoint = viewpoint
        self.is_own = (project.get("origin") or "").startswith(ORIGIN)
        self.sources = project.findall(f"{tag('Sources')}/{tag('TextSource')}")
        self.users = {
            guid(u.get("guid")): (
                name_of(u) or (u.get("id") or "").strip() or guid(u.get("guid")),
                u.get("id"),
            )
            for u in project.iterfind(f"{tag('Users')}/{tag('User')}")
        }
        self.companies = ProjectCases(project, file, product)
        self.meanings = meanings(project, file)
        self.left_out: Counter[str] = Counter()

    def read(self) -> Imported:
        interview_ids = _unique_names(name_of(s) or guid(s.get("guid")) for s in self.sources)
        passages = dict(zip(interview_ids, map(self._passages, self.sources), strict=True))
        self._name_notes(passages)
        self._set_viewpoints(passages)
        interviews = [
            self.companies.interview(s, key) for s, key in zip(self.sources, interview_ids, strict=True)
        ]
        account_ids = {i["account_id"] for i in interviews}
        notes, codings = [], []
        for key, interview_passages in passages.items():
            for number, passage in enumerate(interview_passages, 1):
                passage_data = passage_rows(passage, self.left_out)
                position = number if passage.position == "" else passage.position
                notes.append(
                    {**passage_data.note, "interview_id": key, "position": position, "text": passage.text}
                )
                codings += passage_data.codings
        rows = {
            "accounts": [a for a in self.companies.accounts() if a["account_id"] in account_ids],
            "interviews": interviews, "notes": notes, "codings": codings,
        }  # fmt: skip
        return Imported(
            Material(**{t: sorted_rows(t, contract_frame(t, r)) for t, r in rows.items()}),
            tuple(self._remarks()),
        )

    def _remarks(self) -> Iterator[str]:
        other_sources = Counter(
            kind(s) for s in self.project.iterfind(f"{tag('Sources')}/*") if kind(s) in OTHER_SOURCES
        )
        if other_sources:
            counts = ", ".join(f"{n} {_OTHER_KINDS[k]}" for k, n in sorted(other_sources.items()))
            yield f"left out, as they are not text: {counts} sources"
        for remark, count in self.left_out.items():
            yield remark.format(n=count)

    def _passages(self, source: Any) -> list[Passage]:
        """The selected passages of a text in order, with their codings."""
        text = self.texts[guid(source.get("guid"))]
        passages: dict[tuple[int, int], Passage] = {}
        for selection in source.iterfind(tag("PlainTextSelection")):
            start, end = span(selection)
            if not text[start:end].strip():
                self.left_out["{n} selections without a word left out"] += 1
                continue
            passage = passages.setdefault((start, end), Passage(normalize_line_ends(text[start:end])))
            name = name_of(selection)
            if name and (self.is_own or not _is_beginning(passage.text.strip(), name)):
                passage.names.append(name)
            if self.is_own and (match := _POSITION.fullmatch(text_of(selection.find(tag("Description"))))):
                passage.position = None if match[1] == "none" else int(match[1])
            passage.selections.append(list(self._codings(selection, source)))
        source_codes = [
            guid(c.find(tag("CodeRef")).get("targetGUID")) for c in source.iterfind(tag("Coding"))
        ]
        if ignored := sum(
            code in self.meanings and code not in self.companies.case_by_code for code in source_codes
        ):
            self.left_out["{n} codings of whole texts left out"] += ignored
        return [passages[key] for key in sorted(passages)]

    def _codings(self, selection: Any, source: Any) -> Iterator[tuple[str, str | None, Meaning]]:
        """The codings of a selection as (coder, role, meaning)."""
        for coding in selection.iterfind(tag("Coding")):
            code = guid(coding.find(tag("CodeRef")).get("targetGUID"))
            meaning = self.meanings.get(code)
            if code in self.companies.case_by_code:
                continue
            if meaning is None:
                self.left_out["{n} codings with nothing but the name of a group left out"] += 1
                continue
            if meaning.group in ("evidence", "speaker"):
                yield "", None, meaning
                continue
            user_guid = next(
                (e.get("creatingUser") for e in (coding, selection, source) if e.get("creatingUser")), None
            )
            user_guid = user_guid or self.project.get("creatingUserGUID")
            user = (
                guid(user_guid) if user_guid else next(iter(self.users), "") if len(self.users) == 1 else ""
            )
            if user not in self.users:
                raise ExchangeError(
                    self.file,
                    f"{describe(source)}: selection {guid(selection.get('guid'))} does not say who coded it;"
                    " export it with its users",
                )
            coder, role = self.users[user]
            yield coder, role if self.is_own else None, meaning

    def _name_notes(self, passages: Mapping[str, list[Passage]]) -> None:
        name_counts = Counter(
            name
            for interview_passages in passages.values()
            for p in interview_passages
            for name in dict.fromkeys(p.names)
        )
        taken = set()
        unnamed = []
        for source, interview_passages in passages.items():
            for number, passage in enumerate(interview_passages, 1):
                name = next((n for n in passage.names if name_counts[n] == 1), None)
                if name is None:
                    unnamed.append((passage, f"{source}-{number}"))
                else:
                    passage.note_id = name
                    taken.add(name)
        for passage, name in unnamed:
            passage.note_id = _free_name(name, taken)
            taken.add(passage.note_id)

    def _set_viewpoints(self, passages: Mapping[str, list[Passage]]) -> None:
        selections = [
            s for interview_passages in passages.values() for p in interview_passages for s in p.selections
        ]
        without_viewpoint = dict.fromkeys(m.theme for s in selections for _, _, m in s if not m.group)
        if without_viewpoint and self.viewpoint is None:
            names = ", ".join(repr(name) for name in list(without_viewpoint)[:5])
            more = f" and {len(without_viewpoint) - 5} more" if len(without_viewpoint) > 5 else ""
            raise ExchangeError(
                self.file,
                f"the codes {names}{more} lie under no viewpoint; say which they are of with --viewpoint"
                f" ({', '.join(VIEWPOINTS)}), or move them below codes of these names in the tool",
            )
        for selection in selections:
            selection[:] = [
                (coder, role, m if m.group else Meaning("viewpoint", self.viewpoint, m.theme))
                for coder, role, m in selection
            ]


def _free_name(name: str, taken: set[str]) -> str:
    """`name`, with a number appended if it is taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _unique_names(names: Iterable[str]) -> list[str]:
    """The names, with numbers appended to repeated ones."""
    taken: set[str] = set()
    unique = []
    for name in names:
        unique.append(_free_name(name, taken))
        taken.add(unique[-1])
    return unique

"""Writes the material as a REFI-QDA project (.qdpx), which coding tools open.

A company is a case, an interview a text source with a paragraph for each note, a coder a user. A
note is a selection of exactly its characters, coded with its evidence and speaker; each reading is
one more selection of the same characters, of the coder, coded with the theme under its viewpoint.

Line ends of notes become LF, as the standard wants; nothing else of a text changes. A selection
says in its description the position of a note that is not simply the n-th of its interview. The
same material gives the same bytes: GUIDs are made from the keys, and no clock is asked.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any
from uuid import UUID, uuid5

import pandas as pd
from lxml import etree

from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.material import ATTRIBUTES, NAMES, Material, records, sorted_rows
from cs_helpers.exchange.refi import NAMESPACE, ORIGIN, check, tag
from cs_helpers.exchange.words import ALLOWED, heading
from cs_helpers.text import Text

_SPACE = UUID("6f1d3c52-52a4-5f0e-9d0e-7c1c6b8e6a11")
_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = {"text": "Text", "integer": "Integer", "date": "Date", "flag": "Boolean"}
#: what interviews and companies are described by, in variables
VARIABLES = {
    "accounts": tuple(c for c in TABLES["accounts"].columns if c != "name"),
    "interviews": ("held_on", "interviewer", "interviewer_role", "product"),
}


def project_bytes(material: Material, name: str, text: Text) -> bytes:
    """The project as a file's content; its codes are called as `text` calls them.

    Raises `ExchangeError` where a name holds what XML cannot.
    """
    file = f"{name}.qdpx"
    tables = {t: records(sorted_rows(t, getattr(material, t))) for t in NAMES}
    _check_names(tables, file)
    writing = _Writing(tables, name, text)
    project = writing.project()
    check(project, writing.texts, file)
    content = etree.tostring(project, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "project.qde", content)
        for source, words in writing.texts.items():
            _add(archive, f"sources/{source}.txt", words.encode("utf-8", "strict"))
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name)  # of 1980: the same bytes whenever it is written
    info.external_attr, info.create_system, info.compress_type = 0o644 << 16, 3, zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def _check_names(tables: Mapping[str, list[dict[str, Any]]], file: str) -> None:
    for table, rows in tables.items():
        for column in TABLES[table].columns:
            if (table, column) == ("notes", "text"):
                continue
            for row in rows:
                if isinstance(row[column], str) and (found := _XML.search(row[column])):
                    raise ExchangeError(
                        file,
                        f"{table}.{column} {row[column]!r} holds the character {found[0]!a}, which a project"
                        " file cannot hold; take it out in the source.",
                    )


def _guid(*key: object) -> str:
    return str(uuid5(_SPACE, json.dumps(key)))


def lines(text: str) -> str:
    """A text with the line ends that the standard wants."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Writing:
    """One project while it is built."""

    def __init__(self, tables: Mapping[str, list[dict[str, Any]]], name: str, text: Text) -> None:
        self.tables, self.name, self.text = tables, name, text
        self.texts: dict[str, str] = {}
        self.notes: dict[str, list[dict[str, Any]]] = {}
        for note in tables["notes"]:
            self.notes.setdefault(note["interview_id"], []).append(note)
        self.codings: dict[str, list[dict[str, Any]]] = {}
        for coding in tables["codings"]:
            self.codings.setdefault(coding["note_id"], []).append(coding)

    def project(self) -> Any:
        """The root element; fills `texts`."""
        project = etree.Element(
            tag("Project"), {"name": self.name, "origin": f"{ORIGIN} {version('cs-workbook')}"},
            nsmap={None: NAMESPACE},
        )  # fmt: skip
        self._users(project)
        self._codes(_part(_part(project, "CodeBook"), "Codes"))
        self._variables(project)
        self._cases(project)
        if self.tables["interviews"]:
            sources = _part(project, "Sources")
            for interview in self.tables["interviews"]:
                self._source(sources, interview)
        return project

    def _users(self, project: Any) -> None:
        coders = dict.fromkeys((c["coder"], c["coder_role"]) for c in self.tables["codings"])
        if coders:
            users = _part(project, "Users")
            for coder, role in coders:
                _part(users, "User", guid=_guid("user", coder, role), name=coder, id=role)

    def _codes(self, codes: Any) -> None:
        themes: dict[str, dict[str, None]] = {v: {} for v in ALLOWED["viewpoint"]}
        for coding in self.tables["codings"]:
            if coding["code"] is not None:
                themes[coding["viewpoint"]][coding["code"]] = None
        for viewpoint, found in themes.items():
            name = self.text.label("viewpoint", viewpoint)
            top = self._code(codes, ("viewpoint", viewpoint), name)
            for theme in sorted(found):
                self._code(top, ("viewpoint", viewpoint, theme), theme)
        speakers = sorted({n["speaker"] for n in self.tables["notes"] if n["speaker"] is not None})
        for group in ("evidence", "speaker", *ATTRIBUTES):
            top = self._code(codes, (group,), heading(self.text, group), codable=False)
            for value in ALLOWED.get(group, speakers):
                self._code(top, (group, value), self.text.label(group, value) if group in ALLOWED else value)

    def _code(self, above: Any, key: tuple[str, ...], name: str, *, codable: bool = True) -> Any:
        return _part(above, "Code", guid=_guid("code", *key), name=name, isCodable=str(codable).lower())

    def _variables(self, project: Any) -> None:
        variables = _part(project, "Variables")
        for table, columns in VARIABLES.items():
            for column in columns:
                if any(row[column] is not None for row in self.tables[table]):
                    named = _TYPES[TABLES[table].kind(column)]
                    _part(
                        variables, "Variable", guid=_guid("variable", table, column), name=column,
                        typeOfVariable=named,
                    )  # fmt: skip
        if not len(variables):
            project.remove(variables)

    def _cases(self, project: Any) -> None:
        held: dict[str, list[str]] = {}
        for interview in self.tables["interviews"]:
            held.setdefault(interview["account_id"], []).append(interview["interview_id"])
        known = {a["account_id"]: a for a in self.tables["accounts"]}
        if known or held:
            cases = _part(project, "Cases")
            for account_id in dict.fromkeys((*known, *held)):
                account = known.get(account_id) or dict.fromkeys(TABLES["accounts"].columns)
                account |= {"account_id": account_id}
                case = _part(
                    cases, "Case", guid=_guid("case", account_id), name=account["name"] or account_id
                )
                self._values(case, "accounts", account)
                for interview_id in held.get(account_id, ()):
                    _part(case, "SourceRef", targetGUID=_guid("interview", interview_id))

    def _values(self, above: Any, table: str, row: Mapping[str, Any]) -> None:
        for column in VARIABLES[table]:
            if (value := row[column]) is None:
                continue
            said = _part(above, "VariableValue")
            _part(said, "VariableRef", targetGUID=_guid("variable", table, column))
            words = value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
            words = words.lower() if isinstance(value, bool) else words
            _part(said, f"{_TYPES[TABLES[table].kind(column)]}Value").text = words

    def _source(self, sources: Any, interview: Mapping[str, Any]) -> None:
        key = _guid("interview", interview["interview_id"])
        day = f"{interview['held_on'].date().isoformat()}T00:00:00Z"
        source = _part(
            sources, "TextSource", guid=key, name=interview["interview_id"],
            plainTextPath=f"internal://{key}.txt", creationDateTime=day,
        )  # fmt: skip
        notes = self.notes.get(interview["interview_id"], [])
        words = [lines(note["text"] or "") for note in notes]
        # a text that begins with U+FEFF would lose it: readers take it for a byte order mark
        at = 1 if words and words[0].startswith("\ufeff") else 0
        self.texts[key] = "\n" * at + "\n".join(words)
        for place, (note, text) in enumerate(zip(notes, words, strict=True), 1):
            self._note(source, note, place, at, at + len(text), day)
            at += len(text) + 1
        self._values(source, "interviews", interview)

    def _note(self, source: Any, note: Mapping[str, Any], place: int, start: int, end: int, day: str) -> None:
        said = {"name": note["note_id"], "startPosition": str(start), "endPosition": str(end)}
        dated = {"creationDateTime": day}  # which QualCoder cannot do without
        own = _part(source, "PlainTextSelection", guid=_guid("note", note["note_id"]), **said, **dated)
        if note["position"] != place:
            _part(own, "Description").text = described(note["position"])
        for group in ("evidence", "speaker"):
            if note[group] is not None:
                _coding(own, (group, note[group]), dated)
        for row in self.codings.get(note["note_id"], ()):
            by = {"creatingUser": _guid("user", row["coder"], row["coder_role"]), **dated}
            theme = ("viewpoint", row["viewpoint"], *((row["code"],) if row["code"] is not None else ()))
            key = _guid("reading", row["note_id"], row["coder"], row["coder_role"], *theme)
            reading = _part(source, "PlainTextSelection", guid=key, **said, **by)
            _coding(reading, theme, by)
            for column in ATTRIBUTES:
                if row[column] is not None:
                    _coding(reading, (column, row[column]), by)


def described(position: int | None) -> str:
    """How a selection says the position of its note."""
    return f"position: {'none' if position is None else position}"


def _coding(selection: Any, code: tuple[str, ...], by: Mapping[str, str]) -> None:
    coding = _part(selection, "Coding", guid=_guid("coding", selection.get("guid"), *code), **by)
    _part(coding, "CodeRef", targetGUID=_guid("code", *code))


def _part(above: Any, element: str, /, **said: str | None) -> Any:
    return etree.SubElement(above, tag(element), {k: v for k, v in said.items() if v is not None})

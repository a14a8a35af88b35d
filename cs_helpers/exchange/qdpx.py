"""Write interviews and codings as a REFI-QDA project (.qdpx), which coding tools open.

A company is a case, an interview a text source with a paragraph for each note, a coder a user. A
note is a selection of exactly its characters, coded with its evidence and speaker; each reading is
another selection of the same characters, created by the coder and coded with the theme below its viewpoint.

Line ends of notes become LF, as the standard requires; nothing else of a text changes. The description of
a selection holds the position of its note, unless the note is simply the n-th of its interview. The
same material gives the same bytes: GUIDs are derived from the keys, and no clock is used.
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
from cs_helpers.exchange.labels import ALLOWED, heading
from cs_helpers.exchange.material import ATTRIBUTES, NAMES, Material, records, sorted_rows
from cs_helpers.exchange.refi import NAMESPACE, ORIGIN, check_project, tag
from cs_helpers.text import Text

_GUID_NAMESPACE = UUID("6f1d3c52-52a4-5f0e-9d0e-7c1c6b8e6a11")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VARIABLE_TYPES = {"text": "Text", "integer": "Integer", "date": "Date", "flag": "Boolean"}
#: the columns of interviews and companies that become variables
VARIABLES = {
    "accounts": tuple(c for c in TABLES["accounts"].columns if c != "name"),
    "interviews": ("held_on", "interviewer", "interviewer_role", "product"),
}


def project_bytes(material: Material, name: str, text: Text) -> bytes:
    """The content of the project file, with codes named by the labels of `text`.

    Raises `ExchangeError` where a name contains characters that XML cannot represent.
    """
    file = f"{name}.qdpx"
    tables = {t: records(sorted_rows(t, getattr(material, t))) for t in NAMES}
    _check_names(tables, file)
    writer = _ProjectWriter(tables, name, text)
    project = writer.project()
    check_project(project, writer.texts, file)
    content = etree.tostring(project, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add_file(archive, "project.qde", content)
        for source, source_text in writer.texts.items():
            _add_file(archive, f"sources/{source}.txt", source_text.encode("utf-8", "strict"))
    return buffer.getvalue()


def _add_file(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name)  # dated 1980, so that the same content gives the same bytes
    info.external_attr, info.create_system, info.compress_type = 0o644 << 16, 3, zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def _check_names(tables: Mapping[str, list[dict[str, Any]]], file: str) -> None:
    for table, rows in tables.items():
        for column in TABLES[table].columns:
            if (table, column) == ("notes", "text"):
                continue
            for row in rows:
                if isinstance(row[column], str) and (match := _NOT_XML.search(row[column])):
                    raise ExchangeError(
                        file,
                        f"{table}.{column} {row[column]!r} holds the character {match[0]!a}, which a project"
                        " file cannot hold; take it out in the source.",
                    )


def _guid(*key: object) -> str:
    return str(uuid5(_GUID_NAMESPACE, json.dumps(key)))


def normalize_line_ends(text: str) -> str:
    """A text with LF line ends, as the standard requires."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _ProjectWriter:
    """Builds one project."""

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
        self._add_users(project)
        self._add_codes(_append(_append(project, "CodeBook"), "Codes"))
        self._add_variables(project)
        self._add_cases(project)
        if self.tables["interviews"]:
            sources = _append(project, "Sources")
            for interview in self.tables["interviews"]:
                self._add_source(sources, interview)
        return project

    def _add_users(self, project: Any) -> None:
        coders = dict.fromkeys((c["coder"], c["coder_role"]) for c in self.tables["codings"])
        if coders:
            users = _append(project, "Users")
            for coder, role in coders:
                _append(users, "User", guid=_guid("user", coder, role), name=coder, id=role)

    def _add_codes(self, codes: Any) -> None:
        themes: dict[str, dict[str, None]] = {v: {} for v in ALLOWED["viewpoint"]}
        for coding in self.tables["codings"]:
            if coding["code"] is not None:
                themes[coding["viewpoint"]][coding["code"]] = None
        for viewpoint, names in themes.items():
            name = self.text.label("viewpoint", viewpoint)
            top = self._add_code(codes, ("viewpoint", viewpoint), name)
            for theme in sorted(names):
                self._add_code(top, ("viewpoint", viewpoint, theme), theme)
        speakers = sorted({n["speaker"] for n in self.tables["notes"] if n["speaker"] is not None})
        for group in ("evidence", "speaker", *ATTRIBUTES):
            top = self._add_code(codes, (group,), heading(self.text, group), codable=False)
            for value in ALLOWED.get(group, speakers):
                self._add_code(
                    top, (group, value), self.text.label(group, value) if group in ALLOWED else value
                )

    def _add_code(self, parent: Any, key: tuple[str, ...], name: str, *, codable: bool = True) -> Any:
        return _append(parent, "Code", guid=_guid("code", *key), name=name, isCodable=str(codable).lower())

    def _add_variables(self, project: Any) -> None:
        variables = _append(project, "Variables")
        for table, columns in VARIABLES.items():
            for column in columns:
                if any(row[column] is not None for row in self.tables[table]):
                    variable_type = _VARIABLE_TYPES[TABLES[table].kind(column)]
                    _append(
                        variables, "Variable", guid=_guid("variable", table, column), name=column,
                        typeOfVariable=variable_type,
                    )  # fmt: skip
        if not len(variables):
            project.remove(variables)

    def _add_cases(self, project: Any) -> None:
        interview_ids: dict[str, list[str]] = {}
        for interview in self.tables["interviews"]:
            interview_ids.setdefault(interview["account_id"], []).append(interview["interview_id"])
        accounts = {a["account_id"]: a for a in self.tables["accounts"]}
        if accounts or interview_ids:
            cases = _append(project, "Cases")
            for account_id in dict.fromkeys((*accounts, *interview_ids)):
                account = accounts.get(account_id) or dict.fromkeys(TABLES["accounts"].columns)
                account |= {"account_id": account_id}
                case = _append(
                    cases, "Case", guid=_guid("case", account_id), name=account["name"] or account_id
                )
                self._add_values(case, "accounts", account)
                for interview_id in interview_ids.get(account_id, ()):
                    _append(case, "SourceRef", targetGUID=_guid("interview", interview_id))

    def _add_values(self, parent: Any, table: str, row: Mapping[str, Any]) -> None:
        for column in VARIABLES[table]:
            if (value := row[column]) is None:
                continue
            variable_value = _append(parent, "VariableValue")
            _append(variable_value, "VariableRef", targetGUID=_guid("variable", table, column))
            value_text = value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
            value_text = value_text.lower() if isinstance(value, bool) else value_text
            _append(variable_value, f"{_VARIABLE_TYPES[TABLES[table].kind(column)]}Value").text = value_text

    def _add_source(self, sources: Any, interview: Mapping[str, Any]) -> None:
        key = _guid("interview", interview["interview_id"])
        day = f"{interview['held_on'].date().isoformat()}T00:00:00Z"
        source = _append(
            sources, "TextSource", guid=key, name=interview["interview_id"],
            plainTextPath=f"internal://{key}.txt", creationDateTime=day,
        )  # fmt: skip
        notes = self.notes.get(interview["interview_id"], [])
        texts = [normalize_line_ends(note["text"] or "") for note in notes]
        # readers would drop U+FEFF at the start of a file as a byte order mark
        start = 1 if texts and texts[0].startswith("\ufeff") else 0
        self.texts[key] = "\n" * start + "\n".join(texts)
        for number, (note, text) in enumerate(zip(notes, texts, strict=True), 1):
            self._add_note(source, note, number, start, start + len(text), day)
            start += len(text) + 1
        self._add_values(source, "interviews", interview)

    def _add_note(
        self, source: Any, note: Mapping[str, Any], number: int, start: int, end: int, day: str
    ) -> None:
        selection = {"name": note["note_id"], "startPosition": str(start), "endPosition": str(end)}
        dated = {"creationDateTime": day}  # QualCoder requires it
        note_selection = _append(
            source, "PlainTextSelection", guid=_guid("note", note["note_id"]), **selection, **dated
        )
        if note["position"] != number:
            _append(note_selection, "Description").text = position_text(note["position"])
        for group in ("evidence", "speaker"):
            if note[group] is not None:
                _append_coding(note_selection, (group, note[group]), dated)
        for row in self.codings.get(note["note_id"], ()):
            by = {"creatingUser": _guid("user", row["coder"], row["coder_role"]), **dated}
            theme = ("viewpoint", row["viewpoint"], *((row["code"],) if row["code"] is not None else ()))
            key = _guid("reading", row["note_id"], row["coder"], row["coder_role"], *theme)
            reading = _append(source, "PlainTextSelection", guid=key, **selection, **by)
            _append_coding(reading, theme, by)
            for column in ATTRIBUTES:
                if row[column] is not None:
                    _append_coding(reading, (column, row[column]), by)


def position_text(position: int | None) -> str:
    """The description of a selection with the position of its note."""
    return f"position: {'none' if position is None else position}"


def _append_coding(selection: Any, code: tuple[str, ...], attributes: Mapping[str, str]) -> None:
    coding = _append(selection, "Coding", guid=_guid("coding", selection.get("guid"), *code), **attributes)
    _append(coding, "CodeRef", targetGUID=_guid("code", *code))


def _append(parent: Any, element: str, /, **attributes: str | None) -> Any:
    return etree.SubElement(parent, tag(element), {k: v for k, v in attributes.items() if v is not None})

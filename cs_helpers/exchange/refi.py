"""REFI-QDA 1.0 (QDA-XML): its names, and the rules that its schema does not express.

They are checked for projects that are written and read: references point to elements of the right
kind, GUIDs are unique, and selections lie inside their text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.errors import ExchangeError

NAMESPACE = "urn:QDA-XML:project:1.0"
#: prefix of the origin of a project that the workbook wrote
ORIGIN = "CS Workbook"
OTHER_SOURCES = ("PictureSource", "PDFSource", "AudioSource", "VideoSource")
_SOURCES = frozenset(("TextSource", *OTHER_SOURCES))
_EXPORT_AGAIN = "export it again from the tool that made it."
#: element -> elements that it may refer to; NVivo uses a case as the code of the passages about it
_TARGETS = {
    "CodeRef": frozenset(("Code", "Case")),
    "VariableRef": frozenset(("Variable",)),
    "SourceRef": _SOURCES,
    "SelectionRef": frozenset(
        f"{kind}Selection" for kind in ("PlainText", "Picture", "PDF", "Audio", "Video", "Transcript")
    ),
    "NoteRef": frozenset(("Note",)),
    "MemberCode": frozenset(("Code",)),
    "MemberSource": _SOURCES,
    "MemberNote": frozenset(("Note",)),
}
#: element -> child element that it must have
_REQUIRED_CHILD = {"Coding": "CodeRef", "VariableValue": "VariableRef"}
_WITH_GUID = frozenset(("User", "Code", "Variable", "Case", "TextSource", "PlainTextSelection"))
_USER_ATTRIBUTES = ("creatingUser", "modifyingUser", "creatingUserGUID", "modifyingUserGUID")


def tag(name: str) -> str:
    """The name of an element, with its namespace."""
    return f"{{{NAMESPACE}}}{name}"


def kind(element: Any) -> str:
    """The name of an element, without its namespace."""
    return str(element.tag).rpartition("}")[2]


def guid(text: str | None) -> str:
    """A GUID for comparisons: in lower case, without braces; '' where there is none."""
    return (text or "").strip().strip("{}").lower()


def describe(element: Any) -> str:
    """An element as shown in messages: its kind with its name or GUID."""
    name = element.get("name")
    return f"{kind(element)} {name!r}" if name else f"{kind(element)} {guid(element.get('guid'))}"


def name_of(element: Any) -> str:
    """The name of an element; '' where it has none."""
    return (element.get("name") or "").strip()


def text_of(element: Any) -> str:
    """The text of an element; '' where there is no element or no text."""
    return (element.text or "") if element is not None else ""


def check_project(project: Any, texts: Mapping[str, str], file: str) -> None:
    """Check a project. Raises `ExchangeError` for the first broken rule. texts: GUID of a source -> its text."""
    elements: dict[str, Any] = {}
    for element in project.iter():
        if key := guid(element.get("guid")):
            if key in elements:
                raise ExchangeError(
                    file,
                    f"the GUID {key} stands for two elements, {describe(elements[key])} and {describe(element)}; {_EXPORT_AGAIN}",
                )
            elements[key] = element
    for element in project.iter():
        if kind(element) in _WITH_GUID and not guid(element.get("guid")):
            raise ExchangeError(file, f"{describe(element)} has no GUID; {_EXPORT_AGAIN}")
        if (required := _REQUIRED_CHILD.get(kind(element))) and element.find(tag(required)) is None:
            owner = next(e for e in (element, *element.iterancestors()) if _is_identifiable(e))
            raise ExchangeError(
                file, f"{describe(owner)}: a {kind(element)} has no {required}; {_EXPORT_AGAIN}"
            )
        if allowed := _TARGETS.get(kind(element)):
            _check_reference(element, "targetGUID", allowed, elements, file)
        for name in _USER_ATTRIBUTES:
            if element.get(name):
                _check_reference(element, name, frozenset(("User",)), elements, file)
    for source in project.iterfind(f"{tag('Sources')}/{tag('TextSource')}"):
        length = len(texts[guid(source.get("guid"))])
        for selection in source.iterfind(tag("PlainTextSelection")):
            _check_span(selection, source, length, file)


def _check_reference(
    element: Any, name: str, allowed: frozenset[str], elements: Mapping[str, Any], file: str
) -> None:
    target = guid(element.get(name))
    if target in elements and kind(elements[target]) in allowed:
        return
    owner = next(e for e in (element, *element.iterancestors()) if _is_identifiable(e))
    target_text = (
        "stands for no element" if target not in elements else f"stands for {describe(elements[target])}"
    )
    child = "" if owner is element else f", {kind(element)}"
    raise ExchangeError(
        file, f"{describe(owner)}{child}: its {name} {target or '(empty)'} {target_text}; {_EXPORT_AGAIN}"
    )


def _is_identifiable(element: Any) -> bool:
    return bool(element.get("guid")) or kind(element) == "Project"


def span(selection: Any) -> tuple[int, int]:
    """Start and end of a selection in code points. Raises `ValueError` where they are missing or not numbers."""
    return int(selection.get("startPosition", "")), int(selection.get("endPosition", ""))


def _check_span(selection: Any, source: Any, length: int, file: str) -> None:
    where = f"{describe(source)}: selection {guid(selection.get('guid'))}"
    try:
        start, end = span(selection)
    except ValueError:
        raise ExchangeError(
            file, f"{where} does not say from where to where it runs; {_EXPORT_AGAIN}"
        ) from None
    if not 0 <= start <= end:
        raise ExchangeError(file, f"{where} runs from {start} to {end}; {_EXPORT_AGAIN}")
    if end > length:
        raise ExchangeError(
            file, f"{where} runs from {start} to {end}, but the text has {length} characters; {_EXPORT_AGAIN}"
        )

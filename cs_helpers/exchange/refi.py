"""REFI-QDA 1.0 (QDA-XML): its names, and the rules that its schema cannot say.

They hold for what is written as for what is read: a reference leads to an element of the right
kind, a GUID stands for one element, a selection lies inside its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.errors import ExchangeError

NAMESPACE = "urn:QDA-XML:project:1.0"
#: how the origin of a project begins that the workbook wrote
ORIGIN = "CS Workbook"
OTHER_SOURCES = ("PictureSource", "PDFSource", "AudioSource", "VideoSource")
_SOURCES = frozenset(("TextSource", *OTHER_SOURCES))
_AGAIN = "export it again from the tool that made it."
#: element -> what it may refer to; NVivo codes what a case said with the case itself
_REFERS = {
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
#: what an element is nothing without
_NEEDS = {"Coding": "CodeRef", "VariableValue": "VariableRef"}
_NEED_GUID = frozenset(("User", "Code", "Variable", "Case", "TextSource", "PlainTextSelection"))
_BY = ("creatingUser", "modifyingUser", "creatingUserGUID", "modifyingUserGUID")


def tag(name: str) -> str:
    """The name of an element, with its namespace."""
    return f"{{{NAMESPACE}}}{name}"


def kind(element: Any) -> str:
    """The name of an element, without its namespace."""
    return str(element.tag).rpartition("}")[2]


def guid(text: str | None) -> str:
    """A GUID as it is compared: lower case, without braces; empty where there is none."""
    return (text or "").strip().strip("{}").lower()


def shown(element: Any) -> str:
    """An element as a message names it."""
    name = element.get("name")
    return f"{kind(element)} {name!r}" if name else f"{kind(element)} {guid(element.get('guid'))}"


def called(element: Any) -> str:
    """The name that an element bears; empty where it bears none."""
    return (element.get("name") or "").strip()


def content(element: Any) -> str:
    """What stands in an element, if there is one."""
    return (element.text or "") if element is not None else ""


def check(project: Any, texts: Mapping[str, str], file: str) -> None:
    """Raises `ExchangeError` for the first rule that a project breaks; `texts` by the GUID of their source."""
    known: dict[str, Any] = {}
    for element in project.iter():
        if key := guid(element.get("guid")):
            if key in known:
                raise ExchangeError(
                    file,
                    f"the GUID {key} stands for two elements, {shown(known[key])} and {shown(element)}; {_AGAIN}",
                )
            known[key] = element
    for element in project.iter():
        if kind(element) in _NEED_GUID and not guid(element.get("guid")):
            raise ExchangeError(file, f"{shown(element)} has no GUID; {_AGAIN}")
        if (needed := _NEEDS.get(kind(element))) and element.find(tag(needed)) is None:
            owner = next(e for e in (element, *element.iterancestors()) if _named(e))
            raise ExchangeError(file, f"{shown(owner)}: a {kind(element)} has no {needed}; {_AGAIN}")
        if allowed := _REFERS.get(kind(element)):
            _refers(element, "targetGUID", allowed, known, file)
        for name in _BY:
            if element.get(name):
                _refers(element, name, frozenset(("User",)), known, file)
    for source in project.iterfind(f"{tag('Sources')}/{tag('TextSource')}"):
        length = len(texts[guid(source.get("guid"))])
        for selection in source.iterfind(tag("PlainTextSelection")):
            _lies_inside(selection, source, length, file)


def _refers(element: Any, name: str, allowed: frozenset[str], known: Mapping[str, Any], file: str) -> None:
    target = guid(element.get(name))
    if target in known and kind(known[target]) in allowed:
        return
    owner = next(e for e in (element, *element.iterancestors()) if _named(e))
    what = "stands for no element" if target not in known else f"stands for {shown(known[target])}"
    inside = "" if owner is element else f", {kind(element)}"
    raise ExchangeError(file, f"{shown(owner)}{inside}: its {name} {target or '(empty)'} {what}; {_AGAIN}")


def _named(element: Any) -> bool:
    return bool(element.get("guid")) or kind(element) == "Project"


def span(selection: Any) -> tuple[int, int]:
    """From where to where a selection runs, in code points; raises `ValueError`."""
    return int(selection.get("startPosition", "")), int(selection.get("endPosition", ""))


def _lies_inside(selection: Any, source: Any, length: int, file: str) -> None:
    where = f"{shown(source)}: selection {guid(selection.get('guid'))}"
    try:
        start, end = span(selection)
    except ValueError:
        raise ExchangeError(file, f"{where} does not say from where to where it runs; {_AGAIN}") from None
    if not 0 <= start <= end:
        raise ExchangeError(file, f"{where} runs from {start} to {end}; {_AGAIN}")
    if end > length:
        raise ExchangeError(
            file, f"{where} runs from {start} to {end}, but the text has {length} characters; {_AGAIN}"
        )

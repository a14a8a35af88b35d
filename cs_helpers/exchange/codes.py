"""Interpret the codes of a coding tool: each is a theme below a viewpoint, or a value of a group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cs_helpers.errors import ExchangeError, did_you_mean
from cs_helpers.exchange.labels import ALLOWED, column_by_heading, fold, token_by_label
from cs_helpers.exchange.refi import guid, tag


@dataclass(frozen=True)
class Meaning:
    """The meaning of a code.

    group: viewpoint, evidence, speaker or another column of a reading; "" for a theme that is not
    below a viewpoint. value: the token, or the speaker. theme: the theme, if there is one.
    """

    group: str
    value: str | None
    theme: str | None = None


def meanings(project: Any, file: str) -> dict[str, Meaning]:
    """GUID of a code -> its meaning; codes that only name a group are left out.

    The first name of a viewpoint or group, from the outermost code inwards, decides.
    Raises `ExchangeError` for a value that its group does not have.
    """
    by_guid = {}
    for key, path in _code_paths(project):
        if (meaning := _code_meaning(path, file)) is not None:
            by_guid[key] = meaning
    return by_guid


def _code_paths(project: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    top = project.find(f"{tag('CodeBook')}/{tag('Codes')}")
    pending: list[tuple[Any, tuple[str, ...]]] = (
        [(code, ()) for code in reversed(top.findall(tag("Code")))] if top is not None else []
    )
    while pending:
        code, parents = pending.pop()
        path = (*parents, (code.get("name") or "").strip())
        yield guid(code.get("guid")), path
        pending += [(inner, path) for inner in reversed(code.findall(tag("Code")))]


def _code_meaning(path: tuple[str, ...], file: str) -> Meaning | None:
    for depth, name in enumerate(path):
        inner_names = path[depth + 1 :]
        column = _group_column(name)
        if viewpoint := token_by_label("viewpoint").get(fold(name)):
            return Meaning("viewpoint", viewpoint, " / ".join(inner_names) or None)
        if column in ("viewpoint", "code"):
            continue  # a heading over viewpoints or themes
        if column is not None:
            return _group_value(column, inner_names, file)
    theme = " / ".join(part for part in path if _group_column(part) not in ("viewpoint", "code"))
    return Meaning("", None, theme) if theme else None


def _group_column(name: str) -> str | None:
    column = column_by_heading().get(fold(name))
    return None if column in ("note_id", "text") else column


def _group_value(column: str, inner_names: tuple[str, ...], file: str) -> Meaning | None:
    if not inner_names:
        return None
    if column not in ALLOWED:
        return Meaning(column, " / ".join(inner_names))
    for name in inner_names:
        if value := token_by_label(column).get(fold(name)):
            return Meaning(column, value)
    raise ExchangeError(
        file,
        f"Code {' / '.join(inner_names)!r} under {column} is none of {', '.join(ALLOWED[column])};"
        f" rename it in the tool{did_you_mean(fold(inner_names[0]), token_by_label(column)).replace(' Did', '. Did')}",
    )

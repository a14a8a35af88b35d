"""What the codes of a coding tool mean: a theme under a viewpoint, or a value of a group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cs_helpers.errors import ExchangeError, did_you_mean
from cs_helpers.exchange.refi import guid, tag
from cs_helpers.exchange.words import ALLOWED, columns, folded, tokens


@dataclass(frozen=True)
class Meaning:
    """What a code says of a passage.

    group: viewpoint, evidence, speaker or another column of a reading; "" for a theme that lies
    under no viewpoint. value: the token, or the speaker. theme: what it is about, if anything.
    """

    group: str
    value: str | None
    theme: str | None = None


def meanings(project: Any, file: str) -> dict[str, Meaning]:
    """What each code means, by its GUID; a code that is only the name of a group has no meaning.

    From the outermost code inwards, the first name that is a viewpoint or a group decides.
    Raises `ExchangeError` for a value that a group does not have.
    """
    found = {}
    for key, path in _paths(project):
        if (meaning := _meaning(path, file)) is not None:
            found[key] = meaning
    return found


def _paths(project: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    top = project.find(f"{tag('CodeBook')}/{tag('Codes')}")
    waiting: list[tuple[Any, tuple[str, ...]]] = (
        [(code, ()) for code in reversed(top.findall(tag("Code")))] if top is not None else []
    )
    while waiting:
        code, above = waiting.pop()
        path = (*above, (code.get("name") or "").strip())
        yield guid(code.get("guid")), path
        waiting += [(inner, path) for inner in reversed(code.findall(tag("Code")))]


def _meaning(path: tuple[str, ...], file: str) -> Meaning | None:
    for place, name in enumerate(path):
        below = path[place + 1 :]
        column = _group(name)
        if viewpoint := tokens("viewpoint").get(folded(name)):
            return Meaning("viewpoint", viewpoint, " / ".join(below) or None)
        if column in ("viewpoint", "code"):
            continue  # a heading over viewpoints or themes
        if column is not None:
            return _value(column, below, file)
    theme = " / ".join(part for part in path if _group(part) not in ("viewpoint", "code"))
    return Meaning("", None, theme) if theme else None


def _group(name: str) -> str | None:
    column = columns().get(folded(name))
    return None if column in ("note_id", "text") else column


def _value(column: str, below: tuple[str, ...], file: str) -> Meaning | None:
    if not below:
        return None
    if column not in ALLOWED:
        return Meaning(column, " / ".join(below))
    for name in below:
        if value := tokens(column).get(folded(name)):
            return Meaning(column, value)
    raise ExchangeError(
        file,
        f"Code {' / '.join(below)!r} under {column} is none of {', '.join(ALLOWED[column])};"
        f" rename it in the tool{did_you_mean(folded(below[0]), tokens(column)).replace(' Did', '. Did')}",
    )

"""Errors in Japanese.

The code says what is wrong in English, where it is found. `errors.ja.yml` holds the Japanese of each such sentence, by
the English one with its fields; here a message is recognised as one of them and written anew. A message is made of
others (a hint, a problem inside of "table 'x', column 'y': ..."), and so are the templates: what a field marked `part`
took is translated by the same rules. One of which any part is not known stays English as a whole.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).parent / "errors.ja.yml"
_BULLET = re.compile(r"( *(?:- )?)(.*)", re.DOTALL)
#: how a Japanese sentence may end that needs no full stop
_ENDS = ("。", "？", ":")
#: where two sentences, or a sentence and a remark in brackets, meet
_SEAM = re.compile("([？。])。+(?!（)|。+(?=（)")
_NUMBER = re.compile(r"-?[\d,.]*\d")


@dataclass(frozen=True)
class Template:
    """A sentence with fields: `words[0] field[0] words[1] field[1] ... words[-1]`, and what it is in Japanese.

    fields: name and kind: "" for data, "number", "place" (data without a colon and a blank), "part" for a message,
    "more" for one or nothing, "maybe" for one or data.
    """

    words: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    japanese: str

    @classmethod
    def of(cls, english: str, japanese: str) -> Iterator[Template]:
        """The templates of an entry of the file: where there may be more after a full stop, one without both, too."""
        words, fields = [""], []
        for literal, name, kind, _ in string.Formatter().parse(english):
            words[-1] += literal
            if name is not None:
                fields.append((name, kind or ""))
                words.append("")
        words[-1] = words[-1].rstrip(".")
        yield cls(tuple(words), tuple(fields), japanese)
        if fields and fields[-1][1] == "more" and words[-1] == "" and words[-2].endswith("."):
            without = japanese.replace(f"{{{fields[-1][0]}}}", "")
            yield cls((*words[:-2], words[-2].rstrip(".")), tuple(fields[:-1]), without)

    @property
    def leads(self) -> bool:
        """Whether it says where first, in any words, and so can only be a whole line."""
        return bool(self.fields) and self.fields[0][1] == "place"

    @property
    def weight(self) -> tuple[int, int]:
        """How particular it is: its letters, then the fewest fields."""
        return sum(len(w) for w in self.words), -len(self.fields)

    def filled(self, text: str) -> str | None:
        """The Japanese of `text`; `None` where it is no such sentence or a part of it is not known."""
        first, last = self.words[0], self.words[-1]
        if not self.fields:
            return self.japanese.format() if text == first else None
        if not (text.startswith(first) and text.endswith(last)) or len(text) < len(first) + len(last):
            return None
        values = self._taken(text, 0, len(first))
        return None if values is None else _SEAM.sub(r"\1", self.japanese.format_map(values))

    def _taken(self, text: str, number: int, start: int) -> dict[str, str] | None:
        """What the fields from `number` on took of `text` from `start` on, in Japanese."""
        name, kind = self.fields[number]
        for end in self._ends(text, number, start):
            value = _value(text[start:end], kind)
            if value is None:
                continue
            if number + 1 == len(self.fields):
                return {name: value}
            rest = self._taken(text, number + 1, end + len(self.words[number + 1]))
            if rest is not None:
                return {name: value, **rest}
        return None

    def _ends(self, text: str, number: int, start: int) -> Iterator[int]:
        """Where a field may end: where the words after it are."""
        following = self.words[number + 1]
        if number + 1 == len(self.fields):
            if len(text) - len(following) >= start:
                yield len(text) - len(following)
        elif following:
            end = text.find(following, start)
            while end >= 0:
                yield end
                end = text.find(following, end + 1)
        else:
            yield from range(start, len(text) + 1)


def _value(text: str, kind: str) -> str | None:
    """What a field took, in Japanese; `None` where it cannot be of that kind."""
    if kind == "":
        return text
    if kind == "place":
        return None if ": " in text or not text else translated(text, part=True) or text
    if kind == "number":
        return text if _NUMBER.fullmatch(text) else None
    if not text:
        return None if kind == "part" else text
    found = translated(text, part=True)
    return text if found is None and kind == "maybe" else found


@cache
def templates() -> tuple[Template, ...]:
    """All templates, the most particular first."""
    said = yaml.load(FILE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    every = (template for entry in said.items() for template in Template.of(*entry))
    return tuple(sorted(every, key=lambda t: t.weight, reverse=True))


@cache
def translated(text: str, *, part: bool = False) -> str | None:
    """The Japanese of one line, or of a part of one; `None` where it is not known whole."""
    if text.endswith(".") and (found := translated(text[:-1], part=part)) is not None:
        return found if found.endswith(_ENDS) else found + "。"
    usable = (t for t in templates() if not (part and t.leads))
    return next((found for t in usable if (found := t.filled(text)) is not None), None)


def japanese(message: str) -> str | None:
    """A message of an error in Japanese, line by line; `None` where any of it is not known."""
    lines = []
    for line in message.split("\n"):
        bullet, text = _BULLET.fullmatch(line).groups()  # type: ignore[union-attr]
        found = translated(text) if text else text
        if found is None:
            return None
        lines.append(bullet + found)
    return "\n".join(lines)


def in_language(message: str, language: str) -> str:
    """A message as a reader of `language` (en, ja) reads it: in English where it is not known in theirs."""
    return (japanese(message) or message) if language == "ja" else message

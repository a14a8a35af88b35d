"""Translate error messages into Japanese.

The code writes its messages in English. `errors.ja.yml` maps each English template to its Japanese; here a message is
matched to a template, and the values of its fields are inserted into the Japanese. Messages can be nested (a hint, a
problem inside of "table 'x', column 'y': ..."): the value of a field marked `part` is translated by the same rules. A
message stays in English as a whole if any part of it is unknown.
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
#: endings of a Japanese sentence that need no full stop
_SENTENCE_ENDS = ("。", "？", ":")
#: full stops to remove where two sentences, or a sentence and a remark in brackets, are joined
_SEAM = re.compile("([？。])。+(?!（)|。+(?=（)")
_NUMBER = re.compile(r"-?[\d,.]*\d")


@dataclass(frozen=True)
class Template:
    """An English template `words[0] field[0] words[1] field[1] ... words[-1]`, and its Japanese.

    fields: name and kind: "" for data, "number", "place" (data without a colon and a blank), "part" for a message,
    "more" for an optional message, "maybe" for a message or data.
    """

    words: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    japanese: str

    @classmethod
    def of(cls, english: str, japanese: str) -> Iterator[Template]:
        """The templates of an entry of the file; for one that ends with an optional message, also one without it."""
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
    def starts_with_place(self) -> bool:
        """Whether it starts with a place, which matches any text, so that it can only be a whole line."""
        return bool(self.fields) and self.fields[0][1] == "place"

    @property
    def specificity(self) -> tuple[bool, int, int]:
        """The key by which more specific templates are tried first: number of letters, then fewest fields.

        One that starts with data comes after the others: it would take the place before a message as a part of the data.
        """
        starts_with_data = not self.words[0] and bool(self.fields) and self.fields[0][1] == ""
        return not starts_with_data, sum(len(w) for w in self.words), -len(self.fields)

    def translate(self, text: str) -> str | None:
        """The Japanese of `text`; `None` where it does not match or a part of it is unknown."""
        first, last = self.words[0], self.words[-1]
        if not self.fields:
            return self.japanese.format() if text == first else None
        if not (text.startswith(first) and text.endswith(last)) or len(text) < len(first) + len(last):
            return None
        values = self._match_fields(text, 0, len(first))
        return None if values is None else _SEAM.sub(r"\1", self.japanese.format_map(values))

    def _match_fields(self, text: str, position: int, start: int) -> dict[str, str] | None:
        """Field -> value in Japanese, for the fields from `position` on, matched to `text` from `start` on."""
        name, kind = self.fields[position]
        for end in self._possible_ends(text, position, start):
            value = _translate_field(text[start:end], kind)
            if value is None:
                continue
            if position + 1 == len(self.fields):
                return {name: value}
            rest = self._match_fields(text, position + 1, end + len(self.words[position + 1]))
            if rest is not None:
                return {name: value, **rest}
        return None

    def _possible_ends(self, text: str, position: int, start: int) -> Iterator[int]:
        """The possible ends of a field: the places where the words after it begin."""
        following = self.words[position + 1]
        if position + 1 == len(self.fields):
            if len(text) - len(following) >= start:
                yield len(text) - len(following)
        elif following:
            end = text.find(following, start)
            while end >= 0:
                yield end
                end = text.find(following, end + 1)
        else:
            yield from range(start, len(text) + 1)


def _translate_field(text: str, kind: str) -> str | None:
    """The value of a field in Japanese; `None` where it does not match the kind."""
    if kind == "":
        return text
    if kind == "place":
        return None if ": " in text or not text else translate_line(text, part=True) or text
    if kind == "number":
        return text if _NUMBER.fullmatch(text) else None
    if not text:
        return None if kind == "part" else text
    translation = translate_line(text, part=True)
    return text if translation is None and kind == "maybe" else translation


@cache
def templates() -> tuple[Template, ...]:
    """All templates, the most specific first."""
    entries = yaml.load(
        FILE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    all_templates = (template for entry in entries.items() for template in Template.of(*entry))
    return tuple(sorted(all_templates, key=lambda t: t.specificity, reverse=True))


@cache
def translate_line(text: str, *, part: bool = False) -> str | None:
    """The Japanese of a line, or of a part of one; `None` where any of it is unknown."""
    if text.endswith(".") and (translation := translate_line(text[:-1], part=part)) is not None:
        return translation if translation.endswith(_SENTENCE_ENDS) else translation + "。"
    candidates = (t for t in templates() if not (part and t.starts_with_place))
    return next((translation for t in candidates if (translation := t.translate(text)) is not None), None)


def to_japanese(message: str) -> str | None:
    """An error message in Japanese, translated line by line; `None` where any of it is unknown."""
    lines = []
    for line in message.split("\n"):
        bullet, text = _BULLET.fullmatch(line).groups()  # type: ignore[union-attr]
        translation = translate_line(text) if text else text
        if translation is None:
            return None
        lines.append(bullet + translation)
    return "\n".join(lines)


def in_language(message: str, language: str) -> str:
    """A message in `language` (en, ja); in English where its translation is unknown."""
    return (to_japanese(message) or message) if language == "ja" else message

"""Words that sort rows into classes: how they are compared, what says that nothing is known, and sizes of companies."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cs_helpers.contract.products import Words
from cs_helpers.contract.vocabulary import SIZES

#: what people write where they do not know, folded
NOT_KNOWN = frozenset(
    {"n/a", "#n/a", "na", "n.a.", "-", "--", "–", "—", "―", "ー", "?", "null", "none", "unknown", "not set"}
    | {"未設定", "未入力", "未登録", "不明"}
)
#: so many classes of size can be told apart in a figure
LEAST_CLASSES, MOST_CLASSES = 2, 6
_LONGEST = 60


def folded(word: str) -> str:
    """A word as it is compared: without case, width (full and half) and blanks around it."""
    return unicodedata.normalize("NFKC", word).strip().casefold()


class SizeClass(BaseModel):
    """A class of company size: its word in the data, and its names where the catalogue has none for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: str
    name: Words | None = None


#: the classes where a sources file declares none
DEFAULT_SIZES = tuple(SizeClass(size=size) for size in SIZES)


def read_sizes(said: Any) -> tuple[SizeClass, ...]:
    """The ordered classes of a sources file, smallest first: a list of words, or a mapping word -> {en, ja}.

    Raises `ValueError` where they cannot be told apart.
    """
    if isinstance(said, tuple) and all(isinstance(each, SizeClass) for each in said):
        return said
    if not isinstance(said, list | dict):
        raise ValueError("needs a list of classes, smallest first, as in [small, mid, enterprise]")
    found = [_class(word, said[word] if isinstance(said, dict) else None) for word in said]
    if not LEAST_CLASSES <= len(found) <= MOST_CLASSES:
        raise ValueError(
            f"needs {LEAST_CLASSES} to {MOST_CLASSES} classes, smallest first; these are {len(found)}"
        )
    for first, second in ((a, b) for n, a in enumerate(found) for b in found[:n]):
        if both := spellings([first]).keys() & spellings([second]).keys():
            raise ValueError(
                f"the classes '{second.size}' and '{first.size}' cannot be told apart: '{min(both)}' is both"
                " (case, width and blanks do not count)"
            )
    return tuple(found)


def _class(word: Any, names: Any) -> SizeClass:
    if isinstance(word, bool) or not isinstance(word, str | int | float):
        raise ValueError(f"a class is a text; put {word!r} in quotes")
    text = str(word).strip()
    if not text or len(text) > _LONGEST or any(c in "<>" or ord(c) < 32 for c in text):
        raise ValueError(
            f"a class is a text of 1 to {_LONGEST} letters without < and >; {text[:80]!r} is none"
        )
    if folded(text) in {*NOT_KNOWN, "all"}:
        raise ValueError(f"'{text}' says that nothing is known, or all; it cannot be a class")
    if names is None:
        return SizeClass(size=text)
    try:
        return SizeClass(size=text, name=Words.model_validate(names))
    except ValidationError:
        raise ValueError(
            f"class '{text}' needs a name in both languages, as in {text}: {{en: {text}, ja: {text}}}"
        ) from None


def spellings(sizes: Sequence[SizeClass]) -> dict[str, str]:
    """What stands for each class in the data, folded -> its word: the word itself, and its names."""
    return {
        folded(text): each.size
        for each in sizes
        for text in ((each.name.ja, each.name.en) if each.name else ()) + (each.size,)
    }


def shown_order(sizes: Sequence[SizeClass]) -> tuple[str, ...]:
    """The words of the classes as pages show them: the largest first."""
    return tuple(each.size for each in reversed(sizes))


def names_of(sizes: Sequence[SizeClass], language: str) -> dict[str, str]:
    """What the classes are called, by their words; those that are named by their word or the catalogue left out."""
    return {each.size: each.name.in_language(language) for each in sizes if each.name}


def sizes_of_json(said: Sequence[Mapping[str, Any]]) -> tuple[SizeClass, ...]:
    """The classes as a manifest holds them, smallest first."""
    return tuple(SizeClass.model_validate(each) for each in said)


#: the order of the classes where none are declared, the largest first
DEFAULT_ORDER = shown_order(DEFAULT_SIZES)

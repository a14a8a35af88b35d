"""Labels that classify rows: how they are compared, which of them mean unknown, and the classes of company size."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cs_helpers.contract.products import Words
from cs_helpers.contract.vocabulary import SIZES

#: what people write for an unknown value, folded
UNKNOWN_SPELLINGS = frozenset(
    {"n/a", "#n/a", "na", "n.a.", "-", "--", "–", "—", "―", "ー", "?", "null", "none", "unknown", "not set"}
    | {"未設定", "未入力", "未登録", "不明"}
)
#: numbers of size classes that can be distinguished in a figure
MIN_CLASSES, MAX_CLASSES = 2, 6
_MAX_LENGTH = 60


def fold(word: str) -> str:
    """A word for comparisons: without differences of case and width (full, half), and stripped."""
    return unicodedata.normalize("NFKC", word).strip().casefold()


class SizeClass(BaseModel):
    """A class of company size: its value in the data, and its names where the catalogue has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: str
    name: Words | None = None


#: the classes for sources files that declare none
DEFAULT_SIZES = tuple(SizeClass(size=size) for size in SIZES)


def read_sizes(declared: Any) -> tuple[SizeClass, ...]:
    """The size classes that a sources file declares, smallest first: a list of words, or a mapping word -> {en, ja}.

    Raises `ValueError` where they are invalid or ambiguous.
    """
    if isinstance(declared, tuple) and all(isinstance(each, SizeClass) for each in declared):
        return declared
    if not isinstance(declared, list | dict):
        raise ValueError("needs a list of classes, smallest first, as in [small, mid, enterprise]")
    classes = [_size_class(word, declared[word] if isinstance(declared, dict) else None) for word in declared]
    if not MIN_CLASSES <= len(classes) <= MAX_CLASSES:
        raise ValueError(
            f"needs {MIN_CLASSES} to {MAX_CLASSES} classes, smallest first; these are {len(classes)}"
        )
    for first, second in ((a, b) for n, a in enumerate(classes) for b in classes[:n]):
        if shared := spellings([first]).keys() & spellings([second]).keys():
            raise ValueError(
                f"the classes '{second.size}' and '{first.size}' cannot be told apart: '{min(shared)}' is both"
                " (case, width and blanks do not count)"
            )
    return tuple(classes)


def _size_class(word: Any, names: Any) -> SizeClass:
    if isinstance(word, bool) or not isinstance(word, str | int | float):
        raise ValueError(f"a class is a text; put {word!r} in quotes")
    text = str(word).strip()
    if not text or len(text) > _MAX_LENGTH or any(c in "<>" or ord(c) < 32 for c in text):
        raise ValueError(
            f"a class is a text of 1 to {_MAX_LENGTH} letters without < and >; {text[:80]!r} is none"
        )
    if fold(text) in {*UNKNOWN_SPELLINGS, "all"}:
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
    """Folded spelling -> class, for the word of each class and its names in both languages."""
    return {
        fold(text): size_class.size
        for size_class in sizes
        for text in ((size_class.name.ja, size_class.name.en) if size_class.name else ()) + (size_class.size,)
    }


def display_order(sizes: Sequence[SizeClass]) -> tuple[str, ...]:
    """The classes in the order of pages, the largest first."""
    return tuple(size_class.size for size_class in reversed(sizes))


def class_names(sizes: Sequence[SizeClass], language: str) -> dict[str, str]:
    """Class -> declared name in `language`; classes without a declared name are left out."""
    return {size_class.size: size_class.name.in_language(language) for size_class in sizes if size_class.name}


def sizes_of_json(content: Sequence[Mapping[str, Any]]) -> tuple[SizeClass, ...]:
    """The classes from the format of a manifest, smallest first."""
    return tuple(SizeClass.model_validate(entry) for entry in content)


#: the default classes in the order of pages, the largest first
DEFAULT_ORDER = display_order(DEFAULT_SIZES)

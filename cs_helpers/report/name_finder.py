"""Whether a text shows a name, however it is written: one of thousands of names, in microseconds each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

#: a name of fewer letters is no word to look for
LEAST_LETTERS, LEAST_JAPANESE = 3, 2
_JAPANESE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
JAPANESE_LETTER = re.compile(f"[{_JAPANESE}]")
_WORD = re.compile(f"\n|[^\\W_{_JAPANESE}]+")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def finder(text: str) -> Callable[[str], bool]:
    """What says whether a text holds a name, both without what the eye does not tell apart.

    A name in Latin letters is found as whole words, a Japanese one anywhere; one of fewer than three letters
    (two Japanese ones) never. Sets of words and of pairs of letters sort out nearly all names before the text
    is searched.
    """
    text = folded(text)
    words = _WORD.findall(text)
    known, line = set(words), f" {' '.join(words)} "
    close = re.sub(r"[^\S\n]+", "", text)
    pairs = set(pairwise(close))

    def holds(name: str) -> bool:
        name = folded(name)
        parts = _WORD.findall(name)
        letters, japanese = sum(map(len, parts)), len(JAPANESE_LETTER.findall(name))
        if letters < LEAST_LETTERS and japanese < LEAST_JAPANESE:
            return False
        if japanese:
            bare = "".join(name.split())
            return pairs.issuperset(pairwise(bare)) and bare in close
        return known.issuperset(parts) and f" {' '.join(parts)} " in line

    return holds


def folded(text: str) -> str:
    """`text` without what the eye does not tell apart: width, case and signs without a shape."""
    return plain(text).casefold()


def plain(text: str) -> str:
    """`text` in one width and without signs that have no shape."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text))

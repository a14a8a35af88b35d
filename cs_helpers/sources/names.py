"""Whether a name in an export means a column of the contract."""

from __future__ import annotations

import difflib
import re
import unicodedata

from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.synonyms import SYNONYMS

_ALIKE = 0.88


def alike(table: Table, column: str, name: str) -> float:
    """How sure a name means a column: 3 its own, 2 another word for it, 1 spelt alike, 0 not at all."""
    mine, others = plain(name), _synonyms(table.name, column)
    if mine == plain(column):
        return 3.0
    if mine in others:
        return 2.0 - others.index(mine) / 100
    if mine == "id" and table.key == (column,):
        return 1.5
    if mine in _KNOWN or len(mine) < 5:
        return 0.0
    return float(bool(difflib.get_close_matches(mine, [plain(column), *others], n=1, cutoff=_ALIKE)))


def _synonyms(table: str, column: str) -> list[str]:
    return words(SYNONYMS.get(f"{table}.{column}", SYNONYMS.get(column, "")))


def words(text: str) -> list[str]:
    """The names of a list, each as `plain` makes it."""
    return [plain(word) for word in text.split(",") if word]


def plain(name: str) -> str:
    """A name without what differs between systems: case, width, separators, a unit in brackets."""
    text = unicodedata.normalize("NFKC", name)
    return re.sub(r"[\W_]+", "", re.sub(r"\(.*?\)", "", text) or text).lower()


#: a name that means something else is never a misspelling
_KNOWN = {w for t in TABLES.values() for c in t.columns for w in (plain(c), *_synonyms(t.name, c))}

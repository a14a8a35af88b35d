"""Matches column names of exports with columns of the contract."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import cache

from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.synonyms import (
    NAME_ENDINGS,
    POSSIBLE_NAMES,
    PREFIXES,
    ROW_KEY_NAMES,
    SUFFIXES,
    SYNONYMS,
)

_SIMILAR = 0.88
#: certainty of a name that may mean a column, and of one that is the key of the row itself
POSSIBLE, _ROW_KEY = 1.2, 1.5


def match_name(table: Table, column: str, name: str) -> tuple[float, str]:
    """The certainty that a name means a column, and what a person has to check where it is low.

    3 the column's own name, 2 a synonym, 1.5 the key of the rows, 1.2 possible, 1 similar spelling, 0 no match.
    """
    if (certainty := name_certainty(table, column, name)) > 1:
        return certainty, ""
    stripped = _strip_affixes(name)
    if stripped != name and (certainty := name_certainty(table, column, stripped)) > _ROW_KEY:
        return certainty - 0.05, ""
    for names, check in POSSIBLE_NAMES.get(f"{table.name}.{column}", ()) + POSSIBLE_NAMES.get(column, ()):
        candidates = name_list(names)
        for normalized in (normalize_name(name), normalize_name(stripped)):
            if normalized in candidates:
                return POSSIBLE - candidates.index(normalized) / 1000, check
    ending = NAME_ENDINGS.get(column)
    if ending and column not in table.key and re.search(ending, normalize_name(name)):
        return POSSIBLE - 0.1, f"by a part of its name, '{name}'"
    if name_certainty(table, column, name):
        return 1.0, "the name is only spelt alike"
    return 0.0, ""


def name_certainty(table: Table, column: str, name: str) -> float:
    """The certainty that a name means a column: 3 its own, 2 a synonym, 1.5 its key, 1 similar spelling, 0 no match."""
    normalized, synonyms = normalize_name(name), _synonym_list(table.name, column)
    if normalized == normalize_name(column):
        return 3.0
    if normalized in synonyms:
        return 2.0 - synonyms.index(normalized) / 200
    if normalized in name_list(ROW_KEY_NAMES) and table.key == (column,):
        return _ROW_KEY
    if normalized in _ALL_NAMES or len(normalized) < 5:
        return 0.0
    return float(
        bool(difflib.get_close_matches(normalized, [normalize_name(column), *synonyms], n=1, cutoff=_SIMILAR))
    )


def is_synonym(name: str) -> bool:
    """Whether a name is a synonym of any column of the contract."""
    return bool({normalize_name(name), normalize_name(_strip_affixes(name))} & _ALL_NAMES)


def _strip_affixes(name: str) -> str:
    """A name without the prefixes and suffixes of some tools."""
    return re.sub(PREFIXES, "", re.sub(SUFFIXES, "", name.strip()), flags=re.IGNORECASE) or name


@cache
def _synonym_list(table: str, column: str) -> list[str]:
    return name_list(SYNONYMS.get(f"{table}.{column}", SYNONYMS.get(column, "")))


@cache
def name_list(text: str) -> list[str]:
    """The names of a comma-separated list, normalized."""
    return [normalize_name(word) for word in text.split(",") if word.strip()]


@cache
def normalize_name(name: str) -> str:
    """A name without what differs between systems: case, character width, separators, a unit in brackets."""
    text = unicodedata.normalize("NFKC", name)
    return re.sub(r"[\W_]+", "", re.sub(r"[(\[].*?[)\]]", "", text) or text).lower()


#: all names with a meaning: none of them is taken for a misspelling
_ALL_NAMES = {
    w for t in TABLES.values() for c in t.columns for w in (normalize_name(c), *_synonym_list(t.name, c))
} | {
    word
    for possible in POSSIBLE_NAMES.values()
    for synonym_list, _ in possible
    for word in name_list(synonym_list)
}

"""Whether a name in an export means a column of the contract."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import cache

from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.synonyms import AFTER, BEFORE, NEAR, OWN_KEYS, PARTS, SYNONYMS

_ALIKE = 0.88
#: how sure names are that may mean a column, and that are of a row's own key
NEARLY, _KEY = 1.2, 1.5


def meaning(table: Table, column: str, name: str) -> tuple[float, str]:
    """How sure a name means a column, and what a person has to look at where it only may.

    3 its own name, 2 another word for it, 1.5 the key of the rows, 1.2 may mean it, 1 spelt alike, 0 not at all.
    """
    if (sure := alike(table, column, name)) > 1:
        return sure, ""
    bare = _bare(name)
    if bare != name and (sure := alike(table, column, bare)) > _KEY:
        return sure - 0.05, ""
    for near, why in NEAR.get(f"{table.name}.{column}", ()) + NEAR.get(column, ()):
        order = words(near)
        for mine in (plain(name), plain(bare)):
            if mine in order:
                return NEARLY - order.index(mine) / 1000, why
    part = PARTS.get(column)
    if part and column not in table.key and re.search(part, plain(name)):
        return NEARLY - 0.1, f"by a part of its name, '{name}'"
    if alike(table, column, name):
        return 1.0, "the name is only spelt alike"
    return 0.0, ""


def alike(table: Table, column: str, name: str) -> float:
    """How sure a name means a column: 3 its own, 2 another word for it, 1.5 its key, 1 spelt alike, 0 not at all."""
    mine, others = plain(name), _synonyms(table.name, column)
    if mine == plain(column):
        return 3.0
    if mine in others:
        return 2.0 - others.index(mine) / 200
    if mine in words(OWN_KEYS) and table.key == (column,):
        return _KEY
    if mine in _KNOWN or len(mine) < 5:
        return 0.0
    return float(bool(difflib.get_close_matches(mine, [plain(column), *others], n=1, cutoff=_ALIKE)))


def known(name: str) -> bool:
    """Whether a name is that of any column of the contract, in any export."""
    return bool({plain(name), plain(_bare(name))} & _KNOWN)


def _bare(name: str) -> str:
    """A name without what a tool puts before and after it."""
    return re.sub(BEFORE, "", re.sub(AFTER, "", name.strip()), flags=re.IGNORECASE) or name


@cache
def _synonyms(table: str, column: str) -> list[str]:
    return words(SYNONYMS.get(f"{table}.{column}", SYNONYMS.get(column, "")))


@cache
def words(text: str) -> list[str]:
    """The names of a list, each as `plain` makes it."""
    return [plain(word) for word in text.split(",") if word.strip()]


@cache
def plain(name: str) -> str:
    """A name without what differs between systems: case, width, separators, a unit in brackets."""
    text = unicodedata.normalize("NFKC", name)
    return re.sub(r"[\W_]+", "", re.sub(r"[(\[].*?[)\]]", "", text) or text).lower()


#: a name that means something else is never a misspelling
_KNOWN = {w for t in TABLES.values() for c in t.columns for w in (plain(c), *_synonyms(t.name, c))} | {
    word for near in NEAR.values() for said, _ in near for word in words(said)
}

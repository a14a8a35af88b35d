"""The rule of what leadership may read, applied to the result of any analysis (`contract.disclosure`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.contract.disclosure import ColumnDisclosures, Disclosure, disclosure_of
from cs_helpers.errors import DisclosureError
from cs_helpers.result import Note, Result
from cs_helpers.words.names import PSEUDONYM


def disclosed(result: Result, declared: ColumnDisclosures, *, show_staff: bool) -> Result:
    """The result as leadership may read it, with what its tables still tell of in `shows`.

    Where a company or a person stands in any table without a pseudonym, nothing that was told stays in any of
    them. Persons never stand there unless `show_staff`. Raises `DisclosureError` for a column that is not
    declared, and for a person without a pseudonym.
    """
    kinds = {
        name: {column: _kind(result, declared, name, column) for column in table}
        for name, table in result.tables.items()
    }
    open_names = {
        kind
        for name, table in result.tables.items()
        for column, kind in kinds[name].items()
        if kind in ("company", "person") and not _covered(table[column])
    }
    if "person" in open_names and not show_staff:
        raise DisclosureError(
            result.analysis, *_where(result.tables, kinds, "person"), "it names a person without a pseudonym"
        )
    tables, notes = dict(result.tables), list(result.notes)
    if open_names:
        for name, table in result.tables.items():
            told = [column for column, kind in kinds[name].items() if kind == "told"]
            if told:
                tables[name] = table.drop(columns=told)
                notes.append(Note("told_left_out", name))
    left = {kinds[name][column] for name, table in tables.items() for column in table}
    shows: frozenset[Disclosure] = frozenset((left & {"public", "told"}) | open_names)
    return replace(result, tables=tables, notes=tuple(notes), shows=shows)


def _kind(result: Result, declared: ColumnDisclosures, table: str, column: str) -> Disclosure:
    found = disclosure_of(declared, table, column)
    if found is None:
        raise DisclosureError(
            result.analysis, table, column, "it is not declared as public, company, person or told"
        )
    return found


def _covered(column: pd.Series) -> bool:
    """Whether nothing stands in a column but pseudonyms."""
    return (
        all(_is_cover(value) for value in column.unique())
        if column.map(_hashable).all()
        else all(map(_is_cover, column))
    )


def _hashable(value: Any) -> bool:
    return isinstance(value, str | tuple | float) or value is None


def _is_cover(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_cover, value))
    return bool(
        value != value or value is None or value is pd.NA or value == "" or PSEUDONYM.fullmatch(str(value))
    )


def _where(
    tables: Mapping[str, pd.DataFrame], kinds: Mapping[str, Mapping[str, Disclosure]], wanted: Disclosure
) -> tuple[str, str]:
    return next(
        (name, column)
        for name, table in tables.items()
        for column, kind in kinds[name].items()
        if kind == wanted and not _covered(table[column])
    )

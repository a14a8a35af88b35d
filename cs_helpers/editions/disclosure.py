"""Applies the disclosure rules for leadership (`contract.disclosure`) to the result of any analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.contract.disclosure import ColumnDisclosures, Disclosure, disclosure_of
from cs_helpers.errors import DisclosureError
from cs_helpers.result import Note, Result
from cs_helpers.words.names import PSEUDONYM


def apply_disclosure(result: Result, declared: ColumnDisclosures, *, show_staff: bool) -> Result:
    """The result with the columns that leadership may read; `shows` has the disclosures of those that remain.

    Where any table names a company or a person without a pseudonym, the columns declared as `told` are removed from
    all tables. Raises `DisclosureError` for a column that is not declared, and for a person without a pseudonym unless
    `show_staff`.
    """
    kinds = {
        name: {column: _disclosure_of(result, declared, name, column) for column in table}
        for name, table in result.tables.items()
    }
    named_kinds = {
        kind
        for name, table in result.tables.items()
        for column, kind in kinds[name].items()
        if kind in ("company", "person") and not _only_pseudonyms(table[column])
    }
    if "person" in named_kinds and not show_staff:
        raise DisclosureError(
            result.analysis,
            *_first_named(result.tables, kinds, "person"),
            "it names a person without a pseudonym",
        )
    tables, notes = dict(result.tables), list(result.notes)
    if named_kinds:
        for name, table in result.tables.items():
            told_columns = [column for column, kind in kinds[name].items() if kind == "told"]
            if told_columns:
                tables[name] = table.drop(columns=told_columns)
                notes.append(Note("told_left_out", name))
    remaining = {kinds[name][column] for name, table in tables.items() for column in table}
    shows: frozenset[Disclosure] = frozenset((remaining & {"public", "told"}) | named_kinds)
    return replace(result, tables=tables, notes=tuple(notes), shows=shows)


def _disclosure_of(result: Result, declared: ColumnDisclosures, table: str, column: str) -> Disclosure:
    kind = disclosure_of(declared, table, column)
    if kind is None:
        raise DisclosureError(
            result.analysis, table, column, "it is not declared as public, company, person, candidate or told"
        )
    return kind


def _only_pseudonyms(column: pd.Series) -> bool:
    """Whether a column holds pseudonyms and missing values only."""
    return (
        all(_is_pseudonym(value) for value in column.unique())
        if column.map(_hashable).all()
        else all(map(_is_pseudonym, column))
    )


def _hashable(value: Any) -> bool:
    return isinstance(value, str | tuple | float) or value is None


def _is_pseudonym(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_pseudonym, value))
    return bool(
        value != value or value is None or value is pd.NA or value == "" or PSEUDONYM.fullmatch(str(value))
    )


def _first_named(
    tables: Mapping[str, pd.DataFrame], kinds: Mapping[str, Mapping[str, Disclosure]], wanted: Disclosure
) -> tuple[str, str]:
    return next(
        (name, column)
        for name, table in tables.items()
        for column, kind in kinds[name].items()
        if kind == wanted and not _only_pseudonyms(table[column])
    )

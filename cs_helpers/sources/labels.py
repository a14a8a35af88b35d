"""Normalizes labels: one spelling for each class, and null for words that mean "unknown".

It runs on the rows in the hub, by their distinct values, so that the result does not depend on the source's engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.casts import MISFIT, RAW
from cs_helpers.contract.labels import UNKNOWN_SPELLINGS, fold, spellings
from cs_helpers.contract.schema import Table
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.mapping_lines import placed_line

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

#: the number of values in a suggested line for the sources file
_MAX_LISTED = 4


def allowed_classes(table: Table, sources: Sources) -> dict[str, tuple[str, ...]]:
    """Column -> its allowed values, for columns with a fixed vocabulary; sizes as the sources file declares them."""
    classes = {
        name: tuple(str(v) for v in check.statistics["allowed_values"])
        for name, column in table.columns.items()
        for check in column.checks
        if check.name == "isin"
    }
    if table.name == "accounts":
        classes["size"] = tuple(each.size for each in sources.sizes)
    return classes


def bounds_details(table: Table, sources: Sources) -> dict[str, str]:
    """Column -> what a finding shows as allowed, for columns that are mapped by bounds."""
    return {
        name: ", ".join(
            f"{size} from {least:g}" for size, least in sorted(mapping.bounds.items(), key=lambda b: b[1])
        )
        for name, mapping in sources.tables[table.name].columns.items()
        if mapping.bounds
    }


def normalize_labels(rows: ir.Table, table: Table, sources: Sources) -> ir.Table:
    """Typed rows with one spelling for each label, ignoring case, character width and surrounding whitespace.

    A word for "unknown" (N/A, -, 不明 ...) becomes null. A size that is mapped by bounds becomes its class; a number
    below the first bound and a text that is not a number are misfits (`misfit_size`). Industries have no fixed
    vocabulary and get their most frequent spelling.
    """
    classes = allowed_classes(table, sources)
    changed: dict[str, ir.Value] = {}
    for column in {**dict.fromkeys(table.labels), **classes}:
        column_source = sources.tables[table.name].columns.get(column)
        raw, typed = rows[RAW + column], rows[column]
        counts = _counts(rows, column)
        unknown = {v for v in counts if fold(v) in UNKNOWN_SPELLINGS} if column in table.labels else set()
        if column_source is not None and column_source.bounds:
            size = _size_by_bounds(raw, column_source.bounds)
            changed[column] = size
            changed[MISFIT + column] = size.isnull() & raw.notnull() & raw.notin(sorted(unknown) or [""])
            continue
        meanings = dict.fromkeys(unknown) | _value_meanings(table, column, counts, unknown, classes, sources)
        if not meanings:
            continue
        empty = ibis.null(typed.type())
        changed[column] = raw.cases(
            *(
                (v, empty if meaning is None else ibis.literal(meaning, typed.type()))
                for v, meaning in meanings.items()
            ),
            else_=typed,
        )
        changed[MISFIT + column] = rows[MISFIT + column] & raw.notin(list(meanings))
    return rows.mutate(**changed) if changed else rows


def fill_unknown(kept: ir.Table, table: Table) -> ir.Table:
    """Accepted rows with defaults for missing values: `unknown` for segments, the key for a name."""
    if table.name != "accounts":
        return kept
    return kept.mutate(
        name=ibis.coalesce(kept["name"], kept.account_id),
        **{column: ibis.coalesce(kept[column], UNKNOWN) for column in ("size", "industry")},
    )


def values_line(
    sources: Sources, table: Table, column: str, values: Sequence[str], choices: Sequence[str]
) -> str:
    """The line for the sources file that maps values of a column; '' where the column is not mapped by name."""
    column_source = sources.tables[table.name].columns.get(column)
    if column_source is not None and (column_source.column is None or column_source.bounds):
        return ""
    listed_values = list(dict.fromkeys(v for v in values if v))[:_MAX_LISTED]
    mapped_values = {} if column_source is None else column_source.values
    return placed_line(
        sources, table.name, column, values={**mapped_values, **dict.fromkeys(listed_values, choices[0])}
    )


def _counts(rows: ir.Table, column: str) -> dict[str, int]:
    """Raw value -> number of rows; in a typed column only the values that do not fit the type."""
    raw = rows[RAW + column]
    counted = raw.notnull()
    if not rows[column].type().is_string():
        counted &= rows[MISFIT + column]
    # only the column that is counted: each column of each step costs compilation time in Ibis
    unread = rows.select(value=counted.ifelse(raw, None)).filter(ibis._.value.notnull())
    counts = unread.group_by("value").aggregate(n=unread.count()).to_pyarrow().to_pylist()
    return {r["value"]: r["n"] for r in sorted(counts, key=lambda r: (-r["n"], r["value"]))}


def _value_meanings(
    table: Table,
    column: str,
    counts: Mapping[str, int],
    unknown: set[str],
    classes: Mapping[str, Sequence[str]],
    sources: Sources,
) -> dict[str, str | int | bool]:
    """Raw value -> its normalized value, for values that differ from it."""
    kind = table.kind(column)
    if kind == "integer":
        return {v: int(fold(v)) for v in counts if fold(v).isdecimal()}
    if kind == "flag":
        return {v: _FLAGS[fold(v)] for v in counts if fold(v) in _FLAGS}
    if column in classes:
        label_of = (
            spellings(sources.sizes)
            if (table.name, column) == ("accounts", "size")
            else {fold(word): word for word in classes[column]}
        )
    else:
        label_of = {}
        for value in counts:  # the most frequent first
            label_of.setdefault(fold(value), value)
    return {
        v: label_of[fold(v)]
        for v in counts
        if v not in unknown and fold(v) in label_of and label_of[fold(v)] != v
    }


def _size_by_bounds(raw: ir.StringValue, bounds: Mapping[str, float]) -> ir.StringValue:
    """The class of a number: the last one whose lower bound it reaches."""
    number = raw.try_cast("float64")
    number = ibis.ifelse(number.abs() <= 1e300, number, ibis.null("float64"))
    descending = sorted(bounds.items(), key=lambda each: -each[1])
    return ibis.cases(*((number >= least, size) for size, least in descending), else_=ibis.null("string"))

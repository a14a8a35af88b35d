"""Detects ambiguous number formats, and suggests the line of the sources file for numbers and dates in another format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir

from cs_helpers.contract.casts import PLAIN_NUMBER, POINT, RAW
from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.value_forms import date_formats
from cs_helpers.sources.mapping import ColumnSource, Sources
from cs_helpers.sources.mapping_lines import column_line
from cs_helpers.sources.written import anonymous_example

_POINT_COUNTS = ("ambiguous", "clear", "example", "fraction", "thousand")


def point_counts(rows: ir.Table, table: Table) -> dict[str, ir.Scalar]:
    """Aggregates of typed rows that show how the points of numbers in text are meant; empty without such numbers.

    For each such column: the rows where a point may separate thousands (`ambiguous`), those where it cannot (`clear`),
    the first ambiguous text (`example`), and the sum of the column in both readings (`fraction`, `thousand`).
    """
    counts: dict[str, ir.Scalar] = {}
    for name in (n for n in table.columns if POINT + n in rows.columns):
        is_ambiguous, value = rows[POINT + name] == 1, rows[name].cast("float64")
        of_column = (
            is_ambiguous.ifelse(1, 0).sum(), (rows[POINT + name] == 2).ifelse(1, 0).sum(),
            is_ambiguous.ifelse(rows[RAW + name], None).min(), value.sum(), is_ambiguous.ifelse(value * 1000, value).sum(),
        )  # fmt: skip
        counts |= {f"{name}_{what}": count for what, count in zip(_POINT_COUNTS, of_column, strict=True)}
    return counts


def ambiguous_point_stops(table: Table, sources: Sources, counts: Mapping[str, Any]) -> Iterator[Stop]:
    """A stop for each column whose points may separate fractions or thousands, and no number decides which.

    counts: name -> value of `point_counts`.
    """
    for name in table.columns:
        column_source = sources.tables[table.name].column(name)
        is_declared = column_source is not None and (
            column_source.number is not None or column_source.constant is not None
        )
        ambiguous, clear, example, fraction, thousand = (
            counts.get(f"{name}_{what}") for what in _POINT_COUNTS
        )
        if not ambiguous or clear or is_declared or _too_small(table, name):
            continue
        as_fraction, as_thousand = _format_number(str(example)), _format_number(str(example).replace(".", ""))
        if sources.tables[table.name].in_ is None:
            instruction = (
                f"Say '{column_line(sources, table.name, name, number='1.234,5')}' (points between thousands) or"
                f" 'number: \"1234.5\"' (points before fractions) under tables.{table.name}.columns of the sources file"
            )
        else:
            instruction = (
                f"Say which by an sql expression that makes a number of it, under tables.{table.name}.columns"
            )
        yield Stop(
            f"table '{table.name}', column '{name}': is '{example}' {as_fraction} or {as_thousand}? No value of the column"
            f" tells; they add up to {_format_number(fraction)} if a point stands before a fraction, to {_format_number(thousand)} if it"
            f" stands between thousands. {instruction}",
            Finding(
                table.name, name, "fraction_or_thousand", "stop", int(ambiguous),
                detail=f"{_format_number(fraction)} / {_format_number(thousand)}",
            ),
        )  # fmt: skip


def add_format_hint(finding: Finding, sources: Sources) -> Finding:
    """A finding of the wrong type with the line that would read its values as its detail, where there is one."""
    source = sources.tables[finding.table]
    kind = TABLES[finding.table].kind(finding.column) if finding.column else ""
    if finding.rule != "wrong_type" or source.in_ is not None:
        return finding
    column_source = source.column(finding.column) or ColumnSource(column=finding.column)
    texts = [value for _, _, value in finding.examples]
    if kind in ("number", "integer") and column_source.number is None:
        numbers = [t for t in texts if not re.match(PLAIN_NUMBER, t) and anonymous_example([t])]
        if example := anonymous_example(numbers):
            return replace(
                finding, detail=column_line(sources, finding.table, finding.column, number=example)
            )
    if kind in ("date", "time") and column_source.format is None:
        formats = date_formats(tuple(texts)) or ()
        if len(formats) == 1:
            return replace(
                finding, detail=column_line(sources, finding.table, finding.column, format=formats[0])
            )
    return finding


def _too_small(table: Table, column: str) -> bool:
    """Whether the contract allows only values below 1000 in a column."""
    checks = table.columns[column].checks
    return any(c.statistics["max_value"] < 1000 for c in checks if "max_value" in c.statistics)


def _format_number(number: Any) -> str:
    text = f"{Decimal(str(number)):,.3f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

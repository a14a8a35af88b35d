"""How the numbers and dates of a column are written, where nobody said it: what is asked, and the line that would say it."""

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

_COUNTS = ("open", "told", "example", "fraction", "thousand")


def point_counts(rows: ir.Table, table: Table) -> dict[str, ir.Scalar]:
    """What the points of numbers in text tell, as aggregates of typed rows; none where no number is read from text.

    For each such column: the rows in which a point may stand between thousands (`open`) and those in which it cannot
    (`told`), the first of the former in text, and the sums of the column in both readings.
    """
    found: dict[str, ir.Scalar] = {}
    for name in (n for n in table.columns if POINT + n in rows.columns):
        open_, value = rows[POINT + name] == 1, rows[name].cast("float64")
        of_column = (
            open_.ifelse(1, 0).sum(), (rows[POINT + name] == 2).ifelse(1, 0).sum(),
            open_.ifelse(rows[RAW + name], None).min(), value.sum(), open_.ifelse(value * 1000, value).sum(),
        )  # fmt: skip
        found |= {f"{name}_{what}": count for what, count in zip(_COUNTS, of_column, strict=True)}
    return found


def unclear_points(table: Table, sources: Sources, counts: Mapping[str, Any]) -> Iterator[Stop]:
    """What a person has to say of points that no number of their column tells: fractions or thousands.

    counts: name -> value, as `point_counts` names them.
    """
    for name in table.columns:
        said = sources.tables[table.name].column(name)
        told = said is not None and (said.number is not None or said.constant is not None)
        number, known, example, fraction, thousand = (counts.get(f"{name}_{what}") for what in _COUNTS)
        if not number or known or told or _too_small(table, name):
            continue
        as_fraction, as_thousand = _shown(str(example)), _shown(str(example).replace(".", ""))
        if sources.tables[table.name].in_ is None:
            cure = (
                f"Say '{column_line(sources, table.name, name, number='1.234,5')}' (points between thousands) or"
                f" 'number: \"1234.5\"' (points before fractions) under tables.{table.name}.columns of the sources file"
            )
        else:
            cure = (
                f"Say which by an sql expression that makes a number of it, under tables.{table.name}.columns"
            )
        yield Stop(
            f"table '{table.name}', column '{name}': is '{example}' {as_fraction} or {as_thousand}? No value of the column"
            f" tells; they add up to {_shown(fraction)} if a point stands before a fraction, to {_shown(thousand)} if it"
            f" stands between thousands. {cure}",
            Finding(
                table.name, name, "fraction_or_thousand", "stop", int(number),
                detail=f"{_shown(fraction)} / {_shown(thousand)}",
            ),
        )  # fmt: skip


def hinted(found: Finding, sources: Sources) -> Finding:
    """A finding of values of the wrong type, with the line in its detail that would read them, where there is one."""
    source = sources.tables[found.table]
    kind = TABLES[found.table].kind(found.column) if found.column else ""
    if found.rule != "wrong_type" or source.in_ is not None:
        return found
    said = source.column(found.column) or ColumnSource(column=found.column)
    texts = [value for _, _, value in found.examples]
    if kind in ("number", "integer") and said.number is None:
        numbers = [t for t in texts if not re.match(PLAIN_NUMBER, t) and anonymous_example([t])]
        if example := anonymous_example(numbers):
            return replace(found, detail=column_line(sources, found.table, found.column, number=example))
    if kind in ("date", "time") and said.format is None:
        known = date_formats(tuple(texts)) or ()
        if len(known) == 1:
            return replace(found, detail=column_line(sources, found.table, found.column, format=known[0]))
    return found


def _too_small(table: Table, column: str) -> bool:
    """Whether the contract allows no thousands there."""
    checks = table.columns[column].checks
    return any(c.statistics["max_value"] < 1000 for c in checks if "max_value" in c.statistics)


def _shown(number: Any) -> str:
    text = f"{Decimal(str(number)):,.3f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

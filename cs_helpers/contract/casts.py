"""Cast mapped columns to the contract's types, in the engine; values that do not fit are marked, not lost."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.clocks import Clock, clip_times, combine_parts, local_times, time_parts, to_plain
from cs_helpers.contract.schema import Table

ROW = "source_row"
RAW = "raw_"
MISFIT = "misfit_"
#: prefix of a column about the points in a number read from text: 1 where the point may separate thousands, 2 where it
#: cannot, else 0
POINT = "point_"
_HAS_VALUE = "given_"

IBIS_TYPES = {
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "date": "date",
    "time": "timestamp",
    "flag": "boolean",
}
#: a number in the notation that all engines share
PLAIN_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"
_THOUSAND_POINT = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
_LARGEST_NUMBER = 1e300
_LONGEST_NUMBER = 200


def cast_columns(raw: ir.Table, table: Table, clock: Clock | None = None) -> ir.Table:
    """The mapped columns in the contract's types; values that do not fit become null.

    Further columns hold the original value as text (`raw_<column>`), whether it did not fit (`misfit_<column>`) and,
    for numbers read from text, how their points can be read (`point_<column>`: 1, 2 or 0, see `POINT`).
    """
    clock = clock or Clock()
    prepared: dict[str, Any] = {ROW: raw[ROW]}
    time_columns = [name for name in table.columns if table.kind(name) in ("date", "time")]
    moments = {n for n in time_columns if n in clock.moments or getattr(raw[n].type(), "timezone", None)}
    for name in table.columns:
        value = raw[name]
        prepared[RAW + name] = value.cast("string")
        if value.type().is_string():
            prepared[RAW + name] = value = value.strip().nullif("")
            if table.kind(name) != "text":
                value = to_plain(value)
        prepared[name] = value
    rows = raw.select(**prepared)
    # the columns whose values may not fit; each column of each step costs compilation time in Ibis
    may_misfit = [n for n in table.columns if table.kind(n) != "text" and not rows[n].type().is_null()]
    if may_misfit or time_columns:
        rows = rows.mutate(
            **{_HAS_VALUE + n: rows[n].notnull() for n in may_misfit},
            **{part: value for n in time_columns for part, value in time_parts(n, rows[n], clock).items()},
        )
    if time_columns:
        local = [local_times(n, rows, clock, moments=n in moments) for n in time_columns]
        rows = rows.mutate(**{part: value for columns in local for part, value in columns.items()})
    results: dict[str, Any] = {ROW: rows[ROW]}
    with_point = [
        n for n in table.columns if table.kind(n) in ("integer", "number") and rows[n].type().is_string()
    ]
    for name in table.columns:
        if name in time_columns:
            results[name] = combine_parts(name, rows)
        else:
            results[name], is_always_valid = _cast(rows[name], table.kind(name), clock)
            if is_always_valid and name in may_misfit:
                may_misfit.remove(name)
        results[RAW + name] = rows[RAW + name]
        if name in may_misfit:
            results[_HAS_VALUE + name] = rows[_HAS_VALUE + name]
    results |= {POINT + name: _point_meaning(rows[name]) for name in with_point}
    rows = rows.select(**results)
    if time_columns:
        rows = rows.mutate(**{n: clip_times(rows[n], table.kind(n)) for n in time_columns})
    selected: dict[str, Any] = {ROW: rows[ROW]}
    for n in table.columns:
        misfit = rows[_HAS_VALUE + n] & rows[n].isnull() if n in may_misfit else ibis.literal(False)
        selected |= {n: rows[n], RAW + n: rows[RAW + n], MISFIT + n: misfit}
    return rows.select(**selected, **{POINT + n: rows[POINT + n] for n in with_point})


def _cast(value: ir.Value, kind: str, clock: Clock) -> tuple[ir.Value, bool]:
    """A value in the contract's type, and whether every value of its source type fits."""
    type_ = value.type()
    if kind == "text" or type_.is_null():
        return value.cast(IBIS_TYPES[kind]), True
    if kind == "flag":
        return (value, True) if type_.is_boolean() else (_to_flag(value), False)
    if kind == "integer":
        if type_.is_integer():
            return value.cast("int64"), not type_.is_unsigned_integer()
        if type_.is_floating() or type_.is_decimal():
            return _to_integer(value.cast("float64")), False
        return _to_number(value, "int64", clock), False
    if type_.is_integer():
        return value.cast("float64"), True
    number = value.cast("float64") if type_.is_numeric() else _to_number(value, "float64", clock)
    # every engine orders NaN and infinity after all other numbers
    return ibis.ifelse(number.abs() <= _LARGEST_NUMBER, number, ibis.null("float64")), False


def _to_number(value: ir.Value, type_: str, clock: Clock) -> ir.Value:
    """A value as a number of type `type_`; null where it is not a plain number, or not a whole one for int64.

    Plain numbers are defined here (`PLAIN_NUMBER`): engines read 1_000 and 1d as numbers, and truncate 3.5 to 3.
    """
    text = value.cast("string")
    lenient = clock.dialect in ("duckdb", "pyspark")
    fits = text.re_search(PLAIN_NUMBER)
    if not lenient:  # a number that is too large would fail the query
        fits &= text.length() <= _LONGEST_NUMBER
    text = ibis.ifelse(fits, text, ibis.null("string"))
    number = text.try_cast("float64") if lenient else text.cast("float64")
    return number if type_ == "float64" else _to_integer(number)


def _to_integer(number: ir.FloatingValue) -> ir.IntegerValue:
    """Whole numbers below 2^53, above which floats cannot represent all of them; others become null."""
    none = ibis.null("float64")
    number = ibis.ifelse(number.abs() < 2.0**53, number, none)
    return ibis.ifelse(number == number.floor(), number, none).cast("int64")


def _point_meaning(text: ir.StringValue) -> ir.IntegerValue:
    decimal_point = text.contains(".") & text.re_search(PLAIN_NUMBER)
    return ibis.cases((text.re_search(_THOUSAND_POINT), 1), (decimal_point, 2), else_=0)


def _to_flag(value: ir.Value) -> ir.BooleanValue:
    text = value.cast("string").lower()
    return ibis.cases((text.isin(TRUE), True), (text.isin(FALSE), False), else_=ibis.null("boolean"))

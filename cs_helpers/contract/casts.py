"""Gives mapped columns the contract's types, in the engine; what does not fit is marked, not lost."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.clocks import Clock, bounded, joined, local_times, parts, plain
from cs_helpers.contract.schema import Table

ROW = "source_row"
RAW = "raw_"
MISFIT = "misfit_"
#: beside a number that is read from text: 1 where its point may stand between thousands, 2 where it cannot, else 0
POINT = "point_"
_GIVEN = "given_"

IBIS_TYPES = {
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "date": "date",
    "time": "timestamp",
    "flag": "boolean",
}
#: a number as every engine writes it
PLAIN_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"
_THOUSAND_POINT = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
_GREATEST = 1e300
_LONGEST = 200


def typed(raw: ir.Table, table: Table, clock: Clock | None = None) -> ir.Table:
    """The mapped columns in the contract's types; what does not fit becomes null.

    Beside each stands the value as it was, in text (`raw_<column>`), and whether it did not fit
    (`misfit_<column>`); beside numbers that are read from text, what their points tell (`point_<column>`).
    """
    clock = clock or Clock()
    prepared: dict[str, Any] = {ROW: raw[ROW]}
    timed = [name for name in table.columns if table.kind(name) in ("date", "time")]
    moments = {n for n in timed if n in clock.moments or getattr(raw[n].type(), "timezone", None)}
    for name in table.columns:
        value = raw[name]
        prepared[RAW + name] = value.cast("string")
        if value.type().is_string():
            prepared[RAW + name] = value = value.strip().nullif("")
            if table.kind(name) != "text":
                value = plain(value)
        prepared[name] = value
    rows = raw.select(**prepared)
    rows = rows.mutate(
        **{_GIVEN + n: rows[n].notnull() for n in table.columns},
        **{part: value for n in timed for part, value in parts(n, rows[n], clock).items()},
    )
    local = [local_times(n, rows, clock, moments=n in moments) for n in timed]
    rows = rows.mutate(**{part: value for found in local for part, value in found.items()})
    out: dict[str, Any] = {ROW: rows[ROW]}
    sure = []
    pointed = [
        n for n in table.columns if table.kind(n) in ("integer", "number") and rows[n].type().is_string()
    ]
    for name in table.columns:
        if name in timed:
            out[name] = joined(name, rows)
        else:
            out[name], certain = _fitted(rows[name], table.kind(name), clock)
            sure += [name] if certain else []
        out |= {mark + name: rows[mark + name] for mark in (RAW, _GIVEN)}
    out |= {POINT + name: _point(rows[name]) for name in pointed}
    rows = rows.select(**out)
    rows = rows.mutate(**{n: bounded(rows[n], table.kind(n)) for n in timed})
    misfits = {
        MISFIT + n: ibis.literal(False) if n in sure else rows[_GIVEN + n] & rows[n].isnull()
        for n in table.columns
    }
    wanted = [mark + n for n in table.columns for mark in ("", RAW, MISFIT)]
    return rows.mutate(**misfits).select(ROW, *wanted, *(POINT + n for n in pointed))


def _fitted(value: ir.Value, kind: str, clock: Clock) -> tuple[ir.Value, bool]:
    """A value in the contract's type, and whether every value of that column must fit."""
    type_ = value.type()
    if kind == "text" or type_.is_null():
        return value.cast(IBIS_TYPES[kind]), True
    if kind == "flag":
        return (value, True) if type_.is_boolean() else (_flag(value), False)
    if kind == "integer":
        if type_.is_integer():
            return value.cast("int64"), not type_.is_unsigned_integer()
        if type_.is_floating() or type_.is_decimal():
            return _whole(value.cast("float64")), False
        return _number(value, "int64", clock), False
    if type_.is_integer():
        return value.cast("float64"), True
    number = value.cast("float64") if type_.is_numeric() else _number(value, "float64", clock)
    # what is not a number, and what is endless, is greater than all numbers on every engine
    return ibis.ifelse(number.abs() <= _GREATEST, number, ibis.null("float64")), False


def _number(value: ir.Value, type_: str, clock: Clock) -> ir.Value:
    """A value as a number; null where it is not plainly one, or no whole one where one is asked for.

    What a plain number is, is said here: engines take 1_000 and 1d for numbers, and cut 3.5 to 3.
    """
    text = value.cast("string")
    lenient = clock.dialect in ("duckdb", "pyspark")
    fits = text.re_search(PLAIN_NUMBER)
    if not lenient:  # a number that is too great would end the query
        fits &= text.length() <= _LONGEST
    text = ibis.ifelse(fits, text, ibis.null("string"))
    number = text.try_cast("float64") if lenient else text.cast("float64")
    return number if type_ == "float64" else _whole(number)


def _whole(number: ir.FloatingValue) -> ir.IntegerValue:
    """Numbers that are whole, and not so great that the engine cannot tell; others become null."""
    none = ibis.null("float64")
    number = ibis.ifelse(number.abs() < 2.0**53, number, none)
    return ibis.ifelse(number == number.floor(), number, none).cast("int64")


def _point(text: ir.StringValue) -> ir.IntegerValue:
    other = text.contains(".") & text.re_search(PLAIN_NUMBER)
    return ibis.cases((text.re_search(_THOUSAND_POINT), 1), (other, 2), else_=0)


def _flag(value: ir.Value) -> ir.BooleanValue:
    text = value.cast("string").lower()
    return ibis.cases((text.isin(TRUE), True), (text.isin(FALSE), False), else_=ibis.null("boolean"))

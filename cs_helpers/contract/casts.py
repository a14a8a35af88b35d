"""Gives mapped columns the contract's types, in the engine; what does not fit is marked, not lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from cs_helpers.contract.schema import Table

ROW = "source_row"
RAW = "raw_"
MISFIT = "misfit_"

IBIS_TYPES = {
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "date": "date",
    "time": "timestamp",
    "flag": "boolean",
}
_DAY = r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_CLOCK = r"[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_OFFSET = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_EARLIEST, _LATEST = 1900, 9999
_GREATEST = 1e300


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _at(zone: str, clock: dt.Timestamp()) -> dt.Timestamp("UTC"): ...  # type: ignore[valid-type]


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _clock(zone: str, at: dt.Timestamp("UTC")) -> dt.Timestamp(): ...  # type: ignore[valid-type]


@ibis.udf.scalar.builtin(name="convert_timezone")  # type: ignore[untyped-decorator]
def _convert(written: str, read: str, clock: dt.Timestamp()) -> dt.Timestamp(): ...  # type: ignore[valid-type]


@dataclass(frozen=True)
class Clock:
    """How the times of a table are read.

    dialect: the engine's SQL. written: the zone of times that name none. read: the zone in which
    days are counted; times with a zone of their own become UTC where it is not given. moments:
    columns that hold moments although Ibis says they name no zone.
    """

    dialect: str = "duckdb"
    written: str | None = None
    read: str | None = None
    moments: frozenset[str] = frozenset()

    def of_moments(self) -> Clock:
        """The same for a column of moments."""
        return replace(self, written="UTC")

    def local(self, time: ir.TimestampValue, written: str | None) -> ir.TimestampValue:
        """A time without a zone, brought from the zone it is written in to the one it is read in."""
        if self.read is None or written is None or written == self.read:
            return time
        if self.dialect in ("duckdb", "postgres"):
            return _clock(self.read, _at(written, time))
        return _convert(written, self.read, time)


def typed(raw: ir.Table, table: Table, clock: Clock | None = None) -> ir.Table:
    """The mapped columns in the contract's types; what does not fit becomes null.

    Beside each stands the value as it was, in text (`raw_<column>`), and whether it did not fit
    (`misfit_<column>`).
    """
    clock = clock or Clock()
    out: dict[str, Any] = {ROW: raw[ROW]}
    for name in table.columns:
        value = raw[name]
        if value.type().is_string():
            value = value.strip().nullif("")
        fitted, sure = _fitted(
            value, table.kind(name), clock if name not in clock.moments else clock.of_moments()
        )
        out[name] = fitted
        out[RAW + name] = value.cast("string")
        out[MISFIT + name] = ibis.literal(False) if sure else value.notnull() & fitted.isnull()
    return raw.select(**out)


def _fitted(value: ir.Value, kind: str, clock: Clock) -> tuple[ir.Value, bool]:
    """A value in the contract's type, and whether every value of that column must fit."""
    type_ = value.type()
    if kind == "text" or type_.is_null():
        return value.cast(IBIS_TYPES[kind]), True
    if kind in ("date", "time"):
        return _dated(value, kind, clock)
    if kind == "flag":
        return (value, True) if type_.is_boolean() else (_flag(value, clock), False)
    if kind == "integer":
        if type_.is_integer():
            return value.cast("int64"), not type_.is_unsigned_integer()
        if type_.is_floating() or type_.is_decimal():
            number = value.cast("float64")
            whole = (number == number.floor()) & (number.abs() < 2.0**53)
            return ibis.ifelse(whole, number, ibis.null("float64")).cast("int64"), False
        return _number(value, "int64", clock), False
    if type_.is_integer():
        return value.cast("float64"), True
    number = value.cast("float64") if type_.is_numeric() else _number(value, "float64", clock)
    # what is not a number, and what is endless, is greater than all numbers on every engine
    return ibis.ifelse(number.abs() <= _GREATEST, number, ibis.null("float64")), False


def _dated(value: ir.Value, kind: str, clock: Clock) -> tuple[ir.Value, bool]:
    type_ = value.type()
    if type_.is_date():
        fitted = value if kind == "date" else value.cast("timestamp")
    elif type_.is_timestamp():
        written = "UTC" if type_.timezone else clock.written
        fitted = clock.local(value.cast("timestamp"), written)
    elif type_.is_string():
        fitted = _time(value, clock)
    else:  # a number, say: which day it means is not known
        fitted = ibis.null("timestamp")
    if kind == "date":
        fitted = fitted.cast("date")
    # the last day of 9999, which stands for no end, lies in the next year where a zone moves it on
    last = ibis.date("9999-12-31") if kind == "date" else ibis.timestamp("9999-12-31 00:00:00")
    fitted = ibis.ifelse(fitted.year() == _LATEST + 1, last, fitted)
    # a year of two digits is read as one of the first century; so is the zero of a spreadsheet; what
    # was milliseconds and is read as seconds lies after the last year that Python knows
    known = fitted.year().between(_EARLIEST, _LATEST)
    return ibis.ifelse(known, fitted, ibis.null(IBIS_TYPES[kind])), False


def _time(text: ir.StringValue, clock: Clock) -> ir.TimestampValue:
    """Text as a time: year, month, day, with or without a clock and an offset from UTC."""
    zoned = text.re_search(f"{_CLOCK}{_OFFSET}$")
    whole = text.re_search(f"^{_DAY}$")  # a day is the same day in every zone
    fits = text.re_search(f"^{_DAY}({_CLOCK}{_OFFSET}?)?$")
    if clock.dialect not in ("duckdb", "pyspark"):  # a cast that fails would end the query
        fits &= _is_a_day(text)
    if clock.dialect != "duckdb":
        text = text.replace("/", "-")
    text = ibis.ifelse(fits, text, ibis.null("string"))
    safe = "try_cast" if clock.dialect in ("duckdb", "pyspark") else "cast"
    plain = getattr(ibis.ifelse(zoned, ibis.null("string"), text), safe)("timestamp")
    shifted = getattr(ibis.ifelse(zoned, text, ibis.null("string")), safe)(dt.Timestamp("UTC"))
    local = clock.local(plain, clock.written)
    if local is not plain:
        local = ibis.ifelse(whole, plain, local)
    return ibis.coalesce(local, clock.local(shifted.cast("timestamp"), "UTC"))


def _is_a_day(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text that begins like a date and a clock names ones that exist."""
    part = [
        ibis.ifelse(text.re_search("^" + _DAY), text.re_extract(r"^([0-9]+)[-/]([0-9]+)[-/]([0-9]+)", i), "0")
        .cast("int64") for i in (1, 2, 3)
    ]  # fmt: skip
    year, month, day = part
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    february = ibis.ifelse(leap, 29, 28)
    days = ibis.cases(
        (month == 2, february), (month.isin([4, 6, 9, 11]), 30), (month.between(1, 12), 31), else_=0
    )
    clock = text.re_search(r"[ T]([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]|[^:0-9]|$)")
    return (year >= 1) & (day >= 1) & (day <= days) & (clock | ~text.re_search(r"[ T]"))


def _number(value: ir.Value, type_: str, clock: Clock) -> ir.Value:
    if clock.dialect in ("duckdb", "pyspark"):
        if type_ == "int64" and value.type().is_string():
            # an engine may cut 3.5 to 3 where a whole number is asked for
            number = value.try_cast("float64")
            return (
                ibis.ifelse(number == number.floor(), value, ibis.null("string"))
                .try_cast("float64")
                .try_cast("int64")
            )
        return value.try_cast(type_)
    text = value.cast("string")
    pattern = _NUMBER if type_ == "float64" else r"^[+-]?[0-9]{1,18}$"
    return ibis.ifelse(text.re_search(pattern), text, ibis.null("string")).cast(type_)


def _flag(value: ir.Value, clock: Clock) -> ir.BooleanValue:
    text = value.cast("string").lower()
    return ibis.cases((text.isin(_TRUE), True), (text.isin(_FALSE), False), else_=ibis.null("boolean"))

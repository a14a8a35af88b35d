"""Times as sources write them, brought to the zone in which days are counted: one rule for all engines.

A time without an offset is written in the zone of its table, one with an offset is a moment, a day is that day in
every zone. Where no zone is declared, every time stays as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

#: a day that exists, in a year that the contract knows
_DAY = (
    r"((19|[2-9][0-9])[0-9]{2}[-/]("
    r"(0?[13578]|1[02])[-/](0?[1-9]|[12][0-9]|3[01])|(0?[469]|11)[-/](0?[1-9]|[12][0-9]|30)"
    r"|0?2[-/](0?[1-9]|1[0-9]|2[0-8]))"
    r"|((19|[2-9][0-9])(0[48]|[2468][048]|[13579][26])|([2468][048]|[3579][26])00)[-/]0?2[-/]29)"
)
_CLOCK = r"([ T]([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)"
#: no clock of the world is further from UTC, and PostgreSQL knows no greater offset
_OFFSET = r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
#: the first and the last moment that is known, in whatever zone
_FIRST, _LAST = "1899-12-30 00:00:00", "9999-12-31 23:59:59.999999"
#: the parts of a column of times: those with an offset, those without one where days are counted, and whether a time
#: is a day without a clock
_MOMENT, _LOCAL, _WHOLE = "moment_", "local_", "whole_"
#: zones whose clocks never change
_FIXED = ("UTC", "Etc/UTC", "Etc/GMT", "GMT", "Zulu")
#: what is full-width, or a blank of another kind, in dates and numbers, and what it stands for
WIDE = "０１２３４５６７８９．，：／－＋−　\u00a0\u2007\u2009\u202f"
PLAIN = "0123456789.,:/-+-     "


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _at(zone: str, clock: dt.Timestamp()) -> dt.Timestamp("UTC"): ...  # type: ignore[valid-type]


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _clock(zone: str, at: dt.Timestamp("UTC")) -> dt.Timestamp(): ...  # type: ignore[valid-type]


@ibis.udf.scalar.builtin(name="convert_timezone")  # type: ignore[untyped-decorator]
def _convert(written: str, read: str, clock: dt.Timestamp()) -> dt.Timestamp(): ...  # type: ignore[valid-type]


@dataclass(frozen=True)
class Clock:
    """How the times of a table are read.

    dialect: the engine's SQL. written: the zone of times that name none. read: the zone in which days are counted;
    without it, times stay as they are written, and moments are told in UTC. moments: columns that hold moments
    although Ibis says they name no zone.
    """

    dialect: str = "duckdb"
    written: str | None = None
    read: str | None = None
    moments: frozenset[str] = frozenset()

    @classmethod
    def declared(
        cls, dialect: str, top: str | None, table: str | None, moments: frozenset[str] = frozenset()
    ) -> Clock:
        """The clock of a table, by the `timezone` at the top of the sources file and that of the table."""
        return cls(dialect, table or top, top or table, moments)

    def local(self, time: ir.TimestampValue, written: str | None) -> ir.TimestampValue:
        """A time without an offset, brought from the zone it is written in to the one it is read in.

        An hour that the clock shows twice is the earlier one; in an hour that it skips, it is taken not to have
        been put forward yet (as Python's zoneinfo has it with fold=0).
        """
        if self.read is None or written is None or written == self.read:
            return time
        if self.dialect not in ("duckdb", "postgres"):
            return _convert(written, self.read, time)  # Java reads such hours so
        return _clock(self.read, _at(written, time) if written in _FIXED else _moment(written, time))


def _moment(zone: str, time: ir.TimestampValue) -> ir.Value:
    """The moment of a clock; these engines take the later one of an hour that a clock shows twice.

    What the clock was on the day before tells the earlier one, by however much it changed.
    """
    later: Any = _at(zone, time)
    before = later - ibis.interval(days=1)
    by_old_clock = before + (time - _clock(zone, before))
    shown = (_clock(zone, by_old_clock) == time) | (_clock(zone, later) != time)
    return ibis.ifelse(shown, by_old_clock, later)


def plain(text: ir.StringValue) -> ir.StringValue:
    """Text of a date, a number or a flag with full-width signs and blanks of all kinds made plain, blanks cut off."""
    other = text.re_search("[^ -~]")  # most texts have none, and to look is cheaper than to replace
    return ibis.ifelse(other, text.translate(WIDE, PLAIN), text).strip().nullif("")


def parts(name: str, value: ir.Value, clock: Clock) -> dict[str, ir.Value]:
    """What a column of times, dates or plain text is made of, under names made of its name, for `joined`.

    Steps over a table, for an expression that names another one twice is worked out twice. Text: year, month, day,
    with or without a clock and an offset from UTC; anything else is null.
    """
    type_ = value.type()
    if type_.is_date():
        return {name: value}
    if type_.is_timestamp():
        return {name: _known(value.cast("timestamp"))}
    if not type_.is_string():  # a number, say: which day it means is not known
        return {name: ibis.null("timestamp")}
    fits = value.re_search(f"^{_DAY}({_CLOCK}{_OFFSET}?)?$")
    zoned = value.re_search(rf":[0-9]{{2}}(\.[0-9]+)?{_OFFSET}$")
    text = value if clock.dialect == "duckdb" else value.replace("/", "-")
    none = ibis.null("string")

    def cast(text: ir.StringValue, target: Any) -> ir.Value:
        return text.try_cast(target) if clock.dialect in ("duckdb", "pyspark") else text.cast(target)

    if clock.read is None:  # the clock as it is written, whatever its offset
        bare = text.substr(0, text.length() - value.re_extract(f"{_OFFSET}$", 1).length())
        return {name: cast(ibis.cases((~fits, none), (zoned, bare), else_=text), "timestamp")}
    moment = cast(ibis.ifelse(fits & zoned, text, none), dt.Timestamp("UTC"))
    return {
        name: cast(ibis.ifelse(fits & ~zoned, text, none), "timestamp"),
        _MOMENT + name: moment.cast("timestamp"),
        _WHOLE + name: ~value.contains(":"),
    }


def local_times(name: str, rows: ir.Table, clock: Clock, *, moments: bool) -> dict[str, ir.Value]:
    """The times of a column of which `parts` stand in `rows`, in the zone in which days are counted, for `joined`.

    moments: whether times without an offset are moments of UTC.
    """
    if rows[name].type().is_date():
        return {}
    found = {_LOCAL + name: clock.local(rows[name], "UTC" if moments else clock.written)}
    if _MOMENT + name in rows.columns:
        found[_MOMENT + name] = clock.local(rows[_MOMENT + name], "UTC")
    return found


def joined(name: str, rows: ir.Table) -> ir.Value:
    """The times of a column of which `local_times` stand in `rows`; a day is the same day in every zone."""
    if _LOCAL + name not in rows.columns:
        return rows[name]
    if _MOMENT + name not in rows.columns:
        return rows[_LOCAL + name]
    time = ibis.ifelse(rows[_WHOLE + name], rows[name], rows[_LOCAL + name])
    return ibis.coalesce(time, rows[_MOMENT + name])


def bounded(time: ir.Value, kind: str) -> ir.Value:
    """Times from 1900 to 9999 as the contract's `date` or `time`, null where they lie outside.

    The last day of 9999 stands for no end, wherever a zone moved it. A year of two digits is read as one of the first
    century, the zero of a spreadsheet lies before 1900, and what was milliseconds and is read as seconds lies after
    the last year that Python knows.
    """
    if time.type().is_date():
        time = ibis.ifelse(
            time.between(ibis.date("1900-01-01"), ibis.date("9999-12-31")), time, ibis.null("date")
        )
        return time if kind == "date" else time.cast("timestamp")
    first, last = ibis.timestamp("1900-01-01 00:00:00"), ibis.timestamp(_LAST)
    end = ibis.timestamp("9999-12-31 00:00:00")
    time = ibis.cases((time.between(first, last), time), (time > last, end), else_=ibis.null("timestamp"))
    return time.cast("date") if kind == "date" else time


def _known(time: ir.TimestampValue) -> ir.TimestampValue:
    """Without what is endless or lies far from all that is known: zones cannot be reckoned there."""
    sane = time.between(ibis.timestamp(_FIRST), ibis.timestamp(_LAST))
    return ibis.ifelse(sane, time, ibis.null("timestamp"))

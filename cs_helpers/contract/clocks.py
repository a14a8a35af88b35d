"""Convert times of the sources to the time zone in which days are counted, by the same rules on all engines.

A time without an offset is in the zone of its table, a time with an offset is a moment, and a date is the same date
in every zone. Where no zone is declared, every time stays as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

#: a date that exists, from 1900 on
_DAY = (
    r"((19|[2-9][0-9])[0-9]{2}[-/]("
    r"(0?[13578]|1[02])[-/](0?[1-9]|[12][0-9]|3[01])|(0?[469]|11)[-/](0?[1-9]|[12][0-9]|30)"
    r"|0?2[-/](0?[1-9]|1[0-9]|2[0-8]))"
    r"|((19|[2-9][0-9])(0[48]|[2468][048]|[13579][26])|([2468][048]|[3579][26])00)[-/]0?2[-/]29)"
)
_CLOCK = r"([ T]([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)"
#: no time zone is further from UTC, and PostgreSQL accepts no larger offset
_OFFSET = r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
#: the first and the last moment that is accepted, in any zone
_FIRST_MOMENT, _LAST_MOMENT = "1899-12-30 00:00:00", "9999-12-31 23:59:59.999999"
#: prefixes for the parts of a time column: moments (times with an offset), local times (without one), and whether a
#: value is a date without a time of day
_MOMENT, _LOCAL, _WHOLE_DAY = "moment_", "local_", "whole_"
#: zones without daylight saving time
_FIXED_ZONES = ("UTC", "Etc/UTC", "Etc/GMT", "GMT", "Zulu")
#: full-width characters and special blanks in dates and numbers, and below the standard form of each
WIDE = "０１２３４５６７８９．，：／－＋−　\u00a0\u2007\u2009\u202f"
PLAIN = "0123456789.,:/-+-     "


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _clock_to_moment(zone: str, clock: dt.Timestamp()) -> dt.Timestamp("UTC"): ...  # type: ignore[valid-type]


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _moment_to_clock(zone: str, at: dt.Timestamp("UTC")) -> dt.Timestamp(): ...  # type: ignore[valid-type]


@ibis.udf.scalar.builtin(name="convert_timezone")  # type: ignore[untyped-decorator]
def _convert_zone(written: str, read: str, clock: dt.Timestamp()) -> dt.Timestamp(): ...  # type: ignore[valid-type]


@dataclass(frozen=True)
class Clock:
    """How the times of a table are read.

    dialect: the engine's SQL dialect. source_zone: the zone of times without an offset. target_zone: the zone in which
    days are counted; without it, times stay as they are written, and moments are given in UTC. moments: columns that
    hold moments although their Ibis type has no time zone.
    """

    dialect: str = "duckdb"
    source_zone: str | None = None
    target_zone: str | None = None
    moments: frozenset[str] = frozenset()

    @classmethod
    def of_table(
        cls, dialect: str, top: str | None, table: str | None, moments: frozenset[str] = frozenset()
    ) -> Clock:
        """The clock of a table, from the `timezone` at the top of the sources file and that of the table."""
        return cls(dialect, table or top, top or table, moments)

    def local(self, time: ir.TimestampValue, source_zone: str | None) -> ir.TimestampValue:
        """Convert a time without an offset from `source_zone` to the target zone.

        An ambiguous time (the clock is put back) is the earlier one; a time that does not exist (the clock is put
        forward) is read by the clock before the change, as zoneinfo does with fold=0.
        """
        if self.target_zone is None or source_zone is None or source_zone == self.target_zone:
            return time
        if self.dialect not in ("duckdb", "postgres"):
            return _convert_zone(source_zone, self.target_zone, time)  # Java resolves such times the same way
        return _moment_to_clock(
            self.target_zone,
            _clock_to_moment(source_zone, time)
            if source_zone in _FIXED_ZONES
            else _earlier_moment(source_zone, time),
        )


def _earlier_moment(zone: str, time: ir.TimestampValue) -> ir.Value:
    """The moment of a local time, the earlier one where it is ambiguous; these engines take the later one.

    The offset of the day before gives the earlier moment, whatever the size of the change.
    """
    later: Any = _clock_to_moment(zone, time)
    day_before = later - ibis.interval(days=1)
    by_old_clock = day_before + (time - _moment_to_clock(zone, day_before))
    clock_exists = (_moment_to_clock(zone, by_old_clock) == time) | (_moment_to_clock(zone, later) != time)
    return ibis.ifelse(clock_exists, by_old_clock, later)


def to_plain(text: ir.StringValue) -> ir.StringValue:
    """Text of a date, number or flag with full-width characters and special blanks replaced, and stripped."""
    needs_change = text.re_search("[^ -~]")  # rare, and searching is cheaper than replacing
    return ibis.ifelse(needs_change, text.translate(WIDE, PLAIN), text).strip().nullif("")


def time_parts(name: str, value: ir.Value, clock: Clock) -> dict[str, ir.Value]:
    """The parts of a column of times, dates or plain text, as columns for `local_times`; keyed by prefixed names.

    The conversion runs in several steps over a table, because engines evaluate an expression that is used twice twice.
    Text must be year, month and day, with or without a time and an offset from UTC; anything else becomes null.
    """
    type_ = value.type()
    if type_.is_date():
        return {name: value}
    if type_.is_timestamp():
        return {name: _within_range(value.cast("timestamp"))}
    if not type_.is_string():  # a number, for example, does not say which day it means
        return {name: ibis.null("timestamp")}
    fits = value.re_search(f"^{_DAY}({_CLOCK}{_OFFSET}?)?$")
    zoned = value.re_search(rf":[0-9]{{2}}(\.[0-9]+)?{_OFFSET}$")
    text = value if clock.dialect == "duckdb" else value.replace("/", "-")
    none = ibis.null("string")

    def cast(text: ir.StringValue, target: Any) -> ir.Value:
        return text.try_cast(target) if clock.dialect in ("duckdb", "pyspark") else text.cast(target)

    if clock.target_zone is None:  # the time as it is written, whatever its offset
        without_offset = text.substr(0, text.length() - value.re_extract(f"{_OFFSET}$", 1).length())
        return {name: cast(ibis.cases((~fits, none), (zoned, without_offset), else_=text), "timestamp")}
    moment = cast(ibis.ifelse(fits & zoned, text, none), dt.Timestamp("UTC"))
    return {
        name: cast(ibis.ifelse(fits & ~zoned, text, none), "timestamp"),
        _MOMENT + name: moment.cast("timestamp"),
        _WHOLE_DAY + name: ~value.contains(":"),
    }


def local_times(name: str, rows: ir.Table, clock: Clock, *, moments: bool) -> dict[str, ir.Value]:
    """The parts of a time column converted to the target zone, as columns for `combine_parts`.

    rows: a table with the columns of `time_parts`. moments: whether times without an offset are moments in UTC.
    """
    if rows[name].type().is_date():
        return {}
    times = {_LOCAL + name: clock.local(rows[name], "UTC" if moments else clock.source_zone)}
    if _MOMENT + name in rows.columns:
        times[_MOMENT + name] = clock.local(rows[_MOMENT + name], "UTC")
    return times


def combine_parts(name: str, rows: ir.Table) -> ir.Value:
    """A time column in the target zone. rows: a table with the columns of `time_parts` and `local_times`."""
    if _LOCAL + name not in rows.columns:
        return rows[name]
    if _MOMENT + name not in rows.columns:
        return rows[_LOCAL + name]
    time = ibis.ifelse(rows[_WHOLE_DAY + name], rows[name], rows[_LOCAL + name])
    return ibis.coalesce(time, rows[_MOMENT + name])


def clip_times(time: ir.Value, kind: str) -> ir.Value:
    """Times from 1900 to 9999 as the contract's `date` or `time`; null where they lie outside.

    The last day of 9999 stands for no end, even where a zone moved it past that day. Out of range are two-digit years
    (read as the first century), the zero of a spreadsheet (before 1900) and milliseconds read as seconds (after 9999).
    """
    if time.type().is_date():
        time = ibis.ifelse(
            time.between(ibis.date("1900-01-01"), ibis.date("9999-12-31")), time, ibis.null("date")
        )
        return time if kind == "date" else time.cast("timestamp")
    first, last = ibis.timestamp("1900-01-01 00:00:00"), ibis.timestamp(_LAST_MOMENT)
    end = ibis.timestamp("9999-12-31 00:00:00")
    time = ibis.cases((time.between(first, last), time), (time > last, end), else_=ibis.null("timestamp"))
    return time.cast("date") if kind == "date" else time


def _within_range(time: ir.TimestampValue) -> ir.TimestampValue:
    """Times outside of the accepted range, infinity included, become null: zones cannot be converted there."""
    in_range = time.between(ibis.timestamp(_FIRST_MOMENT), ibis.timestamp(_LAST_MOMENT))
    return ibis.ifelse(in_range, time, ibis.null("timestamp"))

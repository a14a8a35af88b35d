"""What is known of each product, worked out from the rows of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.contract.known import Known, Period
from cs_helpers.contract.tables import TABLES

#: a silence is no chance if it is less probable than one in a thousand: -log of its probability
SURPRISE = 7.0
#: days from which it is worked out on which weekdays rows are usual, and of how many of each they count at least
_DAYS, _LEAST = 56, 4
#: on fewer days with rows nothing is usual yet
_FEW = 8
#: a table that is no daily log goes silent by so many days without rows at least
_WEEKS = 28
#: days on which whole countries rest, as 100 x month + day, first and last: that they are without rows is no surprise
_CLOSED = ((1224, 1231), (101, 105), (429, 506))
#: a silence inside a daily log that is no holiday is longer than the longest of them, Golden Week and New Year
_HOLIDAYS = 13
#: the share of working days with rows from which a table is a daily log
_DAILY = 0.6
#: most days by which the first row may lie after the day from which a table tells
_SPARE = 31
#: the column that says which part of a table a row is, for tables of which parts are known apart
_PARTS = {"assessments": "measure"}
_DAY = timedelta(days=1)


def days_of(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Table -> its rows by the day, of the tables whose rows are dated; notices of customers are no touches of ours.

    Columns of each: product, part ('' for the table as a whole), day (datetime64), rows.
    """
    found = {}
    for name, frame in tables.items():
        time = TABLES[name].time if name in TABLES else None
        if time is None or "product" not in frame or frame.empty:
            continue
        if name == "touches":
            frame = frame[frame["kind"] != "churn_notice"]
        rows = pd.DataFrame(
            {"product": frame["product"], "part": "", "day": frame[time].dt.normalize(), "rows": 1}
        )
        parts = [rows]
        if name in _PARTS:
            parts.append(rows.assign(part=frame[_PARTS[name]]).dropna(subset=["part"]))
        if name == "surveys":
            parts.append(rows[frame["nps"].notna()].assign(part="nps"))
        found[name] = pd.concat(parts, ignore_index=True).dropna(subset=["day"])
    return found


def days_of_use(active_daily: pd.DataFrame, usage_daily: pd.DataFrame) -> pd.DataFrame:
    """The log of use by the day: as a whole, and each event; as `days_of` gives other tables.

    active_daily: product, day, events; usage_daily: the same and event.
    """
    whole = active_daily[["product", "day", "events"]].assign(part="")
    parts = usage_daily[["product", "event", "day", "events"]].rename(columns={"event": "part"})
    return pd.concat([whole, parts], ignore_index=True).rename(columns={"events": "rows"})


def known(days: Mapping[str, pd.DataFrame], products: Iterable[str], as_of: date) -> dict[str, Known]:
    """Product -> what is known of it. days: table -> its rows by the day."""
    found = {
        product: known_of({name: frame[frame["product"] == product] for name, frame in days.items()}, as_of)
        for product in products
    }
    last = {name: frame.groupby("product")["day"].max() for name, frame in days.items()}

    def goes_on(table: str, product: str) -> bool:
        """Whether a table has told of another product since it fell silent on one, and still does."""
        since = found[product].tables[table].silent_since
        return since is not None and any(
            own.tables[table].silent_since is None and last[table][other].date() >= since
            for other, own in found.items()
            if table in own.tables
        )

    return {
        product: replace(own, elsewhere=frozenset(table for table in own.tables if goes_on(table, product)))
        for product, own in found.items()
    }


def known_of(rows: Mapping[str, pd.DataFrame], as_of: date) -> Known:
    """What is known of a product from its rows, counted by the day.

    rows: table -> frame with part (text; '' for the table as a whole), day (datetime64), rows (count).
    """
    tables, parts = {}, {}
    for name, frame in rows.items():
        counts = frame.groupby(["part", "day"])["rows"].sum()
        if "" not in counts.index.get_level_values("part"):
            continue
        whole = tables[name] = period_of(counts[""], as_of)
        for part in counts.index.get_level_values("part").unique():
            if part:
                own = period_of(counts[part], whole.last, whole)
                # one that did not stop before its table did fell silent with it
                parts[name, str(part)] = replace(own, silent_since=own.silent_since or whole.silent_since)
    return Known(tables, parts)


def period_of(counts: pd.Series, until: date, inside: Period | None = None) -> Period:
    """The period of which rows tell, up to the day `until`.

    counts: rows by day (datetime64, ascending). inside: the period of the table they are a part of. The first row lies
    on or after the first day: by as many days as may be without rows by chance, as days are afterwards. The last row
    is the end of what is known where the silence since is no chance, as days were before, and is longer than any
    before it. Inside a daily log a silence longer than holidays are is a gap, and so is one between a few stray rows
    and the daily log that begins after them.
    """
    first, last = counts.index[0].date(), counts.index[-1].date()
    span, since = pd.date_range(first, last), pd.date_range(last + _DAY, until)
    seen = _Days(span, counts.reindex(span, fill_value=0).to_numpy(float) > 0, np.full(len(span), True))
    if inside is not None:
        seen = seen.without(~inside.days(span))
        since = since[inside.days(since)]
    start = _earliest(seen, inside)
    gaps, longest = [], 0
    runs = seen.empty_runs()
    stray = [run for run in runs if seen.rows[: run[0]].sum() < _FEW]
    for a, b in (*reversed(stray), *runs[len(stray) :]):
        if b - a > _HOLIDAYS and _is_gap(seen, a, b, begins=(a, b) in stray):
            gaps.append((span[a].date(), span[b - 1].date()))
            seen = seen.without((span >= span[a]) & (span < span[b]))
        else:
            longest = max(longest, b - a)
    known_gaps = tuple(sorted({*gaps, *(inside.gaps if inside is not None else ())}))
    enough = longest if seen.daily() else max(2 * longest, _WEEKS)
    if len(since) > enough and seen.last_weeks().surprise(since) >= SURPRISE:
        return Period(start, last, known_gaps, last + _DAY)
    return Period(start, max(until, last), known_gaps)


def _is_gap(seen: _Days, first: int, end: int, *, begins: bool) -> bool:
    """Whether so long a silence in a daily log is no chance, as days were before; as they are after, where it `begins`."""
    later = seen.cut(end, None)
    log, usual = (later, later.first_weeks()) if begins else (seen, seen.cut(None, first).last_weeks())
    return log.daily() and usual.surprise(seen.days[first:end]) >= SURPRISE


@dataclass(frozen=True)
class _Days:
    """Days that follow each other: on which of them there were rows, and of which something is known; both bool."""

    days: pd.DatetimeIndex
    rows: np.ndarray
    known: np.ndarray

    def cut(self, first: int | None, end: int | None) -> _Days:
        return _Days(self.days[first:end], self.rows[first:end], self.known[first:end])

    def without(self, unknown: np.ndarray) -> _Days:
        return _Days(self.days, self.rows, self.known & (~unknown | self.rows))

    def first_weeks(self) -> _Days:
        return self.cut(None, int(np.flatnonzero(self.known)[:_DAYS][-1]) + 1)

    def last_weeks(self) -> _Days:
        return self.cut(int(np.flatnonzero(self.known)[-_DAYS:][0]), None)

    def empty_runs(self) -> list[tuple[int, int]]:
        """The runs of days that are known to be without rows, as first and one past the last."""
        empty = (self.known & ~self.rows).astype(int)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], empty, [0]])))
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))

    def daily(self) -> bool:
        working = self.known & (self.days.day_of_week < 5)
        return bool(working.sum() >= 10 and self.rows[working].mean() >= _DAILY)

    def surprise(self, silent: pd.DatetimeIndex) -> float:
        """-log of the probability that all of some other days are without rows."""
        return float(self.surprises(silent).sum())

    def surprises(self, silent: pd.DatetimeIndex) -> np.ndarray:
        """-log of the probability that each of some other days is without rows, by how often its weekday is here."""
        if self.rows.sum() < _FEW:
            return np.zeros(len(silent))
        weekday = self.days.day_of_week[self.known]
        days = np.maximum(np.bincount(weekday, minlength=7), _LEAST)
        with_rows = np.bincount(weekday, weights=self.rows[self.known], minlength=7)
        each: np.ndarray = -np.log1p(-(with_rows + 0.05) / (days + 0.1))[silent.day_of_week]
        day = silent.month * 100 + silent.day
        for first, last in _CLOSED:
            each[(day >= first) & (day <= last)] = 0.0
        return each


def _earliest(seen: _Days, inside: Period | None) -> date:
    """The first day of which rows tell, the first of which is the first of `seen`."""
    first: date = seen.days[0].date()
    most = _SPARE if inside is None else max((first - inside.first).days, 0)
    back = pd.date_range(end=first - _DAY, periods=most)[::-1]
    if not most:
        return first
    total = seen.first_weeks().surprises(back).cumsum()
    chance = int((total < SURPRISE).sum())
    return first - timedelta(days=chance)

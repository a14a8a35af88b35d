"""Compute the data coverage of each product from the dates of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.contract.coverage import Coverage, Period
from cs_helpers.contract.tables import TABLES

#: -log of the probability (about one in a thousand) below which a silence is not due to chance
SURPRISE = 7.0
#: number of days from which the usual weekdays of rows are estimated, and least number of days of each weekday
_REFERENCE_DAYS, _MIN_WEEKDAYS = 56, 4
#: with fewer days with rows, no pattern can be estimated
_MIN_DAYS_WITH_ROWS = 8
#: a table that is not a daily log counts as silent only after more days without rows than this
_MIN_SILENCE = 28
#: public holiday seasons, first and last day as 100 x month + day: days without rows are expected then
_HOLIDAY_PERIODS = ((1224, 1231), (101, 105), (429, 506))
#: days of the longest holiday seasons (Golden Week, New Year): only a longer silence inside a daily log is a gap
_LONGEST_HOLIDAY = 13
#: share of working days with rows from which a table counts as a daily log
_DAILY_SHARE = 0.6
#: most days by which the coverage of a table may begin before its first row
_MAX_DAYS_BEFORE_FIRST_ROW = 31
#: the column with the part of a row, for tables whose parts have a coverage of their own
_PART_COLUMNS = {"assessments": "measure"}
_DAY = timedelta(days=1)


def rows_by_day(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Table -> one record for each row of a dated table and each part; churn notices do not count as touches.

    Columns: product, part ('' for the table as a whole), day (datetime64), rows (1).
    """
    tables_by_day = {}
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
        if name in _PART_COLUMNS:
            parts.append(rows.assign(part=frame[_PART_COLUMNS[name]]).dropna(subset=["part"]))
        if name == "surveys":
            parts.append(rows[frame["nps"].notna()].assign(part="nps"))
        tables_by_day[name] = pd.concat(parts, ignore_index=True).dropna(subset=["day"])
    return tables_by_day


def usage_by_day(active_daily: pd.DataFrame, usage_daily: pd.DataFrame) -> pd.DataFrame:
    """The usage log by day, as a whole and for each event, with the columns of `rows_by_day`.

    active_daily: product, day, events. usage_daily: product, event, day, events.
    """
    totals = active_daily[["product", "day", "events"]].assign(part="")
    parts = usage_daily[["product", "event", "day", "events"]].rename(columns={"event": "part"})
    return pd.concat([totals, parts], ignore_index=True).rename(columns={"events": "rows"})


def coverage_by_product(
    days: Mapping[str, pd.DataFrame], products: Iterable[str], as_of: date
) -> dict[str, Coverage]:
    """Product -> its coverage. days: table -> its rows by day, as from `rows_by_day`."""
    coverages = {
        product: coverage_of(
            {name: frame[frame["product"] == product] for name, frame in days.items()}, as_of
        )
        for product in products
    }
    last_days = {name: frame.groupby("product")["day"].max() for name, frame in days.items()}

    def is_active_elsewhere(table: str, product: str) -> bool:
        """Whether a table that fell silent on a product still gets rows of another one since then."""
        since = coverages[product].tables[table].silent_since
        return since is not None and any(
            own.tables[table].silent_since is None and last_days[table][other].date() >= since
            for other, own in coverages.items()
            if table in own.tables
        )

    return {
        product: replace(
            coverage,
            active_elsewhere=frozenset(
                table for table in coverage.tables if is_active_elsewhere(table, product)
            ),
        )
        for product, coverage in coverages.items()
    }


def coverage_of(rows: Mapping[str, pd.DataFrame], as_of: date) -> Coverage:
    """The coverage of a product.

    rows: table -> frame with part (text; '' for the table as a whole), day (datetime64), rows (count).
    """
    tables, parts = {}, {}
    for name, frame in rows.items():
        counts = frame.groupby(["part", "day"])["rows"].sum()
        if "" not in counts.index.get_level_values("part"):
            continue
        table_period = tables[name] = period_of(counts[""], as_of)
        for part in counts.index.get_level_values("part").unique():
            if part:
                period = period_of(counts[part], table_period.last, table_period)
                # a part that did not stop before its table did stops with it
                parts[name, str(part)] = replace(
                    period, silent_since=period.silent_since or table_period.silent_since
                )
    return Coverage(tables, parts)


def period_of(counts: pd.Series, until: date, table_period: Period | None = None) -> Period:
    """The period for which a table, or a part of one, has data, up to the day `until`.

    counts: rows by day (datetime64, ascending). table_period: for a part, the period of its table. The period begins
    before the first row by as many days as may be without rows by chance, judged by the days after it. It ends with the
    last row if the silence since then is not due to chance, judged by the days before it, and is longer than any earlier
    one. Inside a daily log, a silence longer than any holiday season is a gap; so is one between a few stray rows and
    the daily log that begins after them.
    """
    first, last = counts.index[0].date(), counts.index[-1].date()
    span, days_since = pd.date_range(first, last), pd.date_range(last + _DAY, until)
    observed = _DayRange(
        span, counts.reindex(span, fill_value=0).to_numpy(float) > 0, np.full(len(span), True)
    )
    if table_period is not None:
        observed = observed.without(~table_period.covers_days(span))
        days_since = days_since[table_period.covers_days(days_since)]
    start = _earliest(observed, table_period)
    gaps, longest = [], 0
    runs = observed.empty_runs()
    stray_runs = [run for run in runs if observed.rows[: run[0]].sum() < _MIN_DAYS_WITH_ROWS]
    for a, b in (*reversed(stray_runs), *runs[len(stray_runs) :]):
        if b - a > _LONGEST_HOLIDAY and _is_gap(observed, a, b, compare_after=(a, b) in stray_runs):
            gaps.append((span[a].date(), span[b - 1].date()))
            observed = observed.without((span >= span[a]) & (span < span[b]))
        else:
            longest = max(longest, b - a)
    all_gaps = tuple(sorted({*gaps, *(table_period.gaps if table_period is not None else ())}))
    max_usual = longest if observed.is_daily() else max(2 * longest, _MIN_SILENCE)
    if len(days_since) > max_usual and observed.last_weeks().surprise(days_since) >= SURPRISE:
        return Period(start, last, all_gaps, last + _DAY)
    return Period(start, max(until, last), all_gaps)


def _is_gap(observed: _DayRange, first: int, end: int, *, compare_after: bool) -> bool:
    """Whether a silence in a daily log is not due to chance, judged by the days before it, or after it (`compare_after`)."""
    later = observed.slice(end, None)
    log, usual = (
        (later, later.first_weeks())
        if compare_after
        else (observed, observed.slice(None, first).last_weeks())
    )
    return log.is_daily() and usual.surprise(observed.days[first:end]) >= SURPRISE


@dataclass(frozen=True)
class _DayRange:
    """A range of consecutive days. rows: whether a day has rows. known: whether it is covered. Both bool arrays."""

    days: pd.DatetimeIndex
    rows: np.ndarray
    known: np.ndarray

    def slice(self, first: int | None, end: int | None) -> _DayRange:
        return _DayRange(self.days[first:end], self.rows[first:end], self.known[first:end])

    def without(self, unknown: np.ndarray) -> _DayRange:
        return _DayRange(self.days, self.rows, self.known & (~unknown | self.rows))

    def first_weeks(self) -> _DayRange:
        return self.slice(None, int(np.flatnonzero(self.known)[:_REFERENCE_DAYS][-1]) + 1)

    def last_weeks(self) -> _DayRange:
        return self.slice(int(np.flatnonzero(self.known)[-_REFERENCE_DAYS:][0]), None)

    def empty_runs(self) -> list[tuple[int, int]]:
        """The runs of covered days without rows, as (first, one past the last) positions."""
        empty = (self.known & ~self.rows).astype(int)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], empty, [0]])))
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))

    def is_daily(self) -> bool:
        working = self.known & (self.days.day_of_week < 5)
        return bool(working.sum() >= 10 and self.rows[working].mean() >= _DAILY_SHARE)

    def surprise(self, silent: pd.DatetimeIndex) -> float:
        """-log of the probability that all days of `silent` are without rows."""
        return float(self.daily_surprise(silent).sum())

    def daily_surprise(self, silent: pd.DatetimeIndex) -> np.ndarray:
        """-log of the probability of no rows on each day of `silent`, from the share of its weekday with rows here."""
        if self.rows.sum() < _MIN_DAYS_WITH_ROWS:
            return np.zeros(len(silent))
        weekday = self.days.day_of_week[self.known]
        days = np.maximum(np.bincount(weekday, minlength=7), _MIN_WEEKDAYS)
        with_rows = np.bincount(weekday, weights=self.rows[self.known], minlength=7)
        surprise: np.ndarray = -np.log1p(-(with_rows + 0.05) / (days + 0.1))[silent.day_of_week]
        day = silent.month * 100 + silent.day
        for first, last in _HOLIDAY_PERIODS:
            surprise[(day >= first) & (day <= last)] = 0.0
        return surprise


def _earliest(observed: _DayRange, table_period: Period | None) -> date:
    """The first covered day, given that the first day of `observed` has the first row."""
    first: date = observed.days[0].date()
    max_days = (
        _MAX_DAYS_BEFORE_FIRST_ROW if table_period is None else max((first - table_period.first).days, 0)
    )
    earlier_days = pd.date_range(end=first - _DAY, periods=max_days)[::-1]
    if not max_days:
        return first
    surprise = observed.first_weeks().daily_surprise(earlier_days).cumsum()
    days_before = int((surprise < SURPRISE).sum())
    return first - timedelta(days=days_before)

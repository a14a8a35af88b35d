"""What is known of each product, worked out from the rows of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.contract.known import Known, Period
from cs_helpers.contract.tables import TABLES

#: a silence is no chance if it is less probable than one in a thousand: -log of its probability
SURPRISE = 7.0
#: days from which it is worked out on which weekdays rows are usual, and the least days of each weekday
_DAYS, _LEAST = 56, 4
#: on fewer days with rows nothing is usual yet
_FEW = 8
#: a silence inside a daily log that is no holiday is longer than the longest of them, Golden Week and New Year
_HOLIDAYS = 13
#: the share of working days with rows from which a table is a daily log
_DAILY = 0.6
#: most days by which the first row may lie after the day from which a table tells
_SPARE = 31
#: the column that says which part of a table a row is, for tables of which parts are known apart
_PARTS = {"assessments": "measure"}


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
    latest = {name: frame["day"].max().date() for name, frame in days.items() if len(frame)}
    return {
        product: known_of(
            {name: frame[frame["product"] == product] for name, frame in days.items()}, as_of, latest
        )
        for product in products
    }


def known_of(rows: Mapping[str, pd.DataFrame], as_of: date, latest: Mapping[str, date]) -> Known:
    """What is known of a product from its rows, counted by the day.

    rows: table -> frame with part (text; '' for the table as a whole), day (datetime64), rows (count). latest: table ->
    the day of its last row of any product.
    """
    tables, parts = {}, {}
    for name, frame in rows.items():
        counts = frame.groupby(["part", "day"])["rows"].sum()
        if "" not in counts.index.get_level_values("part"):
            continue
        whole = tables[name] = period_of(counts[""], as_of)
        for part in counts.index.get_level_values("part").unique():
            if part:
                parts[name, str(part)] = period_of(counts[part], whole.last, whole)
    silent = {name for name, period in tables.items() if period.silent_since}
    return Known(tables, parts, frozenset(n for n in silent if latest[n] > tables[n].last))


def period_of(counts: pd.Series, until: date, inside: Period | None = None) -> Period:
    """The period of which rows tell, up to the day `until`.

    counts: rows by day (datetime64, ascending). inside: the period of the table they are a part of. The first row lies
    on or after the first day: by as many days as may be without rows by chance, as days are afterwards. The last row
    is the end of what is known where the silence since is no chance, as days were before, and is longer than any
    before it. Inside a daily log a silence longer than holidays are is a gap.
    """
    first, last = counts.index[0].date(), counts.index[-1].date()
    line = counts.reindex(pd.date_range(first, last, freq="D"), fill_value=0).to_numpy(float) > 0
    start = _earliest(line, first, inside)
    daily = _is_daily(line, first)
    runs = _empty_runs(line)
    gaps = {
        (first + timedelta(a), first + timedelta(b - 1))
        for a, b in runs
        if daily and b - a > _HOLIDAYS and _surprise(line[:a], first, b - a) >= SURPRISE
    }
    silence = (until - last).days
    others = [b - a for a, b in runs if (first + timedelta(a), first + timedelta(b - 1)) not in gaps]
    longest = max(others, default=0)
    known_gaps = tuple(sorted(gaps if inside is None else gaps | set(inside.gaps)))
    long_enough = silence > longest if daily else silence > max(2 * longest, _DAYS)
    if long_enough and _surprise(line, first, silence) >= SURPRISE:
        return Period(start, last, known_gaps, last + timedelta(days=1))
    return Period(start, max(until, last), known_gaps)


def _empty_runs(line: np.ndarray) -> list[tuple[int, int]]:
    """The runs of days without rows, as first and one past the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (~line).astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _is_daily(line: np.ndarray, first: date) -> bool:
    working = (first.weekday() + np.arange(len(line))) % 7 < 5
    return bool(working.sum() >= 10 and line[working].mean() >= _DAILY)


def _by_weekday(line: np.ndarray, first: date) -> np.ndarray:
    """-log of the probability that a day is without rows, of each weekday, Monday first."""
    weekday = (first.weekday() + np.arange(len(line))) % 7
    days = np.maximum(np.bincount(weekday, minlength=7), _LEAST)
    with_rows = (np.bincount(weekday, weights=line, minlength=7) + 0.05) / (days + 0.1)
    surprise: np.ndarray = -np.log1p(-with_rows)
    return surprise


def _surprise(line: np.ndarray, first: date, days: int) -> float:
    """-log of the probability of so many days without rows after those of `line`, by its last eight weeks."""
    if line.sum() < _FEW:
        return 0.0
    recent = line[-_DAYS:]
    begin = first + timedelta(days=len(line) - len(recent))
    each = _by_weekday(recent, begin)
    next_day = (begin.weekday() + len(recent)) % 7
    return float(each[(next_day + np.arange(days)) % 7].sum())


def _earliest(line: np.ndarray, first: date, inside: Period | None) -> date:
    """The first day of which rows tell that begin on `first`."""
    each = _by_weekday(line[:_DAYS], first) if line.sum() >= _FEW else np.zeros(7)
    most = _SPARE if inside is None else max((first - inside.first).days, 0)
    total, back = 0.0, 0
    while back < most:
        total += float(each[(first.weekday() - back - 1) % 7])
        if total >= SURPRISE:
            break
        back += 1
    return first - timedelta(days=back)

"""The measures declared in product files, for each account and month."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from cs_helpers.contract.coverage import Period
from cs_helpers.contract.products import Condition, Measure
from cs_helpers.snapshot import ProductData, matches_pattern

#: the table that each source of measures needs
SOURCE_TABLES = {
    "usage": "usage",
    "tickets": "tickets",
    "touches": "touches",
    "surveys": "surveys",
    "assessments": "assessments",
}


def monthly_values(
    data: ProductData, measure: Measure, months: pd.DatetimeIndex, stale_after_days: int | None = None
) -> pd.DataFrame:
    """A measure over the window of months that ends with each month.

    Index: account_id. Columns: `months` (first days of consecutive months). NaN where the table is missing or nobody
    answered. No usage and no tickets are 0, also in months without data (`known_months`), where the value is a lower
    bound. stale_after_days: answers and assessments that are more days old at the end of a month do not count there.
    """
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    if SOURCE_TABLES[measure.source] not in data.given:
        return pd.DataFrame(float("nan"), index=accounts, columns=months)
    months_before = measure.months - 1
    grid = _Grid(accounts, int(_month_number(months[:1])[0]) - months_before, months_before + len(months))
    if measure.source == "usage":
        values = _usage_values(data, measure, grid)
    elif measure.source in ("tickets", "touches"):
        rows = data[measure.source]
        if measure.source == "touches":
            rows = rows[rows["kind"] != "churn_notice"]
        when = rows["opened_at" if measure.source == "tickets" else "occurred_at"]
        values = _sum_over_window(grid.sums(rows["account_id"], when), measure)
    else:
        values = _answered_values(data, measure, grid, stale_after_days)
    return pd.DataFrame(values, index=accounts, columns=months)


@dataclass(frozen=True)
class MonthlyValues:
    """The values of measures over a range of months, each worked out once (`monthly_values`)."""

    data: ProductData
    months: pd.DatetimeIndex
    _values: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def of(
        self, measure: Measure, months: pd.DatetimeIndex, stale_after_days: int | None = None
    ) -> pd.DataFrame:
        """A measure over some months of the range, by account_id (`monthly_values`)."""
        key = f"{measure.model_dump_json(include=set(Measure.model_fields))} {stale_after_days}"
        if key not in self._values:
            self._values[key] = monthly_values(self.data, measure, self.months, stale_after_days)
        return self._values[key][months]


#: sources that count rows: no row means 0 on days covered by the data
COUNT_SOURCES = ("usage", "tickets", "touches")


def known_months(data: ProductData, measure: Measure, months: pd.DatetimeIndex) -> np.ndarray:
    """Whether the data covers the whole window of a measure for each month: bool, as long as `months`.

    Measures that are answered or assessed rather than counted are known wherever they have a value.
    """
    if measure.source not in COUNT_SOURCES:
        return np.ones(len(months), dtype=bool)
    period = covered_period(data, measure.source, measure.event)
    if period is None:
        return np.zeros(len(months), dtype=bool)
    firsts = months - pd.DateOffset(months=measure.months - 1)
    ends = months + pd.offsets.MonthEnd(0)
    spans = zip(firsts.date, ends.date, strict=True)
    return np.array([period.covers(first, last) for first, last in spans], dtype=bool)


def covered_period(data: ProductData, table: str, event: str = "*") -> Period | None:
    """The period covered by a table, or by the usage events that match a pattern; None without any day."""
    period = data.coverage.tables.get(table)
    if period is None or table != "usage" or event == "*":
        return period
    names = pd.Series([name for t, name in data.coverage.parts if t == table], dtype="str")
    parts = [data.coverage.parts[table, name] for name in names[matches_event(names, event)]]
    if not parts:
        return period  # no such event in a log that covers these days: it was not used
    if len(parts) == 1:
        return parts[0]
    last = max(parts, key=lambda period: (period.last, period.silent_since is None))
    return Period(min(p.first for p in parts), last.last, _common_gaps(parts), last.silent_since)


def _common_gaps(parts: list[Period]) -> tuple[tuple[date, date], ...]:
    """The intersection of the gaps of several periods."""
    common = parts[0].gaps
    for part in parts[1:]:
        overlaps = ((max(a, c), min(b, d)) for a, b in common for c, d in part.gaps)
        common = tuple((first, last) for first, last in overlaps if first <= last)
    return common


def started_within_windows(
    data: ProductData, measure: Measure, months: pd.DatetimeIndex, first_days: pd.Series
) -> np.ndarray:
    """Whether each customer started after the first day of a measure's window, by month: bool, customers by months.

    first_days: the first day of each customer's spell (datetime64). False for measures that are answered or assessed.
    """
    if measure.source not in COUNT_SOURCES:
        return np.zeros((len(first_days), len(months)), dtype=bool)
    window_starts = (months - pd.DateOffset(months=measure.months - 1)).to_numpy("datetime64[us]")
    return np.asarray(first_days.to_numpy("datetime64[us]")[:, None] > window_starts[None, :])


def matches_event(events: pd.Series, pattern: str) -> np.ndarray:
    """Which events match a pattern (`snapshot.matches_pattern`), evaluated once per distinct name: bool array."""
    codes, names = pd.factorize(events)
    return np.asarray(np.append(matches_pattern(pd.Series(names), pattern).to_numpy(bool), False)[codes])


def _usage_values(data: ProductData, measure: Measure, grid: _Grid) -> np.ndarray:
    usage = data["usage_monthly"]
    if measure.value == "distinct_events":
        rows = usage.loc[matches_event(usage["event"], measure.event), ["account_id", "month", "event"]]
        event_counts = np.zeros((len(grid.accounts), grid.width - measure.months + 1))
        for _, part in rows.groupby("event"):
            event_counts += _max_over_window(grid.maxima(part["account_id"], part["month"]), measure)
        return event_counts
    if measure.value == "days" and measure.event != "*":
        # a day with several matching events counts once
        daily = data["usage_daily"]
        rows = daily.loc[
            matches_event(daily["event"], measure.event), ["account_id", "day"]
        ].drop_duplicates()
        return _sum_over_window(grid.sums(rows["account_id"], rows["day"]), measure)
    # the row without an event counts each day and user once over all events
    is_counted = (
        usage["event"].isna() if measure.event == "*" else matches_event(usage["event"], measure.event)
    )
    rows = usage.loc[is_counted, ["account_id", "month", measure.value]]
    cell = rows["account_id"], rows["month"], rows[measure.value]
    if measure.value == "users":
        return _max_over_window(grid.maxima(*cell), measure)
    return _sum_over_window(grid.sums(*cell), measure)


def _answered_values(
    data: ProductData, measure: Measure, grid: _Grid, stale_after_days: int | None
) -> np.ndarray:
    """The mean answer or the latest assessment of the window that ends with each month, without those that are stale.

    Worked out by the months that have passed since an answer: after each, fewer are fresh.
    """
    if measure.source == "surveys":
        rows = data["surveys"].dropna(subset=["nps"])
        when, value = rows["answered_on"], rows["nps"]
    else:
        rows = data["assessments"]
        rows = rows[rows["measure"] == measure.name].dropna(subset=["score"]).sort_values("assessed_on")
        when, value = rows["assessed_on"], rows["score"]
    width = grid.width - measure.months + 1
    total, answers, latest = np.zeros((3, len(grid.accounts), width))
    latest[:] = np.nan
    month, day = when.to_numpy().astype("datetime64[M]"), when.to_numpy().astype("datetime64[D]")
    for passed in range(measure.months):
        age = ((month + passed + 1).astype("datetime64[D]") - day).astype(int) - 1
        is_fresh = np.full(len(rows), True) if stale_after_days is None else age <= stale_after_days
        if not is_fresh.any():
            break
        cell = rows.loc[is_fresh, "account_id"], when[is_fresh]
        first = measure.months - 1 - passed
        inside = slice(first, first + width)
        if measure.source == "surveys":
            total += grid.sums(*cell, value[is_fresh])[:, inside]
            answers += grid.sums(*cell)[:, inside]
        else:
            latest = np.where(np.isnan(latest), grid.latest(*cell, value[is_fresh])[:, inside], latest)
    if measure.source == "surveys":
        return np.divide(total, answers, out=latest, where=answers > 0)
    return latest


@dataclass(frozen=True)
class _Grid:
    """A grid of accounts (rows) and consecutive months (columns); rows of data outside of it are ignored.

    Uses arrays instead of pivot tables, because a report needs some twenty measures.
    """

    accounts: pd.Index
    first: int
    width: int

    def sums(self, account_id: pd.Series, when: pd.Series, value: pd.Series | None = None) -> np.ndarray:
        """The sum of the values (or the number of rows) per account and month."""
        return self._accumulate(account_id, when, value, np.add)

    def maxima(self, account_id: pd.Series, when: pd.Series, value: pd.Series | None = None) -> np.ndarray:
        """The largest value (or 1 where there is a row) per account and month."""
        return self._accumulate(account_id, when, value, np.maximum)

    def latest(self, account_id: pd.Series, when: pd.Series, value: pd.Series) -> np.ndarray:
        """The value of the last row per account and month; NaN without one."""
        cells = np.full(len(self.accounts) * self.width + 1, np.nan)
        cells[self._cell_indices(account_id, when)] = value.to_numpy("float64")
        return cells[:-1].reshape(-1, self.width)

    def _accumulate(
        self, account_id: pd.Series, when: pd.Series, value: pd.Series | None, ufunc: np.ufunc
    ) -> np.ndarray:
        cells = np.zeros(len(self.accounts) * self.width + 1)
        values = 1.0 if value is None else value.to_numpy("float64", na_value=0.0)
        ufunc.at(cells, self._cell_indices(account_id, when), values)
        return cells[:-1].reshape(-1, self.width)

    def _cell_indices(self, account_id: pd.Series, when: pd.Series) -> np.ndarray:
        """The flat index of each row's cell; for rows outside the grid, the index after the last cell."""
        codes, names = pd.factorize(account_id)
        row = np.append(self.accounts.get_indexer(names), -1)[codes]
        column = _month_number(when) - self.first
        inside = (row >= 0) & (column >= 0) & (column < self.width)
        return np.where(inside, row * self.width + column, len(self.accounts) * self.width)


def _windows(per_month: np.ndarray, measure: Measure) -> np.ndarray:
    """The window of months that ends with each month, along the last axis."""
    return sliding_window_view(per_month, measure.months, axis=1)


def _sum_over_window(per_month: np.ndarray, measure: Measure) -> np.ndarray:
    return np.asarray(_windows(per_month, measure).sum(axis=-1))


def _max_over_window(per_month: np.ndarray, measure: Measure) -> np.ndarray:
    return np.asarray(_windows(per_month, measure).max(axis=-1))


def _month_number(when: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    """Months since 1970."""
    return np.asarray(when.to_numpy().astype("datetime64[M]").astype("int64"))


def meets_bounds(
    values: np.ndarray, known: np.ndarray, condition: Condition
) -> tuple[np.ndarray, np.ndarray]:
    """Whether values surely and possibly meet the bounds of a condition; bool arrays of their shape.

    known: whether the data covers all of what each value sums up. Recorded rows can show that a lower bound is met, but
    not that an upper one is kept.
    """
    surely, possibly = np.full(values.shape, True), np.full(values.shape, True)
    if condition.at_least is not None:
        met = values >= condition.at_least
        surely &= met
        possibly &= met | ~known
    if condition.at_most is not None:
        kept = ~(values > condition.at_most)
        surely &= kept & known
        possibly &= kept
    return surely, possibly

"""The measures declared in product files, for each account and month."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from cs_helpers.contract.coverage import Period
from cs_helpers.contract.products import Condition, Measure
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData, matches_pattern

#: the column with the time of the rows that are counted
_COUNTED_AT = {"tickets": "opened_at", "touches": "occurred_at"}


def monthly_values(
    data: ProductData, measure: Measure, months: pd.DatetimeIndex, stale_after_days: int | None = None
) -> pd.DataFrame:
    """A measure over the window of months that ends with each month.

    Index: account_id. Columns: `months` (first days of consecutive months). NaN where the table is missing or nobody
    answered. No usage and no tickets are 0, also in months without data (`known_months`), where the value is a lower
    bound. A ratio (`per`) is NaN where what it divides by is 0. stale_after_days: answers and assessments that are more
    days old at the end of a month do not count there.
    """
    if measure.divisor is not None:
        return ratio(
            monthly_values(data, measure.numerator, months), monthly_values(data, measure.divisor, months)
        )
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    if data.missing(*measure.tables):
        return pd.DataFrame(float("nan"), index=accounts, columns=months)
    if measure.is_of_month_end:
        of_month_end = _milestones_reached if measure.source == "milestones" else _contract_values
        return pd.DataFrame(of_month_end(data, measure, accounts, months), index=accounts, columns=months)
    months_before = measure.months - 1
    grid = _Grid(accounts, int(_month_number(months[:1])[0]) - months_before, months_before + len(months))
    if measure.source == "usage":
        values = _usage_values(data, measure, grid)
    elif measure.source in ("tickets", "touches"):
        rows = data[measure.source]
        if measure.source == "touches":
            rows = rows[rows["kind"] != "churn_notice"]
        if measure.kind != "*":
            rows = rows[matches_event(rows["kind"], measure.kind)]
        values = _sum_over_window(grid.sums(rows["account_id"], rows[_COUNTED_AT[measure.source]]), measure)
    else:
        values = _answered_values(data, measure, grid, stale_after_days)
    return pd.DataFrame(values, index=accounts, columns=months)


def ratio(values: pd.DataFrame, divisor: pd.DataFrame) -> pd.DataFrame:
    """Values divided by others of the same shape; NaN where those are 0."""
    return values / divisor.where(divisor != 0)


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
        if measure.divisor is not None:
            return ratio(self.of(measure.numerator, months), self.of(measure.divisor, months))
        key = f"{measure.model_dump_json(include=set(Measure.model_fields))} {stale_after_days}"
        if key not in self._values:
            self._values[key] = monthly_values(self.data, measure, self.months, stale_after_days)
        return self._values[key][months]


#: sources that count rows: no row means 0 on days covered by the data
COUNT_SOURCES = ("usage", "tickets", "touches")


def known_months(data: ProductData, measure: Measure, months: pd.DatetimeIndex) -> np.ndarray:
    """Whether the data covers the whole window of a measure for each month: bool, as long as `months`.

    Measures that are answered or assessed rather than counted are known wherever they have a value, as are contracts.
    Of milestones see `known_values`.
    """
    if measure.divisor is not None:
        parts = (measure.numerator, measure.divisor)
        return np.asarray(np.logical_and(*(known_months(data, part, months) for part in parts)))
    if measure.source not in (*COUNT_SOURCES, "milestones"):
        return np.ones(len(months), dtype=bool)
    period = covered_period(data, measure.source, measure.event)
    if period is None:
        return np.zeros(len(months), dtype=bool)
    months_before = 0 if measure.is_of_month_end else measure.months - 1
    firsts = months - pd.DateOffset(months=months_before)
    ends = months + pd.offsets.MonthEnd(0)
    spans = zip(firsts.date, ends.date, strict=True)
    return np.array([period.covers(first, last) for first, last in spans], dtype=bool)


def covered_period(data: ProductData, table: str, event: str | tuple[str, ...] = "*") -> Period | None:
    """The period covered by a table, or by the usage events that match any of some patterns; None without any day."""
    period = data.coverage.tables.get(table)
    if period is None or table != "usage" or "*" in (event if isinstance(event, tuple) else (event,)):
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


def known_values(
    data: ProductData, measure: Measure, months: pd.DatetimeIndex, values: pd.DataFrame, first_days: pd.Series
) -> np.ndarray:
    """Whether each value of a measure is known: bool, of the shape of `values` (`known_months`).

    values: by account_id and `months`. first_days: the first day of each account as a customer (datetime64), by
    account_id. A ratio to nothing is known to have no value. Milestones are not known of accounts that were customers
    before the first recorded one, except those that are recorded.
    """
    known = known_months(data, measure, months)[None, :] & np.full(values.shape, True)
    if "milestones" in measure.tables:
        period = data.coverage.tables.get("milestones")
        starts = first_days.reindex(values.index).to_numpy("datetime64[us]")
        known &= (period is not None) & (starts >= np.datetime64(period.first if period else 0, "us"))[
            :, None
        ]
    may_divide_by_nothing = measure.per is not None and "contracts" not in measure.tables
    if may_divide_by_nothing and not data.missing(*measure.tables):
        return known
    return np.asarray(known & values.notna().to_numpy())


def matches_event(events: pd.Series, patterns: str | tuple[str, ...]) -> np.ndarray:
    """Which events match a pattern, or any of several (`snapshot.matches_pattern`): bool array.

    Evaluated once per distinct name; a missing name matches none.
    """
    codes, names = pd.factorize(events)
    each = (patterns,) if isinstance(patterns, str) else patterns
    fits = np.logical_or.reduce(
        [matches_pattern(pd.Series(names, dtype="str"), p).to_numpy(bool) for p in each]
    )
    return np.asarray(np.append(fits, False)[codes])


def _usage_values(data: ProductData, measure: Measure, grid: _Grid) -> np.ndarray:
    usage = data["usage_monthly"]
    if measure.value in ("distinct_events", "distinct_parts"):
        rows = usage.loc[matches_event(usage["event"], measure.event), ["account_id", "month", "event"]]
        what = rows["event"] if measure.part is None else name_parts(rows["event"], measure)
        counts = np.zeros((len(grid.accounts), grid.width - measure.months + 1))
        for _, each in rows.groupby(what):
            counts += _max_over_window(grid.maxima(each["account_id"], each["month"]), measure)
        return counts
    if measure.value == "active_months":
        rows = usage.loc[matches_event(usage["event"], measure.event), ["account_id", "month"]]
        return _sum_over_window(grid.maxima(rows["account_id"], rows["month"]), measure)
    if measure.value == "days" and not measure.counts_every_event:
        # a day with several matching events counts once
        daily = data["usage_daily"]
        rows = daily.loc[
            matches_event(daily["event"], measure.event), ["account_id", "day"]
        ].drop_duplicates()
        return _sum_over_window(grid.sums(rows["account_id"], rows["day"]), measure)
    # the row without an event counts each day and user once over all events
    is_counted = (
        usage["event"].isna() if measure.counts_every_event else matches_event(usage["event"], measure.event)
    )
    rows = usage.loc[is_counted, ["account_id", "month", measure.value]]
    cell = rows["account_id"], rows["month"], rows[measure.value]
    if measure.value == "users":
        return _max_over_window(grid.maxima(*cell), measure)
    return _sum_over_window(grid.sums(*cell), measure)


def name_parts(events: pd.Series, measure: Measure) -> pd.Series:
    """The part of each event's name that a measure counts; missing where a name has fewer parts. Index of `events`."""
    codes, names = pd.factorize(events)
    split = [str(name).split(measure.separator) for name in names]
    place = (measure.part or 1) - 1
    parts = [each[place] if len(each) > place and each[place] else None for each in split]
    return pd.Series(np.array([*parts, None], dtype=object)[codes], index=events.index)


def _milestones_reached(
    data: ProductData, measure: Measure, accounts: pd.Index, months: pd.DatetimeIndex
) -> np.ndarray:
    """How many of the milestones that fit the measure's name each account ever reached by the end of each month."""
    rows = data["milestones"]
    rows = rows[matches_event(rows["step"], measure.name)]
    firsts = rows.groupby(["account_id", "step"], as_index=False)["reached_at"].min()
    # a milestone counts from the month in which it was first reached on, also where that lies before the months
    month = np.maximum(_month_number(firsts["reached_at"]), int(_month_number(months[:1])[0]))
    grid = _Grid(accounts, int(_month_number(months[:1])[0]), len(months))
    reached_in = pd.Series(month.astype("datetime64[M]").astype("datetime64[us]"))
    return np.asarray(grid.sums(firsts["account_id"], reached_in).cumsum(axis=1))


def _contract_values(
    data: ProductData, measure: Measure, accounts: pd.Index, months: pd.DatetimeIndex
) -> np.ndarray:
    """The MRR, or the number, of the contracts of each account that run on the last day of each month.

    0 without a contract; the MRR is NaN where all contracts are in a currency that cannot be converted.
    """
    days = [day.date() for day in months + pd.offsets.MonthEnd(0)]
    time = customer_time_as_of(data, max(data.as_of, days[-1]))
    columns = []
    for day in days:
        running = time.contracts_on(day).groupby("account_id")["mrr"]
        value = running.sum(min_count=1) if measure.value == "mrr" else running.size()
        columns.append(value.reindex(accounts, fill_value=0.0).to_numpy("float64"))
    return np.column_stack(columns)


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
    not that an upper one is kept; of a ratio they show neither, only that it is not 0. A known ratio to nothing, which
    is NaN, meets no bound.
    """
    can_be_more = ~known
    can_be_less = ~known & (np.isnan(values) | (condition.per is not None))
    surely, possibly = np.full(values.shape, True), np.full(values.shape, True)
    if condition.at_least is not None:
        met = values >= condition.at_least
        surely &= met & ~can_be_less
        possibly &= met | can_be_more
    if condition.at_most is not None:
        kept = values <= condition.at_most
        surely &= kept & ~can_be_more
        possibly &= kept | (can_be_less & ~((values > 0) & (condition.at_most <= 0)))
    return surely, possibly

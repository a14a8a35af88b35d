"""The measures declared in product files, for each account and month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from cs_helpers.contract.coverage import Period
from cs_helpers.contract.products import Condition, Measure
from cs_helpers.customers.month_grid import MonthGrid, month_number
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.customers.usage_values import Aggregate, usage_values
from cs_helpers.snapshot import ProductData, matches_pattern

#: larger sums are not rounded: a double has no room for six decimals of them
_MAX_ROUNDED = 1e9

#: the column with the time of the rows that are counted
_COUNTED_AT = {"tickets": "opened_at", "touches": "occurred_at"}


def monthly_values(
    data: ProductData, measure: Measure, months: pd.DatetimeIndex, stale_after_days: int | None = None
) -> pd.DataFrame:
    """A measure over the window of months that ends with each month (`MonthlyValues.of`)."""
    return MonthlyValues(data, months).of(measure, months, stale_after_days)


@dataclass(frozen=True)
class MonthlyValues:
    """The values of measures over a range of months, each worked out once. months: first days of consecutive months."""

    data: ProductData
    months: pd.DatetimeIndex
    _values: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _use: dict[Aggregate, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def of(
        self, measure: Measure, months: pd.DatetimeIndex, stale_after_days: int | None = None
    ) -> pd.DataFrame:
        """A measure over the window that ends with each of some months of the range.

        Index: account_id. Columns: `months`. NaN where the table is missing or nobody answered. No usage and no tickets
        are 0, also in months without data (`known_months`), where the value is a lower bound. A ratio (`per`) is NaN
        where what it divides by is 0. stale_after_days: answers and assessments that are more days old at the end of a
        month do not count there.
        """
        if measure.divisor is not None:
            return ratio(self.of(measure.numerator, months), self.of(measure.divisor, months))
        key = f"{measure.model_dump_json(include=set(Measure.model_fields))} {stale_after_days}"
        if key not in self._values:
            self._values[key] = pd.DataFrame(
                self._worked_out(measure, stale_after_days), index=self._accounts, columns=self.months
            )
        return self._values[key][months]

    def bounds_met(
        self, condition: Condition, months: pd.DatetimeIndex, first_days: pd.Series
    ) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        """The values of a condition (`of`), and whether they surely and possibly meet its bounds: bool, of their shape.

        first_days: see `known_values`.
        """
        values = self.of(condition, months)
        known = known_values(self.data, condition, months, values, first_days)
        return values, *meets_bounds(values.to_numpy(), known, condition)

    def prepare(self, measures: Iterable[Measure]) -> None:
        """Read what several measures need of the use in one pass over its tables, instead of one for each measure.

        Raises `SnapshotError` where a file of the snapshot is damaged.
        """
        if self.data.missing("usage"):
            return
        months: dict[Aggregate, int] = {}
        for measure in (part for each in measures for part in (each.numerator, each.divisor) if part):
            if measure.source == "usage":
                aggregate = _aggregate_of(measure)
                months[aggregate] = max(months.get(aggregate, 0), measure.months)
        missing = [
            a for a, n in months.items() if a not in self._use or self._use[a].shape[-1] < self._width(n)
        ]
        if missing:
            grid = self._grid(max(months[aggregate] for aggregate in missing))
            self._use.update(usage_values(self.data, missing, grid))

    @cached_property
    def _accounts(self) -> pd.Index:
        return pd.Index(self.data["accounts"]["account_id"], name="account_id")

    def _width(self, window: int) -> int:
        """The number of months that windows reach over."""
        return window - 1 + len(self.months)

    def _grid(self, window: int) -> MonthGrid:
        """The accounts by the months that windows reach over."""
        return MonthGrid(
            self._accounts, int(month_number(self.months[:1])[0]) - window + 1, self._width(window)
        )

    def _worked_out(self, measure: Measure, stale_after_days: int | None) -> np.ndarray | float:
        if self.data.missing(*measure.tables):
            return float("nan")
        if measure.source == "milestones":
            return _milestones_reached(self.data, measure, self._accounts, self.months)
        if measure.source == "contracts":
            return _contract_values(self.data, measure, self._accounts, self.months)
        if measure.source == "usage":
            self.prepare([measure])
            aggregate = _aggregate_of(measure)
            return _use_over_windows(self._use[aggregate][..., -self._width(measure.months) :], measure)
        grid = self._grid(measure.months)
        if measure.source in _COUNTED_AT:
            return _rows_counted(self.data, measure, grid)
        return _answered_values(self.data, measure, grid, stale_after_days)


def ratio(values: pd.DataFrame, divisor: pd.DataFrame) -> pd.DataFrame:
    """Values divided by others of the same shape; NaN where those are 0."""
    return values / divisor.where(divisor != 0)


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
    names = _matching(tuple(name for t, name in data.coverage.parts if t == table), event)
    parts = [data.coverage.parts[table, name] for name in names]
    if not parts:
        return period  # no such event in a log that covers these days: it was not used
    if len(parts) == 1:
        return parts[0]
    last = max(parts, key=lambda period: (period.last, period.silent_since is None))
    return Period(min(p.first for p in parts), last.last, _common_gaps(parts), last.silent_since)


@lru_cache(maxsize=1024)
def _matching(names: tuple[str, ...], patterns: str | tuple[str, ...]) -> tuple[str, ...]:
    """The names that match; the same ones are asked for at each month's end and each day."""
    series = pd.Series(names, dtype="str")
    return tuple(series[matches_event(series, patterns)])


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


def _aggregate_of(measure: Measure) -> Aggregate:
    """What a measure of use needs of each month."""
    if measure.value in ("distinct_events", "distinct_parts"):
        return Aggregate(
            "usage_monthly",
            "parts",
            "",
            measure.patterns,
            measure.part or 0,
            measure.separator if measure.part else ".",
        )
    # the row over all events counts each day and user once
    patterns = () if measure.counts_every_event else measure.patterns
    if measure.value == "days" and patterns:
        return Aggregate("usage_daily", "days", "", patterns)
    if measure.value == "active_months":
        return Aggregate("usage_monthly", "sum", "events", patterns)
    return Aggregate("usage_monthly", "max" if measure.value == "users" else "sum", measure.value, patterns)


def _use_over_windows(per_month: np.ndarray, measure: Measure) -> np.ndarray:
    """The values of a measure of use. per_month: of its aggregate, from the first month of the first window on."""
    if measure.value in ("distinct_events", "distinct_parts"):
        return _bits(_over_window(per_month, measure, np.bitwise_or))
    if measure.value == "users":
        return _over_window(per_month, measure, np.maximum)
    if measure.value == "active_months":
        per_month = (per_month > 0).astype("float64")
    elif per_month.dtype == np.uint64:
        per_month = _bits(per_month)
    total = _over_window(per_month, measure, np.add)
    # quantities have six decimals: rounding to them makes the sum the same in whatever order it was added up
    return np.where(np.abs(total) < _MAX_ROUNDED, np.round(total, 6), total)


def _bits(words: np.ndarray) -> np.ndarray:
    """The number of bits that are set in words, which are along the first axis."""
    return np.asarray(np.bitwise_count(words).sum(axis=0), dtype="float64")


def _over_window(per_month: np.ndarray, measure: Measure, ufunc: np.ufunc) -> np.ndarray:
    """The values of the months of each window together; months are along the last axis."""
    width = per_month.shape[-1] - measure.months + 1
    total = per_month[..., :width].copy()
    for passed in range(1, measure.months):
        ufunc(total, per_month[..., passed : passed + width], out=total)
    return total


def _rows_counted(data: ProductData, measure: Measure, grid: MonthGrid) -> np.ndarray:
    """The number of tickets or touches of a kind; notices of churn are no touches."""
    rows = data[measure.source]
    if measure.source == "touches":
        rows = rows[rows["kind"] != "churn_notice"]
    if measure.kind != "*":
        rows = rows[matches_event(rows["kind"], measure.kind)]
    return _over_window(grid.sums(rows["account_id"], rows[_COUNTED_AT[measure.source]]), measure, np.add)


def _milestones_reached(
    data: ProductData, measure: Measure, accounts: pd.Index, months: pd.DatetimeIndex
) -> np.ndarray:
    """How many of the milestones that fit the measure's name each account ever reached by the end of each month."""
    rows = data["milestones"]
    rows = rows[matches_event(rows["step"], measure.name)]
    firsts = rows.groupby(["account_id", "step"], as_index=False)["reached_at"].min()
    # a milestone counts from the month in which it was first reached on, also where that lies before the months
    month = np.maximum(month_number(firsts["reached_at"]), int(month_number(months[:1])[0]))
    grid = MonthGrid(accounts, int(month_number(months[:1])[0]), len(months))
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
    data: ProductData, measure: Measure, grid: MonthGrid, stale_after_days: int | None
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

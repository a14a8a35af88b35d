"""The level of maturity of each customer by the rules of the product file, as far as the data can tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers import measures
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: states in place of a level: not known; lost; and no customer any more, with a renewal that may still be recorded
UNKNOWN, LOST, NOT_THERE = -2, -1, -3


def level_bounds(
    data: ProductData, days: list[date], time: CustomerTime, values: measures.MonthlyValues | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lowest and the highest possible level of each account at the end of the month of each day.

    Index: account_id. Columns: `days`. Values 0 (below Lv.1) to the highest level; NaN: not a customer. The two differ
    where the data does not cover a rule: recorded days can show that a lower bound is met, but not that an upper bound
    is kept. values: of the measures over these months, where others need them too.
    """
    months = pd.DatetimeIndex([pd.Timestamp(d).replace(day=1) for d in days]).as_unit("us")
    span = pd.date_range(months[0], months[-1], freq="MS").as_unit("us")
    values = values or measures.MonthlyValues(data, span)
    values.prepare(data.product.maturity.conditions)
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    shape, first_days = (len(accounts), len(days)), time.first_days()
    lowest, highest = np.zeros(shape), np.zeros(shape)
    surely_met, possibly_met = np.full(shape, True), np.full(shape, True)
    for rule in data.product.maturity.levels:
        for condition in rule.conditions:
            _, surely, possibly = values.bounds_met(condition, months, first_days)
            surely_met &= surely
            possibly_met &= possibly
        lowest[surely_met], highest[possibly_met] = rule.level, rule.level
    is_customer = time.are_customers(accounts, days)
    return (
        pd.DataFrame(lowest, index=accounts, columns=days).where(is_customer),
        pd.DataFrame(highest, index=accounts, columns=days).where(is_customer),
    )


@dataclass(frozen=True, eq=False)
class LevelHistory:
    """The levels of all accounts at the end of each month up to the end of a quarter (`current_state`: they may fall).

    at_least, at_most: the bounds of each level, as known on the last day of `quarter`. Index: account_id. Columns: the
    last days of consecutive months (datetime.date). Values 0 to the highest level; NaN: not a customer on that day.
    time: the spells of customers as known on that day. top: the highest level of the product.
    """

    quarter: Quarter
    time: CustomerTime
    at_least: pd.DataFrame
    at_most: pd.DataFrame
    top: int

    @property
    def levels(self) -> tuple[int, ...]:
        """All levels of the product from 0, below the first, to the highest."""
        return tuple(range(self.top + 1))

    @cached_property
    def states(self) -> pd.DataFrame:
        """The level where it is known, else `UNKNOWN`; NaN: not a customer. Shape of `at_least`; float64."""
        is_decided = self.at_least.isna() | (self.at_least == self.at_most)
        return self.at_least.where(is_decided, float(UNKNOWN))

    @cached_property
    def quarters(self) -> list[Quarter]:
        """The quarters up to this one, from the first on with a known level at its end (at least this one)."""
        quarters = Quarter.containing(self.states.columns[0]).upto(self.quarter)
        while len(quarters) > 1 and not (self.states[quarters[0].end] >= 0).any():
            quarters = quarters[1:]
        return quarters

    @cached_property
    def by_quarter(self) -> pd.DataFrame:
        """The states at the end of each of `quarters`. Index: account_id. Columns: Quarter."""
        return self.states[[q.end for q in self.quarters]].set_axis(pd.Index(self.quarters), axis="columns")

    @cached_property
    def ratchet(self) -> pd.DataFrame:
        """The highest level that each account surely had so far, as long as it is a customer. Shape of `at_least`.

        What it had in an earlier spell counts.
        """
        return self.at_least.fillna(-1).cummax(axis=1).where(self.at_least.notna())

    def moves(self, before: Quarter, after: Quarter) -> pd.DataFrame:
        """Where the customers at the end of one quarter were at the end of another.

        Index: account_id of the customers at the end of `before`, sorted. Columns: before (a level or `UNKNOWN`), after
        (a level, `LOST`, `UNKNOWN`, or `NOT_THERE`: a renewal may still be recorded); int64. A customer who left and
        came back in between counts as lost.
        """
        level = self.states[before.end].dropna().sort_index()
        outcome = self.time.status_after(before.end, after.end).reindex(level.index)
        later = self.states[after.end].reindex(level.index)
        later = later.where(later.notna() & (outcome != NOT_RECORDED), float(NOT_THERE))
        later = later.where(~outcome.isin(ENDINGS), float(LOST))
        return pd.DataFrame({"before": level.astype("int64"), "after": later.astype("int64")})


def level_history(data: ProductData, quarter: Quarter) -> LevelHistory:
    """The levels at the end of each month from the quarter of the first row on that a rule reads, at least of the quarter."""
    time = customer_time_as_of(data, quarter.end)
    periods = data.coverage.tables
    first_days = [periods[name].first for name in data.product.maturity.tables if name in periods]
    first = min(Quarter.containing(min(first_days)), quarter) if first_days else quarter
    ends = pd.date_range(first.start, quarter.end, freq="ME").date
    low, high = level_bounds(data, list(ends), time)
    return LevelHistory(quarter, time, low, high, data.product.maturity.top)

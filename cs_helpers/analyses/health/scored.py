"""The customers of a quarter with their points, weights and scores, now and a quarter before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.health_score import (
    health_bands,
    health_score,
    measure_points,
    measure_weights,
)
from cs_helpers.customers.measures import MonthlyValues
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Metric
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.medians import median_interval
from cs_helpers.statistics.proportions import wilson

#: a score that changed by so many points has moved: more than one step of one assessment does where several measures are
#: weighed
MOVED = 10.0


@dataclass(frozen=True)
class Scored:
    """The customers at the end of a quarter, as known on that day. Frames by account_id and measure.

    values: of the measures; those that are stale are missing. given: the values with those that are stale. now, before: points
    at the end of the quarter and of the one before, there only of those who were customers. weights: of the measures. too_new: whether a
    customer began after the first day of a measure that is known. mrr: missing without contracts.
    """

    data: ProductData
    time: CustomerTime
    accounts: pd.DataFrame
    values: pd.DataFrame
    given: pd.DataFrame
    now: pd.DataFrame
    before: pd.DataFrame
    weights: pd.DataFrame
    too_new: pd.Series
    mrr: pd.Series

    @classmethod
    def at_end_of(cls, data: ProductData, quarter: Quarter) -> Scored:
        """The customers of a product at the end of a quarter."""
        time = customer_time_as_of(data, quarter.end)
        first_days = time.spell_starts(quarter.end)
        accounts = data["accounts"][data["accounts"]["account_id"].isin(first_days.index)].set_index(
            "account_id"
        )
        first_days = first_days.reindex(accounts.index)
        months = pd.date_range(quarter.back(1).end, quarter.end, freq="ME").as_unit("us")
        months = pd.DatetimeIndex(months - pd.offsets.MonthBegin(1))
        measured = MonthlyValues(data, months)
        points, too_new = measure_points(data, months, first_days, measured)
        before, now = (
            pd.DataFrame({m: table[month] for m, table in points.items()}) for month in months[[0, -1]]
        )
        was_customer = accounts.index.isin(time.customers(quarter.back(1).end))
        last, health = months[-1:], data.product.health
        values, given = (
            pd.DataFrame(
                {
                    m.id: measured.of(m.measure, last, limit(m.stale_after_days))[last[0]].reindex(
                        accounts.index
                    )
                    for m in health.measures
                }
            )
            for limit in (lambda days: days, lambda days: None)
        )
        return cls(
            data, time, accounts, values, given, now, before[pd.Series(was_customer, before.index)].reindex(before.index),
            measure_weights(data).reindex(accounts.index), too_new[months[-1]],
            time.mrr(quarter.end).reindex(accounts.index).astype("float64"),
        )  # fmt: skip

    @cached_property
    def score(self) -> pd.Series:
        """The score at the end of the quarter; missing where no measure is known."""
        return health_score(self.now, self.weights)

    @cached_property
    def previous(self) -> pd.Series:
        """The score a quarter before, by today's definition."""
        return health_score(self.before, self.weights)

    @cached_property
    def band(self) -> pd.Series:
        """The band of the score."""
        return health_bands(self.score, self.data.product.health)

    @cached_property
    def is_scored(self) -> pd.Series:
        """Whether a customer has a score."""
        return self.score.notna()

    def part(self, kind: str) -> pd.Series:
        """The score of the measures of one kind, quantitative or qualitative."""
        measures = [m.id for m in self.data.product.health.measures if m.kind == kind]
        return health_score(self.now, self.weights[measures])

    def metrics(self) -> dict[str, Metric]:
        """The headline metrics: `red_share`, `median_score`, `red_mrr` with contracts, and `fell_share` where anybody was known before."""
        scored, is_red = self.score[self.is_scored], (self.band == "red")[self.is_scored]
        found = [share("red_share", is_red), median("median_score", scored)]
        if self.time.by_contracts:
            amount = float(self.mrr[is_red.index[is_red]].sum())
            found.append(Metric("red_mrr", amount, "currency", len(scored)))
        change = (self.score - self.previous).dropna()
        if len(change):
            found.append(share("fell_share", change <= -MOVED))
        return {metric.name: metric for metric in found}


def share(name: str, holds: pd.Series, segment: str = "all") -> Metric:
    """The share of customers of whom something holds, with its Wilson interval."""
    count, n = int(holds.sum()), len(holds)
    return Metric(name, count / n, "share", n, *wilson(count, n), segment=segment)


def median(name: str, scores: pd.Series, segment: str = "all") -> Metric:
    """The median of scores, with its interval."""
    low, high = median_interval(scores.to_numpy())
    return Metric(name, float(np.median(scores)), "points", len(scores), low, high, segment=segment)


def headline_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """The headline metrics of a quarter without the rest of the analysis; empty where nobody has a score."""
    scored = Scored.at_end_of(data, quarter)
    return scored.metrics() if scored.is_scored.any() else {}

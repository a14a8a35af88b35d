"""What a gap in a headline number is in customers and MRR, as far as the number says so."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from cs_helpers import analyses
from cs_helpers.contract.to_be import Goal
from cs_helpers.customers.movements import Ledger
from cs_helpers.customers.retention import Cohort, cohort
from cs_helpers.result import Metric, Result
from cs_helpers.statistics.stratified_rates import Resamples

YEAR = 12
#: headline numbers that are a share of customers, so that a gap in them is a number of customers
SHARES_OF_CUSTOMERS = frozenset(
    {
        "revenue.logo_churn_year", "health.red_share", "health.fell_share", "journeys.value_within_180_days",
        "maturity.upper_levels", "maturity.rose", "maturity.fell", "maturity.stalled", "touch_mix.below_plan",
        "touch_mix.untouched", "handover.with_handover",
    }
)  # fmt: skip
#: those that are MRR kept of that of a year before, and the margin, which is a share of the same MRR
SHARES_OF_MRR = frozenset({"revenue.nrr_year", "revenue.grr_year", "revenue.profit_margin"})


class MetricGap(NamedTuple):
    """A headline number against its target; what is not known is NaN.

    sign: 1 where lower is better, else -1, so that sign x (value - target) is above 0 where the number is short of it.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    sign: int
    base: float

    def gap(self, target: float) -> tuple[float, float, float]:
        """How far the number is short of the target, with the interval of the number; negative beyond it."""
        low, high = sorted((self.sign * (self.low - target), self.sign * (self.high - target)))
        return self.sign * (self.value - target), low, high


def metric_gap(goal: Goal, results: Mapping[str, Result]) -> MetricGap | str:
    """The headline number of a goal; or why there is none: `not_known`, or `no_direction`, where neither is better."""
    name = str(goal.metric)
    analysis, _, key = name.partition(".")
    metric = results[analysis].metrics.get(key) if analysis in results else None
    if metric is None or metric.value is None or not math.isfinite(metric.value):
        return "not_known"
    better = analyses.analysis(analysis).declares.metrics[key]
    if better == "neither":
        return "no_direction"
    low, high = (math.nan if end is None else float(end) for end in (metric.low, metric.high))
    if metric.low is None and metric.high is None and (metric.exact or metric.unit in ("count", "currency")):
        low = high = metric.value
    sign = 1 if better == "lower" else -1
    return MetricGap(metric.value, low, high, metric.unit, metric.n, sign, _base(name, metric, results))


def _base(name: str, metric: Metric, results: Mapping[str, Result]) -> float:
    """The MRR that a share of MRR is of: that at the start of the year."""
    if name not in SHARES_OF_MRR:
        return math.nan
    of = metric if metric.base is not None else results["revenue"].metrics.get("nrr_year")
    return math.nan if of is None or of.base is None else of.base


def metric_draws(
    goal: Goal, found: MetricGap, ledger: Ledger | None, accounts: pd.Index, resamples: Resamples
) -> np.ndarray:
    """Draws of the value of a headline number. accounts: the account_ids that the resamples are of.

    Retention over a year is drawn from its customers, by the weights that all goals share; other numbers from a normal
    distribution with two halves, whose ends of 95 % are those of the number.
    """
    name = str(goal.metric)
    if ledger is not None and name in ("revenue.nrr_year", "revenue.grr_year", "revenue.logo_churn_year"):
        return _of_cohort(name, cohort(ledger, YEAR), accounts, resamples)
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return np.full(resamples.draws, found.value)
    normal = np.random.default_rng([zlib.crc32(name.encode())]).standard_normal(resamples.draws)
    spread = np.where(normal < 0, found.value - found.low, found.high - found.value) / 1.96
    return found.value + normal * spread


def _of_cohort(name: str, found: Cohort, accounts: pd.Index, resamples: Resamples) -> np.ndarray:
    """Draws of the retention of a cohort."""
    place = accounts.get_indexer(found.accounts)
    if name == "revenue.logo_churn_year":
        top, bottom = found.lost.astype("float64"), np.ones(len(place))
    else:
        pays = found.start > 0
        end = found.end if name == "revenue.nrr_year" else np.minimum(found.start, found.end)
        top, bottom = np.where(pays, end, 0.0), found.start
    values = np.zeros((2, resamples.customers))
    values[:, place] = top, bottom
    sums = resamples.sums(sparse.csr_array(values))
    return np.asarray(sums[0] / sums[1])

"""The time to value of an earlier quarter, without the rest of the analysis."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.journeys.conversions import value_metrics
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.waits import known_steps, milestone_times, records_begin, wait_times
from cs_helpers.result import Metric
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import Conversion


def time_to_value_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """`days_to_value` and `value_within_180_days` as known at the end of a quarter; empty where they are not known."""
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    steps, value_step = known_steps(data, end), data.product.journey.value_step
    if len(steps) < 2 or value_step not in steps:
        return {}
    reached = milestone_times(data, steps, records_begin(data, steps), end)
    if reached.empty:
        return {}
    return value_metrics(Conversion(*wait_times(reached, steps[0], value_step, end)))

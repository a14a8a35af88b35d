"""The numbers that a product file watches (`baselines`), as series over days, weeks or months."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.baselines import Baseline
from cs_helpers.customers.measures import covered_period, matches_event
from cs_helpers.snapshot import ProductData


def daily_values(data: ProductData, baseline: Baseline, until: pd.Timestamp) -> pd.Series:
    """The value of a baseline by day, from its first row to `until` or the last day covered by the data.

    Days without rows are 0, days in a gap of the data NaN. Index: day.
    """
    if baseline.source == "tickets":
        days = data["tickets"]["opened_at"].dt.normalize()
        counts = days.value_counts().astype("float64")
    else:
        all_events = baseline.event == "*"
        rows = data["active_daily" if all_events else "usage_daily"]
        if not all_events:
            rows = rows.loc[matches_event(rows["event"], baseline.event), ["day", baseline.value]]
        counts = rows.groupby("day")[baseline.value].sum().astype("float64")
    period = covered_period(data, baseline.source, baseline.event)
    if period is None or counts.empty or pd.Timestamp(period.first) > until:
        return counts.iloc[:0]
    last = min(until, pd.Timestamp(period.last))
    values = counts.reindex(pd.date_range(counts.index.min(), last, freq="D"), fill_value=0.0)
    return values.where(period.covers_days(pd.DatetimeIndex(values.index)))

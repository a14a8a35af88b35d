"""The health score of each customer, as the product file defines it, and the band that it lies in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.products import Health, HealthMeasure
from cs_helpers.customers import measures
from cs_helpers.snapshot import ProductData

BANDS = ("green", "yellow", "red")


def measure_values(data: ProductData, first: pd.Timestamp, last: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Measure id -> its values by account and month, from one month to another (their first days)."""
    months = pd.date_range(first, last, freq="MS").as_unit("us")
    return {m.id: measures.monthly_values(data, m.measure, months) for m in data.product.health.measures}


def measure_points(
    data: ProductData, values: dict[str, pd.DataFrame], first_days: pd.Series, month: pd.Timestamp
) -> tuple[pd.DataFrame, pd.Series]:
    """Points (0-100, NaN: not known) by measure at the end of a month, and whether a customer is too new for a known one.

    values: of `measure_values`. Index: that of `first_days` (account_id). Columns: measure ids.
    """
    months = pd.DatetimeIndex([month]).as_unit("us")
    points_by_measure, too_new = {}, pd.Series(False, first_days.index)
    for item in data.product.health.measures:
        value = values[item.id][month].reindex(first_days.index)
        points = ((value - item.red) / (item.green - item.red) * 100).clip(0, 100)
        if data.missing(measures.SOURCE_TABLES[item.measure.source]):
            points_by_measure[item.id] = points
            continue
        is_known = bool(measures.known_months(data, item.measure, months)[0])
        started_within = measures.started_within_window(data, item.measure, month, first_days)
        if item.missing == "worst":
            points = points.fillna(0.0)
        points_by_measure[item.id] = points.where(~started_within) if is_known else points * np.nan
        too_new |= started_within & is_known
    return pd.DataFrame(points_by_measure), too_new


def health_score(points: pd.DataFrame, health_measures: tuple[HealthMeasure, ...]) -> pd.Series:
    """The weighted mean of the points (`measure_points`) of the known measures; NaN where none is known."""
    if not health_measures:
        return pd.Series(np.nan, index=points.index)
    weight = pd.Series({m.id: m.weight for m in health_measures})
    inside = points[weight.index]
    known = inside.notna() * weight
    return (inside.fillna(0.0) * weight).sum(axis=1) / known.sum(axis=1).replace(0.0, np.nan)


def health_bands(score: pd.Series, health: Health) -> pd.Series:
    """The band of each score: one of `BANDS`; missing where the score is."""
    bounds = [-1, health.yellow_from, health.green_from, 101]
    return pd.cut(score, bounds, right=False, labels=["red", "yellow", "green"]).astype("str")

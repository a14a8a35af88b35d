"""The health score of each customer, as the product file defines it, and the band that it lies in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.health import Health, HealthMeasure
from cs_helpers.customers import measures
from cs_helpers.snapshot import ProductData

BANDS = ("green", "yellow", "red")


def measure_points(
    data: ProductData,
    months: pd.DatetimeIndex,
    first_days: pd.Series,
    values: measures.MonthlyValues | None = None,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The points of each customer at the end of each month, and whether it is too new for a measure that is known then.

    months: first days of consecutive months; values: of the measures over them, where others need them too. Measure id -> points (0-100, NaN: not known), and the other table: index
    that of `first_days` (account_id), columns `months`.
    """
    index, values = first_days.index, values or measures.MonthlyValues(data, months)
    points_by_measure, too_new = {}, np.full((len(index), len(months)), False)
    for item in data.product.health.measures:
        value = values.of(item.measure, months).reindex(index).to_numpy()
        points = ((value - item.red) / (item.green - item.red) * 100).clip(0, 100)
        if not data.missing(measures.SOURCE_TABLES[item.measure.source]):
            is_known = measures.known_months(data, item.measure, months)
            started_within = measures.started_within_windows(data, item.measure, months, first_days)
            if item.missing == "worst":
                points = np.nan_to_num(points, nan=0.0)
            points = np.where(started_within | ~is_known, np.nan, points)
            too_new |= started_within & is_known
        points_by_measure[item.id] = pd.DataFrame(points, index, months)
    return points_by_measure, pd.DataFrame(too_new, index, months)


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

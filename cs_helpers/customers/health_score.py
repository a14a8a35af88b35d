"""The health score of each customer, as the product file defines it, and the band that it lies in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.contract.health import Health, HealthMeasure
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.customers import measures
from cs_helpers.customers.segments import with_segments
from cs_helpers.snapshot import ProductData

BANDS = ("green", "yellow", "red")


def rules_in_force(data: ProductData) -> pd.Series:
    """The position in `health.segments` of the rule that holds for each account, -1 without one; index: account_id.

    It is the first in the file that names a segment of the account; nothing is combined. An account without a touch
    model is in the segment `touch_model:unknown`, as one without a size is in `size:unknown`.
    """
    accounts = with_segments(data["accounts"]).set_index("account_id")
    in_force = pd.Series(-1, index=accounts.index)
    for position, rule in reversed(list(enumerate(data.product.health.segments))):
        dimension, _, value = rule.segment.partition(":")
        in_force[accounts[dimension].fillna(UNKNOWN) == value] = position
    return in_force


def measure_weights(data: ProductData) -> pd.DataFrame:
    """The weight of each measure for each account: index account_id, columns measure ids; 0 leaves a measure out."""
    in_force = rules_in_force(data)
    return pd.DataFrame({m.id: _by_rule(data, m, "weight", in_force) for m in data.product.health.measures})


def measure_points(
    data: ProductData,
    months: pd.DatetimeIndex,
    first_days: pd.Series,
    values: measures.MonthlyValues | None = None,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The points of each customer at the end of each month, and whether it is too new for a measure that is known then.

    months: first days of consecutive months; first_days: the first day of each customer's spell; values: of the measures
    over the months, where others need them too. Measure id -> points (0-100; NaN: not known, or left out by the rule of
    the customer's segment), and the other table: index that of `first_days` (account_id), columns `months`.

    A value that is stale is not known. What is not known has 0 points where the measure says `worst`, but only in months
    in which anybody could have answered: with no row of the table in the window, nothing is known of anybody.
    """
    index, values = first_days.index, values or measures.MonthlyValues(data, months)
    values.prepare(item.measure for item in data.product.health.measures)
    in_force = rules_in_force(data).reindex(index)
    points_by_measure, too_new = {}, np.full((len(index), len(months)), False)
    for item in data.product.health.measures:
        red, green, weight, worst = (
            _by_rule(data, item, what, in_force).to_numpy()[:, None]
            for what in ("red", "green", "weight", "missing")
        )
        value = values.of(item.measure, months, item.stale_after_days).reindex(index).to_numpy()
        points = ((value - red) / (green - red) * 100).clip(0, 100) + 0.0  # no -0
        if not data.missing(*item.measure.tables):
            is_known = measures.known_months(data, item.measure, months)
            started_within = measures.started_within_windows(data, item.measure, months, first_days)
            answerable = _answerable(data, item, months)
            points = np.where((worst == "worst") & answerable & np.isnan(points), 0.0, points)
            points = np.where(started_within | ~is_known, np.nan, points)
            too_new |= started_within & is_known & (weight > 0)
        points_by_measure[item.id] = pd.DataFrame(np.where(weight > 0, points, np.nan), index, months)
    return points_by_measure, pd.DataFrame(too_new, index, months)


def health_score(points: pd.DataFrame, weights: pd.DataFrame) -> pd.Series:
    """The weighted mean of the points of the known measures of one month; NaN where none is known.

    points, weights: by account_id and measure; the columns of `weights` say which measures count.
    """
    value = points[weights.columns]
    weight = weights.reindex(points.index).where(value.notna(), 0.0)
    return (value.fillna(0.0) * weight).sum(axis=1) / weight.sum(axis=1).replace(0.0, np.nan)


def shares_of_weight(points: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """The share of each known measure in the score of each customer: adds up to 1; NaN where it is not known."""
    known = weights.reindex(points.index).where(points[weights.columns].notna())
    known = known.where(known > 0)
    return known.div(known.sum(axis=1, min_count=1), axis=0)


def monthly_scores(points: Mapping[str, pd.DataFrame], weights: pd.DataFrame) -> pd.DataFrame:
    """The score of each customer at the end of each month: index account_id, columns months.

    points: the first answer of `measure_points`. weights: those of `measure_weights`, or some of their columns: the
    score is then that of these measures alone. NaN where none of them is known.
    """
    some = next(iter(points.values()))
    total, known = np.zeros(some.shape), np.zeros(some.shape)
    for name in weights:
        weight = weights[name].reindex(some.index).to_numpy()[:, None]
        value = points[name].to_numpy()
        total += np.nan_to_num(value) * weight
        known += ~np.isnan(value) * weight
    score = np.divide(total, known, out=np.full(some.shape, np.nan), where=known > 0)
    return pd.DataFrame(score, some.index, some.columns)


def health_bands(score: pd.Series, health: Health) -> pd.Series:
    """The band of each score: one of `BANDS`; missing where the score is."""
    bounds = [-1, health.yellow_from, health.green_from, 101]
    return pd.cut(score, bounds, right=False, labels=["red", "yellow", "green"]).astype("str")


def _by_rule(data: ProductData, item: HealthMeasure, what: str, in_force: pd.Series) -> pd.Series:
    """A setting of a measure for each account: that of the rule in force, where it says it, else the measure's own."""
    changes = [rule.measures.get(item.id) for rule in data.product.health.segments]
    by_rule = [
        own if (own := getattr(change, what, None)) is not None else getattr(item, what) for change in changes
    ]
    # the last stands for -1: no rule
    chosen = np.array([*by_rule, getattr(item, what)])
    return pd.Series(chosen[in_force.to_numpy()], in_force.index)


def _answerable(data: ProductData, item: HealthMeasure, months: pd.DatetimeIndex) -> np.ndarray:
    """Whether the window of a measure holds any day on which anybody was asked, by month; bool array.

    Counted measures are judged by `known_months` instead, day by day.
    """
    if item.measure.source in measures.COUNT_SOURCES:
        return np.full(len(months), True)
    part = item.measure.name if item.measure.source == "assessments" else item.measure.value
    period = data.coverage.parts.get((item.measure.source, part))
    if period is None:
        return np.full(len(months), False)
    ends = months + pd.offsets.MonthEnd(0)
    starts = months - pd.DateOffset(months=item.measure.months - 1)
    if item.stale_after_days is not None:
        starts = np.maximum(starts, ends - pd.Timedelta(days=item.stale_after_days))
    return np.asarray((ends >= pd.Timestamp(period.first)) & (starts <= pd.Timestamp(period.last)))

"""Why a customer has its score, and why it changed: contributions of the measures that add up exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cs_helpers.analyses.health.scored import Scored
from cs_helpers.customers.health_score import shares_of_weight

#: a measure that changed a score by fewer points is not called what moved it
RELEVANT = 0.5


def explained(scored: Scored, order: Sequence[str]) -> pd.DataFrame:
    """Each measure of each customer: what it is, and what it contributes to the score.

    order: account_ids, which the rows follow. Columns: account_id, name, mrr, score, measure, kind, value (missing where
    it is not known), points (0-100), weight (the share of the measure in the score; the shares of a customer add up to 1), contribution
    (weight x points: they add up to the score), lost (what is lacking to 100: score and lost add up to it), change (of
    the score since the quarter before, by `change_by_measure`). Left out are measures of which no weight is declared for
    the customer.
    """
    measures = scored.data.product.health.measures
    weight = shares_of_weight(scored.now, scored.weights)
    change = change_by_measure(scored.now, scored.before, scored.weights)
    parts = [
        pd.DataFrame(
            {
                "account_id": order,
                "name": scored.accounts["name"].reindex(order).to_numpy(),
                "mrr": scored.mrr.reindex(order).to_numpy(),
                "score": scored.score.reindex(order).to_numpy(),
                "measure": item.id,
                "kind": item.kind,
                **{
                    what: frame[item.id].reindex(order).to_numpy()
                    for what, frame in (
                        ("value", scored.values.where(scored.now.notna())), ("points", scored.now), ("weight", weight),
                        ("contribution", weight * scored.now), ("lost", weight * (100 - scored.now)), ("change", change),
                    )
                },
                "counts": (scored.weights[item.id] > 0).reindex(order).to_numpy(),
                "place": np.arange(len(order)),
            }
        )
        for item in measures
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table = (
        table[table.pop("counts")]
        .sort_values("place", kind="stable", ignore_index=True)
        .drop(columns="place")
    )
    return table if scored.time.by_contracts else table.drop(columns="mrr")


def change_by_measure(now: pd.DataFrame, before: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """The points by which each measure changed each score; they add up to the change of the score.

    Measures known at both times change their common mean. A measure that became known pulls the score from that mean
    towards its points, one that is not known any more releases it. Where no measure is known at both times, the
    previous score takes the place of the mean. now, before, weights: points (NaN: not known) and weights by
    customer and measure. NaN: not known at either time, or without a previous score.
    """
    names = list(weights)
    weight = weights.to_numpy(float)
    new, old = now[names].to_numpy(float), before[names].to_numpy(float)
    known_now, known_before = ~np.isnan(new), ~np.isnan(old)
    known_both = known_now & known_before

    def ratio(total: np.ndarray, known: np.ndarray) -> np.ndarray:
        weights = (known * weight).sum(axis=1, keepdims=True)
        return np.asarray(total / np.where(weights > 0, weights, np.nan))

    score = ratio((np.nan_to_num(old) * weight).sum(axis=1, keepdims=True), known_before)

    def pull(points: np.ndarray, known: np.ndarray) -> np.ndarray:
        mean = ratio((np.nan_to_num(points) * known_both * weight).sum(axis=1, keepdims=True), known_both)
        mean = np.where(known_both.any(axis=1, keepdims=True), mean, score)
        return ratio((points - mean) * weight, known)

    moved = ratio((new - old) * weight, known_both)
    change = np.select(
        [known_both, known_now, known_before], [moved, pull(new, known_now), -pull(old, known_before)], np.nan
    )
    return pd.DataFrame(change, now.index, names)


def drivers(scored: Scored) -> pd.DataFrame:
    """The measure that changed each score most in the direction of its change.

    Columns: driver, driver_kind (`moved`; `new`: not known before; `gone`: not known any more), driver_points (of the
    score); missing where no measure changed it by more than `RELEVANT` points.
    """
    now, before, names = scored.now, scored.before, list(scored.weights)
    change = change_by_measure(now, before, scored.weights).to_numpy()
    total_change = np.nansum(change, axis=1, keepdims=True)
    in_direction = np.where(np.sign(change) == np.sign(total_change), np.abs(change), np.nan)
    size = np.nan_to_num(in_direction, nan=-1.0)
    rows, largest = np.arange(len(now)), size.argmax(axis=1) if len(now) else np.zeros(0, dtype=int)
    is_relevant = size.max(axis=1, initial=-1.0) > RELEVANT
    known_now, known_before = now[names].notna().to_numpy(), before[names].notna().to_numpy()
    kinds = np.select([known_now & known_before, known_now], ["moved", "new"], "gone")
    return pd.DataFrame(
        {
            "driver": pd.Series(np.array(names, dtype=object)[largest], now.index, dtype="str").where(
                is_relevant
            ),
            "driver_kind": pd.Series(kinds[rows, largest], now.index, dtype="str").where(is_relevant),
            "driver_points": pd.Series(change[rows, largest], now.index).where(is_relevant),
        }
    )

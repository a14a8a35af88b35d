"""Health scores of customers from their measures, and the measures that changed them since the last quarter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.health import HealthMeasure
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers import measures
from cs_helpers.customers.health_score import (
    BANDS,
    health_bands,
    health_score,
    measure_points,
    measure_weights,
)
from cs_helpers.customers.segments import count_unknown, segments_present, sort_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts
from cs_helpers.result import Direction, Finding, Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.medians import median_interval
from cs_helpers.statistics.proportions import wilson

DECLARES = Declaration(
    questions={
        "bands": Question(figure=True, verdicts=verdicts("message none_red")),
        "scores": Question(table=True),
    },
    metrics=metrics(higher="median_score", lower="red_share red_mrr"),
    notes=notes(
        warns=(
            "accounts_not_scored all_seen_late all_too_young measures_unknown missing_table "
            "no_accounts no_customers no_health no_mrr not_scored seen_late"
        ),
        explains=("partly_known segment_not_recorded segment_unknown too_young"),
    ),
    findings=("turned_red", "red", "recovered"),
    reads=("accounts", "contracts"),
    discloses=columns(
        public="size mrr score previous band quantitative qualitative unknown driver driver_kind driver_points customers share n measure kind weight"
        " known mean",
        company="account_id name",
    ),
    reads_of_product=lambda product: [m.measure.source for m in product.health.measures],
)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The health score of each customer at the end of the quarter, as the product file defines it.

    A measure gives 0 points at `red` or worse and 100 at `green` or better, linear between; the score is the weighted
    mean of the known measures. A measure is not known where the data does not cover its days, and for customers who
    started after its first day. `previous` is the score at the end of the quarter before, missing for accounts that
    were no customers then.

    Tables: `scores` (account_id, name, size, mrr (left out without contracts), score, previous, band, quantitative,
    qualitative, unknown (names of measures that are not known), and `driver`, `driver_kind`, `driver_points`: see
    `_drivers`); `bands` (size or `all`, band, customers, share, n); `measures` (measure, kind, weight, known, mean).
    """
    health = data.product.health
    time = customer_time_as_of(data, quarter.end)
    mrr, first_days = time.mrr(quarter.end), time.spell_starts(quarter.end)
    customers = data["accounts"][data["accounts"]["account_id"].isin(first_days.index)]
    first_days = first_days.reindex(customers["account_id"])
    months = pd.date_range(quarter.back(1).end, quarter.end, freq="ME").as_unit("us")
    months = pd.DatetimeIndex(months - pd.offsets.MonthBegin(1))
    points, too_new_by_month = measure_points(data, months, first_days)
    before, now = (
        pd.DataFrame({m: table[month] for m, table in points.items()}) for month in months[[0, -1]]
    )
    too_new = too_new_by_month[months[-1]]
    was_customer = first_days.index.isin(time.customers(quarter.back(1).end))
    before = before[pd.Series(was_customer, before.index)].reindex(before.index)
    notes: list[Note] = []
    unknown = [m for m in health.measures if now[m.id].isna().all()]
    if missing := data.missing(*sorted({measures.SOURCE_TABLES[m.measure.source] for m in unknown})):
        notes.append(Note("missing_table", "bands", {"tables": missing}))
    is_scored = now.notna().any(axis=1)
    if not is_scored.any():
        no_customers, all_too_new = (
            ("no_customers", "all_too_young") if time.by_contracts else ("no_accounts", "all_seen_late")
        )
        code, fields = (no_customers, {"quarter": str(quarter)}) if customers.empty else (
            (all_too_new, {"customers": len(customers)}) if too_new.all() else ("no_health", {"quarter": str(quarter)})
        )  # fmt: skip
        notes += [Note(code, about, fields) for about in ("scores", "bands")]
        return Result(
            "health", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, tuple(notes)
        )
    notes += (
        _unscored_notes(is_scored, too_new, mrr)
        if time.by_contracts
        else _unscored_account_notes(is_scored, too_new)
    )
    notes += _unknown_measure_notes(now[is_scored], health.measures, data)
    weights = measure_weights(data).reindex(now.index)
    score, previous = health_score(now, weights), health_score(before, weights)
    scores_by_kind = {
        kind: health_score(now, weights[[m.id for m in health.measures if m.kind == kind]])
        for kind in ("quantitative", "qualitative")
    }
    frame = customers[["account_id", "name", "size"]].set_index("account_id")
    frame["mrr"] = mrr.reindex(frame.index).astype("float64")
    frame["score"], frame["previous"] = score, previous
    frame["band"] = health_bands(score, health)
    names = np.array([m.id for m in health.measures], dtype=object)
    frame["unknown"] = [tuple(names[row]) for row in now[list(names)].isna().to_numpy()]
    frame = frame.assign(**scores_by_kind).join(_drivers(now, before, weights))
    frame = frame.dropna(subset=["score"]).reset_index()
    frame = frame.sort_values(["score", "mrr"], ascending=[True, False], ignore_index=True)
    if not time.by_contracts:
        frame = frame.drop(columns="mrr")
        notes.append(Note("no_mrr", "red_mrr", {}))
    partly_unknown, all_unknown = count_unknown(frame, "size")
    if partly_unknown:
        notes.append(Note("segment_unknown", "bands", {"segments": partly_unknown, "of": len(frame)}))
    if all_unknown:
        notes.append(Note("segment_not_recorded", "bands", {"dimensions": all_unknown}))
    tables = {
        "scores": frame,
        "bands": _bands(frame, data.sizes),
        "measures": _measures(now, health.measures),
    }
    is_red = frame["band"] == "red"
    metrics = {
        "red_share": Metric(
            "red_share", float(is_red.mean()), "share", len(frame), *wilson(int(is_red.sum()), len(frame))
        ),
        "median_score": Metric(
            "median_score",
            float(frame["score"].median()),
            "points",
            len(frame),
            *median_interval(frame["score"].to_numpy()),
        ),
    }
    if time.by_contracts:
        metrics["red_mrr"] = Metric("red_mrr", float(frame.loc[is_red, "mrr"].sum()), "currency", len(frame))
    message = {"red": float(is_red.mean()), "median": float(frame["score"].median())}
    return Result(
        "health",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        len(frame),
        tables,
        metrics,
        tuple(notes),
        {"yellow_from": health.yellow_from, "green_from": health.green_from},
        verdicts={"bands": Verdict("message" if is_red.any() else "none_red", message)},
        findings=_findings(frame, health.yellow_from),
    )


def _findings(scores: pd.DataFrame, yellow_from: float) -> tuple[Finding, ...]:
    """`turned_red` since the previous quarter, `red`, and `recovered` from red since then; those that there are."""
    is_red, was_red = scores["band"] == "red", scores["previous"] < yellow_from
    known_before = scores["previous"].notna()
    parts: tuple[tuple[str, pd.Series, Direction, int], ...] = (
        ("turned_red", is_red & known_before & ~was_red, "worse", int(known_before.sum())),
        ("red", is_red, "worse", len(scores)),
        ("recovered", ~is_red & was_red, "better", int(known_before.sum())),
    )
    return tuple(
        Finding(
            code,
            "bands",
            direction,
            "counted",
            n,
            value=float(selected.sum()),
            customers=int(selected.sum()),
            mrr=float(scores.loc[selected, "mrr"].sum()) if "mrr" in scores else None,
        )
        for code, selected, direction, n in parts
        if selected.any()
    )


def _unscored_notes(is_scored: pd.Series, too_new: pd.Series, mrr: pd.Series) -> list[Note]:
    """Notes on customers without a score, so that the numbers of the page add up."""
    notes = []
    for code, selected in (("too_young", ~is_scored & too_new), ("not_scored", ~is_scored & ~too_new)):
        if selected.any():
            amount = float(mrr.reindex(selected.index[selected]).fillna(0.0).sum())
            notes.append(
                Note(code, "bands", {"customers": int(selected.sum()), "of": len(is_scored), "mrr": amount})
            )
    return notes


def _unscored_account_notes(is_scored: pd.Series, seen_late: pd.Series) -> list[Note]:
    """Notes on accounts without a score, where there are no contracts and so neither a start nor MRR."""
    return [
        Note(code, "bands", {"customers": int(selected.sum()), "of": len(is_scored)})
        for code, selected in (
            ("seen_late", ~is_scored & seen_late),
            ("accounts_not_scored", ~is_scored & ~seen_late),
        )
        if selected.any()
    ]


def _unknown_measure_notes(
    now: pd.DataFrame, health_measures: tuple[HealthMeasure, ...], data: ProductData
) -> list[Note]:
    """Notes on measures known for some customers only, and for none although their table was given."""
    notes = []
    known_counts = now[[m.id for m in health_measures]].notna().sum()
    if partly := tuple(
        (m.id, int(known_counts[m.id])) for m in health_measures if 0 < known_counts[m.id] < len(now)
    ):
        notes.append(Note("partly_known", "bands", {"measures": partly, "of": len(now)}))
    given = [m for m in health_measures if not data.missing(measures.SOURCE_TABLES[m.measure.source])]
    if unknown := tuple(m.id for m in given if known_counts[m.id] == 0):
        notes.append(Note("measures_unknown", "bands", {"measures": unknown}))
    return notes


def contributions(now: pd.DataFrame, before: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
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


def _drivers(now: pd.DataFrame, before: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """The measure that changed each score most in the direction of its change.

    Columns: driver, driver_kind (`moved`; `new`: not known before; `gone`: not known any more), driver_points (of the
    score); missing where no measure changed it by more than half a point.
    """
    names = list(weights)
    change = contributions(now, before, weights).to_numpy()
    total_change = np.nansum(change, axis=1, keepdims=True)
    in_direction = np.where(np.sign(change) == np.sign(total_change), np.abs(change), np.nan)
    size = np.nan_to_num(in_direction, nan=-1.0)
    rows, largest = np.arange(len(now)), size.argmax(axis=1) if len(now) else np.zeros(0, dtype=int)
    is_relevant = size.max(axis=1, initial=-1.0) > 0.5
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


def _bands(scores: pd.DataFrame, sizes: Sequence[str]) -> pd.DataFrame:
    rows = []
    present = segments_present(scores["size"], sizes)
    for size in ("all", *sort_segments({*sizes, *present}, sizes)) if present else ("all",):
        inside = scores if size == "all" else scores[scores["size"] == size]
        n = len(inside)
        count = inside["band"].value_counts()
        rows += [
            {
                "size": size,
                "band": band,
                "customers": int(count.get(band, 0)),
                "share": count.get(band, 0) / n if n else np.nan,
                "n": n,
            }
            for band in BANDS
        ]
    return pd.DataFrame(rows)


def _measures(points: pd.DataFrame, health_measures: tuple[HealthMeasure, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "measure": m.id,
                "kind": m.kind,
                "weight": m.weight,
                "known": int(points[m.id].notna().sum()),
                "mean": float(points[m.id].mean()),
            }
            for m in health_measures
        ]
    )

"""How healthy each customer is, from its measures, and what moved it since the last quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses import measures
from cs_helpers.analyses.customers import SIZE_ORDER, active_on
from cs_helpers.analyses.result import Metric, Note, Result
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import HealthMeasure
from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData

BANDS = ("green", "yellow", "red")

#: what the columns of the tables tell of (`contract.disclosure`)
DISCLOSES = columns(
    public="size mrr score previous band quantitative qualitative driver driver_points customers share n measure kind weight"
    " known mean",
    company="account_id name",
)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The health score of each customer at the end of the quarter, as the product file defines it.

    A measure gives 0 points at `red` and worse, 100 at `green` and better, linear between; the
    score is the weighted mean of the measures that are known. `previous` is unknown of an account
    that was no customer at the end of the quarter before, and before the log of use begins.

    Tables: `scores` (account_id, name, size, mrr, score, previous, band, quantitative,
    qualitative, driver, driver_points): `driver` is the measure that moved the score most since
    the quarter before, by `driver_points`; `bands` (size or `all`, band, customers, share, n);
    `measures` (measure, kind, weight, known, mean).
    """
    health = data.product.health
    active = active_on(data["contracts"], quarter.end)
    mrr = active.groupby("account_id")["mrr"].sum()
    customers = data["accounts"][data["accounts"]["account_id"].isin(mrr.index)]
    now, before = (points.reindex(customers["account_id"]) for points in _points(data, quarter))
    before = before.where(
        _known_before(data, quarter.back(1)).reindex(before.index, fill_value=False), axis=0
    )
    notes: list[Note] = []
    unknown = [m for m in health.measures if now[m.id].isna().all()]
    if unknown:
        tables_missing = data.missing(*sorted({measures.NEEDS[m.measure.source] for m in unknown}))
        if tables_missing:
            notes.append(Note("missing_table", "scores", {"tables": tables_missing}))
    if len(unknown) == len(health.measures) or customers.empty:
        about = ("scores", "bands")
        notes += [Note("no_health", a, {"quarter": str(quarter)}) for a in about]
        return Result(
            "health", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, tuple(notes)
        )
    score, previous = _score(now, health.measures), _score(before, health.measures)
    parts = {
        kind: _score(now, tuple(m for m in health.measures if m.kind == kind))
        for kind in ("quantitative", "qualitative")
    }
    moved = _moved(now, before, health.measures)
    frame = customers[["account_id", "name", "size"]].set_index("account_id")
    frame["mrr"] = mrr.astype("float64")
    frame["score"], frame["previous"] = score, previous
    frame["band"] = pd.cut(
        score,
        [-1, health.yellow_from, health.green_from, 101],
        right=False,
        labels=["red", "yellow", "green"],
    ).astype("str")
    frame = frame.assign(**parts).join(moved)
    frame = frame.dropna(subset=["score"]).reset_index()
    frame = frame.sort_values(["score", "mrr"], ascending=[True, False], ignore_index=True)
    tables = {"scores": frame, "bands": _bands(frame), "measures": _measures(now, health.measures)}
    red = frame["band"] == "red"
    metrics = {
        "red_share": Metric("red_share", float(red.mean()), "share", len(frame)),
        "red_mrr": Metric("red_mrr", float(frame.loc[red, "mrr"].sum()), "currency", len(frame)),
        "median_score": Metric("median_score", float(frame["score"].median()), "points", len(frame)),
    }
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
    )


def _known_before(data: ProductData, quarter: Quarter) -> pd.Series:
    """Whether each account was a customer at the end of a quarter that the log of use knows."""
    days = data["active_daily"]["day"]
    if len(days) and days.min() > pd.Timestamp(quarter.end):
        return pd.Series(dtype="bool")
    then = active_on(data["contracts"], quarter.end)["account_id"].unique()
    return pd.Series(True, index=then)


def _points(data: ProductData, quarter: Quarter) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points (0-100, NaN unknown) of each measure at the end of the quarter and of the one before.

    Index: account_id. Columns: measure ids.
    """
    now, before = (pd.Timestamp(q.end).replace(day=1) for q in (quarter, quarter.back(1)))
    months = pd.date_range(before, now, freq="MS").as_unit("us")
    found = {}
    for item in data.product.health.measures:
        value = measures.monthly(data, item.measure, months)[[now, before]]
        points = ((value - item.red) / (item.green - item.red) * 100).clip(0, 100)
        known = measures.NEEDS[item.measure.source] in data.given
        found[item.id] = points.fillna(0.0) if item.missing == "worst" and known else points
    return (
        pd.DataFrame({name: points[now] for name, points in found.items()}),
        pd.DataFrame({name: points[before] for name, points in found.items()}),
    )


def _score(points: pd.DataFrame, of: tuple[HealthMeasure, ...]) -> pd.Series:
    if not of:
        return pd.Series(np.nan, index=points.index)
    weight = pd.Series({m.id: m.weight for m in of})
    inside = points[weight.index]
    known = inside.notna() * weight
    return (inside.fillna(0.0) * weight).sum(axis=1) / known.sum(axis=1).replace(0.0, np.nan)


def _moved(now: pd.DataFrame, before: pd.DataFrame, of: tuple[HealthMeasure, ...]) -> pd.DataFrame:
    """The measure that moved each score most, and by how many points of the score."""
    weight = pd.Series({m.id: m.weight for m in of})
    change = (now - before)[weight.index] * weight
    change = change.div((now[weight.index].notna() * weight).sum(axis=1), axis=0)
    some = change.abs().max(axis=1) > 0.5
    driver = change.abs().fillna(-1.0).idxmax(axis=1).where(some)
    points = pd.Series(
        [change.at[a, d] if isinstance(d, str) else np.nan for a, d in driver.items()],
        index=driver.index,
        dtype="float64",
    )
    return pd.DataFrame({"driver": driver, "driver_points": points})


def _bands(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for size in ("all", *SIZE_ORDER):
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


def _measures(points: pd.DataFrame, of: tuple[HealthMeasure, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "measure": m.id,
                "kind": m.kind,
                "weight": m.weight,
                "known": int(points[m.id].notna().sum()),
                "mean": float(points[m.id].mean()),
            }
            for m in of
        ]
    )

"""How healthy each customer is, from its measures, and what moved it since the last quarter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import HealthMeasure
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers import measures
from cs_helpers.customers.segments import count_unknown, segments_present, sort_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.declaration import Declaration, Question, findings, notes
from cs_helpers.result import Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData

BANDS = ("green", "yellow", "red")

DECLARES = Declaration(
    questions={
        "bands": Question(figure=True, findings=findings("message none_red")),
        "scores": Question(table=True),
    },
    metrics=("red_share", "red_mrr", "median_score"),
    notes=notes(
        warns=(
            "accounts_not_scored all_seen_late all_too_young measures_unknown missing_table "
            "no_accounts no_customers no_health no_mrr not_scored seen_late"
        ),
        explains=("partly_known segment_not_recorded segment_unknown too_young"),
    ),
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

    A measure gives 0 points at `red` and worse, 100 at `green` and better, linear between; the
    score is the weighted mean of the measures that are known. Not known is a measure of days of which its table
    does not tell, and one for which a customer is too young: it began after the measure's first day. `previous` is
    the score of the end of the quarter before, unknown of an account that was no customer then.

    Tables: `scores` (account_id, name, size, mrr (not without contracts), score, previous, band, quantitative,
    qualitative, unknown, driver, driver_kind, driver_points): `unknown` are the measures that are not known, `driver` the
    measure that moved the score most since the quarter before, by `driver_points`, in the way that `driver_kind` says
    (`moved`; `new`: it was not known before; `gone`: it is not known any more); `bands` (size or `all`, band,
    customers, share, n); `measures` (measure, kind, weight, known, mean).
    """
    health = data.product.health
    time = customer_time_as_of(data, quarter.end)
    mrr, begins = time.mrr(quarter.end), time.spell_begins(quarter.end)
    customers = data["accounts"][data["accounts"]["account_id"].isin(begins.index)]
    begins = begins.reindex(customers["account_id"])
    values = _values(data, quarter)
    (now, age), (before, _) = (_points(data, values, begins, q) for q in (quarter, quarter.back(1)))
    there = begins.index.isin(time.customers(quarter.back(1).end))
    before = before[pd.Series(there, before.index)].reindex(before.index)
    notes: list[Note] = []
    unknown = [m for m in health.measures if now[m.id].isna().all()]
    if missing := data.missing(*sorted({measures.SOURCE_TABLES[m.measure.source] for m in unknown})):
        notes.append(Note("missing_table", "bands", {"tables": missing}))
    scored = now.notna().any(axis=1)
    if not scored.any():
        nobody, young = (
            ("no_customers", "all_too_young") if time.by_contracts else ("no_accounts", "all_seen_late")
        )
        code, said = (nobody, {"quarter": str(quarter)}) if customers.empty else (
            (young, {"customers": len(customers)}) if age.all() else ("no_health", {"quarter": str(quarter)})
        )  # fmt: skip
        notes += [Note(code, about, said) for about in ("scores", "bands")]
        return Result(
            "health", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, tuple(notes)
        )
    notes += _unscored(scored, age, mrr) if time.by_contracts else _accounts_unscored(scored, age)
    notes += _partly_known(now[scored], health.measures, data)
    score, previous = _score(now, health.measures), _score(before, health.measures)
    parts = {
        kind: _score(now, tuple(m for m in health.measures if m.kind == kind))
        for kind in ("quantitative", "qualitative")
    }
    frame = customers[["account_id", "name", "size"]].set_index("account_id")
    frame["mrr"] = mrr.reindex(frame.index).astype("float64")
    frame["score"], frame["previous"] = score, previous
    frame["band"] = pd.cut(
        score,
        [-1, health.yellow_from, health.green_from, 101],
        right=False,
        labels=["red", "yellow", "green"],
    ).astype("str")
    names = np.array([m.id for m in health.measures], dtype=object)
    frame["unknown"] = [tuple(names[row]) for row in now[list(names)].isna().to_numpy()]
    frame = frame.assign(**parts).join(_drivers(now, before, health.measures))
    frame = frame.dropna(subset=["score"]).reset_index()
    frame = frame.sort_values(["score", "mrr"], ascending=[True, False], ignore_index=True)
    if not time.by_contracts:
        frame = frame.drop(columns="mrr")
        notes.append(Note("no_mrr", "red_mrr", {}))
    some, none = count_unknown(frame, "size")
    if some:
        notes.append(Note("segment_unknown", "bands", {"segments": some, "of": len(frame)}))
    if none:
        notes.append(Note("segment_not_recorded", "bands", {"dimensions": none}))
    tables = {
        "scores": frame,
        "bands": _bands(frame, data.sizes),
        "measures": _measures(now, health.measures),
    }
    red = frame["band"] == "red"
    metrics = {
        "red_share": Metric("red_share", float(red.mean()), "share", len(frame)),
        "median_score": Metric("median_score", float(frame["score"].median()), "points", len(frame)),
    }
    if time.by_contracts:
        metrics["red_mrr"] = Metric("red_mrr", float(frame.loc[red, "mrr"].sum()), "currency", len(frame))
    message = {"red": float(red.mean()), "median": float(frame["score"].median())}
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
        verdicts={"bands": Verdict("message" if red.any() else "none_red", message)},
    )


def _unscored(scored: pd.Series, too_young: pd.Series, mrr: pd.Series) -> list[Note]:
    """Which customers have no score, so that the page's numbers add up."""
    notes = []
    for code, who in (("too_young", ~scored & too_young), ("not_scored", ~scored & ~too_young)):
        if who.any():
            amount = float(mrr.reindex(who.index[who]).fillna(0.0).sum())
            notes.append(Note(code, "bands", {"customers": int(who.sum()), "of": len(scored), "mrr": amount}))
    return notes


def _accounts_unscored(scored: pd.Series, seen_late: pd.Series) -> list[Note]:
    """The same of accounts, of which nobody knows when they became customers, nor what they pay."""
    return [
        Note(code, "bands", {"customers": int(who.sum()), "of": len(scored)})
        for code, who in (("seen_late", ~scored & seen_late), ("accounts_not_scored", ~scored & ~seen_late))
        if who.any()
    ]


def _partly_known(now: pd.DataFrame, of: tuple[HealthMeasure, ...], data: ProductData) -> list[Note]:
    """The measures that are known of some customers only, and those of none although their table was given."""
    notes = []
    known = now[[m.id for m in of]].notna().sum()
    if some := tuple((m.id, int(known[m.id])) for m in of if 0 < known[m.id] < len(now)):
        notes.append(Note("partly_known", "bands", {"measures": some, "of": len(now)}))
    given = [m for m in of if not data.missing(measures.SOURCE_TABLES[m.measure.source])]
    if none := tuple(m.id for m in given if known[m.id] == 0):
        notes.append(Note("measures_unknown", "bands", {"measures": none}))
    return notes


def _values(data: ProductData, quarter: Quarter) -> dict[str, pd.DataFrame]:
    """Each measure (by its id) of the months from the end of the quarter before to that of the quarter."""
    before, now = (pd.Timestamp(q.end).replace(day=1) for q in (quarter.back(1), quarter))
    months = pd.date_range(before, now, freq="MS").as_unit("us")
    return {m.id: measures.monthly_values(data, m.measure, months) for m in data.product.health.measures}


def _points(
    data: ProductData, values: dict[str, pd.DataFrame], begins: pd.Series, quarter: Quarter
) -> tuple[pd.DataFrame, pd.Series]:
    """Points (0-100, NaN unknown) of each measure at the end of a quarter, and who is too young for one that is known.

    values: as `_values` gives them. Index: that of `begins` (account_id). Columns: measure ids.
    """
    month = pd.Timestamp(quarter.end).replace(day=1)
    months = pd.DatetimeIndex([month]).as_unit("us")
    found, too_young = {}, pd.Series(False, begins.index)
    for item in data.product.health.measures:
        value = values[item.id][month].reindex(begins.index)
        points = ((value - item.red) / (item.green - item.red) * 100).clip(0, 100)
        if data.missing(measures.SOURCE_TABLES[item.measure.source]):
            found[item.id] = points
            continue
        known = bool(measures.known_months(data, item.measure, months)[0])
        age = measures.started_within_window(data, item.measure, month, begins)
        if item.missing == "worst":
            points = points.fillna(0.0)
        found[item.id] = points.where(~age) if known else points * np.nan
        too_young |= age & known
    return pd.DataFrame(found), too_young


def _score(points: pd.DataFrame, of: tuple[HealthMeasure, ...]) -> pd.Series:
    if not of:
        return pd.Series(np.nan, index=points.index)
    weight = pd.Series({m.id: m.weight for m in of})
    inside = points[weight.index]
    known = inside.notna() * weight
    return (inside.fillna(0.0) * weight).sum(axis=1) / known.sum(axis=1).replace(0.0, np.nan)


def contributions(now: pd.DataFrame, before: pd.DataFrame, of: tuple[HealthMeasure, ...]) -> pd.DataFrame:
    """By how many points each measure moved each score; they add up to the change of the score.

    Those known on both sides moved the mean of these; one that became known drew the score from there towards it, one
    that is not known any more let it go. Where none is known on both sides they do so from the score before.
    now, before: points (NaN: not known) of each customer, a column each measure. NaN: not known on either side, or
    no score before.
    """
    names = [m.id for m in of]
    weight = np.array([m.weight for m in of])
    new, old = now[names].to_numpy(float), before[names].to_numpy(float)
    here, there = ~np.isnan(new), ~np.isnan(old)
    both = here & there

    def ratio(of: np.ndarray, known: np.ndarray) -> np.ndarray:
        weights = (known * weight).sum(axis=1, keepdims=True)
        found: np.ndarray = of / np.where(weights > 0, weights, np.nan)
        return found

    score = ratio((np.nan_to_num(old) * weight).sum(axis=1, keepdims=True), there)

    def drawn(points: np.ndarray, known: np.ndarray) -> np.ndarray:
        mean = ratio((np.nan_to_num(points) * both * weight).sum(axis=1, keepdims=True), both)
        mean = np.where(both.any(axis=1, keepdims=True), mean, score)
        return ratio((points - mean) * weight, known)

    moved = ratio((new - old) * weight, both)
    change = np.select([both, here, there], [moved, drawn(new, here), -drawn(old, there)], np.nan)
    return pd.DataFrame(change, now.index, names)


def _drivers(now: pd.DataFrame, before: pd.DataFrame, of: tuple[HealthMeasure, ...]) -> pd.DataFrame:
    """The measure that moved each score most in the way it went, and by how many points of the score.

    Columns: driver, driver_kind, driver_points; missing where none moved it by more than half a point.
    """
    names = [m.id for m in of]
    change = contributions(now, before, of).to_numpy()
    whole = np.nansum(change, axis=1, keepdims=True)
    same_way = np.where(np.sign(change) == np.sign(whole), np.abs(change), np.nan)
    size = np.nan_to_num(same_way, nan=-1.0)
    rows, most = np.arange(len(now)), size.argmax(axis=1) if len(now) else np.zeros(0, dtype=int)
    some = size.max(axis=1, initial=-1.0) > 0.5
    here, there = now[names].notna().to_numpy(), before[names].notna().to_numpy()
    kinds = np.select([here & there, here], ["moved", "new"], "gone")
    return pd.DataFrame(
        {
            "driver": pd.Series(np.array(names, dtype=object)[most], now.index, dtype="str").where(some),
            "driver_kind": pd.Series(kinds[rows, most], now.index, dtype="str").where(some),
            "driver_points": pd.Series(change[rows, most], now.index).where(some),
        }
    )


def _bands(scores: pd.DataFrame, sizes: Sequence[str]) -> pd.DataFrame:
    rows = []
    there = segments_present(scores["size"], sizes)
    for size in ("all", *sort_segments({*sizes, *there}, sizes)) if there else ("all",):
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

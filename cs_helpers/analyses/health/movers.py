"""Who moved since the quarter before, and the measures that moved them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from cs_helpers.analyses.health.explanation import RELEVANT, change_by_measure
from cs_helpers.analyses.health.scored import MOVED, Scored
from cs_helpers.customers.health_score import BANDS, health_bands
from cs_helpers.result import Verdict
from cs_helpers.statistics.proportions import FALSE_DISCOVERY


def movers(scored: Scored) -> pd.DataFrame:
    """The customers with a score now and before, with the measures that moved each; index 0, 1, ...

    Columns: account_id, name, size, mrr, previous, score, change, band_before, band, measures (those that changed the
    score by more than `RELEVANT` points in the direction of its change, largest first) and by_measure (their points).
    """
    both = scored.score.notna() & scored.previous.notna()
    index = scored.accounts.index[both]
    change = change_by_measure(scored.now, scored.before, scored.weights).loc[index]
    health = scored.data.product.health
    table = pd.DataFrame(
        {
            "name": scored.accounts.loc[index, "name"],
            "size": scored.accounts.loc[index, "size"],
            "mrr": scored.mrr[index],
            "previous": scored.previous[index],
            "score": scored.score[index],
            "change": (scored.score - scored.previous)[index],
            "band_before": health_bands(scored.previous[index], health),
            "band": scored.band[index],
        }
    )
    toward = change.mul(np.sign(table["change"]), axis=0).fillna(0.0).to_numpy()
    names, points = np.array(list(change), dtype=object), change.to_numpy()
    order = np.argsort(-toward, axis=1, kind="stable")
    chosen = [[n for n in row if toward[i, n] > RELEVANT] for i, row in enumerate(order)]
    table["measures"] = [tuple(names[row]) for row in chosen]
    table["by_measure"] = [tuple(float(p) for p in points[i, row]) for i, row in enumerate(chosen)]
    return table.reset_index()


def fallen(moved: pd.DataFrame) -> pd.DataFrame:
    """The customers whose score fell by `MOVED` points or more, largest points x MRR first (points without MRR)."""
    return _by_stake(moved[moved["change"] <= -MOVED])


def risen(moved: pd.DataFrame) -> pd.DataFrame:
    """The customers whose score rose by `MOVED` points or more, in the order of `fallen`."""
    return _by_stake(moved[moved["change"] >= MOVED])


def _by_stake(rows: pd.DataFrame) -> pd.DataFrame:
    stake = rows["change"].abs() * (rows["mrr"].fillna(0.0) if rows["mrr"].notna().any() else 1.0)
    order = pd.DataFrame({"stake": stake, "points": rows["change"].abs()}).sort_values(
        ["stake", "points"], ascending=False, kind="stable"
    )
    return rows.loc[order.index].reset_index(drop=True)


def by_measure(scored: Scored, moved: pd.DataFrame) -> pd.DataFrame:
    """What each measure did to the scores since the quarter before.

    Columns: measure, kind, fell and rose (customers who moved down or up by `MOVED` points or more, counted at the
    measure that moved them most), fell_mrr and rose_mrr, change (the mean over all of `moved`: of the measures they add
    up to the mean change of the score).
    """
    change = change_by_measure(scored.now, scored.before, scored.weights).reindex(moved["account_id"])
    first = moved["measures"].str[0]
    rows = []
    for item in scored.data.product.health.measures:
        row: dict[str, object] = {"measure": item.id, "kind": item.kind}
        for name, selected in (("fell", moved["change"] <= -MOVED), ("rose", moved["change"] >= MOVED)):
            inside = moved[selected & (first == item.id)]
            row |= {name: len(inside), f"{name}_mrr": float(inside["mrr"].sum())}
        rows.append({**row, "change": float(change[item.id].fillna(0.0).mean())})
    table = pd.DataFrame(rows)
    return table if scored.time.by_contracts else table.drop(columns=["fell_mrr", "rose_mrr"])


def between_bands(moved: pd.DataFrame) -> pd.DataFrame:
    """Customers by band before and now: band_before, band, customers, mrr; all nine pairs."""
    pairs = pd.MultiIndex.from_product([BANDS, BANDS], names=["band_before", "band"])
    grouped = moved.groupby(["band_before", "band"])["mrr"].agg(["size", "sum"]).reindex(pairs, fill_value=0)
    return grouped.rename(columns={"size": "customers", "sum": "mrr"}).reset_index()


def direction(moved: pd.DataFrame, measures: pd.DataFrame) -> Verdict:
    """Whether more fell than rose, or the other way round, by a sign test of those that moved.

    `down`, `up`, `both` (no direction beyond chance) or `none`. Fields: fell, rose, n, points (`MOVED`), measure (the one that moved most customers in the direction,
    for `both` in either) and its customers (moved_by).
    """
    fell, rose = int((moved["change"] <= -MOVED).sum()), int((moved["change"] >= MOVED).sum())
    fields = {"fell": fell, "rose": rose, "n": len(moved), "points": MOVED}
    if not fell + rose:
        return Verdict("none", fields)
    apart = binomtest(fell, fell + rose).pvalue < FALSE_DISCOVERY
    code = "both" if not apart else "down" if fell > rose else "up"
    counts = {"down": measures["fell"], "up": measures["rose"], "both": measures["fell"] + measures["rose"]}[
        code
    ]
    largest = counts.idxmax()
    return Verdict(
        code, {**fields, "measure": measures.at[largest, "measure"], "moved_by": int(counts[largest])}
    )

"""Do coders, and the roles they come from, read the same note alike?"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import VIEWPOINTS

Level = Literal["nominal", "ordinal", "interval", "ratio"]

#: from here on conclusions may rest on codings; from TENTATIVE on only tentative ones (Krippendorff 2004)
RELIABLE, TENTATIVE = 0.8, 0.667

_DRAWS = 1000


def alpha(ratings: pd.DataFrame, level: Level = "nominal") -> float:
    """Krippendorff's alpha, 1 less the disagreement observed over that expected by chance.

    ratings: a row a unit, a column a coder, missing where one did not code it; of `nominal` any labels,
    else numbers. Units that one coder alone has coded say nothing. NaN where nothing can be
    compared or where all readings are the same value. Source: Krippendorff 2011, "Computing
    Krippendorff's alpha-reliability".
    """
    counts, values = _counted(ratings)
    pairs_of_values = _coincidences(counts).sum(axis=0)[None]
    return float(_from_coincidences(pairs_of_values, _distances(values, counts, level))[0])


def alpha_interval(
    ratings: pd.DataFrame, groups: pd.Series, level: Level = "nominal"
) -> tuple[float, float, float]:
    """Alpha and its 95 % interval, by drawing whole groups of units again.

    groups: what units belong together, as the notes of one company: those are alike, and drawn one by
    one they would look like more evidence than they are. NaN bounds with fewer than two groups.
    """
    counts, values = _counted(ratings)
    distances = _distances(values, counts, level)
    each = _coincidences(counts)
    found = float(_from_coincidences(each.sum(axis=0)[None], distances)[0])
    codes, names = pd.factorize(groups.reindex(ratings.index))
    if len(names) < 2 or found != found:
        return found, np.nan, np.nan
    # what a unit adds to alpha depends on its own counts alone, so groups are added up once
    own = np.zeros((len(names), *each.shape[1:]))
    np.add.at(own, codes, each)
    drawn = _from_coincidences(np.tensordot(_drawn(len(names)), own, axes=1), distances)
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return found, float(low), float(high)


@lru_cache(2)  # each viewpoint asks for those of the same companies
def _drawn(groups: int) -> np.ndarray:
    """How often each group is drawn: draws x groups."""
    return np.random.default_rng(0).multinomial(groups, np.full(groups, 1 / groups), size=_DRAWS)


def kappa(first: pd.Series, second: pd.Series) -> float:
    """Cohen's kappa of two coders over the units that both have coded; NaN where chance explains all (Cohen 1960)."""
    both = first.notna() & second.notna()
    table = pd.crosstab(first[both], second[both])
    labels = table.index.union(table.columns)
    table = table.reindex(index=labels, columns=labels, fill_value=0).to_numpy(float)
    n = table.sum()
    if not n:
        return np.nan
    by_chance = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    return float((np.trace(table) / n - by_chance) / (1 - by_chance)) if by_chance < 1 else np.nan


def agreement(codings: pd.DataFrame, companies: pd.Series) -> pd.DataFrame:
    """Alpha of the viewpoint, and of each viewpoint against all others.

    codings: note_id, coder, viewpoint; of several by one coder see `readings`. companies: of each note, by
    note_id. Columns: viewpoint (or `all`), notes (that two coders or more have coded), coders, alpha, low,
    high (95 %, whole companies drawn), verdict (`reliable` from .8, `tentative` from .667, else
    `unreliable`; by the lower end of the interval where there is one; `unknown` where there is no alpha).
    """
    wide = readings(codings, "coder")
    wide = wide[wide.notna().sum(axis=1) >= 2]
    rows = []
    for viewpoint in ("all", *VIEWPOINTS):
        told = wide if viewpoint == "all" else (wide == viewpoint).astype("float64").where(wide.notna())
        found, low, high = alpha_interval(told, companies)
        sure = low if low == low else found
        verdict = "reliable" if sure >= RELIABLE else "tentative" if sure >= TENTATIVE else "unreliable"
        if found != found:
            verdict = "unknown"
        rows.append(
            {
                "viewpoint": viewpoint, "notes": len(told), "coders": int(wide.notna().any().sum()),
                "alpha": found, "low": low, "high": high, "verdict": verdict,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def pairs(codings: pd.DataFrame, by: str = "coder") -> pd.DataFrame:
    """Cohen's kappa of the viewpoint for each pair of coders or roles. Columns: first, second, notes, kappa."""
    wide = readings(codings, by)
    rows = [
        {
            "first": a, "second": b, "notes": int((wide[a].notna() & wide[b].notna()).sum()),
            "kappa": kappa(wide[a], wide[b]),
        }
        for a, b in combinations(sorted(wide.columns), 2)
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=["first", "second", "notes", "kappa"])
    return found[found["notes"] > 0].sort_values("kappa", ignore_index=True)


def disputed(codings: pd.DataFrame) -> pd.DataFrame:
    """Notes to talk about: those that are read differently, most readings that differ first.

    codings: note_id, coder, viewpoint, code; of several by one coder see `readings`. A pair of coders
    differs in the viewpoint (1), or else in the code (a half). Columns: note_id, differ (the share of
    pairs that differ, weighted so), readings (each coder's viewpoint and code, as (coder, viewpoint, code)).
    """
    told: dict[str, list[tuple[str, str, str | None]]] = {}
    wide = readings(codings, "coder").melt(var_name="coder", value_name="viewpoint", ignore_index=False)
    each = codings.merge(wide.reset_index(), on=["note_id", "coder", "viewpoint"])
    each = each.sort_values(["note_id", "coder", "code"]).drop_duplicates(["note_id", "coder"])
    codes = each["code"].astype("object").where(each["code"].notna(), None)
    for note, coder, viewpoint, code in zip(
        each["note_id"], each["coder"], each["viewpoint"], codes, strict=True
    ):
        told.setdefault(note, []).append((coder, viewpoint, code))
    rows = []
    for note, own in told.items():
        apart = [1.0 if a[1] != b[1] else 0.5 if a[2] != b[2] else 0.0 for a, b in combinations(own, 2)]
        if any(apart):
            rows.append({"note_id": note, "differ": sum(apart) / len(apart), "readings": tuple(own)})
    found = pd.DataFrame(rows, columns=["note_id", "differ", "readings"])
    return found.sort_values(["differ", "note_id"], ascending=[False, True], ignore_index=True)


def ledger(codings: pd.DataFrame, companies: pd.Series) -> pd.DataFrame:
    """Which roles see a fact: of each code the companies in whose notes coders of each role found it.

    codings: note_id, coder_role, code. Columns: code, one for each role, companies (of all roles), roles
    (how many saw it). What fewest roles saw comes first, then by companies.
    """
    told = codings.dropna(subset=["code", "coder_role"])
    told = told.assign(company=told["note_id"].map(companies))
    by_role = told.groupby(["code", "coder_role"])["company"].nunique().unstack(fill_value=0)
    by_role.columns.name = None
    found = by_role.assign(
        companies=told.groupby("code")["company"].nunique(), roles=(by_role > 0).sum(axis=1)
    )
    found = found.reset_index()
    return found.sort_values(["roles", "companies", "code"], ascending=[True, False, True], ignore_index=True)


def readings(codings: pd.DataFrame, by: str) -> pd.DataFrame:
    """The viewpoint of each note by coder or role: a row a note, a column each.

    Of several readings the most frequent counts, of those the first by name.
    """
    told = codings.dropna(subset=[by, "viewpoint"])
    counted = told.groupby(["note_id", by, "viewpoint"]).size().rename("said").reset_index()
    counted = counted.sort_values(["said", "viewpoint"], ascending=[False, True], kind="stable")
    wide = counted.drop_duplicates(["note_id", by]).pivot(index="note_id", columns=by, values="viewpoint")
    wide.columns.name = None
    return wide


def _counted(ratings: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """How many coders gave each unit each value: units x values; and the values, in order."""
    flat = ratings.to_numpy(object).ravel()
    known = ~pd.isna(flat)
    codes, values = pd.factorize(flat[known], sort=True)
    counts = np.zeros((len(ratings), len(values)))
    np.add.at(counts, (np.repeat(np.arange(len(ratings)), ratings.shape[1])[known], codes), 1)
    return counts, np.asarray(values)


def _coincidences(counts: Any) -> Any:
    """Of each unit the pairs of values by different coders, each reading weighing one: units x values x values."""
    coders = counts.sum(axis=1)
    found = counts[:, :, None] * counts[:, None, :]
    places = np.arange(counts.shape[1])
    found[:, places, places] -= counts
    return np.divide(
        found, (coders - 1)[:, None, None], out=np.zeros_like(found), where=(coders > 1)[:, None, None]
    )


def _distances(values: np.ndarray, counts: np.ndarray, level: Level) -> Any:
    """The squared difference of each pair of values."""
    if level == "nominal":
        return (values[:, None] != values[None, :]).astype(float)
    if level != "ordinal":
        values = values.astype(float)
    if level == "interval":
        return (values[:, None] - values[None, :]) ** 2
    if level == "ratio":
        total = values[:, None] + values[None, :]
        return (
            np.divide(values[:, None] - values[None, :], total, out=np.zeros_like(total), where=total != 0)
            ** 2
        )
    # ordinal: how many readings lie between two values, each end counted half
    paired = counts[counts.sum(axis=1) > 1].sum(axis=0)
    middle = np.cumsum(paired) - paired / 2
    return (middle[:, None] - middle[None, :]) ** 2


def _from_coincidences(found: Any, distances: Any) -> Any:
    """Alpha of each table of coincidences."""
    each = found.sum(axis=2)
    n = each.sum(axis=1)
    observed = (found * distances).sum(axis=(1, 2))
    expected = np.einsum("di,dj,ij->d", each, each, distances) / np.maximum(n - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((n > 1) & (expected > 0), 1 - observed / expected, np.nan)

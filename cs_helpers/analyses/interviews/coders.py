"""Do coders, and the roles they come from, read the same note alike? A reading is all viewpoints and codes that a coder gave.

Who read a note has a row of it in `codings`; a row without a code says that nothing was found. A note of which a coder has no
row was not read by that coder: that is missing, and no disagreement.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import VIEWPOINTS
from cs_helpers.statistics.agreement import alpha_interval, binary_alphas, kappa, masi

#: from here on conclusions may rest on codings; from TENTATIVE on only tentative ones (Krippendorff 2004)
RELIABLE, TENTATIVE = 0.8, 0.667


def sets(codings: pd.DataFrame, what: str) -> pd.DataFrame:
    """What each coder gave each note: a row a note that two coders or more have read, a column a coder, frozensets.

    codings: note_id, coder and the column `what` (viewpoint or code). An empty set where a coder read the note and gave
    none; missing where there is no reading.
    """
    given: dict[tuple[str, str], set[str]] = {}
    for note, coder, value in zip(codings["note_id"], codings["coder"], codings[what], strict=True):
        own = given.setdefault((note, coder), set())
        if value == value and value is not None and value is not pd.NA:
            own.add(value)
    if not given:
        return pd.DataFrame()
    index = pd.MultiIndex.from_tuples(given, names=["note_id", "coder"])
    wide = pd.Series([frozenset(own) for own in given.values()], index, dtype=object).unstack()
    return wide[wide.notna().sum(axis=1) >= 2].rename_axis(columns=None)


def read_by_one(codings: pd.DataFrame) -> int:
    """How many notes one coder alone has read: they are compared with nobody's reading."""
    return int((codings.groupby("note_id")["coder"].nunique() == 1).sum())


def agreement(codings: pd.DataFrame, companies: pd.Series) -> pd.DataFrame:
    """Alpha of the viewpoints and of the codes of a note, as sets, and of each viewpoint against all others.

    codings: note_id, coder, viewpoint, code. companies: of each note, by note_id. Columns: what (`codes` or `viewpoints`: all of a
    note, or one viewpoint), measure (how sets are compared: `masi` or, for reference, `jaccard`; `present`: whether the one
    is there), notes (that two coders or more have read), coders, same (share of pairs of readings that are the same), alpha,
    low, high (95 %, whole companies drawn), verdict (`reliable` from .8, `tentative` from .667, else `unreliable`; by the lower
    end of the interval where there is one; `unknown` where there is no alpha). Where each reading holds one value, `masi` and
    `jaccard` are nominal alpha. `codes` only where any code was given.
    """
    viewpoints, codes = sets(codings, "viewpoint"), sets(codings, "code")
    rows = []
    if len(codes) and codings["code"].notna().any():
        rows += [_of_sets("codes", measure, codes, companies) for measure in ("masi", "jaccard")]
    rows.append(_of_sets("viewpoints", "masi", viewpoints, companies))
    of_each = _of_each(viewpoints, VIEWPOINTS, companies)
    rows += of_each.assign(what=list(VIEWPOINTS), measure="present").to_dict("records")
    columns = ["what", "measure", "notes", "coders", "same", "alpha", "low", "high", "verdict"]
    return pd.DataFrame(rows)[columns]


def code_agreement(codings: pd.DataFrame, companies: pd.Series) -> pd.DataFrame:
    """How far coders agree whether a code is there, for each code; the least agreed first, what cannot be told last.

    codings, companies: see `agreement`. Columns: code, companies (in whose notes anybody found it), notes (that two coders or
    more have read), coders, found (share of their readings that have the code), same (share of pairs of readings that both have
    it or both do not), kappa (Cohen's; of more coders the mean of the pairs, Light 1971), alpha, low, high, verdict as there.
    """
    wide = sets(codings, "code")
    codes = sorted(
        {code for own in wide.to_numpy(object).ravel() if isinstance(own, frozenset) for code in own}
    )
    if not codes:
        columns = "code companies notes coders found same kappa alpha low high verdict"
        return pd.DataFrame(columns=columns.split())
    found = _of_each(wide, codes, companies)
    told = codings[codings["note_id"].isin(wide.index)].dropna(subset=["code"])
    of_code = told["note_id"].map(companies).groupby(told["code"].to_numpy()).nunique()
    found = found.assign(code=codes, companies=of_code.reindex(codes).to_numpy())
    front = ["code", "companies", "notes", "coders", "found", "same", "kappa"]
    found = found[[*front, "alpha", "low", "high", "verdict"]]
    return found.sort_values(["alpha", "code"], na_position="last", ignore_index=True)


def _of_sets(what: str, measure: Any, wide: pd.DataFrame, companies: pd.Series) -> dict[str, Any]:
    found, low, high = alpha_interval(wide, companies, measure)
    each = [[own for own in row if isinstance(own, frozenset)] for row in wide.to_numpy(object)]
    same = [a == b for row in each for a, b in combinations(row, 2)]
    return {
        "what": what, "measure": measure, "notes": len(wide), "coders": int(wide.notna().any().sum()),
        "same": float(np.mean(same)) if same else np.nan,
        "alpha": found, "low": low, "high": high, "verdict": _verdict(found, low),
    }  # fmt: skip


def _of_each(wide: pd.DataFrame, values: Iterable[str], companies: pd.Series) -> pd.DataFrame:
    """Of each value a row: how alike coders say that it is there."""
    place = {value: n for n, value in enumerate(values)}
    given = wide.to_numpy(object)
    unit, coder = np.nonzero(~pd.isna(given))
    has = np.zeros((len(unit), len(place)), bool)
    for row, own in zip(has, given[unit, coder], strict=True):
        row[[place[value] for value in own]] = True
    groups, _ = pd.factorize(companies.reindex(wide.index), use_na_sentinel=False)
    alpha, low, high = binary_alphas(has, unit, groups)
    by_coder = {c: (unit[coder == c], has[coder == c]) for c in np.unique(coder)}
    kappas, same, shared = [], np.zeros(len(place)), 0
    for a, b in combinations(by_coder, 2):
        _, of_a, of_b = np.intersect1d(by_coder[a][0], by_coder[b][0], return_indices=True)
        first, second = by_coder[a][1][of_a], by_coder[b][1][of_b]
        kappas.append(_kappas(first, second))
        same += (first == second).sum(axis=0)
        shared += len(first)
    told = pd.DataFrame({
        "notes": len(wide), "coders": len(by_coder), "found": has.mean(axis=0) if len(has) else np.nan,
        "same": same / shared if shared else np.nan, "kappa": _mean(kappas, len(place)),
        "alpha": alpha, "low": low, "high": high,
    })  # fmt: skip
    return told.assign(verdict=[_verdict(*ends) for ends in zip(alpha, low, strict=True)])


def _kappas(first: Any, second: Any) -> Any:
    """Cohen's kappa of two coders for each of several yes-or-no questions (notes x questions)."""
    if not len(first):
        return np.full(first.shape[1], np.nan)
    a, b = first.mean(axis=0), second.mean(axis=0)
    by_chance = a * b + (1 - a) * (1 - b)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = ((first == second).mean(axis=0) - by_chance) / (1 - by_chance)
    return np.where(by_chance < 1, found, np.nan)


def _mean(kappas: list[Any], many: int) -> Any:
    """The mean of what pairs of coders have, of each question; missing where no pair has any."""
    every = np.array(kappas).reshape(len(kappas), many)
    known = (~np.isnan(every)).sum(axis=0)
    return np.divide(np.nansum(every, axis=0), known, out=np.full(many, np.nan), where=known > 0)


def _verdict(alpha: float, low: float) -> str:
    if alpha != alpha:
        return "unknown"
    sure = low if low == low else alpha
    return "reliable" if sure >= RELIABLE else "tentative" if sure >= TENTATIVE else "unreliable"


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

    codings: note_id, coder, viewpoint, code. A pair of coders differs as far as their sets of viewpoints are apart (MASI: 1
    where they share none), or else by half of how far viewpoints with their codes are. Columns: note_id, differ (the mean over
    the pairs), readings (of each coder, as (coder, viewpoint, code), one for each viewpoint and code given).
    """
    told: dict[str, dict[str, set[tuple[str, str | None]]]] = {}
    codes = codings["code"].astype("object").where(codings["code"].notna(), None)
    for note, coder, viewpoint, code in zip(
        codings["note_id"], codings["coder"], codings["viewpoint"], codes, strict=True
    ):
        if isinstance(viewpoint, str):
            told.setdefault(note, {}).setdefault(coder, set()).add((viewpoint, code))
    rows = []
    for note, own in told.items():
        said = {coder: _said(own[coder]) for coder in sorted(own)}
        apart = [_differ(a, b) for a, b in combinations(said.values(), 2)]
        if any(apart):
            readings = tuple(
                (coder, viewpoint, code)
                for coder, reading in said.items()
                for viewpoint, code in sorted(reading, key=lambda r: (r[0], r[1] or ""))
            )
            rows.append({"note_id": note, "differ": sum(apart) / len(apart), "readings": readings})
    found = pd.DataFrame(rows, columns=["note_id", "differ", "readings"])
    return found.sort_values(["differ", "note_id"], ascending=[False, True], ignore_index=True)


def _said(reading: set[tuple[str, str | None]]) -> frozenset[tuple[str, str | None]]:
    """A reading without `no code` of a viewpoint of which it has one."""
    coded = {viewpoint for viewpoint, code in reading if code}
    return frozenset((viewpoint, code) for viewpoint, code in reading if code or viewpoint not in coded)


def _differ(a: frozenset[tuple[str, str | None]], b: frozenset[tuple[str, str | None]]) -> float:
    """How far two readings are apart."""
    if a == b:
        return 0.0
    viewpoints = masi(frozenset(v for v, _ in a), frozenset(v for v, _ in b))
    return max(viewpoints, masi(a, b) / 2)


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

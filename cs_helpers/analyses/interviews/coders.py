"""Agreement of coders and of their roles. A reading is the set of all viewpoints and codes that a coder gave a note.

A coder has a row in `codings` for each note read; a row without a code means that no code applies. A note without a row of a
coder was not read by that coder, so its reading is missing; that is no disagreement.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import VIEWPOINTS
from cs_helpers.statistics.agreement import alpha_interval, binary_alphas, kappa, masi

#: the alpha from which codings support conclusions, and tentative conclusions (Krippendorff 2004)
RELIABLE, TENTATIVE = 0.8, 0.667


def values_by_coder(codings: pd.DataFrame, what: str) -> pd.DataFrame:
    """The sets of values that coders gave: one row per note with two or more readings, one column per coder, frozensets.

    codings: note_id, coder and the column `what` (viewpoint or code). An empty set for a reading without values;
    missing without a reading.
    """
    values_by_reading: dict[tuple[str, str], set[str]] = {}
    for note, coder, value in zip(codings["note_id"], codings["coder"], codings[what], strict=True):
        values = values_by_reading.setdefault((note, coder), set())
        if value == value and value is not None and value is not pd.NA:
            values.add(value)
    if not values_by_reading:
        return pd.DataFrame()
    index = pd.MultiIndex.from_tuples(values_by_reading, names=["note_id", "coder"])
    wide = pd.Series(
        [frozenset(values) for values in values_by_reading.values()], index, dtype=object
    ).unstack()
    return wide[wide.notna().sum(axis=1) >= 2].rename_axis(columns=None)


def count_single_readings(codings: pd.DataFrame) -> int:
    """The number of notes with a single reading, which cannot be compared."""
    return int((codings.groupby("note_id")["coder"].nunique() == 1).sum())


def agreement(codings: pd.DataFrame, companies: pd.Series) -> pd.DataFrame:
    """Alpha of the sets of viewpoints and of codes of a note, and of the presence of each viewpoint.

    codings: note_id, coder, viewpoint, code. companies: the company of each note, by note_id. Columns: what (`codes` or
    `viewpoints` for the sets of a note, or one viewpoint), measure (the distance of sets: `masi` or, for reference,
    `jaccard`; `present` for one viewpoint), notes (with two or more readings), coders, same (share of pairs of readings
    that are equal), alpha, low, high (95 %, resampling companies), verdict (`reliable` from .8, `tentative` from .667,
    else `unreliable`, by the lower bound if there is one; `unknown` without alpha). For readings of one value each,
    `masi` and `jaccard` equal nominal alpha. `codes` is left out where no code was given.
    """
    viewpoints, codes = values_by_coder(codings, "viewpoint"), values_by_coder(codings, "code")
    rows = []
    if len(codes) and codings["code"].notna().any():
        rows += [_set_agreement("codes", measure, codes, companies) for measure in ("masi", "jaccard")]
    rows.append(_set_agreement("viewpoints", "masi", viewpoints, companies))
    by_viewpoint = _presence_agreement(viewpoints, VIEWPOINTS, companies)
    rows += by_viewpoint.assign(what=list(VIEWPOINTS), measure="present").to_dict("records")
    columns = ["what", "measure", "notes", "coders", "same", "alpha", "low", "high", "verdict"]
    return pd.DataFrame(rows)[columns]


def code_agreement(codings: pd.DataFrame, companies: pd.Series) -> pd.DataFrame:
    """The agreement of coders on the presence of each code; lowest alpha first, unknown alpha last.

    codings, companies: see `agreement`. Columns: code, companies (with a note that any coder gave the code), notes (with
    two or more readings), coders, present (share of readings with the code), same (share of pairs of readings that
    agree), kappa (Cohen's; for more coders the mean over pairs, Light 1971), alpha, low, high, verdict (as in
    `agreement`).
    """
    wide = values_by_coder(codings, "code")
    codes = sorted(
        {
            code
            for reading in wide.to_numpy(object).ravel()
            if isinstance(reading, frozenset)
            for code in reading
        }
    )
    if not codes:
        columns = "code companies notes coders present same kappa alpha low high verdict"
        return pd.DataFrame(columns=columns.split())
    table = _presence_agreement(wide, codes, companies)
    given = codings[codings["note_id"].isin(wide.index)].dropna(subset=["code"])
    companies_by_code = given["note_id"].map(companies).groupby(given["code"].to_numpy()).nunique()
    table = table.assign(code=codes, companies=companies_by_code.reindex(codes).to_numpy())
    front = ["code", "companies", "notes", "coders", "present", "same", "kappa"]
    table = table[[*front, "alpha", "low", "high", "verdict"]]
    return table.sort_values(["alpha", "code"], na_position="last", ignore_index=True)


def _set_agreement(what: str, measure: Any, wide: pd.DataFrame, companies: pd.Series) -> dict[str, Any]:
    alpha, low, high = alpha_interval(wide, companies, measure)
    readings_by_note = [
        [reading for reading in row if isinstance(reading, frozenset)] for row in wide.to_numpy(object)
    ]
    is_same = [a == b for row in readings_by_note for a, b in combinations(row, 2)]
    return {
        "what": what, "measure": measure, "notes": len(wide), "coders": int(wide.notna().any().sum()),
        "same": float(np.mean(is_same)) if is_same else np.nan,
        "alpha": alpha, "low": low, "high": high, "verdict": _verdict(alpha, low),
    }  # fmt: skip


def _presence_agreement(wide: pd.DataFrame, values: Iterable[str], companies: pd.Series) -> pd.DataFrame:
    """The agreement of coders on the presence of each value, one row per value."""
    position = {value: n for n, value in enumerate(values)}
    readings = wide.to_numpy(object)
    unit, coder = np.nonzero(~pd.isna(readings))
    is_present = np.zeros((len(unit), len(position)), bool)
    for row, reading in zip(is_present, readings[unit, coder], strict=True):
        row[[position[value] for value in reading]] = True
    groups, _ = pd.factorize(companies.reindex(wide.index), use_na_sentinel=False)
    alpha, low, high = binary_alphas(is_present, unit, groups)
    by_coder = {c: (unit[coder == c], is_present[coder == c]) for c in np.unique(coder)}
    kappas, same, pair_count = [], np.zeros(len(position)), 0
    for a, b in combinations(by_coder, 2):
        _, of_a, of_b = np.intersect1d(by_coder[a][0], by_coder[b][0], return_indices=True)
        first, second = by_coder[a][1][of_a], by_coder[b][1][of_b]
        kappas.append(_kappas(first, second))
        same += (first == second).sum(axis=0)
        pair_count += len(first)
    table = pd.DataFrame({
        "notes": len(wide), "coders": len(by_coder), "present": is_present.mean(axis=0) if len(is_present) else np.nan,
        "same": same / pair_count if pair_count else np.nan, "kappa": _mean(kappas, len(position)),
        "alpha": alpha, "low": low, "high": high,
    })  # fmt: skip
    return table.assign(verdict=[_verdict(*alpha_and_low) for alpha_and_low in zip(alpha, low, strict=True)])


def _kappas(first: Any, second: Any) -> Any:
    """Cohen's kappa of two coders for several yes-or-no questions (notes x questions)."""
    if not len(first):
        return np.full(first.shape[1], np.nan)
    a, b = first.mean(axis=0), second.mean(axis=0)
    by_chance = a * b + (1 - a) * (1 - b)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = ((first == second).mean(axis=0) - by_chance) / (1 - by_chance)
    return np.where(by_chance < 1, values, np.nan)


def _mean(kappas: list[Any], questions: int) -> Any:
    """The mean kappa over pairs of coders by question; NaN where no pair has one."""
    values = np.array(kappas).reshape(len(kappas), questions)
    counts = (~np.isnan(values)).sum(axis=0)
    return np.divide(np.nansum(values, axis=0), counts, out=np.full(questions, np.nan), where=counts > 0)


def _verdict(alpha: float, low: float) -> str:
    if alpha != alpha:
        return "unknown"
    bound = low if low == low else alpha
    return "reliable" if bound >= RELIABLE else "tentative" if bound >= TENTATIVE else "unreliable"


def pairwise_kappa(codings: pd.DataFrame, by: str = "coder") -> pd.DataFrame:
    """Cohen's kappa of the viewpoint for each pair of coders or roles. Columns: first, second, notes, kappa."""
    wide = viewpoint_by_reader(codings, by)
    rows = [
        {
            "first": a, "second": b, "notes": int((wide[a].notna() & wide[b].notna()).sum()),
            "kappa": kappa(wide[a], wide[b]),
        }
        for a, b in combinations(sorted(wide.columns), 2)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["first", "second", "notes", "kappa"])
    return table[table["notes"] > 0].sort_values("kappa", ignore_index=True)


def disputed_notes(codings: pd.DataFrame) -> pd.DataFrame:
    """Notes whose readings differ, largest difference first.

    codings: note_id, coder, viewpoint, code. The difference of two readings is the MASI distance of their sets of
    viewpoints, at least half the MASI distance of their sets of (viewpoint, code). Columns: note_id, differ (the mean
    over pairs of coders), readings (tuple of (coder, viewpoint, code)).
    """
    codes_by_note: dict[str, dict[str, set[tuple[str, str | None]]]] = {}
    codes = codings["code"].astype("object").where(codings["code"].notna(), None)
    for note, coder, viewpoint, code in zip(
        codings["note_id"], codings["coder"], codings["viewpoint"], codes, strict=True
    ):
        if isinstance(viewpoint, str):
            codes_by_note.setdefault(note, {}).setdefault(coder, set()).add((viewpoint, code))
    rows = []
    for note, codes_by_coder in codes_by_note.items():
        readings_by_coder = {coder: _clean_reading(codes_by_coder[coder]) for coder in sorted(codes_by_coder)}
        differences = [_reading_difference(a, b) for a, b in combinations(readings_by_coder.values(), 2)]
        if any(differences):
            readings = tuple(
                (coder, viewpoint, code)
                for coder, reading in readings_by_coder.items()
                for viewpoint, code in sorted(reading, key=lambda r: (r[0], r[1] or ""))
            )
            rows.append(
                {
                    "note_id": note,
                    "differ": sum(differences) / len(differences),
                    "readings": readings,
                }
            )
    table = pd.DataFrame(rows, columns=["note_id", "differ", "readings"])
    return table.sort_values(["differ", "note_id"], ascending=[False, True], ignore_index=True)


def _clean_reading(reading: set[tuple[str, str | None]]) -> frozenset[tuple[str, str | None]]:
    """A reading without the missing code of viewpoints that have a code."""
    coded = {viewpoint for viewpoint, code in reading if code}
    return frozenset((viewpoint, code) for viewpoint, code in reading if code or viewpoint not in coded)


def _reading_difference(a: frozenset[tuple[str, str | None]], b: frozenset[tuple[str, str | None]]) -> float:
    """The difference of two readings, 0 to 1."""
    if a == b:
        return 0.0
    viewpoints = masi(frozenset(v for v, _ in a), frozenset(v for v, _ in b))
    return max(viewpoints, masi(a, b) / 2)


def codes_by_role(codings: pd.DataFrame, companies: pd.Series) -> pd.DataFrame:
    """The number of companies by code and role of the coders who gave it.

    codings: note_id, coder_role, code. Columns: code, one per role, companies (over all roles), roles (that gave it).
    Sorted by roles, then by companies, descending.
    """
    given = codings.dropna(subset=["code", "coder_role"])
    given = given.assign(company=given["note_id"].map(companies))
    by_role = given.groupby(["code", "coder_role"])["company"].nunique().unstack(fill_value=0)
    by_role.columns.name = None
    table = by_role.assign(
        companies=given.groupby("code")["company"].nunique(), roles=(by_role > 0).sum(axis=1)
    )
    table = table.reset_index()
    return table.sort_values(["roles", "companies", "code"], ascending=[True, False, True], ignore_index=True)


def viewpoint_by_reader(codings: pd.DataFrame, by: str) -> pd.DataFrame:
    """The viewpoint of each note by coder or role: one row per note, one column per coder or role.

    The most frequent viewpoint; ties go to the first by name.
    """
    given = codings.dropna(subset=[by, "viewpoint"])
    counts = given.groupby(["note_id", by, "viewpoint"]).size().rename("count").reset_index()
    counts = counts.sort_values(["count", "viewpoint"], ascending=[False, True], kind="stable")
    wide = counts.drop_duplicates(["note_id", by]).pivot(index="note_id", columns=by, values="viewpoint")
    wide.columns.name = None
    return wide

"""The framework matrix: segment by viewpoint, with the themes told there and the words they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from cs_helpers.analyses.interviews.coverage import segments_in
from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.vocabulary import VIEWPOINTS
from cs_helpers.statistics.counts import count_distinct

#: themes named in a cell, with a quote each
CODES = 2
#: a code is a theme with so many notes, seen or said, from so many companies: nothing is abstracted from less
THEME_NOTES, THEME_COMPANIES = 3, 2


def matrix(told: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER) -> pd.DataFrame:
    """Each cell of segment and viewpoint: how many companies, which themes, in whose words.

    told: a row a reading: account_id, size, quadrant, industry, held_on, note_id, viewpoint, code, evidence, script,
    text. Columns: dimension, segment, viewpoint, companies (heard on it), of (heard in the segment), codes (tuple of
    (code, companies), what most told first; guesses do not count), quotes (tuple of (code, script, note_id,
    evidence, text): of each of these codes the latest note in each script). A row also where nobody was heard.
    """
    solid = told[told["evidence"] != "inference"].dropna(subset=["code"]).sort_values(["held_on", "note_id"])
    rows = []
    for dimension, order in segments_in(told, sizes).items():
        cell = [dimension, "viewpoint"]
        heard, of = count_distinct(told, *cell), count_distinct(told, dimension)
        most: dict[tuple[str, ...], list[tuple[str, int]]] = {}
        told_by = count_distinct(solid, *cell, "code")
        for (*place, code), companies in sorted(told_by.items(), key=lambda each: (-each[1], each[0][-1])):
            most.setdefault(tuple(place), []).append((code, companies))
        latest = solid.drop_duplicates([*cell, "code", "script"], keep="last")
        quoted: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for q in zip(
            *(latest[c] for c in (*cell, "code", "script", "note_id", "evidence", "text")), strict=True
        ):
            quoted.setdefault(q[:3], []).append(q[2:])
        for segment, viewpoint in product(order, VIEWPOINTS):
            key = (segment, viewpoint)
            codes = tuple(most.get(key, [])[:CODES])
            quotes = tuple(quote for code, _ in codes for quote in quoted[*key, code])
            rows.append((dimension, *key, heard[key], of[(segment,)], codes, quotes))
    columns = ["dimension", "segment", "viewpoint", "companies", "of", "codes", "quotes"]
    return pd.DataFrame(rows, columns=columns)


def themes(told: pd.DataFrame) -> pd.DataFrame:
    """Each code with its notes: a theme only with enough of them, seen or said, from enough companies.

    Columns: code, companies, notes, note_ids (of notes that are no guess, the latest first), theme. What
    most companies told comes first.
    """
    solid = told[told["evidence"] != "inference"].dropna(subset=["code"]).drop_duplicates(["note_id", "code"])
    solid = solid.sort_values(["held_on", "note_id"], ascending=[False, True])
    found = solid.groupby("code").agg(
        companies=("account_id", "nunique"), notes=("note_id", "size"), note_ids=("note_id", tuple)
    )
    found["theme"] = (found["notes"] >= THEME_NOTES) & (found["companies"] >= THEME_COMPANIES)
    return found.reset_index().sort_values(
        ["companies", "notes", "code"], ascending=[False, False, True], ignore_index=True
    )


def sources(told: pd.DataFrame) -> pd.DataFrame:
    """Each note with what it was read as, the latest first.

    Columns: note_id, account_id, name, size, held_on, evidence, text, readings (tuple of (viewpoint, code);
    empty where nobody coded it).
    """
    about = ["note_id", "account_id", "name", "size", "held_on", "evidence", "text"]
    coded = told.dropna(subset=["viewpoint"])
    readings: dict[str, list[tuple[str, str]]] = {}
    for row in coded[["note_id", "viewpoint", "code"]].itertuples(index=False):
        readings.setdefault(row.note_id, []).append((row.viewpoint, row.code if row.code == row.code else ""))
    found = told.drop_duplicates("note_id")[about]
    found = found.assign(readings=[tuple(readings.get(note, ())) for note in found["note_id"]])
    return found.sort_values(["held_on", "note_id"], ascending=[False, True], ignore_index=True)

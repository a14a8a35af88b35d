"""The framework matrix of segments by viewpoints with themes and quotes, the themes, and their sources."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from cs_helpers.analyses.interviews.coverage import segment_orders
from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.vocabulary import VIEWPOINTS
from cs_helpers.statistics.counts import count_distinct

#: the themes named in a cell, with a quote each
CODES = 2
#: the notes (without inferences) and companies that a code needs to be a theme
THEME_NOTES, THEME_COMPANIES = 3, 2


def matrix(readings: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER) -> pd.DataFrame:
    """The number of companies, the themes and quotes by segment and viewpoint.

    readings: account_id, size, quadrant, industry, held_on, note_id, viewpoint, code, evidence, script, text. Columns:
    dimension, segment, viewpoint, companies (with a note on the viewpoint), of (interviewed in the segment), codes
    (tuple of (code, companies), most companies first, without inferences), quotes (tuple of (code, script, note_id,
    evidence, text): the latest note of each code in each script). Cells without companies have a row, too.
    """
    certain = (
        readings[readings["evidence"] != "inference"]
        .dropna(subset=["code"])
        .sort_values(["held_on", "note_id"])
    )
    rows = []
    for dimension, order in segment_orders(readings, sizes).items():
        cell = [dimension, "viewpoint"]
        companies, interviewed = count_distinct(readings, *cell), count_distinct(readings, dimension)
        codes_by_cell: dict[tuple[str, ...], list[tuple[str, int]]] = {}
        by_code = count_distinct(certain, *cell, "code")
        for (*cell_key, code), n in sorted(by_code.items(), key=lambda item: (-item[1], item[0][-1])):
            codes_by_cell.setdefault(tuple(cell_key), []).append((code, n))
        latest = certain.drop_duplicates([*cell, "code", "script"], keep="last")
        quotes_by_code: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for q in zip(
            *(latest[c] for c in (*cell, "code", "script", "note_id", "evidence", "text")), strict=True
        ):
            quotes_by_code.setdefault(q[:3], []).append(q[2:])
        for segment, viewpoint in product(order, VIEWPOINTS):
            key = (segment, viewpoint)
            codes = tuple(codes_by_cell.get(key, [])[:CODES])
            quotes = tuple(quote for code, _ in codes for quote in quotes_by_code[*key, code])
            rows.append((dimension, *key, companies[key], interviewed[(segment,)], codes, quotes))
    columns = ["dimension", "segment", "viewpoint", "companies", "of", "codes", "quotes"]
    return pd.DataFrame(rows, columns=columns)


def themes(readings: pd.DataFrame) -> pd.DataFrame:
    """The codes with their notes, without inferences, and whether each is a theme.

    Columns: code, companies, notes, note_ids (latest first), theme. Sorted by companies, descending.
    """
    mentions = (
        readings[readings["evidence"] != "inference"]
        .dropna(subset=["code"])
        .drop_duplicates(["note_id", "code"])
    )
    mentions = mentions.sort_values(["held_on", "note_id"], ascending=[False, True])
    table = mentions.groupby("code").agg(
        companies=("account_id", "nunique"), notes=("note_id", "size"), note_ids=("note_id", tuple)
    )
    table["theme"] = (table["notes"] >= THEME_NOTES) & (table["companies"] >= THEME_COMPANIES)
    return table.reset_index().sort_values(
        ["companies", "notes", "code"], ascending=[False, False, True], ignore_index=True
    )


def sources(readings: pd.DataFrame) -> pd.DataFrame:
    """The notes with their readings, latest first.

    Columns: note_id, account_id, name, size, held_on, evidence, text, readings (tuple of (viewpoint, code), empty for
    a note without codings).
    """
    columns = ["note_id", "account_id", "name", "size", "held_on", "evidence", "text"]
    coded = readings.dropna(subset=["viewpoint"])
    readings_by_note: dict[str, list[tuple[str, str]]] = {}
    for row in coded[["note_id", "viewpoint", "code"]].itertuples(index=False):
        readings_by_note.setdefault(row.note_id, []).append(
            (row.viewpoint, row.code if row.code == row.code else "")
        )
    notes = readings.drop_duplicates("note_id")[columns]
    notes = notes.assign(readings=[tuple(readings_by_note.get(note, ())) for note in notes["note_id"]])
    return notes.sort_values(["held_on", "note_id"], ascending=[False, True], ignore_index=True)

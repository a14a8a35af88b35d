"""Codes that differ between segments."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.customers.segments import mask_unknown
from cs_helpers.statistics.variation import compare_segments

#: the companies of a size that must mention a code before it is a fact of that size
MIN_COMPANIES = 5


def segments_by_dimension(notes: pd.DataFrame) -> dict[str, pd.Series]:
    """Dimension -> the segment of each interviewed company, by account_id; missing where it is unknown."""
    companies = notes.drop_duplicates("account_id").set_index("account_id")
    return {dimension: mask_unknown(companies[dimension]) for dimension in ("size", "quadrant", "industry")}


def varying_codes(readings: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Whether each code varies by the columns of `segments` (by account_id): dimension, and `variation.compare_segments`."""
    parts = [compare_segments(readings, mask_unknown(segments[d])).assign(dimension=d) for d in segments]
    return pd.concat(parts, ignore_index=True).sort_values(["p", "code"], kind="stable", ignore_index=True)


def exclusive_codes(readings: pd.DataFrame, varying: pd.DataFrame) -> pd.DataFrame:
    """Codes that vary by size and are mentioned by companies of one size only, with the latest note in each script.

    varying: the table of `varying_codes`. Columns: code, size, companies, of, other_of (companies interviewed of the
    size, of all others), p, script, text.
    """
    rows = []
    varies_by_size = varying[(varying["dimension"] == "size") & (varying["verdict"] == "varies")]
    for row in varies_by_size.itertuples():
        mentioned = {size: n for size, n in row.mentioned.items() if n}
        # companies of unknown size may be of another one
        is_unknown = (readings["code"] == row.code) & (readings["size"] == UNKNOWN)
        if len(mentioned) > 1 or sum(mentioned.values()) < MIN_COMPANIES or is_unknown.any():
            continue
        [(size, companies)] = mentioned.items()
        interviewed = row.of[size]
        notes = readings[readings["code"] == row.code].sort_values(["held_on", "note_id"])
        latest = notes.drop_duplicates("script", keep="last")
        others = sum(row.of.values()) - interviewed
        rows += [
            [row.code, size, companies, interviewed, others, row.p, note.script, note.text]
            for note in latest.itertuples()
        ]
    return pd.DataFrame(rows, columns=["code", "size", "companies", "of", "other_of", "p", "script", "text"])

"""The matrix of segment and viewpoint shows every cell, also the empty ones."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.interviews.framework import CODES, matrix

COLUMNS = ["account_id", "size", "viewpoint", "code", "evidence", "script", "note_id", "text", "held_on"]


def readings(*rows: tuple[str, str, str | None, str, str]) -> pd.DataFrame:
    """Readings: company, viewpoint, code, evidence, script; every company is small."""
    frame = pd.DataFrame(
        [(c, "small", v, code, e, s, f"N-{n}", f"text {n}", pd.Timestamp("2026-06-01") + pd.Timedelta(days=n)) for n, (c, v, code, e, s) in enumerate(rows)],
        columns=COLUMNS,
    )  # fmt: skip
    return frame.assign(
        quadrant=pd.Series(pd.NA, frame.index, dtype="str"), industry="retail", name=frame["account_id"]
    )


def test_every_cell_has_a_row_with_the_themes_most_companies_told() -> None:
    result = matrix(
        readings(
            ("a", "problem", "one", "words", "ja"), ("b", "problem", "one", "behaviour", "latin"),
            ("a", "problem", "two", "words", "ja"), ("b", "problem", "three", "words", "ja"), ("c", "problem", "one", "inference", "ja"),
        )
    )  # fmt: skip
    assert set(result["dimension"]) == {"size", "industry"}  # nobody's quadrant is known
    cells = result[result["dimension"] == "size"].set_index(["segment", "viewpoint"])
    assert len(cells) == 5
    cell = cells.loc[("small", "problem")]
    assert (cell["companies"], cell["of"]) == (3, 3)
    assert cell["codes"] == (("one", 2), ("three", 1))[:CODES]
    # of the first theme a note in each script; what was only inferred is nobody's word
    assert [(code, script, note) for code, script, note, *_ in cell["quotes"]] == [("one", "ja", "N-0"), ("one", "latin", "N-1"), ("three", "ja", "N-3")]  # fmt: skip
    empty = cells.loc[("small", "request")]
    assert (empty["companies"], empty["of"], empty["codes"], empty["quotes"]) == (0, 3, (), ())

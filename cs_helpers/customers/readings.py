"""What customers said in interviews, each note by the reading of one coder."""

from __future__ import annotations

from datetime import date

import pandas as pd

from cs_helpers.snapshot import ProductData


def one_reading(codings: pd.DataFrame, notes: pd.Series) -> pd.DataFrame:
    """The codings of some notes, each note by one coder: of its coders the one who coded most of these notes.

    Of equals the first in the table, because pseudonyms would change an order by name for leadership.
    """
    rows = codings[codings["note_id"].isin(notes)]
    coders = rows.groupby("coder", sort=False).size().sort_values(ascending=False, kind="stable")
    rank = rows["coder"].map({coder: n for n, coder in enumerate(coders.index)})
    return rows[rank == rank.groupby(rows["note_id"]).transform("min")]


def evidence_of(rows: pd.DataFrame) -> pd.Series:
    """The evidence of notes with their readings: by the coder's judgement, where there is none by who took the note.

    rows: evidence (of the coding) and evidence_noted (of the note).
    """
    return rows["evidence"].fillna(rows["evidence_noted"])


def interviews_after(data: ProductData, after: pd.Series, until: date) -> pd.DataFrame:
    """The interviews of each account later than a day of its own, up to a day: interview_id, account_id, held_on.

    after: account_id -> that day; an account without one has no rows.
    """
    interviews = data["interviews"]
    later = interviews["held_on"] > interviews["account_id"].map(after).astype("datetime64[us]")
    return interviews.loc[
        later & (interviews["held_on"] <= pd.Timestamp(until)), ["interview_id", "account_id", "held_on"]
    ]


def expectations(data: ProductData, held: pd.DataFrame) -> pd.DataFrame:
    """What each account said in some interviews that it expects of the product.

    That are the notes of viewpoint 1 (problem) whose depth is `expectation`, without guesses (evidence `inference`). held: interview_id, account_id, held_on. Columns: account_id, code, held_on (the last interview in which it
    said so); sorted.
    """
    notes = data["notes"][["note_id", "interview_id", "evidence"]].merge(held, on="interview_id")
    notes = notes.rename(columns={"evidence": "evidence_noted"})
    coded = one_reading(data["codings"], notes["note_id"])
    is_expectation = coded["viewpoint"].eq("problem") & coded["why_level"].eq("expectation")
    said = coded[is_expectation.fillna(False) & coded["code"].notna()].merge(notes, on="note_id")
    said = said[evidence_of(said) != "inference"]
    return said.groupby(["account_id", "code"])["held_on"].max().reset_index()

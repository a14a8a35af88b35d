"""The notes of the interviews of a report, each with the reading of one coder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.segments import with_segments
from cs_helpers.snapshot import ProductData
from cs_helpers.words.masking import blank_pseudonyms
from cs_helpers.words.tokens import JAPANESE

#: a report covers the interviews of this many quarters, including its own
QUARTERS = 4


def note_readings(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The notes of the period, one row per viewpoint and code of a note: company, segments, evidence and reading.

    The readings of a note are those of one coder: of its coders, the one who coded most notes of the period (the first
    in the table if several did). A note without codings has one row without a reading. `script` is `ja` for notes with
    Japanese letters, else `latin`.
    """
    interviews = data["interviews"]
    in_period = interviews["held_on"].between(
        pd.Timestamp(quarter.back(QUARTERS - 1).start), pd.Timestamp(quarter.end), inclusive="both"
    )
    accounts = with_segments(data["accounts"])[["account_id", "name", "size", "industry", "quadrant"]]
    notes = data["notes"].merge(
        interviews[in_period][["interview_id", "account_id", "held_on", "interviewer"]], on="interview_id"
    )
    notes = notes.merge(accounts, on="account_id")
    notes["script"] = np.where(notes["text"].map(blank_pseudonyms).str.contains(JAPANESE), "ja", "latin")
    columns = ["note_id", "viewpoint", "polarity", "code", "why_level", "reason", "reason_status"]
    codings = data["codings"][data["codings"]["note_id"].isin(notes["note_id"])]
    # ties go to the first coder in the table: pseudonyms would change an order by name for leadership
    coders = codings.groupby("coder", sort=False).size().sort_values(ascending=False, kind="stable")
    rank = codings["coder"].map({coder: n for n, coder in enumerate(coders.index)})
    codings = codings[rank == rank.groupby(codings["note_id"]).transform("min")]
    codings = codings.sort_values(["note_id", "viewpoint", "code"], kind="stable")
    return notes.merge(codings[columns], on="note_id", how="left")

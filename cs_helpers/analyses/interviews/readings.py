"""The notes of the interviews of a report, each with the reading of one coder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.readings import evidence_of, one_reading
from cs_helpers.customers.segments import with_segments
from cs_helpers.snapshot import ProductData
from cs_helpers.words.masking import blank_pseudonyms
from cs_helpers.words.tokens import JAPANESE

#: a report covers the interviews of this many quarters, including its own
QUARTERS = 4


def note_readings(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The notes of the period, one row per viewpoint and code of a note: company, segments, evidence and reading.

    The readings of a note are those of one coder (`customers.readings.one_reading`, of the notes of the period). A note without codings has one row without a reading. `script` is `ja` for notes with
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
    columns = ["note_id", "viewpoint", "polarity", "code", "evidence", "why_level", "reason", "reason_status"]
    codings = one_reading(data["codings"], notes["note_id"]).sort_values(
        ["note_id", "viewpoint", "code"], kind="stable"
    )
    rows = notes.rename(columns={"evidence": "evidence_noted"}).merge(
        codings[columns], on="note_id", how="left"
    )
    return rows.assign(evidence=evidence_of(rows)).drop(columns="evidence_noted")

"""What leaves the team: names under cover, and no number small enough to point at a company."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.snapshot import ProductData
from cs_helpers.words.masking import Masker, Pseudonym

#: a number of fewer companies is not shown to leadership
LEAST = 3


def masked(data: ProductData, pseudonym: Pseudonym) -> ProductData:
    """The same tables with customers' names replaced, and names, addresses and numbers in notes and codes too.

    Names of CSMs, interviewers and coders are hidden in notes; codes such as csm-03 are no names.
    """
    accounts = data["accounts"]
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    staff = pd.concat([accounts["csm"], data["interviews"]["interviewer"], data["codings"]["coder"]])
    masker = Masker(names, staff.dropna().unique())
    company = data["interviews"].set_index("interview_id")["account_id"]
    notes = data["notes"].sort_values("note_id")
    of = notes["interview_id"].map(company)
    texts = masker.masked(notes["text"].tolist(), of.tolist(), pseudonym)
    codings = data["codings"]
    codes = sorted(codings["code"].dropna().unique())
    covered = dict(zip(codes, masker.masked(codes, [""] * len(codes), pseudonym), strict=True))
    return data.with_tables(
        {
            "accounts": accounts.assign(
                name=[pseudonym("company", masker.company[account]) for account in accounts["account_id"]]
            ),
            "notes": notes.assign(text=pd.Series(texts, notes.index, dtype=notes["text"].dtype)).sort_index(),
            "codings": codings.assign(code=codings["code"].map(covered).astype(codings["code"].dtype)),
        }
    )


def whole_rows(counts: np.ndarray) -> np.ndarray:
    """Which rows of a table of counts are not shown: those with a cell of 1 to `LEAST` - 1.

    The sum of a row is often known from elsewhere, and with p, V or the number of companies asked so is what is
    missing of it; so a row is shown whole or not at all.
    """
    counts = np.asarray(counts)
    return np.asarray(((counts > 0) & (counts < LEAST)).any(axis=-1))

"""What leaves the team: names under cover, and no number small enough to point at a company."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.snapshot import ProductData
from cs_helpers.words.masking import Masker, Pseudonym

#: a number of fewer companies is not shown to leadership
LEAST = 3


def masked(data: ProductData, pseudonym: Pseudonym) -> ProductData:
    """The same tables with customers' names replaced, and names, addresses and numbers in notes too.

    A customer's number is its place among the product's customers by account_id. Names of CSMs, interviewers and
    coders are hidden in notes; codes such as csm-03 are no names.
    """
    accounts = data["accounts"]
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    staff = pd.concat([accounts["csm"], data["interviews"]["interviewer"], data["codings"]["coder"]])
    masker = Masker(names, staff.dropna().unique())
    company = data["interviews"].set_index("interview_id")["account_id"]
    notes = data["notes"].sort_values("note_id")
    of = notes["interview_id"].map(company)
    texts = masker.masked(notes["text"].tolist(), of.tolist(), pseudonym)
    hidden = {
        "accounts": accounts.assign(
            name=[pseudonym("company", masker.company[account]) for account in accounts["account_id"]]
        ),
        "notes": notes.assign(text=texts).sort_index(),
    }
    return replace(data, tables=_Masked(data.tables, hidden))


class _Masked(dict[str, pd.DataFrame]):
    """The tables of a product, some of them masked; the others are read when they are asked for."""

    def __init__(self, whole: object, hidden: dict[str, pd.DataFrame]) -> None:
        super().__init__(hidden)
        self._whole = whole

    def __missing__(self, name: str) -> pd.DataFrame:
        return self._whole[name]  # type: ignore[index]


def suppressed(counts: np.ndarray, *, least: int = LEAST, down: bool = False) -> np.ndarray:
    """Which cells of a table of counts must not be shown: True where hidden.

    Cells of 1 to least - 1 are hidden; and, as the sums of rows are known from elsewhere, of each row as many
    more (the smallest) as it takes that no hidden one can be worked out from the others: a single hidden cell
    is the sum less the rest, and hidden cells that all are 1, or all least - 1, are told by their sum.
    down: the sums of columns are known too.
    """
    counts = np.asarray(counts)
    first = (counts > 0) & (counts < least)
    hidden = first.copy()
    changed = True
    while changed:
        changed = False
        lines = [(hidden[row], first[row], counts[row]) for row in range(len(counts))]
        if down:
            lines += [(hidden[:, c], first[:, c], counts[:, c]) for c in range(counts.shape[1])]
        for cover, small, line in lines:  # `cover` is a view: what is hidden in it is hidden in the table
            while _told(cover, small, line, least) and not cover.all():
                shown = np.flatnonzero(~cover)
                # a cell of nobody says nothing when it is hidden, unless there is no other
                cover[min(shown, key=lambda cell: (line[cell] == 0, line[cell]))] = True
                changed = True
    return hidden


def _told(cover: np.ndarray, small: np.ndarray, line: np.ndarray, least: int) -> bool:
    """Whether the hidden cells of a line can be worked out from its sum."""
    many = int(cover.sum())
    if many == 0 or many == len(line) == 1:
        return False
    total = int(line[cover].sum())
    return many == 1 or (bool(small[cover].all()) and total in (many, (least - 1) * many))

"""One look for all tables; the page's style sheet gives the colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from great_tables import GT

from cs_helpers.analyses.result import Result
from cs_helpers.text import Text

#: a page shows no more rows of a table: the whole one lies beside it
LONGEST = 12


@dataclass(frozen=True)
class Listing:
    """A table of the page, and all its rows.

    `whole` has the page's headings and every row, numbers plain and dates as in 2026-07-31;
    `shown` counts the rows on the page.
    """

    page: GT
    whole: pd.DataFrame
    shown: int

    @property
    def cut(self) -> bool:
        """Whether the page shows fewer rows than there are."""
        return self.shown < len(self.whole)

    def as_raw_html(self) -> str:
        """The table of the page."""
        return str(self.page.as_raw_html())


#: what sets the answer to one question of a page as a table
Setter = Callable[[Result, Text], Listing]


def table(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    name: str,
    right: tuple[str, ...] = (),
    whole: pd.DataFrame | None = None,
) -> Listing:
    """`frame`, all of it text already, under the headings `columns`; great_tables escapes cells.

    `whole` has the same columns and all rows, where the page shows only the first of them.
    """
    shown = frame[list(columns)].astype("object").fillna("").rename(columns=dict(columns))
    aligned = [columns[c] for c in right]
    built = GT(shown, id=f"table-{name}")
    every = shown if whole is None else whole[list(columns)].rename(columns=dict(columns))
    return Listing(built.cols_align("right", columns=aligned) if aligned else built, every, len(shown))

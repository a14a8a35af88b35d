"""One look for all tables; the page's style sheet gives the colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.text import Text

#: a page shows no more rows of a table: the whole one lies beside it
LONGEST = 12


@dataclass(frozen=True)
class Listing:
    """A table of the page, and all its rows.

    `page` has the page's headings and what its cells say; columns of `right` are set to the right.
    `whole` has every row, numbers plain and dates as in 2026-07-31; under the same headings, with the unit of
    plain numbers, unless the page sets several rows into one cell. `title` is the key of its heading; `message` the
    sentence above the table, if there is one.
    """

    name: str
    page: pd.DataFrame
    right: frozenset[str]
    whole: pd.DataFrame
    title: str = "title"
    message: str = ""

    @property
    def shown(self) -> int:
        """How many rows are on the page."""
        return len(self.page)

    @property
    def cut(self) -> bool:
        """Whether the page shows fewer rows than there are."""
        return self.shown < len(self.whole)

    def as_html(self) -> str:
        """The table of the page; every heading and cell is text, whatever it looks like."""
        sides = ["right" if heading in self.right else "left" for heading in self.page]
        headings = "".join(
            f'<th scope="col" class="{side}">{escape(heading)}</th>'
            for side, heading in zip(sides, self.page, strict=True)
        )
        rows = "\n".join(
            "<tr>"
            + "".join(
                f'<td class="{side}">{escape(cell)}</td>' for side, cell in zip(sides, row, strict=True)
            )
            + "</tr>"
            for row in self.page.itertuples(index=False, name=None)
        )
        return (
            f'<table id="table-{self.name}">\n<thead><tr>{headings}</tr></thead>\n'
            f"<tbody>\n{rows}\n</tbody>\n</table>"
        )


#: what sets the answer to one question of a page as a table
Setter = Callable[[Result, Text], Listing]


def table(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    name: str,
    right: tuple[str, ...] = (),
    whole: pd.DataFrame | None = None,
    units: Mapping[str, str] | None = None,
    title: str = "title",
    message: str = "",
) -> Listing:
    """`frame` under the headings `columns`, its cells as they are to be read.

    `whole` has the same columns and all rows, where the page shows only the first of them; `units` are those of
    its columns that the page's cells say themselves, as a currency.
    """
    shown = frame[list(columns)].astype("object").fillna("").astype("str").rename(columns=dict(columns))
    named = {
        c: f"{heading} ({units[c]})" if units and units.get(c) else heading for c, heading in columns.items()
    }
    every = shown if whole is None else whole[list(columns)].rename(columns=named)
    return Listing(name, shown, frozenset(columns[c] for c in right if c in columns), every, title, message)

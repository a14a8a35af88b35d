"""The common form of all tables; the style sheet of the page sets the colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from cs_helpers.result import PLACE, Result
from cs_helpers.text import Text

#: the most rows of a table that a page shows; all of them are in the download
MAX_ROWS = 12
#: so many more are shown too, rather than cut off
_FEW_MORE = 3


@dataclass(frozen=True)
class Listing:
    """A table as the page shows it, and with all rows for the download.

    page: the cells as text, under the headings of the page. right: the headings of right-aligned columns. all_rows:
    every row with plain numbers and ISO dates, under the same headings (with the unit of plain numbers), unless the
    page combines several rows in one cell. title: the catalogue key of the heading. message: the sentence above the
    table, or ''. is_stacked: of a table of sentences: on a phone its cells stand below each other. files: further files
    beside the page, offered however short the table is: name -> the rows under the headings that another program reads.
    The catalogue has the words of the link, `<analysis>.<question>.<name>`. links: heading -> for each row of the page words
    of its cell, and the answer of a report that they lead to (`<analysis>-<question>`; '': nowhere).
    """

    name: str
    page: pd.DataFrame
    right: frozenset[str]
    all_rows: pd.DataFrame
    title: str = "title"
    message: str = ""
    is_stacked: bool = False
    files: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    links: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    @property
    def shown_rows(self) -> int:
        """The number of rows on the page."""
        return len(self.page)

    @property
    def is_truncated(self) -> bool:
        """Whether the page shows fewer rows than `all_rows` has."""
        return self.shown_rows < len(self.all_rows)

    def as_html(self) -> str:
        """The table of the page as HTML, with all headings and cells escaped."""
        sides = ["right" if heading in self.right else "left" for heading in self.page]
        headings = "".join(
            f'<th scope="col" class="{side}">{escape(heading)}</th>'
            for side, heading in zip(sides, self.page, strict=True)
        )
        # on a phone the cells of a stacked table stand below each other, each with its heading
        labels = [
            f' data-label="{escape(heading, quote=True)}"' if self.is_stacked else "" for heading in self.page
        ]
        rows = "\n".join(
            "<tr>"
            + "".join(
                f'<td class="{side}"{label}>{self._cell(n, heading, cell)}</td>'
                for side, label, heading, cell in zip(sides, labels, self.page, row, strict=True)
            )
            + "</tr>"
            for n, row in enumerate(self.page.itertuples(index=False, name=None))
        )
        name = f"{self.name} stacked" if self.is_stacked else self.name
        return (
            f'<table class="{name}">\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>'
        )

    def _cell(self, row: int, heading: str, cell: str) -> str:
        """The cell, with its words that have a place as a link."""
        words, place = self.links[heading][row] if heading in self.links else ("", "")
        if not place:
            return escape(cell)
        before, words, after = cell.partition(words)
        return (
            f'{escape(before)}<a href="{PLACE}{escape(place, quote=True)}">{escape(words)}</a>{escape(after)}'
        )


def first_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that a page shows: the first `MAX_ROWS`, or all where only few more would be left out."""
    return frame if len(frame) <= MAX_ROWS + _FEW_MORE else frame.head(MAX_ROWS)


def scrolling(table_html: str, label: str) -> str:
    """A table in a region that scrolls sideways where the page is too narrow, with the keyboard too."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}">{table_html}</div>'


#: a function that returns the table for one question of a page
TableFunction = Callable[[Result, Text], Listing]


def table(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    name: str,
    right: tuple[str, ...] = (),
    all_rows: pd.DataFrame | None = None,
    units: Mapping[str, str] | None = None,
    title: str = "title",
    message: str = "",
) -> Listing:
    """The listing of `frame`, whose cells are formatted, with the columns and headings of `columns`.

    all_rows: the same columns with all rows and plain values; default: `frame`. units: the units of columns of
    `all_rows` whose formatted cells include them, such as a currency.
    """
    page = frame[list(columns)].astype("object").fillna("").astype("str").rename(columns=dict(columns))
    with_units = {
        c: f"{heading} ({units[c]})" if units and units.get(c) else heading for c, heading in columns.items()
    }
    download = page if all_rows is None else all_rows[list(columns)].rename(columns=with_units)
    return Listing(name, page, frozenset(columns[c] for c in right if c in columns), download, title, message)

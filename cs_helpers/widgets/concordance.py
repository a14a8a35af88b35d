"""A box to look for words in the notes, with each place where they stand below it."""

from __future__ import annotations

import html
from functools import cached_property
from typing import Any

import ipywidgets as widgets
import pandas as pd
from IPython.display import display

from cs_helpers.errors import WorkbookError
from cs_helpers.snapshot import ProductData
from cs_helpers.text import Text
from cs_helpers.words.concordance import Concordance as Index


class Concordance:
    """A field for a word or a regular expression, and what is found in all notes of a product.

    Like the filter bar it draws into an HTML widget, not into an Output (nbclient issue 312).
    """

    def __init__(self, data: ProductData, text: Text, asked: str = "") -> None:
        self._data, self._text = data, text
        self.asked = widgets.Text(
            value=asked, description=text("page.concordance.word"), placeholder=text("page.concordance.hint"),
            continuous_update=False, style={"description_width": "initial"},
        )  # fmt: skip
        self.pattern = widgets.Checkbox(
            value=False, description=text("page.concordance.pattern"), indent=False
        )
        self.page = widgets.HTML()
        for part in (self.asked, self.pattern):
            part.observe(self._on_change, "value")
        self._on_change()

    def show(self) -> None:
        """Displays the box and what it found."""
        display(widgets.VBox([widgets.HBox([self.asked, self.pattern]), self.page]))

    def find(self, asked: str, *, pattern: bool = False, lines: int = 50) -> pd.DataFrame:
        """Each place where a word stands, in whatever form it is written; or a regular expression.

        Columns: left, hit, right, name (of the company), held_on, note_id; notes of the latest interview first.
        Raises `ParameterError` for nothing asked and for a pattern that is none.
        """
        notes, index = self._index
        found = index.find(asked, pattern=pattern, lines=lines).lines
        about = notes[["name", "held_on", "note_id"]].iloc[found["note"]].reset_index(drop=True)
        return pd.concat([found[["left", "hit", "right"]], about], axis=1)

    @cached_property
    def _index(self) -> tuple[pd.DataFrame, Index]:
        """The notes with their companies, and the index of their words: made when it is first asked."""
        data = self._data
        talks = data["interviews"][["interview_id", "account_id", "held_on"]]
        notes = data["notes"].merge(talks, on="interview_id")
        notes = notes.merge(data["accounts"][["account_id", "name"]], on="account_id")
        notes = notes.sort_values(["held_on", "note_id"], ascending=[False, True], ignore_index=True)
        return notes, Index(notes["text"].tolist())

    def _on_change(self, _: Any = None) -> None:
        asked = self.asked.value
        try:
            self.page.value = self._lines(asked, self.pattern.value) if asked.strip() else ""
        except WorkbookError as error:
            self.page.value = f"<p>{html.escape(str(error))}</p>"

    def _lines(self, asked: str, pattern: bool) -> str:
        """The lines of a word in context, as HTML."""
        notes, index = self._index
        places, text = index.find(asked, pattern=pattern), self._text
        counted = text(
            "page.concordance.more" if places.cut else "page.concordance.found",
            n=text.number(places.found), notes=text.number(places.notes),
        )  # fmt: skip
        rows = "".join(
            f'<tr><td style="text-align:right">{html.escape(line.left)}</td>'
            f"<td><b>{html.escape(line.hit)}</b></td><td>{html.escape(line.right)}</td>"
            f"<td>{html.escape(str(notes['name'].iloc[line.note]))}</td>"
            f"<td>{html.escape(str(notes['note_id'].iloc[line.note]))}</td></tr>"
            for line in places.lines.itertuples()
        )
        return f"<p>{html.escape(counted)}</p><table><tbody>{rows}</tbody></table>"

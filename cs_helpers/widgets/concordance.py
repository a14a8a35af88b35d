"""A search box for words in the notes, with the matches in context below it."""

from __future__ import annotations

import html
from functools import cached_property
from typing import Any

import ipywidgets as widgets
import pandas as pd

from cs_helpers.errors import WorkbookError
from cs_helpers.snapshot import ProductData
from cs_helpers.text import Text
from cs_helpers.widgets.shown import Shown
from cs_helpers.words.concordance import Concordance as Index
from cs_helpers.words.concordance import Count, Places


class Concordance(Shown):
    """A search field, and its matches in all notes of a product: whole words, text as written, or a regular expression.

    Draws into an HTML widget instead of an Output, as the filter bar does (nbclient issue 312).
    """

    def __init__(self, data: ProductData, text: Text, query: str = "", *, as_written: bool = False) -> None:
        self._data, self._text = data, text
        self.query = widgets.Text(
            value=query, description=text("page.concordance.word"), placeholder=text("page.concordance.hint"),
            continuous_update=False, style={"description_width": "initial"},
        )  # fmt: skip
        self.pattern = widgets.Checkbox(
            value=False, description=text("page.concordance.pattern"), indent=False
        )
        self.as_written = widgets.Checkbox(
            value=as_written, description=text("page.concordance.as_written"), indent=False
        )
        self.page = widgets.HTML()
        for part in (self.query, self.as_written, self.pattern):
            part.observe(self._on_change, "value")
        self.widget = widgets.VBox([widgets.HBox([self.query, self.as_written, self.pattern]), self.page])
        self._on_change()

    def find(
        self, query: str, *, as_written: bool = False, pattern: bool = False, lines: int = 50
    ) -> pd.DataFrame:
        """The matches of a word in any of its forms, of text as written, or of a regular expression (`pattern`).

        Columns: left, hit, right, name (of the company), held_on, note_id; notes of the latest interview first.
        Raises `ParameterError` for an empty query and for an invalid pattern.
        """
        notes, index = self._index
        matches = index.find(query, as_written=as_written, pattern=pattern, lines=lines).lines
        sources = notes[["name", "held_on", "note_id"]].iloc[matches["note"]].reset_index(drop=True)
        return pd.concat([matches[["left", "hit", "right"]], sources], axis=1)

    @cached_property
    def _index(self) -> tuple[pd.DataFrame, Index]:
        """The notes with their companies, and the index of their words; created on first use."""
        data = self._data
        interviews = data["interviews"][["interview_id", "account_id", "held_on"]]
        notes = data["notes"].merge(interviews, on="interview_id")
        notes = notes.merge(data["accounts"][["account_id", "name"]], on="account_id")
        notes = notes.sort_values(["held_on", "note_id"], ascending=[False, True], ignore_index=True)
        return notes, Index(notes["text"].tolist())

    def _on_change(self, _: Any = None) -> None:
        query = self.query.value
        self.as_written.disabled = self.pattern.value  # a regular expression has its own word boundaries
        try:
            self.page.value = self._lines(query) if query.strip() else ""
        except WorkbookError as error:
            self.page.value = f"<p>{html.escape(str(error))}</p>"

    def _lines(self, query: str) -> str:
        """The matches in context, as HTML."""
        notes, index = self._index
        places = index.find(query, as_written=self.as_written.value, pattern=self.pattern.value)
        rows = "".join(
            f'<tr><td style="text-align:right">{html.escape(line.left)}</td>'
            f"<td><b>{html.escape(line.hit)}</b></td><td>{html.escape(line.right)}</td>"
            f"<td>{html.escape(str(notes['name'].iloc[line.note]))}</td>"
            f"<td>{html.escape(str(notes['note_id'].iloc[line.note]))}</td></tr>"
            for line in places.lines.itertuples()
        )
        return f"<p>{html.escape(self._count_sentence(places))}</p><table><tbody>{rows}</tbody></table>"

    def _count_sentence(self, places: Places) -> str:
        """The numbers of matches, as whole words and as written, and how many of them are shown."""
        text = self._text
        kind = "pattern" if places.as_word is None else "written" if self.as_written.value else "whole"
        fields = {
            "n": Count(places.total, places.is_capped),
            "whole": places.as_word,
            "written": places.as_letters,
        }
        numbers = {name: self._number("place", *count) for name, count in fields.items() if count}
        notes = self._number("note", places.note_count, places.is_capped)
        sentences = [text(f"page.concordance.found_{kind}", notes=notes, **numbers)]
        if len(places.lines) < places.total:
            shown = self._number("place", len(places.lines), False)
            sentences.append(text("page.concordance.shown", shown=shown, n=numbers["n"]))
        return text("page.concordance.between").join(sentences)

    def _number(self, of: str, number: int, more: bool) -> str:
        return self._text(f"page.concordance.{of}{'_over' if more else ''}", n=self._text.number(number))

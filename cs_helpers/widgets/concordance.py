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
from cs_helpers.words.concordance import Count, Places


class Concordance:
    """A field for words, and what is found in all notes of a product: as whole words, as written, or by a regular expression.

    Like the filter bar it draws into an HTML widget, not into an Output (nbclient issue 312).
    """

    def __init__(self, data: ProductData, text: Text, asked: str = "", *, as_written: bool = False) -> None:
        self._data, self._text = data, text
        self.asked = widgets.Text(
            value=asked, description=text("page.concordance.word"), placeholder=text("page.concordance.hint"),
            continuous_update=False, style={"description_width": "initial"},
        )  # fmt: skip
        self.pattern = widgets.Checkbox(
            value=False, description=text("page.concordance.pattern"), indent=False
        )
        self.as_written = widgets.Checkbox(
            value=as_written, description=text("page.concordance.as_written"), indent=False
        )
        self.page = widgets.HTML()
        for part in (self.asked, self.as_written, self.pattern):
            part.observe(self._on_change, "value")
        self._on_change()

    def show(self) -> None:
        """Displays the box and what it found."""
        display(widgets.VBox([widgets.HBox([self.asked, self.as_written, self.pattern]), self.page]))

    def find(
        self, asked: str, *, as_written: bool = False, pattern: bool = False, lines: int = 50
    ) -> pd.DataFrame:
        """Each place where a word stands as a whole word, in whatever form; or its letters as written, or a regular expression.

        Columns: left, hit, right, name (of the company), held_on, note_id; notes of the latest interview first.
        Raises `ParameterError` for nothing asked and for a pattern that is none.
        """
        notes, index = self._index
        found = index.find(asked, as_written=as_written, pattern=pattern, lines=lines).lines
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
        self.as_written.disabled = self.pattern.value  # an expression says itself where a word ends
        try:
            self.page.value = self._lines(asked) if asked.strip() else ""
        except WorkbookError as error:
            self.page.value = f"<p>{html.escape(str(error))}</p>"

    def _lines(self, asked: str) -> str:
        """The lines of a word in context, as HTML."""
        notes, index = self._index
        places = index.find(asked, as_written=self.as_written.value, pattern=self.pattern.value)
        rows = "".join(
            f'<tr><td style="text-align:right">{html.escape(line.left)}</td>'
            f"<td><b>{html.escape(line.hit)}</b></td><td>{html.escape(line.right)}</td>"
            f"<td>{html.escape(str(notes['name'].iloc[line.note]))}</td>"
            f"<td>{html.escape(str(notes['note_id'].iloc[line.note]))}</td></tr>"
            for line in places.lines.itertuples()
        )
        return f"<p>{html.escape(self._counted(places))}</p><table><tbody>{rows}</tbody></table>"

    def _counted(self, places: Places) -> str:
        """How many places there are, as a whole word and as written, and how many of them stand below."""
        text = self._text
        way = "pattern" if places.as_word is None else "written" if self.as_written.value else "whole"
        fields = {
            "n": Count(places.total, places.is_capped),
            "whole": places.as_word,
            "written": places.as_letters,
        }
        said = {name: self._number("place", *count) for name, count in fields.items() if count}
        notes = self._number("note", places.note_count, places.is_capped)
        sentences = [text(f"page.concordance.found_{way}", notes=notes, **said)]
        if len(places.lines) < places.total:
            shown = self._number("place", len(places.lines), False)
            sentences.append(text("page.concordance.shown", shown=shown, n=said["n"]))
        return text("page.concordance.between").join(sentences)

    def _number(self, of: str, number: int, more: bool) -> str:
        return self._text(f"page.concordance.{of}{'_over' if more else ''}", n=self._text.number(number))

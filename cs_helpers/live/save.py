"""The button that makes a report of what the notebook shows: a file in `data/saved/`, which the batch runs."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from cs_helpers import paths
from cs_helpers.contract.parameters import Parameters
from cs_helpers.errors import WorkbookError
from cs_helpers.saved_reports import save_report
from cs_helpers.text import Text
from cs_helpers.text.errors import in_language

Options = Mapping[str, Mapping[str, Any]]


class SaveReport:
    """A button, then a field for the title, then where it was saved and how it is made.

    chosen: gives the parameters of the page, with `latest` as the quarter where it is the last one, the options of its
    analyses, and the notebook.
    """

    def __init__(self, text: Text, chosen: Callable[[], tuple[Parameters, Options, str]]) -> None:
        self._chosen = chosen
        auto = widgets.Layout(width="auto")
        self.open = widgets.Button(layout=auto)
        self.title = widgets.Text(continuous_update=False, layout=widgets.Layout(width="22em"))
        self.save = widgets.Button(button_style="primary", layout=auto)
        self.said = widgets.HTML()
        self._row = widgets.HBox([self.title, self.save], layout=widgets.Layout(display="none"))
        self.widget = widgets.HBox(
            [self.open, self._row, self.said], layout=widgets.Layout(flex_flow="row wrap")
        )
        self.widget.add_class("cs-save")
        self.open.on_click(lambda _: self._show(self._row.layout.display == "none"))
        self.save.on_click(lambda _: self._save())
        self.speak(text)

    def speak(self, text: Text) -> None:
        """Sets the words in a language."""
        self._text = text
        self.open.description, self.save.description = text("live.make_report"), text("live.save")
        self.title.description, self.title.style = text("live.title"), {"description_width": "initial"}

    def _show(self, is_open: bool) -> None:
        self._row.layout.display = None if is_open else "none"
        self.said.value = ""

    def _save(self) -> None:
        title = self.title.value.strip()
        if not title:
            self._say(self._text("live.no_title"))
            return
        try:
            parameters, options, notebook = self._chosen()
            file = save_report(parameters.model_dump(), options, title, notebook)
        except (WorkbookError, OSError) as error:
            self._say(in_language(str(error), self._text.language))
            return
        self._show(is_open=False)
        where = file.relative_to(paths.home()).as_posix()
        self._say(self._text("live.saved", file=where, command=f"make quarterly-report SAVED={file.stem}"))

    def _say(self, sentence: str) -> None:
        self.said.value = f"<p role='status'>{html.escape(sentence)}</p>"

"""Chooses the themes of a note: typed with completion, new ones too."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import ipywidgets as widgets

from cs_helpers.contract.normal import comparison_key
from cs_helpers.sources.coding_log import person
from cs_helpers.text import Text


class ThemePicker:
    """A field that completes the names of known themes, and the chosen ones as buttons, which remove them.

    chosen: the codes. say: shows a sentence, on a new theme that is close to a known one.
    """

    def __init__(self, text: Text, panel: str, say: Callable[[str], None]) -> None:
        self._text, self._say = text, say
        self._codes: dict[str, str] = {}
        self.chosen: tuple[str, ...] = ()
        self.field = widgets.Combobox(
            description=text("coding.codes"), placeholder=text("coding.codes_hint"), continuous_update=False,
            ensure_option=False, layout={"width": "36em", "max_width": "100%"}, style={"description_width": "initial"},
        )  # fmt: skip
        self.field.add_class(f"{panel}-field")
        self.field.observe(self._on_typed, "value")
        self.title = widgets.HTML()
        self.themes = widgets.HBox(layout=widgets.Layout(flex_flow="row wrap", align_items="center"))
        self.themes.add_class(f"{panel}-themes")
        self.widget = widgets.VBox([self.field, widgets.HBox([self.title, self.themes], layout=_WRAPPED)])
        self.choose(())

    def offer(self, codes: Iterable[str]) -> None:
        """Completes the names of these themes."""
        names: dict[str, list[str]] = {}
        for code in sorted(codes):
            names.setdefault(self._text.theme(code), []).append(code)
        self._codes = {
            name if len(same) == 1 else f"{name} ({code})": code for name, same in names.items() for code in same
        }  # fmt: skip
        if self.field.options != (options := tuple(sorted(self._codes))):
            self.field.options = options

    def choose(self, codes: Iterable[str]) -> None:
        """Makes these the chosen ones."""
        self.chosen = tuple(dict.fromkeys(codes))
        known = set(self._codes.values())
        buttons = []
        for code in self.chosen:
            name = self._text.theme(code) if code in known else self._text("coding.new_code", code=code)
            button = widgets.Button(description=f"{name} ✕", layout={"width": "auto"})
            button.tooltip = self._text("coding.remove", code=name)
            button.on_click(partial(self._on_remove, code))
            buttons.append(button)
        self.themes.children = buttons
        said = self._text("coding.chosen" if buttons else "coding.no_codes")
        self.title.value = f"<span>{said}</span>"

    def _on_typed(self, change: dict[str, Any]) -> None:
        written = person(change["new"])
        if not written:
            return
        code = self._code_of(written)
        if code not in self._codes.values():
            near = difflib.get_close_matches(written, [*self._codes, *self._codes.values()], n=1, cutoff=0.75)
            if near:
                other = self._text.theme(self._codes.get(near[0], near[0]))
                self._say(self._text("coding.near", code=written, other=other))
        self.choose([*self.chosen, code])
        self.field.value = ""

    def _on_remove(self, code: str, _: Any) -> None:
        self.choose(each for each in self.chosen if each != code)

    def _code_of(self, written: str) -> str:
        """The code of a name or code as written, whatever its capitals, width and blanks; a new one as written."""
        by_form = {
            comparison_key(known): code for name, code in self._codes.items() for known in (code, name)
        }
        return by_form.get(comparison_key(written), written)


_WRAPPED = widgets.Layout(flex_flow="row wrap", align_items="center")

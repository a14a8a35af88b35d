"""A slider of how many more customers move up: what the outlook of maturity has worked out, at once."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets
import numpy as np

from cs_helpers.charts.theme import INK, QUIET, ink_on, level_colours
from cs_helpers.result import Result
from cs_helpers.text import Text


class WhatIf:
    """Buttons for a level and a slider; below, the expected customers by level a year from now, without and with more who move up.

    All numbers are in the result (`what_if`, `what_if_levels`), so that a move of the slider only looks them up. Draws into
    an HTML widget, as the filter bar does (nbclient issue 312).
    """

    def __init__(self, result: Result, text: Text) -> None:
        self._result, self._text = result, text
        self.answer = widgets.HTML()
        rows = result.tables.get("what_if")
        self.widget = widgets.VBox([self.answer])
        if rows is None:
            self.answer.value = f"<p>{html.escape(text('level_outlook.slider.nothing'))}</p>"
            return
        wide = {"description_width": "initial"}
        levels = [(text.label("level", int(level)), int(level)) for level in sorted(set(rows["rising"]))]
        asked = int(result.verdicts["what_if"].fields["level"])
        self.level = widgets.ToggleButtons(
            options=levels, value=asked, description=text("level_outlook.slider.level"), style=wide
        )
        percents = [round(100 * more) for more in rows["more"]]
        self.more = widgets.IntSlider(
            value=10, min=min(percents), max=max(percents), description=text("level_outlook.slider.more"), style=wide,
            layout=widgets.Layout(width="32em", max_width="100%"),
        )  # fmt: skip
        self.level.observe(self._draw, names="value")
        self.more.observe(self._draw, names="value")
        wrapped = widgets.Layout(flex_flow="row wrap", align_items="center")
        self.widget.children = (widgets.HBox([self.level, self.more], layout=wrapped), self.answer)
        self._draw()

    def _draw(self, _: Any = None) -> None:
        self.answer.value = (
            self._sentence() + self._bar(0.0) + self._bar(self.more.value / 100) + self._names()
        )

    def _sentence(self) -> str:
        """What it would bring, as one sentence, with its interval."""
        rows, text = self._result.tables["what_if"], self._text
        row = rows[
            (rows["rising"] == self.level.value) & np.isclose(rows["more"], self.more.value / 100)
        ].iloc[0]
        above = text.number_within(row["above"], row["above_low"], row["above_high"], 1)
        level, more = text.label("level", self.level.value), text.share(self.more.value / 100)
        said = [text("level_outlook.slider.result", level=level, more=more, above=above)]
        if "kept" in row:
            kept = text.number_within(row["kept"], row["kept_low"], row["kept_high"], 1)
            said.append(text("level_outlook.slider.kept", kept=kept))
        if "mrr" in row:
            amounts = (row["mrr"], row["mrr_low"], row["mrr_high"])
            value, low, high = (text.money(a, self._result.settings["currency"]) for a in amounts)
            mrr = text("charts.interval", value=value, low=low, high=high)
            said.append(text("level_outlook.slider.mrr", mrr=mrr))
        return "".join(f"<p style='margin:.2em 0;color:{INK}'>{html.escape(line)}</p>" for line in said)

    def _of_level(self, more: float) -> list[tuple[str, float]]:
        """Each part with its expected customers."""
        rows = self._result.tables["what_if_levels"]
        rows = rows[(rows["rising"] == self.level.value) & np.isclose(rows["more"], more)]
        return list(zip(rows["part"], rows["customers"], strict=True))

    def _bar(self, more: float) -> str:
        """One bar of customers by level, as wide as all of them."""
        parts = self._of_level(more)
        text, total = self._text, sum(n for _, n in parts) or 1.0
        name = (
            text("level_outlook.what_if.more", more=text.share(more))
            if more
            else text("level_outlook.what_if.as_is")
        )
        cells = "".join(
            f"<div style='flex:{max(n / total, 0.0001):.4f} 0 0;background:{colour};color:{ink_on(colour)};overflow:hidden;"
            f"text-align:center'>{html.escape(text.number(n)) if n > total / 25 else ''}</div>"
            for (_, n), colour in zip(parts, self._colours(parts), strict=True)
        )
        return (
            f"<div style='display:flex;flex-wrap:wrap;max-width:46em;line-height:24px;margin:4px 0'>"
            f"<div style='flex:0 0 12em;color:{INK}'>{html.escape(name)}</div>"
            f"<div style='flex:1 1 16em;display:flex'>{cells}</div></div>"
        )

    def _names(self) -> str:
        """The names of the parts beside their colours."""
        text, parts = self._text, self._of_level(0.0)
        marks = "".join(
            f"<span style='margin-right:1em'><span style='display:inline-block;width:10px;height:10px;background:{colour}'>"
            f"</span> {html.escape(text(f'level_outlook.parts.{part}'))}</span>"
            for (part, _), colour in zip(parts, self._colours(parts), strict=True)
        )
        return f"<p style='color:{QUIET};font-size:90%'>{marks}</p>"

    @staticmethod
    def _colours(parts: list[tuple[str, float]]) -> list[str]:
        levels = [part for part, _ in parts if part != "unknown"]
        return [*level_colours(len(levels) - 1), *(["#eadfca"] if len(levels) < len(parts) else [])]

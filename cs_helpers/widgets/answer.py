"""What an explorer says of its controls, and the small pieces of HTML that it says it with."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import ipywidgets as widgets

from cs_helpers.charts.theme import BLUE, INK, QUIET
from cs_helpers.errors import WorkbookError
from cs_helpers.text import Text
from cs_helpers.text.errors import in_language

WRAPPED = widgets.Layout(flex_flow="row wrap", align_items="center")
WIDE = {"description_width": "initial"}
_CELL = "text-align:left;padding:.2em 1em .2em 0;line-height:1.4"


class Answer:
    """A button that begins, and below it what `draw` returns: then anew after each change.

    Nothing is worked out before the button or the first change, so that the cell takes no time where a notebook runs through.
    Draws into HTML widgets, as the filter bar does (nbclient issue 312). draw: one page, or up to `parts` one after the other, each
    of which is shown before the next is drawn. widget: what is displayed.
    """

    def __init__(self, text: Text, draw: Callable[[], str | Iterator[str]], *, parts: int = 1) -> None:
        self._text, self._draw, self._has_begun = text, draw, False
        self.begin = widgets.Button(description=text("explorers.begin"), button_style="primary")
        self.begin.on_click(self.redraw)
        self.pages = [widgets.HTML() for _ in range(parts)]
        self.widget = widgets.VBox([self.begin, *self.pages])

    @property
    def shown(self) -> str:
        """All that is shown, as HTML."""
        return "".join(page.value for page in self.pages)

    def redraw(self, _: Any = None) -> None:
        """Draws for the present controls; what a user can mend is said as a sentence."""
        if not self._has_begun:
            self._has_begun = True
            self.begin.layout.display = "none"
            self.pages[0].value = paragraph(self._text("explorers.working"))
        drawn = 0
        try:
            found = self._draw()
            for page in [found] if isinstance(found, str) else found:
                self.pages[drawn].value = page
                drawn += 1
        except WorkbookError as error:
            self.pages[drawn].value = paragraph(in_language(str(error), self._text.language))
            drawn += 1
        except Exception:  # which the handler of a button writes into the log only
            self.pages[drawn].value = paragraph(self._text("explorers.failed"))
            raise
        for page in self.pages[drawn:]:
            page.value = ""


def paragraph(sentence: str, *, quiet: bool = False) -> str:
    """A sentence; quiet: of less weight, as what explains."""
    return (
        f"<p style='margin:.3em 0;max-width:60em;color:{QUIET if quiet else INK}'>{html.escape(sentence)}</p>"
    )


def rows_html(headings: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column names the row, the others are numbers or words. '' without rows."""
    body = "".join(
        f"<tr><th scope='row' style='{_CELL};font-weight:normal'>{html.escape(row[0])}</th>"
        + "".join(f"<td style='{_CELL}'>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    if not body:
        return ""
    head = "".join(f"<th scope='col' style='{_CELL}'>{html.escape(heading)}</th>" for heading in headings)
    return f"<div style='overflow-x:auto'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def interval_marks(
    rows: Iterable[tuple[str, str, float, float, float]], first: float, last: float, at: float
) -> str:
    """A line from `first` to `last` for each row (label, words, value, low, high), with a mark at `at`."""

    def place(value: float) -> float:
        return 100 * (min(max(value, first), last) - first) / (last - first)

    def marked_row(label: str, words: str, value: float, low: float, high: float) -> str:
        reach = f"left:{place(low):.1f}%;width:{place(high) - place(low):.1f}%"
        marks = (
            f"<div style='position:absolute;left:0;right:0;top:12px;border-top:1px solid #d9dee4'></div>"
            f"<div style='position:absolute;left:{place(at):.1f}%;top:0;bottom:0;border-left:1px dashed {QUIET}'></div>"
            f"<div style='position:absolute;{reach};top:10px;height:4px;background:{BLUE};opacity:.5'></div>"
            f"<div style='position:absolute;left:calc({place(value):.1f}% - 5px);top:7px;width:10px;height:10px;"
            f"border-radius:50%;background:{BLUE}'></div>"
        )
        return (
            f"<div style='flex:0 0 11em;color:{INK}'>{html.escape(label)}</div>"
            f"<div style='flex:1 1 14em;position:relative;height:24px'>{marks}</div>"
            f"<div style='flex:0 0 12em;color:{INK}'>{html.escape(words)}</div>"
        )

    lines = "".join(
        f"<div style='display:flex;flex-wrap:wrap;gap:0 .8em;max-width:46em;line-height:24px'>{marked_row(*row)}</div>"
        for row in rows
    )
    return f"<div style='margin:.4em 0'>{lines}</div>"

"""A filter bar for product, quarter, segment and further choices of an analysis, which redraws the page below it."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from cs_helpers.errors import WorkbookError
from cs_helpers.widgets.shown import Shown

Option = tuple[str, str]


@dataclass(frozen=True)
class Choice:
    """A further drop-down: its label, its options (label, value), and the value selected at first."""

    label: str
    options: Sequence[tuple[str, Any]]
    value: Any


class FilterBar(Shown):
    """Drop-downs, and below them the page returned by `draw(product, quarter, segment, **more)`.

    The page is an HTML widget instead of an Output, because nbclient sometimes waits forever for a cell that writes to
    an Output (nbclient issue 312), and plain papermill runs these cells, too.

    `segments_of(product)` returns the segments of a product; where a newly selected product does not have the current
    segment, `all` is selected. `more_of(product)` returns further choices by name.
    """

    def __init__(
        self,
        *,
        labels: Mapping[str, str],
        products: Sequence[Option],
        quarters: Sequence[Option],
        segments_of: Callable[[str], Sequence[Option]],
        draw: Callable[..., str],
        chosen: tuple[str, str, str],
        more_of: Callable[[str], Mapping[str, Choice]] = lambda product: {},
    ) -> None:
        self._segments_of, self._draw, self._more_of = segments_of, draw, more_of
        product, quarter, segment = chosen
        self.product = self._choice(labels["product"], products, product)
        self.quarter = self._choice(labels["quarter"], quarters, quarter)
        self.segment = self._choice(labels["segment"], segments_of(product), segment)
        self.more: dict[str, Any] = {}
        self._more_bar = widgets.HBox([], layout=widgets.Layout(flex_flow="row wrap"))
        self._offer_more(product)
        self.page = widgets.HTML()
        self.product.observe(self._on_product, "value")
        self.quarter.observe(self._on_change, "value")
        self.segment.observe(self._on_change, "value")

    def show(self) -> None:
        """Displays the bar and draws once."""
        bar = widgets.HBox(
            [self.product, self.quarter, self.segment], layout=widgets.Layout(flex_flow="row wrap")
        )
        self.redraw()
        display(widgets.VBox([bar, self._more_bar, self.page]))

    def redraw(self) -> None:
        """Draws the page for the current choices; an error is shown as a sentence."""
        try:
            more = {name: choice.value for name, choice in self.more.items()}
            self.page.value = self._draw(self.product.value, self.quarter.value, self.segment.value, **more)
        except WorkbookError as error:
            self.page.value = f"<p>{html.escape(str(error))}</p>"

    def _on_product(self, change: dict[str, Any]) -> None:
        options = list(self._segments_of(change["new"]))
        selected = self.segment.value if self.segment.value in [v for _, v in options] else options[0][1]
        self.segment.unobserve(self._on_change, "value")
        self.segment.options = options
        self.segment.value = selected
        self.segment.observe(self._on_change, "value")
        self._offer_more(change["new"])
        self.redraw()

    def _offer_more(self, product: str) -> None:
        self.more = {
            name: self._choice(choice.label, choice.options, choice.value)
            for name, choice in self._more_of(product).items()
        }
        for choice in self.more.values():
            choice.observe(self._on_change, "value")
        self._more_bar.children = tuple(self.more.values())

    def _on_change(self, _change: dict[str, Any]) -> None:
        self.redraw()

    @staticmethod
    def _choice(label: str, options: Sequence[tuple[str, Any]], value: Any) -> Any:
        return widgets.Dropdown(
            description=label, options=list(options), value=value, style={"description_width": "initial"}
        )

"""A filter bar: product, quarter, segment and what else an analysis lets choose, redrawing what stands below it."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from cs_helpers.errors import WorkbookError

Option = tuple[str, str]


@dataclass(frozen=True)
class Choice:
    """One more drop-down: its label, what it offers (label, value), and what is chosen at first."""

    label: str
    options: Sequence[tuple[str, Any]]
    value: Any


class FilterBar:
    """Drop-downs, and the page that `draw(product, quarter, segment, **more)` returns below them.

    The page is an HTML widget, not an Output: nbclient sometimes waits for ever for a cell that
    fills an Output (nbclient issue 312), and stock papermill runs these cells too.

    `segments_of(product)` lists the segments of a product, so that choosing another product
    offers its own; a segment that it does not have becomes `all`. `more_of(product)` gives further
    choices by name; another product begins with its own.
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
        """Draws for the choices of now; what cannot be drawn is said."""
        try:
            more = {name: choice.value for name, choice in self.more.items()}
            self.page.value = self._draw(self.product.value, self.quarter.value, self.segment.value, **more)
        except WorkbookError as error:
            self.page.value = f"<p>{html.escape(str(error))}</p>"

    def _on_product(self, change: dict[str, Any]) -> None:
        options = list(self._segments_of(change["new"]))
        kept = self.segment.value if self.segment.value in [v for _, v in options] else options[0][1]
        self.segment.unobserve(self._on_change, "value")
        self.segment.options = options
        self.segment.value = kept
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

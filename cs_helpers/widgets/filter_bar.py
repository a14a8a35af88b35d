"""A filter bar: product, quarter and segment, redrawing what stands below it."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from cs_helpers.errors import WorkbookError

Option = tuple[str, str]


class FilterBar:
    """Three drop-downs, and the page that `draw(product, quarter, segment)` returns below them.

    The page is an HTML widget, not an Output: nbclient sometimes waits for ever for a cell that
    fills an Output (nbclient issue 312), and stock papermill runs these cells too.

    `segments_of(product)` lists the segments of a product, so that choosing another product
    offers its own; a segment that it does not have becomes `all`.
    """

    def __init__(
        self,
        *,
        labels: Mapping[str, str],
        products: Sequence[Option],
        quarters: Sequence[Option],
        segments_of: Callable[[str], Sequence[Option]],
        draw: Callable[[str, str, str], str],
        chosen: tuple[str, str, str],
    ) -> None:
        self._segments_of, self._draw = segments_of, draw
        product, quarter, segment = chosen
        self.product = self._choice(labels["product"], products, product)
        self.quarter = self._choice(labels["quarter"], quarters, quarter)
        self.segment = self._choice(labels["segment"], segments_of(product), segment)
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
        display(widgets.VBox([bar, self.page]))

    def redraw(self) -> None:
        """Draws for the choices of now; what cannot be drawn is said."""
        try:
            self.page.value = self._draw(self.product.value, self.quarter.value, self.segment.value)
        except WorkbookError as error:
            self.page.value = f"<p>{html.escape(str(error))}</p>"

    def _on_product(self, change: dict[str, Any]) -> None:
        options = list(self._segments_of(change["new"]))
        kept = self.segment.value if self.segment.value in [v for _, v in options] else options[0][1]
        self.segment.unobserve(self._on_change, "value")
        self.segment.options = options
        self.segment.value = kept
        self.segment.observe(self._on_change, "value")
        self.redraw()

    def _on_change(self, _change: dict[str, Any]) -> None:
        self.redraw()

    @staticmethod
    def _choice(label: str, options: Sequence[Option], value: str) -> Any:
        return widgets.Dropdown(
            description=label, options=list(options), value=value, style={"description_width": "initial"}
        )

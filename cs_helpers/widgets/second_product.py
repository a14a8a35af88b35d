"""A drop-down of a second product, whose drawing is laid over that of the first."""

from __future__ import annotations

import html
import importlib
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from cs_helpers.contract.products import Product
from cs_helpers.errors import WorkbookError
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.widgets.shown import Shown


class SecondProduct(Shown):
    """A drop-down of the other products, and below it what `charts.<analysis>.lay_over` draws of both.

    of_product: the result of the analysis for another product, with its words. Draws into an HTML widget, as the filter bar
    does (nbclient issue 312).
    """

    def __init__(
        self,
        result: Result,
        text: Text,
        products: Mapping[str, Product],
        of_product: Callable[[str], tuple[Result, Text]],
    ) -> None:
        self._result, self._text, self._of_product = result, text, of_product
        self._names = {key: product.name.in_language(text.language) for key, product in products.items()}
        others = [(name, key) for key, name in self._names.items() if key != result.product]
        self.product = widgets.Dropdown(
            description=text("page.second_product"),
            options=[(text("page.no_second_product"), ""), *others],
            value="",
            style={"description_width": "initial"},
            layout=widgets.Layout(width="max-content"),
        )
        self.page = widgets.HTML()
        self.product.observe(lambda _: self.redraw(), "value")
        self.widget = widgets.VBox([self.product, self.page])
        self.redraw()

    def redraw(self) -> None:
        """Draws for the chosen product; an error is shown as a sentence."""
        charts = importlib.import_module(f"cs_helpers.charts.{self._result.analysis}")
        drawn = [(self._result, self._text, self._names.get(self._result.product, self._result.product))]
        try:
            if second := self.product.value:
                drawn.append((*self._of_product(second), self._names[second]))
            self.page.value = charts.lay_over(drawn)
        except WorkbookError as error:
            self.page.value = f"<p>{html.escape(str(error))}</p>"

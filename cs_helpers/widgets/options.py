"""The options of an analysis in a filter bar, besides product, quarter and segment."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from cs_helpers.contract.products import Product
from cs_helpers.text import Text
from cs_helpers.widgets.filter_bar import Choice


def options_of(analysis: str, product: Product, text: Text) -> dict[str, Choice]:
    """The options by name, from `widgets.<analysis>.options(product, text)`; empty without that module."""
    name = f"cs_helpers.widgets.{analysis}"
    if find_spec(name) is None:
        return {}
    choices: dict[str, Choice] = importlib.import_module(name).options(product, text)
    return choices

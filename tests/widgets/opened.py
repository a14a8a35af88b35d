"""A workbook over tables at hand, as the explorers ask it."""

from __future__ import annotations

from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook


def opened(
    data: ProductData, quarter: str = "2026Q3", language: str = "en", audience: str = "team"
) -> Workbook:
    """Without a snapshot: explorers read the tables and ask for analyses of them."""
    text = Text(language, data.product, accounts=bool(data.missing("contracts")))
    return Workbook(None, data, Quarter.parse(quarter), "all", text, audience)  # type: ignore[arg-type]

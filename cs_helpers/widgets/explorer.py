"""What an explorer is: a widget of a notebook that answers for the workbook which the filter bar has opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import ipywidgets as widgets

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.text import Text


class OpenWorkbook(Protocol):
    """What an explorer may ask: the part of `Workbook` that it needs, since widgets lie below the workbook."""

    @property
    def data(self) -> ProductData:
        """The tables of the product, of the customers that the filter bar has chosen."""

    @property
    def quarter(self) -> Quarter:
        """The quarter of the page."""

    @property
    def options(self) -> Mapping[str, Mapping[str, Any]]:
        """How analyses count, by analysis, where it is not as the product file says."""

    @property
    def text(self) -> Text:
        """The words of the page's language."""

    @property
    def audience(self) -> str:
        """`team` or `leadership`."""

    def analyse(self, analysis: str, **options: Any) -> Result:
        """The result of an analysis for this product, quarter and segment."""

    def answer_html(self, result: Result, question: str) -> str:
        """The figure and the notes of a question, as the report has them, as HTML."""


class Explorer(Protocol):
    """A class `Explorer` of `widgets/<name>.py`, made anew for each workbook that the filter bar opens."""

    #: what is displayed
    widget: widgets.Widget

    def __init__(self, workbook: OpenWorkbook) -> None: ...

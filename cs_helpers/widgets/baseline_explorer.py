"""A watched number and a segment to choose: its usual range, the same quarter of past years, and first months."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import ipywidgets as widgets

from cs_helpers.analyses.baselines.one_number import OneNumber
from cs_helpers.customers.segments import filter_segment, list_segments
from cs_helpers.customers.time import currency
from cs_helpers.result import Result
from cs_helpers.widgets.answer import WIDE, WRAPPED, Answer, paragraph
from cs_helpers.widgets.explorer import OpenWorkbook
from cs_helpers.widgets.keys import Keys

Comparison = Callable[[OneNumber], Result]
#: the three comparisons, in the order of the method, by the name of their figure
COMPARISONS: dict[str, Comparison] = {
    "series": OneNumber.usual, "number_years": OneNumber.past_years, "number_ages": OneNumber.first_months,
}  # fmt: skip


class Explorer:
    """A drop-down of the watched numbers and one of the segments; below, the three comparisons as the report draws them."""

    def __init__(self, workbook: OpenWorkbook) -> None:
        self._workbook, text = workbook, workbook.text
        self._numbers: dict[tuple[str, str], OneNumber] = {}
        numbers = [(text.label("baseline", b.id), b.id) for b in workbook.data.product.baselines]
        self.number = widgets.Dropdown(
            description=text("explorers.baseline_explorer.number"), options=numbers, style=WIDE,
            layout=widgets.Layout(width="max-content", max_width="100%"),
        )  # fmt: skip
        segments = [(text.segment(s), s) for s in list_segments(workbook.data)]
        self.segment = widgets.Dropdown(
            description=text("page.segment"), options=segments, value="all", style=WIDE,
            layout=widgets.Layout(width="max-content", max_width="100%"),
        )  # fmt: skip
        self.answer = Answer(text, self._drawn, parts=len(COMPARISONS))
        for field in (self.number, self.segment):
            field.observe(self.answer.redraw, names="value")
        row = widgets.HBox([self.number, self.segment], layout=WRAPPED)
        self.widget = widgets.VBox([Keys(), row, self.answer.widget])

    def _drawn(self) -> Iterator[str]:
        """The comparisons one after the other: each stands on the page before the next is worked out."""
        text = self._workbook.text
        if self.number.value is None:
            yield paragraph(text("explorers.baseline_explorer.none"))
            return
        chosen = self._chosen(self.number.value, self.segment.value)
        for question, comparison in COMPARISONS.items():
            page = self._shown(chosen, question, comparison)
            if question == "number_ages":
                page += paragraph(text("explorers.baseline_explorer.alone"), quiet=True)
            yield page

    def _shown(self, chosen: OneNumber, question: str, comparison: Comparison) -> str:
        text, data = self._workbook.text, self._workbook.data
        result = comparison(chosen)
        result = replace(
            result, settings={**result.settings, "currency": currency(data), "sizes": data.sizes}
        )
        page = self._workbook.answer_html(result, question)
        heading = text(f"explorers.baseline_explorer.{question}")
        return f"<h4>{heading}</h4>{page or paragraph(text('explorers.baseline_explorer.nothing'))}"

    def _chosen(self, number: str, segment: str) -> OneNumber:
        """The comparisons of a number in a segment, whose series are read once."""
        if (number, segment) not in self._numbers:
            data = self._workbook.data
            if segment != "all":
                data = data.of_accounts(filter_segment(data["accounts"], segment)["account_id"])
            self._numbers[number, segment] = OneNumber(data, self._workbook.quarter, number)
        return self._numbers[number, segment]

"""A watched number and a segment to choose: its usual range, the same quarter of past years, and first months."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets as widgets

from cs_helpers.analyses.baselines.one_number import compare_number
from cs_helpers.customers.segments import filter_segment, list_segments
from cs_helpers.customers.time import currency
from cs_helpers.result import Result
from cs_helpers.widgets.answer import WIDE, WRAPPED, Answer, paragraph
from cs_helpers.widgets.explorer import OpenWorkbook

#: the three comparisons, in the order of the method
COMPARISONS = ("series", "number_years", "number_ages")


class Explorer:
    """A drop-down of the watched numbers and one of the segments; below, the three comparisons as the report draws them."""

    def __init__(self, workbook: OpenWorkbook) -> None:
        self._workbook, text = workbook, workbook.text
        self._results: dict[tuple[str, str], Result] = {}
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
        self.answer = Answer(text, self._drawn)
        for field in (self.number, self.segment):
            field.observe(self.answer.redraw, names="value")
        row = widgets.HBox([self.number, self.segment], layout=WRAPPED)
        self.widget = widgets.VBox([row, self.answer.widget])

    def _drawn(self) -> str:
        text = self._workbook.text
        if self.number.value is None:
            return paragraph(text("explorers.baseline_explorer.none"))
        result = self._result(self.number.value, self.segment.value)
        parts = []
        for question in COMPARISONS:
            answered = question in result.tables and question in result.verdicts
            page = self._workbook.answer_html(result if answered else replace(result, tables={}), question)
            said = page or paragraph(text("explorers.baseline_explorer.nothing"))
            parts.append(f"<h4>{text(f'explorers.baseline_explorer.{question}')}</h4>{said}")
        alone = paragraph(text("explorers.baseline_explorer.alone"), quiet=True)
        return "".join(parts) + alone

    def _result(self, number: str, segment: str) -> Result:
        """The comparisons, each worked out once."""
        if (number, segment) not in self._results:
            data = self._workbook.data
            if segment != "all":
                data = data.of_accounts(filter_segment(data["accounts"], segment)["account_id"])
            result = compare_number(data, self._workbook.quarter, number)
            known = {"currency": currency(data), "sizes": data.sizes}
            self._results[number, segment] = replace(result, settings={**result.settings, **known})
        return self._results[number, segment]

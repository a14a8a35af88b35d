"""A funnel of chosen steps, counted in a chosen way, for all customers and by segment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import ipywidgets as widgets

from cs_helpers.analyses.journeys.built import Counted, built_funnel, counted_units
from cs_helpers.contract.products import Entry, Mode
from cs_helpers.customers.segments import SEGMENTS, segments_present, with_segments
from cs_helpers.customers.time import currency
from cs_helpers.widgets.answer import WIDE, WRAPPED, Answer, paragraph
from cs_helpers.widgets.explorer import OpenWorkbook
from cs_helpers.widgets.keys import Keys


class Explorer:
    """Fields for steps, counting, window and breakdown; below, the funnel as the report draws it."""

    def __init__(self, workbook: OpenWorkbook) -> None:
        self._workbook, text = workbook, workbook.text
        self._last: tuple[dict[str, Any], Counted] | None = None
        journey = workbook.data.product.journey
        steps = [step.step for step in journey.steps]
        self.steps = widgets.SelectMultiple(
            description=text("explorers.funnel_builder.steps"), options=[(text.label("step", s), s) for s in steps],
            value=tuple(steps), rows=min(len(steps) + 1, 9), style=WIDE, layout=widgets.Layout(width="max-content", max_width="100%"),
        )  # fmt: skip
        self.mode = self._choice("mode", get_args(Mode), journey.mode)
        self.entry = self._choice("entry", get_args(Entry), journey.entry)
        self.unit = self._choice(
            "unit", ("account", "user") if journey.unit == "user" else ("account",), journey.unit
        )
        self.window = widgets.BoundedIntText(
            description=text("explorers.funnel_builder.window"), value=journey.window_days, min=1, max=36_500, style=WIDE,
            layout=widgets.Layout(width="14em"),
        )  # fmt: skip
        accounts = with_segments(workbook.data["accounts"])
        present = [d for d in SEGMENTS if segments_present(accounts[d], workbook.data.sizes)]
        self.by = widgets.Dropdown(
            description=text("explorers.funnel_builder.by"), value="", style=WIDE,
            options=[(text("explorers.funnel_builder.no_breakdown"), ""), *((text.label("segment", d), d) for d in present)],
        )  # fmt: skip
        self.exclusions = self._choice("exclusions", ("as_declared", "without"), "as_declared")
        self.reset = widgets.Button(description=text("explorers.reset"))
        self.answer = Answer(text, self._drawn)
        self._fields = (self.steps, self.mode, self.entry, self.unit, self.window, self.by, self.exclusions)
        self._first = {field: field.value for field in self._fields}
        self._allow()
        for field in self._fields:
            field.observe(self._on_change, names="value")
        self.reset.on_click(self._on_reset)
        hidden = [
            *([self.unit] if len(self.unit.options) < 2 else []),
            *([] if journey.exclusions else [self.exclusions]),
        ]
        shown = [field for field in self._fields[1:] if field not in hidden]
        choices = widgets.HBox([*shown, self.reset], layout=WRAPPED)
        self.widget = widgets.VBox([Keys(), self.steps, choices, self.answer.widget])

    def _choice(self, name: str, values: tuple[str, ...], value: str) -> widgets.Dropdown:
        text = self._workbook.text
        options = [(text(f"explorers.funnel_builder.{name}.{each}"), each) for each in values]
        return widgets.Dropdown(
            description=text(f"explorers.funnel_builder.{name}.name"),
            options=options,
            value=value,
            style=WIDE,
        )

    def _allow(self) -> None:
        """What is of no effect where a step once reached stays reached cannot be changed then."""
        for field in (self.entry, self.window, self.exclusions):
            field.disabled = self.mode.value == "milestones"

    def _on_change(self, _: Any = None) -> None:
        self._allow()
        self.answer.redraw()

    def _on_reset(self, _: Any) -> None:
        for field in self._fields:
            field.unobserve(self._on_change, names="value")
            field.value = self._first[field]
            field.observe(self._on_change, names="value")
        self._on_change()

    def _drawn(self) -> str:
        workbook, by = self._workbook, self.by.value
        if len(self.steps.value) < 2:
            return paragraph(workbook.text("explorers.funnel_builder.too_few"))
        result = built_funnel(self._counted(), by)
        known = {"currency": currency(workbook.data), "sizes": workbook.data.sizes}
        result = replace(result, settings={**result.settings, **known})
        drawn = "funnel_by" if "funnel_by" in result.tables else "funnel"
        page = workbook.answer_html(result, drawn)
        # the notes on how it is counted belong to both figures
        return (
            page if drawn == "funnel" else page + workbook.answer_html(replace(result, tables={}), "funnel")
        )

    def _counted(self) -> Counted:
        """The units as the fields say; those of the last time where only the breakdown has changed."""
        options: dict[str, Any] = {
            "steps": self.steps.value, "mode": self.mode.value, "unit": self.unit.value, "window_days": self.window.value,
        }  # fmt: skip
        if self.mode.value != "milestones":
            options["entry"] = self.entry.value
            if self.exclusions.value == "without":
                options["exclusions"] = ()
        if self._last is None or self._last[0] != options:
            counted = counted_units(self._workbook.data, self._workbook.quarter, **options)
            self._last = options, counted
        return self._last[1]

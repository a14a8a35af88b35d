"""The filter bar of a notebook: a control for each parameter that a person may choose, made from their schema."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import ipywidgets as widgets
from IPython.display import display

from cs_helpers.contract.parameters import DIMENSIONS, LANGUAGES, Parameters, join_segment, split_segment
from cs_helpers.customers.segments import values_by_dimension
from cs_helpers.live.last_choice import last_choice, remember
from cs_helpers.live.link import Link
from cs_helpers.live.page import LivePage, Opened, Progress, is_dashboard
from cs_helpers.live.save import Options, SaveReport
from cs_helpers.saved_reports import this_notebook
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text
from cs_helpers.text.errors import in_language
from cs_helpers.widgets.shown import Shown

#: fields of `Parameters` that a bar does not offer: a page is of one snapshot and one edition, and explorers ask otherwise
FIXED = frozenset({"snapshot", "options", "audience"})
_WRAPPED = widgets.Layout(flex_flow="row wrap", align_items="center")


class OpenedHere(Opened, Protocol):
    """The part of a workbook that a bar needs."""

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that it reads."""


class FilterBar(Shown):
    """Drop-downs for product, quarter, language and the dimensions of segments; what the notebook shows follows them.

    controls: by name, those of `Parameters` and, for its segment, those of `DIMENSIONS`. Which customers a CSM has is
    offered to the team only. `page` is what follows; the last bar of a kernel is the only one that works. is_free: the
    notebook asks for no product of its own, so that it opens on what this person chose last.
    """

    _last: FilterBar | None = None

    def __init__(
        self,
        workbook: OpenedHere,
        parameters: Parameters,
        open_workbook: Callable[[Parameters], Opened],
        *,
        is_free: bool = False,
    ) -> None:
        if FilterBar._last is not None:  # the notebook runs again
            FilterBar._last.page.close()
        FilterBar._last = self
        self._snapshot, self._start, self._text = workbook.snapshot, parameters, workbook.text
        # what one viewer of a dashboard chooses is nothing to the next
        self._last_changed, self._is_free = "quarter", is_free and not is_dashboard()
        self._is_setting = False
        self.link = Link(parameters.language, self._on_browser)
        self.page: LivePage = LivePage(
            workbook, parameters, open_workbook,
            progressed=self._on_progress, neighbours=self._neighbours, handed_over=self.link.hand_over,
        )  # fmt: skip
        self.link.observe(self._on_view, "in_view")
        self.controls = {name: widgets.Dropdown() for name in self._names()}
        self.reset = widgets.Button(layout=widgets.Layout(width="auto"))
        self.progress = widgets.IntProgress(layout=widgets.Layout(width="12em"))
        self.stop = widgets.Button(layout=widgets.Layout(width="auto"))
        self.said = widgets.HTML()
        self._working = widgets.HBox([self.progress, self.stop], layout=widgets.Layout(display="none"))
        self._working.add_class("cs-working")
        # leadership has none, not even one that is not shown: a widget can be reached without
        may_save = parameters.audience == "team"
        self.report = SaveReport(self._text, self._to_save) if may_save else None
        self._fill()
        for name, control in self.controls.items():
            control.add_class(f"cs-bar-{name}")
            control.observe(lambda change, name=name: self._on_choice(name), "value")
        self.reset.on_click(lambda _: self._choose(self._start))
        self.stop.on_click(lambda _: self.page.stop())

    def show(self) -> None:
        """Displays the bar, and has the processes start that draw for it."""
        may_save = [self.report.widget] if self.report else []
        rows = widgets.HBox(
            [*self.controls.values(), self.reset, *may_save, self._working, self.said, self.link],
            layout=_WRAPPED,
        )
        rows.add_class("cs-bar")
        display(rows)

    @property
    def parameters(self) -> Parameters:
        """What is chosen."""
        return self.page.parameters

    def _names(self) -> list[str]:
        """The controls in their order: the fields of `Parameters`, the segment by its dimensions."""
        dimensions = [d for d in DIMENSIONS if d != "csm" or self._start.audience == "team"]
        # a dashboard has a page for each language: there the prose of a page cannot be folded
        fixed = FIXED | {"language"} if is_dashboard() else FIXED
        return [
            name
            for field in Parameters.model_fields
            if field not in fixed
            for name in (dimensions if field == "segment" else [field])
        ]

    def _fill(self) -> None:
        """Sets labels, options and values of all controls for the parameters of the page."""
        chosen, text = self.page.parameters, self._text
        for name, options in self._options(chosen).items():
            control = self.controls[name]
            control.description = text(f"live.{name}")
            control.style = {"description_width": "initial"}
            control.layout = widgets.Layout(width="auto", max_width="22em")
            with suppress(KeyError):
                control.options = options
            control.value = _value_of(chosen, name)
        self.reset.description, self.stop.description = text("live.reset"), text("live.stop")
        if self.report:
            self.report.speak(text)

    def _to_save(self) -> tuple[Parameters, Options, str]:
        """What a report is made of that shows what the notebook shows."""
        chosen = self.page.parameters
        if chosen.quarter == str(self._snapshot.quarters[-1]):
            chosen = chosen.model_copy(update={"quarter": "latest"})
        options: dict[str, dict[str, Any]] = dict(chosen.analysis_options)
        for call in (place.call for place in self.page.places if place.call.options):
            options[call.analysis] = {**options.get(call.analysis, {}), **dict(call.options)}
        shown = sorted({place.call.analysis for place in self.page.places if place.call.analysis})
        return chosen, options, this_notebook(*shown)

    def _options(self, chosen: Parameters) -> dict[str, list[tuple[str, str]]]:
        text, snapshot = self._text, self._snapshot
        options = {
            "product": [(p.name.in_language(text.language), n) for n, p in snapshot.products.items()],
            "quarter": [(text.quarter(q), str(q)) for q in reversed(snapshot.quarters)],
            "language": [(Text(code)("page.language"), code) for code in LANGUAGES],
        }
        for dimension, values in values_by_dimension(snapshot.read(chosen.product)).items():
            if dimension in self.controls:
                named = [(text.label(dimension, value), value) for value in values]
                options[dimension] = [(text("live.all"), ""), *named]
        return {name: values for name, values in options.items() if name in self.controls}

    def _on_choice(self, name: str) -> None:
        if self._is_setting:
            return
        self._last_changed = name
        values = {n: control.value for n, control in self.controls.items()}
        self._choose(self._with(self.page.parameters, values))
        if not is_dashboard():
            remember(self.page.parameters.model_dump())

    def _with(self, parameters: Parameters, values: Mapping[str, str]) -> Parameters:
        """The parameters with some controls' values; a segment that the product does not have is dropped."""
        segment = {
            **dict(split_segment(parameters.segment)),
            **{d: values[d] for d in DIMENSIONS if d in values},
        }
        product = values.get("product", parameters.product)
        present = values_by_dimension(self._snapshot.read(product))
        kept = {d: value for d, value in segment.items() if value in present[d]}
        fields = {n: value for n, value in values.items() if n in Parameters.model_fields}
        return Parameters.check({**parameters.model_dump(), **fields, "segment": join_segment(kept)})

    def _choose(self, parameters: Parameters) -> None:
        """Draws the page for these parameters, and shows them in the bar."""
        if parameters.language != self._text.language:
            self._text = Text(parameters.language, self._snapshot.product(parameters.product))
            self.link.language = parameters.language
        self.page.change(**parameters.model_dump())
        self._is_setting = True
        try:
            self._fill()
        finally:
            self._is_setting = False

    def _neighbours(self) -> Iterable[Parameters]:
        """What may be chosen next by one control: the nearest values of each, that of the last change first; then the others."""
        chosen, options = self.page.parameters, self._options(self.page.parameters)
        far: list[tuple[int, bool, str, str]] = []
        for name, offered in options.items():
            values = [value for _, value in offered]
            now = values.index(_value_of(chosen, name))
            is_other = name != self._last_changed
            far += [(abs(n - now), is_other, name, value) for n, value in enumerate(values) if n != now]
        for _, _, name, value in sorted(far, key=lambda one: one[:2]):
            yield self._with(chosen, {name: value})

    def _on_browser(self, kind: str, message: Mapping[str, Any]) -> None:
        """What the browser says: it shows the page, or something of it was clicked."""
        number = message.get("call")
        if kind == "ready":
            self.page.start()
            self.page.in_browser()
            if self._is_free:
                self._go_on()
        elif kind == "download" and isinstance(number, int):
            self.page.ask_for_file(number, str(message.get("file")))
        elif kind == "point" and isinstance(number, int):
            self.page.follow_point(number, str(message.get("point")))

    def _go_on(self) -> None:
        """Opens what this person chose last, where this snapshot has it."""
        last = last_choice()
        known = {"product": self._snapshot.products, "language": LANGUAGES}
        if last and all(last[name] in known[name] for name in last):
            chosen = self._with(self.page.parameters, last)
            if chosen != self.page.parameters:
                self._choose(chosen)

    def _on_view(self, change: Mapping[str, Any]) -> None:
        self.page.in_view = change["new"]

    def _on_progress(self, progress: Progress) -> None:
        self.link.waiting = self.page.waiting
        self.progress.max, self.progress.value = max(progress.total, 1), progress.done
        self._working.layout.display = None if progress.is_running else "none"
        said = in_language(progress.problem, self._text.language) if progress.problem else ""
        if not progress.is_running and not said and progress.done < progress.total:
            done, total = self._text.number(progress.done), self._text.number(progress.total)
            said = self._text("live.stopped", done=done, total=total)
        self.said.value = f"<p>{html.escape(said)}</p>" if said else ""


def _value_of(parameters: Parameters, name: str) -> str:
    """What a control of the bar shows for these parameters."""
    if name in DIMENSIONS:
        return dict(split_segment(parameters.segment)).get(name, "")
    return str(getattr(parameters, name))

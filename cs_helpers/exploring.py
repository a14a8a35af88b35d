"""What a notebook shows for a person to explore with: the filter bar, and widgets that follow it."""

from __future__ import annotations

import html
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from cs_helpers import paths
from cs_helpers.contract.parameters import Parameters, options_text
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import WorkbookError
from cs_helpers.live.calls import Call
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.text import Text

if TYPE_CHECKING:  # reports have no widgets, and ipywidgets takes 0.1 s to import
    from cs_helpers.live.bar import FilterBar
    from cs_helpers.live.page import LivePage
    from cs_helpers.widgets.concordance import Concordance
    from cs_helpers.widgets.quiz import Quiz
    from cs_helpers.widgets.second_product import SecondProduct


class HasWidget(Protocol):
    """What can be displayed as a widget."""

    widget: Any


Shown = TypeVar("Shown", bound=HasWidget)


class Explores:
    """The part of `Workbook` that needs a person."""

    snapshot: Snapshot
    data: ProductData
    quarter: Quarter
    segment: str
    text: Text
    audience: str
    options: Mapping[str, Mapping[str, Any]]

    if TYPE_CHECKING:

        @classmethod
        def open(cls, **parameters: Any) -> Self:
            """Opens the workbook for parameters."""

        def analyse(self, analysis: str, **options: Any) -> Result:
            """The result of an analysis."""

        def answer_html(self, result: Result, question: str) -> str:
            """The figure and the notes of a question, as HTML."""

        def show(self, call: Call) -> None:
            """Shows what a call shows, once and for all."""

    @property
    def parameters(self) -> Parameters:
        """The parameters that open this workbook again."""
        values = {
            "product": self.data.product.product, "quarter": str(self.quarter), "language": self.text.language,
            "segment": self.segment, "snapshot": self.snapshot.id, "audience": self.audience,
            "options": options_text(self.options),
        }  # fmt: skip
        return Parameters.check(values)

    def filter_bar(self) -> FilterBar:
        """Shows a filter bar; what the workbook shows below it follows it (`cs_helpers.live`)."""
        from IPython import get_ipython

        from cs_helpers.live.bar import FilterBar

        parameters = self.parameters

        def open_workbook(chosen: Parameters) -> Any:
            return self if chosen == parameters else self.open(**chosen.model_dump())

        shell = get_ipython()
        is_free = bool(shell) and shell.user_ns.get("product") == "first"
        bar = FilterBar(self, parameters, open_workbook, is_free=is_free)
        self.__dict__["_page"] = bar.page
        bar.show()
        return bar

    def explorer(self, name: str) -> None:
        """Shows the explorer `widgets.<name>.Explorer` for this product, quarter and segment."""
        self._explore(importlib.import_module(f"cs_helpers.widgets.{name}").Explorer)

    def concordance(self, query: str = "", *, as_written: bool = False) -> Concordance:
        """Shows a search box for the notes of the product; `.find(query)` of it returns the matches.

        Whole words are found in any inflected form; as_written: exactly these letters, also inside other words.
        """
        from cs_helpers.widgets.concordance import Concordance

        return self._explore(lambda now: Concordance(now.data, now.text, query, as_written=as_written))

    def quiz(self) -> Quiz:
        """Shows a quiz on what is usual: the range of a watched number is guessed first, then shown (`widgets.quiz`).

        Guesses are added to `data/quiz/guesses.jsonl`, one line each.
        """
        from cs_helpers.widgets.quiz import Quiz

        def make(now: Self) -> Quiz:
            data = now.data if now.segment == "all" else now.snapshot.read(now.data.product.product)
            return Quiz(data, now.quarter.end, now.text, paths.quiz() / "guesses.jsonl")

        return self._explore(make)

    def what_if(self, result: Result) -> None:
        """Shows sliders: how many more customers move up a level, for the outlook; for `recognition`, what an award goes by."""
        from cs_helpers.widgets.award_design import AwardDesign
        from cs_helpers.widgets.what_if import WhatIf

        kind: Callable[[Result, Text], HasWidget] = (
            AwardDesign if result.analysis == "recognition" else WhatIf
        )
        self._explore(lambda now: kind(now.analyse(result.analysis), now.text))

    def lay_over(self, result: Result) -> SecondProduct:
        """Shows a drop-down of the other products; the drawing of the chosen one is laid over that of `result`.

        For analyses whose charts have a function `lay_over`, as the operations map.
        """
        from cs_helpers.widgets.second_product import SecondProduct

        def make(now: Self) -> SecondProduct:
            def of_product(product: str) -> tuple[Result, Text]:
                same = {
                    "quarter": str(now.quarter),
                    "language": now.text.language,
                    "audience": now.audience,
                }
                other = now.open(product=product, snapshot=now.snapshot.id, **same)
                return other.analyse(result.analysis), other.text

            return SecondProduct(now.analyse(result.analysis), now.text, now.snapshot.products, of_product)

        return self._explore(make)

    def _explore(self, make: Callable[[Self], Shown]) -> Shown:
        """Displays what `make` makes of the workbook, and made anew of each that the filter bar opens."""
        import ipywidgets as widgets
        from IPython.display import display

        page: LivePage | None = self.__dict__.get("_page")
        made = make(self if page is None else page.workbook)  # type: ignore[arg-type]
        box = widgets.VBox([made.widget])
        display(box)

        def follow(workbook: Any) -> None:
            before = box.children
            try:
                box.children = (make(workbook).widget,)
            except WorkbookError as error:
                box.children = (widgets.HTML(f"<p>{html.escape(str(error))}</p>"),)
            for child in before:
                _close(child)

        if page is not None:
            page.follow(follow)
        return made


def _close(widget: Any) -> None:
    """Closes a widget and what it holds, which otherwise stays in the browser."""
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()

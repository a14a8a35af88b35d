"""Sliders on how much worth, confidence and effort count: the order of the gaps, and what of it no weight changes."""

from __future__ import annotations

import ipywidgets as widgets

from cs_helpers import analyses
from cs_helpers.analyses.gap_plan.weighed import Weighed, Weighing, weighing_of
from cs_helpers.customers.time import currency
from cs_helpers.statistics.priorities import DECIDED, WEIGHTS
from cs_helpers.widgets.answer import Answer, paragraph, rows_html
from cs_helpers.widgets.explorer import OpenWorkbook
from cs_helpers.widgets.keys import Keys
from cs_helpers.widgets.sliders import Range, Sliders

PARTS = ("worth", "confidence", "effort")


class Explorer:
    """Three sliders; below, the order of the gaps, which places change, and which pairs no weight turns round."""

    def __init__(self, workbook: OpenWorkbook) -> None:
        self._workbook, text = workbook, workbook.text
        self._weighing: Weighing | None = None
        ranges = [Range(part, text(f"explorers.gap_weights.{part}"), 0, 2, 0.1) for part in PARTS]
        self.sliders = Sliders(ranges, dict.fromkeys(PARTS, 1.0), text.language)
        self.reset = widgets.Button(description=text("explorers.reset"))
        self.answer = Answer(text, self._drawn)
        self.sliders.observe(self.answer.redraw, names="values")
        self.reset.on_click(lambda _: self.sliders.reset())
        title = widgets.HTML(paragraph(text("explorers.gap_weights.about")))
        self.widget = widgets.VBox([Keys(), title, self.sliders, self.reset, self.answer.widget])

    def _drawn(self) -> str:
        workbook, text = self._workbook, self._workbook.text
        if self._weighing is None:
            basis = analyses.analysis("gap_plan").built_on(workbook.data.product)
            results = {name: workbook.analyse(name) for name in basis}
            self._weighing = weighing_of(workbook.data, workbook.quarter, results)
        if self._weighing is None:
            return paragraph(text("explorers.gap_weights.no_goals"))
        if not self._weighing.goals:
            return paragraph(text("explorers.gap_weights.no_gaps"))
        weighed = self._weighing.weigh(**self.sliders.values)
        page = self._moved(weighed) + self._order(weighed) + self._always(weighed)
        if self._weighing.unknown:
            goals = text.join_list([text.label("goal", goal) for goal in self._weighing.unknown])
            page += paragraph(text("explorers.gap_weights.unknown", goals=goals), quiet=True)
        return page

    def _moved(self, weighed: Weighed) -> str:
        text = self._workbook.text
        moved = weighed.order[weighed.order["rank"] != weighed.order["rank_before"]]
        if all(weight == 1 for weight in self.sliders.values.values()):
            return paragraph(text("explorers.gap_weights.as_declared"))
        if moved.empty:
            return paragraph(text("explorers.gap_weights.nothing_moves"))
        said = [
            text(
                "explorers.gap_weights.moves",
                goal=text.label("goal", row.goal),
                old=row.rank_before,
                new=row.rank,
            )
            for row in moved.itertuples()
        ]
        return paragraph(text("explorers.gap_weights.moved", moves=text.join_list(said)))

    def _order(self, weighed: Weighed) -> str:
        text, unit = self._workbook.text, currency(self._workbook.data)
        rows = [
            (
                text("explorers.gap_weights.place", rank=row.rank, goal=text.label("goal", row.goal)),
                text.number(row.rank_before),
                text.money(row.impact, unit),
                text.share(row.confidence),
                text.number(row.effort, 1),
                text(f"explorers.gap_weights.next.{row.decided or 'last'}", share=text.share(row.chance)),
            )
            for row in weighed.order.itertuples()
        ]
        names = ("goal", "rank_before", "impact", "confidence", "effort", "next")
        return rows_html([text(f"explorers.gap_weights.columns.{name}") for name in names], rows)

    def _always(self, weighed: Weighed) -> str:
        text, goals = self._workbook.text, len(weighed.order)
        if goals < 2:
            return paragraph(text("explorers.gap_weights.one"))
        low, high = (text.number(weight, 1) for weight in WEIGHTS)
        within = {"low": low, "high": high, "share": text.share(DECIDED)}
        if not weighed.always:
            return paragraph(text("explorers.gap_weights.never", **within))
        pairs = [
            text(
                "explorers.gap_weights.before", goal=text.label("goal", one), other=text.label("goal", other)
            )
            for one, other in weighed.always
        ]
        all_pairs = goals * (goals - 1) // 2
        return paragraph(
            text("explorers.gap_weights.always", n=text.number(len(pairs)), of=text.number(all_pairs),
                 pairs=text.join_list(pairs), **within)
        )  # fmt: skip

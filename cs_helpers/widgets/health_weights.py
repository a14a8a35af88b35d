"""Sliders on the weights of the health score: how well it then tells apart who leaves, and whose band changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from pydantic import ValidationError

from cs_helpers.analyses.health_check.chosen import Weighed, Weighing
from cs_helpers.contract.health import Health
from cs_helpers.contract.section_yaml import section_yaml
from cs_helpers.contract.settings_file import setting_error
from cs_helpers.customers.health_score import BANDS
from cs_helpers.customers.time import currency
from cs_helpers.widgets.answer import WRAPPED, Answer, interval_marks, paragraph, rows_html
from cs_helpers.widgets.copied_text import CopiedText
from cs_helpers.widgets.explorer import OpenWorkbook
from cs_helpers.widgets.keys import Keys
from cs_helpers.widgets.sliders import Range, Sliders

#: customers that are listed by name
MAX_ROWS = 15
#: steps from one end of a slider to the other
_STEPS = 40


class Explorer:
    """A slider for each measure; below, the AUC with the declared and with the chosen weights, and the movers."""

    def __init__(self, workbook: OpenWorkbook) -> None:
        self._workbook, text = workbook, workbook.text
        self._weighing: Weighing | None = None
        self._tried: set[tuple[float, ...]] = set()
        health = workbook.data.product.health
        declared = {m.id: float(m.weight) for m in health.measures}
        most = 2 * max(declared.values())
        ranges = [Range(m.id, text.label("measure", m.id), 0, most, most / _STEPS) for m in health.measures]
        self.sliders = Sliders(ranges, declared, text.language)
        self.reset = widgets.Button(description=text("explorers.reset"))
        self.yaml = CopiedText(text)
        self.answer = Answer(text, self._drawn)
        self.sliders.observe(self.answer.redraw, names="values")
        self.reset.on_click(lambda _: self.sliders.reset())
        title = widgets.HTML(paragraph(text("explorers.health_weights.about")))
        buttons = widgets.HBox([self.reset], layout=WRAPPED)
        self.widget = widgets.VBox([Keys(), title, self.sliders, buttons, self.answer.widget, self.yaml])

    def _drawn(self) -> str:
        text, weights = self._workbook.text, self.sliders.values
        if not any(weight > 0 for weight in weights.values()):
            self.yaml.value = ""
            return paragraph(text("explorers.health_weights.all_zero"))
        health = self._health(weights)
        self.yaml.value = section_yaml("health", health)
        if self._weighing is None:
            self._weighing = Weighing(self._workbook.data, self._workbook.quarter)
        if (why := self._weighing.why_not) is not None:
            tables = text.join_list(list(why.fields["tables"]))
            return paragraph(text(f"explorers.health_weights.{why.code}", tables=tables))
        weighed = self._weighing.weigh(weights)
        is_declared = all(weights[m.id] == m.weight for m in self._weighing.health.measures)
        if not is_declared:
            self._tried.add(tuple(weights.values()))
        return self._telling_apart(weighed, is_declared=is_declared) + self._movers(
            weighed, is_declared=is_declared
        )

    def _health(self, weights: dict[str, float]) -> Health:
        """The section of the product file with these weights. Raises `SettingError` where it would not be allowed."""
        product = self._workbook.data.product
        try:
            return product.health.weighed(weights)
        except ValidationError as error:
            raise setting_error(Path(f"{product.product}.yml"), error, Health) from None

    def _telling_apart(self, weighed: Weighed, *, is_declared: bool) -> str:
        text, verdict = self._workbook.text, weighed.verdict
        fields: Mapping[str, Any] = verdict.fields
        counts = {name: text.number(fields[name]) for name in ("lost", "others", "needed")}
        if verdict.code in ("few_losses", "few_others"):
            return paragraph(text(f"explorers.health_weights.{verdict.code}", **counts))

        def row(name: str) -> tuple[str, str, float, float, float]:
            auc, low, high = (fields[key] for key in (name, f"{name}_low", f"{name}_high"))
            return text(f"explorers.health_weights.{name}"), text.share_within(auc, low, high), auc, low, high

        rows = [row("declared")] if is_declared else [row("declared"), row("chosen")]
        said = [text("explorers.health_weights.auc", rows=text.number(fields["rows"]), lost=counts["lost"])]
        if not is_declared:
            points = {
                name: _points(fields[name], self._workbook.text.number)
                for name in ("difference", "low", "high")
            }
            said.append(text(f"explorers.health_weights.{verdict.code}", **points))
        page = paragraph(said[0], quiet=True) + interval_marks(rows, 0.3, 1.0, 0.5)
        page += "".join(paragraph(sentence) for sentence in said[1:])
        if not is_declared:
            tried = text.number(len(self._tried))
            page += paragraph(text("explorers.health_weights.in_sample", tried=tried), quiet=True)
        if weighed.not_scored:
            rows_left = text.number(weighed.not_scored)
            page += paragraph(text("explorers.health_weights.not_scored", rows=rows_left), quiet=True)
        return page

    def _movers(self, weighed: Weighed, *, is_declared: bool) -> str:
        text, moves, unit = self._workbook.text, weighed.moves, currency(self._workbook.data)
        if is_declared:
            return paragraph(text("explorers.health_weights.as_declared"))
        if moves.empty:
            return paragraph(text("explorers.health_weights.nobody_moves", of=text.number(weighed.of)))
        mrr = text.money(float(moves["mrr"].sum(skipna=False)), unit)
        said = text(
            "explorers.health_weights.move", n=text.number(len(moves)), of=text.number(weighed.of), mrr=mrr
        )
        ways = []
        for old in BANDS:
            for new in BANDS:
                inside = moves[(moves["band"] == old) & (moves["chosen_band"] == new)]
                if len(inside):
                    way = text("explorers.arrow", old=text.label("band", old), new=text.label("band", new))
                    ways.append(
                        (
                            way,
                            text.number(len(inside)),
                            text.money(float(inside["mrr"].sum(skipna=False)), unit),
                        )
                    )
        headings = [text(f"explorers.columns.{name}") for name in ("move", "customers", "mrr")]
        page = paragraph(said) + rows_html(headings, ways)
        if self._workbook.audience == "leadership":
            return page + paragraph(text("explorers.for_team"), quiet=True)
        rows = [
            (str(row.name_), text.money(row.mrr, unit), _scored(row.score, row.band, text), _scored(row.chosen_score, row.chosen_band, text))
            for row in moves.head(MAX_ROWS).rename(columns={"name": "name_"}).itertuples()
        ]  # fmt: skip
        names = [text(f"explorers.columns.{name}") for name in ("name", "mrr", "declared", "chosen")]
        more = text("explorers.rows_shown", shown=text.number(len(rows)), rows=text.number(len(moves)))
        return page + rows_html(names, rows) + (paragraph(more, quiet=True) if len(moves) > MAX_ROWS else "")


def _points(difference: float, number: Any) -> str:
    """A difference of two shares in points, with its sign."""
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    return f"{sign}{number(100 * abs(difference), 1)}"


def _scored(score: float, band: str, text: Any) -> str:
    return str(text("explorers.scored", score=text.number(score), band=text.label("band", band)))

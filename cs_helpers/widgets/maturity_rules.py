"""Bounds of the rules of maturity to change: how many customers would be at each level, and who moves."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import ipywidgets as widgets
from pydantic import ValidationError

from cs_helpers.analyses.maturity.tried import Bounds, RuleTest, Tried, with_bounds
from cs_helpers.contract.maturity import LevelCondition, Maturity
from cs_helpers.contract.section_yaml import section_yaml
from cs_helpers.contract.settings_file import setting_error
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.customers.time import currency
from cs_helpers.text import Text
from cs_helpers.widgets.answer import WIDE, WRAPPED, Answer, paragraph, rows_html
from cs_helpers.widgets.copied_text import CopiedText
from cs_helpers.widgets.explorer import OpenWorkbook
from cs_helpers.widgets.keys import Keys

#: customers that are listed by name
MAX_ROWS = 15


class Explorer:
    """A drop-down of the conditions and fields for their bounds; below, customers by level before and after, and who moves."""

    def __init__(self, workbook: OpenWorkbook) -> None:
        self._workbook, text = workbook, workbook.text
        self._maturity = workbook.data.product.maturity
        self._test: RuleTest | None = None
        self._written: dict[str, tuple[str, str]] = {}
        conditions = self._maturity.conditions_by_key
        self.condition = widgets.Dropdown(
            description=text("explorers.maturity_rules.condition"), style=WIDE,
            options=[(self._named(key), key) for key in conditions], layout=widgets.Layout(width="max-content", max_width="100%"),
        )  # fmt: skip
        self.at_least, self.at_most = (
            widgets.Text(
                description=text(f"explorers.maturity_rules.{name}"), continuous_update=False, style=WIDE,
                layout=widgets.Layout(width="12em"),
            )
            for name in ("at_least", "at_most")
        )  # fmt: skip
        self.reset = widgets.Button(description=text("explorers.reset"))
        self.yaml = CopiedText(text)
        self.answer = Answer(text, self._drawn)
        self._show_bounds()
        self.condition.observe(self._show_bounds, names="value")
        for field in (self.at_least, self.at_most):
            field.observe(self._on_bound, names="value")
        self.reset.on_click(self._on_reset)
        title = widgets.HTML(paragraph(text("explorers.maturity_rules.about")))
        row = widgets.HBox([self.condition, self.at_least, self.at_most, self.reset], layout=WRAPPED)
        self.widget = widgets.VBox([Keys(), title, row, self.answer.widget, self.yaml])

    def _named(self, key: str) -> str:
        text, level = self._workbook.text, int(key.partition(".")[0])
        return text(
            "explorers.maturity_rules.named", level=text.label("level", level), condition=text.condition(key)
        )

    def _show_bounds(self, _: object = None) -> None:
        """Shows the bounds of the chosen condition, as they were written or else declared, without a redraw."""
        key = self.condition.value
        declared = self._maturity.conditions_by_key[key] if key else None
        bounds = self._written.get(key) or (_declared(declared) if declared else ("", ""))
        for field, written in zip((self.at_least, self.at_most), bounds, strict=True):
            field.unobserve(self._on_bound, names="value")
            field.value = written
            field.disabled = declared is None
            field.observe(self._on_bound, names="value")

    def _on_bound(self, _: object) -> None:
        key = self.condition.value
        written = self.at_least.value.strip(), self.at_most.value.strip()
        self._written.pop(key, None)
        if written != _declared(self._maturity.conditions_by_key[key]):
            self._written[key] = written
        self.answer.redraw()

    def _on_reset(self, _: object) -> None:
        self._written.clear()
        self._show_bounds()
        self.answer.redraw()

    def _drawn(self) -> str:
        self.yaml.value = ""
        for written in (each for bounds in self._written.values() for each in bounds):
            if not _is_bound(written):
                return paragraph(self._workbook.text("explorers.maturity_rules.no_number", written=written))
        maturity = self._changed()
        if self._written:
            self.yaml.value = section_yaml("maturity", maturity)
        if self._test is None:
            self._test = RuleTest(self._workbook.data, self._workbook.quarter)
        tried = self._test.levels(maturity)
        if not tried.n:
            return paragraph(self._workbook.text("explorers.maturity_rules.no_customers"))
        return self._changes() + self._counts(tried) + self._moves(tried)

    def _changed(self) -> Maturity:
        """The rules with the bounds as written. Raises `WorkbookError` for what a product file may not say either."""
        bounds: dict[str, Bounds] = {}
        for key, written in self._written.items():
            least, most = (_number(each) for each in written)
            bounds[key] = least, most
        if not bounds:
            return self._maturity
        try:
            return with_bounds(self._maturity, bounds)
        except ValidationError as error:
            raise setting_error(Path(f"{self._workbook.data.product.product}.yml"), error, Maturity) from None

    def _changes(self) -> str:
        """The conditions that were changed, with their bounds as declared and as written."""
        text, declared = self._workbook.text, self._maturity.conditions_by_key
        if not self._written:
            return paragraph(text("explorers.maturity_rules.as_declared"))
        rows = [
            (self._named(key), _said(_declared(declared[key]), text), _said(written, text))
            for key, written in self._written.items()
        ]
        headings = [text(f"explorers.columns.{name}") for name in ("rule", "declared", "chosen")]
        return rows_html(headings, rows)

    def _counts(self, tried: Tried) -> str:
        text, unit = self._workbook.text, currency(self._workbook.data)
        with_mrr = self._test is not None and self._test.knows_mrr
        rows = []
        for row in tried.counts.itertuples():
            level = text.label("level", "unknown" if row.level == UNKNOWN else row.level)
            cells = [level, text.number(row.before), text.number(row.after)]
            if with_mrr:
                cells += [text.money(row.mrr_before, unit), text.money(row.mrr_after, unit)]
            rows.append(cells)
        names = ["level", "before", "after", *(["mrr_before", "mrr_after"] if with_mrr else [])]
        return rows_html([text(f"explorers.columns.{name}") for name in names], rows)

    def _moves(self, tried: Tried) -> str:
        text, unit, moves = self._workbook.text, currency(self._workbook.data), tried.moves
        with_mrr = self._test is not None and self._test.knows_mrr
        if not self._written:
            return ""
        if moves.empty:
            return paragraph(text("explorers.maturity_rules.nobody_moves", of=text.number(tried.n)))
        said = []
        for way in ("up", "down", "unknown"):
            inside = moves[moves["way"] == way]
            if len(inside):
                mrr = (
                    text("explorers.with_mrr", mrr=text.money(inside["mrr"].sum(), unit)) if with_mrr else ""
                )
                said.append(text(f"explorers.maturity_rules.{way}", n=text.number(len(inside)), mrr=mrr))
        page = paragraph(text.join_sentences(said))
        if self._workbook.audience == "leadership":
            return page + paragraph(text("explorers.for_team"), quiet=True)
        rows = [
            (row.name_, _level(row.before, text), _level(row.after, text), *([text.money(row.mrr, unit)] if with_mrr else []))
            for row in moves.head(MAX_ROWS).rename(columns={"name": "name_"}).itertuples()
        ]  # fmt: skip
        names = ["name", "declared", "chosen", *(["mrr"] if with_mrr else [])]
        more = text("explorers.rows_shown", shown=text.number(len(rows)), rows=text.number(len(moves)))
        headings = [text(f"explorers.columns.{name}") for name in names]
        return (
            page + rows_html(headings, rows) + (paragraph(more, quiet=True) if len(moves) > MAX_ROWS else "")
        )


def _level(level: int, text: Text) -> str:
    return text.label("level", "unknown" if level == UNKNOWN else level)


def _declared(condition: LevelCondition) -> tuple[str, str]:
    """The bounds of a condition as they would be written."""
    least, most = (
        "" if bound is None else f"{bound:.12g}" for bound in (condition.at_least, condition.at_most)
    )
    return least, most


def _said(bounds: tuple[str, str], text: Text) -> str:
    parts = [
        text(f"explorers.maturity_rules.said.{name}", bound=bound)
        for name, bound in zip(("at_least", "at_most"), bounds, strict=True)
        if bound
    ]
    return text.join_list(parts) or "–"


def _plain(written: str) -> str:
    """Digits as people write them, also in full width."""
    return unicodedata.normalize("NFKC", written).replace(",", "").replace("−", "-").strip()


def _is_bound(written: str) -> bool:
    try:
        number = _number(written)
    except ValueError:
        return False
    return number is None or abs(number) < float("inf")


def _number(written: str) -> float | None:
    """A bound, also in percent; None for an empty field. Raises `ValueError` for anything else."""
    plain = _plain(written)
    if not plain:
        return None
    return float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)

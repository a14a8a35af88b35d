"""The text catalogue of the workbook, in English and Japanese.

Each sentence has a key; the files `en/<topic>.yml` and `ja/<topic>.yml` hold the same keys with
the same fields. Numbers and dates are formatted by the rules of the language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import babel.dates
import babel.numbers
import budoux
import yaml

from cs_helpers.contract.labels import SizeClass, class_names
from cs_helpers.contract.parameters import split_segment
from cs_helpers.contract.products import Product, as_regex
from cs_helpers.contract.quarters import Quarter
from cs_helpers.rounding import rounded
from cs_helpers.text.measured import condition_name

_FOLDER = Path(__file__).parent


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language by key."""
    sentences: dict[str, str] = {}
    for file in sorted((_FOLDER / language).glob("*.yml")):
        _flatten(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader), file.stem, sentences)
    return sentences


def _flatten(node: Any, key: str, sentences: dict[str, str]) -> None:
    if isinstance(node, dict):
        for name, inner in node.items():
            _flatten(inner, f"{key}.{name}", sentences)
    else:
        sentences[key] = str(node)


#: topics without customers, or with a version for accounts of their own (`page`); all others are of analyses
_TOPICS_WITHOUT_CUSTOMERS = (
    "advice.", "check.", "console.", "draft.", "exchange.", "failed.", "labels.", "landing.", "page.", "report.", "rules.",
    "welcome.",
)  # fmt: skip


@cache
def _account_catalogue(language: str) -> dict[str, str]:
    """All sentences of a language with "accounts" in place of "customers", for data without contracts.

    An account that is over has no later row, in place of a renewal that is not recorded.
    """
    sentences = catalogue(language)
    customer_words, account_word = sentences["page.accounts.said"], sentences["page.accounts.instead"]

    def replace_word(match: re.Match[str]) -> str:
        article, word = match[1] or "", match[2]
        return f"{article[:1]}n " * bool(article) + (
            account_word.capitalize() if word[0].isupper() else account_word
        )

    pattern = re.compile(rf"(\ba )?({customer_words})(?![^{{}}]*}})", re.IGNORECASE)  # not inside field names
    over = sentences["page.accounts.over.said"], sentences["page.accounts.over.instead"]
    return {
        key: s if key.startswith(_TOPICS_WITHOUT_CUSTOMERS) else pattern.sub(replace_word, s.replace(*over))
        for key, s in sentences.items()
    }


def _product_labels(product: Product, language: str) -> dict[str, str]:
    """Label key -> name or words that the product file gives to a step, level, measure, baseline (and its unit), theme, subject, entry, means, department, goal, element of competency and question about it, training, award or grade."""
    labels = [("step", s.step, s.name) for s in product.journey.steps]
    labels += [("contents", s.step, s.contents) for s in product.journey.steps if s.contents]
    labels += [("tools", s.step, s.tools) for s in product.journey.steps if s.tools]
    labels += [("level_name", str(level.level), level.name) for level in product.maturity.levels]
    labels += [("measure", m.id, m.name) for m in product.health.measures]
    labels += [("baseline", b.id, b.name) for b in product.baselines]
    labels += [("unit", b.id, b.unit) for b in product.baselines]
    labels += [("theme", code, words) for code, words in product.themes.items()]
    labels += [("touch", subject, words) for subject, words in product.subjects.items()]
    labels += [("when", play.key, play.when) for play in product.playbook]
    labels += [("do", play.key, play.do) for play in product.playbook]
    labels += [("means", one.id, one.name) for one in product.means]
    labels += [("department", d.en, d) for d in product.departments]
    labels += [("goal", goal.id, goal.name) for goal in (product.to_be.goals if product.to_be else ())]
    if team := product.team:
        labels += [("element", one.id, one.name) for one in team.elements]
        labels += [("interview_question", one.id, one.asks) for one in team.questions]
        labels += [("training", one.id, one.name) for one in team.trainings]
        labels += [("award", one.id, one.name) for one in team.awards]
        labels += [("grade", grade, words) for grade, words in team.grades.items()]
    return {f"labels.{kind}.{key}": words.in_language(language) for kind, key, words in labels}


def _planned_touches(product: Product) -> list[tuple[re.Pattern[str], str, str]]:
    """The touches that the product file plans: pattern of their content, kind (contents, tools) and step."""
    return [
        (re.compile(as_regex(sign.touch)), kind, step.step)
        for step in product.journey.steps
        for kind, sign in (("contents", step.contents_seen), ("tools", step.tools_seen))
        if sign and sign.touch
    ]


class Text:
    """The catalogue in one language, with the names of a product; call it with a key and fields.

    accounts: write "accounts" in place of "customers", for data without contracts. sizes: size classes that the company
    declared, with their names.
    """

    def __init__(
        self,
        language: str,
        product: Product | None = None,
        sizes: Sequence[SizeClass] = (),
        *,
        accounts: bool = False,
    ) -> None:
        self.language, self.accounts = language, accounts
        sentences = _account_catalogue(language) if accounts else catalogue(language)
        size_names = {f"labels.size.{size}": name for size, name in class_names(sizes, language).items()}
        self._sentences = sentences | size_names | (_product_labels(product, language) if product else {})
        self._touches = _planned_touches(product) if product else []
        self._conditions = product.maturity.conditions_by_key if product else {}

    def __call__(self, key: str, /, **fields: Any) -> str:
        """The sentence of a key with its fields filled in. Raises `KeyError` for an unknown key or a missing field."""
        return self._sentences[key].format(**fields)

    @property
    def script(self) -> str:
        """The script of the language, in the terms of the column `script` of the interviews' tables."""
        return "ja" if self.language == "ja" else "latin"

    def has(self, key: str) -> bool:
        """Whether the catalogue has a sentence with that key."""
        return key in self._sentences

    def label(self, kind: str, value: object) -> str:
        """The label of a value of the contract, as for `size`, `small`; the value itself if it has none."""
        return self._sentences.get(f"labels.{kind}.{value}", str(value))

    def kpi(self, name: str) -> str:
        """The label of a headline number, by its name as in `revenue.nrr_year`."""
        analysis, _, metric = name.partition(".")
        return self(f"{analysis}.metrics.{metric}")

    def named(self, kind: str, name: str) -> str:
        """The name of a step, an entry of the playbook, means, a reason, or a headline number (`kpi`)."""
        return self.kpi(name) if kind == "kpi" else self.label("when" if kind == "entry" else kind, name)

    def level_name(self, level: int) -> str:
        """What the product file calls a level; '' for the one below the first, and where that says no more than its label."""
        name = self._sentences.get(f"labels.level_name.{level}", "")
        return "" if name == self.label("level", level) else name

    def condition(self, key: str) -> str:
        """The name of a condition of a level, by its key as in `3.1`: its label in the product file, else its measure."""
        return condition_name(self._conditions[key], self)

    def segment(self, segment: str) -> str:
        """The label of a segment of customers, as for `all`, `size:small` or `size:small;csm:csm-03`."""
        if segment == "all":
            return self("charts.all")
        return self.join_list(
            [f"{self.label('segment', d)}: {self.label(d, value)}" for d, value in split_segment(segment)]
        )

    def watched(self, key: str) -> str:
        """The name of a watched number, as `tickets_opened`, or of one in a segment, as `tickets_opened/size:small`."""
        baseline, _, segment = key.partition("/")
        name = self.label("baseline", baseline)
        if not segment:
            return name
        dimension, _, value = segment.partition(":")
        return self("baselines.in_segment", what=name, segment=self.label(dimension, value))

    def weekday(self, value: date) -> str:
        """The name of a date's day of the week, as in Tuesday and 火曜日."""
        return str(babel.dates.format_date(value, "EEEE", locale=self.language))

    def month(self, value: date) -> str:
        """A month, as in September 2026 and 2026年9月."""
        return str(
            babel.dates.format_date(
                value, "MMMM y" if self.language == "en" else "y年M月", locale=self.language
            )
        )

    def theme(self, code: str) -> str:
        """The name of a theme: from the product file, else its code as words."""
        if self.has(name := f"labels.theme.{code}"):
            return self._sentences[name]
        if not re.fullmatch(r"[^\s_]+(_[^\s_]+)+", code):
            return code  # already readable
        return code[0].upper() + code[1:].replace("_", " ")

    def request(self, title: str, code: str, key: str) -> str:
        """The name of a request: its title (or what the product file calls it), else its theme, else its key."""
        return self.label("touch", title) if title else self.theme(code) if code else key

    def subject(self, content: str) -> str:
        """The name of a touch's content: from the product file or its plan, else as recorded."""
        if self.has(name := f"labels.touch.{content}"):
            return self._sentences[name]
        planned_names = (
            self.label(kind, step) for sign, kind, step in self._touches if sign.fullmatch(content)
        )
        return next(planned_names, content)

    def pseudonym(self, kind: str, number: int) -> str:
        """The pseudonym with a number, by the kind of name it replaces (`words.masking.Pseudonym`)."""
        return self(f"page.pseudonym.{kind}", n=number)

    def headings(self, key: str, *columns: str) -> dict[str, str]:
        """Column -> heading, from the keys `<key>.columns.<column>`."""
        return {c: self._sentences[f"{key}.columns.{c}"] for c in columns}

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with separators, halves rounded away from 0; an en dash if it is missing."""
        if value is None or value != value:
            return "–"
        if value in (float("inf"), float("-inf")):
            return "∞"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(babel.numbers.format_decimal(rounded(value, digits), format=pattern, locale=self.language))

    def amount(self, value: float | None) -> str:
        """A number that is no count, as a median or a mean: with one decimal below 10, two below 1, none of 0."""
        size = abs(value or 0.0)
        return self.number(value, 0 if not size or size >= 9.95 else 1 if size >= 0.995 else 2)

    def companies(self, value: float | None) -> str:
        """A number of companies; a sign if it is hidden because it is too small."""
        return self("page.hidden") if value is None or value != value else self.number(value)

    def share(self, value: float | None) -> str:
        """A share as a whole percentage."""
        if value is None or value != value:
            return "–"
        return f"{rounded(100 * value)}%"

    def share_within(self, value: float, low: float, high: float) -> str:
        """A share with its interval, as in 62% (41-79%); without the interval if it is unknown."""
        return self._within(self.share(value), self.share(low), self.share(high), low)

    def number_within(self, value: float, low: float, high: float, digits: int = 0) -> str:
        """A number with its interval; without the interval if it is unknown."""
        return self._within(
            self.number(value, digits), self.number(low, digits), self.number(high, digits), low
        )

    def _within(self, value: str, low: str, high: str, bound: float) -> str:
        if bound != bound:
            return value
        if high == "–":  # the upper end is unknown
            return self("charts.interval_open", value=value, low=low)
        return self("charts.interval", value=value, low=low, high=high)

    def money(self, value: float, currency: str) -> str:
        """An amount without decimals, with its currency if that is known."""
        if value != value:
            return "–"
        if not currency:
            return self.number(value)
        return str(
            babel.numbers.format_currency(
                rounded(value), currency, locale=self.language, currency_digits=False, format="¤#,##0"
            )
        )

    def day(self, value: date) -> str:
        """A date, as in 30 Sep 2026 and 2026年9月30日."""
        return str(
            babel.dates.format_date(
                value, "d MMM y" if self.language == "en" else "y年M月d日", locale=self.language
            )
        )

    def span(self, first: date, last: date) -> str:
        """A period as two dates; one date if they are equal."""
        if first == last:
            return self.day(first)
        return (
            f"{self.day(first)} – {self.day(last)}"
            if self.language == "en"
            else f"{self.day(first)}〜{self.day(last)}"
        )

    def quarter(self, quarter: Quarter) -> str:
        """A quarter, as in Q3 2026 and 2026年第3四半期(7〜9月)."""
        if self.language == "en":
            return f"Q{quarter.number} {quarter.year}"
        return f"{quarter.year}年{quarter.start.month}〜{quarter.end.month}月期"

    def join_list(self, parts: list[str]) -> str:
        """The parts as a list in a sentence."""
        return ("、" if self.language == "ja" else ", ").join(parts)

    def capital(self, words: str) -> str:
        """Words with a capital letter first, where a part of a sentence stands alone."""
        return words[:1].upper() + words[1:]

    def join_sentences(self, sentences: list[str]) -> str:
        """The sentences one after the other; in Japanese nothing stands between them."""
        return ("" if self.language == "ja" else " ").join(sentences)

    def phrases(self, text: str) -> list[str]:
        """`text` in the pieces between which a line may break, by the rules of the language; a blank ends its piece."""
        if self.language != "ja":
            return [word + " " for word in text.split(" ")]
        return [
            part
            for phrase in _japanese_parser().parse(text)
            for part in re.split("(?<=[・、。: \uff1a])", phrase)
            if part
        ]

    def wrap(self, text: str, width: int) -> str:
        """`text` wrapped to lines of about `width` Latin letters, by the line-breaking rules of the language."""
        lines, line = [], ""
        for piece in self.phrases(text):
            if line and _display_width(line + piece.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        return "\n".join([*lines, line.rstrip()])


@cache
def _japanese_parser() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def _display_width(text: str) -> int:
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)

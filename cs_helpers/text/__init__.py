"""The words of the workbook, in English and Japanese.

Each sentence has a key; the files `en/<topic>.yml` and `ja/<topic>.yml` hold the same keys with
the same fields. Numbers and dates are written as the language writes them.
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

from cs_helpers.contract.labels import SizeClass, names_of
from cs_helpers.contract.products import Product, as_regex
from cs_helpers.contract.quarters import Quarter

_FOLDER = Path(__file__).parent


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language, by key."""
    found: dict[str, str] = {}
    for file in sorted((_FOLDER / language).glob("*.yml")):
        _flatten(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader), file.stem, found)
    return found


def _flatten(part: Any, key: str, into: dict[str, str]) -> None:
    if isinstance(part, dict):
        for name, inner in part.items():
            _flatten(inner, f"{key}.{name}", into)
    else:
        into[key] = str(part)


#: topics that count nobody, or say themselves whom (`page`); all others are of analyses and speak of customers
_COUNT_NOBODY = (
    "advice.", "check.", "console.", "draft.", "exchange.", "failed.", "labels.", "landing.", "page.", "report.", "rules.",
)  # fmt: skip


@cache
def _of_accounts(language: str) -> dict[str, str]:
    """All sentences of a language, where accounts are counted: no table of contracts says who is a customer."""
    whole = catalogue(language)
    said, instead = whole["page.accounts.said"], whole["page.accounts.instead"]

    def written(found: re.Match[str]) -> str:
        article, word = found[1] or "", found[2]
        return f"{article[:1]}n " * bool(article) + (instead.capitalize() if word[0].isupper() else instead)

    pattern = re.compile(rf"(\ba )?({said})(?![^{{}}]*}})", re.IGNORECASE)  # names of fields stay
    return {key: s if key.startswith(_COUNT_NOBODY) else pattern.sub(written, s) for key, s in whole.items()}


def _names(product: Product, language: str) -> dict[str, str]:
    """What the product file calls its steps, measures, baselines, themes and subjects, as labels."""
    named = [("step", s.step, s.name) for s in product.journey.steps]
    named += [("contents", s.step, s.contents) for s in product.journey.steps if s.contents]
    named += [("tools", s.step, s.tools) for s in product.journey.steps if s.tools]
    named += [("measure", m.id, m.name) for m in product.health.measures]
    named += [("baseline", b.id, b.name) for b in product.baselines]
    named += [("theme", code, words) for code, words in product.themes.items()]
    named += [("touch", subject, words) for subject, words in product.subjects.items()]
    return {f"labels.{kind}.{key}": words.in_language(language) for kind, key, words in named}


def _planned(product: Product) -> list[tuple[re.Pattern[str], str, str]]:
    """The touches that show what the product file plans: their pattern, and the kind and step of the plan."""
    return [
        (re.compile(as_regex(sign.touch)), kind, step.step)
        for step in product.journey.steps
        for kind, sign in (("contents", step.contents_seen), ("tools", step.tools_seen))
        if sign and sign.touch
    ]


class Text:
    """The catalogue in one language, with a product's own names; call it with a key and fields.

    accounts: sentences speak of accounts in place of customers, as without contracts nobody knows who is one.
    sizes: a company's own classes of size, whose names they use.
    """

    def __init__(
        self,
        language: str,
        product: Product | None = None,
        sizes: Sequence[SizeClass] = (),
        *,
        accounts: bool = False,
    ) -> None:
        self.language = language
        sentences = _of_accounts(language) if accounts else catalogue(language)
        own = {f"labels.size.{size}": name for size, name in names_of(sizes, language).items()}
        self._sentences = sentences | own | (_names(product, language) if product else {})
        self._touches = _planned(product) if product else []

    def __call__(self, key: str, /, **fields: Any) -> str:
        """The sentence of a key, filled; raises `KeyError` for a key or field it does not have."""
        return self._sentences[key].format(**fields)

    @property
    def script(self) -> str:
        """The script of notes that the page's readers read, as `script` of the interviews' tables says it."""
        return "ja" if self.language == "ja" else "latin"

    def has(self, key: str) -> bool:
        """Whether the catalogue has a sentence of that key."""
        return key in self._sentences

    def label(self, kind: str, value: object) -> str:
        """What a value of the contract is called, e.g. `size`, `small`; the value if it is data."""
        return self._sentences.get(f"labels.{kind}.{value}", str(value))

    def segment(self, segment: str) -> str:
        """What customers are chosen, e.g. `all` or `size:small`."""
        if segment == "all":
            return self("charts.all")
        dimension, _, value = segment.partition(":")
        return f"{self.label('segment', dimension)}: {self.label(dimension, value)}"

    def theme(self, code: str) -> str:
        """What a theme is called: as the product file says, else its code as words."""
        if self.has(name := f"labels.theme.{code}"):
            return self._sentences[name]
        if not re.fullmatch(r"[^\s_]+(_[^\s_]+)+", code):
            return code  # written as it is to be read
        return code[0].upper() + code[1:].replace("_", " ")

    def subject(self, content: str) -> str:
        """What a touch was about: as the product file calls it, or what it plans; else as it was written."""
        if self.has(name := f"labels.touch.{content}"):
            return self._sentences[name]
        plans = (self.label(kind, step) for sign, kind, step in self._touches if sign.fullmatch(content))
        return next(plans, content)

    def pseudonym(self, kind: str, number: int) -> str:
        """What stands in the place of a name, by its kind (`words.masking.Pseudonym`)."""
        return self(f"page.pseudonym.{kind}", n=number)

    def headings(self, key: str, *columns: str) -> dict[str, str]:
        """The headings of a table: `<key>.columns.<column>` for each column."""
        return {c: self._sentences[f"{key}.columns.{c}"] for c in columns}

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with separators, as the language writes it; an en dash for none."""
        if value is None or value != value:
            return "–"
        if value in (float("inf"), float("-inf")):
            return "∞"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(babel.numbers.format_decimal(value, format=pattern, locale=self.language))

    def companies(self, value: float | None) -> str:
        """How many companies; a sign where so few that it is hidden."""
        return self("page.hidden") if value is None or value != value else self.number(value)

    def share(self, value: float | None) -> str:
        """A share as a whole percentage."""
        if value is None or value != value:
            return "–"
        return f"{100 * value:.0f}%"

    def share_within(self, value: float, low: float, high: float) -> str:
        """A share with its interval, as in 62% (41-79%); without one where it is not known."""
        return self._within(self.share(value), self.share(low), self.share(high), low)

    def number_within(self, value: float, low: float, high: float, digits: int = 0) -> str:
        """A number with its interval; without one where it is not known."""
        return self._within(
            self.number(value, digits), self.number(low, digits), self.number(high, digits), low
        )

    def _within(self, value: str, low: str, high: str, bound: float) -> str:
        if bound != bound:
            return value
        if high == "–":  # its upper end is not known yet
            return self("charts.interval_open", value=value, low=low)
        return self("charts.interval", value=value, low=low, high=high)

    def money(self, value: float, currency: str) -> str:
        """An amount without decimals, with its currency where one is known."""
        if value != value:
            return "–"
        if not currency:
            return self.number(value)
        return str(
            babel.numbers.format_currency(
                round(value), currency, locale=self.language, currency_digits=False, format="¤#,##0"
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
        """A period from one day to another; one date where they are the same."""
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

    def joined(self, parts: list[str]) -> str:
        """A list of words."""
        return ("、" if self.language == "ja" else ", ").join(parts)

    def wrapped(self, text: str, width: int) -> str:
        """`text` in lines of about `width` Latin letters, broken where the language breaks."""
        if self.language == "ja":
            pieces = [
                part
                for phrase in _japanese().parse(text)
                for part in re.split("(?<=[・、。: \uff1a])", phrase)
            ]
        else:
            pieces = [word + " " for word in text.split(" ")]
        lines, line = [], ""
        for piece in pieces:
            if line and _wide(line + piece.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        return "\n".join([*lines, line.rstrip()])


@cache
def _japanese() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def _wide(text: str) -> int:
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)

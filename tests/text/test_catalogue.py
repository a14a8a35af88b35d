"""Both languages say everything."""

from __future__ import annotations

import functools
import re
import string
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from cs_helpers import analyses
from cs_helpers.contract.products import Product, load_product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.tables import TABLES
from cs_helpers.text import Text, _account_catalogue, catalogue

ENGLISH, JAPANESE = catalogue("en"), catalogue("ja")
PACKAGE = Path(__file__).resolve().parents[2] / "cs_helpers"
#: the sentences of one analysis or part of the pages are one test: there are thousands
TOPICS = sorted({key.partition(".")[0] for key in (*ENGLISH, *JAPANESE)})


def keys_of(topic: str) -> list[str]:
    """The keys of a topic that both languages have."""
    return sorted(key for key in ENGLISH.keys() & JAPANESE.keys() if key.partition(".")[0] == topic)


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@functools.cache
def keys_to_write() -> list[str]:
    """The keys of a product file, and the names of tables and their columns."""
    found, models = set(TABLES), [Product]
    for table in TABLES.values():
        found |= set(table.columns)
    for model in models:
        for name, field in model.model_fields.items():
            found.add(name)
            models += [m for m in models_in(field.annotation) if m not in models]
    return sorted(found, key=len, reverse=True)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that the annotation of a field names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in models_in(inner)]


def test_both_languages_have_the_same_keys():
    assert set(ENGLISH) == set(JAPANESE)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_sentence_has_the_same_fields_in_both_languages(topic):
    assert [k for k in keys_of(topic) if fields(ENGLISH[k]) != fields(JAPANESE[k])] == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_where_accounts_are_counted_the_sentences_have_the_same_fields(language):
    plain, accounts = catalogue(language), _account_catalogue(language)
    assert {k: fields(s) for k, s in accounts.items()} == {k: fields(s) for k, s in plain.items()}
    said = [
        k
        for k, s in accounts.items()
        if re.search(r"(?i)\ba account|customer|顧客", re.sub(r"\{[^}]*\}", "", s))
    ]
    assert said
    of_analyses = tuple(f"{topic}." for topic in ("charts", "notes", *analyses.names()))
    assert not [k for k in said if k.startswith(of_analyses)]


def test_accounts_stand_in_place_of_customers_with_their_article():
    text = Text("en", accounts=True)
    assert (
        text("journeys.notes.value_not_reached")
        == "Not available yet: no account has reached the step that stands for value."
    )
    assert text("charts.n_customers", n="7") == "n = 7 accounts"
    assert "has an account with" in text("interviews.crossing.nobody")
    assert (
        Text("ja", accounts=True)("maturity.by_quarter.now", level="Lv.3", share="3%") == "Lv.3以上の企業は3%"
    )
    assert Text("en")("charts.n_customers", n="7") == "n = 7 customers"


@pytest.mark.parametrize("topic", TOPICS)
def test_japanese_sentences_hold_no_english_words(topic):
    known = r"`[^`]+`|Run > Run All Cells|Lv|KPI|Jira|GitHub(?: Issues)?|yyyy-MM-dd|docs/ja/[a-z-]+\.md|CSM|CS|MRR|NPS|Web|ID|IT|p値|sources|touches|touch_plan|hours_per_touch|n = |Workbook|\b95%|API|CSV|PDF|SVG|PNG|Mermaid|MASI|[NG]RR|ARR|LTV|CAC|sBG|exchange_rates|revenue: costs|AUC|Enter|Esc|×"
    # what is to be written into a product file or a table is called as it is there
    written = rf"\b({'|'.join(keys_to_write())})\b"
    bare = {k: re.sub(known, "", re.sub(r"\{[^}]*\}", "", JAPANESE[k])) for k in keys_of(topic)}
    bare = {k: re.sub(written, "", s, flags=re.ASCII) for k, s in bare.items() if k != "labels.level"}
    assert [k for k, s in bare.items() if re.search(r"[A-Za-z]{3,}", s)] == []


def test_english_sentences_hold_no_japanese_letters():
    assert not [k for k, s in ENGLISH.items() if re.search(r"[぀-ヿ一-鿿]", s)]


def test_every_key_that_the_code_names_is_in_the_catalogue():
    named = set()
    for file in PACKAGE.rglob("*.py"):
        named |= set(re.findall(r'(?<!con)text\(\s*"([a-z_]+\.[a-z_.]+)"', file.read_text(encoding="utf-8")))
    assert named
    assert named <= set(ENGLISH)


def test_numbers_shares_and_dates_are_written_as_each_language_writes_them():
    english, japanese = Text("en"), Text("ja")
    assert english.number(1234567.4) == "1,234,567"
    assert english.number(float("nan")) == "–"
    # halves as in a spreadsheet
    assert english.share(0.125) == "13%"
    assert (english.number(2.5), english.number(0.285, 2), english.number(-0.4)) == ("3", "0.29", "0")
    assert english.money(10.5, "USD") == "$11"
    assert english.day(date(2026, 9, 30)) == "30 Sep 2026"
    assert japanese.day(date(2026, 9, 30)) == "2026年9月30日"
    assert english.quarter(Quarter(2026, 3)) == "Q3 2026"
    assert japanese.quarter(Quarter(2026, 3)) == "2026年7〜9月期"
    assert english.money(10159608, "USD") == "$10,159,608"


def test_money_without_a_known_currency_is_a_number():
    assert Text("en").money(1200.4, "") == "1,200"
    assert Text("en").money(float("nan"), "JPY") == "–"


@pytest.fixture(scope="module")
def product():
    return load_product(PACKAGE.parent / "data" / "products" / "paper_to_web.yml")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("month_end_folding", "月末の封入・折り作業"),  # as the product file says
        ("not_named_yet", "Not named yet"),
        ("封入の手間", "封入の手間"),
        ("iPad at the counter", "iPad at the counter"),
    ],
)
def test_a_theme_has_the_name_of_the_product_file_or_its_code_as_words(product, code, name):
    assert Text("ja", product).theme(code) == name


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("usage review", "利用状況の振り返り"),
        ("recipient list", "最初の書類の全宛先から同意と連絡先を取得"),  # what the journey plans, by its sign
        ("Talk with the board", "Talk with the board"),
    ],
)
def test_a_touch_is_about_what_the_product_file_calls_it_or_plans_else_as_it_was_written(
    product, content, name
):
    assert Text("ja", product).subject(content) == name


def test_a_span_of_one_day_is_one_date():
    assert Text("en").span(date(2026, 1, 1), date(2026, 1, 1)) == "1 Jan 2026"


def test_japanese_is_wrapped_between_phrases_and_nothing_is_lost():
    sentence = "顧客の成熟度は、四半期ごとにどう変わったかを確かめます。"
    wrapped = Text("ja").wrap(sentence, 20)
    assert "\n" in wrapped
    assert wrapped.replace("\n", "") == sentence

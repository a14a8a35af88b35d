"""Both languages say everything."""

from __future__ import annotations

import re
import string
from datetime import date
from pathlib import Path

import pytest

from cs_helpers.contract.quarters import Quarter
from cs_helpers.text import Text, catalogue

ENGLISH, JAPANESE = catalogue("en"), catalogue("ja")
PACKAGE = Path(__file__).resolve().parents[2] / "cs_helpers"


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_keys():
    assert set(ENGLISH) == set(JAPANESE)


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_a_sentence_has_the_same_fields_in_both_languages(key):
    assert fields(ENGLISH[key]) == fields(JAPANESE[key])


@pytest.mark.parametrize("key", sorted(k for k in JAPANESE if k != "labels.level"))
def test_japanese_sentences_hold_no_english_words(key):
    bare = re.sub(r"\{[^}]*\}", "", JAPANESE[key])
    known = r"Lv|CSM|CS|MRR|NPS|Web|ID|IT|p値|sources|touches|n = |Workbook|\b95%|API|CSV|×"
    assert not re.search(r"[A-Za-z]{3,}", re.sub(known, "", bare))


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
    assert english.share(0.125) == "12%"
    assert english.day(date(2026, 9, 30)) == "30 Sep 2026"
    assert japanese.day(date(2026, 9, 30)) == "2026年9月30日"
    assert english.quarter(Quarter(2026, 3)) == "Q3 2026"
    assert japanese.quarter(Quarter(2026, 3)) == "2026年7〜9月期"
    assert english.money(10159608, "USD") == "$10,159,608"


def test_a_span_of_one_day_is_one_date():
    assert Text("en").span(date(2026, 1, 1), date(2026, 1, 1)) == "1 Jan 2026"


def test_japanese_is_wrapped_between_phrases_and_nothing_is_lost():
    sentence = "顧客の成熟度は、四半期ごとにどう変わったかを確かめます。"
    wrapped = Text("ja").wrapped(sentence, 20)
    assert "\n" in wrapped
    assert wrapped.replace("\n", "") == sentence

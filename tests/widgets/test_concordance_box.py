"""The box finds words in the notes and shows them as text."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import account, contract, product_data

from cs_helpers.errors import ParameterError
from cs_helpers.text import Text
from cs_helpers.widgets.concordance import Concordance
from cs_helpers.words.concordance import Count, Places


@pytest.fixture
def box():
    data = product_data(
        accounts=[account("Kita & Co")],
        contracts=[contract("Kita & Co", "2026-01-01")],
        interviews=[
            {"interview_id": f"I-{n}", "account_id": "Kita & Co", "held_on": f"2026-0{n}-10"}
            for n in (1, 2, 3)
        ],
        notes=[
            {"note_id": f"N-{n}", "interview_id": f"I-{n}", "evidence": "words", "text": text}
            for n, text in ((1, "設定でつまずいた"), (2, "躓いた<script>"), (3, "順調"))
        ],
    )
    return Concordance(data, Text("ja"))


def test_a_word_is_found_in_any_spelling_the_latest_note_first(box):
    result = box.find("つまづく")
    assert result[["left", "hit", "note_id"]].to_numpy().tolist() == [
        ["", "躓い", "N-2"],
        ["設定で", "つまずい", "N-1"],
    ]


def test_what_is_asked_in_the_box_is_shown_below_it_as_text(box):
    box.query.value = "つまづく"
    assert "&lt;script&gt;" in box.page.value
    assert "Kita &amp; Co" in box.page.value
    assert "語として2か所（メモ2件）、表記どおりでは0か所あります。" in box.page.value
    box.query.value = " "
    assert box.page.value == ""


def test_the_count_says_which_places_are_counted(box):
    box.query.value = "順"
    assert "語として0か所（メモ0件）、表記どおりでは1か所あります。" in box.page.value
    assert "<td" not in box.page.value
    box.as_written.value = True
    assert "表記どおりで1か所（メモ1件）、語としては0か所あります。" in box.page.value
    assert "<b>順</b>" in box.page.value
    box.pattern.value = True
    assert box.as_written.disabled
    assert "<p>1か所（メモ1件）あります。</p>" in box.page.value
    assert box.find("順", as_written=True)["note_id"].tolist() == ["N-3"]
    assert box.find("順").empty


def test_the_count_reads_so_in_english_and_says_what_is_left_out(box):
    english = Concordance(box._data, Text("en"), "順", as_written=True)
    assert "<p>As written: 1 (notes: 1). As a whole word: 0.</p>" in english.page.value
    many = Places(
        pd.DataFrame({"note": range(50)}), 10_000, 700, True, Count(10_000, True), Count(10_000, True)
    )
    assert english._count_sentence(many) == (
        "As written: at least 10,000 (notes: at least 700). As a whole word: at least 10,000. Shown: the latest 50 of at least 10,000."
    )
    assert box._count_sentence(many).endswith("10,000か所以上のうち、新しい順に50か所を表示しています。")


def test_a_wrong_pattern_is_said_below_the_box(box):
    box.pattern.value = True
    box.query.value = "("
    assert "regular expression" in box.page.value
    with pytest.raises(ParameterError):
        box.find("(", pattern=True)

"""The box finds words in the notes and shows them as text."""

from __future__ import annotations

import pytest

from cs_helpers.errors import ParameterError
from cs_helpers.text import Text
from cs_helpers.widgets.concordance import Concordance
from tests.analyses.builders import account, contract, product_data


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
    found = box.find("つまづく")
    assert found[["left", "hit", "note_id"]].to_numpy().tolist() == [
        ["", "躓い", "N-2"],
        ["設定で", "つまずい", "N-1"],
    ]


def test_what_is_asked_in_the_box_is_shown_below_it_as_text(box):
    box.asked.value = "つまづく"
    assert "&lt;script&gt;" in box.page.value
    assert "Kita &amp; Co" in box.page.value
    assert "2件のメモに2か所" in box.page.value
    box.asked.value = " "
    assert box.page.value == ""


def test_a_wrong_pattern_is_said_below_the_box(box):
    box.pattern.value = True
    box.asked.value = "("
    assert "regular expression" in box.page.value
    with pytest.raises(ParameterError):
        box.find("(", pattern=True)

"""Key words in context: found by form, as written, and by pattern."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.errors import ParameterError
from cs_helpers.words import concordance
from cs_helpers.words.concordance import MOST, Concordance

NOTES = (
    "設定でつまづくことが多い",
    "最初の画面でつまずいた",
    "躓いた人に聞く。躓いた理由は権限",
    "請求書の再発行を\n依頼された",
    "The clerks' invoices were folded by hand",
    "An INVOICE and a party at the art museum",
)


def hits(asked: str, **how: bool) -> list[tuple[int, str]]:
    lines = Concordance(NOTES).find(asked, **how).lines
    return list(zip(lines["note"], lines["hit"], strict=True))


@pytest.mark.parametrize("asked", ["つまづく", "つまずいた", "躓く"])
def test_a_word_is_found_however_it_is_written(asked: str) -> None:
    assert [note for note, _ in hits(asked)] == [0, 1, 2, 2]


def test_an_english_word_is_found_in_all_its_forms_and_not_inside_others() -> None:
    assert hits("invoice") == [(4, "invoices"), (5, "INVOICE")]
    assert hits("art") == [(5, "art")]


def test_a_phrase_is_found_as_one() -> None:
    assert hits("請求書の再発行") == [(3, "請求書の再発行")]
    assert hits("fold by hand") == [(4, "folded by hand")]


def test_a_part_of_a_word_is_found_as_it_is_written() -> None:
    assert hits("再発") == [(3, "再発")]


def test_a_pattern_never_reaches_over_the_end_of_a_note() -> None:
    assert hits("多い.*最初", pattern=True) == []
    assert hits(r"い\s最", pattern=True) == []
    assert hits("を.依頼", pattern=True) == [(3, "を 依頼")]  # a line end within a note is a space
    assert hits("^最初", pattern=True) == [(1, "最初")]
    assert hits("権限$", pattern=True) == [(2, "権限")]


def test_a_line_shows_the_word_between_its_neighbours() -> None:
    found = Concordance(NOTES).find("請求書", context=3).lines.iloc[0]
    assert (found["left"], found["hit"], found["right"]) == ("", "請求書", "の再発")
    assert NOTES[found["note"]][found["start"] : found["end"]] == "請求書"


@pytest.mark.parametrize(("asked", "how"), [("", {}), ("  ", {}), ("(", {"pattern": True}), ("a{9999999999}", {"pattern": True})])  # fmt: skip
def test_what_cannot_be_looked_for_is_refused_in_one_sentence(asked: str, how: dict[str, bool]) -> None:
    with pytest.raises(ParameterError):
        Concordance(NOTES).find(asked, **how)


def test_an_expression_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concordance, "LONGEST", 0.2)
    with pytest.raises(ParameterError, match="takes more than"):
        Concordance(["a" * 60 + "b"]).find("(a|aa)+$|(a+)+c(a|b)+d", pattern=True)


def test_what_fits_everything_is_cut() -> None:
    found = Concordance(["あいう" * 5_000]).find(".", pattern=True)
    assert (found.found, found.cut, len(found.lines)) == (MOST, True, 50)


def test_a_place_found_by_form_and_by_letters_counts_once() -> None:
    many = MOST * 3 // 4
    found = Concordance(["the invoices"] * many).find("invoice", lines=1)
    assert (found.found, found.notes, found.cut) == (many, many, False)


def test_nothing_is_found_in_no_notes() -> None:
    assert Concordance([]).find("請求書").found == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(alphabet="あい請求書ab \n", max_size=12), max_size=6),
    st.text(alphabet="あい請求書ab", min_size=1, max_size=3),
)
def test_every_place_where_the_letters_stand_is_found(notes: list[str], asked: str) -> None:
    found = Concordance(notes).find(asked, lines=10_000).lines
    covered = {(row.note, at) for row in found.itertuples() for at in range(row.start, row.end)}
    for n, note in enumerate(notes):
        start = r"(?<![a-z0-9])" if asked[0].isascii() else ""
        for match in re.finditer(start + re.escape(asked), note):
            assert {(n, at) for at in range(*match.span())} & covered

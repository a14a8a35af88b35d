"""Key words in context: found by form, as written, and by pattern."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.errors import ParameterError
from cs_helpers.words import concordance
from cs_helpers.words.concordance import MAX_PLACES, Concordance, Count
from cs_helpers.words.tokens import tokenize

NOTES = (
    "設定でつまづくことが多い",
    "最初の画面でつまずいた",
    "躓いた人に聞く。躓いた理由は権限",
    "請求書の再発行を\n依頼された",
    "The clerks' invoices were folded by hand",
    "An INVOICE and a party at the art museum",
)


def hits(query: str, **options: bool) -> list[tuple[int, str]]:
    lines = Concordance(NOTES).find(query, **options).lines
    return list(zip(lines["note"], lines["hit"], strict=True))


@pytest.mark.parametrize("query", ["つまづく", "つまずいた", "躓く"])
def test_a_word_is_found_however_it_is_written(query: str) -> None:
    assert [note for note, _ in hits(query)] == [0, 1, 2, 2]


def test_an_english_word_is_found_in_all_its_forms_and_not_inside_others() -> None:
    assert hits("invoice") == [(4, "invoices"), (5, "INVOICE")]
    assert hits("art") == [(5, "art")]


def test_a_phrase_is_found_as_one() -> None:
    assert hits("請求書の再発行") == [(3, "請求書の再発行")]
    assert hits("fold by hand") == [(4, "folded by hand")]


def counts(notes: list[str], query: str) -> tuple[int, int]:
    """As a whole word, and as written."""
    result = Concordance(notes).find(query)
    assert result.as_word is not None
    assert result.as_letters is not None
    assert result.total == result.as_word.places
    return result.as_word.places, result.as_letters.places


COUPLES = ["夫は丈夫だ", "夫が大丈夫と言う", "夫婦で工夫した。夫も"]


@pytest.mark.parametrize(
    ("notes", "query", "whole", "written"),
    [
        (COUPLES, "夫", 3, 7),
        (COUPLES, "大丈夫", 1, 1),
        (COUPLES, "丈夫", 1, 2),
        (COUPLES, "大丈", 0, 1),  # no word at all
        (COUPLES, "妻", 0, 0),
        (["再発行を依頼"], "再発", 0, 1),
        (["It is because of a cause; Causes differ"], "cause", 2, 3),
        (["It is because of a cause; Causes differ"], "caus", 0, 3),
        (["of a party at the art museum"], "art", 1, 2),
        (["設定でつまづく", "躓いた"], "躓く", 2, 0),  # in another form: as written nowhere
        (["請求書の再発行", "請求書と再発行"], "請求書の再発行", 1, 1),
        (["fold by\nhand", "folded by hands"], "fold by hand", 2, 1),
        (["by hand-made", "byhand"], "by hand", 0, 1),
        (["hand", "made"], "hand made", 0, 0),  # not over the end of a note
        (["スマートフォンで", "スマートフォンケース", "ドライヤーとフォン"], "フォン", 1, 3),
        (["invoicesを送った", "Two invoices"], "invoice", 2, 2),
        (["100%です。100 %"], "100%", 2, 1),
        (["…"], "…", 1, 1),
    ],
)
def test_words_and_letters_are_counted_separately(
    notes: list[str], query: str, whole: int, written: int
) -> None:
    assert counts(notes, query) == (whole, written)


def test_as_written_a_part_of_a_word_is_found() -> None:
    assert hits("再発", as_written=True) == [(3, "再発")]
    assert hits("再発") == []
    assert hits("つまづく", as_written=True) == [(0, "つまづく")]
    assert [note for note, _ in hits("art", as_written=True)] == [5, 5]


def test_a_word_is_found_where_its_neighbours_split_it_otherwise() -> None:
    # by itself 行った is a form of 行く or of 行う; in its note it is the other
    for note in ("会議を行った", "東京へ行った"):
        assert counts([note], "行った") == (1, 1)


def test_a_pattern_has_no_counts_of_words_and_letters() -> None:
    result = Concordance(NOTES).find("再.", pattern=True)
    assert (result.total, result.as_word, result.as_letters) == (1, None, None)


def test_a_pattern_never_reaches_over_the_end_of_a_note() -> None:
    assert hits("多い.*最初", pattern=True) == []
    assert hits(r"い\s最", pattern=True) == []
    assert hits("を.依頼", pattern=True) == [(3, "を 依頼")]  # a line end within a note is a space
    assert hits("^最初", pattern=True) == [(1, "最初")]
    assert hits("権限$", pattern=True) == [(2, "権限")]


def test_a_line_shows_the_word_between_its_neighbours() -> None:
    result = Concordance(NOTES).find("請求書", context=3).lines.iloc[0]
    assert (result["left"], result["hit"], result["right"]) == ("", "請求書", "の再発")
    assert NOTES[result["note"]][result["start"] : result["end"]] == "請求書"


@pytest.mark.parametrize(("query", "options"), [("", {}), ("  ", {}), ("(", {"pattern": True}), ("a{9999999999}", {"pattern": True})])  # fmt: skip
def test_an_invalid_query_is_refused_in_one_sentence(query: str, options: dict[str, bool]) -> None:
    with pytest.raises(ParameterError):
        Concordance(NOTES).find(query, **options)


def test_an_expression_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concordance, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(ParameterError, match="takes more than"):
        Concordance(["a" * 60 + "b"]).find("(a|aa)+$|(a+)+c(a|b)+d", pattern=True)


def test_a_pattern_that_matches_everything_is_capped() -> None:
    result = Concordance(["あいう" * 5_000]).find(".", pattern=True)
    assert (result.total, result.is_capped, len(result.lines)) == (MAX_PLACES, True, 50)


def test_whole_words_behind_more_than_can_be_counted_as_written_are_found() -> None:
    result = Concordance(["because " * (MAX_PLACES + 5), "a cause"]).find("cause")
    assert result.as_letters == Count(MAX_PLACES, is_capped=True)
    assert (result.as_word, result.is_capped, result.lines["note"].tolist()) == (
        Count(1, is_capped=False),
        False,
        [1],
    )
    many = Concordance(["cause " * (MAX_PLACES + 5)]).find("cause")
    assert (many.as_word, many.is_capped) == (Count(MAX_PLACES, is_capped=True), True)


def test_a_place_found_by_form_and_by_letters_counts_once() -> None:
    many = MAX_PLACES * 3 // 4
    result = Concordance(["the invoices"] * many).find("invoice", lines=1)
    assert (result.total, result.note_count, result.is_capped) == (many, many, False)


def test_nothing_is_found_in_no_notes() -> None:
    assert Concordance([]).find("請求書").total == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(alphabet="あい請求書ab \n", max_size=12), max_size=6),
    st.text(alphabet="あい請求書ab", min_size=1, max_size=3),
)
def test_letters_are_found_wherever_they_stand_and_whole_words_where_tokens_begin_and_end(
    notes: list[str], query: str
) -> None:
    index = Concordance(notes)
    written = index.find(query, as_written=True, lines=10_000).lines
    by_hand = [(n, m.start()) for n, note in enumerate(notes) for m in re.finditer(re.escape(query), note)]
    assert list(zip(written["note"], written["start"], strict=True)) == by_hand
    whole = index.find(query, lines=10_000).lines
    covered = {(row.note, at) for row in whole.itertuples() for at in range(row.start, row.end)}
    for n, start in by_hand:
        result = tokenize(notes[n].translate({10: " "}))
        end = start + len(query)
        if any(t.start == start for t in result) and any(t.end == end for t in result):
            assert {(n, at) for at in range(start, end)} & covered
    for row in whole.itertuples():
        result = tokenize(notes[row.note].translate({10: " "}))
        assert any(t.start == row.start for t in result)
        assert any(t.end == row.end for t in result)

"""The words of segments, in context, together, and within reach of themes."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.interviews.key_words import (
    count_terms,
    key_word_contexts,
    key_words,
    pairs,
    words_without_theme,
)


def notes(*texts: tuple[str, str], script: str = "latin") -> pd.DataFrame:
    """A row a note: (company, text); the first letter of a company is its segment."""
    rows = [(f"N-{n}", company, script, text, pd.Timestamp("2026-06-01") + pd.Timedelta(days=n), company) for n, (company, text) in enumerate(texts)]  # fmt: skip
    return pd.DataFrame(rows, columns=["note_id", "account_id", "script", "text", "held_on", "name"])


def segment(frame: pd.DataFrame) -> pd.Series:
    companies = frame["account_id"].drop_duplicates()
    return pd.Series(companies.str[0].to_numpy(), index=companies.to_numpy())


def test_a_note_counts_a_word_once_by_its_most_common_spelling() -> None:
    result = count_terms(notes(("s1", "invoices and invoices"), ("s2", "an invoice"), ("s2", "Invoices")))
    assert result[["note_id", "term", "written"]].to_numpy().tolist() == [
        [f"N-{n}", "invoice", "invoice"] for n in range(3)
    ]
    japanese = count_terms(notes(("s1", "つまずいた"), ("s2", "つまずく"), ("s3", "躓いた"), script="ja"))
    assert set(japanese["term"]) == {"躓く"}
    assert set(japanese["written"]) == {"つまずく"}


def test_a_planted_word_of_one_segment_is_its_key_word() -> None:
    texts = [(f"s{n}", "the login is gone, printer jams") for n in range(12)]
    texts += [(f"m{n}", "printer jams again") for n in range(12)]
    frame = notes(*texts)
    result = key_words(count_terms(frame), segment(frame))
    first = result[result["segment"] == "s"].iloc[0]
    assert (first["written"], first["companies"], first["of"], first["others"]) == ("login", 12, 12, 0)
    assert first["sure"]
    assert first["low"] > 0
    assert (
        not (result["written"] == "printer").any()
        or not result.set_index("written").loc[["printer"], "sure"].any()
    )


def test_words_that_both_sides_use_alike_are_sure_of_nobody() -> None:
    frame = notes(*((f"{side}{n}", "printer jams on Friday") for n in range(10) for side in "sm"))
    assert not key_words(count_terms(frame), segment(frame))["sure"].any()


def test_one_companys_habit_is_no_key_word() -> None:
    frame = notes(*[("s1", "stapler stapler")] * 10, *[("m1", "printer")] * 10, ("s2", "folder"))
    assert "stapler" not in set(key_words(count_terms(frame), segment(frame))["term"])


def test_each_language_is_held_against_itself() -> None:
    frame = pd.concat([notes(*[(f"s{n}", "the login is gone") for n in range(3)]), notes(*[(f"m{n}", "印刷が止まる") for n in range(3)], script="ja").assign(note_id=["J-0", "J-1", "J-2"])])  # fmt: skip
    assert key_words(count_terms(frame), segment(frame)).empty


def test_key_words_stand_in_notes_of_different_companies_of_their_segment() -> None:
    frame = notes(("s1", "the login left"), ("s1", "login again"), ("s2", "a login, twice login"), ("m1", "login"), ("m2", "printer"))  # fmt: skip
    words = count_terms(frame)
    result = pd.DataFrame({"script": ["latin"], "segment": ["s"], "term": [words["term"].iloc[0]]})
    lines = key_word_contexts(result, words, frame, segment(frame))
    assert lines[["left", "hit", "right", "note_id"]].to_numpy().tolist() == [
        ["a ", "login", ", twice login", "N-2"],
        ["", "login", " again", "N-1"],
    ]


def test_pairs_come_from_notes_of_several_companies() -> None:
    frame = notes(("s1", "paper mail"), ("s2", "paper mail"), ("s3", "paper login"), ("s3", "paper login"))
    result = pairs(count_terms(frame))
    assert result[["first", "second", "both", "companies"]].to_numpy().tolist() == [["mail", "paper", 2, 2]]
    assert result["jaccard"].tolist() == [0.5]


def test_a_word_is_in_reach_where_a_theme_leads_to_a_note_with_it() -> None:
    frame = notes(("s1", "paper mail"), ("s2", "paper login"), ("s3", "login"), ("s1", "stapler"))
    reached, of, lost = words_without_theme(count_terms(frame), frozenset({"N-0"}))
    # paper and login are words of two companies; the theme's note holds paper
    assert (reached, of) == (1, 2)
    assert lost[["written", "companies", "notes", "note_id"]].to_numpy().tolist() == [["login", 2, 2, "N-1"]]


def test_no_notes_have_no_words() -> None:
    words = count_terms(notes())
    assert key_words(words, pd.Series(dtype="str")).empty
    assert pairs(words).empty
    assert words_without_theme(words, frozenset())[:2] == (0, 0)


def test_who_says_a_word_often_counts_once() -> None:
    talkative = [("s1", "stapler jams")] * 25 + [("s2", "stapler")]
    frame = notes(
        *talkative, *((f"s{n}", "printer") for n in range(3, 12)), *((f"m{n}", "printer") for n in range(12))
    )
    result = key_words(count_terms(frame), segment(frame)).set_index("written")
    assert result.loc["stapler", ["companies", "of", "others"]].tolist() == [2, 11, 0]
    assert not result.at["stapler", "sure"]


def test_a_pseudonym_is_no_word() -> None:
    result = count_terms(
        notes(("s1", "〔Person 3〕 folds 〔Company 12〕's letters"), ("s1", "〔人物3〕が封入した"))
    )
    assert set(result["term"]) == {"fold", "letter", "封入"}
    assert not result["written"].str.contains("人物|Person|Company").any()

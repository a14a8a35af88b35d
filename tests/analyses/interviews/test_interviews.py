"""Companies are counted, not mentions; what cannot be answered is said in a note."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from builders import account, contract, product_data, random
from interview_notes import Q2, analyse_notes, covered_companies, note

from cs_helpers.analyses import interviews
from cs_helpers.contract.vocabulary import REASONS, VIEWPOINTS
from cs_helpers.result import Result


def reasons(result: Result, reason: str, size: str) -> int:
    row = result.tables["reasons"].set_index(["segment", "reason"]).loc[(size, reason)]
    assert row["given"] == row["open"] + row["supported"]
    return int(row["given"])


def test_coverage_counts_companies_and_not_notes() -> None:
    result = analyse_notes(*[note("s1")] * 5, note("s2"), note("s2", viewpoint="request"), note("m1"))
    assert covered_companies(result, "size", "small", "problem") == 2
    assert covered_companies(result, "size", "small", "request") == 1
    assert covered_companies(result, "size", "mid", "problem") == 1
    assert covered_companies(result, "quadrant", "high-high", "problem") == 3


def test_a_company_interviewed_twice_is_one_company() -> None:
    result = analyse_notes(note("s1"), note("s1", held_on="2026-03-10"))
    assert covered_companies(result, "size", "small", "problem") == 1
    assert result.n == 1


def test_segments_of_customers_that_nobody_told_of_stand_empty_in_the_grid() -> None:
    result = analyse_notes(note("s1"), silent=("e1",))
    assert [covered_companies(result, "size", "enterprise", v) for v in VIEWPOINTS] == [0] * len(VIEWPOINTS)


def test_reasons_count_companies_and_leave_out_the_refuted() -> None:
    result = analyse_notes(
        note("s1", reason="timing", status="open"),
        note("s1", reason="timing", status="supported"),
        note("s2", reason="timing", status="refuted"),
        note("s3", reason="timing"),
        note("m1", reason="bias", status="supported"),
    )
    assert reasons(result, "timing", "small") == 2
    assert reasons(result, "bias", "mid") == 1
    assert reasons(result, "timing", "mid") == 0


def test_reasons_are_of_all_companies_of_the_size() -> None:
    result = analyse_notes(note("s1", reason="timing", status="open"), note("s2"), note("s2"), note("m1"))
    of = result.tables["reasons"].set_index(["reason", "segment"])["of"]
    assert of["timing", "small"] == 2
    assert of["timing", "enterprise"] == 0
    assert set(of.index.unique("reason")) == set(REASONS)


def test_a_theme_needs_three_notes_from_two_companies_and_names_them() -> None:
    result = analyse_notes(
        note("s1", code="left"), note("s1", code="left"), note("m1", code="left", held_on="2026-06-20"),
        note("s1", code="one company"), note("s1", code="one company"), note("s1", code="one company"),
        note("s1", code="two notes"), note("m1", code="two notes"), note("m1", code="two notes", evidence="inference"),
    ).tables["themes"].set_index("code")  # fmt: skip
    assert result["theme"].to_dict() == {"left": True, "two notes": False, "one company": False}
    assert result.at["left", "note_ids"] == ("N-002", "N-000", "N-001")
    assert result.loc["two notes", ["companies", "notes"]].tolist() == [2, 2]


def test_quotes_are_verbatim_and_never_a_guess() -> None:
    result = (
        analyse_notes(
            note("s1", code="left", text="The login left with her."),
            note("s2", code="left", text="They must have lost it.", evidence="inference"),
        )
        .tables["framework"]
        .set_index(["segment", "viewpoint"])
        .loc[("small", "problem")]
    )
    assert [text for *_, text in result["quotes"]] == ["The login left with her."]
    assert (result["companies"], result["of"], result["codes"]) == (2, 2, (("left", 1),))


def test_each_note_leads_to_its_themes_and_each_theme_to_its_notes() -> None:
    tables = analyse_notes(
        note("s1", code="left"), note("s2", code="left", viewpoint="request"), note("m1", code=None),
    ).tables  # fmt: skip
    read = tables["sources"].set_index("note_id")["readings"]
    assert read.to_dict() == {
        "N-000": (("problem", "left"),), "N-001": (("request", "left"),), "N-002": (("problem", ""),),
    }  # fmt: skip
    ids = tables["themes"].set_index("code").at["left", "note_ids"]
    assert {note_id for note_id, readings in read.items() if any(c == "left" for _, c in readings)} == set(
        ids
    )


def test_the_next_company_to_talk_to_is_one_not_talked_to_yet() -> None:
    result = analyse_notes(note("s1"), note("m1"), silent=("e1", "s2"))
    assert set(result.tables["next"]["name"]) == {"e1", "s2"}
    assert result.tables["next"]["name"].iloc[0] == "e1"


def test_fewer_than_20_companies_are_said_to_be_few() -> None:
    few = [n for n in analyse_notes(*(note(f"s{n}") for n in range(19))).notes if n.code == "few_companies"]
    assert [n.fields for n in few] == [{"companies": 19, "needed": 20}]


def test_20_companies_are_enough() -> None:
    assert not analyse_notes(*(note(f"s{n}") for n in range(20))).about("coverage")


def test_without_interviews_in_these_quarters_every_question_says_so() -> None:
    result = analyse_notes(note("s1", held_on="2024-01-10"))
    assert not result.tables
    assert {n.code for n in result.notes} == {"no_interviews"}


def test_without_the_table_every_question_says_so() -> None:
    result = interviews.analyse(product_data(accounts=[], contracts=[]), Q2)
    assert not result.tables
    assert {n.code for n in result.notes} == {"missing_table"}
    assert all(n.fields["tables"] == ("interviews", "notes") for n in result.notes)


def test_without_codings_the_evidence_is_still_known() -> None:
    data = product_data(
        accounts=[account("s1")],
        contracts=[contract("s1", "2025-01-01")],
        interviews=[{"interview_id": "I", "account_id": "s1", "held_on": "2026-06-10"}],
        notes=[{"note_id": "N", "interview_id": "I", "evidence": "words", "text": "."}],
    )
    result = interviews.analyse(data, Q2)
    assert result.tables["evidence"].set_index("viewpoint").at["all", "words"] == 1
    assert "coverage" not in result.tables
    assert {n.about for n in result.notes if n.code == "missing_table"} >= {
        "coverage",
        "framework",
        "reasons",
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_notes_changes_no_count(seed: int) -> None:
    notes_given = [
        note(f"{size}{n}", viewpoint=VIEWPOINTS[n % 5], reason=REASONS[n % 4], status="open")
        for size in "sme"
        for n in range(7)
    ]
    mixed = [notes_given[i] for i in random(seed).permutation(len(notes_given))]
    one, other = analyse_notes(*notes_given).tables, analyse_notes(*mixed).tables
    for name in ("coverage", "evidence", "reasons"):
        pd.testing.assert_frame_equal(one[name], other[name])


# --- the sample -------------------------------------------------------------------------------


def test_the_product_with_few_interviews_says_so(result_of: Callable[..., Result]) -> None:
    result = result_of("interviews", "helpdesk", "2026Q3")
    few = [n for n in result.notes if n.code == "few_companies"]
    assert [n.fields["companies"] for n in few] == [result.n]
    assert result.n < interviews.MIN_COMPANIES


def test_the_product_with_enough_interviews_says_nothing_of_it(result_of: Callable[..., Result]) -> None:
    result = result_of("interviews", "paper_to_web", "2026Q3")
    assert result.n >= interviews.MIN_COMPANIES
    assert not result.notes


def test_a_guess_is_nobodys_theme_and_nobodys_reason() -> None:
    guess = {"evidence": "inference", "code": "paper", "reason": "bias"}
    result = analyse_notes(
        *(note(f"s{n}", **guess) for n in range(8)), *(note(f"m{n}", code="other") for n in range(8))
    )
    assert "paper" not in set(result.tables["varies"]["code"])
    assert result.tables["segment_facts"]["code"].tolist() == ["other"]
    assert result.tables["hypotheses"].empty
    assert [n.code for n in result.about("reasons")] == ["no_reasons"]
    assert result.tables["saturation"]["themes"].iloc[-1] <= 1


def test_of_a_company_that_nobody_coded_yet_nothing_is_known() -> None:
    coded = [note(f"s{n}", code="slow", held_on="2026-03-01") for n in range(5)]
    data = analyse_notes(*coded, *(note(f"m{n}", viewpoint=None) for n in range(5)))
    assert set(data.tables["frozen"]["verdict"]) == {"untested"}
    assert len(data.tables["depth"]) == 5

"""The notes of four quarters, each with the reading of one coder."""

from __future__ import annotations

import pytest
from builders import account, contract, product_data
from interview_notes import Q2, analyse_notes, covered_companies, note

from cs_helpers.analyses import interviews
from cs_helpers.result import Result


def test_a_second_coder_does_not_count_twice() -> None:
    result = analyse_notes(note("s1"), note("s2"), coders=("a", "b"))
    assert covered_companies(result, "size", "small", "problem") == 2
    assert result.metrics["notes"].value == 2


@pytest.mark.parametrize(
    ("day", "read"),
    [("2025-06-30", False), ("2025-07-01", True), ("2026-06-30", True), ("2026-07-01", False)],
)
def test_interviews_of_the_last_four_quarters_are_read(day: str, read: bool) -> None:
    result = analyse_notes(note("s1"), note("s2", held_on=day))
    assert result.n == (2 if read else 1)


def read_by_two(old: str, new: str) -> Result:
    """Enterprises read by one person and small companies by another; what `old` read lies before these quarters, too."""
    companies = [f"e{n}" for n in range(12)] + [f"s{n}" for n in range(10)]
    held = [(c, "2026-05-10") for c in companies] + [(f"e{n}", "2023-01-10") for n in range(12)]
    return interviews.analyse(
        product_data(
            accounts=[account(c, "enterprise" if c[0] == "e" else "small") for c in companies],
            contracts=[contract(c, "2022-01-01") for c in companies],
            interviews=[
                {"interview_id": f"I{n}", "account_id": c, "held_on": day} for n, (c, day) in enumerate(held)
            ],
            notes=[
                {"note_id": f"N{n}", "interview_id": f"I{n}", "evidence": "words", "text": "folding"} for n in range(len(held))
            ],
            codings=[
                {"note_id": f"N{n}", "coder": old if day < "2024" or c[0] == "e" else new, "viewpoint": "problem", "code": code}
                for n, (c, day) in enumerate(held)
                for code in ("folding", "stamps")
            ],
        ),
        Q2,
    )  # fmt: skip


def test_what_different_people_coded_is_not_taken_for_a_difference_of_segments() -> None:
    result = read_by_two("a", "b")
    # all 22 companies tell both: whoever read them, and whatever order the rows have
    assert result.tables["themes"].set_index("code")["companies"].to_dict() == {"folding": 22, "stamps": 22}
    assert set(result.tables["varies"]["verdict"]) <= {"alike", "unknown"}
    assert result.tables["segment_facts"].empty
    assert result.metrics["notes"].value == 22


def test_a_coder_of_long_ago_does_not_silence_those_of_now() -> None:
    result = read_by_two("gone", "gone too")
    assert result.tables["coverage"]["companies"].sum() > 0

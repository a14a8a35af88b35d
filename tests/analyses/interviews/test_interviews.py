"""Companies are counted, not mentions; behaviour is held against words; what one size alone tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product_data, random
from scipy.stats import fisher_exact

from cs_helpers.analyses import interviews
from cs_helpers.analyses.interviews import differences
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import REASONS, VIEWPOINTS
from cs_helpers.result import Result
from cs_helpers.sample import truths
from cs_helpers.statistics.proportions import wilson

Q2 = Quarter(2026, 2)


def note(company: str, **other: Any) -> dict[str, Any]:
    """A note of a company whose first letter is its size: small, mid or enterprise."""
    return {"company": company, **other}


def analyse_notes(
    *notes_given: dict[str, Any], silent: tuple[str, ...] = (), coders: tuple[str, ...] = ("a",)
) -> Result:
    """The analysis of notes; each is behaviour about a problem in June unless it says otherwise."""
    sizes = {"s": "small", "m": "mid", "e": "enterprise"}
    names = list(dict.fromkeys([n["company"] for n in notes_given] + list(silent)))
    held = [{"held_on": "2026-06-10", **n} for n in notes_given]
    talks = {(n["company"], n["held_on"]): f"I-{n['company']}-{n['held_on']}" for n in held}
    return interviews.analyse(
        product_data(
            accounts=[account(name, sizes[name[0]], motivation=5, literacy=5) for name in names],
            contracts=[contract(name, "2025-01-01") for name in names],
            interviews=[
                {
                    "interview_id": key,
                    "account_id": company,
                    "held_on": day,
                    "interviewer": next(
                        n.get("by") for n in held if (n["company"], n["held_on"]) == (company, day)
                    ),
                }
                for (company, day), key in talks.items()
            ],
            notes=[
                {
                    "note_id": f"N-{i:03}",
                    "interview_id": talks[n["company"], n["held_on"]],
                    "evidence": n.get("evidence", "behaviour"),
                    "text": n.get("text", f"note {i}"),
                }
                for i, n in enumerate(held)
            ],
            codings=[
                {
                    "note_id": f"N-{i:03}",
                    "coder": coder,
                    "viewpoint": n.get("viewpoint", "problem"),
                    "code": n.get("code"),
                    "why_level": n.get("why"),
                    "reason": n.get("reason"),
                    "reason_status": n.get("status"),
                }
                for i, n in enumerate(held)
                for coder in coders
            ],
        ),
        Q2,
    )


def cell(result: Result, dimension: str, segment: str, viewpoint: str) -> int:
    coverage = result.tables["coverage"].set_index(["dimension", "segment", "viewpoint"])
    return int(coverage.at[(dimension, segment, viewpoint), "companies"])


def reasons(result: Result, reason: str, size: str) -> int:
    row = result.tables["reasons"].set_index(["segment", "reason"]).loc[(size, reason)]
    assert row["given"] == row["open"] + row["supported"]
    return int(row["given"])


def test_coverage_counts_companies_and_not_notes() -> None:
    result = analyse_notes(*[note("s1")] * 5, note("s2"), note("s2", viewpoint="request"), note("m1"))
    assert cell(result, "size", "small", "problem") == 2
    assert cell(result, "size", "small", "request") == 1
    assert cell(result, "size", "mid", "problem") == 1
    assert cell(result, "quadrant", "high-high", "problem") == 3


def test_a_company_interviewed_twice_is_one_company() -> None:
    result = analyse_notes(note("s1"), note("s1", held_on="2026-03-10"))
    assert cell(result, "size", "small", "problem") == 1
    assert result.n == 1


def test_segments_of_customers_that_nobody_told_of_stand_empty_in_the_grid() -> None:
    result = analyse_notes(note("s1"), silent=("e1",))
    assert [cell(result, "size", "enterprise", v) for v in VIEWPOINTS] == [0] * len(VIEWPOINTS)


def test_a_second_coder_does_not_count_twice() -> None:
    result = analyse_notes(note("s1"), note("s2"), coders=("a", "b"))
    assert cell(result, "size", "small", "problem") == 2
    assert result.metrics["notes"].value == 2


@pytest.mark.parametrize(
    ("day", "read"),
    [("2025-06-30", False), ("2025-07-01", True), ("2026-06-30", True), ("2026-07-01", False)],
)
def test_interviews_of_the_last_four_quarters_are_read(day: str, read: bool) -> None:
    result = analyse_notes(note("s1"), note("s2", held_on=day))
    assert result.n == (2 if read else 1)


def test_the_share_of_behaviour_leaves_inference_out() -> None:
    kinds = ["behaviour"] * 8 + ["words"] * 2 + ["inference"] * 5
    result = analyse_notes(*(note("s1", evidence=kind) for kind in kinds))
    share = result.metrics["behaviour_share"]
    # Wilson's published interval of 8 in 10
    assert (share.value, share.n) == (0.8, 10)
    assert (share.low, share.high) == pytest.approx((0.490, 0.943), abs=5e-4)


def test_behaviour_is_held_against_words_within_each_viewpoint() -> None:
    result = analyse_notes(
        note("s1"), note("s1", evidence="words"), note("s1", viewpoint="request", evidence="words")
    )
    evidence = result.tables["evidence"].set_index("viewpoint")
    assert evidence.loc[["all", "problem", "request"], "share"].tolist() == pytest.approx([1 / 3, 1 / 2, 0])
    assert np.isnan(evidence.at["proposal", "share"])


def test_where_everything_is_inferred_no_share_is_known() -> None:
    share = analyse_notes(note("s1", evidence="inference")).metrics["behaviour_share"]
    assert [share.value, share.low, share.high] == [None, None, None]
    assert share.n == 0


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


def test_a_code_that_one_size_alone_tells_is_a_fact_of_it() -> None:
    notes_given = [note(f"s{n}", code="left") for n in range(6)] + [note("s9"), note("s0", code="left")]
    fact = analyse_notes(*notes_given, *[note(f"m{n}") for n in range(8)]).tables["segment_facts"].iloc[0]
    assert (fact["code"], fact["size"]) == ("left", "small")
    assert (fact["companies"], fact["of"], fact["other_of"]) == (6, 7, 8)
    assert fact["p"] == pytest.approx(fisher_exact([[6, 1], [0, 8]]).pvalue)


def test_a_code_that_another_size_tells_too_is_no_fact_of_one() -> None:
    notes_given = [note(f"s{n}", code="left") for n in range(6)] + [note(f"m{n}") for n in range(8)]
    assert analyse_notes(*notes_given, note("m1", code="left")).tables["segment_facts"].empty


def test_a_code_that_few_companies_tell_is_no_fact_however_often_they_do() -> None:
    notes_given = [note(f"s{n % 4}", code="left") for n in range(20)] + [note(f"m{n}") for n in range(30)]
    assert analyse_notes(*notes_given).tables["segment_facts"].empty


def test_a_code_of_one_size_where_hardly_any_other_was_asked_is_no_fact() -> None:
    # 6 of 6 against 0 of 1: one in seven such draws is as extreme
    notes_given = [note(f"s{n}", code="left") for n in range(6)]
    assert analyse_notes(*notes_given, note("m1")).tables["segment_facts"].empty


def test_who_guesses_more_than_all_others_drifts() -> None:
    guess = {"evidence": "inference"}
    notes_given = [note(f"s{n % 5}", by="csm-1", **(guess if n < 8 else {})) for n in range(20)]
    notes_given += [note(f"m{n % 5}", by="csm-2", **(guess if n < 1 else {})) for n in range(20)]
    notes_given += [note(f"e{n % 5}", by="csm-3", evidence="words") for n in range(20)]
    result = analyse_notes(*notes_given).tables["meter"]
    by = result[result["dimension"] == "interviewer"].set_index("group")
    assert by.index.tolist() == ["csm-1", "csm-2", "csm-3"]
    assert by["drifts"].to_dict() == {"csm-1": True, "csm-2": False, "csm-3": False}
    assert by.loc["csm-1", ["notes", "behaviour", "words", "inference"]].tolist() == [20, 12, 0, 8]
    assert by.loc["csm-1", ["guessed_low", "guessed_high"]].tolist() == pytest.approx(wilson(8, 20))
    assert by.loc["csm-3", ["share", "guessed"]].tolist() == [0, 0]
    sizes = result[result["dimension"] == "size"].set_index("group")
    assert sizes.loc["mid", "share"] == 1
    # each company stands there, too: 20 notes over five companies of each size
    assert (result["dimension"] == "company").sum() == 15


def test_what_is_not_understood_of_a_problem_is_the_next_question() -> None:
    result = analyse_notes(
        note("s1", why="what"), note("s1", why="why"), note("s1", why="core", evidence="inference"),
        note("m1", why="expectation"), note("m1", why="what", viewpoint="request"),
        *(note("e1", why=level) for level in ("what", "why", "core", "expectation")),
    )  # fmt: skip
    depth = result.tables["depth"].set_index("account_id")
    assert depth.index.tolist() == ["m1", "s1", "e1"]
    assert depth["known"].to_dict() == {"m1": 1, "s1": 2, "e1": 4}
    # a guess is not known, nor is what belongs to another viewpoint
    assert depth["ask"].to_dict() == {"m1": "what", "s1": "core", "e1": ""}
    assert result.metrics["understood"].value == pytest.approx(1 / 3)


def told_by_two(old: str, new: str) -> Result:
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
    result = told_by_two("a", "b")
    # all 22 companies tell both: whoever read them, and whatever order the rows have
    assert result.tables["themes"].set_index("code")["companies"].to_dict() == {"folding": 22, "stamps": 22}
    assert set(result.tables["varies"]["verdict"]) <= {"alike", "unknown"}
    assert result.tables["segment_facts"].empty
    assert result.metrics["notes"].value == 22


def test_a_coder_of_long_ago_does_not_silence_those_of_now() -> None:
    result = told_by_two("gone", "gone too")
    assert result.tables["coverage"]["companies"].sum() > 0


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


def test_what_small_companies_alone_tell_is_found(result_of: Callable[..., Result]) -> None:
    facts = result_of("interviews", "paper_to_web", "2026Q3").tables["segment_facts"]
    fact = facts.set_index("code").loc[[truths.SMALL_ONLY]].iloc[0]
    assert fact["size"] == "small"
    assert fact["companies"] <= truths.SMALL_ONLY_COMPANIES
    assert fact["companies"] >= differences.MIN_COMPANIES


def test_nothing_but_what_was_planted_is_told_by_one_size_alone(result_of: Callable[..., Result]) -> None:
    facts = result_of("interviews", "paper_to_web", "2026Q3").tables["segment_facts"]
    assert set(facts["code"]) <= {truths.SMALL_ONLY, truths.SECOND_DEPARTMENT_WAITS}
    assert set(facts["size"]) == {"small"}


@pytest.mark.parametrize("name", ["helpdesk", "expense_desk"])
def test_no_other_product_has_a_fact_of_one_size(result_of: Callable[..., Result], name: str) -> None:
    assert result_of("interviews", name, "2026Q3").tables["segment_facts"].empty


def test_the_product_with_few_interviews_says_so(result_of: Callable[..., Result]) -> None:
    result = result_of("interviews", "helpdesk", "2026Q3")
    few = [n for n in result.notes if n.code == "few_companies"]
    assert [n.fields["companies"] for n in few] == [result.n]
    assert result.n < interviews.MIN_COMPANIES


def test_the_product_with_enough_interviews_says_nothing_of_it(result_of: Callable[..., Result]) -> None:
    result = result_of("interviews", "paper_to_web", "2026Q3")
    assert result.n >= interviews.MIN_COMPANIES
    assert not result.notes


def test_the_evidence_of_the_viewpoints_adds_up_to_all(result_of: Callable[..., Result]) -> None:
    evidence = result_of("interviews", "paper_to_web", "2026Q3").tables["evidence"].set_index("viewpoint")
    kinds = ["behaviour", "words", "inference"]
    assert evidence.drop("all")[kinds].sum().tolist() == evidence.loc["all", kinds].tolist()
    whole = evidence.loc["all"]
    assert (whole["low"], whole["high"]) == pytest.approx(
        wilson(int(whole["behaviour"]), int(whole["behaviour"] + whole["words"]))
    )


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

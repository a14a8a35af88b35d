"""Behaviour is compared with words; guesses, and what is understood of problems, are counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from interview_notes import analyse_notes, note

from cs_helpers.result import Result
from cs_helpers.statistics.proportions import wilson


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


def test_the_evidence_of_the_viewpoints_adds_up_to_all(result_of: Callable[..., Result]) -> None:
    evidence = result_of("interviews", "paper_to_web", "2026Q3").tables["evidence"].set_index("viewpoint")
    kinds = ["behaviour", "words", "inference"]
    assert evidence.drop("all")[kinds].sum().tolist() == evidence.loc["all", kinds].tolist()
    whole = evidence.loc["all"]
    assert (whole["low"], whole["high"]) == pytest.approx(
        wilson(int(whole["behaviour"]), int(whole["behaviour"] + whole["words"]))
    )

"""Which notes an analyst is shown, and what is said of the work."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from builders import account, contract, product, product_data
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.customers.coding_work import coding_work, read_twice, seconds_per_note
from cs_helpers.sources.coding_log import CodingLogs, Decision, text_hash

BASE = Decision(
    "2026-12-01T09:00:00+00:00", "aiko", "cs", "desk", "I-0", "N-000", text_hash("x"), "problem", "words"
)


def data_of(notes=40, read=(), coder="ken"):
    """Notes N-000 ... of interviews of five notes each; those of `read` are read by another coder."""
    ids = [f"N-{n:03d}" for n in range(notes)]
    return product_data(
        product(),
        accounts=[account(f"A{i}") for i in range(4)],
        contracts=[contract(f"A{i}", "2024-01-01") for i in range(4)],
        interviews=[
            {"interview_id": f"I-{i}", "account_id": f"A{i % 4}", "product": "desk", "held_on": "2026-05-01"}
            for i in range((notes + 4) // 5)
        ],
        notes=[
            {"note_id": note, "interview_id": f"I-{n // 5}", "position": 5 - n % 5, "evidence": "words", "text": "x"}
            for n, note in enumerate(ids)
        ],
        codings=[{"note_id": ids[n], "coder": coder, "viewpoint": "problem", "code": "c"} for n in read],
    )  # fmt: skip


def decided(*notes, who="aiko", **more):
    return [replace(BASE, who=who, note_id=f"N-{n:03d}", **more) for n in notes]


def test_what_nobody_has_read_is_to_be_read_interview_by_interview():
    work = coding_work(data_of(), "aiko", CodingLogs(), 0)
    assert len(work.open) == 40
    interviews = work.notes["interview_id"].tolist()
    assert sum(a != b for a, b in pairwise(interviews)) == 7
    assert work.notes["position"].tolist() == [1, 2, 3, 4, 5] * 8
    assert work.notes["number"].tolist() == [1, 2, 3, 4, 5] * 8
    assert set(work.notes["of"]) == {5}


def test_two_analysts_begin_with_different_interviews_and_each_always_with_the_same():
    first = {who: coding_work(data_of(), who, CodingLogs(), 0).open for who in ("aiko", "ken", "mori")}
    assert len({notes[0] for notes in first.values()}) > 1
    assert first["aiko"] == coding_work(data_of(), "aiko", CodingLogs(), 0).open


def test_what_another_one_has_read_is_left_out_or_read_a_second_time():
    data = data_of(read=range(20))
    assert set(coding_work(data, "aiko", CodingLogs(), 0).open) == {f"N-{n:03d}" for n in range(20, 40)}
    every = coding_work(data, "aiko", CodingLogs(), 1)
    assert len(every.open) == 40
    assert every.twice == {f"N-{n:03d}" for n in range(20)}


def test_the_share_that_is_read_a_second_time_is_about_the_one_that_was_asked_for():
    data = data_of(400, read=range(400))
    chosen = set(coding_work(data, "aiko", CodingLogs(), 0.2).open)
    assert 50 <= len(chosen) <= 110  # 80 are expected; four standard deviations of a binomial are 32
    assert chosen < set(coding_work(data, "aiko", CodingLogs(), 0.5).open)


def test_a_note_that_another_one_codes_meanwhile_is_no_longer_to_be_read():
    logs = CodingLogs(tuple(decided(3, 4, who="ken") + decided(5, who="ken", viewpoint="")))
    work = coding_work(data_of(), "aiko", logs, 0)
    assert {"N-003", "N-004"}.isdisjoint(work.notes["note_id"])
    assert "N-005" in work.open  # a skipped note is nobody's


def test_own_readings_count_whether_from_the_log_or_the_table():
    data = data_of(read=(0, 1), coder="aiko")
    work = coding_work(data, "aiko", CodingLogs(tuple(decided(2) + decided(3, viewpoint=""))), 0)
    assert work.decided == {"N-000", "N-001", "N-002", "N-003"}
    assert work.skipped == {"N-003"}
    assert len(work.open) == 36


@given(st.lists(st.tuples(st.sampled_from(["aiko", "ken"]), st.integers(0, 9), st.booleans()), max_size=30))
def test_every_note_is_read_skipped_or_still_to_be_read(made):
    decisions = [d for who, n, skip in made for d in decided(n, who=who, viewpoint="" if skip else "problem")]
    work = coding_work(_TEN, "aiko", CodingLogs(tuple(decisions)), 1)
    assert len(work.open) + len(work.decided) == len(work.notes) == 10
    assert work.decided == {d.note_id for d in decisions if d.who == "aiko"}
    assert work.skipped <= work.decided


_TEN = data_of(10)


def test_the_pace_is_the_median_time_without_breaks():
    times = ["09:00:00", "09:00:20", "09:01:00", "09:01:30", "11:00:00", "11:00:30", "11:01:40"]
    made = [replace(BASE, at=f"2026-12-01T{t}+00:00") for t in times]  # 20 40 30 (break) 30 70 seconds
    assert seconds_per_note(made) == 30
    assert seconds_per_note(made[:-1]) is None  # four times are too few


def test_agreement_is_of_whole_tens_of_notes_in_the_order_in_which_they_were_read():
    data = data_of(read=range(25))
    nine = CodingLogs(tuple(decided(*range(9))))
    rows, count = read_twice(data, "aiko", nine)
    assert (len(rows), count) == (0, 9)
    order = [24, *range(23)]
    rows, count = read_twice(data, "aiko", CodingLogs(tuple(decided(*order))))
    assert count == 24
    assert set(rows["note_id"]) == {f"N-{n:03d}" for n in order[:20]}
    assert set(rows["coder"]) == {"aiko", "ken"}


@pytest.mark.parametrize("viewpoint", ["", "problem"])
def test_only_notes_that_both_have_read_are_compared(viewpoint):
    data = data_of(read=range(10))
    logs = CodingLogs(tuple(decided(*range(9)) + decided(9, viewpoint=viewpoint) + decided(30)))
    rows, count = read_twice(data, "aiko", logs)
    assert count == (10 if viewpoint else 9)
    assert rows["note_id"].nunique() == (10 if viewpoint else 0)

"""What was coded in the notebook comes to the table codings, and whatever is wrong with it is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cs_helpers.errors import ContractError
from cs_helpers.sources.coding_log import CodingLogs, Decision, text_hash

INTERVIEWS = "interview_id,account_id,product,held_on\nI1,A1,helpdesk,2026-06-01\n"
NOTES = (
    "note_id,interview_id,evidence,text\n"
    'N1,I1,words,"stamps, every week"\nN2,I1,behaviour,opened it twice\nN3,I1,words,wants receipts\n'
)
CODINGS = (
    "memo,by,viewpoint,code\n"
    "N1,aiko,problem,postage\nN1,aiko,request,receipt\nN1,ken,problem,postage\nN2,aiko,behaviour,twice\n"
)
FILES = {"interviews.csv": INTERVIEWS, "notes.csv": NOTES}
MAPPED = {"codings": {"columns": {"note_id": "memo", "coder": "by"}}}
DECISION = Decision(
    "2026-12-01T09:00:00+00:00", "aiko", "cs", "helpdesk", "I1", "N1", text_hash("stamps, every week"),
    "problem", "behaviour", "negative", ("postage", "queue"), "core", "guidance", "open",
)  # fmt: skip


def said(taken):
    rows = taken.kept["codings"]
    values = rows[["note_id", "coder", "viewpoint", "code", "evidence"]].astype(object)
    return sorted(tuple(None if v != v else v for v in row) for row in values.itertuples(index=False))


@pytest.fixture
def coded(take):
    """Takes the tables in with decisions, with or without a table codings of the company's own."""

    def run(*decisions, broken=(), own=True, files=FILES, **more):
        content = {**files, **({"codings.csv": CODINGS} if own else {})}
        tables = {name.split(".")[0]: {} for name in files} | (MAPPED if own else {})
        return take(content, tables, coded=CodingLogs(tuple(decisions), tuple(broken)), **more)

    return run


def test_decisions_stand_beside_the_readings_of_others_and_replace_the_coders_own(coded):
    taken = coded(DECISION)
    assert said(taken) == [
        ("N1", "aiko", "problem", "postage", "behaviour"),
        ("N1", "aiko", "problem", "queue", "behaviour"),
        ("N1", "ken", "problem", "postage", None),
        ("N2", "aiko", "behaviour", "twice", None),
    ]
    assert taken.counts()[("codings", "", "coded_again")] == 2
    assert taken.rows_read["codings"] == taken.rows_kept["codings"] == 4


def test_only_the_last_decision_of_a_coder_on_a_note_comes_in(coded):
    taken = coded(DECISION, replace(DECISION, who="森"), replace(DECISION, viewpoint="request", codes=()))
    assert said(taken)[:1] == [("N1", "aiko", "request", None, "behaviour")]
    assert [row[1] for row in said(taken)].count("森") == 2


def test_a_skipped_note_has_no_reading_of_its_coder(coded):
    assert said(coded(replace(DECISION, viewpoint=""))) == [
        ("N1", "ken", "problem", "postage", None),
        ("N2", "aiko", "behaviour", "twice", None),
    ]


def test_a_company_without_a_table_of_codings_has_what_was_coded_in_the_notebook(coded):
    taken = coded(DECISION, own=False)
    assert said(taken) == [("N1", "aiko", "problem", code, "behaviour") for code in ("postage", "queue")]
    row = taken.kept["codings"].iloc[0]
    assert (row["coder_role"], row["polarity"], row["why_level"]) == ("cs", "negative", "core")
    assert (row["reason"], row["reason_status"]) == ("guidance", "open")


def test_without_notes_nothing_comes_in(coded):
    taken = coded(DECISION, own=False, files={})
    assert "codings" not in taken.kept
    assert taken.findings == ()


def test_without_decisions_nothing_changes(coded):
    assert len(said(coded())) == 4
    assert "codings" not in coded(own=False).kept


def test_a_decision_on_a_note_that_is_gone_is_refused_and_counted(coded):
    taken = coded(replace(DECISION, note_id="N9"))
    assert taken.counts() == {("codings", "note_id", "orphan"): 2}
    assert taken.rows_read["codings"] - taken.rows_kept["codings"] == 2
    assert taken.rejected["codings"]["note_id"].tolist() == ["N9", "N9"]


def test_a_note_that_has_changed_since_it_was_coded_is_named(coded):
    taken = coded(
        replace(DECISION, text_hash=text_hash("stamps")), replace(DECISION, note_id="N2", viewpoint="")
    )
    found = next(f for f in taken.findings if f.rule == "note_changed")
    assert (found.policy, found.count, found.examples) == ("warn", 1, ((0, "N1", "aiko"),))
    assert ("N1", "aiko", "problem", "queue", "behaviour") in said(taken)


def test_lines_that_cannot_be_read_are_counted(coded):
    taken = coded(DECISION, broken=[(Path("x/森.jsonl"), 7), (Path("x/aiko.jsonl"), 2)])
    found = next(f for f in taken.findings if f.rule == "line_unreadable")
    assert (found.count, found.examples) == (2, ((2, "aiko.jsonl", ""), (7, "森.jsonl", "")))


def test_a_code_in_another_spelling_is_reported_as_in_any_table(coded):
    taken = coded(replace(DECISION, codes=("Postage",)))
    assert ("codings", "code", "differ_in_case") in taken.counts()


@pytest.mark.parametrize("rule", ["note_changed", "coded_again", "line_unreadable"])
def test_a_company_may_stop_at_any_of_them(coded, take, tmp_path, rule, monkeypatch):
    decision = replace(DECISION, text_hash="another")
    with pytest.raises(ContractError, match=rule):
        coded(decision, broken=[(Path("x/aiko.jsonl"), 2)], policies={rule: "stop"})

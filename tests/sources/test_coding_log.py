"""Decisions on notes are kept: whoever writes beside whom, whenever a process dies, whatever a line holds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers import durable
from cs_helpers.sources.coding_log import (
    Decision,
    file_of,
    person,
    read,
    readings,
    record,
    text_hash,
    with_decisions,
)

DECISION = Decision(
    "2026-12-01T09:00:00.000+00:00", "aiko", "cs", "desk", "I-1", "N-1", text_hash("stamps cost us a day"),
    "problem", "words", "negative", ("postage_cost", "month_end_folding"), "core", "guidance", "open",
)  # fmt: skip

#: appends numbered decisions of an analyst, and says after each that it is kept
WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from cs_helpers.sources.coding_log import Decision, record
folder, who, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for n in range(first, first + count):
    at = "2026-12-01T09:00:00.000+00:00"
    record(folder, Decision(at, who, "cs", "desk", "I-1", f"N-{n}", "x" * 16, "problem", codes=("x" * 300,)))
    print(n, flush=True)
"""


def writer(folder, who, first, count, **more):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), who, str(first), str(count)],
        stdout=subprocess.PIPE, text=True, **more,
    )  # fmt: skip


def test_what_is_recorded_is_read_in_its_order(tmp_path):
    decisions = (DECISION, replace(DECISION, note_id="N-2", codes=()), replace(DECISION, viewpoint=""))
    for decision in decisions:
        record(tmp_path / "codings", decision)
    logs = read(tmp_path / "codings")
    assert (logs.decisions, logs.broken) == (decisions, ())
    lines = (tmp_path / "codings" / "aiko.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {**asdict(DECISION), "codes": list(DECISION.codes)}


def test_without_a_folder_there_is_no_decision(tmp_path):
    assert read(tmp_path / "codings").decisions == ()


def test_the_last_decision_of_an_analyst_on_a_note_counts_and_the_history_stays(tmp_path):
    earlier = replace(DECISION, at="2026-12-01T08:00:00.000+00:00", viewpoint="request", why_level="")
    other = replace(DECISION, who="ken", viewpoint="solution")
    # the clock was set back between the two: within a file the order of the lines decides
    for decision in (DECISION, other, earlier):
        record(tmp_path, decision)
    logs = read(tmp_path)
    assert logs.current() == {("aiko", "N-1"): earlier, ("ken", "N-1"): other}
    assert len(logs.decisions) == 3


def test_of_two_files_of_one_analyst_the_later_decision_counts(tmp_path):
    later = replace(DECISION, at="2026-12-01T18:30:00.000+09:00", viewpoint="request")  # 09:30 UTC
    record(tmp_path, later)
    (tmp_path / "aiko.jsonl").rename(tmp_path / "a copy from the train.jsonl")
    record(tmp_path, DECISION)
    assert read(tmp_path).current() == {("aiko", "N-1"): later}


@pytest.mark.parametrize(
    "line",
    [
        b"not json", b"[]", b"\xff\xfe", b'{"who": "aiko"}',
        *(
            json.dumps({**asdict(DECISION), **wrong}).encode()
            for wrong in (
                {"more": 1}, {"viewpoint": "problems"}, {"codes": "postage_cost"}, {"codes": [" "]}, {"codes": [1]},
                {"at": "yesterday"}, {"at": "2026-12-01T09:00:00"}, {"who": ""}, {"note_id": 7}, {"reason": None},
            )
        ),
    ],
)  # fmt: skip
def test_a_broken_line_is_named_by_its_number_and_stays_in_the_file(tmp_path, line):
    record(tmp_path, DECISION)
    with (tmp_path / "aiko.jsonl").open("ab") as out:
        out.write(line + b"\n")
    record(tmp_path, DECISION)
    logs = read(tmp_path)
    assert logs.broken == ((tmp_path / "aiko.jsonl", 2),)
    assert logs.decisions == (DECISION, DECISION)
    assert line in (tmp_path / "aiko.jsonl").read_bytes()


def test_a_line_that_a_power_cut_left_without_an_end_does_not_swallow_the_next_one(tmp_path):
    record(tmp_path, DECISION)
    with (tmp_path / "aiko.jsonl").open("ab") as out:
        out.write(b'{"at": "2026-12')
    record(tmp_path, DECISION)
    logs = read(tmp_path)
    assert (logs.decisions, [n for _, n in logs.broken]) == ((DECISION, DECISION), [2])


def test_after_a_full_disk_the_file_is_as_before(tmp_path, monkeypatch):
    record(tmp_path, DECISION)
    before = (tmp_path / "aiko.jsonl").read_bytes()

    def half(file, line):
        with file.open("ab") as out:
            out.write(line[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "append_line", half)
    with pytest.raises(OSError, match="No space left"):
        record(tmp_path, DECISION)
    with pytest.raises(OSError, match="No space left"):
        record(tmp_path, replace(DECISION, who="ken"))
    assert (tmp_path / "aiko.jsonl").read_bytes() == before
    assert [f.name for f in tmp_path.glob("*.jsonl")] == ["aiko.jsonl"]


def test_a_decision_is_on_the_disk_when_it_is_recorded(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), fsync(handle)))
    record(tmp_path, DECISION)
    assert synced


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    """Two notebooks of one analyst and one of another, on one folder."""
    writers = [writer(tmp_path, who, first, 40) for who, first in (("aiko", 0), ("aiko", 1000), ("森", 0))]
    assert [w.wait(120) for w in writers] == [0, 0, 0]
    for each in writers:
        each.stdout.close()
    logs = read(tmp_path)
    assert logs.broken == ()
    notes = {who: [d.note_id for d in logs.decisions if d.who == who] for who in ("aiko", "森")}
    assert set(notes["aiko"]) == {f"N-{n}" for first in (0, 1000) for n in range(first, first + 40)}
    assert (len(notes["aiko"]), notes["森"]) == (80, [f"N-{n}" for n in range(40)])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_at_any_moment_no_decision_that_was_kept_is_lost(tmp_path):
    kept: set[str] = set()
    for turn, wait in enumerate((0.0, 0.004, 0.011, 0.03)):
        process = writer(tmp_path, "aiko", turn * 100_000, 100_000)
        first = process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        said = first + process.communicate()[0]
        kept |= {f"N-{n}" for n in said.split("\n")[:-1]}
    record(tmp_path, replace(DECISION, note_id="after"))  # no lock is left behind
    logs = read(tmp_path)
    found = [d.note_id for d in logs.decisions]
    assert kept <= set(found)
    assert found[-1] == "after"
    assert len(found) - 1 <= len(kept) + 4  # at most the one of each process that was under way


@given(st.text(min_size=1), st.text(min_size=1))
def test_different_people_have_different_files(one, other):
    first, second = (file_of(Path("x"), name) for name in (one, other))
    same = person(one) == person(other)
    # file systems that do not tell capitals apart, or that decompose letters
    folded = [unicodedata.normalize("NFD", f.name).casefold() for f in (first, second)]
    assert (folded[0] == folded[1]) == same
    assert first.parent == Path("x")
    assert len(first.name.encode()) < 255
    assert not set(first.name) & set('/\\:*?"<>|\0 ')


@pytest.mark.parametrize(
    ("name", "file"),
    [("aiko", "aiko.jsonl"), ("森 愛子", None), ("森愛子", "森愛子.jsonl"), ("  ken ", "ken.jsonl"), ("con", None),
     ("../x", None), ("Aiko", None), ("ａｉｋｏ", "aiko.jsonl")],
)  # fmt: skip
def test_names_of_files(tmp_path, name, file):
    found = file_of(tmp_path, name).name
    assert found == file if file else "-" in found
    record(tmp_path, replace(DECISION, who=person(name)))
    assert [d.who for d in read(tmp_path).decisions] == [person(name)]


def test_a_decision_is_a_row_for_each_code_and_one_where_no_theme_applies():
    none = replace(DECISION, note_id="N-2", codes=(), reason="", reason_status="", why_level="")
    rows = readings([DECISION, none, replace(DECISION, note_id="N-3", viewpoint="")])
    assert rows["note_id"].tolist() == ["N-1", "N-1", "N-2"]
    assert rows["code"].tolist()[:2] == ["postage_cost", "month_end_folding"]
    assert rows["code"].isna().tolist() == [False, False, True]
    assert rows["reason"].isna().tolist() == [False, False, True]
    assert rows["coder"].unique().tolist() == ["aiko"]


def test_decisions_stand_in_place_of_what_the_coder_said_before_and_beside_what_others_say(tmp_path):
    before = readings([DECISION, replace(DECISION, who="ken"), replace(DECISION, note_id="N-2")])
    record(tmp_path, replace(DECISION, viewpoint="request", codes=("read_receipt",)))
    record(tmp_path, replace(DECISION, note_id="N-2", viewpoint=""))
    now = with_decisions(before, read(tmp_path))
    assert sorted(zip(now["note_id"], now["coder"], now["code"], strict=True)) == [
        ("N-1", "aiko", "read_receipt"),
        ("N-1", "ken", "month_end_folding"),
        ("N-1", "ken", "postage_cost"),
    ]

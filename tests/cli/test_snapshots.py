"""`cs-workbook snapshots`: which there are, what one holds, how two differ, which may go."""

from __future__ import annotations

import json
import os

import pytest

from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.lock import snapshot_lock
from cs_helpers.snapshot.take import take_snapshot


@pytest.fixture
def root(workbook):
    return workbook.data / "snapshots"


def take_two(home):
    """Take two snapshots, the second with another price and one more row that is refused."""
    for number, row in enumerate(["", "C3,A9,helpdesk,2026-02-01,,5,JPY\n"]):
        text = home.text("contracts.csv")
        (home.data / "contracts.csv").write_text((text + row).replace(",100,", f",{100 + number},"))
        snapshot = take_snapshot(
            home.data / "sources.yml", folder=home.data / "snapshots", products=home.data / "products"
        )
        os.utime(snapshot.folder / "manifest.json", (1_700_000_000 + number,) * 2)


@pytest.fixture
def two(home_once, as_in, root):
    """The ids of two snapshots, the older one first."""
    as_in(home_once("two-snapshots", take_two))
    manifests = sorted(root.glob("*/manifest.json"), key=lambda file: file.stat().st_mtime)
    return [file.parent.name for file in manifests]


def test_without_a_snapshot_the_list_says_how_to_take_one(command):
    ran = command("snapshots", "list")
    assert (ran.code, ran.err) == (0, "")
    assert "there is no snapshot yet" in ran.out


def test_the_list_has_a_line_for_each_and_marks_the_latest(command, two):
    lines = command("snapshots", "list").out.splitlines()
    assert lines[0].split() == ["snapshot", "products", "rows", "read", "left", "out", "filtered", "size"]
    assert [line.split()[0] for line in lines[1:]] == two
    assert lines[1].split()[1:5] == ["helpdesk", "4", "0", "0"]
    assert lines[2].split()[1:5] == ["helpdesk", "5", "1", "0"]
    assert [line.rstrip().endswith("latest") for line in lines[1:]] == [False, True]


@pytest.mark.parametrize("name", [(), ("latest",), ("its id",)])
def test_one_is_shown_with_its_tables_and_what_was_found(command, two, name):
    ran = command("snapshots", "show", *(two[1] if n == "its id" else n for n in name))
    assert ran.code == 0
    assert ran.out.startswith(two[1])
    assert "as of 2026-09-30" in ran.out
    assert "every file is as it was written" in ran.out
    assert ["contracts", "3", "2", "1", "0", "2"] in [line.split() for line in ran.out.splitlines()]
    assert "match no row of accounts (contracts.account_id): 1 (left out)" in ran.out


def test_one_whose_files_are_damaged_says_so(command, two, root):
    (root / two[0] / "contracts" / "product=helpdesk.parquet").unlink()
    assert "files are gone or damaged" in command("snapshots", "show", two[0]).out
    assert "files are gone or damaged" not in command("snapshots", "show", two[1]).out


def test_two_are_compared(command, two):
    ran = command("snapshots", "diff", two[0])
    assert ran.code == 0
    assert ran.out.splitlines()[0].split() == two
    assert "contracts: rows left out" in ran.out
    assert "rule contracts.account_id" in ran.out
    assert command("snapshots", "diff", *two).out == ran.out


def test_one_compared_with_itself_holds_the_same(command, two):
    assert command("snapshots", "diff", two[1], two[1]).out == "they hold the same\n"


def test_old_ones_are_deleted_and_named(command, two, root):
    assert command("snapshots", "prune").out == ""
    ran = command("snapshots", "prune", "--keep", "1")
    assert (ran.code, ran.out) == (0, f"deleted {two[0]}\n")
    assert [p.name for p in root.glob("[0-9]*")] == two[1:]


def test_one_that_a_published_report_names_stays(command, two, workbook):
    run = workbook.folder / "reports" / "2026Q3" / "run.json"
    run.write_text(json.dumps({"snapshot": two[0], "reports": {}}), encoding="utf-8")
    assert command("snapshots", "prune", "--keep", "1").out == ""
    assert Snapshot.open(two[0], folder=workbook.data / "snapshots").is_intact()


@pytest.mark.parametrize(
    "arguments",
    [("show", "2020-01-01-abc"), ("diff", "2020-01-01-abc"), ("diff", "latest", "2020-01-01-abc")],
)
def test_an_unknown_id_is_told_which_there_are(command, two, arguments):
    ran = command("snapshots", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"error: there is no snapshot '2020-01-01-abc'; there are: {', '.join(sorted(two))}\n"


def test_less_than_one_cannot_be_kept(command, two, root):
    assert command("snapshots", "prune", "--keep", "0").code == 2
    assert len(list(root.glob("[0-9]*"))) == 2


@pytest.mark.parametrize("arguments", [("snapshot",), ("check",), ("snapshots", "prune", "--keep", "1")])
def test_while_a_snapshot_is_taken_one_sentence_says_by_whom(command, two, root, arguments):
    with snapshot_lock(root):
        ran = command(*arguments)
    assert ran.code == 1
    assert ran.err.startswith("error: another snapshot is being taken in data/snapshots by process ")
    assert ran.err.endswith("; wait until it is done\n")
    assert ran.err.count("\n") == 1
    assert len(list(root.glob("[0-9]*"))) == 2

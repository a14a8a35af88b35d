"""Whether a snapshot must be taken anew is told by what the files look like, and never wrongly."""

from __future__ import annotations

import os
import time

import companies
import pytest

from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot import unchanged as module
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.snapshot.unchanged import ChangeDetector
from cs_helpers.sources import coding_log
from cs_helpers.sources.coding_log import Decision


@pytest.fixture
def company(tmp_path):
    """A company with files, and its folders."""
    return companies.larger(tmp_path)


class _Taking:
    def __init__(self, company):
        self.source, self.root, self.products = (
            company.folder / "sources.yml",
            company.snapshots,
            company.folder / "products",
        )

    def look(self):
        return ChangeDetector(self.source, folder=self.root, products=self.products)

    def take(self, between=lambda: None):
        look = self.look()
        before = look.file_states()
        snapshot = take_snapshot(self.source, folder=self.root, products=self.products)
        between()
        look.remember(snapshot, before)
        return snapshot

    def known(self):
        found = self.look().unchanged_snapshot()
        return found and found.id


@pytest.fixture
def taking(company):
    return _Taking(company)


def tables(taking):
    return sorted(p for p in taking.source.parent.iterdir() if p.suffix in (".csv", ".parquet"))


def test_before_the_first_snapshot_there_is_no_unchanged_one(taking):
    assert taking.known() is None


def test_the_same_files_have_the_same_snapshot(taking):
    assert taking.known() is None
    snapshot = taking.take()
    assert taking.known() == snapshot.id


@pytest.mark.parametrize("age", [0, 3600])
def test_any_changed_file_is_detected_even_one_of_the_same_size_and_time(taking, age):
    for file in tables(taking):
        os.utime(file, ns=(time.time_ns() - age * 10**9,) * 2)
    for file in tables(taking):
        taking.take()
        about, content = file.stat(), file.read_bytes()
        file.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
        os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
        assert file.stat().st_size == about.st_size
        assert taking.known() is None, file
        file.write_bytes(content)


def test_a_file_that_changes_while_the_snapshot_is_taken_is_not_trusted(taking):
    file = tables(taking)[0]
    taking.take(between=lambda: file.write_bytes(file.read_bytes() + b"\n"))
    assert taking.known() is None


@pytest.mark.parametrize("what", ["sources", "product", "move", "code", "day"])
def test_changes_of_other_inputs_are_detected(taking, what, monkeypatch):
    taking.take()
    if what == "sources":
        taking.source.write_text(taking.source.read_text() + "# a word\n")
    elif what == "product":
        product = next(taking.products.glob("*.yml"))
        product.write_text(product.read_text() + "# a word\n")
    elif what == "move":
        move = taking.products / "scores" / "helpdesk" / "2026-04-06.yml"
        move.parent.mkdir(parents=True, exist_ok=True)
        move.write_text("a word\n")
    elif what == "code":
        monkeypatch.setattr(module, "package_code", lambda: "other")
    else:

        class _Tomorrow(module.date):
            @classmethod
            def today(cls):
                return cls(2199, 1, 1)

        monkeypatch.setattr(module, "date", _Tomorrow)
    assert taking.known() is None


def test_a_damaged_snapshot_is_taken_anew(taking):
    snapshot = taking.take()
    file = next(snapshot.folder.rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-1])
    assert taking.known() is None
    assert taking.take().is_intact()
    assert taking.known() == snapshot.id


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"around": {}, "files": {}, "patterns": [], "snapshot": "x"}']
)
def test_a_damaged_memory_is_ignored(taking, content):
    snapshot = taking.take()
    next((taking.root / ".seen").iterdir()).write_text(content)
    assert taking.known() is None
    assert Snapshot.open(folder=taking.root).id == snapshot.id


@pytest.mark.parametrize(
    "more", ["read_csv('elsewhere.csv')", "current_date", "random()", "now()", "from '/x.parquet'"]
)
def test_tables_with_other_inputs_are_always_read(taking, more):
    taking.source.write_text(taking.source.read_text() + f"# {more}\n")
    assert taking.look().file_states() is None


def test_a_new_file_that_a_pattern_names_is_noticed(taking, tmp_path):
    seen = module._file_states([str(tmp_path / "part-*.csv")], None)
    (tmp_path / "part-1.csv").write_text("x")
    assert module._file_states([str(tmp_path / "part-*.csv")], seen) != seen


def test_files_below_a_folder_are_compared(tmp_path):
    (tmp_path / "log" / "day=1").mkdir(parents=True)
    (tmp_path / "log" / "day=1" / "a.parquet").write_text("x")
    assert len(module._file_states([str(tmp_path / "log")], None)) == 1


def test_a_note_coded_in_the_notebook_is_a_change(taking, tmp_path, monkeypatch):
    """Nothing was coded, then a decision, then another one: each asks for a new snapshot."""
    monkeypatch.setenv("CS_WORKBOOK_CODINGS", str(tmp_path / "codings"))
    decision = Decision("2026-12-01T09:00:00+00:00", "aiko", "cs", "helpdesk", "I-1", "N-1", "x", "problem")
    for _ in range(2):
        taking.take()
        assert taking.known() is not None
        coding_log.record(tmp_path / "codings", decision)
        assert taking.known() is None

"""What a name leads to is on the disk before the name is: a power cut leaves the old or the new, never half."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cs_helpers import durable
from cs_helpers.report import publish as publishing
from cs_helpers.report.manifest import Manifest
from cs_helpers.report.publish import FolderStore

Q = "2026Q3"


@pytest.fixture
def disk(monkeypatch):
    """What was put on the disk and what was renamed, in order: ("sync", inode) and ("rename", path)."""
    events: list[tuple[str, object]] = []
    sync, replace, rename = os.fsync, Path.replace, Path.rename

    def synced(handle):
        sync(handle)
        events.append(("sync", os.fstat(handle).st_ino))

    def replaced(self, target):
        events.append(("rename", Path(target).name))
        return replace(self, target)

    def renamed(self, target):
        events.append(("rename", Path(target).name))
        return rename(self, target)

    exchanged = publishing._exchange

    def exchange(one, other):
        events.append(("rename", other.name))
        return exchanged(one, other)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(publishing, "_exchange", exchange)
    return events


def before(events, name):
    """The inodes that were on the disk before something was renamed to `name`."""
    renamed = events.index(("rename", name))
    return {inode for what, inode in events[:renamed] if what == "sync"}


def inodes(folder: Path) -> dict[str, int]:
    return {p.relative_to(folder).as_posix(): p.stat().st_ino for p in [folder, *folder.rglob("*")]}


def test_a_file_is_on_the_disk_before_its_name_and_then_the_name(tmp_path, disk):
    durable.write(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "a").stat().st_ino in before(disk, "a")
    assert disk[-1] == ("sync", tmp_path.stat().st_ino)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    durable.write(tmp_path / "a", b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.write(tmp_path / "a", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"old")]


def test_all_of_a_published_quarter_is_on_the_disk_before_it_is_swapped_in(tmp_path, disk):
    folder = FolderStore(tmp_path / "reports")
    for content in (b"old", b"new"):
        disk.clear()
        folder.publish(Q, {"a/one.html": content, "index.html": content}, [], Manifest(quarter=Q))
        found = inodes(folder.root / Q)
        assert set(found) == {".", "a", "a/one.html", "index.html", "run.json"}
        assert set(found.values()) <= before(disk, Q)
        assert disk[-1] == ("sync", folder.root.stat().st_ino)


def test_what_is_taken_over_unchanged_is_not_written_again_but_its_folder_is(tmp_path, disk):
    folder = FolderStore(tmp_path / "reports")
    folder.publish(Q, {"a/one.html": b"x", "index.html": b"x"}, [], Manifest(quarter=Q))
    disk.clear()
    folder.publish(Q, {"index.html": b"y"}, [], Manifest(quarter=Q))
    found = inodes(folder.root / Q)
    assert {found[n] for n in (".", "a", "index.html", "run.json")} <= before(disk, Q)
    assert ("sync", found["a/one.html"]) not in disk


def test_all_of_a_snapshot_is_on_the_disk_before_it_has_its_name(company_snapshot, disk):
    taken = company_snapshot()
    found = inodes(taken.folder)
    assert len(found) > 10
    assert set(found.values()) <= before(disk, taken.id)
    assert disk.index(("rename", taken.id)) < disk.index(("rename", "LATEST"))


@pytest.fixture
def company_snapshot(tmp_path, sample_folder):
    from cs_helpers.snapshot.take import take_snapshot

    products = Path(__file__).resolve().parents[1] / "data" / "products"
    return lambda: take_snapshot(sample_folder / "sources.yml", folder=tmp_path / "s", products=products)

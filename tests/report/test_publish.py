"""Readers see the old quarter or the new one, never half of one; on any file system."""

from __future__ import annotations

import json
import threading

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from cs_helpers.errors import ReportError
from cs_helpers.report import publish as publishing
from cs_helpers.report.manifest import FORMAT, Manifest, Report, foreign_files, manifest_page, read_manifest
from cs_helpers.report.publish import FolderStore, RemoteStore, report_store

Q = "2026Q3"


def manifest(**reports):
    return Manifest(quarter=Q, reports=reports)


def report(**more):
    defaults = {
        "status": "published",
        "analysis": "a",
        "notebook": "10_a",
        "parameters": {"product": "x", "language": "en"},
    }
    return Report(**{**defaults, "seconds": 1.0, "made_at": "2026-10-01T00:00:00+00:00", **more})


@pytest.fixture(params=["folder", "memory", "local"])
def target(request, tmp_path):
    """A report_store of each kind with a published quarter."""
    if request.param == "memory":
        MemoryFileSystem.store.clear()
    url = {"folder": str(tmp_path), "memory": "memory://reports", "local": f"local://{tmp_path}"}[
        request.param
    ]
    store = report_store(url)
    files = {"a/one.en.html": b"old one", "index.html": b"old"}
    store.publish(Q, files, [], manifest(**{"a/one.en.html": report()}))
    return store


def test_pages_and_manifest_are_there(target):
    assert target.content(Q, "a/one.en.html") == b"old one"
    assert list(target.manifest(Q).reports) == ["a/one.en.html"]
    assert json.loads(target.content(Q, "run.json"))["format"] == FORMAT


def test_files_that_are_not_replaced_stay_and_those_that_are_gone_go(target):
    target.publish(Q, {"b/two.en.html": b"new"}, [], manifest())
    assert target.content(Q, "a/one.en.html") == b"old one"
    assert target.content(Q, "b/two.en.html") == b"new"
    target.publish(Q, {"index.html": b"new"}, ["a/one.en.html", "never/there.html"], manifest())
    assert target.content(Q, "a/one.en.html") is None
    assert target.content(Q, "index.html") == b"new"


def test_a_place_without_the_quarter_has_an_empty_manifest(target):
    assert target.manifest("2020Q1").reports == {}
    assert target.content("2020Q1", "index.html") is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 1, "quarter": "2026Q3", "reports": {}}', b'{"quarter": 3}']
)
def test_a_manifest_that_cannot_be_read_is_an_empty_one(content):
    assert read_manifest(content, Q) == Manifest(quarter=Q)


def test_a_manifest_survives_being_written_and_read():
    original = manifest(
        x=report(problems=({"code": "error", "detail": "X: y"},), cells=({"cell": "a", "seconds": 0.5},))
    )
    assert read_manifest(original.text().encode(), Q) == original


def test_the_documentation_of_the_manifest_is_the_one_that_is_generated():
    assert (publishing.paths.home() / "docs" / "run-manifest.md").read_text(
        encoding="utf-8"
    ) == manifest_page()


def test_every_field_of_the_manifest_is_explained():
    assert "| None |" not in manifest_page()


def test_a_url_of_an_unknown_kind_is_refused():
    with pytest.raises(ReportError, match="nosuch://"):
        report_store("nosuch://bucket/reports")


def test_a_remote_reader_finds_all_that_the_manifest_names(monkeypatch):
    MemoryFileSystem.store.clear()
    target, written = RemoteStore("memory://reports"), []
    monkeypatch.setattr(target, "_put", lambda name, content: written.append(name))
    target.publish(Q, {"index.html": b"", "z/late.html": b"", "a/early.html": b""}, [], manifest())
    assert written == [f"{Q}/{n}" for n in ("a/early.html", "z/late.html", "index.html", "run.json")]


def test_a_remote_that_cannot_be_written_is_said(monkeypatch):
    target = RemoteStore("memory://reports")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(target.files, "pipe_file", full)
    with pytest.raises(
        ReportError, match=r"memory://reports/2026Q3/index.html cannot be written: .*No space"
    ):
        target.publish(Q, {"index.html": b"x"}, [], manifest())


@pytest.fixture
def folder(tmp_path):
    store = FolderStore(tmp_path / "reports")
    store.publish(Q, {"a/one.en.html": b"old one", "index.html": b"old"}, [], manifest())
    return store


def entries_of(folder):
    return sorted(p.name for p in folder.root.iterdir() if not p.name.endswith(".lock"))


def test_nothing_but_the_quarter_is_left_beside_it(folder):
    folder.publish(Q, {"index.html": b"new"}, [], manifest())
    assert entries_of(folder) == [Q]


@pytest.mark.parametrize("where", ["_link_files", "_swap"])
def test_a_failure_while_writing_leaves_the_old_quarter(folder, monkeypatch, where):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing, where, full)
    with pytest.raises(OSError, match="No space"):
        folder.publish(Q, {"index.html": b"new"}, [], manifest())
    assert folder.content(Q, "index.html") == b"old"
    assert entries_of(folder) == [Q]


def test_a_publication_cut_off_between_its_renames_is_put_right(folder):
    quarter = folder.root / Q
    quarter.rename(quarter.with_name(f".retired-{Q}"))
    quarter.with_name(f".publishing-{Q}-x").mkdir()
    with folder.lock(Q):
        assert folder.content(Q, "index.html") == b"old"
    assert entries_of(folder) == [Q]


def test_a_folder_is_swapped_also_where_the_system_cannot_exchange_two(folder, monkeypatch):
    monkeypatch.setattr(publishing, "_exchange", lambda one, other: False)
    folder.publish(Q, {"index.html": b"new"}, [], manifest())
    assert folder.content(Q, "index.html") == b"new"
    assert folder.content(Q, "a/one.en.html") == b"old one"
    assert entries_of(folder) == [Q]


def test_what_is_replaced_is_not_written_into(folder, tmp_path):
    # pages are links to the same content: a reader that has the old one open keeps it whole
    with (folder.root / Q / "a" / "one.en.html").open("rb") as reading:
        folder.publish(Q, {"a/one.en.html": b"new one"}, [], manifest())
        assert reading.read() == b"old one"
    assert folder.content(Q, "a/one.en.html") == b"new one"


def test_a_reader_never_sees_half_a_quarter(folder):
    """While one publishes again and again, what others read is always of one publication."""
    pages = [f"p/{n}.html" for n in range(12)]
    folder.publish(Q, dict.fromkeys(pages, b"0" * 2000), [], manifest())
    stop, seen = threading.Event(), []

    def read():
        while not stop.is_set():
            held = [folder.root / Q / name for name in pages]
            content = [h.read_bytes() if h.exists() else b"missing" for h in held]
            seen.append({c for c in content if c == b"missing" or len(set(c)) != 1 or len(c) != 2000})

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for n in range(1, 40):
            folder.publish(Q, dict.fromkeys(pages, b"%d" % (n % 10) * 2000), [], manifest())
    finally:
        stop.set()
        reader.join()
    assert len(seen) > 5
    assert set().union(*seen) == set()


def test_a_second_batch_waits_for_the_first(folder, monkeypatch):
    monkeypatch.setattr(publishing, "_LOCK_TIMEOUT", 0.2)
    entered = threading.Event()
    leave = threading.Event()

    def hold():
        with folder.lock(Q):
            entered.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(10)
    with pytest.raises(ReportError, match="another batch is publishing"), folder.lock(Q):
        pass
    leave.set()
    holder.join()
    with folder.lock(Q):
        pass


@pytest.fixture(params=["memory", "local"])
def two_batches(request, tmp_path, monkeypatch):
    """Two batches that publish to one remote report_store, each through a file system of its own."""
    monkeypatch.setattr(publishing, "_LOCK_SETTLE_TIME", 0.05)
    MemoryFileSystem.store.clear()
    url = {"memory": "memory://reports", "local": f"local://{tmp_path}"}[request.param]
    first, second = RemoteStore(url), RemoteStore(url)
    first.publish(Q, {"a.html": b"old", "index.html": b"old"}, [], manifest())
    return first, second


def test_a_second_batch_of_a_remote_place_waits_for_the_first(two_batches, monkeypatch):
    first, second = two_batches
    monkeypatch.setattr(publishing, "_LOCK_TIMEOUT", 0.3)
    refused = pytest.raises(
        ReportError, match=r"another batch is publishing .*2026Q3 \(process \d+ on .*delete"
    )
    with first.lock(Q), refused, second.lock(Q):
        pass
    with second.lock(Q):
        pass
    assert not second.files.exists(f"{second.root}/.{Q}.lock")


def test_batches_of_a_remote_place_publish_one_after_the_other(two_batches):
    inside, most = [], []

    def publish(target, content):
        with target.lock(Q):
            inside.append(content)
            most.append(len(inside))
            target.publish(Q, {"a.html": content, "index.html": content}, [], manifest())
            inside.remove(content)

    threads = [threading.Thread(target=publish, args=(t, b"%d" % n)) for n, t in enumerate(two_batches)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1]
    target = two_batches[0]
    assert target.content(Q, "a.html") == target.content(Q, "index.html") != b"old"


def test_a_lock_that_a_batch_left_is_taken_over_after_a_while(two_batches, monkeypatch):
    first, second = two_batches
    assert first._try_lock(f"{first.root}/.{Q}.lock")  # and its process is gone
    monkeypatch.setattr(publishing, "_STALE_LOCK_AGE", 0)
    with second.lock(Q):
        second.publish(Q, {"index.html": b"new"}, [], manifest())
    assert second.content(Q, "index.html") == b"new"


@pytest.mark.parametrize("what", ["lock", "manifest"])
def test_a_batch_that_lost_its_lock_replaces_nothing_that_readers_are_led_by(two_batches, what):
    first, second = two_batches
    with first.lock(Q):
        if what == "lock":
            first.files.rm_file(f"{first.root}/.{Q}.lock")
        else:
            second.publish(Q, {"index.html": b"theirs"}, [], manifest(**{"b.html": report()}))
        with pytest.raises(ReportError, match=r"another batch published .* run it again"):
            first.publish(Q, {"a.html": b"ours", "index.html": b"ours"}, [], manifest())
    assert first.content(Q, "index.html") == (b"old" if what == "lock" else b"theirs")
    assert first.content(Q, "a.html") == b"old"
    assert list(first.manifest(Q).reports) == ([] if what == "lock" else ["b.html"])


def test_each_edition_has_a_place_of_its_own(tmp_path):
    for where in (str(tmp_path), f"local://{tmp_path}", tmp_path):
        assert report_store(where).root == tmp_path
        assert report_store(where, "team").root == tmp_path / "team"
    assert report_store("memory://reports", "team").url == "memory://reports/team"
    assert report_store("memory://reports/", "leadership").url == "memory://reports"


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"format": 2}', b'{"format": 2, "reports": {"a": 3}}']
)
def test_a_manifest_that_says_nothing_of_files_takes_none_away(content):
    assert foreign_files(content) in ([], ["index.en.html", "index.ja.html"])


def test_fsspec_has_the_file_systems_that_the_tests_speak_of():
    assert {"memory", "local"} <= set(fsspec.available_protocols())

"""One take at a time: the second is refused at once, and the lock goes with its process."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from datetime import datetime

import pytest
from companies import leftovers

from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.history import prune
from cs_helpers.snapshot.lock import snapshot_lock
from cs_helpers.snapshot.take import check_tables

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGSTOP")


@pytest.fixture
def halted(company, forks):
    """A take that is halted in the middle: its process."""
    stopped = forks.take(company, stop_at=4)["stopped"]
    yield stopped
    holder = company.snapshots / ".lock.json"
    if holder.exists() and json.loads(holder.read_text())["process"] == stopped:  # the test failed before
        forks.resume(signal.SIGKILL)


def test_a_second_take_is_refused_immediately_with_the_holder_of_the_lock(company, halted, forks):
    begun = time.monotonic()
    with pytest.raises(SnapshotError, match="another snapshot is being taken") as caught:
        company.take()
    assert time.monotonic() - begun < 2
    said = str(caught.value)
    assert f"by process {halted} on {socket.gethostname()}, since " in said
    since = datetime.fromisoformat(said.split("since ")[1].split(";")[0])
    assert abs((datetime.now().astimezone() - since).total_seconds()) < 60
    ended = forks.resume(signal.SIGCONT)
    assert Snapshot.open(folder=company.snapshots).id == ended["id"]
    assert company.take().id == ended["id"]


def test_after_a_kill_the_lock_is_free(company, halted, forks):
    assert forks.resume(signal.SIGKILL)["signal"] == signal.SIGKILL
    assert (company.snapshots / ".lock.json").exists()
    assert company.take().is_intact()
    assert not (company.snapshots / ".lock.json").exists()
    assert leftovers(company.snapshots) == []


def test_nothing_is_checked_or_deleted_while_a_snapshot_is_taken(company, halted, forks):
    with pytest.raises(SnapshotError, match=f"process {halted}"):
        check_tables(company.folder / "sources.yml", folder=company.snapshots)
    with pytest.raises(SnapshotError, match=f"process {halted}"):
        prune(1, company.snapshots, company.folder)
    assert leftovers(company.snapshots) != []
    assert "id" in forks.resume(signal.SIGCONT)


@pytest.mark.parametrize("text", ["", "{", "{}"])
def test_a_lock_without_holder_information_is_held(tmp_path, text):
    with snapshot_lock(tmp_path):
        (tmp_path / ".lock.json").write_text(text, encoding="utf-8")
        with (
            pytest.raises(SnapshotError, match=r"is being taken in [^,]*; wait until it is done$"),
            snapshot_lock(tmp_path),
        ):
            pass


def test_a_failed_take_frees_the_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), snapshot_lock(tmp_path):
        raise ZeroDivisionError
    with snapshot_lock(tmp_path):
        assert json.loads((tmp_path / ".lock.json").read_text())["process"] == os.getpid()

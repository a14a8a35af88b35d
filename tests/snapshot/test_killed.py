"""Killed at any moment, a take leaves what was there before it or a whole snapshot, never a half one."""

from __future__ import annotations

import random
import signal
import sys

import pytest
from companies import content, leftovers, small

from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import LATEST, Snapshot

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL"),
]
KILLS = 50


def change_randomly(company, rnd, number):
    """One change of a small company: of this month or an earlier one, of a contract, of nothing."""
    match rnd.randrange(4):
        case 0:
            company.add("usage.csv", f"A1,helpdesk,2026-08-{rnd.randint(1, 28):02} 10:00:00,reply,0.{number}")
        case 1:
            company.add("usage.csv", f"A2,expense_desk,2026-0{rnd.randint(2, 7)}-03 10:00:00,scan,{number}")
        case 2:
            company.add("contracts.csv", f"K{number},A3,helpdesk,2026-03-01,,{number + 1},JPY")


def intact_ids(company, looked_at=()):
    """The ids of the snapshots that open; each of them must be intact, and the latest among them.

    Those of `looked_at` were found intact before; fifty times all of them would take a minute.
    """
    opened = set()
    for folder in company.snapshots.glob("[0-9]*"):
        try:
            snapshot = Snapshot.open(folder.name, folder=company.snapshots)
        except SnapshotError:
            continue
        assert snapshot.id in looked_at or snapshot.is_intact()
        opened.add(snapshot.id)
    if (company.snapshots / LATEST).exists():
        assert Snapshot.open(folder=company.snapshots).id in opened
    return opened


def recovers(company, work_log, fresh):
    """An undisturbed take works, is what a fresh folder would give, and leaves nothing behind."""
    taken = company.take()
    assert work_log.reused > 0
    assert content(taken.folder) == content(company.take(folder=fresh).folder)
    assert leftovers(company.snapshots) == []
    assert Snapshot.open(folder=company.snapshots).id == taken.id


def test_fifty_kills_at_random_moments_never_leave_a_half_snapshot(tmp_path, forks, work_log):
    rnd = random.Random(20261122)
    first = small(tmp_path / "first")
    forks.take(first, modules=True)
    first.add("usage.csv", "A1,helpdesk,2026-08-06 10:00:00,reply,3")
    seconds = forks.take(first)["seconds"]
    company = small(tmp_path)
    before, died = set(), 0
    for number in range(KILLS):
        change_randomly(company, rnd, number)
        ended = forks.take(company, kill_after=rnd.uniform(0, seconds))
        died += ended["signal"] == signal.SIGKILL
        now = intact_ids(company, before)
        assert now >= before
        assert ended.get("id") is None or ended["id"] in now
        before = now
    assert died >= 20
    assert intact_ids(company) == before
    recovers(company, work_log, tmp_path / "fresh")


def test_a_kill_before_each_change_of_files_leaves_no_half_snapshot(tmp_path, forks, work_log):
    """Random moments seldom hit the few in which folders are renamed."""
    company = small(tmp_path)
    company.take()
    company.add("usage.csv", "A1,helpdesk,2026-08-06 10:00:00,reply,3")
    # a retake writes the same again, so the snapshot in place is taken away for each
    changes, number = forks.take(company, modules=True)["changes"], 0
    before = intact_ids(company)
    while True:
        number += 1
        company.add("usage.csv", f"A1,helpdesk,2026-08-07 10:00:00,reply,{number}")
        ended = forks.take(company, kill_at=number)
        now = intact_ids(company, before)
        assert now >= before
        before = now
        if not ended["signal"]:
            break
    assert number >= changes - 5
    recovers(company, work_log, tmp_path / "fresh")


@pytest.mark.parametrize("number", range(1, 4))
def test_a_kill_while_a_damaged_snapshot_is_taken_again_leaves_no_half_one_that_is_intact(
    company, forks, work_log, number, tmp_path
):
    other = company.take()
    company.add("usage.csv", "A1,helpdesk,2026-08-06 10:00:00,reply,3")
    taken = company.take()
    (taken.folder / "accounts" / "all.parquet").unlink()
    changes = forks.take(company)["changes"]
    (taken.folder / "accounts" / "all.parquet").unlink()
    assert forks.take(company, kill_at=changes - number)["signal"] == signal.SIGKILL
    assert Snapshot.open(other.id, folder=company.snapshots).is_intact()
    recovers(company, work_log, tmp_path / "fresh")

"""A small company that a test may change, and its snapshots."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

import companies
import pytest
from forked import Forks

from cs_helpers.snapshot import Snapshot
from cs_helpers.sources import intake
from cs_helpers.sources.usage_log import reduce_cells as reduced


@pytest.fixture
def company(tmp_path):
    """A company of the test's own."""
    return companies.small(tmp_path)


@pytest.fixture(scope="session")
def company_snapshot(tmp_path_factory):
    """A snapshot of the company, to be read only."""
    return companies.small(tmp_path_factory.mktemp("read_only")).take()


@pytest.fixture
def copied_snapshot(company_snapshot, tmp_path):
    """The same snapshot in a folder of the test's own, to be damaged."""
    shutil.copytree(company_snapshot.folder.parent, tmp_path / "snapshots")
    return Snapshot.open(folder=tmp_path / "snapshots")


@pytest.fixture(scope="session")
def forks():
    """Takes in processes of their own, to be killed."""
    driver = Forks()
    yield driver
    driver.close()


@dataclass
class Work:
    """What the last take did with the usage log.

    reused: how many cells had not changed. cells: how many there are. again: those reduced again.
    """

    reused: int = 0
    cells: int = 0
    again: set[tuple[str, str]] = field(default_factory=set)


@pytest.fixture
def work_log(monkeypatch):
    """What the last take did with the usage log."""
    seen = Work()
    whole, lot = intake.reduce_usage, reduced._reduce_batch

    def reducing(*args):
        seen.again = set()
        found = whole(*args)
        seen.reused, seen.cells = found.reused, len(found.cells)
        return found

    def reducing_a_lot(hub, log, rows, cells, memory):
        seen.again |= {(cell.product, str(cell.quarter)) for cell in cells}
        return lot(hub, log, rows, cells, memory)

    monkeypatch.setattr(intake, "reduce_usage", reducing)
    monkeypatch.setattr(reduced, "_reduce_batch", reducing_a_lot)
    return seen

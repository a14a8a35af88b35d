"""A small company that a test may change, and its snapshots."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import date

import companies
import pytest
from forked import Forks

from cs_helpers.snapshot import Snapshot
from cs_helpers.sources import intake, reduced


@pytest.fixture
def company(tmp_path):
    """A company of the test's own."""
    return companies.small(tmp_path)


@pytest.fixture(scope="session")
def taken(tmp_path_factory):
    """A snapshot of the company, to be read only."""
    return companies.small(tmp_path_factory.mktemp("read_only")).take()


@pytest.fixture
def own(taken, tmp_path):
    """The same snapshot in a folder of the test's own, to be damaged."""
    shutil.copytree(taken.folder.parent, tmp_path / "snapshots")
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

    reused: how many parts had not changed. parts: how many there are. again: those reduced again.
    """

    reused: int = 0
    parts: int = 0
    again: set[tuple[str, date]] = field(default_factory=set)


@pytest.fixture
def work(monkeypatch):
    """What the last take did with the usage log."""
    seen = Work()
    whole, replace = intake.reduced, reduced._replace

    def reducing(*args):
        seen.again = set()
        found = whole(*args)
        seen.reused, seen.parts = found.reused, len(found.parts)
        return found

    def replacing(hub, log, narrowed, changed, gone):
        seen.again = set(zip(changed["product"], changed["month"], strict=True))
        return replace(hub, log, narrowed, changed, gone)

    monkeypatch.setattr(intake, "reduced", reducing)
    monkeypatch.setattr(reduced, "_replace", replacing)
    return seen

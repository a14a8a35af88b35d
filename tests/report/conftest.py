"""Homes with small notebooks, and snapshots that may be spoilt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import small

from cs_helpers.snapshot import Snapshot


@pytest.fixture
def at_home(tmp_path, home, monkeypatch):
    """Makes a home of small notebooks this process's own; gives its folder."""

    def move_in(**notebooks) -> Path:
        folder = small.workbook(tmp_path / "home", home, **notebooks)
        monkeypatch.setenv("CS_WORKBOOK_HOME", str(folder))
        return folder

    return move_in


@pytest.fixture
def own_snapshot(at_home, home):
    """Makes the home's snapshot a copy of its own, which may be spoilt."""

    def copied(folder: Path) -> Snapshot:
        link = folder / "data" / "snapshots"
        link.unlink()
        shutil.copytree(home / "data" / "snapshots", link)
        return Snapshot.open()

    return copied

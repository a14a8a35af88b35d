"""Homes with small notebooks, and snapshots that may be spoilt."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

import pytest
import small

from cs_helpers import paths
from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.report.zygote import batch_zygote, can_fork
from cs_helpers.snapshot import Snapshot


@pytest.fixture(scope="session")
def zygote():
    """The address of a zygote that runs while the tests do; `cold` where kernels are not forked."""
    with batch_zygote(LANGUAGES) if can_fork() else nullcontext("cold") as address:
        yield address


@pytest.fixture
def one_zygote(zygote, monkeypatch):
    """Batches fork their kernels from one zygote: each would start one of its own for some seconds.

    For tests of what a batch runs and publishes. Those of kernels and of what a batch leaves behind do without it.
    """
    monkeypatch.setattr("cs_helpers.report.zygote.batch_zygote", lambda languages: nullcontext(zygote))


@pytest.fixture
def at_home(tmp_path, home, monkeypatch):
    """Makes a home of small notebooks this process's own; gives its folder."""

    def move_in(**notebooks) -> Path:
        folder = small.workbook(tmp_path / "home", home, **notebooks)
        monkeypatch.setenv("CS_WORKBOOK_HOME", str(folder))
        return folder

    return move_in


@pytest.fixture
def own_temporary_folder(monkeypatch):
    """A folder for the temporary files of this test's batches: what is left in it is left by nobody else.

    Those of multiprocessing stay where they are: its server outlives a test.
    """
    tempfile.gettempdir()  # is remembered
    with tempfile.TemporaryDirectory(prefix="t-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(paths, "temporary", lambda: Path(folder))
        yield Path(folder)


@pytest.fixture
def own_snapshot(at_home, home):
    """Makes the home's snapshot a copy of its own, which may be spoilt."""

    def copied(folder: Path) -> Snapshot:
        link = folder / "data" / "snapshots"
        link.unlink()
        shutil.copytree(home / "data" / "snapshots", link)
        return Snapshot.open()

    return copied

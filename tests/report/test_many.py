"""Hundreds of runs in a row at JOBS=8: none fails, and no process, descriptor, socket or folder is left."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from processes import descendants
from small import GOOD, notebook

from cs_helpers import paths
from cs_helpers.contract.parameters import Parameters
from cs_helpers.report.executors import local_workers, run_all
from cs_helpers.report.plan import Run
from cs_helpers.report.run import Task

RUNS = 240

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is left"),
    pytest.mark.usefixtures("own_temporary_folder"),
]


def held(pid):
    """The descriptors and sockets that a process holds, by kind."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()).partition(":")[0])
        except OSError:
            continue
    return {kind: found.count(kind) for kind in set(found)}


def descriptors_by_process():
    """How many descriptors each process below this one holds; those that end meanwhile are left out."""
    found = {}
    for pid in descendants():
        with suppress(OSError):
            found[pid] = sum(held(pid).values())
    return found


def temporary_files():
    return {p.name for p in paths.temporary().iterdir()}


def test_hundreds_of_runs_at_once_leave_nothing(at_home, sample_snapshot):
    import nbformat

    folder = at_home(alpha=notebook(GOOD, "import os; os.environ['N'] = 'mine'; 'N' in os.environ"))
    file = folder / "notebooks" / "10_alpha.ipynb"
    text = nbformat.writes(nbformat.read(file, as_version=4))
    templates = {f"executive/{p.name}": p.read_text() for p in (folder / "templates" / "executive").iterdir()}
    parameters = Parameters.check(
        {"product": "helpdesk", "quarter": "2026Q3", "snapshot": sample_snapshot.id}
    )
    tasks = [
        Task(Run(file, parameters), text, templates, str(sample_snapshot.folder.parent)) for _ in range(RUNS)
    ]
    folders, own_descriptors = temporary_files(), held(os.getpid())
    others = set(descendants())  # an earlier test's single notebook leaves a zygote that ends when it is idle
    early, late = [], []  # what is held while one of 60 runs ends: the least is what no run holds

    @contextmanager
    def open_workers():
        with local_workers(8, "warm", ["en"]) as workers:
            yield workers

    outcomes = []
    for outcome in run_all(tasks, open_workers):
        outcomes.append(outcome)
        if 60 <= len(outcomes) < 120:
            early.append(descriptors_by_process())
        elif RUNS - 80 <= len(outcomes) < RUNS - 20:
            late.append(descriptors_by_process())
    assert [o.problems for o in outcomes if o.status != "published"] == []
    assert len(outcomes) == RUNS
    assert min(map(len, late)) <= min(map(len, early)) + 2
    for pid in set.intersection(*map(set, early), *map(set, late)):  # workers, their server and the zygote
        assert min(held[pid] for held in late) <= min(held[pid] for held in early) + 8, pid
    until = time.monotonic() + 10
    while left := {
        p: c for p, c in descendants().items() if p not in others and ("zygote" in c or "ipykernel" in c)
    }:
        assert time.monotonic() < until, left
        time.sleep(0.05)
    assert temporary_files() <= folders
    after = held(os.getpid())
    assert sum(after.values()) <= sum(own_descriptors.values()) + 6, (own_descriptors, after)

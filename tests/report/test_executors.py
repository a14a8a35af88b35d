"""Runs go to any executor of concurrent.futures, and to the workers of a Dask cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from processes import command
from servers import missing
from small import GOOD, notebook

from cs_helpers.errors import ParameterError, ReportError
from cs_helpers.report.executors import Workers, local_workers, run_all, workers_factory
from cs_helpers.report.manifest import CellTime
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.report.run import Outcome, Task
from cs_helpers.snapshot import Snapshot

ONE = {"products": ["helpdesk"]}


class _Here(Executor):
    """Runs at once, in this thread."""

    def submit(self, call, /, *arguments, **named):
        future = Future()
        future.set_result(call(*arguments, **named))
        return future


@pytest.mark.parametrize("kind", ["here", "threads"])
def test_any_executor_will_do(at_home, kind):
    folder = at_home(
        alpha=notebook(GOOD), beta=notebook(GOOD, "import os; os.getcwd()"), gamma=notebook("1 / 0")
    )
    with _Here() if kind == "here" else ThreadPoolExecutor(3) as executor:
        batch = quarterly_report(Snapshot.open(), **ONE, executor=executor, jobs=3)
    assert sorted(o.status for o in batch.outcomes) == ["failed", "published", "published"]
    assert (folder / "reports" / "2026Q3" / "helpdesk" / "alpha.en.html").exists()


class _Breaks(Executor):
    """A pool whose first worker dies of a run called `bad`, and takes the others along."""

    def __init__(self, log):
        self.log, self.broken, self.futures = log, False, []

    def submit(self, call, task):
        future = Future()
        self.log.append(task)
        self.futures.append((future, task))
        if task.run.file == "bad" or self.broken:
            self.broken = True
            for waiting, _ in self.futures:
                if not waiting.done():
                    waiting.set_exception(BrokenProcessPool("a process was killed"))
        elif len(self.futures) > 2 or not any(t.run.file == "bad" for t in self.all):
            future.set_result(Outcome(task.run, "published"))
        return future


def test_runs_of_a_broken_pool_are_tried_once_more_alone():
    class _Run:
        def __init__(self, file):
            self.file = self.label = file
            self.notebook = Path(file)

    tasks = [Task(_Run(name), "", {}, "") for name in ("one", "bad", "two", "three")]
    log, opened = [], []

    @contextmanager
    def open_workers():
        executor = _Breaks(log)
        executor.all = tasks if not opened else []
        opened.append(executor)
        yield Workers(executor, 2, "cold")

    outcomes = {o.run.file: o.status for o in run_all(tasks, open_workers)}
    assert outcomes == {"one": "published", "bad": "failed", "two": "published", "three": "published"}
    assert [t.run.file for t in log].count("bad") == 2


def test_the_longest_run_begins_first_as_far_as_it_is_known():
    """One at a time: those of unknown length first, then by what the same notebook took, then as known before."""
    begun = []

    class _Run:
        def __init__(self, product, notebook):
            self.file = self.label = f"{product}/{notebook}"
            self.notebook = Path(notebook)

    lengths = {"short": 1.0, "long": 5.0}

    class _Once(Executor):
        def submit(self, call, task):
            future = Future()
            cells = (CellTime(cell="a", seconds=lengths[task.run.notebook.stem]),)
            future.set_result(Outcome(task.run, "published", cells=cells))
            return future

    tasks = [Task(_Run(p, n), "", {}, "") for p in ("a", "b", "c") for n in ("short", "long")]
    known = {"c/short": 9.0}
    for _ in run_all(
        tasks,
        lambda: nullcontext(Workers(_Once(), 1, "cold")),
        durations=known,
        started=lambda run: begun.append(run.file),
    ):
        pass
    assert begun == ["a/short", "a/long", "c/short", "b/long", "c/long", "b/short"]


def test_an_executor_of_an_unknown_kind_is_refused():
    for address in ("ray://x:1", "dask", "dask://"):
        with pytest.raises(ParameterError, match="dask://host:port"):
            workers_factory(address, jobs=1, kernel="warm", languages=["en"])


def test_a_pool_of_processes_is_gone_afterwards_whatever_it_was_doing():
    with local_workers(2, "cold", ["en"]) as workers:
        waiting = workers.executor.submit(time.sleep, 60)
        while not waiting.running():
            time.sleep(0.01)
        workers = list(workers.executor._processes.values())
    assert not any(worker.is_alive() for worker in workers)


def processes_of(folder):
    """The processes that were told of a folder on their command line."""
    found = {int(p.name): command(int(p.name)) for p in Path("/proc").iterdir() if p.name.isdecimal()}
    return {pid: line for pid, line in found.items() if folder in line}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two worker processes, each in a folder of its own: its address."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        missing("distributed", "make engines")
    root = tmp_path_factory.mktemp("cluster")
    environment = {**os.environ, "TMPDIR": str(root)}  # the zygote of its workers is its own
    processes = []

    def started(name, *command):
        (root / name).mkdir()
        log = (root / name / "log").open("w")
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", *command], cwd=root / name, stdout=log, stderr=log, env=environment
            )
        )

    started("scheduler", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(root / "address.json"))  # fmt: skip
    try:
        for name in ("one", "two"):
            started(name, "distributed.cli.dask_worker", "--scheduler-file", str(root / "address.json"), "--nthreads", "1",
                    "--no-dashboard", "--no-nanny", "--name", name, "--local-directory", str(root / name))  # fmt: skip
        until = time.monotonic() + 60
        while not (root / "address.json").exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        address = json.loads((root / "address.json").read_text())["address"].removeprefix("tcp://")
        from distributed import Client

        with Client(f"tcp://{address}", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address, root
    finally:
        for process in processes:
            process.kill()
            process.wait(20)
        for pid, command in processes_of(str(root)).items():
            assert "zygote" in command
            os.kill(pid, signal.SIGTERM)


WHERE = """
import os
from pathlib import Path
from IPython.display import display
from cs_helpers import Workbook, paths
workbook = Workbook.open(product=product, quarter=quarter, snapshot=snapshot)
workbook.header()
said = f"read {len(workbook.data['accounts'])} accounts from {paths.snapshots()}"
display({"text/html": "<p>x</p>"}, metadata={"cs_workbook": {"answers": "where", "message": said, "shows": ["public"]}}, raw=True)
import time; time.sleep(0.5)
"""


@pytest.mark.parametrize("storage", ["folder", "url"])
@pytest.mark.parametrize("kernel", ["warm", "cold"])
def test_a_dask_cluster_makes_the_reports_on_shared_storage(at_home, cluster, tmp_path, storage, kernel):
    address, _ = cluster
    at_home(alpha=notebook(WHERE), beta=notebook(WHERE), gamma=notebook(GOOD))
    shared, reports = tmp_path / "shared", tmp_path / "published"
    prefix = "local://" if storage == "url" else ""
    snapshot = Snapshot.open()
    batch = quarterly_report(
        snapshot, **ONE, executor=f"dask://{address}", kernel=kernel,
        shared=f"{prefix}{shared}", reports=f"{prefix}{reports}",
    )  # fmt: skip
    assert batch.failed == ()
    assert sorted(p.name for p in (reports / "2026Q3" / "helpdesk").iterdir()) == [
        f"{n}.en.html" for n in ("alpha", "beta", "gamma")
    ]
    said = next(o.message for o in batch.outcomes if o.run.analysis == "alpha")
    accounts = len(snapshot.read("helpdesk")["accounts"])
    assert said.startswith(f"read {accounts} accounts from ")
    assert (str(shared) in said) == (storage == "folder")
    assert (shared / snapshot.id / "manifest.json").exists()


def test_both_workers_take_part(at_home, cluster):
    address, _ = cluster
    said = WHERE.replace("said = f", "said = str(os.getppid()) #")
    at_home(**{name: notebook(said, "time.sleep(1)") for name in ("alpha", "beta", "gamma", "delta")})
    batch = quarterly_report(Snapshot.open(), **ONE, executor=f"dask://{address}", kernel="cold")
    assert batch.failed == ()
    assert len({o.message for o in batch.outcomes}) == 2  # a cold kernel's parent is its worker


def test_a_scheduler_that_does_not_answer_is_said(at_home, monkeypatch):
    pytest.importorskip("distributed")
    at_home(alpha=notebook(GOOD))
    with pytest.raises(ReportError, match=r"no Dask scheduler at 127\.0\.0\.1:9"):
        quarterly_report(Snapshot.open(), **ONE, executor="dask://127.0.0.1:9")


def test_a_snapshot_that_the_workers_cannot_see_fails_the_runs_and_says_so(
    at_home, cluster, tmp_path, monkeypatch
):
    address, _ = cluster
    at_home(alpha=notebook(GOOD))
    from cs_helpers.report import storage

    monkeypatch.setattr(storage, "share_snapshot", lambda snapshot, where: str(tmp_path / "nowhere"))
    batch = quarterly_report(Snapshot.open(), **ONE, executor=f"dask://{address}")
    assert [p.code for p in batch.failed[0].problems] == ["snapshot"]

"""Distributes runs over an executor: processes of this machine, or the workers of a cluster."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cs_helpers import paths
from cs_helpers.errors import ParameterError, ReportError
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.report.run import Outcome, Task, execute, failed_outcome, prepare_worker


@dataclass(frozen=True)
class Workers:
    """An executor, the number of runs it takes at a time, and their `Task.kernel` and `Task.shared_results`."""

    executor: Executor
    max_running: int
    kernel: str
    shared_results: str = ""


#: opens the workers, again where the death of a worker broke the executor
WorkersFactory = Callable[[], AbstractContextManager[Workers]]


def run_all(
    tasks: Iterable[Task],
    open_workers: WorkersFactory,
    *,
    durations: Mapping[str, float] | None = None,
    started: Callable[[Run], None] = lambda run: None,
) -> Iterator[Outcome]:
    """Yields the outcome of each run as it ends; the longest runs start first, so that none is left alone at the end.

    durations: file of a run -> seconds of its last run. A run without one is taken to last as long as the last run
    of the same notebook in this batch; while there is none, it starts before all others.

    A worker that dies breaks its pool, and all runs in it are lost. They are retried one at a time, so that only
    the run that kills its worker fails.
    """
    waiting, suspects = list(tasks), set[str]()
    seconds = {**(durations or {})}

    def order(task: Task) -> tuple[bool, float]:
        run = task.run
        return run.file in suspects, seconds.get(run.file, seconds.get(run.notebook.stem, float("inf")))

    while waiting:
        with open_workers() as workers:
            running: dict[Future[Outcome], Task] = {}
            broken: list[Task] = []
            try:
                while (waiting or running) and not broken:
                    alone = any(t.run.file in suspects for t in (*running.values(), *waiting))
                    while waiting and len(running) < (1 if alone else workers.max_running):
                        task = max(waiting, key=order)
                        waiting.remove(task)
                        started(task.run)
                        where = replace(task, kernel=workers.kernel, shared_results=workers.shared_results)
                        running[workers.executor.submit(execute, where)] = task
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        task = running.pop(future)
                        try:
                            outcome = future.result()
                        except BrokenExecutor:
                            broken.append(task)
                            continue
                        except (
                            Exception
                        ) as error:  # on a cluster: its worker died, or the task could not be sent
                            outcome = failed_outcome(
                                task.run, [Problem("kernel_died", f"{type(error).__name__}: {error}")]
                            )
                        if outcome.status != "failed":
                            seconds[task.run.notebook.stem] = sum(cell.seconds for cell in outcome.cells)
                        yield outcome
            finally:
                for future in running:
                    future.cancel()
        for task in (*broken, *running.values()):
            if task.run.file in suspects:
                yield failed_outcome(
                    task.run, [Problem("kernel_died", "the process that ran it died, twice")]
                )
            else:
                suspects.add(task.run.file)
                waiting.append(task)


@contextmanager
def local_workers(jobs: int, kernel: str, languages: Sequence[str]) -> Iterator[Workers]:
    """`jobs` processes of this machine and, where `kernel` is `warm`, a zygote for their kernels.

    On exit the processes have ended and the folder of their temporary files is deleted.
    """
    from cs_helpers.report.zygote import batch_zygote, can_fork

    folder = Path(tempfile.mkdtemp(prefix="cs-batch-", dir=paths.temporary()))
    context = multiprocessing.get_context("forkserver" if can_fork() else "spawn")
    if (
        can_fork()
    ):  # the server imports once what every worker needs, while the zygote imports what notebooks need
        context.set_forkserver_preload(["cs_helpers.report.worker"])
    try:
        with (
            batch_zygote(languages) if kernel == "warm" and can_fork() else nullcontext(kernel) as kernel_mode
        ):
            pool = ProcessPoolExecutor(
                jobs, mp_context=context, initializer=prepare_worker, initargs=(str(folder),)
            )
            try:
                shared_results = folder / "results"
                shared_results.mkdir()
                yield Workers(pool, jobs, kernel_mode, str(shared_results))
            finally:
                _kill_pool(pool)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kill_pool(pool: ProcessPoolExecutor) -> None:
    """Kills the processes of a pool at once; their kernels end with them."""
    # Python 3.14 has kill_workers(); before it, the processes are read from the pool before `shutdown` clears them
    workers = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.join(0.05)
        if worker.is_alive():
            worker.kill()
    for worker in workers:
        worker.join(5)


@contextmanager
def dask_workers(address: str, kernel: str) -> Iterator[Workers]:
    """The workers of a Dask cluster; raises `ReportError` where it cannot be reached."""
    try:
        from distributed import Client
    except ImportError:
        raise ReportError(
            "Dask is not installed here; install it with 'pip install cs-workbook[dask]'"
        ) from None
    try:
        client = Client(f"tcp://{address}", timeout=10, set_as_default=False)
    except OSError as error:
        raise ReportError(f"there is no Dask scheduler at {address} that answers: {error}") from None
    try:
        threads = sum(client.ncores().values())
        if not threads:
            raise ReportError(f"the Dask scheduler at {address} has no workers; start some first")
        # a run is not a pure function: Dask must not reuse its result
        yield Workers(client.get_executor(pure=False), threads, kernel)
    finally:
        client.close()


def workers_factory(
    executor: str | Executor | None, *, jobs: int, kernel: str, languages: Sequence[str]
) -> WorkersFactory:
    """A function that opens the workers of an executor: None for processes, `dask://host:port`, or any `Executor`.

    languages: of the runs' reports. Raises `ParameterError` for any other address.
    """
    if executor is None:
        return partial(local_workers, jobs, kernel, languages)
    if isinstance(executor, Executor):
        return partial(_given_workers, Workers(executor, jobs, kernel))
    scheme, _, address = executor.partition("://")
    if scheme != "dask" or not address:
        raise ParameterError(
            "executor", "this is not the address of a cluster", value=executor, allowed="dask://host:port"
        )
    return partial(dask_workers, address, kernel)


@contextmanager
def _given_workers(workers: Workers) -> Iterator[Workers]:
    yield workers

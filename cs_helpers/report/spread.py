"""Spreads runs over an executor: processes of this machine, or a cluster's workers."""

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
from cs_helpers.report.run import Outcome, Task, execute, failed, prepare


@dataclass(frozen=True)
class Crew:
    """An executor, how many runs it takes at a time, and how their kernels start."""

    executor: Executor
    at_once: int
    kernel: str


#: opens a crew; again when a worker's death broke the one before
Hire = Callable[[], AbstractContextManager[Crew]]


def run_all(
    tasks: Iterable[Task],
    hire: Hire,
    *,
    took: Mapping[str, float] | None = None,
    started: Callable[[Run], None] = lambda run: None,
) -> Iterator[Outcome]:
    """The outcome of each run as it ends; the longest begin first, so that none is left alone at the end.

    took: a run's file -> the seconds it took another time. What nobody knows of a run is learnt from
    those of the same notebook; before that it begins before all others.

    A worker that dies breaks a pool of processes and takes all its runs along: each of them is
    tried once more, alone, so that only the one that kills its worker fails.
    """
    waiting, suspects = list(tasks), set[str]()
    seconds = {**(took or {})}

    def order(task: Task) -> tuple[bool, float]:
        run = task.run
        return run.file in suspects, seconds.get(run.file, seconds.get(run.notebook.stem, float("inf")))

    while waiting:
        with hire() as crew:
            running: dict[Future[Outcome], Task] = {}
            broken: list[Task] = []
            try:
                while (waiting or running) and not broken:
                    alone = any(t.run.file in suspects for t in (*running.values(), *waiting))
                    while waiting and len(running) < (1 if alone else crew.at_once):
                        task = max(waiting, key=order)
                        waiting.remove(task)
                        started(task.run)
                        running[crew.executor.submit(execute, replace(task, kernel=crew.kernel))] = task
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        task = running.pop(future)
                        try:
                            outcome = future.result()
                        except BrokenExecutor:
                            broken.append(task)
                            continue
                        except Exception as error:  # of a cluster: its workers died or it could not be sent
                            outcome = failed(
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
                yield failed(task.run, [Problem("kernel_died", "the process that ran it died, twice")])
            else:
                suspects.add(task.run.file)
                waiting.append(task)


@contextmanager
def local_crew(jobs: int, kernel: str, languages: Sequence[str]) -> Iterator[Crew]:
    """`jobs` processes of this machine; where `kernel` is `warm`, a zygote for their kernels.

    Afterwards all of them are gone, and so is the folder of their temporary files.
    """
    from cs_helpers.report.zygote import batch_zygote, can_fork

    folder = Path(tempfile.mkdtemp(prefix="cs-batch-", dir=paths.temporary()))
    context = multiprocessing.get_context("forkserver" if can_fork() else "spawn")
    if can_fork():  # imports once what each worker needs, while the zygote imports what notebooks need
        context.set_forkserver_preload(["cs_helpers.report.worker"])
    try:
        with batch_zygote(languages) if kernel == "warm" and can_fork() else nullcontext(kernel) as how:
            pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=prepare, initargs=(str(folder),))
            try:
                yield Crew(pool, jobs, how)
            finally:
                _end(pool)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end(pool: ProcessPoolExecutor) -> None:
    """Ends a pool at once, whatever its workers are doing; their kernels go with them."""
    # Python 3.14 has kill_workers(); until then the processes are looked up before they are forgotten
    workers = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.join(0.05)
        if worker.is_alive():
            worker.kill()
    for worker in workers:
        worker.join(5)


@contextmanager
def dask_crew(address: str, kernel: str) -> Iterator[Crew]:
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
        # a run is no pure function: the same one again is another run
        yield Crew(client.get_executor(pure=False), threads, kernel)
    finally:
        client.close()


def hired(executor: str | Executor | None, *, jobs: int, kernel: str, languages: Sequence[str]) -> Hire:
    """What opens the crew for an executor: none, `dask://host:port`, or any of `concurrent.futures`.

    languages: those of the runs.
    Raises `ParameterError` for an address of another kind.
    """
    if executor is None:
        return partial(local_crew, jobs, kernel, languages)
    if isinstance(executor, Executor):
        return partial(_given, Crew(executor, jobs, kernel))
    scheme, _, address = executor.partition("://")
    if scheme != "dask" or not address:
        raise ParameterError(
            "executor", "this is not the address of a cluster", value=executor, allowed="dask://host:port"
        )
    return partial(dask_crew, address, kernel)


@contextmanager
def _given(crew: Crew) -> Iterator[Crew]:
    yield crew

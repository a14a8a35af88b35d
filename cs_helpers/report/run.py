"""Runs notebooks: each in a kernel of its own, several at once in processes."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cs_helpers.report.gate import Problem, check_notebook, check_page
from cs_helpers.report.plan import Run

#: a notebook that needs longer than this hangs
LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    status: `published`, `silent` (the page only says which tables are missing) or `failed`.
    `message` is what the page's headline figure says, or its first note. `page` is the exported page,
    empty when the run failed.
    """

    run: Run
    status: str
    page: str
    sha256: str
    title: str
    message: str
    problems: tuple[Problem, ...]
    seconds: float


def run_all(runs: Sequence[Run], *, jobs: int) -> Iterator[Outcome]:
    """The outcome of each run as it ends, `jobs` of them at a time."""
    if not runs:
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(runs)), mp_context=context, initializer=_prepare) as pool:
        waiting: dict[Future[Outcome], Run] = {pool.submit(execute, run): run for run in runs}
        try:
            for done in as_completed(waiting):
                run = waiting[done]
                try:
                    yield done.result()
                except BrokenProcessPool:
                    yield _failed(run, [Problem("error", "the process that ran it died")], 0.0)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _prepare() -> None:
    # kernels of this environment, whatever the user has installed besides; one thread each
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def execute(run: Run) -> Outcome:
    """Runs one notebook in a kernel of its own, checks what came out and exports the page."""
    import papermill

    from cs_helpers.report.export import export, title
    from cs_helpers.report.kernels import PrivateKernelManager
    from cs_helpers.snapshot import Snapshot

    began = time.perf_counter()
    notebook = without_interactive(nbformat.read(run.notebook, as_version=4))
    with tempfile.TemporaryDirectory(prefix="cs-run-") as folder:
        source, executed = Path(folder) / "source.ipynb", Path(folder) / "executed.ipynb"
        nbformat.write(notebook, source)
        try:
            papermill.execute_notebook(
                str(source), str(executed), parameters=run.parameters.model_dump(),
                progress_bar=False, cwd=folder, autosave_cell_every=0,
                execution_timeout=LONGEST_SECONDS, kernel_manager_class=PrivateKernelManager,
            )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            problem = Problem("error", f"{error.ename}: {error.evalue}")
            return _failed(run, [problem], time.perf_counter() - began)
        except Exception as error:  # whatever a kernel dies of, the other reports go on
            problem = Problem("error", f"{type(error).__name__}: {error}")
            return _failed(run, [problem], time.perf_counter() - began)
        notebook = nbformat.read(executed, as_version=4)
    problems = check_notebook(notebook)
    heading = title(notebook, run.parameters.language)
    if problems:
        return _failed(run, problems, time.perf_counter() - began, heading)
    page = export(notebook, run, Snapshot.open(run.parameters.snapshot))
    problems = check_page(page)
    if problems:
        return _failed(run, problems, time.perf_counter() - began, heading)
    figure, message = _says(notebook)
    return Outcome(
        run, "published" if figure else "silent", page, hashlib.sha256(page.encode()).hexdigest(),
        heading, message, (), time.perf_counter() - began,
    )  # fmt: skip


def without_interactive(notebook: NotebookNode) -> NotebookNode:
    """The notebook without the cells that only make sense with a person before them."""
    notebook.cells = [c for c in notebook.cells if "interactive" not in c.metadata.get("tags", [])]
    return notebook


def _says(notebook: NotebookNode) -> tuple[bool, str]:
    """Whether there is a figure, and what the headline (or the first figure, or the first note) says."""
    shown = [o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "display_data"]
    figures = [o for o in shown if "image/png" in o.data]
    about = [o.metadata.get("cs_workbook", {}) for o in figures or shown]
    headline = notebook.metadata.get("cs_workbook", {}).get("headline")
    about.sort(key=lambda a: a.get("answers") != headline)  # stable: the others keep their order
    return bool(figures), next((a["message"] for a in about if a.get("message")), "")


def _failed(run: Run, problems: Sequence[Problem], seconds: float, heading: str = "") -> Outcome:
    return Outcome(run, "failed", "", "", heading, "", tuple(problems), seconds)

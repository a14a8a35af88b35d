"""Executes one notebook in a kernel of its own, checks its outputs and exports the page."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cs_helpers import paths
from cs_helpers.charts.drawing import MIME
from cs_helpers.patches.jsonschema_formats import import_jsonschema
from cs_helpers.report.manifest import CellTime, Problem, Status
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot

#: seconds after which a cell is stopped
CELL_TIMEOUT = 600

_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded|\[Errno (?:28|122)\]")


@dataclass(frozen=True)
class Task:
    """A run with everything that it needs, so that any machine with this package can execute it.

    notebook: the notebook's text. templates: file inside the templates' folder -> content.
    snapshots: the folder or fsspec URL that the snapshot lies in. names: for leadership, the files of pseudonyms and
    confirmed names: file -> content. published_before: for a summary, see `published_before`. kernel: `warm`, `cold`, or the address of a zygote. cell_timeout: seconds that
    a cell may take. shared_results: the folder of what the runs of a batch work out once; '' where they share none.
    """

    run: Run
    notebook: str
    templates: Mapping[str, str]
    snapshots: str
    names: Mapping[str, str] = field(default_factory=dict)
    published_before: Mapping[str, Any] | None = None
    kernel: str = "warm"
    cell_timeout: int = CELL_TIMEOUT
    shared_results: str = ""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    status: `published`, `silent` (the page has notes only, no figure and no table) or `failed`. files: name inside
    the quarter's folder -> content, the page and its downloads; empty for a failed run. message: of the page's
    headline figure, or its first note. metrics: `<analysis>.<name>` -> what `tables.metric_json.plain` makes of it. segments: further metrics, of segments.
    findings: those shown, as `tables.findings.published` makes them. drawn: `<analysis>.<question>` -> what a drawing shows. anchors: places on the page (`links.anchors`).
    seconds: wall time. name_findings: for leadership, `persons` (person in the notes -> number of the pseudonym) and `doubts`
    (word that may be a name -> its context); never published.
    """

    run: Run
    status: Status
    files: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    message: str = ""
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    segments: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    drawn: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    cells: tuple[CellTime, ...] = ()
    seconds: float = 0.0
    name_findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The page; '' where the run failed."""
        return self.files.get(self.run.file, "")


def failed_outcome(run: Run, problems: Sequence[Problem], **more: Any) -> Outcome:
    """The outcome of a run that may not be published."""
    return Outcome(run, "failed", problems=tuple(problems), **more)


def prepare_worker(temporary: str | None = None) -> None:
    """Prepares this process to execute notebooks: imports what that needs, once.

    temporary: the folder for temporary files of a worker that a batch started; the batch removes it.
    """
    import_jsonschema()
    import papermill.execute  # noqa: F401

    import cs_helpers.report.export
    import cs_helpers.report.kernels  # noqa: F401

    if temporary is not None:  # then this process has no other use
        tempfile.tempdir = temporary
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
        threading.Thread(target=_exit_with_parent, args=(temporary,), daemon=True).start()


def _exit_with_parent(temporary: str) -> None:
    """Ends this process when its parent has ended, however it did."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(temporary, ignore_errors=True)
        os._exit(1)


def execute(task: Task) -> Outcome:
    """Executes one notebook; a failure of the notebook or its kernel is an outcome, not an exception."""
    prepare_worker()
    started = time.perf_counter()
    folder = Path(tempfile.mkdtemp(prefix="cs-run-"))
    try:
        outcome = _execute_in(task, folder)
    except OSError as error:
        outcome = failed_outcome(task.run, [_problem(error)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(**{**vars(outcome), "seconds": round(time.perf_counter() - started, 3)})


def _execute_in(task: Task, folder: Path) -> Outcome:
    import nbformat
    import papermill

    from cs_helpers.errors import WorkbookError
    from cs_helpers.report.disclosure_gate import check_disclosure
    from cs_helpers.report.downloads import files_of
    from cs_helpers.report.export import export_page, exporter, notebook_title
    from cs_helpers.report.gate import PageReader, check_notebook, check_page
    from cs_helpers.report.kernels import KERNEL, manager_for
    from cs_helpers.report.links import anchors
    from cs_helpers.report.storage import fetch_snapshot
    from cs_helpers.shared_results import VARIABLE as SHARED_RESULTS

    run, language = task.run, task.run.parameters.language
    notebook = without_interactive(nbformat.reads(task.notebook, as_version=4))
    heading = notebook_title(notebook, language)
    for name, content in task.templates.items():
        target = folder / "templates" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for name, content in task.names.items():
        target = folder / "names" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    if task.published_before is not None:
        (folder / paths.PUBLISHED_FILE).write_text(json.dumps(task.published_before), encoding="utf-8")
    name_findings = folder / "found.json"
    with _EXPORTER_LOCK:
        exporter(task.templates)  # created now, while the zygote is still importing
    try:
        snapshot = _open_snapshot(
            fetch_snapshot(task.snapshots, run.parameters.snapshot), run.parameters.snapshot
        )
        notebook = papermill.execute_notebook(
            notebook, None, parameters=run.parameters.model_dump(), kernel_name=KERNEL, progress_bar=False,
            execution_timeout=task.cell_timeout, shutdown_kernel="immediate", record_timing=False,
            kernel_manager_class=manager_for(
                folder, task.kernel,
                {
                    "CS_WORKBOOK_HOME": str(folder),
                    "CS_WORKBOOK_SNAPSHOTS": str(snapshot.folder.parent),
                    "CS_WORKBOOK_NAMES": str(folder / "names"),
                    **({paths.HANDOVER_VARIABLE: str(name_findings)} if run.parameters.audience == "leadership" else {}),
                    SHARED_RESULTS: task.shared_results,
                    "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
                    # kernels of this environment come before those that the user has installed
                    "JUPYTER_PREFER_ENV_PATH": "1",
                },
            ),
        )  # fmt: skip
    except Exception as error:  # any failure of a kernel is an outcome: the other reports go on
        return failed_outcome(run, [_problem(error)], title=heading)
    cells = tuple(_cell_times(notebook))
    problems = check_notebook(notebook)
    if problems:
        return failed_outcome(run, problems, title=heading, cells=cells)
    if run.parameters.audience == "leadership":
        notebook = without_team_cells(notebook, snapshot.product(run.parameters.product).leadership.people)
    with _EXPORTER_LOCK:
        page = export_page(notebook, run, snapshot, task.templates)
    downloads = {
        f"{run.parameters.product}/{name}": content
        for name, content in files_of(notebook, Path(run.file).stem).items()
    }
    reader = PageReader(page)
    problems = check_page(page, reader)
    if run.parameters.audience == "leadership":
        try:
            problems += check_disclosure(
                notebook, snapshot, run.parameters.product, "".join(reader.text), downloads
            )
        except WorkbookError as error:
            problems.append(_problem(error))
    if problems:
        return failed_outcome(run, problems, title=heading, cells=cells)
    answered, message = _answer(notebook)
    return Outcome(
        run, "published" if answered else "silent", {run.file: page, **downloads}, heading, message,
        _metrics(notebook), _listed(notebook, "segments"), _listed(notebook, "findings"), _drawn(notebook), anchors(_about(notebook)), (), cells,
        name_findings=json.loads(name_findings.read_text(encoding="utf-8")) if name_findings.exists() else {},
    )  # fmt: skip


@lru_cache(maxsize=1)
def _open_snapshot(folder: Path, name: str) -> Snapshot:
    """The snapshot of this batch, opened once: with many products that is slow."""
    return Snapshot.open(name, folder=folder)


#: executors with threads share the one exporter, which is not safe for threads
_EXPORTER_LOCK = threading.Lock()


def without_interactive(notebook: Any) -> Any:
    """The notebook without the cells tagged `interactive`, which need a person."""
    notebook.cells = [c for c in notebook.cells if "interactive" not in c.metadata.get("tags", [])]
    return notebook


def without_team_cells(notebook: Any, opened: Collection[str]) -> Any:
    """The notebook without the cells tagged `team`: nothing of them reaches the page, its files, or `run.json`.

    opened: answers about people that the product file opens for leadership, as `<analysis>.<question>`. Cells that show
    one of them stay, and the prose above them; they lose the tag, by which the page's template leaves cells out.
    """
    # a part of the page: prose, and the cells up to the next prose
    parts: list[list[Any]] = []
    for cell in notebook.cells:
        if not parts or (cell.cell_type == "markdown" and parts[-1][-1].cell_type != "markdown"):
            parts.append([])
        parts[-1].append(cell)
    kept = []
    for part in parts:
        shown = [cell for cell in part if _shows_any(cell, opened)]
        for cell in part:
            if cell in shown or (shown and cell.cell_type == "markdown"):
                cell.metadata["tags"] = [tag for tag in cell.metadata.get("tags", []) if tag != "team"]
            if "team" not in cell.metadata.get("tags", []):
                kept.append(cell)
    notebook.cells = kept
    return notebook


def _shows_any(cell: Any, answers: Collection[str]) -> bool:
    about = [
        output.metadata.get("cs_workbook", {}) for output in cell.get("outputs", []) if "metadata" in output
    ]
    return any(f"{one.get('analysis')}.{one.get('answers') or one.get('table')}" in answers for one in about)


def _problem(error: Exception) -> Problem:
    """The problem of an exception, with a code that has a sentence in the catalogue."""
    kind, message = getattr(error, "ename", type(error).__name__), str(getattr(error, "evalue", error))
    detail = f"{kind}: {message}"
    if kind == "CellTimeoutError":
        return Problem("timeout", message.strip().splitlines()[0])
    if kind == "DeadKernelError":
        return Problem("kernel_died", detail)
    if kind in ("MemoryError", "ArrayMemoryError", "_ArrayMemoryError", "ArrowMemoryError"):
        return Problem("memory", detail)
    if _DISK_FULL.search(message):
        return Problem("disk_full", detail)
    if kind == "SnapshotError":
        return Problem("snapshot", message)
    if kind == "DisclosureError":
        return Problem("undeclared", message)
    return Problem("error", detail)


def _cell_times(notebook: Any) -> list[CellTime]:
    return [
        CellTime(cell=cell.get("id", ""), seconds=round(cell.metadata.papermill.duration or 0.0, 3))
        for cell in notebook.cells
        if cell.cell_type == "code" and "papermill" in cell.metadata
    ]


def _displayed(notebook: Any) -> list[Any]:
    return [o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "display_data"]


def _metrics(notebook: Any) -> dict[str, dict[str, Any]]:
    """The headline metrics that a notebook shows, by `<analysis>.<name>`."""
    metrics: dict[str, dict[str, Any]] = {}
    for about in _about(notebook):
        for name, metric in about.get("metrics", {}).items():
            # a summary names the analysis of each
            key = name if "." in name else f"{about.get('analysis', '')}.{name}".lstrip(".")
            metrics[key] = dict(metric)
    return metrics


def _listed(notebook: Any, kind: str) -> tuple[dict[str, Any], ...]:
    """The `findings` or metrics of `segments` that a notebook's outputs hold, in its order."""
    return tuple(dict(entry) for about in _about(notebook) for entry in about.get(kind, ()))


def _drawn(notebook: Any) -> dict[str, dict[str, Any]]:
    """What the drawings of a notebook show, by `<analysis>.<question>`, for the pages over all products."""
    return {
        f"{about.get('analysis', '')}.{about.get('answers', '')}": dict(about["drawn"])
        for about in _about(notebook)
        if about.get("drawn")
    }


def _about(notebook: Any) -> list[Any]:
    """The metadata of the outputs that are displayed, in their order."""
    return [o.metadata.get("cs_workbook", {}) for o in _displayed(notebook)]


def _answer(notebook: Any) -> tuple[bool, str]:
    """Whether a figure or table answers anything, and the report's message.

    The message is that of the headline figure, else of the first figure, else of the first note; what the header
    says of rows left out follows it.
    """
    displayed = _displayed(notebook)
    figures = [o for o in displayed if "image/png" in o.data or MIME in o.data]
    tables = [o for o in displayed if o.metadata.get("cs_workbook", {}).get("rows")]
    about = [o.metadata.get("cs_workbook", {}) for o in figures or displayed]
    headline = notebook.metadata.get("cs_workbook", {}).get("headline")
    about.sort(key=lambda a: a.get("answers") != headline)  # stable: the others keep their order
    message = next((a["message"] for a in about if a.get("message")), "")
    # a number is never shown without what was left out of the tables behind it
    left_out = next((a["left_out"] for a in _about(notebook) if a.get("left_out")), "")
    return bool(figures or tables), f"{message}{left_out}"

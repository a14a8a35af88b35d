"""Runs one notebook in a kernel of its own, checks what came out and makes the page."""

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cs_helpers import paths
from cs_helpers.patches.jsonschema_formats import import_jsonschema
from cs_helpers.report.manifest import CellTime, Problem, Status
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot

#: seconds after which a cell hangs
LONGEST_SECONDS = 600

_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded|\[Errno (?:28|122)\]")


@dataclass(frozen=True)
class Task:
    """A run with all it needs, so that it can be made anywhere this package is installed.

    notebook: the notebook's text. templates: file inside the templates' folder -> content.
    snapshots: the folder or fsspec URL that the snapshot lies in. names: for leadership, file -> content of what
    says who has which pseudonym. kernel: `warm`, `cold`, or the
    address of a zygote. longest: seconds that a cell may take.
    """

    run: Run
    notebook: str
    templates: Mapping[str, str]
    snapshots: str
    names: Mapping[str, str] = field(default_factory=dict)
    kernel: str = "warm"
    longest: int = LONGEST_SECONDS


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    status: `published`, `silent` (the page only says which tables are missing) or `failed`.
    files: name inside the quarter's folder -> content; the page and its downloads, none of a failed
    run. `message` is what the page's headline figure says, or its first note. metrics:
    `<analysis>.<name>` -> value, low, high, n, unit. found: for leadership, `persons` of the notes -> their
    numbers, and `doubts`: words that may be names -> where they stood; they are published nowhere.
    """

    run: Run
    status: Status
    files: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    message: str = ""
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    cells: tuple[CellTime, ...] = ()
    seconds: float = 0.0
    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The page; empty when the run failed."""
        return self.files.get(self.run.file, "")


def failed(run: Run, problems: Sequence[Problem], **more: Any) -> Outcome:
    """The outcome of a run that may not be shown."""
    return Outcome(run, "failed", problems=tuple(problems), **more)


def prepare(temporary: str | None = None) -> None:
    """Makes this process one that runs notebooks: imports what that needs, once.

    temporary: the folder for temporary files, which whoever started this process removes.
    """
    import_jsonschema()
    import papermill.execute  # noqa: F401

    import cs_helpers.report.export
    import cs_helpers.report.kernels  # noqa: F401

    if temporary is not None:  # then nobody else uses this process
        tempfile.tempdir = temporary
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
        threading.Thread(target=_outlive_nobody, args=(temporary,), daemon=True).start()


def _outlive_nobody(temporary: str) -> None:
    """Ends this process when the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(temporary, ignore_errors=True)
        os._exit(1)


def execute(task: Task) -> Outcome:
    """Runs one notebook; whatever it or its kernel dies of is an outcome, not an exception."""
    prepare()
    began = time.perf_counter()
    folder = Path(tempfile.mkdtemp(prefix="cs-run-"))
    try:
        outcome = _executed(task, folder)
    except OSError as error:
        outcome = failed(task.run, [_problem(error)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(**{**vars(outcome), "seconds": round(time.perf_counter() - began, 3)})


def _executed(task: Task, folder: Path) -> Outcome:
    import nbformat
    import papermill

    from cs_helpers.errors import WorkbookError
    from cs_helpers.report.disclosure_gate import check_disclosure
    from cs_helpers.report.downloads import downloads
    from cs_helpers.report.export import export, exporter, title
    from cs_helpers.report.gate import PageReader, check_notebook, check_page
    from cs_helpers.report.kernels import KERNEL, manager_for
    from cs_helpers.report.storage import fetched

    run, language = task.run, task.run.parameters.language
    notebook = without_interactive(nbformat.reads(task.notebook, as_version=4))
    heading = title(notebook, language)
    for name, content in task.templates.items():
        target = folder / "templates" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for name, content in task.names.items():
        target = folder / "names" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    found = folder / "found.json"
    with _EXPORTING:
        exporter(task.templates)  # now, while the zygote is still busy with its imports
    try:
        snapshot = _snapshot(fetched(task.snapshots, run.parameters.snapshot), run.parameters.snapshot)
        notebook = papermill.execute_notebook(
            notebook, None, parameters=run.parameters.model_dump(), kernel_name=KERNEL, progress_bar=False,
            execution_timeout=task.longest, shutdown_kernel="immediate", record_timing=False,
            kernel_manager_class=manager_for(
                folder, task.kernel,
                {
                    "CS_WORKBOOK_HOME": str(folder),
                    "CS_WORKBOOK_SNAPSHOTS": str(snapshot.folder.parent),
                    "CS_WORKBOOK_NAMES": str(folder / "names"),
                    **({paths.HANDOVER_VARIABLE: str(found)} if run.parameters.audience == "leadership" else {}),
                    "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
                    # kernels of this environment, whatever the user has installed besides
                    "JUPYTER_PREFER_ENV_PATH": "1",
                },
            ),
        )  # fmt: skip
    except Exception as error:  # whatever a kernel dies of, the other reports go on
        return failed(run, [_problem(error)], title=heading)
    cells = tuple(_cell_times(notebook))
    problems = check_notebook(notebook)
    if problems:
        return failed(run, problems, title=heading, cells=cells)
    with _EXPORTING:
        page = export(notebook, run, snapshot, task.templates)
    beside = {
        f"{run.parameters.product}/{name}": content
        for name, content in downloads(notebook, Path(run.file).stem).items()
    }
    read = PageReader(page)
    problems = check_page(page, read)
    if run.parameters.audience == "leadership":
        try:
            problems += check_disclosure(
                notebook, snapshot, run.parameters.product, "".join(read.text), beside
            )
        except WorkbookError as error:
            problems.append(_problem(error))
    if problems:
        return failed(run, problems, title=heading, cells=cells)
    answered, message = _says(notebook)
    return Outcome(
        run, "published" if answered else "silent", {run.file: page, **beside}, heading, message,
        _metrics(notebook), (), cells,
        found=json.loads(found.read_text(encoding="utf-8")) if found.exists() else {},
    )  # fmt: skip


@lru_cache(maxsize=1)
def _snapshot(folder: Path, name: str) -> Snapshot:
    """The snapshot of this batch, opened once: with many products that takes long."""
    return Snapshot.open(name, folder=folder)


#: an executor may run several in threads, and there is one exporter
_EXPORTING = threading.Lock()


def without_interactive(notebook: Any) -> Any:
    """The notebook without the cells that only make sense with a person before them."""
    notebook.cells = [c for c in notebook.cells if "interactive" not in c.metadata.get("tags", [])]
    return notebook


def _problem(error: Exception) -> Problem:
    """What went wrong, as a kind that has its sentence in the catalogue."""
    kind, said = getattr(error, "ename", type(error).__name__), str(getattr(error, "evalue", error))
    detail = f"{kind}: {said}"
    if kind == "CellTimeoutError":
        return Problem("timeout", said.strip().splitlines()[0])
    if kind == "DeadKernelError":
        return Problem("kernel_died", detail)
    if kind in ("MemoryError", "ArrayMemoryError", "_ArrayMemoryError", "ArrowMemoryError"):
        return Problem("memory", detail)
    if _NO_ROOM.search(said):
        return Problem("disk_full", detail)
    if kind == "SnapshotError":
        return Problem("snapshot", said)
    if kind == "DisclosureError":
        return Problem("undeclared", said)
    return Problem("error", detail)


def _cell_times(notebook: Any) -> list[CellTime]:
    return [
        CellTime(cell=cell.get("id", ""), seconds=round(cell.metadata.papermill.duration or 0.0, 3))
        for cell in notebook.cells
        if cell.cell_type == "code" and "papermill" in cell.metadata
    ]


def _shown(notebook: Any) -> list[Any]:
    return [o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "display_data"]


def _metrics(notebook: Any) -> dict[str, dict[str, Any]]:
    """The headline metrics that a notebook showed, by `<analysis>.<name>`."""
    found: dict[str, dict[str, Any]] = {}
    for output in _shown(notebook):
        about = output.metadata.get("cs_workbook", {})
        for name, metric in about.get("metrics", {}).items():
            found[f"{about.get('analysis', '')}.{name}".lstrip(".")] = dict(metric)
    return found


def _says(notebook: Any) -> tuple[bool, str]:
    """Whether anything is answered, by a figure or a table, and what the headline (or the first figure, else note) and the header say."""
    shown = _shown(notebook)
    figures = [o for o in shown if "image/png" in o.data]
    listed = [o for o in shown if o.metadata.get("cs_workbook", {}).get("rows")]
    about = [o.metadata.get("cs_workbook", {}) for o in figures or shown]
    headline = notebook.metadata.get("cs_workbook", {}).get("headline")
    about.sort(key=lambda a: a.get("answers") != headline)  # stable: the others keep their order
    said = next((a["message"] for a in about if a.get("message")), "")
    # no number stands anywhere without what was left out of the tables that it rests on
    out = next((a["left_out"] for o in shown if (a := o.metadata.get("cs_workbook", {})).get("left_out")), "")
    return bool(figures or listed), f"{said}{out}"

"""The notebooks as dashboards for people without JupyterLab: leadership's edition, served by Voila.

A viewer gets a kernel, runs none of their own code in it, and reaches it by widgets only. What the pages are made of lies
in a temporary folder of copies; the server knows no other.
"""

from __future__ import annotations

import ast
import os
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import nbformat

from cs_helpers import paths, shared_results
from cs_helpers.contract.parameters import LANGUAGES, Parameters
from cs_helpers.errors import ParameterError, ReportError
from cs_helpers.live.page import AHEAD_VARIABLE
from cs_helpers.report.export import notebook_title
from cs_helpers.report.kernels import KERNEL
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: the page that leads to the others
START = "start.ipynb"
#: the folder of Voila's template, as Jupyter looks for it
_TEMPLATES = Path(__file__).parent / "jupyter"
#: methods of the workbook that viewers may use; what is not named here needs raw notes, names or a file of the team
_FOR_VIEWERS = frozenset({"filter_bar", "what_if", "lay_over"})
#: and those explorers; each shows leadership numbers only
_EXPLORERS = frozenset(
    {"baseline_explorer", "funnel_builder", "gap_weights", "health_weights", "maturity_rules"}
)
#: seconds without a viewer after which a kernel is ended, where the browser did not say that its page was closed
_IDLE_SECONDS = 1200
#: what no name of a file matches
_NOTHING = r"\b\B"


def serve(
    *,
    product: str = "first",
    quarter: str = "latest",
    language: str = "en",
    port: int = 8866,
    ip: str = "localhost",
    token: str | None = None,
    browser: bool = True,
    options: Sequence[str] = (),
) -> str:
    """Serves the dashboards until it is stopped.

    token: what a viewer has to have; None for a new one, '' for none (where something in front asks who they are). options:
    further ones of Voila, which cannot loosen ours. Raises `ReportError` without Voila, and `ParameterError` or
    `SnapshotError` for what the snapshot does not hold, before anything is served.
    """
    try:
        from voila.app import Voila
    except ModuleNotFoundError:
        raise ReportError(
            "dashboards need the package voila; install it with 'pip install \"cs-workbook[dashboard]\"'"
        ) from None
    parameters = checked_parameters(product=product, quarter=quarter, language=language)
    _check_port(ip, port)
    token = secrets.token_urlsafe(16) if token is None else token
    with tempfile.TemporaryDirectory(prefix="cs-dashboard-") as name:
        pages, results = Path(name, "pages"), Path(name, "results")
        results.mkdir(mode=0o700)
        write_pages(pages, parameters)
        os.environ[shared_results.VARIABLE] = str(results)  # one snapshot, one edition: kernels share results
        os.environ[AHEAD_VARIABLE] = "0"  # each viewer has a kernel and a process that draws; no third one
        os.environ["CS_WORKBOOK_HOME"] = str(paths.home())
        os.environ["JUPYTER_PATH"] = os.pathsep.join(
            filter(None, (str(_TEMPLATES), os.environ.get("JUPYTER_PATH", "")))
        )
        os.chdir(pages)  # no other folder's settings for Voila are read
        where = "localhost" if ip in ("", "0.0.0.0", "127.0.0.1") else ip
        asked = f"?token={token}" if token else ""
        address = f"http://{where}:{port}/voila/render/{language}/{START}{asked}"
        print(address, flush=True)  # noqa: T201  # for who started it
        if browser:
            Timer(2, webbrowser.open, [address]).start()
        Voila.launch_instance([*options, *_voila_options(pages, ip=ip, port=port, token=token)])
    return address


def checked_parameters(*, product: str, quarter: str, language: str) -> Parameters:
    """The parameters of all pages: leadership's, of the newest snapshot as it is now."""
    snapshot = Snapshot.open()
    first = next(iter(snapshot.manifest["products"]))
    values = {
        "product": first if product == "first" else snapshot.check_product(product),
        "quarter": str(snapshot.check_quarter(quarter)),
        "language": language,
        "snapshot": snapshot.id,
        "audience": "leadership",
    }
    return Parameters.check(values)


def write_pages(folder: Path, parameters: Parameters) -> None:
    """Writes what is served: for each language a copy of each notebook, and a page that leads to them."""
    for language in LANGUAGES:
        text = Text(language)
        target = folder / language
        target.mkdir(parents=True)
        links = []
        for file in sorted(paths.notebooks().glob("[0-9]*.ipynb")):
            notebook = nbformat.read(file, as_version=4)
            links.append(f"- [{notebook_title(notebook, language)}]({file.name})")
            page = page_of(notebook, parameters.model_copy(update={"language": language}), text, file.name)
            nbformat.write(page, target / file.name)
        as_of = text.day(Snapshot.open(parameters.snapshot).as_of)
        lines = [
            f"# {text('dashboard.title')}", text("dashboard.about"), text("dashboard.data", as_of=as_of), "\n".join(links),
            f"[{Text(_other(text.language))('page.language')}](../{_other(language)}/{START})",
        ]  # fmt: skip
        start = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("\n\n".join(lines))])
        nbformat.write(_with_kernel(start), target / START)


def page_of(notebook: NotebookNode, parameters: Parameters, text: Text, file: str) -> NotebookNode:
    """The copy of a notebook that is served: one language, nothing for the team, the parameters written into it.

    file: its name, which the copy in the other language has, too.
    """
    from papermill.parameterize import parameterize_notebook

    other = _other(parameters.language)
    cells, dropped = [], False
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", ()))
        if tags & {f"lang-{other}", "team"}:
            continue
        if cell.cell_type == "code" and "interactive" in tags:
            kept = for_viewers(cell.source)
            dropped = dropped or kept != cell.source
            if not kept:
                continue
            cell.source = kept
        cells.append(cell)
    if dropped:  # its prose speaks of what is left out
        cells = [
            c
            for c in cells
            if not (c.cell_type == "markdown" and "interactive" in c.metadata.get("tags", ()))
        ]
    links = f"[{text('dashboard.back')}]({START}) · [{Text(_other(text.language))('page.language')}](../{other}/{file})"
    back = nbformat.v4.new_markdown_cell(links)
    notebook.cells = [back, *cells]
    notebook.metadata["papermill"] = {}  # papermill writes into both
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    page: nbformat.NotebookNode = parameterize_notebook(
        _with_kernel(notebook), parameters.model_dump(), kernel_name=KERNEL, language="python"
    )
    page.metadata.pop("papermill", None)
    return page


def _other(language: str) -> str:
    return next(code for code in LANGUAGES if code != language)


def for_viewers(source: str) -> str:
    """The statements of an interactive cell that are fit for viewers: calls of the workbook that are named here."""
    return "\n".join(
        ast.get_source_segment(source, statement) or ""
        for statement in ast.parse(source).body
        if _is_for_viewers(statement)
    )


def _is_for_viewers(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("workbook"), "explorer"), [ast.Constant(str(name))])):
            return name in _EXPLORERS
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("workbook"), method))):
            return method in _FOR_VIEWERS
    return False


def _with_kernel(notebook: NotebookNode) -> NotebookNode:
    notebook.metadata["kernelspec"] = {"name": KERNEL, "display_name": "CS Workbook", "language": "python"}
    return notebook


def _voila_options(pages: Path, *, ip: str, port: int, token: str) -> list[str]:
    given: dict[str, Any] = {
        "Voila.ip": ip or "localhost",
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.open_browser": False,
        "Voila.token": token,
        "Voila.log_level": "ERROR",
        # a viewer reads no source, no error's inside and no file, and chooses no other template, which may show them
        "VoilaConfiguration.template": "cs-workbook",
        "VoilaConfiguration.allow_template_override": "NO",
        "VoilaConfiguration.allow_theme_override": "NO",
        "VoilaConfiguration.strip_sources": True,
        "VoilaConfiguration.show_tracebacks": False,
        "MappingKernelManager.cull_idle_timeout": _IDLE_SECONDS,
        "MappingKernelManager.cull_interval": 60,
    }
    lists = {
        "VoilaConfiguration.file_allowlist": _NOTHING,
        "VoilaConfiguration.file_denylist": ".*",
    }
    more = [part for name, value in lists.items() for part in (f"--{name}", value)]
    return [str(pages), *(f"--{name}={value}" for name, value in given.items()), *more]


def _check_port(ip: str, port: int) -> None:
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
        except OSError as error:
            raise ParameterError("port", f"nothing can listen on it ({error.strerror})", value=port) from None

"""Exports an executed notebook as one self-contained HTML page, with the executive template."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import DictLoader
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbformat import NotebookNode

from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.downloads import downloads
from cs_helpers.report.navigation import END, START
from cs_helpers.report.pages import allow_own_style, report_template
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text


class _Exporter(HTMLExporter):
    """nbconvert's exporter without steps that these pages do not need.

    It does not parse the page again to add alt texts, which the template writes, and neither copies nor validates
    the notebook, which papermill has just written.
    """

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[Any, Any]:
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **options)
        return page, resources

    def _preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        return nb, resources


def exporter(template: Mapping[str, str]) -> HTMLExporter:
    """The exporter for a template (`pages.report_template`), cached: creating one takes ten times as long as a page."""
    return _cached_exporter(tuple(template.items()))


@lru_cache(maxsize=4)
def _cached_exporter(template: tuple[tuple[str, str], ...]) -> HTMLExporter:
    loader = DictLoader({name.rpartition("/")[2]: content for name, content in template})
    exporter = _Exporter(template_file="executive.html.j2", extra_loaders=[loader])  # type: ignore[no-untyped-call]
    exporter.template  # noqa: B018 - compiles the template
    return exporter


def export_page(
    notebook: NotebookNode, run: Run, snapshot: Snapshot, template: Mapping[str, str] | None = None
) -> str:
    """The HTML page of an executed notebook; it links to its files (`downloads`), which lie beside it.

    Links to other pages are written when it is published (`navigation`).

    template: file -> content, default `pages.report_template`; a run on another machine carries its own.
    """
    text = Text(run.parameters.language)
    product = snapshot.product(run.parameters.product)
    heading = notebook_title(notebook, run.parameters.language)
    files, stem = list(downloads(notebook)), Path(run.file).stem
    edition = text("page.edition.team") if run.parameters.audience == "team" else ""
    page_title = (
        f"{run.title or heading} – {product.name.in_language(text.language)} {run.parameters.quarter}"
    )
    notebook.metadata["cs_workbook_report"] = {
        "title": text("page.edition.title", title=page_title) if edition else page_title,
        "edition": edition,
        # beside the prose of the notebook, which the gate takes to hold no names
        **(
            {"saved": {"title": run.title, "from": text("page.saved_from", notebook=heading)}}
            if run.saved
            else {}
        ),
        "navigation": START + END,
        "words": {key: text(f"page.{key}") for key in ("skip", "contents", "how", "table")},
        "failed": text("report.problem.error"),
        "downloads": {file.name: file.link(stem, text) for file in files if file.is_table},
        "figure_files": {
            file.name: [f.link(stem, text) for f in files if f.name == file.name and not f.is_table]
            for file in files
            if not file.is_table
        },
        "footer": text(
            "page.footer",
            snapshot=snapshot.id,
            notebook=run.notebook.stem,
            version=version("cs-workbook"),
            quarter=text.quarter(Quarter.parse(run.parameters.quarter)),
            as_of=text.day(snapshot.as_of),
        ),
    }
    page, _ = exporter(template or report_template()).from_notebook_node(notebook)
    return allow_own_style(str(page))


def notebook_title(notebook: NotebookNode, language: str) -> str:
    """The H1 of a notebook in a language; '' where it has none."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and f"lang-{language}" in cell.metadata.get("tags", []):
            return str(cell.source.splitlines()[0].lstrip("# "))
    return ""

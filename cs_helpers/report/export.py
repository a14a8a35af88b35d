"""Exports an executed notebook as one self-contained page, with the executive template."""

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
from cs_helpers.report.downloads import cut_tables, file_name
from cs_helpers.report.pages import report_template
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text


class _Exporter(HTMLExporter):
    """nbconvert's exporter without its last step, which parses the page to add what ours has: alt texts.

    And without a second copy of the notebook, and a check of it: papermill has just made it.
    """

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[Any, Any]:
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **options)
        return page, resources

    def _preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        return nb, resources


def exporter(template: Mapping[str, str]) -> HTMLExporter:
    """What exports with a template; made once, for making it costs ten times what a page does."""
    return _made(tuple(template.items()))


@lru_cache(maxsize=4)
def _made(template: tuple[tuple[str, str], ...]) -> HTMLExporter:
    found = DictLoader({name.rpartition("/")[2]: content for name, content in template})
    made = _Exporter(template_file="executive.html.j2", extra_loaders=[found])  # type: ignore[no-untyped-call]
    made.template  # noqa: B018 - reads the template
    return made


def export(
    notebook: NotebookNode, run: Run, snapshot: Snapshot, template: Mapping[str, str] | None = None
) -> str:
    """The page of an executed notebook; it links to its `downloads`, which lie beside it.

    template: see `pages.report_template`, the default; a run that travelled has brought its own.
    """
    text = Text(run.parameters.language)
    product = snapshot.product(run.parameters.product)
    heading = title(notebook, run.parameters.language)
    edition = text("page.edition.team") if run.parameters.audience == "team" else ""
    said = f"{heading} – {product.name.in_language(text.language)} {run.parameters.quarter}"
    notebook.metadata["cs_workbook_report"] = {
        "title": text("page.edition.title", title=said) if edition else said,
        "edition": edition,
        "landing": f"../index.{text.language}.html",
        "back": text("page.back"),
        "failed": text("report.problem.error"),
        "downloads": {
            table: {
                "href": file_name(Path(run.file).stem, table),
                "words": text("page.download", rows=text.number(rows)),
            }
            for table, rows, _ in cut_tables(notebook)
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
    return str(page)


def title(notebook: NotebookNode, language: str) -> str:
    """The H1 of a notebook in a language."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and f"lang-{language}" in cell.metadata.get("tags", []):
            return str(cell.source.splitlines()[0].lstrip("# "))
    return ""

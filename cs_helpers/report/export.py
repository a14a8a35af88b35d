"""Exports an executed notebook as one self-contained page, with the executive template."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

from cs_helpers import paths
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.downloads import cut_tables, file_name
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text


@cache
def _exporter() -> HTMLExporter:
    # one exporter for all pages: making one costs ten times what a page does
    return HTMLExporter(template_file=str(paths.templates() / "executive" / "executive.html.j2"))


def export(notebook: NotebookNode, run: Run, snapshot: Snapshot) -> str:
    """The page of an executed notebook; it links to its `downloads`, which lie beside it."""
    text = Text(run.parameters.language)
    product = snapshot.products[run.parameters.product]
    heading = title(notebook, run.parameters.language)
    notebook.metadata["cs_workbook_report"] = {
        "title": f"{heading} – {product.name.in_language(text.language)} {run.parameters.quarter}",
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
    page, _ = _exporter().from_notebook_node(notebook)
    return str(page)


def title(notebook: NotebookNode, language: str) -> str:
    """The H1 of a notebook in a language."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and f"lang-{language}" in cell.metadata.get("tags", []):
            return str(cell.source.splitlines()[0].lstrip("# "))
    return ""

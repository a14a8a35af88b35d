"""Commands that make something of a published quarter: PDFs, a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cs_helpers import durable, paths
from cs_helpers.cli_output import console, escape_markup
from cs_helpers.report.language import current_text, set_language

if TYPE_CHECKING:
    from cs_helpers.delivery.edition import Edition
    from cs_helpers.report.publish import ReportStore

delivery = typer.Typer()

Quarter = Annotated[str, typer.Option(help="as in 2026Q3; default: the last published one")]
Audience = Annotated[str, typer.Option(help="leadership, or team: holds names of customers and people")]
Reports = Annotated[str, typer.Option(help="folder or fsspec URL; default: reports")]
Language = Annotated[str | None, typer.Option(help="en or ja; default: en", callback=set_language)]
Output = Annotated[
    Path | None,
    typer.Option(help="file to write; default: in the folder deliveries, named after the quarter"),
]


@delivery.command()
def bundle(
    quarter: Quarter = "latest",
    audience: Audience = "leadership",
    language: Language = None,
    reports: Reports = "",
    output: Output = None,
) -> None:
    """Write one zip of a published quarter, to hand on; it opens at index.html, in --language."""
    from cs_helpers.delivery.bundle import bundle as zipped

    edition, code = _edition(quarter, audience, language, reports)
    _write(output, f"{edition.name}.zip", zipped(edition, code))


@delivery.command()
def pdf(
    quarter: Quarter = "latest",
    audience: Audience = "leadership",
    language: Language = None,
    reports: Reports = "",
) -> None:
    """Make the PDFs of a published quarter that are missing or out of date: of each page, and one of all."""
    from cs_helpers.delivery.pdf import check_pdf_tools

    check_pdf_tools()
    edition, code = _edition(quarter, audience, language, reports)
    print_pdfs(edition.store, edition.manifest.quarter, code)


def print_pdfs(store: ReportStore, quarter: str, language: str) -> None:
    """Makes the PDFs that are due, and prints where the one of all pages lies."""
    from cs_helpers.delivery.pdf import publish_pdfs

    text = current_text()
    with console.status(text("console.printing", file="")) as status:
        whole = publish_pdfs(
            store,
            quarter,
            language,
            lambda file: status.update(text("console.printing", file=escape_markup(file))),
        )
    console.print(store.location(quarter, whole))


def _edition(quarter: str, audience: str, language: str | None, reports: str) -> tuple[Edition, str]:
    """The published quarter, and the language that is asked for; English where none is."""
    from cs_helpers.contract.parameters import Parameters
    from cs_helpers.delivery.edition import open_edition

    code = Parameters.check({"language": language or "en"}).language
    edition = open_edition(quarter, audience, reports)
    edition.check_language(code)
    return edition, code


def _write(output: Path | None, name: str, content: bytes) -> None:
    file = output or paths.deliveries() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    durable.write(file, content)
    console.print(current_text()("console.written", file=escape_markup(paths.display_path(file))))

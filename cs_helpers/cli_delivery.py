"""Commands that make something to hand on: of a published quarter PDFs, a bundle, a digest by mail, slides; of a project score its picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cs_helpers import durable, paths
from cs_helpers.cli_output import console, error_console, escape_markup
from cs_helpers.errors import ParameterError
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
    typer.Option(
        "--output", "-o", help="file to write; default: in the folder deliveries, named after the quarter"
    ),
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


@delivery.command()
def digest(
    quarter: Quarter = "latest",
    audience: Audience = "leadership",
    language: Language = None,
    reports: Reports = "",
    output: Output = None,
    send: Annotated[bool, typer.Option("--send", help="mail it, as data/mail.yml says")] = False,
    again: Annotated[bool, typer.Option("--again", help="mail it even to those who got it")] = False,
) -> None:
    """Write the digest of a published quarter as a mail (.eml), or send it, to nobody twice."""
    from cs_helpers.delivery.digest import make_digest
    from cs_helpers.delivery.mail_settings import has_mail_settings, mail_settings

    if again and not send:
        raise ParameterError("again", "it belongs to --send")
    settings = mail_settings() if send or has_mail_settings() else None
    edition, code = _edition(quarter, audience, language, reports)
    made = make_digest(edition, code, settings.link if settings else "")
    if not send or settings is None:
        _write(output, f"{edition.name}.{code}.eml", made.draft())
        return
    from cs_helpers.delivery.mail import send as send_mail

    sent, text = send_mail(edition, made, settings, again=again), current_text()
    for key, people in (("console.mail_sent", sent.new), ("console.mail_before", sent.before)):
        if people:
            console.print(text(key, to=escape_markup(", ".join(people))))
    if sent.refused:
        refused = ", ".join(f"{to} ({answer})" for to, answer in sent.refused.items())
        error_console.print(text("console.mail_refused", to=escape_markup(refused)))
        raise typer.Exit(1)


@delivery.command()
def slides(
    quarter: Quarter = "latest",
    audience: Audience = "leadership",
    language: Language = None,
    reports: Reports = "",
    output: Output = None,
) -> None:
    """Write the slides of a published quarter (.pptx): headline numbers, and one slide for each headline finding."""
    from cs_helpers.delivery.slides import check_slide_tools, make_slides

    check_slide_tools()
    edition, code = _edition(quarter, audience, language, reports)
    _write(output, f"{edition.name}.{code}.pptx", make_slides(edition, code))


@delivery.command("export-score")
def export_score(
    product: Annotated[str, typer.Argument(help="as its file is named, without .yml")],
    form: Annotated[str, typer.Option("--format", help="svg: a picture; mermaid: text for wikis")] = "svg",
    quarter: Annotated[str, typer.Option(help="as in 2026Q3; default: the last complete one")] = "latest",
    language: Language = None,
    output: Output = None,
) -> None:
    """Write the picture of a project score (プ譜) as of the latest snapshot."""
    from cs_helpers.charts.project_score import picture
    from cs_helpers.workbook import Workbook

    endings = {"svg": "svg", "mermaid": "mmd"}
    if form not in endings:
        raise ParameterError("format", "this value is not allowed", value=form, allowed=", ".join(endings))
    workbook = Workbook.open(product=product, quarter=quarter, language=language or "en")
    result = workbook.analyse("project_score")
    if "picture" not in result.tables:
        raise ParameterError(
            "product", "it has no project score by the end of this quarter; write one with 'cs-workbook new-score'",
            value=product,
        )  # fmt: skip
    name = f"{result.quarter}.{product}.project_score.{workbook.text.language}.{endings[form]}"
    _write(output, name, picture(result, workbook.text).files[endings[form]].encode())


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

"""`cs-workbook interview`: writes scoring sheets of structured interviews and reads them when they come back."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cs_helpers import paths
from cs_helpers.errors import ExchangeError, ParameterError, did_you_mean
from cs_helpers.report.language import current_text

interview = typer.Typer(
    no_args_is_help=True, help="Score interviews of candidates on a sheet, and read the sheets."
)
Data = Annotated[
    Path | None,
    typer.Option("--data", help="sources file that names the table of the scores; default: data/sources.yml"),
]


@interview.command("export")
def export_sheet(
    product: Annotated[str, typer.Option(help="whose questions")],
    output: Annotated[Path, typer.Option("--output", "-o", help="to write: .xlsx")],
    candidate: Annotated[str, typer.Option(help="a number or another key; no name is needed")] = "",
    interviewer: Annotated[str, typer.Option(help="as in the list of the team")] = "",
    keep_until: Annotated[str, typer.Option(help="last day on which the scores may be kept")] = "",
    language: Annotated[str, typer.Option(help="en or ja")] = "en",
    force: Annotated[bool, typer.Option("--force", help="replace the file")] = False,
) -> None:
    """Write the scoring sheet for one candidate and one interviewer."""
    from cs_helpers.contract.parameters import Parameters
    from cs_helpers.contract.products import load_products
    from cs_helpers.exchange.folder import publish_file
    from cs_helpers.exchange.interview_sheet import InterviewInfo, interview_sheet_bytes
    from cs_helpers.snapshot import retention

    Parameters.check({"language": language})
    if output.suffix.lower() != ".xlsx":
        raise ParameterError("output", "a scoring sheet is an Excel file", value=str(output), allowed=".xlsx")
    last_day = _checked_day(keep_until, retention.today()) if keep_until else None
    products = load_products(paths.products())
    if product not in products:
        hint = did_you_mean(product, products)
        raise ParameterError(
            "product", f"there is no such product file.{hint}".removesuffix("."), value=product, allowed=", ".join(products)
        )  # fmt: skip
    of_product = products[product]
    team = of_product.team
    if team is None or not team.questions:
        raise ParameterError(
            "product",
            f"the product file of {product} has no questions (team.questions); write them there first",
        )
    info = InterviewInfo(product, candidate.strip(), interviewer.strip(), last_day, language)
    publish_file(output, interview_sheet_bytes(of_product, team, info), force=force)
    text = current_text()
    minutes = text.number(sum(question.minutes for question in team.questions))
    _print_line(
        text(
            "exchange.interview.exported",
            file=paths.display_path(output), count=len(team.questions), product=product, minutes=minutes,
        )
    )  # fmt: skip


@interview.command("import")
def import_sheets(
    files: Annotated[list[Path], typer.Argument(help="scoring sheets (.xlsx) that came back")],
    product: Annotated[str, typer.Option(help="of which all sheets must be")] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="CSV to write them into; default: that of the sources file"),
    ] = None,
    data: Data = None,
) -> None:
    """Read scoring sheets and write their scores into the table candidate_scores: all of them, or none."""
    from cs_helpers.contract.products import load_products
    from cs_helpers.exchange.interview_read import read_interviews
    from cs_helpers.exchange.score_table import add_interviews
    from cs_helpers.snapshot import retention

    today, text = retention.today(), current_text()
    sources = data or paths.home() / "data" / "sources.yml"
    target = output or _table_of(sources)
    interviews = read_interviews(files, load_products(paths.products()), product=product, today=today)
    file = target or sources.parent / "candidate_scores.csv"
    written = add_interviews(file, interviews, today)
    for each in interviews:
        line = text(
            "exchange.interview.scored",
            file=each.file, candidate=each.candidate, interviewer=each.interviewer,
            scored=len(each.scores), questions=len(each.scores) + len(each.unscored),
        )  # fmt: skip
        if each.unscored:
            line += text("exchange.interview.unscored", names=text.join_list(list(each.unscored)))
        _print_line(line)
    where = paths.display_path(file)
    counts = {name: text.number(n) for name, n in vars(written).items()}
    if written.expired:
        _print_line(text("exchange.interview.expired", file=where, count=counts["expired"]))
    _print_line(text("exchange.interview.written", file=where, **counts))
    if target is None:
        _print_line(text("exchange.interview.sources", file=paths.display_path(sources)) + "\n")
        relative = Path(os.path.relpath(file.resolve(), sources.resolve().parent)).as_posix()
        _print_line(f"files:\n  candidate_scores: {json.dumps(relative, ensure_ascii=False)}")
        _print_line("tables:\n  candidate_scores: {from: candidate_scores}")


def _table_of(sources_file: Path) -> Path | None:
    """The CSV file that the sources file names for the scores; None where it names none yet."""
    from cs_helpers.exchange.score_table import NAME
    from cs_helpers.sources.sources_file import load_sources

    if not sources_file.exists():
        return None
    sources = load_sources(sources_file)
    if NAME not in sources.tables:
        return None
    source = sources.tables[NAME]
    file = sources.files.get(source.from_ or "")
    plain = file is not None and not source.columns and file == type(file)(path=file.path)
    if file is None or not plain or "://" in file.path or not file.path.lower().endswith(".csv"):
        raise ExchangeError(
            paths.display_path(sources_file),
            f"the table {NAME} is not one CSV file with the columns of the contract, so nothing can be written into it;"
            " name a file with -o",
        )
    return sources_file.parent / sources.folder / file.path


def _checked_day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ParameterError("keep_until", "a day is needed, as in 2027-03-31", value=text) from None
    if day < today:
        raise ParameterError("keep_until", "this day is over, so no score could be kept", value=text)
    return day


def _print_line(line: str) -> None:
    """Prints a line without rich's markup."""
    sys.stdout.write(f"{line}\n")

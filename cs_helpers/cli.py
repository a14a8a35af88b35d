"""The command line: thin, one command a job, errors as one message without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from cs_helpers import paths
from cs_helpers.errors import ParameterError, WorkbookError

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Customer-success reports from a company's own tables.",
)  # fmt: skip
console = Console(soft_wrap=True)
alert = Console(stderr=True, soft_wrap=True)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="sources file; default: data/sources.yml, else the sample data"),
]


def main() -> None:
    """Runs a command; a `WorkbookError` becomes its message and exit code 1."""
    try:
        app()
    except WorkbookError as error:
        alert.print(f"[bold red]error:[/] {_plain(str(error))}")
        sys.exit(1)
    except KeyboardInterrupt:
        alert.print("stopped; what was published before is untouched")
        sys.exit(130)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        alert.print(
            f"[bold red]error:[/] {_plain(error.strerror or str(error))}{where}; nothing was published"
        )
        sys.exit(1)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _listed(values: list[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


@app.command()
def report(
    data: Data = None,
    quarter: Annotated[str, typer.Option(help="as in 2026Q3; default: the last complete one")] = "latest",
    product: Annotated[list[str], typer.Option(help="products, comma-separated; default: all")] = [],  # noqa: B006
    notebook: Annotated[list[str], typer.Option(help="notebooks, comma-separated; default: all")] = [],  # noqa: B006
    language: Annotated[str, typer.Option(help="en or ja")] = "en",
    jobs: Annotated[str, typer.Option(help="runs at a time; default: the cores")] = "",
    force: Annotated[bool, typer.Option("--force", help="run again what has not changed")] = False,
) -> None:
    """Take a snapshot and publish a quarter's reports."""
    from cs_helpers.contract.parameters import Parameters

    workers = _jobs(jobs)
    Parameters.check({"quarter": quarter, "language": language})  # before the data is read
    from cs_helpers.report.quarterly import quarterly_report

    taken = _take(data)
    with _progress() as progress:
        task = progress.add_task("reports", total=None)

        def planned(total: int, due: int) -> None:
            progress.update(task, total=due)
            if due < total:
                progress.console.print(f"{total - due} of {total} reports are up to date")

        def ended(outcome: Any) -> None:
            progress.advance(task)
            progress.update(task, description=outcome.run.label)
            mark = {"published": "done", "silent": "nothing to say yet", "failed": "[bold red]failed[/]"}
            progress.console.print(f"{outcome.run.label}: {mark[outcome.status]} ({outcome.seconds:.1f} s)")
            for problem in outcome.problems:
                progress.console.print(f"  {problem.code}: {_plain(problem.detail)}")

        batch = quarterly_report(
            taken, quarter=quarter, products=_listed(product), notebooks=_listed(notebook),
            language=language, jobs=workers, force=force, planned=planned, ended=ended,
        )  # fmt: skip
    for outcome in batch.outcomes:
        if outcome.status != "failed":
            console.print(paths.shown(batch.folder / outcome.run.file))
    console.print(f"[bold]{paths.shown(batch.folder / 'index.html')}[/]")
    if batch.failed:
        console.print(
            f"{len(batch.failed)} of {len(batch.outcomes)} reports failed; their last good ones stay"
        )
        raise typer.Exit(1)


@app.command()
def snapshot(data: Data = None) -> None:
    """Check the tables and freeze them."""
    console.print(paths.shown(_take(data).folder))


@app.command()
def sample() -> None:
    """Write the sample data to data/sample."""
    from cs_helpers.sample import write_sample

    console.print(paths.shown(write_sample(paths.sample())))


@app.command("new-product")
def new_product(name: Annotated[str, typer.Argument(help="lower case, as in contracts.product")]) -> None:
    """Start a product file from an existing one."""
    from pydantic import TypeAdapter, ValidationError

    from cs_helpers.contract.products import Slug, load_products

    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError:
        raise ParameterError(
            "name",
            "this is no name for a product",
            value=name,
            allowed="a-z, 0-9, _ and -, at most 40, a letter or digit first",
        ) from None
    known = load_products(paths.products())
    target = paths.products() / f"{name}.yml"
    if target.exists():
        raise ParameterError("name", f"the file {paths.shown(target)} is there already", value=name)
    if not known:
        raise ParameterError(
            "name", f"there is no product file in {paths.shown(paths.products())} to start from"
        )
    model = paths.products() / f"{next(iter(known))}.yml"
    lines = model.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith("product:"))
    target.write_text("".join([f'product: "{name}"\n', *lines[start + 1 :]]), encoding="utf-8")
    console.print(f"{paths.shown(target)} is a copy of {model.name}: change its names, rules and steps")


@app.command()
def dictionary() -> None:
    """Write data/README.md from the contract."""
    from cs_helpers.contract.dictionary import data_dictionary

    target = paths.home() / "data" / "README.md"
    target.write_text(data_dictionary(), encoding="utf-8")
    console.print(paths.shown(target))


@app.command()
def lab() -> None:
    """Open JupyterLab on the notebooks."""
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(paths.notebooks())]
    if (
        hasattr(os, "geteuid") and os.geteuid() == 0
    ):  # in a container; Jupyter refuses root without a word of its own
        command.append("--allow-root")
    sys.exit(subprocess.call(command))


def _take(data: Path | None) -> Any:
    from cs_helpers.report.landing import describe
    from cs_helpers.snapshot.take import take_snapshot
    from cs_helpers.text import Text

    source = data or _default_data()
    with console.status(f"reading {paths.shown(source)}"):
        taken = take_snapshot(source)
    read = sum(taken.manifest["rows_read"].values())
    kept = sum(taken.manifest["rows_kept"].values())
    console.print(f"snapshot {taken.id}: {read:,} rows read, {kept:,} kept, {read - kept:,} left out")
    words = Text("en")
    for finding in taken.findings:
        treated = words(f"rules.policy.{finding.policy}")
        console.print(f"  [yellow]{_plain(describe(finding, words))}[/] ({treated})")
    return taken


def _default_data() -> Path:
    own = paths.home() / "data" / "sources.yml"
    written = paths.sample() / "sources.yml"
    if own.exists():
        return own
    if not written.exists():
        from cs_helpers.sample import write_sample

        return write_sample(paths.sample())
    return written


def _jobs(text: str) -> int:
    if not text:
        return os.cpu_count() or 1
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise ParameterError("jobs", "this is not a number of runs", value=text, allowed="1 to 256")
    return int(text)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip


if __name__ == "__main__":
    main()

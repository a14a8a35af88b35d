"""The command line: thin commands; an error is one message without a traceback."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cs_helpers import paths
from cs_helpers.cli_codings import codings
from cs_helpers.cli_delivery import delivery, print_pdfs
from cs_helpers.cli_interviews import interview
from cs_helpers.cli_output import console, error_console, escape_markup
from cs_helpers.cli_retention import print_expired
from cs_helpers.cli_setup import setup
from cs_helpers.errors import ParameterError, WorkbookError
from cs_helpers.report.language import current_language, current_text, set_language, translate_error

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Customer-success reports from a company's own tables.",
)  # fmt: skip
Data = Annotated[
    Path | None,
    typer.Option("--data", help="sources file; default: data/sources.yml, else the sample data"),
]


Language = Annotated[str | None, typer.Option(help="en or ja; default: en", callback=set_language)]

#: typer's exit code after Ctrl-C
_INTERRUPTED = 130


def main() -> None:
    """Runs a command; a `WorkbookError` or `OSError` is printed as its message, with exit code 1."""
    set_language(None)
    try:
        app()
    except WorkbookError as error:
        _print_error(translate_error(str(error)))
        sys.exit(1)
    except SystemExit as exit_:
        if exit_.code == _INTERRUPTED:
            error_console.print(current_text()("console.stopped"))
        raise
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        problem = f"{translate_error(error.strerror or str(error))}{where}"
        _print_error(current_text()("console.unpublished", problem=problem))
        sys.exit(1)
    finally:
        gc.freeze()  # else Python collects garbage among all imports before it exits


def _print_error(message: str) -> None:
    # in English without the catalogue, which takes time to load
    label = "error" if current_language() == "en" else current_text()("console.error")
    error_console.print(f"[bold red]{label}:[/] {escape_markup(message)}")


def _split_commas(values: list[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


@app.command()
def report(
    data: Data = None,
    quarter: Annotated[str, typer.Option(help="as in 2026Q3; default: the last complete one")] = "latest",
    product: Annotated[list[str], typer.Option(help="products, comma-separated; default: all")] = [],  # noqa: B006
    notebook: Annotated[list[str], typer.Option(help="notebooks, comma-separated; default: all")] = [],  # noqa: B006
    language: Language = None,
    audience: Annotated[
        str,
        typer.Option(
            help="leadership, the default: nothing told in interviews beside a name; or team, with all names"
        ),
    ] = "",
    saved: Annotated[
        list[str], typer.Option(help="only these saved reports, comma-separated (data/saved)")
    ] = [],  # noqa: B006
    jobs: Annotated[str, typer.Option(help="runs at a time; default: the cores")] = "",
    force: Annotated[bool, typer.Option("--force", help="run again what has not changed")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="print for each run why it runs or not")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="run those that failed the last time, and no others")
    ] = False,
    kernel: Annotated[
        str, typer.Option(help="warm: forked from a process that has the imports; or cold")
    ] = "warm",
    timeout: Annotated[int, typer.Option(min=1, help="seconds that a cell may take")] = 600,
    reports: Annotated[str, typer.Option(help="folder or fsspec URL; default: reports")] = "",
    executor: Annotated[str, typer.Option(help="dask://host:port; default: processes here")] = "",
    shared: Annotated[str, typer.Option(help="folder or fsspec URL where a cluster finds the snapshot")] = "",
    pdf: Annotated[
        bool, typer.Option("--pdf", help="make a PDF of each page too, and one of all; needs Chromium")
    ] = False,
) -> None:
    """Take a snapshot and publish a quarter's reports."""
    from cs_helpers.report.zygote import batch_zygote, can_fork

    max_running, only = _parse_jobs(jobs), _split_commas(saved)
    if only and (product or notebook):
        raise ParameterError("saved", "a saved report says its product and notebook itself; leave them out")
    if only:  # they say themselves for whom they are
        from cs_helpers.report.plan import load_named

        first = load_named(only)[0]
        audience, language = audience or first.audience, language or first.languages[0]
        quarter = first.quarter if quarter == "latest" else quarter
    language, audience = language or "en", audience or "leadership"
    if kernel not in ("warm", "cold"):
        raise ParameterError("kernel", "there is no such kind", value=kernel, allowed="warm, cold")
    if pdf:
        from cs_helpers.delivery.pdf import check_pdf_tools

        check_pdf_tools()
    with contextlib.ExitStack() as stack:
        if kernel == "warm" and not executor and can_fork():
            # the imports of kernels take longest: they start now, in vain where no report is due
            kernel = stack.enter_context(batch_zygote([language]))
        from cs_helpers.contract.parameters import Parameters

        parameters = {"quarter": quarter, "language": language, "audience": audience}
        edition = Parameters.check(parameters).audience  # before the tables are read
        from cs_helpers.report.quarterly import quarterly_report
        from cs_helpers.report.terminal_progress import Progress

        frozen = _current_snapshot(data, force=force)
        with Progress(console, jobs=max_running, explain=explain, text=current_text()) as callbacks:
            batch = quarterly_report(
                frozen, quarter=quarter, products=_split_commas(product), notebooks=_split_commas(notebook), language=language,
                audience=edition, jobs=max_running, force=force, only_failed=retry_failed, kernel=kernel, cell_timeout=timeout,
                executor=executor or None, reports=reports or None, shared=shared, saved=only, callbacks=callbacks,
            )  # fmt: skip
    for outcome in batch.outcomes:
        if outcome.status != "failed":
            console.print(batch.location(outcome.run.file))
    if pdf and any(r.good and r.language == language for r in batch.manifest().reports.values()):
        print_pdfs(batch.store, str(batch.quarter), language)
    console.print(f"[bold]{batch.location('index.html')}[/]")
    if batch.failed:
        console.print(
            current_text()(
                "console.failed",
                failed=len(batch.failed), count=len(batch.outcomes), option="--retry-failed",
            )
        )  # fmt: skip
        raise typer.Exit(1)


@app.command()
def check(
    data: Data = None,
    html: Annotated[
        Path | None, typer.Option(help="page; default: reports/team/data-check.<language>.html")
    ] = None,
    language: Language = None,
) -> None:
    """Check the tables and list all problems, without taking a snapshot."""
    from rich.table import Table

    from cs_helpers.contract.parameters import Parameters
    from cs_helpers.contract.products import load_products
    from cs_helpers.report.data_check import advice, data_check_page, describe, examples
    from cs_helpers.snapshot.take import check_tables
    from cs_helpers.summary import check_metrics, check_people
    from cs_helpers.text import Text

    language = language or current_language()
    Parameters.check({"language": language})
    source, text = data or _default_data(), Text(language)
    with console.status(text("console.reading", source=paths.display_path(source))):
        checked = check_tables(source)
    counts = Table(box=None, pad_edge=False, header_style="bold")
    counts.add_column(text("landing.table"))
    for heading in ("landing.read", "landing.kept", "check.left_out", "landing.filtered"):
        counts.add_column(text(heading), justify="right")
    for name, read in checked.rows_read.items():
        kept, filtered = checked.rows_kept[name], checked.rows_filtered[name]
        counts.add_row(name, *map(text.number, (read, kept, read - kept - filtered, filtered)))
    console.print(counts)
    for finding in checked.findings:
        policy = text(f"rules.policy.{finding.policy}")
        colour = "red" if finding.policy == "stop" else "yellow"
        console.print(f"[{colour}]{escape_markup(describe(finding, text))}[/] ({policy})")
        for example in examples(finding, text)[:3]:
            console.print(f"  {escape_markup(example)}", style="dim")
        if hint := advice(finding, text):
            console.print(f"  {escape_markup(hint)}")
    target = html or paths.reports() / "team" / f"data-check.{language}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    page = data_check_page(source, checked, language)
    target.write_text(page, encoding="utf-8")
    console.print(paths.display_path(target))
    print_expired(text)
    for sentence in checked.stops:
        _print_error(translate_error(sentence))
    for product in load_products(paths.products()).values():
        check_metrics(product)
        check_people(product)
        if product.scores and len(product.scores[-1].purposes) == 1:
            console.print(f"[yellow]{escape_markup(text('console.one_purpose', product=product.product))}[/]")
    if checked.stops:
        raise typer.Exit(1)


@app.command()
def snapshot(data: Data = None) -> None:
    """Check the tables and freeze them."""
    console.print(paths.display_path(_current_snapshot(data, force=True).folder))


history = typer.Typer(no_args_is_help=True, help="The snapshots that were taken.")
app.add_typer(history, name="snapshots")
app.add_typer(codings, name="codings")
app.add_typer(interview, name="interview")
app.add_typer(setup)
app.add_typer(delivery)


@history.command("list")
def list_snapshots() -> None:
    """List the snapshots, the newest last."""
    from rich.table import Table

    from cs_helpers.snapshot.history import latest_id, size, snapshots

    listed = snapshots()
    if not listed:
        console.print(current_text()("console.no_snapshot", command="make snapshot"))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("snapshot", no_wrap=True)
    table.add_column("products")
    for heading in ("rows read", "left out", "filtered", "size"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for frozen in listed:
        counts = (sum(frozen.manifest[f"rows_{k}"].values()) for k in ("read", "rejected", "filtered"))
        table.add_row(
            frozen.id, ", ".join(frozen.manifest["products"]), *(f"{n:,}" for n in counts),
            f"{size(frozen) / 1e6:,.1f} MB", "latest" if frozen.id == latest_id() else "",
        )  # fmt: skip
    console.print(table)


@history.command("show")
def show_snapshot(name: Annotated[str, typer.Argument(help="its id, or latest")] = "latest") -> None:
    """Show what a snapshot holds and the findings of checking its tables."""
    from rich.table import Table

    from cs_helpers.report.data_check import describe
    from cs_helpers.snapshot import Snapshot

    opened = Snapshot.open(name)
    manifest = opened.manifest
    console.print(f"[bold]{opened.id}[/]")
    text, products = current_text(), ", ".join(manifest["products"])
    console.print(
        text("console.as_of", as_of=opened.as_of, first_day=manifest["first_day"], products=products)
    )
    console.print(text("console.intact") if opened.is_intact() else f"[red]{text('console.damaged')}[/]")
    listed = Table(box=None, pad_edge=False, header_style="bold")
    listed.add_column("table")
    for heading in ("rows read", "kept", "left out", "filtered", "frozen"):
        listed.add_column(heading, justify="right")
    for table in dict.fromkeys([*manifest["rows_read"], *manifest["tables"]]):
        listed.add_row(
            table,
            *(f"{m[table]:,}" if table in m else "" for m in (
                manifest[f"rows_{k}"] for k in ("read", "kept", "rejected", "filtered", "frozen")
            )),
        )  # fmt: skip
    console.print(listed)
    for finding in opened.findings:
        console.print(
            f"[yellow]{escape_markup(describe(finding, text))}[/] ({text(f'rules.policy.{finding.policy}')})"
        )


@history.command("diff")
def diff_snapshots(
    before: Annotated[str, typer.Argument(help="id")],
    after: Annotated[str, typer.Argument(help="id, or latest")] = "latest",
) -> None:
    """Show what changed from one snapshot to another."""
    from rich.table import Table

    from cs_helpers.snapshot import Snapshot
    from cs_helpers.snapshot.history import differences

    old, new = Snapshot.open(before), Snapshot.open(after)
    changes = list(differences(old, new))
    if not changes:
        console.print(current_text()("console.same"))
        return
    listed = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", old.id, new.id):
        listed.add_column(heading, overflow="fold")
    for change in changes:
        listed.add_row(escape_markup(change.name), escape_markup(change.before), escape_markup(change.after))
    console.print(listed)


@history.command("prune")
def prune_snapshots(
    keep: Annotated[int, typer.Option(min=1, help="how many of the last ones stay")] = 3,
    expired: Annotated[
        bool,
        typer.Option("--expired", help="delete those with rows past keep_until, also of published reports"),
    ] = False,
) -> None:
    """Delete old snapshots, but not the latest, nor those of published reports."""
    from cs_helpers.report.finished_runs import FinishedRuns
    from cs_helpers.snapshot.history import delete_expired, prune

    text = current_text()
    for deleted in delete_expired() if expired else prune(keep):
        console.print(text("console.deleted", id=deleted))
    if expired:
        FinishedRuns().clear()
    print_expired(text)


@app.command()
def sample() -> None:
    """Write the sample data to data/sample."""
    from cs_helpers.sample import write_sample

    console.print(paths.display_path(write_sample(paths.sample())))


def _current_snapshot(data: Path | None, *, force: bool) -> Any:
    """The snapshot of the tables as they are now; an earlier one where no file changed and not `force`."""
    from cs_helpers.snapshot.unchanged import ChangeDetector

    source = data or _default_data()
    detector = ChangeDetector(source) if source.is_file() else None
    unchanged = None if force or detector is None else detector.unchanged_snapshot()
    if unchanged is not None:
        unchanged.make_latest()
        console.print(current_text()("console.unchanged", id=unchanged.id))
        return unchanged
    before = detector.file_states() if detector else None
    taken = _take_snapshot(source)
    if detector:
        with contextlib.suppress(OSError):  # without the record the next command reads the tables again
            detector.remember(taken, before)
    return taken


def _take_snapshot(data: Path | None) -> Any:
    from cs_helpers.report.data_check import advice, describe
    from cs_helpers.snapshot.take import take_snapshot
    from cs_helpers.sources.sources_file import load_sources

    source, text = data or _default_data(), current_text()
    with console.status(text("console.reading", source=paths.display_path(source))):
        taken = take_snapshot(source)
    for secret in load_sources(source).variables():  # credentials must not reach a kernel
        os.environ.pop(secret, None)
    read, kept, out, filtered = (
        sum(taken.manifest[f"rows_{k}"].values()) for k in ("read", "kept", "rejected", "filtered")
    )
    counts = {n: text.number(c) for n, c in (("read", read), ("kept", kept), ("left_out", out))}
    filtered_rows = text("console.filtered", count=text.number(filtered)) if taken.manifest["filters"] else ""
    console.print(text("console.taken", id=taken.id, filtered=filtered_rows, **counts))
    for finding in taken.findings:
        policy = text(f"rules.policy.{finding.policy}")
        console.print(f"  [yellow]{escape_markup(describe(finding, text))}[/] ({policy})")
        if hint := advice(finding, text):
            console.print(f"    {escape_markup(hint)}")
    return taken


def _default_data() -> Path:
    own_sources = paths.home() / "data" / "sources.yml"
    sample_sources = paths.sample() / "sources.yml"
    if own_sources.exists():
        return own_sources
    if not sample_sources.exists():
        from cs_helpers.sample import write_sample

        return write_sample(paths.sample())
    return sample_sources


def _parse_jobs(text: str) -> int:
    if not text:
        return os.cpu_count() or 1
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise ParameterError("jobs", "this is not a number of runs", value=text, allowed="1 to 256")
    return int(text)


if __name__ == "__main__":
    main()

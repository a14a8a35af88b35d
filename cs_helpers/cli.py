"""The command line: thin, one command a job, errors as one message without a traceback."""

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
from cs_helpers.cli_output import alert, console, plain
from cs_helpers.cli_setup import setup
from cs_helpers.errors import ParameterError, WorkbookError
from cs_helpers.report.speech import choose, in_words, spoken, words

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Customer-success reports from a company's own tables.",
)  # fmt: skip
Data = Annotated[
    Path | None,
    typer.Option("--data", help="sources file; default: data/sources.yml, else the sample data"),
]


Language = Annotated[str | None, typer.Option(help="en or ja; default: en", callback=choose)]

#: how typer ends a program that Ctrl-C stopped
_STOPPED = 130


def main() -> None:
    """Runs a command; a `WorkbookError` becomes its message and exit code 1."""
    choose(None)
    try:
        app()
    except WorkbookError as error:
        _alert(in_words(str(error)))
        sys.exit(1)
    except SystemExit as end:
        if end.code == _STOPPED:
            alert.print(words()("console.stopped"))
        raise
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        problem = f"{in_words(error.strerror or str(error))}{where}"
        _alert(words()("console.unpublished", problem=problem))
        sys.exit(1)
    finally:
        gc.freeze()  # else Python looks for garbage in all that was imported before it ends


def _alert(message: str) -> None:
    label = "error" if spoken() == "en" else words()("console.error")  # English needs no catalogue
    alert.print(f"[bold red]{label}:[/] {plain(message)}")


def _listed(values: list[str]) -> list[str]:
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
        typer.Option(help="leadership: nothing told in interviews beside a name; or team, with all names"),
    ] = "leadership",
    jobs: Annotated[str, typer.Option(help="runs at a time; default: the cores")] = "",
    force: Annotated[bool, typer.Option("--force", help="run again what has not changed")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="say of each run why it runs or not")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="run those that failed the last time, and no others")
    ] = False,
    kernel: Annotated[
        str, typer.Option(help="warm: forked from one that has imported all; or cold")
    ] = "warm",
    timeout: Annotated[int, typer.Option(min=1, help="seconds that a cell may take")] = 600,
    reports: Annotated[str, typer.Option(help="folder or fsspec URL; default: reports")] = "",
    executor: Annotated[str, typer.Option(help="dask://host:port; default: processes here")] = "",
    shared: Annotated[str, typer.Option(help="folder or fsspec URL where a cluster finds the snapshot")] = "",
) -> None:
    """Take a snapshot and publish a quarter's reports."""
    from cs_helpers.report.zygote import batch_zygote, can_fork

    language, workers = language or "en", _jobs(jobs)
    if kernel not in ("warm", "cold"):
        raise ParameterError("kernel", "there is no such kind", value=kernel, allowed="warm, cold")
    with contextlib.ExitStack() as until_over:
        if kernel == "warm" and not executor and can_fork():
            # what kernels import takes longest: begun now, and for nothing where no report is due
            kernel = until_over.enter_context(batch_zygote([language]))
        from cs_helpers.contract.parameters import Parameters

        asked = {"quarter": quarter, "language": language, "audience": audience}
        edition = Parameters.check(asked).audience  # before the data is read
        from cs_helpers.report.live import Progress
        from cs_helpers.report.quarterly import quarterly_report

        taken = _taken(data, anew=force)
        with Progress(console, jobs=workers, explain=explain, text=words()) as watch:
            batch = quarterly_report(
                taken, quarter=quarter, products=_listed(product), notebooks=_listed(notebook), language=language,
                audience=edition, jobs=workers, force=force, only_failed=retry_failed, kernel=kernel, longest=timeout,
                executor=executor or None, reports=reports or None, shared=shared, watch=watch,
            )  # fmt: skip
    for outcome in batch.outcomes:
        if outcome.status != "failed":
            console.print(batch.shown(outcome.run.file))
    console.print(f"[bold]{batch.shown('index.html')}[/]")
    if batch.failed:
        console.print(
            words()(
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
    """Check the tables and say all that is wrong, without taking a snapshot."""
    from rich.table import Table

    from cs_helpers.contract.parameters import Parameters
    from cs_helpers.report.data_check import advice, check_page, describe, examples
    from cs_helpers.snapshot.take import check_tables
    from cs_helpers.text import Text

    language = language or spoken()
    Parameters.check({"language": language})
    source, text = data or _default_data(), Text(language)
    with console.status(text("console.reading", source=paths.display_path(source))):
        found = check_tables(source)
    counted = Table(box=None, pad_edge=False, header_style="bold")
    counted.add_column(text("landing.table"))
    for heading in ("landing.read", "landing.kept", "check.left_out", "landing.filtered"):
        counted.add_column(text(heading), justify="right")
    for name, read in found.rows_read.items():
        kept, filtered = found.rows_kept[name], found.rows_filtered[name]
        counted.add_row(name, *map(text.number, (read, kept, read - kept - filtered, filtered)))
    console.print(counted)
    for finding in found.findings:
        treated = text(f"rules.policy.{finding.policy}")
        colour = "red" if finding.policy == "stop" else "yellow"
        console.print(f"[{colour}]{plain(describe(finding, text))}[/] ({treated})")
        for example in examples(finding, text)[:3]:
            console.print(f"  {plain(example)}", style="dim")
        if said := advice(finding, text):
            console.print(f"  {plain(said)}")
    target = html or paths.reports() / "team" / f"data-check.{language}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    page = check_page(source, found, language)
    target.write_text(page, encoding="utf-8")
    console.print(paths.display_path(target))
    for sentence in found.stops:
        _alert(in_words(sentence))
    if found.stops:
        raise typer.Exit(1)


@app.command()
def snapshot(data: Data = None) -> None:
    """Check the tables and freeze them."""
    console.print(paths.display_path(_taken(data, anew=True).folder))


history = typer.Typer(no_args_is_help=True, help="The snapshots that were taken.")
app.add_typer(history, name="snapshots")
app.add_typer(codings, name="codings")
app.add_typer(setup)


@history.command("list")
def list_snapshots() -> None:
    """Which snapshots there are, the one taken last at the end."""
    from rich.table import Table

    from cs_helpers.snapshot.history import latest_id, size, snapshots

    found = snapshots()
    if not found:
        console.print(words()("console.no_snapshot", command="make snapshot"))
        return
    listed = Table(box=None, pad_edge=False, header_style="bold")
    listed.add_column("snapshot", no_wrap=True)
    listed.add_column("products")
    for heading in ("rows read", "left out", "filtered", "size"):
        listed.add_column(heading, justify="right")
    listed.add_column("")
    for each in found:
        counts = (sum(each.manifest[f"rows_{k}"].values()) for k in ("read", "rejected", "filtered"))
        listed.add_row(
            each.id, ", ".join(each.manifest["products"]), *(f"{n:,}" for n in counts),
            f"{size(each) / 1e6:,.1f} MB", "latest" if each.id == latest_id() else "",
        )  # fmt: skip
    console.print(listed)


@history.command("show")
def show_snapshot(name: Annotated[str, typer.Argument(help="its id, or latest")] = "latest") -> None:
    """What a snapshot holds and what was found in its tables."""
    from rich.table import Table

    from cs_helpers.report.data_check import describe
    from cs_helpers.snapshot import Snapshot

    opened = Snapshot.open(name)
    manifest = opened.manifest
    console.print(f"[bold]{opened.id}[/]")
    text, products = words(), ", ".join(manifest["products"])
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
            f"[yellow]{plain(describe(finding, text))}[/] ({text(f'rules.policy.{finding.policy}')})"
        )


@history.command("diff")
def diff_snapshots(
    before: Annotated[str, typer.Argument(help="id")],
    after: Annotated[str, typer.Argument(help="id, or latest")] = "latest",
) -> None:
    """What changed from one snapshot to another."""
    from rich.table import Table

    from cs_helpers.snapshot import Snapshot
    from cs_helpers.snapshot.history import differences

    old, new = Snapshot.open(before), Snapshot.open(after)
    found = list(differences(old, new))
    if not found:
        console.print(words()("console.same"))
        return
    listed = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", old.id, new.id):
        listed.add_column(heading, overflow="fold")
    for each in found:
        listed.add_row(plain(each.name), plain(each.before), plain(each.after))
    console.print(listed)


@history.command("prune")
def prune_snapshots(
    keep: Annotated[int, typer.Option(min=1, help="how many of the last ones stay")] = 3,
) -> None:
    """Delete old snapshots; the latest and those that published reports stand on stay."""
    from cs_helpers.snapshot.history import prune

    for gone in prune(keep):
        console.print(words()("console.deleted", id=gone))


@app.command()
def sample() -> None:
    """Write the sample data to data/sample."""
    from cs_helpers.sample import write_sample

    console.print(paths.display_path(write_sample(paths.sample())))


def _taken(data: Path | None, *, anew: bool) -> Any:
    """The snapshot of the tables as they are: the one that was taken if they have not changed."""
    from cs_helpers.snapshot.unchanged import ChangeDetector

    source = data or _default_data()
    look = ChangeDetector(source) if source.is_file() else None
    known = None if anew or look is None else look.unchanged_snapshot()
    if known is not None:
        known.make_latest()
        console.print(words()("console.unchanged", id=known.id))
        return known
    before = look.file_states() if look else None
    taken = _take(source)
    if look:
        with contextlib.suppress(OSError):  # then the tables are only read once more the next time
            look.remember(taken, before)
    return taken


def _take(data: Path | None) -> Any:
    from cs_helpers.report.data_check import advice, describe
    from cs_helpers.snapshot.take import take_snapshot
    from cs_helpers.sources.sources_file import load_sources

    source, text = data or _default_data(), words()
    with console.status(text("console.reading", source=paths.display_path(source))):
        taken = take_snapshot(source)
    for secret in load_sources(source).variables():  # no credential reaches a kernel
        os.environ.pop(secret, None)
    read, kept, out, filtered = (
        sum(taken.manifest[f"rows_{k}"].values()) for k in ("read", "kept", "rejected", "filtered")
    )
    said_of = {n: text.number(c) for n, c in (("read", read), ("kept", kept), ("left_out", out))}
    by_where = text("console.filtered", count=text.number(filtered)) if taken.manifest["filters"] else ""
    console.print(text("console.taken", id=taken.id, filtered=by_where, **said_of))
    for finding in taken.findings:
        treated = text(f"rules.policy.{finding.policy}")
        console.print(f"  [yellow]{plain(describe(finding, text))}[/] ({treated})")
        if said := advice(finding, text):
            console.print(f"    {plain(said)}")
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


if __name__ == "__main__":
    main()

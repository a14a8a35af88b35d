"""Commands that set up a workbook: inspect tables, start a product or a project score, add an analysis, write generated docs, open JupyterLab or dashboards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cs_helpers import paths
from cs_helpers.cli_output import console, escape_markup
from cs_helpers.errors import ParameterError
from cs_helpers.report.language import current_text, set_language, translate_error

setup = typer.Typer()


@setup.command()
def inspect(
    path: Annotated[str, typer.Argument(help="a file, a pattern, a folder, a DuckDB file or a database URL")],
    write: Annotated[Path | None, typer.Option(help="file to write the proposed sources file to")] = None,
) -> None:
    """Show the tables you have, and propose a sources file for them."""
    from rich.table import Table
    from rich.text import Text

    from cs_helpers.sources.inspect import proposal

    if write is not None and write.exists():
        raise ParameterError("write", "there is such a file already; name another one", value=str(write))
    inspected = proposal.inspect(path)
    for source in inspected:
        rows = "" if source.rows is None else f", {source.rows:,} rows"
        title = Text(f"{source.name}{rows}")
        table = Table("column", "type", "samples", "empty", title=title, title_justify="left")
        for column in source.columns:
            samples = Text(" | ".join(column.samples))
            table.add_row(Text(column.name), column.type, samples, f"{column.empty_share:.0%}")
        console.print(Text(translate_error(source.problem)) if source.problem else table, soft_wrap=False)
        console.print()
    text = proposal.propose(inspected, write.parent if write is not None else None)
    typer.echo(text, nl=False)
    if write is not None:
        write.write_text(text, encoding="utf-8")
        console.print("\n" + current_text()("console.written", file=escape_markup(paths.display_path(write))))


@setup.command("new-product")
def new_product(
    name: Annotated[str, typer.Argument(help="lower case, as in contracts.product")],
    data: Annotated[
        Path | None,
        typer.Option("--data", help="sources file to ask; default: data/sources.yml, else a copy is made"),
    ] = None,
) -> None:
    """Draft a product file from the data, or start from another product's."""
    from cs_helpers.product_draft.new_product import start_product

    console.print(escape_markup(translate_error(start_product(name, data))))


@setup.command("new-score")
def new_score(
    product: Annotated[str, typer.Argument(help="as its file is named, without .yml")],
) -> None:
    """Start a project score (プ譜) to fill in, or its next move as a copy of the newest."""
    from cs_helpers.product_draft.new_score import start_score

    console.print(escape_markup(start_score(product, current_text())))


@setup.command("new-analysis")
def new_analysis(
    name: Annotated[str, typer.Argument(help="of its module: lower case, as in renewals")],
    title: Annotated[str, typer.Option(help="short name of its report, in English, as in Renewals")] = "",
    title_ja: Annotated[str, typer.Option("--title-ja", help="and in Japanese, as in 更新")] = "",
    number: Annotated[
        int | None, typer.Option(help="that its notebook begins with; default: the next ten")
    ] = None,
) -> None:
    """Write the files of a new analysis, tests included; docs/add-an-analysis.md says how to go on."""
    from cs_helpers.new_analysis import write_analysis

    for file in write_analysis(name, title=title, title_ja=title_ja, number=number):
        console.print(paths.display_path(file))


@setup.command()
def dictionary() -> None:
    """Write data/README.md, docs/metrics.md, docs/run-manifest.md, notebooks/README.md and notebooks/welcome.ipynb."""
    from cs_helpers.contract.dictionary import data_dictionary
    from cs_helpers.report.manifest import manifest_page
    from cs_helpers.report.metrics import metrics_page
    from cs_helpers.report.notebook_list import WELCOME, notebooks_page, welcome_notebook

    pages = {
        "data/README.md": data_dictionary(),
        "docs/metrics.md": metrics_page(),
        "docs/run-manifest.md": manifest_page(),
        "notebooks/README.md": notebooks_page(paths.notebooks()),
        f"notebooks/{WELCOME}": welcome_notebook(paths.notebooks()),
    }
    for target, page in pages.items():
        (paths.home() / target).parent.mkdir(parents=True, exist_ok=True)
        (paths.home() / target).write_text(page, encoding="utf-8")
        console.print(paths.display_path(paths.home() / target))


@setup.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(options: typer.Context) -> None:
    """Open JupyterLab on the welcome notebook; takes JupyterLab's own options."""
    from cs_helpers.report.notebook_list import WELCOME

    welcome = paths.notebooks() / WELCOME
    command = [
        *(sys.executable, "-m", "jupyterlab", "--notebook-dir", str(paths.notebooks())),
        *([f"--LabApp.default_url=/lab/tree/{WELCOME}"] if welcome.exists() else []),
        "--expose-app-in-browser",  # the folding of prose reads the tags of cells
        *options.args,
    ]
    if (
        hasattr(os, "geteuid") and os.geteuid() == 0
    ):  # as in a container, where Jupyter refuses root without this option
        command.append("--allow-root")
    if os.name == "posix":  # who ends this command ends JupyterLab and its kernels
        os.execv(command[0], command)
    sys.exit(subprocess.call(command))


@setup.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def dashboard(
    options: typer.Context,
    product: Annotated[str, typer.Option(help="that the pages open with; default: the first")] = "first",
    quarter: Annotated[str, typer.Option(help="as in 2026Q3; default: the last complete one")] = "latest",
    language: Annotated[str | None, typer.Option(help="en or ja; default: en", callback=set_language)] = None,
    port: Annotated[int, typer.Option(help="to listen on", min=1, max=65535)] = 8866,
    ip: Annotated[str, typer.Option(help="to listen on; default: this machine only")] = "localhost",
    token: Annotated[
        str | None, typer.Option(help="that viewers need; default: a new one; '' for none, behind a sign-in")
    ] = None,
    browser: Annotated[bool, typer.Option(help="open a browser")] = True,
) -> None:
    """Serve the notebooks as dashboards, leadership's edition, by Voila; takes Voila's own options."""
    from cs_helpers.dashboard import serve

    serve(
        product=product, quarter=quarter, language=language or "en", port=port, ip=ip, token=token, browser=browser,
        options=options.args,
    )  # fmt: skip

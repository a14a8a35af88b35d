"""CSV files beside a report: all rows of each table that its page truncates, and files for other programs.

The files are written for spreadsheets: UTF-8 with a byte order mark (without it Excel in Japan reads them as
Shift JIS), lines that end in CR LF, and no text that a spreadsheet would take for a formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from cs_helpers.report.gate import shown_outputs


@dataclass(frozen=True)
class Download:
    """A file beside a page: the name of its table, how many rows it has, its content, and the words of its link.

    words: '' for all rows of a table, whose link says how many there are.
    """

    table: str
    rows: int
    csv: str
    words: str


def downloads(notebook: NotebookNode) -> Iterator[Download]:
    """Yields the files of an executed notebook."""
    for output in shown_outputs(notebook):
        about = output.metadata.get("cs_workbook", {})
        if "text/csv" in output.data and str(about.get("table", "")).isidentifier():
            yield Download(about["table"], about["rows"], output.data["text/csv"], about.get("download", ""))


def csv_name(stem: str, table: str) -> str:
    """The name of a table's file, as in journey_funnels.en.waiting.csv."""
    return f"{stem}.{table}.csv"


def csv_files(notebook: NotebookNode, stem: str) -> dict[str, str]:
    """The CSV files of an executed notebook: name -> content, to be encoded as UTF-8.

    stem: of the page's file, as in journey_funnels.en.
    """
    return {csv_name(stem, file.table): f"\ufeff{file.csv}" for file in downloads(notebook)}

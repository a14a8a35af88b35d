"""The whole of each table that a page cuts, as a CSV file beside the report.

The files are made for spreadsheets: UTF-8 with a byte order mark (Excel in Japan reads them by it),
lines that end in CR LF, and no text that a spreadsheet would take for a formula.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode

from cs_helpers.report.gate import shown_outputs


def cut_tables(notebook: NotebookNode) -> Iterator[tuple[str, int, str]]:
    """The tables of an executed notebook that its page cuts: name, rows, and all rows as CSV."""
    for output in shown_outputs(notebook):
        about = output.metadata.get("cs_workbook", {})
        if "text/csv" in output.data and str(about.get("table", "")).isidentifier():
            yield about["table"], about["rows"], output.data["text/csv"]


def file_name(stem: str, table: str) -> str:
    """What a table's file is called, as in journey_funnels.en.waiting.csv."""
    return f"{stem}.{table}.csv"


def downloads(notebook: NotebookNode, stem: str) -> dict[str, str]:
    """File name -> content, to be written as UTF-8 as it is; `stem` as in journey_funnels.en."""
    return {file_name(stem, table): f"\ufeff{rows}" for table, _, rows in cut_tables(notebook)}

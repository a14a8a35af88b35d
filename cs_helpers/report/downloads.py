"""CSV files beside a report, with all rows of each table that its page truncates.

The files are written for spreadsheets: UTF-8 with a byte order mark (without it Excel in Japan reads them as
Shift JIS), lines that end in CR LF, and no text that a spreadsheet would take for a formula.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode

from cs_helpers.report.gate import shown_outputs


def truncated_tables(notebook: NotebookNode) -> Iterator[tuple[str, int, str]]:
    """Yields the tables of an executed notebook that its page truncates: name, number of rows, all rows as CSV."""
    for output in shown_outputs(notebook):
        about = output.metadata.get("cs_workbook", {})
        if "text/csv" in output.data and str(about.get("table", "")).isidentifier():
            yield about["table"], about["rows"], output.data["text/csv"]


def csv_name(stem: str, table: str) -> str:
    """The name of a table's file, as in journey_funnels.en.waiting.csv."""
    return f"{stem}.{table}.csv"


def csv_files(notebook: NotebookNode, stem: str) -> dict[str, str]:
    """The CSV files of an executed notebook: name -> content, to be encoded as UTF-8.

    stem: of the page's file, as in journey_funnels.en.
    """
    return {csv_name(stem, table): f"\ufeff{rows}" for table, _, rows in truncated_tables(notebook)}

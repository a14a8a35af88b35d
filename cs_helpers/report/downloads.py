"""Files beside a report: all rows of each table that its page truncates, and tables and figures for other programs.

Tables are CSV, written for spreadsheets: UTF-8 with a byte order mark (without it Excel in Japan reads them as
Shift JIS), lines that end in CR LF, and no text that a spreadsheet would take for a formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from cs_helpers.charts.drawing import MIME
from cs_helpers.report.gate import shown_outputs
from cs_helpers.text import Text


@dataclass(frozen=True)
class Download:
    """A file beside a page: the name of its table or figure, the ending of its name, how many rows it has, its content, and the words of its link.

    words: '' for all rows of a table, whose link says how many there are, and for a figure, whose link says what reads the file.
    """

    name: str
    ending: str
    content: str
    rows: int = 0
    words: str = ""

    @property
    def is_table(self) -> bool:
        """Whether its link stands under a table; else it stands under a figure."""
        return self.ending == "csv"

    def file(self, stem: str) -> str:
        """The name of the file, as in journey_funnels.en.waiting.csv; stem: of the page's file, as in journey_funnels.en."""
        return f"{stem}.{self.name}.{self.ending}"

    def link(self, stem: str, text: Text) -> Mapping[str, str]:
        """The address and the words of its link."""
        if self.is_table:
            words = self.words or text("page.download", rows=text.number(self.rows))
        else:
            words = text(f"page.figure_file.{self.ending}")
        return {"href": self.file(stem), "words": words}


def downloads(notebook: NotebookNode) -> Iterator[Download]:
    """Yields the files of an executed notebook."""
    for output in shown_outputs(notebook):
        about = output.metadata.get("cs_workbook", {})
        if "text/csv" in output.data and str(about.get("table", "")).isidentifier():
            yield Download(
                about["table"], "csv", f"\ufeff{output.data['text/csv']}", about["rows"], about.get("download", "")
            )  # fmt: skip
        if MIME in output.data and str(about.get("answers", "")).isidentifier():
            files = output.metadata.get(MIME, {}).get("files", {})
            yield from (Download(about["answers"], e, c) for e, c in files.items() if e.isalnum())


def files_of(notebook: NotebookNode, stem: str) -> dict[str, str]:
    """The files of an executed notebook: name -> content, to be encoded as UTF-8. stem: see `Download.file`."""
    return {file.file(stem): file.content for file in downloads(notebook)}

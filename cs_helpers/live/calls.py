"""What a notebook shows, as data: each call of the workbook can be repeated for other parameters, in another process."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from cs_helpers.charts.points import with_points
from cs_helpers.charts.theme import with_svg
from cs_helpers.contract.parameters import Parameters
from cs_helpers.outputs import Output, recorded
from cs_helpers.result import Result
from cs_helpers.tables.spreadsheet import spreadsheet
from cs_helpers.text import Text

#: what can be had of a figure, of one that is a drawing, and of a table
FIGURE_FILES, DRAWING_FILES, TABLE_FILES = ("png", "svg", "csv"), ("svg", "csv"), ("csv",)
_MIME = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv"}


class ShowsCalls(Protocol):
    """What displays a call."""

    def show(self, call: Call) -> None:
        """Displays what a call displays."""


class Shows(ShowsCalls, Protocol):
    """What repeats a call: the workbook."""

    def analyse(self, analysis: str, **options: Any) -> Result:
        """The result of an analysis."""


@dataclass(frozen=True)
class Call:
    """A method of the workbook that displays something, with its arguments.

    analysis, options: of the result that it is about; '' where it takes none. names: its other arguments.
    """

    method: str
    analysis: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, method: str, arguments: Sequence[Any]) -> Call:
        """The call of a method with these arguments."""
        if arguments and isinstance(arguments[0], Result):
            result, *names = arguments
            options: Mapping[str, Any] = result.settings.get("options", {})
            return cls(method, result.analysis, tuple(sorted(options.items())), tuple(names))
        return cls(method, names=tuple(arguments))


class FollowedSummary:
    """The parts of a summary (`summary_page.SummaryPage`), as calls that a page shows."""

    def __init__(self, page: ShowsCalls) -> None:
        self._page = page

    def __getattr__(self, part: str) -> Callable[[], None]:
        return partial(self._page.show, Call(f"summary.{part}"))


@dataclass(frozen=True)
class Behind:
    """The customers behind a point of a figure, as HTML."""

    point: str
    html: str


@dataclass(frozen=True)
class File:
    """A file for the person to keep."""

    name: str
    mime: str
    content: bytes


def outputs_of(workbook: Shows, call: Call) -> list[Output]:
    """The outputs of a call as HTML; nothing is displayed."""
    with with_points(), recorded(displayed=False) as outputs:
        workbook.show(call)
    return outputs


def file_stem(call: Call, parameters: Parameters) -> str:
    """The name of a downloaded file without its kind: `helpdesk.revenue.bridge.2026Q3`."""
    about = ".".join(part for part in (call.analysis, *call.names[:1]) if part) or call.method
    return f"{parameters.product}.{about}.{parameters.quarter}"


def page_of(
    outputs: Sequence[Output],
    call: Call,
    number: int,
    parameters: Parameters,
    text: Text,
    behind: Behind | None = None,
) -> str:
    """The outputs of a call as one piece of HTML, with buttons for the files that can be had of it.

    behind: the customers behind a point of its figure, which stand below it.

    number: of the call on the page, as the attribute `data-cs-call`; `data-name` is how its files are called.
    """
    body = "".join(output.html for output in outputs if not output.kind.startswith("file:"))
    kinds: tuple[str, ...] = ()
    for figure in (output for output in outputs if output.kind == "figure"):
        kinds = DRAWING_FILES if figure.svg else FIGURE_FILES
    if call.method == "table" and any(output.csv for output in outputs):
        kinds = TABLE_FILES
    buttons = "".join(
        f'<button class="cs-tool" data-download="{kind}" aria-label="{html.escape(text(f"live.download.{kind}"), quote=True)}">'
        f"{kind.upper()}</button>"
        for kind in kinds
    ) + "".join(output.html for output in outputs if output.kind.startswith("file:"))
    tools = f'<p class="cs-tools">{buttons}</p>' if buttons else ""
    if behind is not None:
        point = f'data-point="{html.escape(behind.point, quote=True)}"'
        body = body.replace(point, f'{point} aria-pressed="true"')
        tools += f'<div class="cs-behind">{behind.html}</div>'
    name = html.escape(file_stem(call, parameters), quote=True)
    return f'<div class="cs-call" data-cs-call="{number}" data-name="{name}">{body}{tools}</div>'


def file_of(workbook: Shows, call: Call, kind: str, parameters: Parameters) -> File | None:
    """A file of what a call shows; None where it shows nothing of that kind. kind: `svg`, `csv`, or `file:<name>`."""
    stem = file_stem(call, parameters)
    if kind == "csv" and call.method == "chart":
        rows = workbook.analyse(call.analysis, **dict(call.options)).tables[call.names[0]]
        flat = rows.map(lambda cell: str(cell) if isinstance(cell, list | tuple | dict | set) else cell)
        return File(f"{stem}.csv", _MIME["csv"], spreadsheet(flat).encode("utf-8-sig"))
    if kind == "svg":
        with with_svg() as drawn:
            drawings = [output.svg for output in outputs_of(workbook, call) if output.svg]
        drawings += drawn
        return File(f"{stem}.svg", _MIME["svg"], drawings[0].encode()) if drawings else None
    for output in outputs_of(workbook, call):
        if output.csv and (output.kind == kind or (kind == "csv" and output.kind == "html")):
            name = stem if kind == "csv" else f"{stem}.{re.sub(r'^file:', '', kind)}"
            return File(f"{name}.csv", _MIME["csv"], output.csv.encode("utf-8-sig"))
    return None

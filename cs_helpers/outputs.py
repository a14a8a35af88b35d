"""Outputs of a notebook that carry metadata for the gate and the manifest."""

from __future__ import annotations

import base64
import html
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from IPython.display import display

from cs_helpers.charts.drawing import MIME, Drawing
from cs_helpers.charts.theme import Picture
from cs_helpers.tables.spreadsheet import spreadsheet

#: points show themselves under the pointer and under the focus, whatever colour lies below
_POINTS_STYLE = (
    ".cs-points{position:relative}.cs-points img{display:block;width:100%;height:auto}"
    ".cs-point{position:absolute;margin:0;padding:0;border:0;border-radius:3px;background:transparent;cursor:pointer}"
    ".cs-point:hover{box-shadow:inset 0 0 0 2px #1f2933,inset 0 0 0 4px #fff}"
    ".cs-point:focus-visible,.cs-point[aria-pressed=true]"
    "{outline:3px solid #1f2933;outline-offset:1px;box-shadow:0 0 0 1px #fff,inset 0 0 0 2px #fff}"
)


@dataclass(frozen=True)
class Output:
    """An output as HTML, as a widget or another output of JupyterLab can hold it.

    display_id: by which the output can be replaced; '' where it was not displayed. kind: `html`, `figure` or `file`.
    csv: the rows of a table or file. svg: of a figure that is drawn as such.
    """

    html: str
    kind: str = "html"
    display_id: str = ""
    csv: str = ""
    svg: str = ""


#: where outputs are recorded, and whether they are displayed too
_recorder: ContextVar[tuple[list[Output], bool] | None] = ContextVar("recorder", default=None)


@contextmanager
def recorded(*, displayed: bool) -> Iterator[list[Output]]:
    """The list to which each output is added as HTML while the context lasts; displayed: they are displayed, too."""
    outputs: list[Output] = []
    token = _recorder.set((outputs, displayed))
    try:
        yield outputs
    finally:
        _recorder.reset(token)


def display_html(page: str, about: Mapping[str, Any] | None = None, *, csv: str = "") -> None:
    """Displays HTML with `about` as the output's metadata; `csv` is the table's file beside the page."""
    content = {"text/html": page, "text/plain": ""} | ({"text/csv": csv} if csv else {})
    _display(content, {"cs_workbook": dict(about)} if about else None, Output(page, csv=csv))


def display_file(name: str, words: str, rows: pd.DataFrame, about: Mapping[str, Any]) -> None:
    """Displays nothing, but has the page link to a CSV file of the rows, with `words`; name: `<question>_<file>`."""
    csv = spreadsheet(rows)
    metadata = {"cs_workbook": {**about, "table": name, "rows": len(rows), "download": words}}
    button = f'<button class="cs-tool" data-download="file:{html.escape(name)}">{html.escape(words)}</button>'
    _display(
        {"text/html": "", "text/plain": "", "text/csv": csv},
        metadata,
        Output(button, f"file:{name}", csv=csv),
    )


def display_figure(figure: Picture | Drawing, about: Mapping[str, Any]) -> None:
    """Displays a figure with `about` as the output's metadata; also its other layouts, of a drawing what it draws."""
    if isinstance(figure, Drawing):
        content, kind = figure.svg, MIME
        more: dict[str, Any] = {
            "alt": figure.alt,
            "sizes": {k: v for k, v in figure.sizes.items() if k != "wide"},
            **({"files": dict(figure.files)} if figure.files else {}),
        }
        about = {**about, **({"drawn": dict(figure.content)} if figure.content else {})}
    else:
        content, kind = base64.b64encode(figure.png).decode(), "image/png"
        more = {"alt": figure.alt, "width": figure.width}
        if figure.narrow:
            more["narrow"] = base64.b64encode(figure.narrow).decode()
    metadata = {kind: more, "cs_workbook": dict(about)}
    shown = _recorded_figure(figure) if _recorder.get() else Output("")
    _display({kind: content, "text/plain": figure.alt}, metadata, shown)


def _recorded_figure(figure: Picture | Drawing) -> Output:
    if isinstance(figure, Picture):
        return Output(figure_html(figure), "figure")
    # as a picture: JupyterLab wants to rewrite the links of HTML, and fails on those of a drawing
    source, alt = base64.b64encode(figure.svg.encode()).decode(), html.escape(figure.alt, quote=True)
    image = f'<img class="drawn" src="data:image/svg+xml;base64,{source}" alt="{alt}">'
    return Output(image, "figure", svg=figure.svg)


def replace_output(display_id: str, page: str) -> None:
    """Replaces an output that was displayed while outputs were recorded by HTML."""
    display({"text/html": page, "text/plain": ""}, raw=True, display_id=display_id, update=True)


def _display(content: Mapping[str, Any], metadata: Mapping[str, Any] | None, output: Output) -> None:
    recorder = _recorder.get()
    if recorder is None:
        display(content, metadata=metadata, raw=True)
        return
    outputs, displayed = recorder
    if displayed:
        output = replace(output, display_id=uuid.uuid4().hex)
        display(content, metadata=metadata, raw=True, display_id=output.display_id)
    outputs.append(output)


def figure_html(figure: Picture | Drawing) -> str:
    """A figure inside a widget; each of its points is a button with its key as `data-point`, which the widget tells of."""
    if isinstance(figure, Drawing):
        return figure.svg
    source, alt = base64.b64encode(figure.png).decode(), html.escape(figure.alt, quote=True)
    image = f'<img src="data:image/png;base64,{source}" alt="{alt}" width="{figure.width}">'
    return _with_points(image, figure) if figure.points else image


def _with_points(image: str, figure: Picture) -> str:
    """The image with a transparent button over each point; they scale with it."""
    buttons = "".join(
        f'<button type="button" class="cs-point" data-point="{html.escape(p.key, quote=True)}"'
        f' aria-label="{html.escape(p.name, quote=True)}" title="{html.escape(p.name, quote=True)}"'
        f' style="left:{p.left:.3%};top:{p.top:.3%};width:{p.width:.3%};height:{p.height:.3%}"></button>'
        for p in figure.points
    )
    style = f"max-width:{figure.width}px"
    return f'<style>{_POINTS_STYLE}</style><div class="cs-points" style="{style}">{image}{buttons}</div>'


def caption_html(figure: Picture | Drawing) -> str:
    """The message and the source of a figure as JupyterLab shows them; the template of a page writes its own."""
    return (
        f'<div class="caption"><p class="message">{html.escape(figure.message)}</p>'
        f'<p class="source">{html.escape(figure.source)}</p></div>'
    )

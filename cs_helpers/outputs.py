"""Outputs of a notebook that carry metadata for the gate and the manifest."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
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


def display_html(page: str, about: Mapping[str, Any] | None = None, *, csv: str = "") -> None:
    """Displays HTML with `about` as the output's metadata; `csv` is the table's file beside the page."""
    content = {"text/html": page, "text/plain": ""} | ({"text/csv": csv} if csv else {})
    display(content, metadata={"cs_workbook": dict(about)} if about else None, raw=True)


def display_file(name: str, words: str, rows: pd.DataFrame, about: Mapping[str, Any]) -> None:
    """Displays nothing, but has the page link to a CSV file of the rows, with `words`; name: `<question>_<file>`."""
    display_html("", {**about, "table": name, "rows": len(rows), "download": words}, csv=spreadsheet(rows))


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
    display(
        {kind: content, "text/plain": figure.alt}, metadata={kind: more, "cs_workbook": dict(about)}, raw=True
    )


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

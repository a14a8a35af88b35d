"""Outputs of a notebook that carry metadata for the gate and the manifest."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pandas as pd
from IPython.display import display

from cs_helpers.charts.theme import Picture
from cs_helpers.tables.spreadsheet import spreadsheet


def display_html(page: str, about: Mapping[str, Any] | None = None, *, csv: str = "") -> None:
    """Displays HTML with `about` as the output's metadata; `csv` is the table's file beside the page."""
    content = {"text/html": page, "text/plain": ""} | ({"text/csv": csv} if csv else {})
    display(content, metadata={"cs_workbook": dict(about)} if about else None, raw=True)


def display_file(name: str, words: str, rows: pd.DataFrame, about: Mapping[str, Any]) -> None:
    """Displays nothing, but has the page link to a CSV file of the rows, with `words`; name: `<question>_<file>`."""
    display_html("", {**about, "table": name, "rows": len(rows), "download": words}, csv=spreadsheet(rows))


def display_figure(picture: Picture, about: Mapping[str, Any]) -> None:
    """Displays a figure with `about` as the output's metadata."""
    display(
        {"image/png": base64.b64encode(picture.png).decode(), "text/plain": picture.alt},
        metadata={
            "image/png": {"alt": picture.alt, "width": picture.width},
            "cs_workbook": dict(about),
        },
        raw=True,
    )

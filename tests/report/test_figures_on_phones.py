"""A page shows a figure in the layout that there is room for."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from cs_helpers import outputs
from cs_helpers.charts.theme import Picture
from cs_helpers.report.export import exporter
from cs_helpers.report.gate import check_notebook
from cs_helpers.report.pages import report_template

WORDS = {"skip": "Skip", "contents": "Contents", "how": "How", "table": "Table"}


def png(width: int, *, blank: bool = False) -> bytes:
    pixels = np.full((20, width, 3), 255, dtype=np.uint8)
    if not blank:
        pixels[5:10, 5:10] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    return buffer.getvalue()


@pytest.fixture
def shown(monkeypatch):
    """The notebook that shows a picture."""

    def make(narrow: bytes):
        displayed = []
        monkeypatch.setattr(
            outputs, "display",
            lambda data, metadata, raw: displayed.append(new_output("display_data", data, metadata=metadata)),
        )  # fmt: skip
        picture = Picture(png(90), "There is a dot.", "A dot: there is a dot.", 864, "n = 1", narrow)
        outputs.display_figure(picture, {"answers": "dot", "message": picture.message})
        book = new_notebook(cells=[new_code_cell("", outputs=displayed)])
        book.metadata["cs_workbook"] = {"figures": ["dot"]}
        book.metadata["cs_workbook_report"] = {
            "title": "", "edition": "", "navigation": "", "words": WORDS, "failed": "", "downloads": {}, "footer": "",
        }  # fmt: skip
        return book

    return make


def test_a_phone_gets_the_layout_that_is_made_for_it_and_paper_the_wide_one(shown) -> None:
    book = shown(png(36))
    assert check_notebook(book) == []
    page, _ = exporter(report_template()).from_notebook_node(book)
    wide, narrow = (f"data:image/png;base64,{base64.b64encode(png(n)).decode()}" for n in (90, 36))
    source = f'<source media="screen and (max-width: 640px)" srcset="{narrow}">'
    figure = page[page.index("<picture>") : page.index("</picture>")]
    assert source in figure
    assert f'<img src="{wide}" alt="A dot: there is a dot." width="864">' in figure.replace("&#32;", " ")


def test_a_figure_with_one_layout_is_an_image_alone(shown) -> None:
    page, _ = exporter(report_template()).from_notebook_node(shown(b""))
    assert "<img" in page
    assert "<picture>" not in page


def test_a_blank_layout_for_phones_is_a_blank_figure(shown) -> None:
    assert [p.code for p in check_notebook(shown(png(36, blank=True)))] == ["blank_figure"]

"""A report that lacks what it must hold does not pass."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from cs_helpers.report.gate import LARGEST, check_notebook, check_page


def png(*, blank: bool = False) -> str:
    pixels = np.full((20, 30, 3), 255, dtype=np.uint8)
    if not blank:
        pixels[5:10, 5:10] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def figure(answers="coverage", alt="Bars of customers.", **options):
    return new_output(
        "display_data",
        data={"image/png": png(**options)},
        metadata={"image/png": {"alt": alt}, "cs_workbook": {"answers": answers}},
    )


def notebook(*outputs, figures=("coverage",)):
    return new_notebook(
        cells=[new_code_cell("", outputs=list(outputs))], metadata={"cs_workbook": {"figures": list(figures)}}
    )


def codes(problems):
    return [p.code for p in problems]


def test_a_notebook_with_all_its_figures_passes():
    assert check_notebook(notebook(figure())) == []


def test_a_note_answers_a_question_as_a_figure_does():
    note = new_output(
        "display_data", data={"text/html": "<p>…</p>"}, metadata={"cs_workbook": {"answers": "coverage"}}
    )
    assert check_notebook(notebook(note)) == []


def test_a_declared_figure_that_is_not_there_fails():
    problems = check_notebook(notebook(figure(), figures=("coverage", "reasons")))
    assert [(p.code, p.detail) for p in problems] == [("missing_figure", "reasons")]


def test_a_blank_figure_fails():
    assert codes(check_notebook(notebook(figure(blank=True)))) == ["blank_figure"]


def test_a_figure_without_alt_text_fails():
    assert codes(check_notebook(notebook(figure(alt=" ")))) == ["no_alt"]


def test_an_error_output_fails():
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert codes(check_notebook(notebook(figure(), error))) == ["error"]


def test_a_glyph_that_no_font_has_fails():
    warning = new_output("stream", name="stderr", text="UserWarning: Glyph 19968 missing from font(s) DejaVu")
    assert codes(check_notebook(notebook(figure(), warning))) == ["glyph"]


@pytest.mark.parametrize(
    "part",
    [
        '<img src="https://example.org/a.png">',
        "<img src=//example.org/a.png>",
        '<link href="http://example.org/a.css">',
        "<style>a{background:url(https://example.org/a.png)}</style>",
        "<style>@import 'a.css'</style>",
    ],
)
def test_a_page_with_an_external_address_fails(part):
    assert codes(check_page(f"<html>{part}</html>")) == ["external"]


@pytest.mark.parametrize(
    "part", ["<script>1</script>", '<a href="javascript:alert(1)">x</a>', '<img onerror="x" src="data:">']
)
def test_a_page_with_script_fails(part):
    assert "script" in codes(check_page(f"<html>{part}</html>"))


def test_escaped_script_in_a_quote_is_only_text():
    assert check_page("<td>&lt;script&gt;alert(1)&lt;/script&gt; see https://example.org</td>") == []


def test_a_page_that_is_too_large_fails():
    assert codes(check_page("x" * (LARGEST + 1))) == ["too_large"]


def test_a_headline_that_is_not_a_number_fails():
    assert codes(check_page('<p class="value">× nan</p>')) == ["not_a_number"]

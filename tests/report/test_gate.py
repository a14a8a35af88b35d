"""A report that lacks what it must hold does not pass."""

from __future__ import annotations

import base64
import io
import json
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from cs_helpers import outputs as outputs_module
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.gate import MAX_PAGE_SIZE, PageReader, check_notebook, check_page
from cs_helpers.result import Metric, Note, Result
from cs_helpers.text import Text, catalogue
from cs_helpers.workbook import Workbook


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


def html_output(page="<p>…</p>", **about):
    return new_output("display_data", data={"text/html": page}, metadata={"cs_workbook": about})


def metrics(analysis="interviews", **values):
    return html_output(analysis=analysis, metrics={name: {"value": value} for name, value in values.items()})


def notebook(*outputs, figures=("coverage",), **declared):
    about = {"figures": list(figures), **declared}
    return new_notebook(cells=[new_code_cell("", outputs=list(outputs))], metadata={"cs_workbook": about})


def codes(problems):
    return [p.code for p in problems]


def codes_and_details(problems):
    return [(p.code, p.detail) for p in problems]


def test_a_notebook_with_all_its_figures_passes():
    assert check_notebook(notebook(figure())) == []


def test_a_note_answers_a_question_as_a_figure_does():
    assert check_notebook(notebook(html_output(answers="coverage"))) == []


def test_a_declared_figure_that_is_not_there_fails():
    problems = check_notebook(notebook(figure(), figures=("coverage", "reasons")))
    assert codes_and_details(problems) == [("missing_figure", "reasons")]


def test_a_blank_figure_fails():
    assert codes(check_notebook(notebook(figure(blank=True)))) == ["blank_figure"]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
@pytest.mark.parametrize("level", [0, 1, 6])
def test_one_colour_is_blank_however_it_is_packed(mode, level):
    buffer = io.BytesIO()
    Image.new(mode, (1170, 600), 1).save(buffer, "png", compress_level=level)
    picture_output = figure()
    picture_output.data["image/png"] = base64.b64encode(buffer.getvalue()).decode()
    assert codes(check_notebook(notebook(picture_output))) == ["blank_figure"]


def test_a_picture_that_is_not_unpacked_is_read_to_its_end():
    """A page of noise on white packs like a chart: it passes, and half of it does not."""
    pixels = np.full((400, 400), 255, dtype=np.uint8)
    pixels[:50, :200] = np.random.default_rng(1).integers(0, 255, (50, 200))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    packed = buffer.getvalue()
    assert 1 / 40 < len(packed) / pixels.size < 1 / 8
    picture_output = figure()
    for data, found in ((packed, []), (packed[: len(packed) // 2], ["blank_figure"])):
        picture_output.data["image/png"] = base64.b64encode(data).decode()
        assert codes(check_notebook(notebook(picture_output))) == found


def test_half_a_picture_is_a_blank_figure():
    half = figure()
    half.data["image/png"] = half.data["image/png"][:40]
    assert codes(check_notebook(notebook(half))) == ["blank_figure"]


def test_a_figure_without_alt_text_fails():
    assert codes(check_notebook(notebook(figure(alt=" ")))) == ["no_alt"]


DRAWN = '<svg xmlns="http://www.w3.org/2000/svg" aria-label="A map">{}</svg>'
NUMBER = '<a href="#place:maturity-standing"><text class="f-ink" fill="#1f2933">13</text></a>'


def drawing(inner=NUMBER, alt="A map.", **sizes):
    return new_output(
        "display_data",
        data={"image/svg+xml": DRAWN.format(inner)},
        metadata={
            "image/svg+xml": {"alt": alt, "sizes": {k: DRAWN.format(v) for k, v in sizes.items()}},
            "cs_workbook": {"answers": "coverage"},
        },
    )


def test_a_drawing_answers_like_a_figure():
    assert check_notebook(notebook(drawing(narrow=NUMBER))) == []


@pytest.mark.parametrize("output", [drawing(alt=" "), drawing(alt="")])
def test_a_drawing_without_alt_text_fails(output):
    assert codes(check_notebook(notebook(output))) == ["no_alt"]


@pytest.mark.parametrize("output", [drawing("<rect/><text> </text>"), drawing(narrow="<rect/>")])
def test_a_drawing_that_says_nothing_in_one_of_its_sizes_is_blank(output):
    assert codes(check_notebook(notebook(output))) == ["blank_figure"]


@pytest.mark.parametrize(
    "part",
    [
        "<script>1</script>",
        "<style>text { fill: red }</style>",
        "<foreignObject><p>x</p></foreignObject>",
        '<image href="https://example.org/a.png"/>',
        '<use href="#x"/>',
        '<rect onclick="x"/>',
        '<rect style="fill: red"/>',
        '<rect fill="url(https://example.org/a#b)"/>',
        '<a href="https://example.org/"><text>x</text></a>',
        '<a href="javascript:x"><text>x</text></a>',
        '<a href="//example.org/x"><text>x</text></a>',
        '<a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="x.html"><text>x</text></a>',
        "<!-- a comment --><text>x</text>",
        "<text>x",
    ],
)
def test_a_drawing_holds_only_shapes_text_and_links_within_the_reports(part):
    for output in (drawing(NUMBER + part), drawing(medium=NUMBER + part)):
        problems = check_notebook(notebook(output))
        assert set(codes(problems)) == {"drawing"}
        assert problems[0].detail.startswith("coverage: ")


@pytest.mark.parametrize("part", ["<svg></svg>", '<svg aria-label=" "><text>x</text></svg>'])
def test_a_drawing_without_a_name_fails_on_the_page(part):
    assert codes(check_page(part)) == ["no_alt"]
    assert check_page(part.replace("<svg", '<svg aria-hidden="true"')) == []


def test_the_name_of_a_department_is_one_piece_of_text_over_its_lines():
    page = (
        "<svg aria-label='x'><text><tspan>Customer </tspan><tspan>success</tspan></text><text>2</text></svg>"
    )
    assert "Customer success\n" in "".join(PageReader(page).text)


def test_an_error_output_fails():
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert codes(check_notebook(notebook(figure(), error, metrics=["companies"]))) == ["error"]


def test_a_glyph_that_no_font_has_fails():
    warning = new_output("stream", name="stderr", text="UserWarning: Glyph 19968 missing from font(s) DejaVu")
    assert codes(check_notebook(notebook(figure(), warning))) == ["glyph"]


def test_a_declared_table_with_rows_passes():
    assert check_notebook(notebook(figure(), html_output(table="steps", rows=3), tables=["steps"])) == []


def test_a_declared_table_that_is_not_there_fails():
    assert codes_and_details(check_notebook(notebook(figure(), tables=["steps"]))) == [
        ("missing_table", "steps")
    ]


def test_a_declared_table_without_rows_fails():
    problems = check_notebook(notebook(figure(), html_output(table="steps", rows=0), tables=["steps"]))
    assert codes_and_details(problems) == [("empty_table", "steps")]


def test_a_note_says_why_a_declared_table_is_not_there():
    assert check_notebook(notebook(figure(), html_output(answers="steps"), tables=["steps"])) == []


def test_a_table_that_is_not_declared_may_be_empty():
    assert check_notebook(notebook(figure(), html_output(table="waiting", rows=0))) == []


def test_a_declared_metric_with_a_value_passes():
    assert check_notebook(notebook(figure(), metrics(companies=0.0), metrics=["companies"])) == []


@pytest.mark.parametrize("declared", [["companies"], []])
def test_a_metric_that_is_not_a_number_fails_declared_or_not(declared):
    problems = check_notebook(notebook(figure(), metrics(companies="nan"), metrics=declared))
    assert codes_and_details(problems) == [("not_a_number", "companies")]


def test_a_metric_that_is_not_a_number_fails_in_spite_of_a_note():
    note = html_output(analysis="interviews", answers="coverage")
    problems = check_notebook(notebook(note, metrics(companies="nan"), metrics=["companies"]))
    assert codes(problems) == ["not_a_number"]


def test_a_declared_metric_that_was_never_shown_fails():
    problems = check_notebook(notebook(figure(), metrics=["companies"]))
    assert codes_and_details(problems) == [("missing_metric", "companies")]


def test_a_declared_metric_without_value_fails_where_every_question_was_answered():
    remark = html_output(analysis="interviews", answers="coverage")  # beside its figure, not in its place
    problems = check_notebook(notebook(figure(), remark, metrics(companies=None), metrics=["companies"]))
    assert codes_and_details(problems) == [("missing_metric", "companies")]


def test_a_declared_metric_may_lack_its_value_where_its_analysis_could_not_answer_a_question():
    note = html_output(analysis="interviews", answers="coverage")
    assert check_notebook(notebook(note, metrics(companies=None), metrics=["companies"])) == []


def test_the_note_of_another_analysis_excuses_no_metric():
    note = html_output(analysis="health", answers="coverage")
    problems = check_notebook(notebook(note, metrics(companies=None), metrics=["companies"]))
    assert codes(problems) == ["missing_metric"]


@pytest.fixture
def outputs(monkeypatch):
    """What a workbook shows, as it stands in a notebook that was written and read again."""
    displayed = []

    def display(data, *, metadata=None, raw):
        json.dumps([data, metadata], allow_nan=False)  # no browser reads a NaN in JSON
        displayed.append(new_output("display_data", data=data, metadata=metadata or {}))

    monkeypatch.setattr(outputs_module, "display", display)

    def written_notebook(**declared):
        executed = notebook(*displayed, **{"figures": (), **declared})
        return nbformat.reads(nbformat.writes(executed), as_version=4)

    return written_notebook


@pytest.fixture
def workbook():
    data = product_data(product(), accounts=[account("A")], contracts=[contract("A", "2026-01-01")])
    return Workbook(SimpleNamespace(quarters=()), data, Quarter(2026, 3), "all", Text("en"))


def result(*, tables=None, notes=(), **values):
    metric_by_name = {name: Metric(name, value, "count", 3) for name, value in values.items()}
    day = Quarter(2026, 3).end
    return Result("interviews", "x", Quarter(2026, 3), day, day, 3, tables or {}, metric_by_name, notes)


@pytest.mark.parametrize("value", [float("nan"), np.float64("nan")])
def test_a_metric_that_a_workbook_could_not_calculate_is_found_in_the_written_notebook(
    workbook, outputs, value
):
    workbook.headlines(result(companies=value, covered_cells=1), "companies", "covered_cells")
    assert codes_and_details(check_notebook(outputs(metrics=["covered_cells"]))) == [
        ("not_a_number", "companies")
    ]


def test_a_metric_that_a_workbook_shows_passes_infinite_or_not(workbook, outputs):
    workbook.headlines(
        result(companies=float("inf"), covered_cells=np.float64(12)), "companies", "covered_cells"
    )
    assert check_notebook(outputs(metrics=["companies", "covered_cells"])) == []


def test_a_metric_that_an_analysis_does_not_have_is_missed(workbook, outputs):
    workbook.headlines(result(covered_cells=1), "companies", "covered_cells")
    assert codes_and_details(check_notebook(outputs(metrics=["companies", "covered_cells"]))) == [
        ("missing_metric", "companies")
    ]


def test_a_table_that_a_workbook_cannot_set_is_answered_by_its_note(workbook, outputs):
    why = Note("no_interviews", "next", {"quarters": 4})
    workbook.table(result(notes=(why,)), "next")
    assert check_notebook(outputs(tables=["next"])) == []


def test_a_table_that_a_workbook_sets_without_rows_is_an_empty_one(workbook, outputs):
    columns = ["name", "size", "quadrant", "segment", "viewpoint", "companies"]
    workbook.table(result(tables={"next": pd.DataFrame(columns=columns)}), "next")
    assert codes_and_details(check_notebook(outputs(tables=["next"]))) == [("empty_table", "next")]


def test_a_page_shows_every_note_on_what_it_asks(workbook, outputs):
    """Beside a figure or table, in the place of one, and under a table without rows."""
    columns = ["name", "size", "quadrant", "segment", "viewpoint", "companies"]
    few = Note("few_companies", "next", {"companies": 3, "needed": 20})
    workbook.table(result(tables={"next": pd.DataFrame(columns=columns)}, notes=(few,)), "next")
    workbook.chart(result(notes=(few, Note("no_interviews", "coverage", {"quarters": 4}))), "coverage")
    executed = outputs()
    assert check_notebook(executed) == []
    assert [o.metadata.cs_workbook.get("note") for o in executed.cells[0].outputs] == [
        None, "few_companies", "no_interviews",
    ]  # fmt: skip


def test_a_note_that_an_analysis_made_on_a_question_of_the_page_and_nobody_shows_fails():
    picture_output = figure()
    picture_output.metadata["cs_workbook"] |= {
        "analysis": "interviews",
        "notes": ["few_companies", "one_coder"],
    }
    note = html_output(analysis="interviews", answers="coverage", note="one_coder")
    assert codes_and_details(check_notebook(notebook(picture_output, note))) == [
        ("note_not_shown", "interviews.coverage.few_companies")
    ]


def test_a_note_on_what_the_page_does_not_ask_may_be_left_out(workbook, outputs):
    other = Note("one_coder", "agreement")
    workbook.chart(result(notes=(other, Note("no_interviews", "coverage", {"quarters": 4}))), "coverage")
    assert check_notebook(outputs()) == []


@pytest.mark.parametrize(
    "part",
    [
        '<img alt="x" src="https://example.org/a.png">',
        "<img alt=x src=//example.org/a.png>",
        r'<img alt="x" src="/\example.org/a.png">',
        '<link href="http://example.org/a.css">',
        '<a href=" ht\ntps://example.org/">x</a>',
        '<meta http-equiv="refresh" content="0; url=https://example.org/">',
        "<style>a{background:url(https://example.org/a.png)}</style>",
        "<style>@import 'a.css'</style>",
    ],
)
def test_a_page_with_an_external_address_fails(part):
    assert codes(check_page(f"<html>{part}</html>")) == ["external"]


@pytest.mark.parametrize(
    "part",
    [
        "<script>1</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java\tscript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<img onerror="x" src="data:">',
    ],
)
def test_a_page_with_script_fails(part):
    assert "script" in codes(check_page(f"<html>{part}</html>"))


@pytest.mark.parametrize("part", ['<img src="data:">', '<img src="data:" alt="">'])
def test_a_picture_without_alt_text_fails_on_the_page(part):
    assert codes(check_page(part)) == ["no_alt"]


def test_escaped_script_in_a_quote_is_only_text():
    assert check_page("<td>&lt;script&gt;alert(1)&lt;/script&gt; see https://example.org</td>") == []


def test_a_page_that_is_too_large_fails():
    assert codes(check_page("x" * (MAX_PAGE_SIZE + 1))) == ["too_large"]


def test_a_headline_that_is_not_a_number_fails():
    assert codes(check_page('<p class="value">× nan</p>')) == ["not_a_number"]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    "code",
    [
        "error", "glyph", "missing_figure", "blank_figure", "no_alt", "missing_table", "empty_table",
        "missing_metric", "note_not_shown", "not_a_number", "masked_name", "undeclared", "pseudonyms", "too_large", "external", "script", "kernel_died",
        "memory", "timeout", "snapshot", "disk_full", "stopped",
    ],
)  # fmt: skip
def test_every_problem_has_a_sentence(language, code):
    assert catalogue(language)[f"report.problem.{code}"].endswith("。" if language == "ja" else ".")

"""What a notebook shows is kept as calls, which can be repeated, and of which files can be had."""

from __future__ import annotations

import base64
import csv
import io
import pickle
import re

import pytest

from cs_helpers import analyses
from cs_helpers.charts.points import with_points
from cs_helpers.contract.parameters import Parameters
from cs_helpers.live.calls import Call, file_of, file_stem, outputs_of, page_of
from cs_helpers.outputs import recorded
from cs_helpers.workbook import Workbook

PARAMETERS = Parameters.check({"product": "helpdesk", "quarter": "2026Q3"})


@pytest.fixture
def workbook(home, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    return Workbook.open(product="helpdesk", quarter="2026Q3")


def test_a_call_keeps_what_its_result_was_asked_with(workbook):
    result = workbook.analyse("journeys", window_days=30)
    call = Call.of("chart", (result, "funnel"))
    assert call == Call("chart", "journeys", (("window_days", 30),), ("funnel",))
    assert pickle.loads(pickle.dumps(call)) == call
    assert Call.of("header", ("revenue",)) == Call("header", names=("revenue",))


def test_it_shows_what_the_workbook_shows(workbook, capsys):
    result = workbook.analyse("revenue")
    with with_points(), recorded(displayed=False) as shown:
        workbook.chart(result, "bridge")
        workbook.table(result, "movements")
    calls = [Call("chart", "revenue", (), ("bridge",)), Call("table", "revenue", (), ("movements",))]
    again = [output for call in calls for output in outputs_of(workbook, call)]
    assert again == shown
    assert capsys.readouterr().out == ""  # nothing was displayed


def test_each_figure_can_be_saved_and_each_long_table(workbook):
    chart, table = Call("chart", "revenue", (), ("bridge",)), Call("table", "revenue", (), ("movements",))
    page = page_of(outputs_of(workbook, chart), chart, 3, PARAMETERS, workbook.text)
    assert re.findall(r'data-download="(\w+)"', page) == ["png", "svg", "csv"]
    assert 'data-cs-call="3"' in page
    assert 'data-name="helpdesk.revenue.bridge.2026Q3"' in page
    svg = file_of(workbook, chart, "svg", PARAMETERS)
    assert svg.name == "helpdesk.revenue.bridge.2026Q3.svg"
    assert b"<svg" in svg.content
    rows = file_of(workbook, chart, "csv", PARAMETERS)
    read = list(csv.DictReader(io.StringIO(rows.content.decode("utf-8-sig"))))
    bridge = workbook.analyse("revenue").tables["bridge"]
    assert len(read) == len(bridge)
    assert list(read[0]) == list(bridge.columns)
    assert file_of(workbook, table, "svg", PARAMETERS) is None


def test_a_drawing_is_a_picture_in_jupyterlab_and_can_be_saved_as_svg(workbook):
    call = Call("chart", "operations_map", (), ("operations",))
    page = page_of(outputs_of(workbook, call), call, 0, PARAMETERS, workbook.text)
    assert re.findall(r'data-download="(\w+)"', page) == ["svg", "csv"]
    assert "<svg" not in page
    source = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1]
    assert file_of(workbook, call, "svg", PARAMETERS).content == base64.b64decode(source)


def test_a_file_of_a_table_is_named_after_it():
    assert file_stem(Call("header", names=("revenue",)), PARAMETERS) == "helpdesk.revenue.2026Q3"
    assert file_stem(Call("summary.changed"), PARAMETERS) == "helpdesk.summary.changed.2026Q3"


@pytest.mark.parametrize("analysis", analyses.names())
def test_the_numbers_of_every_figure_can_be_saved(workbook, analysis):
    import importlib

    result = workbook.analyse(analysis)
    charts = importlib.import_module(f"cs_helpers.charts.{analysis}")
    drawn = [
        question
        for question in analyses.analysis(analysis).declares.questions
        if hasattr(charts, question) and len(result.tables.get(question, ()))
    ]
    for question in drawn:
        rows = file_of(workbook, Call("chart", analysis, (), (question,)), "csv", PARAMETERS)
        read = list(csv.reader(io.StringIO(rows.content.decode("utf-8-sig"))))
        assert len(read) == len(result.tables[question]) + 1, question

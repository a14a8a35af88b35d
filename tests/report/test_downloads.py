"""The whole of a table that a page cuts lies beside the report, and a spreadsheet can be trusted with it."""

from __future__ import annotations

import csv
import io
import math
import re
from datetime import date
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cs_helpers import outputs as outputs_module
from cs_helpers.charts.drawing import Drawing
from cs_helpers.contract.parameters import Parameters
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.downloads import files_of
from cs_helpers.report.export import export_page
from cs_helpers.report.gate import check_page
from cs_helpers.report.plan import Run
from cs_helpers.result import Result
from cs_helpers.tables.spreadsheet import spreadsheet
from cs_helpers.tables.theme import Listing
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def read(content: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))


@given(st.text() | st.from_regex(r"\A[ \t　]*[=+\-@＝＋－＠].*\Z"))
def test_no_text_that_is_read_back_begins_a_formula(text):
    ((heading,), (cell,)) = read(spreadsheet(pd.DataFrame({text: pd.Series([text], dtype="object")})))
    for shown in (heading, cell):
        assert shown == "" or shown[0] not in "=+-@＝＋－＠\t\r\n"
        assert shown == "" or shown.lstrip()[:1] not in tuple("=+-@＝＋－＠")
        assert shown in (text, f"'{text}")


@given(st.floats() | st.integers())
def test_a_number_stays_a_number(number):
    _, row = read(spreadsheet(pd.DataFrame({"n": pd.Series([number], dtype="object")})))
    cell = row[0] if row else ""
    if math.isnan(number):
        assert cell == ""
    elif math.isinf(number):
        assert cell in ("inf", "'-inf")
    else:
        assert NUMBER.fullmatch(cell)
        assert float(cell) == pytest.approx(number, abs=1e-4)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1 day", "@x", "\t=1", "\rx", "\n=1", "  =1", "＝1", "　－1", "\u200b=1", "\ufeff=1"],
)
def test_what_a_spreadsheet_would_calculate_is_text(text):
    assert read(spreadsheet(pd.DataFrame({"a": [text]})))[1] == [f"'{text}"]


def test_a_negative_number_and_a_date_are_plain():
    frame = pd.DataFrame(
        {"n": [-1234.5, 2.0], "day": [date(2026, 7, 31), pd.Timestamp("2026-08-01")], "none": [None, pd.NA]}
    )
    assert spreadsheet(frame) == '"n","day","none"\r\n-1234.5,"2026-07-31",""\r\n2,"2026-08-01",""\r\n'


def test_text_is_quoted_so_that_another_separator_opens_no_cell():
    assert spreadsheet(pd.DataFrame({"a": ["x;=1+1"]})) == '"a"\r\n"x;=1+1"\r\n'


def waiting(rows: int, name: str = "Company {}") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": [f"a{n}" for n in range(rows)],
            "name": [name.format(n) for n in range(rows)],
            "size": "small",
            "step": "first",
            "days": 10.25,
            "usual": 5.0,
            "expected_on": pd.NaT,
            "turn": "ours",
            "touched_on": pd.Timestamp("2026-09-03"),
            "reason": "timing",
            "mrr": [1_234_567.5 - n for n in range(rows)],
        }
    )


@pytest.fixture
def shown(monkeypatch):
    """The executed notebook of a workbook that shows a table of waiting customers."""

    def make(rows: int, language: str = "en", **options):
        displayed = []
        monkeypatch.setattr(
            outputs_module,
            "display",
            lambda data, metadata, raw: displayed.append(
                new_output("display_data", data=data, metadata=metadata or {})
            ),
        )
        quarter = Quarter(2026, 3)
        tables = {"waiting": waiting(rows, **options)}
        settings = {"currency": "JPY"}
        result = Result("journeys", "x", quarter, quarter.start, quarter.end, rows, tables, {}, (), settings)
        Workbook(SimpleNamespace(), SimpleNamespace(), quarter, "all", Text(language)).table(
            result, "waiting"
        )
        title = new_markdown_cell("# Title", metadata={"tags": [f"lang-{language}"]})
        notebook = new_notebook(cells=[title, new_code_cell("", outputs=displayed)])
        notebook.metadata["papermill"] = {"parameters": {"language": language}}
        return nbformat.reads(nbformat.writes(notebook), as_version=4)

    return make


@pytest.fixture
def page_of(tmp_path, sample_snapshot):
    """The page that the batch exports."""

    def make(notebook, language: str = "en"):
        parameters = {"product": "helpdesk", "quarter": "2026Q3", "language": language}
        run = Run(tmp_path / "40_journey_funnels.ipynb", Parameters.check(parameters))
        return export_page(notebook, run, sample_snapshot)

    return make


def test_all_rows_of_a_cut_table_are_in_a_file_named_after_report_and_table(shown):
    files = files_of(shown(57), "journey_funnels.en")
    assert list(files) == ["journey_funnels.en.waiting.csv"]
    content = files["journey_funnels.en.waiting.csv"]
    assert content.encode()[:3] == b"\xef\xbb\xbf"
    assert content.count("\r\n") == content.count("\n") == 58
    rows = read(content)
    assert (
        ",".join(rows[0])
        == "Company,Waiting for,Days,Usual,Expected,Turn,Our last touch,Reason told,MRR (JPY)"
    )
    assert ",".join(rows[1]) == "Company 0,first,10.2,5,,ours,2026-09-03,Not the right time,1234567.5"
    assert len(rows) == 58


def test_the_headings_and_words_are_those_of_the_page(shown):
    rows = read(files_of(shown(20, "ja"), "journey_funnels.ja")["journey_funnels.ja.waiting.csv"])
    assert rows[0][:2] == ["企業", "待っているステップ"]
    assert rows[1][5] == "当社"


def test_a_table_that_the_page_shows_whole_has_no_file(shown):
    assert files_of(shown(12), "journey_funnels.en") == {}


def test_a_hostile_name_is_text_in_the_file(shown):
    rows = read(files_of(shown(20, name='=HYPERLINK("x")'), "x")["x.waiting.csv"])
    assert rows[1][0] == '\'=HYPERLINK("x")'


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "All 57 rows as a spreadsheet (CSV)"), ("ja", "全57行をダウンロード（CSV）")],
)
def test_the_page_links_to_the_file_and_says_how_many_rows_it_shows(shown, page_of, language, words):
    page = page_of(shown(57, language), language)
    link = BeautifulSoup(page, "html.parser").find("a", download=True)
    assert (link["href"], link.text) == (f"journey_funnels.{language}.waiting.csv", words)
    assert "12" in re.search('<p class="more">(.*?)</p>', page)[1]
    assert page.count("Company 11<") == 1
    assert "Company 12" not in page  # the file's rows are not drawn into the page
    assert check_page(page) == []


def test_a_page_without_a_cut_table_links_to_no_file(shown, page_of):
    assert ".csv" not in page_of(shown(5))


def test_the_stock_export_has_no_dead_link(shown):
    from nbconvert.exporters import HTMLExporter

    from cs_helpers import paths

    template = paths.templates() / "executive" / "executive.html.j2"
    page, _ = HTMLExporter(template_file=str(template)).from_notebook_node(shown(57))
    assert "12 of 57 rows" in page
    assert ".csv" not in page


def test_a_table_whose_name_would_leave_the_folder_is_no_file(shown):
    notebook = shown(57)
    notebook.cells[1].outputs[0].metadata["cs_workbook"]["table"] = "../x"
    assert files_of(notebook, "x") == {}


def test_a_reason_that_a_chart_and_a_table_of_one_cell_share_is_said_once(page_of):
    def note(question, words):
        about = {"analysis": "baselines", "answers": question, "message": words}
        page = {"text/html": f'<p class="note">{words}</p>'}
        return new_output("display_data", data=page, metadata={"cs_workbook": about})

    first = [note("series", "No history."), note("departures", "No history."), note("series", "No spread.")]
    cells = [new_code_cell("", outputs=first), new_code_cell("", outputs=[note("cohorts", "No history.")])]
    page = page_of(new_notebook(cells=cells))
    assert page.count("No history.") == 2
    assert page.count("No spread.") == 1


def test_files_for_other_programs_are_offered_however_short_the_table_is(monkeypatch, page_of):
    def listing(result, text):
        rows = pd.DataFrame({"Company": ["Company 0"]})
        return Listing(
            "waiting", rows, frozenset(), rows, files={"tracker": pd.DataFrame({"Summary": ["=1", "x"]})}
        )

    displayed = []
    monkeypatch.setattr("cs_helpers.tables.journeys.waiting", listing)
    monkeypatch.setattr(
        outputs_module,
        "display",
        lambda data, metadata, raw: displayed.append(
            new_output("display_data", data=data, metadata=metadata or {})
        ),
    )
    quarter, text = Quarter(2026, 3), Text("en")
    text._sentences["journeys.waiting.tracker"] = "For the tracker: {rows} rows"
    result = Result(
        "journeys", "x", quarter, quarter.start, quarter.end, 1, {"waiting": waiting(1)}, {}, (), {}
    )
    Workbook(SimpleNamespace(), SimpleNamespace(), quarter, "all", text).table(result, "waiting")
    title = new_markdown_cell("# Title", metadata={"tags": ["lang-en"]})
    notebook = new_notebook(cells=[title, new_code_cell("", outputs=displayed)])
    files = files_of(notebook, "journey_funnels.en")
    assert list(files) == ["journey_funnels.en.waiting_tracker.csv"]
    assert read(files["journey_funnels.en.waiting_tracker.csv"]) == [["Summary"], ["'=1"], ["x"]]
    link = BeautifulSoup(page_of(notebook), "html.parser").find("a", download=True)
    assert (link["href"], link.text) == (
        "journey_funnels.en.waiting_tracker.csv",
        "For the tracker: 2 rows",
    )


@pytest.fixture
def figure_with_files(monkeypatch):
    """A notebook with one drawing that has these files."""

    def make(files, language="en"):
        displayed = []
        monkeypatch.setattr(
            outputs_module,
            "display",
            lambda data, metadata, raw: displayed.append(
                new_output("display_data", data=data, metadata=metadata or {})
            ),
        )
        svg = '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="An alt text"><text>Words</text></svg>'
        figure = Drawing({"wide": svg, "narrow": svg}, "A message", "An alt text", "A source", files=files)
        about = {
            "analysis": "project_score",
            "answers": "picture",
            "message": "A message",
            "source": "A source",
        }
        outputs_module.display_figure(figure, about)
        title = new_markdown_cell("# Title", metadata={"tags": [f"lang-{language}"]})
        notebook = new_notebook(cells=[title, new_code_cell("", outputs=displayed)])
        return nbformat.reads(nbformat.writes(notebook), as_version=4)

    return make


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_files_of_a_figure_lie_beside_the_page_and_their_links_stand_under_it(
    figure_with_files, page_of, language
):
    notebook = figure_with_files({"svg": "<svg/>", "mmd": "flowchart LR\n"}, language)
    assert files_of(notebook, "project_score.ja") == {
        "project_score.ja.picture.svg": "<svg/>",
        "project_score.ja.picture.mmd": "flowchart LR\n",
    }
    page = page_of(notebook, language)
    figure = BeautifulSoup(page, "html.parser").find("figure")
    text = Text(language)
    # `page_of` exports it as the report of the journeys
    assert [(a["href"], a.text) for a in figure.find_all("a", download=True)] == [
        (f"journey_funnels.{language}.picture.{ending}", text(f"page.figure_file.{ending}"))
        for ending in ("mmd", "svg")
    ]
    assert check_page(page) == []


def test_a_figure_without_files_has_no_links(figure_with_files, page_of):
    notebook = figure_with_files({})
    assert files_of(notebook, "x") == {}
    assert "download" not in str(BeautifulSoup(page_of(notebook), "html.parser").find("figure"))


def test_a_file_whose_ending_would_leave_the_folder_is_none(figure_with_files):
    assert files_of(figure_with_files({"/../../x": "x"}), "x") == {}

"""Without a person, the state in which the widgets open stands on the page as figures and tables, and no widget does."""

from __future__ import annotations

import re
from pathlib import Path

import papermill
import pytest
from nbconvert import HTMLExporter

from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot import Snapshot
from cs_helpers.workbook import Workbook

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "34_level_outlook.ipynb"  # it has the bar and sliders
TEMPLATE = ROOT / "templates" / "executive" / "executive.html.j2"
PARAMETERS = {"product": "paper_to_web", "quarter": "2026Q3"}
#: what a page says in place of a widget, or carries for one
WIDGET = re.compile(
    r"vnd\.jupyter\.widget|loading widget|error displaying widget|Dropdown\(|VBox\(|HBox\(|HTML\(value=|require(?:\.min)?\.js",
    re.I,
)


@pytest.fixture(scope="module")
def pages(home, tmp_path_factory):
    """The page of a batch, and that of stock papermill and stock nbconvert."""
    folder = tmp_path_factory.mktemp("static")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_HOME", str(home))
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
        batch = quarterly_report(
            Snapshot.open(), quarter="2026Q3", products=["paper_to_web"], notebooks=["level_outlook"], jobs=1, kernel="cold",
            audience="team", reports=str(folder / "reports"),
        )  # fmt: skip
        assert batch.failed == ()
        [page] = (folder / "reports").rglob("level_outlook.en.html")
        ran = folder / NOTEBOOK.name
        papermill.execute_notebook(NOTEBOOK, ran, PARAMETERS, cwd=folder, progress_bar=False)
        assert "vnd.jupyter.widget-view" in ran.read_text(
            encoding="utf-8"
        )  # else there is nothing to leave out
        stock, _ = HTMLExporter(template_file=str(TEMPLATE)).from_filename(str(ran))
        workbook = Workbook.open(**PARAMETERS)
    return {"batch": page.read_text(encoding="utf-8"), "stock": stock}, workbook.analyse("level_outlook")


@pytest.mark.parametrize("kind", ["batch", "stock"])
def test_a_page_holds_no_widget_and_the_figures_of_the_state_it_opens_with(pages, kind):
    (page, result) = pages[0][kind], pages[1]
    assert WIDGET.findall(page) == []
    figures = ("outlook", "mrr", "backtest", "what_if")
    assert len(re.findall(r'<img[^>]+src="data:image/png;base64,[^"]{1000}', page)) >= len(figures)
    customers = round(result.metrics["customers_ahead"].value)
    words = re.sub(r"<[^>]+>", " ", page)
    assert re.search(rf"Customers a year from now\s+{customers}\s", words)
    assert "Q3 2026" in words

"""The main job: runs, publishes, runs again only what changed, and survives what fails."""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path

import nbformat
import pytest
from links import assert_no_link_is_dead

from cs_helpers.report.gate import check_page
from cs_helpers.report.publish import report_store
from cs_helpers.report.quarterly import Batch, quarterly_report
from cs_helpers.snapshot import Snapshot

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("[0-9]*.ipynb"))
PRODUCT = "paper_to_web"
ONE = {"products": [PRODUCT], "notebooks": ["journey_funnels"]}
pytestmark = pytest.mark.usefixtures("one_zygote")


@pytest.fixture(scope="module")
def workbook(published, tmp_path_factory):
    """A home of its own with notebooks that may be changed, and a quarter published in English, then in Japanese."""
    folder = tmp_path_factory.mktemp("workbook")
    for name in ("notebooks", "reports", "data/names"):
        shutil.copytree(published / name, folder / name)
    for name in ("templates", "data/products", "data/snapshots"):
        (folder / name).symlink_to((published / name).resolve())
    return folder


def folder_of(batch):
    return batch.store.root / str(batch.quarter)


@pytest.fixture
def snapshot(workbook, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(workbook))
    monkeypatch.setenv("CS_WORKBOOK_NAMES", str(workbook / "data" / "names"))
    return Snapshot.open()


@pytest.fixture
def batch(workbook, snapshot):
    """What the batches that made the published quarter left behind."""
    return Batch(report_store(workbook / "reports"), snapshot.check_quarter("latest"))


def test_every_notebook_of_the_product_is_published(batch):
    found = sorted(p.relative_to(folder_of(batch)).as_posix() for p in folder_of(batch).rglob("*"))
    assert [name for name in found if not name.endswith((".csv", ".mmd", ".svg"))] == [
        "data.en.html",
        "data.ja.html",
        "index.en.html",
        "index.html",
        "index.ja.html",
        "metrics.json",
        "metrics.parquet",
        "operations-map.en.html",
        "operations-map.ja.html",
        PRODUCT,
        *sorted(f"{PRODUCT}/{f.stem[3:]}.{language}.html" for f in NOTEBOOKS for language in ("en", "ja")),
        "run.json",
    ]


def test_the_latest_complete_quarter_is_taken(batch):
    assert str(batch.quarter) == "2026Q3"


def test_the_pages_may_be_sent_to_an_executive(batch):
    for page in folder_of(batch).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert check_page(text) == []
        assert "Content-Security-Policy" in text
        language = page.stem.rpartition(".")[2]
        assert f'lang="{"ja" if language == "index" else language}"' in text
        assert "Traceback" not in text
        assert "cs_helpers" not in text


def test_the_landing_page_leads_to_every_report_and_says_what_the_summary_found(batch):
    landing = html.unescape((folder_of(batch) / "index.html").read_text(encoding="utf-8"))
    reports = batch.manifest().reports
    assert len(reports) == 2 * len(NOTEBOOKS)
    for file, report in reports.items():
        assert (f'href="{file}' in landing) == file.endswith(".ja.html")
        assert report.good.message or report.analysis == "executive_summary"
    summary = reports[f"{PRODUCT}/executive_summary.ja.html"].good
    parts = {part: [f for f in summary.findings if f["part"] == part] for part in ("changed", "decisions")}
    assert all(parts.values())
    for finding in (*parts["changed"], *parts["decisions"]):
        assert finding["sentence"] in landing
    for metric in summary.metrics.values():
        assert metric["label"] in landing
    assert 'href="data.ja.html"' in landing


def test_no_link_of_the_quarter_is_dead(batch):
    assert_no_link_is_dead(folder_of(batch).parents[1])


def test_what_did_not_change_is_not_run_again(batch, snapshot):
    again = quarterly_report(snapshot, products=[PRODUCT], language="ja", jobs=1)
    assert again.outcomes == ()
    assert again.unchanged == len(NOTEBOOKS)


def test_force_runs_it_again(batch, snapshot):
    again = quarterly_report(snapshot, **ONE, language="ja", force=True)
    assert [o.status for o in again.outcomes] == ["published"]


def test_a_report_that_was_tampered_with_is_made_again(batch, snapshot):
    page = folder_of(batch) / PRODUCT / "journey_funnels.ja.html"
    good = page.read_text(encoding="utf-8")
    page.write_text("gone", encoding="utf-8")
    again = quarterly_report(snapshot, **ONE, language="ja")
    assert [o.status for o in again.outcomes] == ["published"]
    assert page.read_text(encoding="utf-8") == good


def test_another_language_joins_the_first_on_the_landing_pages(batch):
    """Whichever was published first leads to the other, too."""
    for language, other in (("en", "ja"), ("ja", "en")):
        page = (folder_of(batch) / f"index.{language}.html").read_text(encoding="utf-8")
        assert f'href="index.{other}.html"' in page


def test_a_failed_notebook_keeps_its_last_good_report_and_says_so(batch, snapshot, workbook):
    file = workbook / "notebooks" / "40_journey_funnels.ipynb"
    source = file.read_text(encoding="utf-8")
    page = folder_of(batch) / PRODUCT / "journey_funnels.ja.html"
    good = page.read_text(encoding="utf-8")
    broken = nbformat.reads(source, as_version=4)
    next(cell for cell in broken.cells if cell.id == "header").source += "\n1 / 0"
    nbformat.write(broken, file)
    try:
        again = quarterly_report(snapshot, **ONE, language="ja")
    finally:
        file.write_text(source, encoding="utf-8")
    assert [o.status for o in again.outcomes] == ["failed"]
    assert [p.code for p in again.failed[0].problems] == ["error"]
    assert page.read_text(encoding="utf-8") == good
    landing = (folder_of(batch) / "index.html").read_text(encoding="utf-8")
    assert "今回は作成できませんでした" in landing
    assert "ZeroDivisionError" not in landing
    report = json.loads((folder_of(batch) / "run.json").read_text(encoding="utf-8"))["reports"]
    assert report[f"{PRODUCT}/journey_funnels.ja.html"]["good"]["status"] == "published"


def test_the_manifest_says_how_each_report_came_to_be(batch, snapshot):
    report = batch.manifest().reports[f"{PRODUCT}/maturity_distribution.ja.html"]
    assert report.parameters["quarter"] == "2026Q3"
    assert report.parameters["snapshot"] == snapshot.id == report.good.snapshot
    assert report.seconds > 0
    assert len(report.cells) > 5
    assert 0 < sum(c.seconds for c in report.cells) <= report.seconds
    share = report.good.metrics["maturity.upper_levels"]
    assert 0 < share["value"] < 1
    assert share["n"] > 0
    assert batch.manifest().versions["papermill"]


def test_long_tables_lie_beside_the_reports_and_are_linked(batch):
    report = batch.manifest().reports[f"{PRODUCT}/journey_waiting.ja.html"]
    page = (folder_of(batch) / PRODUCT / "journey_waiting.ja.html").read_text(encoding="utf-8")
    assert report.good.downloads
    for name in report.good.downloads:
        assert f'href="{name}"' in page
        content = (folder_of(batch) / PRODUCT / name).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\r\n") > 13


def test_the_summary_holds_what_was_published_of_the_quarter_before_against_todays_data(
    batch, snapshot, tmp_path
):
    one = {"products": ["helpdesk"], "notebooks": ["executive_summary"], "reports": tmp_path}
    before = quarterly_report(snapshot, quarter="2026Q2", **one)
    assert before.failed == ()
    now = quarterly_report(snapshot, quarter="2026Q3", **one)
    file = tmp_path / "2026Q3" / "helpdesk" / "executive_summary.en.html"
    names = list(before.manifest().reports["helpdesk/executive_summary.en.html"].good.metrics)
    assert f"All {len(names)} headline numbers published for Q2 2026 come out the same" in html.unescape(
        file.read_text("utf-8")
    )
    # what was due before is not new
    published = before.manifest().reports["helpdesk/executive_summary.en.html"].good.findings
    again = {f["key"] for f in published if f["part"] != "unknown"}
    due = now.manifest().reports["helpdesk/executive_summary.en.html"].good.findings
    both = [f for f in due if f.get("key") in again]
    assert both
    assert html.unescape(file.read_text("utf-8")).count("also in last quarter's summary") == len(both)
    # what was published then is another number: the summary is due again, and says so
    run = tmp_path / "2026Q2" / "run.json"
    content = json.loads(run.read_text("utf-8"))
    content["reports"]["helpdesk/executive_summary.en.html"]["good"]["metrics"]["revenue.customers"][
        "value"
    ] = 99
    run.write_text(json.dumps(content), "utf-8")
    again = quarterly_report(snapshot, quarter="2026Q3", **one)
    assert list(again.reasons.values()) == ["changed: published_before"]
    assert "Customers: 99 as published, 56 today" in html.unescape(file.read_text("utf-8"))
    assert now.failed == again.failed == ()

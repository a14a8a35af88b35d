"""Pages of all kinds, made once, and a browser that reads them."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from hostile import HOSTILE, SCRIPT
from playwright.sync_api import sync_playwright
from servers import missing

from cs_helpers.contract.parameters import LANGUAGES, Parameters
from cs_helpers.report.data_check import data_check_page
from cs_helpers.report.failed import failed_page
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot.take import check_tables, take_snapshot

ROOT = Path(__file__).resolve().parents[2]


class Pages(NamedTuple):
    """Folders of pages: the team's of hostile data, and leadership's of the sample in both languages."""

    hostile: Path
    leadership: Path

    def all(self) -> list[Path]:
        """Every page: reports, landing pages, a failed report's, that of `cs-workbook check`."""
        return [page for folder in self for page in sorted(folder.rglob("*.html"))]


def _home(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    for name in ("notebooks", "templates", "data/products"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def _make_hostile(folder: Path, sample_folder: Path) -> None:
    """A quarter of one product whose notes, customers' names and broken rows hold script and markup."""
    shutil.copytree(sample_folder, folder / "sample")
    notes = pd.read_csv(folder / "sample" / "notes.csv")
    turns = [" ".join(HOSTILE[i:] + HOSTILE[:i]) for i in range(len(HOSTILE))]  # each of them comes first
    notes["text"] = [turns[i % len(turns)] for i in range(len(notes))]
    notes.to_csv(folder / "sample" / "notes.csv", index=False)
    accounts = pd.read_csv(folder / "sample" / "accounts.csv")
    accounts["name"] = SCRIPT + accounts["account_id"]
    broken = accounts.tail(1).assign(account_id="a-broken", size=SCRIPT)  # an example on the landing page
    pd.concat([accounts, broken]).to_csv(folder / "sample" / "accounts.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_HOME", str(_home(folder / "home")))
        snapshot = take_snapshot(folder / "sample" / "sources.yml")
        batch = quarterly_report(snapshot, quarter="2026Q3", products=["helpdesk"], jobs=2, audience="team")
        checked = check_tables(folder / "sample" / "sources.yml")
    assert batch.failed == ()
    for language in LANGUAGES:
        page = data_check_page(folder / "sample" / "sources.yml", checked, language)
        file = folder / "home" / "reports" / "team" / "2026Q3" / f"check.{language}.html"
        file.write_text(page, encoding="utf-8")


def _make_leadership(folder: Path, published: Path) -> None:
    """The published quarter, and a page that says why a report failed."""
    quarter = folder / "2026Q3"
    shutil.copytree(published / "reports" / "2026Q3", quarter)
    problems = [Problem("missing_figure", "funnel"), Problem("error", "ZeroDivisionError")]
    for language in LANGUAGES:
        parameters = {"product": "paper_to_web", "quarter": "2026Q3", "language": language}
        page = failed_page(
            Run(Path("40_journey_funnels.ipynb"), Parameters.check(parameters)), problems, title="Journey",
            product_name="Mail to Web", last_good=date(2026, 10, 1),
        )  # fmt: skip
        file = quarter / "paper_to_web" / f"journey_funnels.{language}.failed.html"
        file.write_text(page, encoding="utf-8")


@pytest.fixture(scope="session")
def pages(made_once, sample_folder, published) -> Pages:
    """The pages that the tests of this folder read."""
    hostile = made_once("hostile-pages", lambda folder: _make_hostile(folder, sample_folder))
    leadership = made_once("leadership-pages", lambda folder: _make_leadership(folder, published))
    return Pages(hostile / "home" / "reports" / "team" / "2026Q3", leadership / "2026Q3")


@pytest.fixture(scope="module")
def browser(pages):
    """Chromium, started once for a module and only after the pages are made: it keeps an event loop running."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not chromium:
        missing("Chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])


@pytest.fixture(scope="module")
def tab(browser):
    """A page of the browser that tests visit files with."""
    return browser.new_page()

"""JupyterLab, started once for all tests of this folder, and a browser."""

from __future__ import annotations

import shutil

import pytest
from jupyter import Lab, copy_home, started_lab
from playwright.sync_api import expect, sync_playwright
from servers import missing

from cs_helpers import shared_results

expect.set_options(timeout=30_000)  # a busy machine is no reason to fail


@pytest.fixture(scope="session")
def lab_home(home, tmp_path_factory):
    """A home whose notebooks the tests may write to."""
    return copy_home(tmp_path_factory.mktemp("lab") / "home", home)


@pytest.fixture(scope="session")
def server(lab_home, tmp_path_factory):
    """JupyterLab on the notebooks of `lab_home`; its kernels share results as the runs of a batch do."""
    results = tmp_path_factory.mktemp("results")
    with started_lab(
        lab_home, tmp_path_factory.mktemp("server"), **{shared_results.VARIABLE: str(results)}
    ) as started:
        yield started


@pytest.fixture(scope="session")
def browser():
    """Chromium, started once."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not chromium:
        missing("Chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])


@pytest.fixture
def lab(browser, server, request):
    """A tab with JupyterLab; in the end its console must have said no error."""
    name = request.node.name.removeprefix("test_").split("[")[0]
    # each begins as a person who has chosen nothing yet
    shutil.rmtree(server.log.parent / "jupyter_data_dir" / "cs-workbook", ignore_errors=True)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = Lab(context.new_page(), server, name)
    yield opened
    opened.screenshot("end")
    context.close()
    assert opened.said == []

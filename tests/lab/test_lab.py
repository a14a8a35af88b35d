"""An analyst's session in JupyterLab, as a real browser sees it."""

from __future__ import annotations

import os
import signal

import pytest
from jupyter import ROOT, started_lab
from playwright.sync_api import expect

NOTEBOOKS = sorted(file.name for file in (ROOT / "notebooks").glob("[0-9]*.ipynb"))


def test_jupyterlab_opens_on_the_welcome_notebook_which_leads_to_the_others(lab):
    lab.page.goto(f"{lab.server.url}/?token={lab.server.token}")
    lab.wait_for_kernel()
    assert lab.page.url.endswith("/lab/tree/welcome.ipynb")
    lab.run_all()
    assert lab.errors() == []
    shown = lab.cell("snapshot")
    expect(shown).to_contain_text("2026-09-30-")
    expect(shown.locator("tbody tr")).to_have_text(
        ["Expense DeskQ2 2024 – Q3 202695", "Help DeskQ2 2024 – Q3 202656", "Mail to WebQ2 2024 – Q3 2026132"]
    )
    lab.page.evaluate("() => globalThis.jupyterapp.shell.currentWidget.content.scrollToItem(0)")
    lab.screenshot(height=2600)
    lab.page.get_by_role("link", name="Outlook: where will the customers stand in a year?").click()
    expect(lab.page.get_by_role("tab", name="34_level_outlook.ipynb")).to_have_attribute(
        "aria-selected", "true"
    )
    lab.wait_for_kernel()


def test_a_slider_changes_what_stands_below_it(lab):
    lab.open("34_level_outlook.ipynb").run_all()
    cell = lab.cell("explore")
    answer = cell.locator(".widget-html-content").first
    expect(answer).to_contain_text("10% more of")
    lab.screenshot("before")
    slider = lab.slider(cell)
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    expect(answer).not_to_contain_text("10% more of")
    expect(answer).to_contain_text("more customers above it")


def test_an_award_is_designed_by_sliders(lab):
    lab.open("88_recognition.ipynb").run_all()
    cell = lab.cell("design")
    answer = cell.locator(".widget-html-content").first
    before = answer.inner_text()
    slider = lab.slider(cell)
    slider.focus()
    slider.press("ArrowRight")
    expect(answer).not_to_have_text(before, use_inner_text=True)


def test_who_ends_the_command_ends_jupyterlab(lab_home, tmp_path):
    with started_lab(lab_home, tmp_path) as server:
        os.kill(server.process.pid, signal.SIGTERM)
        server.process.wait(20)
        with pytest.raises(OSError, match="refused"):
            server.get("/api/status")


@pytest.mark.thorough
def test_every_notebook_runs_without_an_error(lab):
    for name in NOTEBOOKS:
        lab.open(name)
        lab.run_all()
        assert lab.errors() == [], name
        assert lab.said == [], name
        lab.screenshot(name.removesuffix(".ipynb"), height=5000)
        lab.shut_down()

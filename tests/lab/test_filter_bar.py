"""The filter bar in a real JupyterLab: pictures, prose and files follow it."""

from __future__ import annotations

import csv
import hashlib
import io
import time

import yaml
from jupyter import PATIENCE
from playwright.sync_api import expect


def settled(lab):
    """Waits until all outputs show what is chosen."""
    lab.page.wait_for_function(
        "() => document.querySelector('[data-cs-call]') && !document.querySelector('.cs-stale')"
    )


def picture(lab, cell_id):
    """The first figure of a cell, as a short text that differs where the picture does."""
    source = lab.cell(cell_id).locator("[data-cs-call] img").first.get_attribute("src")
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def new_picture(lab, cell_id, before):
    """The first figure of a cell once it is none of `before`."""
    deadline = time.monotonic() + PATIENCE
    while (now := picture(lab, cell_id)) in before:
        assert time.monotonic() < deadline, "the picture did not change"
        time.sleep(0.1)
    return now


def saved(lab, cell_id, kind):
    """The file that a button of a cell's figure saves."""
    cell = lab.cell(cell_id)
    with lab.page.expect_download() as waiting:
        cell.locator(f'[data-cs-call]:has(img) [data-download="{kind}"]').first.click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def test_what_the_notebook_shows_follows_the_filter_bar(lab):
    lab.open("50_revenue.ipynb").run_all()
    settled(lab)
    first = picture(lab, "bridge")
    lab.choose("Product", "Help Desk")
    of_product = new_picture(lab, "bridge", [first])
    lab.choose("Size", "Small")
    new_picture(lab, "bridge", [first, of_product])
    expect(lab.cell("header")).to_contain_text("Size: Small", timeout=PATIENCE * 1000)
    lab.screenshot("small")
    lab.page.get_by_role("button", name="As opened").click()
    deadline = time.monotonic() + PATIENCE
    while picture(lab, "bridge") != first:
        assert time.monotonic() < deadline


def test_prose_of_the_other_language_folds_away(lab):
    lab.open("50_revenue.ipynb").run_all()
    settled(lab)
    expect(lab.page.get_by_role("heading", name="Revenue", exact=False).first).to_be_visible()
    expect(lab.cell("title-ja")).to_be_hidden()
    lab.choose("Language", "日本語")
    expect(lab.cell("title-en")).to_be_hidden()
    expect(lab.cell("title-ja")).to_be_visible()
    expect(lab.cell("header")).to_contain_text("四半期", timeout=PATIENCE * 1000)
    lab.screenshot("japanese")


def test_a_figure_and_its_numbers_can_be_saved(lab):
    lab.open("50_revenue.ipynb").run_all()
    settled(lab)
    name, png = saved(lab, "bridge", "png")
    assert (name, png[:8]) == ("expense_desk.revenue.bridge.2026Q3.png", b"\x89PNG\r\n\x1a\n")
    name, svg = saved(lab, "bridge", "svg")
    assert name == "expense_desk.revenue.bridge.2026Q3.svg"
    assert b"<svg" in svg[:400]
    name, numbers = saved(lab, "bridge", "csv")
    assert name == "expense_desk.revenue.bridge.2026Q3.csv"
    rows = list(csv.reader(io.StringIO(numbers.decode("utf-8-sig"))))
    assert len(rows) > 3
    assert len({len(row) for row in rows}) == 1


def test_slow_work_shows_how_far_it_is_and_can_be_stopped(lab):
    lab.open("60_operations_map.ipynb").run_all()
    settled(lab)
    lab.choose("Product", "Mail to Web")
    lab.choose("Industry", "Retail")
    stop = lab.page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    stop.click()
    expect(stop).to_be_hidden()
    expect(lab.page.get_by_text("those in grey do not")).to_be_visible()
    lab.screenshot("stopped")
    lab.choose("Industry", "All")
    expect(lab.cell("header")).to_contain_text("Mail to Web", timeout=PATIENCE * 1000)
    expect(lab.cell("header")).not_to_contain_text("Industry")


def test_a_point_of_a_figure_leads_to_its_customers_by_mouse_and_by_keyboard(lab):
    lab.open("50_revenue.ipynb").run_all()
    settled(lab)
    lab.cell("bridge").locator("[data-point]").first.click()
    behind = lab.cell("bridge").locator(".cs-behind")
    expect(behind.locator("table")).to_be_visible(timeout=PATIENCE * 1000)
    expect(lab.cell("bridge").locator("[data-point]").first).to_have_attribute("aria-pressed", "true")
    lab.screenshot("customers")
    pressed = lab.page.evaluate("() => document.activeElement.dataset.point")
    assert pressed == lab.cell("bridge").locator("[data-point]").first.get_attribute("data-point")
    lab.page.keyboard.press("Enter")  # once more: they fold away
    expect(behind).to_be_hidden(timeout=PATIENCE * 1000)


def test_what_is_shown_becomes_a_report(lab, lab_home):
    lab.open("50_revenue.ipynb").run_all()
    settled(lab)
    lab.choose("Size", "Small")
    lab.page.get_by_role("button", name="Make this a report").click()
    lab.page.get_by_label("Title").fill("Small customers")
    lab.page.get_by_label("Title").press("Tab")
    lab.page.locator(".cs-save").get_by_role("button", name="Save", exact=True).click()
    said = lab.page.locator(".cs-save").get_by_text("make quarterly-report SAVED=small-customers")
    expect(said).to_be_visible(timeout=PATIENCE * 1000)
    lab.screenshot("saved")
    saved = yaml.safe_load((lab_home / "data" / "saved" / "small-customers.yml").read_text(encoding="utf-8"))
    assert (saved["notebook"], saved["segment"], saved["audience"]) == ("revenue", "size:small", "team")

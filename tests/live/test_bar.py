"""The filter bar: a control for each parameter, what may be chosen next, and what becomes a report."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from test_page import Asked

from cs_helpers.contract.parameters import DIMENSIONS, Parameters
from cs_helpers.live import bar as bars
from cs_helpers.live import last_choice
from cs_helpers.live import page as pages
from cs_helpers.live.bar import FIXED, FilterBar
from cs_helpers.saved_reports import load_saved_report
from cs_helpers.workbook import Workbook


@pytest.fixture(autouse=True)
def alone(home, monkeypatch, tmp_path):
    """A home in which reports may be saved, no processes, and no one's last choice."""
    own = tmp_path / "home"
    (own / "data").mkdir(parents=True)
    (own / "data" / "snapshots").symlink_to((home / "data" / "snapshots").resolve())
    shutil.copytree(home / "notebooks", own / "notebooks")
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(own))
    monkeypatch.setattr(last_choice, "jupyter_data_dir", lambda: str(tmp_path / "jupyter"))
    monkeypatch.setattr(pages, "Worker", Asked)
    monkeypatch.setattr(pages, "replace_output", lambda where, html: None)
    Asked.made = []
    return own


def opened(**more):
    workbook = Workbook.open(**{"product": "helpdesk", "quarter": "2026Q3", **more})
    bar = FilterBar(
        workbook, workbook.parameters, lambda chosen: Workbook.open(**chosen.model_dump()), is_free=True
    )
    workbook.__dict__["_page"] = bar.page
    return workbook, bar


def test_each_parameter_has_a_control_or_is_fixed():
    _, bar = opened()
    assert set(bar.controls) == {*Parameters.model_fields, *DIMENSIONS} - {"segment"} - FIXED
    for name, control in bar.controls.items():
        assert control.description, name
        assert len(control.options) > 1, name


def test_leadership_is_offered_no_csm_and_saves_nothing(monkeypatch):
    shown = []
    monkeypatch.setattr(bars, "display", shown.append)
    _, bar = opened(audience="leadership")
    assert "csm" not in bar.controls
    bar.show()
    assert bar.report is None
    assert not any("cs-save" in getattr(child, "_dom_classes", ()) for child in shown[0].children)
    _, bar = opened()
    bar.show()
    assert bar.report.widget in shown[1].children


def test_a_choice_becomes_the_parameters_of_the_page():
    _, bar = opened()
    bar.controls["size"].value = "small"
    bar.controls["csm"].value = "csm-03"
    assert bar.parameters.segment == "size:small;csm:csm-03"
    bar.controls["size"].value = ""
    assert bar.parameters.segment == "csm:csm-03"
    bar.controls["quarter"].value = "2026Q1"
    assert (bar.parameters.quarter, bar.parameters.segment) == ("2026Q1", "csm:csm-03")
    bar.reset.click()
    assert (bar.parameters.quarter, bar.parameters.segment) == ("2026Q3", "all")
    assert bar.controls["csm"].value == ""


def test_another_product_drops_a_segment_that_it_does_not_have():
    _, bar = opened()
    bar.controls["csm"].value = "csm-03"
    bar.controls["size"].value = "small"
    kept = {value for _, value in bar.controls["csm"].options}
    bar.controls["product"].value = "paper_to_web"
    there = {value for _, value in bar.controls["csm"].options}
    expected = "size:small;csm:csm-03" if "csm-03" in kept & there else "size:small"
    assert bar.parameters.segment == expected


def test_the_bar_speaks_the_language_that_is_chosen():
    _, bar = opened()
    bar.controls["language"].value = "ja"
    assert bar.link.language == "ja"
    assert bar.controls["product"].description == "製品"
    assert dict(bar.controls["product"].options)["ヘルプデスク"] == "helpdesk"
    assert bar.report.open.description == "レポートにする"


def test_what_may_be_chosen_next_begins_with_what_was_changed_last_and_its_nearest_values():
    _, bar = opened()
    bar.controls["quarter"].value = "2026Q1"
    nearest = [parameters.quarter for parameters in bar._neighbours()][:2]
    assert set(nearest) == {"2025Q4", "2026Q2"}
    changed = [
        sum(
            a != b for a, b in zip(p.model_dump().values(), bar.parameters.model_dump().values(), strict=True)
        )
        for p in bar._neighbours()
    ]
    assert set(changed) == {1}


def test_the_next_notebook_opens_on_what_was_chosen_last():
    _, bar = opened()
    bar.controls["product"].value = "paper_to_web"
    bar.controls["language"].value = "ja"
    _, following = opened()
    following._on_browser("ready", {})
    assert (following.parameters.product, following.parameters.language) == ("paper_to_web", "ja")
    assert following.controls["product"].value == "paper_to_web"
    file = last_choice._file()
    for broken in ("", "[]", '{"x": 1', json.dumps({str(alone): 3})):
        file.write_text(broken)
        _, first = opened()
        first._on_browser("ready", {})
        assert first.parameters.product == "helpdesk"


def test_what_the_notebook_shows_becomes_a_report(alone):
    workbook, bar = opened()
    result = workbook.analyse("journeys", window_days=30)
    workbook.chart(result, "funnel")
    bar.controls["size"].value = "small"
    bar.report.open.click()
    bar.report.save.click()
    assert "title" in bar.report.said.value
    bar.report.title.value = "Small customers: 30 days"
    bar.report.save.click()
    (file,) = (alone / "data" / "saved").glob("*.yml")
    assert file.name in bar.report.said.value
    saved = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert saved["segment"] == "size:small"
    assert saved["quarter"] == "latest"
    assert saved["options"]["journeys"] == {"window_days": 30}
    assert load_saved_report(file).notebook == "journey_funnels"


def test_a_report_of_an_earlier_quarter_stays_one_of_it(alone):
    workbook, bar = opened()
    workbook.chart(workbook.analyse("revenue"), "bridge")
    bar.controls["quarter"].value = "2026Q1"
    bar.report.title.value = "一年前"
    bar.report.save.click()
    (file,) = (alone / "data" / "saved").glob("*.yml")
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["quarter"] == "2026Q1"

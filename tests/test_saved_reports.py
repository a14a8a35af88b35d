"""What a notebook shows becomes a file that the batch runs; nothing that was saved is lost."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import yaml

from cs_helpers.contract.products import ExclusionRule
from cs_helpers.contract.saved_report import load_saved_report, load_saved_reports
from cs_helpers.errors import ParameterError, SettingError
from cs_helpers.saved_reports import analyses_shown, name_of, save, save_report, this_notebook

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
ONE = {"notebook": "journey_funnels", "product": "helpdesk"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(tmp_path))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    (tmp_path / "notebooks").symlink_to(NOTEBOOKS)
    return tmp_path / "data" / "saved"


def test_what_was_saved_is_read_again_as_it_was(folder):
    options = {
        "journeys": {"exclusions": [ExclusionRule(event="cancel", after="a", before="b")], "window_days": 30}
    }
    file = save(
        "小規模", {"ja": "小規模のお客さま"}, languages=["ja"], segment="size:small", options=options, **ONE
    )
    assert file == folder / "小規模.yml"
    report = load_saved_report(file)
    assert report.title == {"ja": "小規模のお客さま"}
    assert (report.segment, report.audience, report.quarter) == ("size:small", "team", "latest")
    rule = {"event": "cancel", "after": "a", "before": "b", "effect": "drop_unit"}
    assert report.options == {"journeys": {"exclusions": [rule], "window_days": 30}}
    assert "小規模のお客さま" in file.read_text(encoding="utf-8")
    assert report.parameters("2026Q3", "ja").analysis_options == report.options


def test_a_name_that_a_file_system_took_apart_is_the_same_name(folder):
    folder.mkdir(parents=True)
    file = save("がいよう", "x", **ONE)
    apart = folder / "か\u3099いよう.yml"
    shutil.move(file, apart)
    assert list(load_saved_reports(folder)) == ["がいよう"]


def test_another_report_is_never_written_over_without_being_told(folder):
    file = save("mine", "Mine", **ONE)
    before = file.read_bytes()
    assert save("mine", "Mine", **ONE) == file
    with pytest.raises(SettingError, match="another report is saved under this name"):
        save("mine", "Another", **ONE)
    assert file.read_bytes() == before
    save("mine", "Another", replace=True, **ONE)
    assert load_saved_report(file).title == {"en": "Another"}


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", "a b", "x" * 41, ".hidden", "-x", "<b>"])
def test_a_name_that_no_file_or_address_can_have_is_refused(name, folder):
    with pytest.raises(ParameterError, match="cannot have this name"):
        save(name, "x", **ONE)
    assert not folder.exists()


def test_what_the_batch_could_not_run_is_not_saved(folder):
    for wrong in ({"segment": "country:jp"}, {"languages": ["fr"]}, {"audience": "all"}, {"product": "A/B"}):
        with pytest.raises(SettingError):
            save("x", "x", **{**ONE, **wrong})
    assert not folder.exists()


def test_a_report_gets_a_name_of_its_title_and_the_next_free_one(folder):
    parameters = {
        "product": "helpdesk", "quarter": "2026Q3", "language": "en", "segment": "size:small", "audience": "team",
        "snapshot": "2026-09-30-0123456789ab", "options": "none",
    }  # fmt: skip
    options = {"journeys": {"window_days": 30}}
    first = save_report(parameters, options, "Small customers: 30 days!")
    assert first.name == "small-customers-30-days.yml"
    assert save_report(parameters, options, "Small customers: 30 days!") == first
    other = save_report(parameters, {"journeys": {"window_days": 60}}, "Small customers: 30 days!")
    assert other.name == "small-customers-30-days-2.yml"
    content = yaml.safe_load(first.read_text(encoding="utf-8"))
    assert content == {
        "title": {"en": "Small customers: 30 days!"}, "notebook": "journey_funnels", "product": "helpdesk",
        "quarter": "2026Q3", "languages": ["en"], "segment": "size:small", "audience": "team", "options": options,
    }  # fmt: skip


def test_two_analysts_who_save_at_once_both_keep_their_report(folder):
    def one(days):
        about = {"product": "helpdesk", "language": "en"}
        return save_report(about, {"journeys": {"window_days": days}}, "Same title")

    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(one, range(1, 9)))
    assert len(set(files)) == 8
    saved = load_saved_reports(folder).values()
    assert sorted(s.options["journeys"]["window_days"] for s in saved) == list(range(1, 9))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Small customers, 30 days", "small-customers-30-days"),
        ("小規模のお客さま・３０日", "小規模のお客さま-30日"),
        ("!!!", "report"),
        ("a" * 80, "a" * 40),
    ],
)
def test_names_of_titles(title, name):
    assert name_of(title) == name


def test_the_notebook_is_the_one_that_jupyterlab_tells_of(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/notebooks/45_journey_waiting.ipynb")
    assert this_notebook("journeys") == "journey_waiting"
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/Untitled.ipynb")
    assert this_notebook("journeys") == "journey_funnels"  # the first that shows it
    with pytest.raises(ParameterError, match="cannot be told which notebook"):
        this_notebook()


def test_the_analyses_of_a_notebook_are_those_that_its_code_asks_for():
    assert analyses_shown(NOTEBOOKS / "40_journey_funnels.ipynb") == {"journeys"}
    assert analyses_shown(NOTEBOOKS / "90_executive_summary.ipynb") == set()


def test_a_day_is_saved_as_it_is_asked_for_again(folder):
    moves = (date(2026, 4, 6), date(2026, 7, 6))
    file = save("x", "x", options={"project_score": {"between": moves}}, **ONE)
    assert load_saved_report(file).options == {"project_score": {"between": ["2026-04-06", "2026-07-06"]}}


@pytest.mark.parametrize("page", ["saved-reports.md", "ja/saved-reports.md"])
def test_what_the_guide_writes_can_stand_in_a_file(page, folder):
    text = (NOTEBOOKS.parent / "docs" / page).read_text(encoding="utf-8")
    folder.mkdir(parents=True)
    (folder / "x.yml").write_text(text.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    [report] = load_saved_reports(folder).values()
    assert set(report.options) <= analyses_shown(NOTEBOOKS / f"40_{report.notebook}.ipynb")

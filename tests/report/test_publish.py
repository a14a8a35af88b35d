"""Readers see the old quarter or the new one, never half of one."""

from __future__ import annotations

import json

import pytest

from cs_helpers.report import publish as publishing
from cs_helpers.report.publish import entries, publish, recover


@pytest.fixture
def quarter(tmp_path):
    folder = tmp_path / "2026Q3"
    publish(
        folder,
        {"a/one.en.html": "old one", "index.html": "old"},
        {"a/one.en.html": {"x": 1}},
        {"quarter": "2026Q3"},
    )
    return folder


def test_pages_and_manifest_are_there(quarter):
    assert (quarter / "a" / "one.en.html").read_text() == "old one"
    assert entries(quarter) == {"a/one.en.html": {"x": 1}}
    assert json.loads((quarter / "run.json").read_text())["quarter"] == "2026Q3"


def test_files_that_are_not_replaced_stay(quarter):
    publish(quarter, {"b/two.en.html": "new"}, {}, {})
    assert (quarter / "a" / "one.en.html").read_text() == "old one"
    assert (quarter / "b" / "two.en.html").read_text() == "new"


def test_nothing_but_the_quarter_is_left_beside_it(quarter):
    publish(quarter, {"index.html": "new"}, {}, {})
    assert [p.name for p in quarter.parent.iterdir()] == ["2026Q3"]


def test_a_failure_while_writing_leaves_the_old_quarter(quarter, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing.shutil, "copytree", full)
    with pytest.raises(OSError, match="No space"):
        publish(quarter, {"index.html": "new"}, {}, {})
    assert (quarter / "index.html").read_text() == "old"
    assert [p.name for p in quarter.parent.iterdir()] == ["2026Q3"]


def test_a_publication_cut_off_between_its_renames_is_put_right(quarter):
    quarter.rename(quarter.with_name(".retired-2026Q3"))
    quarter.with_name(".publishing-2026Q3-x").mkdir()
    recover(quarter)
    assert (quarter / "index.html").read_text() == "old"
    assert [p.name for p in quarter.parent.iterdir()] == ["2026Q3"]


def test_a_quarter_without_manifest_has_no_entries(tmp_path):
    assert entries(tmp_path) == {}

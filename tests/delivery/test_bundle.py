"""The bundle: one edition of one quarter, in which every link leads to a file."""

from __future__ import annotations

import io
import posixpath
import zipfile

import pytest
from bs4 import BeautifulSoup
from fsspec.implementations.memory import MemoryFileSystem

from cs_helpers.delivery.bundle import bundle
from cs_helpers.delivery.edition import open_edition
from cs_helpers.errors import ReportError

from .conftest import publish


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def links(files):
    """(page, href) of each link in the bundle."""
    return [
        (name, tag["href"])
        for name, content in files.items()
        if name.endswith(".html")
        for tag in BeautifulSoup(content, "html.parser").find_all(["a", "link", "area"], href=True)
    ]


def test_every_link_leads_to_a_file_of_the_bundle(reports):
    files = unzipped(bundle(open_edition(reports=reports), "ja"))
    found = links(files)
    dead = [
        (name, href)
        for name, href in found
        if href.partition("#")[0]
        and posixpath.normpath(posixpath.join(posixpath.dirname(name), href.partition("#")[0])) not in files
    ]
    assert dead == []
    assert ("helpdesk/journey.ja.html", "journey.ja.waiting.csv") in found
    assert ("index.ja.html", "helpdesk/interviews.ja.failed.html") in found


def test_it_holds_all_pages_and_downloads_of_the_quarter_and_nothing_else(reports):
    files = unzipped(bundle(open_edition(reports=reports), "en"))
    pages = {
        f"{p}/{n}.{c}.html"
        for p in ("expense_desk", "helpdesk")
        for n in ("journey", "maturity")
        for c in ("en", "ja")
    }
    rows = {f"{p}/journey.{c}.waiting.csv" for p in ("expense_desk", "helpdesk") for c in ("en", "ja")}
    failed = {f"helpdesk/interviews.{c}.failed.html" for c in ("en", "ja")}
    assert set(files) == {*pages, *rows, *failed, "index.html", "index.en.html", "index.ja.html"}


def test_what_a_page_leads_to_comes_with_it_but_run_json_and_hidden_files_stay(tmp_path):
    store = publish(tmp_path, languages=("en",))
    top = (
        '<html lang="en"><a href="data.en.html">data</a><a href="./run.json">run</a><a href=".hidden">x</a>'
        '<a href="helpdesk/../../2026Q3/run.json">run</a><a href="/etc/passwd">x</a><a href="//host/x">x</a></html>'
    )
    files = {
        "index.en.html": top,
        "data.en.html": '<a href="rows%20of%20all.csv">rows</a>',
        "rows of all.csv": "a",
        ".hidden": "b",
    }
    store.publish("2026Q3", {n: c.encode() for n, c in files.items()}, [], store.manifest("2026Q3"))
    found = unzipped(bundle(open_edition(reports=tmp_path), "en"))
    assert {"data.en.html", "rows of all.csv"} <= set(found)
    assert not {
        name
        for name in found
        if "run.json" in name or "hidden" in name or ".." in name or name.startswith("/")
    }
    assert [
        tag["href"] for tag in BeautifulSoup(found["index.html"], "html.parser").find_all("a", href=True)
    ] == ["data.en.html"]


def test_a_link_that_leads_out_of_the_quarter_becomes_text(reports):
    files = unzipped(bundle(open_edition(reports=reports), "en"))
    top = BeautifulSoup(files["index.html"], "html.parser")
    assert [str(tag) for tag in top.find_all("a", href=False)] == [
        '<a class="old">2026Q2</a>', "<a>run</a>", "<a>team</a>",
    ]  # fmt: skip


def test_pages_whose_links_all_stay_are_not_touched(tmp_path):
    store = publish(tmp_path)
    plain = b'<!DOCTYPE html>\r\n<p>\xe6\x97\xa5<a  HREF=index.en.html>x</a><a href="?q">y</a>'
    store.publish("2026Q3", {"index.en.html": plain}, [], store.manifest("2026Q3"))
    assert unzipped(bundle(open_edition(reports=tmp_path), "en"))["index.en.html"] == plain


def test_index_html_is_in_the_language_asked_for(reports):
    edition = open_edition(reports=reports)
    for language in ("en", "ja"):
        files = unzipped(bundle(edition, language))
        assert files["index.html"] == files[f"index.{language}.html"]
        assert f'lang="{language}"'.encode() in files["index.html"]


def test_the_same_content_is_the_same_zip_wherever_and_whenever_it_is_made(tmp_path):
    publish(tmp_path / "here")
    MemoryFileSystem.store.clear()
    publish("memory://there")
    here = bundle(open_edition(reports=tmp_path / "here"), "en")
    assert bundle(open_edition(reports="memory://there"), "en") == here
    assert zipfile.ZipFile(io.BytesIO(here)).namelist()[0] == "index.html"


def test_the_team_s_edition_is_a_bundle_of_its_own(reports):
    team = open_edition(audience="team", reports=reports)
    assert team.name == "customer-success-2026Q3-team"
    assert "helpdesk/journey.ja.html" not in unzipped(bundle(team, "en"))


def test_a_page_that_was_changed_by_hand_is_not_handed_on(reports):
    (reports / "2026Q3" / "helpdesk" / "journey.en.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ReportError, match=r"helpdesk/journey\.en\.html is not as it was published; publish"):
        bundle(open_edition(reports=reports), "en")


def test_a_page_that_is_gone_is_named(reports):
    (reports / "2026Q3" / "helpdesk" / "journey.en.html").unlink()
    with pytest.raises(ReportError, match=r"helpdesk/journey\.en\.html is gone; publish"):
        bundle(open_edition(reports=reports), "en")


def test_a_language_or_a_quarter_that_is_not_there_is_said(reports, tmp_path):
    with pytest.raises(ReportError, match="published in the language ja; there are reports in: en"):
        bundle(open_edition("2026Q2", reports=reports), "ja")
    with pytest.raises(ReportError, match="no report of 2025Q1 is published for the leadership"):
        open_edition("2025Q1", reports=reports)
    with pytest.raises(ReportError, match="no report is published for the leadership"):
        open_edition(reports=tmp_path / "empty")


def test_the_latest_quarter_is_the_last_one_with_a_report(reports):
    (reports / "2026Q4").mkdir()
    assert open_edition(reports=reports).manifest.quarter == "2026Q3"

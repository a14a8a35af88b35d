"""Leadership's edition and the team's lie apart, whatever was published before and wherever it was cut off."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from small import GOOD, notebook

from cs_helpers.report.manifest import read_manifest
from cs_helpers.report.publish import report_store
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot import Snapshot

Q = "2026Q3"
pytestmark = pytest.mark.usefixtures("one_zygote")
#: shows all customers' names to the team, and how many there are to leadership; a long table goes beside the page
NAMES = """
from cs_helpers import Workbook
_book = Workbook.open(product=product, quarter=quarter, language=language, snapshot=snapshot, audience=audience)
_names = list(_book.data["accounts"]["name"]) if audience == "team" else [str(len(_book.data["accounts"]))]
display({"text/html": "<p>" + "; ".join(_names) + "</p>", "text/csv": "name\\n" + "\\n".join(_names), "text/plain": ""},
        raw=True, metadata={"cs_workbook": {"shows": ["public"], "table": "names", "rows": len(_names)}})
"""
BATCH = """
import sys
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot import Snapshot
if __name__ == "__main__":
    quarterly_report(Snapshot.open(), products=["helpdesk"], audience=sys.argv[1], language=sys.argv[2], force=True)
"""


@pytest.fixture
def company_names(home):
    return Snapshot.open(folder=home / "data" / "snapshots").distinct_texts("accounts", "name", "helpdesk")


@pytest.fixture
def reports(at_home):
    return at_home(alpha=notebook(GOOD, NAMES)) / "reports"


def files_of(folder: Path) -> dict[str, str]:
    found = [f for f in folder.rglob("*") if f.is_file()] if folder.exists() else []
    return {f.relative_to(folder).as_posix(): f.read_text(encoding="utf-8", errors="replace") for f in found}


def leaks(reports: Path, names: frozenset[str]) -> list[str]:
    """The files of leadership's quarter that hold a customer's name, or lead to the team's edition."""
    return [
        name
        for name, text in files_of(reports / Q).items()
        if any(n in text for n in names) or re.search(r'href="[^"]*team', text)
    ]


def publish(audience: str, language: str, **options):
    batch = quarterly_report(
        Snapshot.open(), products=["helpdesk"], audience=audience, language=language, **options
    )
    assert batch.failed == ()
    return batch


@pytest.mark.thorough
@pytest.mark.parametrize("order", sorted(set(itertools.permutations("LLT"))), ids="".join)
def test_whatever_is_published_in_whatever_order_leadership_reads_no_name(reports, company_names, order):
    for letter, language in itertools.product(order, ("en", "ja")):
        publish({"L": "leadership", "T": "team"}[letter], language, force=True)
        assert leaks(reports, company_names) == []
    team = files_of(reports / "team" / Q)
    assert {n for n in team if any(name in team[n] for name in company_names)} == {
        f"helpdesk/alpha.{language}{end}" for language in ("en", "ja") for end in (".html", ".names.csv")
    }
    assert set(files_of(reports / Q)) == set(team)


def test_each_edition_is_whole_by_itself(reports, tmp_path):
    for audience in ("leadership", "team"):
        for language in ("en", "ja"):
            publish(audience, language)
    for edition in (reports / Q, reports / "team" / Q):
        for name, text in files_of(edition).items():
            for link in re.findall(r'href="([^"#]+)"', text) if name.endswith(".html") else ():
                target = (edition / name).parent / link
                assert target.resolve().is_relative_to(edition.resolve())
                assert target.is_file(), (name, link)
    assert read_manifest((reports / Q / "run.json").read_bytes(), Q).audience == "leadership"
    assert read_manifest((reports / "team" / Q / "run.json").read_bytes(), Q, "team").audience == "team"


def test_every_page_of_the_team_says_so_and_no_page_of_leadership_does(reports):
    for audience, language in itertools.product(("leadership", "team"), ("en", "ja")):
        publish(audience, language)
    edition_names = {"en": "Team edition", "ja": "チーム内限り"}
    for edition, is_team in ((reports / "team" / Q, True), (reports / Q, False)):
        pages = {n: t for n, t in files_of(edition).items() if n.endswith(".html")}
        assert len(pages) == 7  # three reports, and two landing pages and pages on the data
        for name, text in pages.items():
            page = BeautifulSoup(text, "html.parser")
            edition_name = edition_names["en" if page.html["lang"] == "en" else "ja"]
            assert (edition_name in page.title.get_text()) is is_team, name
            header = page.find(class_="edition")
            assert (header is not None and edition_name in header.get_text()) is is_team, name


@pytest.mark.thorough
def test_the_page_that_says_why_names_its_edition_too(at_home):
    folder = at_home(alpha=notebook("1 / 0"))
    for audience in ("team", "leadership"):
        assert quarterly_report(Snapshot.open(), products=["helpdesk"], audience=audience).failed
    page = "helpdesk/alpha.en.failed.html"
    assert "Team edition" in (folder / "reports" / "team" / Q / page).read_text(encoding="utf-8")
    assert "Team edition" not in (folder / "reports" / Q / page).read_text(encoding="utf-8")


def test_what_an_error_says_stays_with_the_team(at_home, company_names):
    name = sorted(company_names)[0]
    folder = at_home(alpha=notebook(f"raise KeyError({name!r})"))
    for audience in ("team", "leadership"):
        assert quarterly_report(Snapshot.open(), products=["helpdesk"], audience=audience).failed
    manifests = {
        audience: json.loads((folder / "reports" / where / Q / "run.json").read_text(encoding="utf-8"))
        for audience, where in (("team", "team"), ("leadership", "."))
    }
    details = {
        a: m["reports"]["helpdesk/alpha.en.html"]["problems"][0]["detail"] for a, m in manifests.items()
    }
    assert name in details["team"]
    assert details["leadership"] == "KeyError"
    assert leaks(folder / "reports", company_names) == []


@pytest.mark.thorough
def test_a_batch_killed_anywhere_leaves_no_name_with_leadership(reports, company_names):
    chance = random.Random(16)
    publish("leadership", "en")
    for round_, audience in enumerate(("team", "leadership", "team", "team", "leadership", "team")):
        batch = subprocess.Popen(
            [sys.executable, "-c", BATCH, audience, ("en", "ja")[round_ % 2]], env={**os.environ}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0.3, 2.5))
        os.killpg(batch.pid, signal.SIGKILL)
        batch.wait()
        assert leaks(reports, company_names) == []
    publish("leadership", "ja")
    assert leaks(reports, company_names) == []


def test_what_was_published_before_there_were_editions_does_not_stay_with_leadership(reports, company_names):
    publish("leadership", "en")
    folder = reports / Q
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    report = manifest["reports"]["helpdesk/alpha.en.html"]
    report["good"]["downloads"] = {"alpha.ja.old.csv": "x"}
    manifest |= {"format": 2, "reports": {"helpdesk/alpha.ja.html": report}}
    del manifest["audience"]
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    for name in ("alpha.ja.html", "alpha.ja.failed.html", "alpha.ja.old.csv"):
        (folder / "helpdesk" / name).write_text(sorted(company_names)[0], encoding="utf-8")
    (folder / "notes-of-mine.txt").write_text("kept", encoding="utf-8")
    publish("leadership", "en")
    assert leaks(reports, company_names) == []
    remaining = set(files_of(folder))
    assert {"notes-of-mine.txt", "helpdesk/alpha.en.html", "index.en.html"} <= remaining
    assert not {n for n in remaining if ".ja." in n}


def test_a_manifest_of_the_other_edition_is_not_read_as_ones_own(reports):
    publish("team", "en")
    (reports / Q).mkdir()
    (reports / Q / "run.json").write_bytes((reports / "team" / Q / "run.json").read_bytes())
    assert report_store(reports).manifest(Q).reports == {}

"""What is stored and published of rows whose last day is over is named, with how to delete it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from cs_helpers.report.manifest import Manifest, PublishedPage, Report
from cs_helpers.snapshot import Snapshot, retention
from cs_helpers.snapshot.take import take_snapshot


def fill(home):
    """Three snapshots: of a candidate whose day ends with June 2026, of the same and another, and without any."""
    rows = [
        "helpdesk,C-1,hardest_customer,csm-03,2026-05-20,4,2026-06-30\n",
        "helpdesk,C-2,hardest_customer,csm-03,2026-05-20,2,2027-06-30\n",
    ]
    head = "product,candidate,question,interviewer,interviewed_on,score,keep_until\n"
    plain = home.text("sources.yml")
    (home.data / "sources.yml").write_text(
        "as_of: 2026-09-30\n"
        "files: {accounts: accounts.csv, contracts: contracts.csv, scores: scores.csv}\n"
        "tables: {accounts: {from: accounts}, contracts: {from: contracts}, candidate_scores: {from: scores}}\n"
    )
    where = {"folder": home.data / "snapshots", "products": home.data / "products", "today": date(2026, 6, 1)}
    for number in (1, 2):
        (home.data / "scores.csv").write_text(head + "".join(rows[:number]))
        take_snapshot(home.data / "sources.yml", **where)
    (home.data / "sources.yml").write_text(plain)
    take_snapshot(home.data / "sources.yml", **where)


@pytest.fixture
def stored(home_once, as_in, workbook, monkeypatch):
    """The ids of the snapshots by the number of scores in them, on 1 July 2026."""
    as_in(home_once("with-candidates", fill))
    monkeypatch.setattr(retention, "today", lambda: date(2026, 7, 1))
    root = workbook.data / "snapshots"
    ids = [f.name for f in root.glob("[0-9]*")]
    return {Snapshot.open(i, folder=root).manifest["rows_frozen"]["candidate_scores"]: i for i in ids}


def publish(workbook, keep_until: str) -> None:
    folder = workbook.folder / "reports" / "team" / "2026Q2"
    folder.mkdir(parents=True)
    page = PublishedPage(
        status="published", sha256="x", title="t", message="m", fingerprint="f", snapshot="s",
        made_at="2026-06-05T00:00:00+00:00", keep_until=keep_until,
    )  # fmt: skip
    report = Report(
        status="published", analysis="competency", notebook="86_competency", seconds=1, made_at=page.made_at, good=page,
        parameters={"product": "helpdesk", "language": "ja"},
    )  # fmt: skip
    manifest = Manifest(quarter="2026Q2", audience="team", reports={"helpdesk/competency.ja.html": report})
    (folder / "index.html").write_text("", encoding="utf-8")
    (folder / "run.json").write_text(manifest.text(), encoding="utf-8")


def test_each_stored_snapshot_with_such_rows_is_named(command, stored):
    ran = command("snapshots", "prune")
    for rows in (1, 2):
        assert (
            f"snapshot {stored[rows]}: 1 rows of candidate_scores are stored whose keep_until is over; no report reads"
            " them any more. To delete the snapshot: cs-workbook snapshots prune --expired\n" in ran.out
        )
    assert stored[0] not in ran.out
    assert ran.out in command("check").out
    assert "C-1" not in command("check").out


def test_they_are_deleted_when_it_is_asked_for_even_those_of_published_reports(command, stored, workbook):
    run = workbook.folder / "reports" / "2026Q3" / "run.json"
    run.write_text(json.dumps({"snapshot": stored[1], "reports": {}}), encoding="utf-8")
    made = workbook.folder / "reports" / ".made"
    made.mkdir()
    (made / "abc.json").write_text("a page of an interrupted batch")
    ran = command("snapshots", "prune", "--expired")
    assert sorted(ran.out.split()) == sorted(["deleted", stored[1], "deleted", stored[2]])
    assert [p.name for p in (workbook.data / "snapshots").glob("[0-9]*")] == [stored[0]]
    assert not made.exists()


def test_the_latest_is_not_deleted_but_said(command, stored, workbook):
    Snapshot.open(stored[2], folder=workbook.data / "snapshots").make_latest()
    ran = command("snapshots", "prune", "--expired")
    assert f"deleted {stored[1]}\n" in ran.out
    assert f"snapshot {stored[2]}, the latest: 1 rows of candidate_scores" in ran.out
    assert (workbook.data / "snapshots" / stored[2]).is_dir()


def test_a_published_page_is_named_with_the_command_that_makes_it_again(command, workbook, monkeypatch):
    publish(workbook, "2026-06-30")
    monkeypatch.setattr(retention, "today", lambda: date(2026, 6, 30))
    assert command("snapshots", "prune").out == ""
    monkeypatch.setattr(retention, "today", lambda: date(2026, 7, 1))
    said = (
        "reports/team/2026Q2/helpdesk/competency.ja.html: may show rows whose keep_until was 30 Jun 2026. Make it again"
        " (cs-workbook report --quarter=2026Q2 --audience=team --language=ja --product=helpdesk --notebook=competency),"
        " or delete it; copies that were sent or printed are for you to find\n"
    )
    assert command("snapshots", "prune").out == said
    assert said in command("check").out
    assert "keep_until（保存期限）が2026年6月30日だった行" in command("check", "--language", "ja").out

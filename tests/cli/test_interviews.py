"""`cs-workbook interview`: scoring sheets out to interviewers, and their scores back into the table."""

from __future__ import annotations

import csv
from datetime import date

import pytest
import yaml
from openpyxl import load_workbook

from cs_helpers.snapshot import Snapshot, retention

TODAY = date(2026, 9, 15)
EXPORT = ("interview", "export", "--product", "helpdesk", "--keep-until", "2027-03-31")
NO_PRODUCT = ("interview", "export", "--keep-until", "2027-03-31")


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(retention, "today", lambda: TODAY)


def export(command, name: str, candidate: str, interviewer: str) -> None:
    ran = command(*EXPORT, "--candidate", candidate, "--interviewer", interviewer, "-o", name, "--force")
    assert (ran.code, ran.err) == (0, "")


def score(workbook, name: str, *scores: object, held: object = "2026-09-10") -> None:
    file = workbook.folder / name
    book = load_workbook(file)
    sheet = book.worksheets[0]
    sheet["B4"] = held
    for row, value in enumerate(scores, 8):
        sheet.cell(row, 7).value = value
    book.save(file)


def rows(file) -> list[tuple[str, ...]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [tuple(row.values()) for row in csv.DictReader(lines)]


def test_scores_go_out_on_sheets_and_come_back_into_a_snapshot(command, workbook):
    ran = command(*EXPORT, "--candidate", "C-01", "--interviewer", "csm-03", "-o", "out/a.xlsx")
    assert (ran.out, ran.err) == ("out/a.xlsx: 4 questions of helpdesk, 38 minutes\n", "")
    export(command, "out/b.xlsx", "C-01", "csm-04")
    score(workbook, "out/a.xlsx", 4, "３", None, "5点")
    score(workbook, "out/b.xlsx", 1, 2, 3, 4)
    ran = command("interview", "import", "out/a.xlsx", "out/b.xlsx")
    assert (ran.code, ran.err) == (0, "")
    asked = [row[0].value for row in load_workbook(workbook.folder / "out/a.xlsx").worksheets[0]["A8:A11"]]
    assert ran.out.splitlines()[:3] == [
        f"out/a.xlsx: C-01 by csm-03: 3 of 4 questions have a score (without: {asked[2]})",
        "out/b.xlsx: C-01 by csm-04: 4 of 4 questions have a score",
        "data/candidate_scores.csv: 7 rows are new, 0 replace an earlier score of the same question by the same interviewer,"
        " 0 earlier scores are withdrawn, 0 other rows stay",
    ]
    file = workbook.data / "candidate_scores.csv"
    assert rows(file)[1] == ("helpdesk", "C-01", asked[1], "csm-03", "2026-09-10", "3", "2027-03-31")
    sources = yaml.safe_load(workbook.text("sources.yml"))
    for part, lines in yaml.safe_load(ran.out.partition("\n\n")[2]).items():
        sources[part] |= lines
    (workbook.data / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    assert command("snapshot").code == 0
    scores = Snapshot.open(folder=workbook.data / "snapshots").read("helpdesk")["candidate_scores"]
    assert sorted(scores["score"]) == [1, 2, 3, 3, 4, 4, 5]


def test_a_sheet_that_comes_again_replaces_its_scores_and_no_others(command, workbook):
    for name, interviewer in (("a.xlsx", "csm-03"), ("b.xlsx", "csm-04")):
        export(command, name, "C-01", interviewer)
        score(workbook, name, 4, 3, 2, 5)
    command("interview", "import", "a.xlsx", "b.xlsx", "-o", "scores.csv")
    score(workbook, "a.xlsx", 1, 3, 2, None)
    ran = command("interview", "import", "a.xlsx", "-o", "scores.csv")
    assert "scores.csv: 0 rows are new, 3 replace" in ran.out
    assert "1 earlier scores are withdrawn, 4 other rows stay" in ran.out
    found = rows(workbook.folder / "scores.csv")
    assert [r[5] for r in found if r[3] == "csm-03"] == ["1", "3", "2"]
    assert [r[5] for r in found if r[3] == "csm-04"] == ["4", "3", "2", "5"]
    assert command("interview", "import", "a.xlsx", "-o", "scores.csv").code == 0
    assert rows(workbook.folder / "scores.csv") == found


def test_scores_go_into_the_file_that_the_sources_file_names(command, workbook):
    sources = yaml.safe_load(workbook.text("sources.yml"))
    sources["files"]["hiring"] = "hiring/scores.csv"
    sources["tables"]["candidate_scores"] = {"from": "hiring"}
    (workbook.data / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    export(command, "a.xlsx", "C-01", "csm-03")
    score(workbook, "a.xlsx", 4)
    ran = command("interview", "import", "a.xlsx")
    assert "data/hiring/scores.csv: 1 rows are new" in ran.out
    assert "read it" not in ran.out
    sources["tables"]["candidate_scores"]["columns"] = {"score": "points"}
    (workbook.data / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    ran = command("interview", "import", "a.xlsx")
    assert ran.code == 1
    assert "the table candidate_scores is not one CSV file with the columns of the contract" in ran.err


def test_rows_whose_day_is_over_leave_the_file(command, workbook, monkeypatch):
    export(command, "a.xlsx", "C-01", "csm-03")
    score(workbook, "a.xlsx", 4)
    command("interview", "import", "a.xlsx")
    monkeypatch.setattr(retention, "today", lambda: date(2027, 4, 1))
    ran = command(*NO_PRODUCT[:2], "--product", "helpdesk", "--candidate", "C-02", "--interviewer", "x", "-o", "b.xlsx",
                  "--keep-until", "2027-12-31")  # fmt: skip
    assert ran.code == 0
    score(workbook, "b.xlsx", 2)
    ran = command("interview", "import", "b.xlsx")
    assert "data/candidate_scores.csv: 1 rows whose keep_until is over were taken out\n" in ran.out
    assert [row[1] for row in rows(workbook.data / "candidate_scores.csv")] == ["C-02"]


def test_with_one_mistake_nothing_is_written(command, workbook):
    for name, interviewer in (("a.xlsx", "csm-03"), ("b.xlsx", "csm-04")):
        export(command, name, "C-01", interviewer)
    score(workbook, "a.xlsx", 4)
    score(workbook, "b.xlsx", 6)
    ran = command("interview", "import", "a.xlsx", "b.xlsx")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: b.xlsx: sheet 'scores', cell G8: '6' is no score from 1 to 5.\n"
    assert not (workbook.data / "candidate_scores.csv").exists()


@pytest.mark.parametrize("content", [b"candidate,score\nC-1,4\n", b"\xff\xfe\x00", b'"', b""])
def test_a_file_that_is_another_table_is_not_written_into(command, workbook, content):
    export(command, "a.xlsx", "C-01", "csm-03")
    score(workbook, "a.xlsx", 4)
    (workbook.folder / "other.csv").write_bytes(content)
    ran = command("interview", "import", "a.xlsx", "-o", "other.csv")
    assert ran.code == 1
    assert "other.csv: it is no CSV file (UTF-8) with the columns product, candidate, question" in ran.err
    assert (workbook.folder / "other.csv").read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*EXPORT, "-o", "a.xls"), "a scoring sheet is an Excel file"),
        ((*NO_PRODUCT, "--product", "helpdsk", "-o", "a.xlsx"), "there is no such product file. Did you mean 'helpdesk'?"),
        ((*EXPORT[:4], "--keep-until", "soon", "-o", "a.xlsx"), "a day is needed, as in 2027-03-31"),
        ((*EXPORT[:4], "--keep-until", "2026-09-14", "-o", "a.xlsx"), "this day is over, so no score could be kept"),
        ((*EXPORT, "-o", "a.xlsx", "--language", "fr"), "parameter language"),
        (("interview", "import", "gone.xlsx"), "gone.xlsx"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(command, workbook, arguments, said):
    ran = command(*arguments)
    assert ran.code == 1
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (workbook.folder / "a.xlsx").exists()


def test_a_sheet_that_exists_is_not_replaced(command, workbook):
    export(command, "a.xlsx", "C-01", "csm-03")
    assert "there is such a file already" in command(*EXPORT, "-o", "a.xlsx").err


def test_in_japanese_all_of_it_is_said_in_japanese(command, workbook, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "ja")
    command(*EXPORT, "--candidate", "C-01", "--interviewer", "csm-03", "-o", "a.xlsx", "--language", "ja")
    score(workbook, "a.xlsx", 4)
    ran = command("interview", "import", "a.xlsx")
    assert ran.out.startswith("a.xlsx：候補者 C-01、面接官 csm-03。4問中1問に評点あり（評点なし：")
    score(workbook, "a.xlsx", 6, held="soon")
    ran = command("interview", "import", "a.xlsx")
    assert ran.err == (
        "エラー: a.xlsx: シート「採点」、セル B4: 'soon' は日付として読めません。2026-08-20 のように書いてください。\n"
        "a.xlsx: シート「採点」、セル G8: '6' は1〜5の評点ではありません。\n"
    )

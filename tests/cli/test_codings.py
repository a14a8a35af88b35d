"""`cs-workbook codings`: to a coding tool or a spreadsheet, and back into the tables."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from exchange.cases import NASTY, assert_equal, material
from openpyxl import load_workbook

from cs_helpers.exchange.material import NAMES, Material, write_csv
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import take_snapshot

TABLES = ("interviews", "notes", "codings")


@pytest.fixture(scope="module")
def given():
    """Interviews whose names and texts are what files trip over, read by ann and partly by bob."""
    words = [w.strip() for w in NASTY]
    key = {n: f"N-{n:02d}" if n % 2 else f"{n:04d}" for n in range(len(words))}
    notes = [
        {"note_id": key[n], "interview_id": f"I-{n % 2}", "position": n, "evidence": "words", "text": w, "speaker": w}
        for n, w in enumerate(words)
    ]  # fmt: skip
    read = [
        {"note_id": key[n], "coder": "ann", "coder_role": "cs", "viewpoint": "problem", "code": w,
         "reason": "bias" if n % 3 else None}
        for n, w in enumerate(words)
    ]  # fmt: skip
    read += [{"note_id": key[1], "coder": "bob", "viewpoint": "request"}]
    held = [
        {"interview_id": f"I-{n}", "account_id": f"A{n + 1}", "product": "helpdesk", "held_on": date(2026, 5, 4 + n)}
        for n in range(2)
    ]  # fmt: skip
    return material(interviews=held, notes=notes, codings=read)


def add_to_sources(home, additions):
    """Adds to the parts of a home's sources file."""
    sources = yaml.safe_load(home.text("sources.yml"))
    for part, values in additions.items():
        sources[part] |= values
    (home.data / "sources.yml").write_text(yaml.safe_dump(sources, allow_unicode=True), encoding="utf-8")


def frozen(home):
    """The interviews of its latest snapshot."""
    return Material.of(Snapshot.open(folder=home.data / "snapshots").read("helpdesk"))


@pytest.fixture
def taken(command, workbook, given, home_once, as_in):
    """The interviews as a snapshot has them, and a way to take another one with more said in the sources file."""

    def fill(home):
        (home.data / "tables").mkdir()
        for name in TABLES:
            write_csv(getattr(given, name), home.data / "tables" / f"{name}.csv")
        add_to_sources(
            home,
            {"files": {n: f"tables/{n}.csv" for n in TABLES}, "tables": {n: {"from": n} for n in TABLES}},
        )
        take_snapshot(
            home.data / "sources.yml", folder=home.data / "snapshots", products=home.data / "products"
        )

    def take(expected):
        add_to_sources(workbook, expected)
        ran = command("snapshot")
        assert (ran.code, ran.err) == (0, "")
        return frozen(workbook)

    as_in(home_once("read-interviews", fill))
    return frozen(workbook), take


def lines_of(ran):
    """The lines of a sources file that an import printed."""
    return yaml.safe_load(ran.out.partition("\n\n")[2])


def test_what_is_written_as_csv_is_read_by_the_intake_as_it_was(taken, given):
    for name in TABLES:
        assert_equal(getattr(taken[0], name), getattr(given, name))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_project_goes_to_a_tool_and_comes_back_into_the_same_snapshot(command, workbook, taken, language):
    before, take = taken
    ran = command("codings", "export", "out/coding.qdpx", "--product", "helpdesk", "--language", language)
    count = len(NASTY)
    assert ran.out == f"out/coding.qdpx: {count} notes of helpdesk, {count + 1} readings\n"
    ran = command("codings", "import", "out/coding.qdpx")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(
        f"data/codings/coding: 2 accounts, 2 interviews, {count} notes, {count + 1} codings\n"
        "these lines of data/sources.yml read them:\n\n"
    )
    folder = workbook.data / "codings"
    assert {p.name for p in folder.rglob("*")} == {"coding", *(f"{n}.csv" for n in NAMES)}
    after = take(lines_of(ran))
    for name in NAMES:
        assert_equal(getattr(before, name), getattr(after, name))


def test_the_sheet_of_a_coder_comes_back_with_what_they_added(command, workbook, taken):
    _, take = taken
    assert (
        command(
            "codings", "export", "bob.xlsx", "--product", "helpdesk", "--coder", "bob", "--role", "sales"
        ).code
        == 0
    )
    book = load_workbook(workbook.folder / "bob.xlsx")
    book.worksheets[0]["H2"] = "Requests"
    book.save(workbook.folder / "bob.xlsx")
    ran = command("codings", "import", "bob.xlsx")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{len(NASTY) - 2} notes are not read\ndata/codings/bob: 2 codings\n")
    after = take(lines_of(ran)).codings
    assert len(after) == 2
    assert set(after["coder"]) == {"bob"}
    assert set(after["coder_role"]) == {"sales"}
    assert set(after["viewpoint"]) == {"request"}


def test_a_sheet_with_mistakes_writes_nothing(command, workbook, taken):
    command("codings", "export", "ann.xlsx", "--product", "helpdesk", "--coder", "ann")
    book = load_workbook(workbook.folder / "ann.xlsx")
    book.worksheets[0]["H2"] = "problm"
    book.worksheets[0]["A3"] = "N-999"
    book.save(workbook.folder / "ann.xlsx")
    ran = command("codings", "import", "ann.xlsx")
    assert ran.code == 1
    assert "ann.xlsx: sheet 'codings', row 2, column viewpoint: 'problm' is none of" in ran.err
    assert "ann.xlsx: sheet 'codings', row 3, column note_id: 'N-999' is no note of helpdesk" in ran.err
    assert "Traceback" not in ran.err
    assert not (workbook.data / "codings").exists()


def test_nothing_that_is_there_is_replaced_unasked(command, workbook, taken):
    export = ("codings", "export", "x.qdpx", "--product", "helpdesk")
    assert command(*export).code == 0
    ran = command(*export)
    assert (ran.code, ran.out) == (1, "")
    assert "x.qdpx: there is such a file already; name another one, or replace it with --force" in ran.err
    assert command(*export, "--force").code == 0
    assert command("codings", "import", "x.qdpx").code == 0
    assert "data/codings/x: there is such a folder already" in command("codings", "import", "x.qdpx").err
    (workbook.data / "codings" / "x" / "notes.csv").write_text("old")
    assert command("codings", "import", "x.qdpx", "--force").code == 0
    assert (workbook.data / "codings" / "x" / "notes.csv").read_text(encoding="utf-8") != "old"
    assert [p.name for p in (workbook.data / "codings").iterdir()] == ["x"]


def test_a_folder_with_anything_else_in_it_is_never_replaced(command, workbook, taken):
    command("codings", "export", "x.qdpx", "--product", "helpdesk")
    ran = command("codings", "import", "x.qdpx", "--into", "data", "--force")
    assert ran.code == 1
    assert "data: it holds more than codings, so it is not replaced" in ran.err
    assert (workbook.data / "accounts.csv").exists()


def test_only_the_readings_of_a_coder_go_out_where_one_is_named(command, workbook, taken):
    ran = command("codings", "export", "x.qdpx", "--product", "helpdesk", "--coder", "bob")
    assert ran.out == f"x.qdpx: {len(NASTY)} notes of helpdesk, 1 readings\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("export", "x.docx", "--product", "helpdesk"), "parameter file='x.docx': the end of its name says which kind"),
        (("export", "x.xlsx", "--product", "helpdesk"), "parameter coder: a sheet is for one coder"),
        (("export", "x.qdpx", "--product", "helpdsk"), "Did you mean 'helpdesk'?"),
        (("export", "x.qdpx", "--product", "helpdesk", "--language", "fr"), "parameter language='fr'"),
        (("export", "x.qdpx", "--product", "helpdesk", "--snapshot", "1"), "there is no snapshot '1'"),
        (("import", "nothing.qdpx"), "nothing.qdpx: there is no such file"),
        (("import", "nothing.xlsx"), "nothing.xlsx: there is no such file"),
        (("import", "x.qdpx", "--viewpoint", "problm"), "Did you mean 'problem'?"),
        (("import", "data/accounts.csv"), "Allowed: .qdpx, .xlsx."),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence_without_a_traceback(
    command, taken, workbook, arguments, expected
):
    ran = command("codings", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert expected in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_product_nobody_was_interviewed_about_is_named(command, workbook):
    assert command("snapshot").code == 0
    ran = command("codings", "export", "x.qdpx", "--product", "helpdesk")
    assert "there are no notes of interviews about helpdesk in it" in ran.err

"""`cs-workbook inspect` shows what an analyst has and proposes a sources file."""

from __future__ import annotations

import pytest
import yaml


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


def test_it_shows_the_columns_and_the_proposal(command):
    ran = command("inspect", "data")
    assert ran.code == 0
    assert "contracts, 2 rows" in ran.out
    assert "started_on" in ran.out
    assert "2026-01-01 | 2026-02-01" in ran.out
    assert "100%" in ran.out
    proposal = yaml.safe_load(ran.out[ran.out.index("# A sources file") :])
    assert proposal["folder"] == "."
    assert proposal["tables"]["contracts"]["from"] == "contracts"


def test_a_proposal_that_was_written_makes_a_snapshot(command, workbook):
    (workbook.data / "sources.yml").unlink()
    ran = command("inspect", "data", "--write", "data/sources.yml")
    assert ran.code == 0
    assert ran.out.endswith("written: data/sources.yml\n")
    assert command("snapshot").code == 0


def test_a_file_that_is_there_is_not_written_over(command, workbook):
    before = workbook.text("sources.yml")
    ran = command("inspect", "data", "--write", "data/sources.yml")
    assert ran.code == 1
    assert "parameter write='data/sources.yml': there is such a file already; name another one." in ran.err
    assert workbook.text("sources.yml") == before


def test_a_path_that_is_missing_is_refused_in_one_sentence(command):
    ran = command("inspect", "dta")
    assert ran.code == 1
    assert ran.err == "error: parameter path='dta': there is no such file or folder. Did you mean 'data'?\n"


def test_what_the_cells_hold_is_printed_as_it_is(command, workbook):
    (workbook.data / "odd.csv").write_text("[bold]x,:smile:\n[/red],a\x1b[31mb\n", encoding="utf-8")
    ran = command("inspect", "data/odd.csv")
    assert ran.code == 0
    assert "[bold]x" in ran.out
    assert "[/red]" in ran.out
    assert ":smile:" in ran.out
    assert "\x1b" not in ran.out


def test_a_password_is_not_printed(command, postgres):
    database = postgres.connect()
    database.raw_sql("CREATE TABLE inspected (account_id text, name text)").close()
    try:
        ran = command("inspect", postgres.url)
    finally:
        database.raw_sql("DROP TABLE inspected").close()
        database.disconnect()
    assert ran.code == 0
    assert "${PGPASSWORD}" in ran.out
    assert postgres.password not in ran.out + ran.err

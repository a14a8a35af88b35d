"""The commands: what they write, and one sentence for what is wrong."""

from __future__ import annotations

import sys

import pytest

from cs_helpers import cli

from .conftest import ROOT, publish


@pytest.fixture
def command(reports, monkeypatch, capsys):
    """Runs a command in a home with the published quarters; returns exit code, output and errors."""

    def run(*arguments):
        monkeypatch.setenv("CS_WORKBOOK_HOME", str(reports.parent))
        monkeypatch.chdir(reports.parent)
        if not (reports.parent / "templates").exists():
            (reports.parent / "templates").symlink_to(ROOT / "templates")
        monkeypatch.setattr(sys, "argv", ["cs-workbook", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_bundle_is_written_under_the_name_of_its_quarter(command, reports):
    code, out, _ = command("bundle", "--quarter=2026Q2")
    assert (code, out) == (0, "written: deliveries/customer-success-2026Q2.zip\n")
    assert (reports.parent / "deliveries" / "customer-success-2026Q2.zip").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--quarter=2025Q1"], "error: no report of 2025Q1 is published for the leadership in reports; make them with"),
        (["--quarter=Q3"], "error: parameter quarter='Q3': this is not a quarter."),
        (["--audience=board"], "error: parameter audience='board': this value is not allowed."),
        (["--language=fr"], "error: parameter language='fr': this value is not allowed."),
        (["--audience=team", "--language=ja"], "エラー: 2026Q3のレポートは ja では公開されていません"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(command, reports, arguments, sentence):
    code, out, err = command("bundle", *arguments)
    assert (code, out) == (1, "")
    assert sentence in err
    assert not (reports.parent / "deliveries").exists()


def test_without_chromium_pdfs_are_refused_before_anything_runs(command, reports, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_CHROMIUM", "/nowhere/chromium")
    for arguments in (["report", "--pdf"], ["pdf"]):
        code, out, err = command(*arguments)
        assert (code, out) == (1, "")
        assert err == (
            "error: CS_WORKBOOK_CHROMIUM names no program that can be started: /nowhere/chromium; set it to the path of"
            " Chromium or Chrome\n"
        )
    assert not (reports.parent / "data").exists()


def test_without_the_extra_pdfs_are_refused_with_the_command_that_installs_it(command, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_CHROMIUM", sys.executable)
    monkeypatch.setitem(sys.modules, "pypdf", None)
    code, _, err = command("report", "--pdf")
    assert code == 1
    assert "install it with 'pip install \"cs-workbook[pdf]\"'" in err


def test_the_digest_is_written_as_a_draft_without_any_settings(command, reports):
    code, out, _ = command("digest", "--language=ja")
    assert (code, out) == (0, "書き込みました：deliveries/customer-success-2026Q3.ja.eml\n")
    assert b"X-Unsent: 1" in (reports.parent / "deliveries" / "customer-success-2026Q3.ja.eml").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["digest", "--send"],
            "error: data/mail.yml: there is no mail server; write host, from and to into this file",
        ),
        (["digest", "--again"], "error: parameter again: it belongs to --send."),
        (["slides"], "error: no summary of 2026Q3 is published in the language en, which slides are made of"),
    ],
)
def test_what_cannot_be_delivered_is_one_sentence(command, arguments, sentence):
    code, _, err = command(*arguments)
    assert code == 1
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_slides_are_written_under_the_name_of_their_quarter(command, reports):
    publish(reports, summaries=("helpdesk",))
    assert command("slides")[1] == "written: deliveries/customer-success-2026Q3.en.pptx\n"


def test_without_the_extra_slides_are_refused_with_the_command_that_installs_it(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "pptx", None)
    assert "install it with 'pip install \"cs-workbook[slides]\"'" in command("slides")[2]

"""The commands: what they write, and one sentence for what is wrong."""

from __future__ import annotations

import sys

import pytest

from cs_helpers import cli


@pytest.fixture
def command(reports, monkeypatch, capsys):
    """Runs a command in a home with the published quarters; returns exit code, output and errors."""

    def run(*arguments):
        monkeypatch.setenv("CS_WORKBOOK_HOME", str(reports.parent))
        monkeypatch.chdir(reports.parent)
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

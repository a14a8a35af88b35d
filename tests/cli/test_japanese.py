"""The command line speaks Japanese where it is told to; reports do only where --language says so."""

from __future__ import annotations

import re

import pytest

from cs_helpers.errors import ReportError

#: three words of English in a row; names, paths and options are none
ENGLISH = re.compile(r"\b[A-Za-z]{2,}(?: [a-z]{2,}){2,}")


@pytest.fixture
def japanese(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "ja_JP.UTF-8:en")


def test_an_error_is_in_the_language_of_the_environment(command, japanese):
    ran = command("inspect", "dta")
    assert ran.code == 1
    assert ran.err == (
        "エラー: パラメータ path='dta': そのようなファイルやフォルダーはありません。「data」のことですか？\n"
    )


@pytest.mark.parametrize("language", ["en_US:ja", "fr:ja", "", "C"])
def test_only_the_first_language_of_the_environment_counts(command, monkeypatch, language):
    monkeypatch.setenv("LANGUAGE", language)
    assert command("inspect", "dta").err.startswith("error: parameter path='dta': there is no such file")


def test_the_option_comes_before_the_environment(command, workbook, japanese):
    ran = command("check", "--data", "nothing.yml", "--language", "en")
    assert ran.err.startswith("error: nothing.yml: there is no such sources file")
    assert command("check", "--data", "nothing.yml").err.startswith(
        "エラー: nothing.yml: ソースファイルがありません"
    )


def test_what_an_option_said_is_forgotten_by_the_next_command(command):
    assert command("check", "--data", "nothing.yml", "--language", "ja").err.startswith("エラー: ")
    assert command("inspect", "dta").err.startswith("error: ")


def test_a_language_that_there_is_not_is_named(command, workbook):
    ran = command("check", "--language", "fr")
    assert ran.err == "error: parameter language='fr': this value is not allowed. Allowed: en or ja.\n"


def test_check_is_japanese_on_the_console_and_as_a_page(command, workbook, japanese):
    (workbook.data / "accounts.csv").write_text(workbook.text("accounts.csv") + "A3,Nishi,huge,retail\n")
    sources = workbook.data / "sources.yml"
    sources.write_text(sources.read_text() + "policies: {mrr_zero: stop}\n")
    contracts = workbook.text("contracts.csv").replace("200", "0") + "C3,A1,helpdsk,2026-01-01,,1,JPY\n"
    (workbook.data / "contracts.csv").write_text(contracts)
    ran = command("check", "--data", str(sources))
    assert ran.code == 1
    assert re.search(r"テーブル +読み込み行数 +採用行数", ran.out)
    assert (
        "エラー: テーブル「contracts」、列「mrr」: 扱いを stop としたルール mrr_zero に反する行が" in ran.err
    )
    assert (
        "「helpdsk」の製品ファイル data/products/helpdsk.yml がありません。「helpdesk」のことですか？"
        in ran.err
    )
    page = (workbook.folder / "reports" / "team" / "data-check.ja.html").read_text(encoding="utf-8")
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", "\n", page, flags=re.DOTALL)
    assert '<html lang="ja">' in page
    assert not ENGLISH.search(ran.out + ran.err + shown)


def test_a_snapshot_says_in_japanese_what_it_took(command, workbook, japanese):
    (workbook.data / "contracts.csv").write_text(workbook.text("contracts.csv").replace("200", "0"))
    ran = command("snapshot", "--data", str(workbook.data / "sources.yml"))
    assert ran.code == 0
    assert "読み込み 4行、採用 4行、除外 0行" in ran.out
    assert "MRRが0の契約（トライアルの可能性）：1件 (警告付きで採用)" in ran.out
    assert "すべてのファイルが作成時のままです" in command("snapshots", "show").out
    assert not ENGLISH.search(ran.out)


@pytest.mark.parametrize(
    ("options", "reports", "console"),
    [
        ([], "en", "スナップショット .*：読み込み 4行"),
        (["--language", "ja"], "ja", "スナップショット .*：読み込み 4行"),
    ],
)
def test_the_environment_does_not_decide_the_language_of_reports(
    command, workbook, japanese, monkeypatch, options, reports, console
):
    """What is not asked for in Japanese is made in English, and what is said of it is Japanese."""
    languages = []

    def raise_report_error(_, **options_given):
        languages.append(options_given["language"])
        raise ReportError("there are no notebooks in notebooks")

    monkeypatch.setattr("cs_helpers.report.quarterly.quarterly_report", raise_report_error)
    ran = command("report", "--data", str(workbook.data / "sources.yml"), "--kernel", "cold", *options)
    assert languages == [reports]
    assert re.search(console, ran.out)
    assert ran.err == "エラー: notebooks にノートブックがありません\n"

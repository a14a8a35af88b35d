"""The small commands do what they say."""

from __future__ import annotations

import re
from datetime import date

import pytest

from cs_helpers.charts.drawing import faults
from cs_helpers.contract.dictionary import data_dictionary
from cs_helpers.contract.products import load_product, load_products
from cs_helpers.errors import SettingError
from cs_helpers.report.data_check import describe
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text


def test_snapshot_says_where_it_lies_and_what_it_found(command, workbook):
    text = workbook.text("contracts.csv").replace(",100,", ",0,")
    (workbook.data / "contracts.csv").write_text(text + "C3,A9,helpdesk,2026-02-01,,5,JPY\n")
    ran = command("snapshot")
    taken = Snapshot.open(folder=workbook.data / "snapshots")
    assert ran.code == 0
    assert f"snapshot {taken.id}: 5 rows read, 4 kept, 1 left out" in ran.out
    assert {(f.table, f.rule, f.count) for f in taken.findings} == {
        ("contracts", "mrr_zero", 1), ("contracts", "orphan", 1),
    }  # fmt: skip
    words = Text("en")
    for finding in taken.findings:
        assert f"{describe(finding, words)} ({words(f'rules.policy.{finding.policy}')})" in ran.out
    assert f"data/snapshots/{taken.id}" in ran.out


def test_the_dictionary_is_written_beside_the_data(command, workbook):
    assert command("dictionary").code == 0
    assert workbook.text("README.md") == data_dictionary()


@pytest.mark.parametrize("name", ["payroll", "pay_roll-2", "2", "true", "1e3"])
def test_without_data_a_new_product_starts_as_a_copy_that_loads(command, workbook, name):
    (workbook.data / "sources.yml").unlink()
    ran = command("new-product", name)
    assert ran.code == 0
    assert (
        ran.out
        == f"data/products/{name}.yml is a copy of expense_desk.yml: change its names, rules and steps\n"
    )
    copy = load_product(workbook.data / "products" / f"{name}.yml")
    assert copy.product == name
    assert copy.journey == load_products(workbook.data / "products")["expense_desk"].journey


def test_a_new_product_is_drafted_from_the_data_there_is(command, workbook):
    ran = command("new-product", "payroll")
    text = workbook.text("products/payroll.yml")
    assert ran.code == 0
    assert ran.out == (
        "data/products/payroll.yml was drafted from data/sources.yml:"
        f" {text.count('# guess: ')} guesses are marked '# guess:', {text.count('# check: ')} lines that only a person"
        " knows '# check:'; no row names the product 'payroll', so its numbers are of the rows that name helpdesk\n"
    )
    drafted = load_product(workbook.data / "products" / "payroll.yml")
    assert [s.step for s in drafted.journey.steps] == ["contract", "first_use"]
    assert "reached by 2 of 2 accounts" in text


def test_a_snapshot_is_taken_with_the_draft_as_it_is(command, workbook):
    for file in (workbook.data / "products").iterdir():
        file.unlink()
    (workbook.data / "sources.yml").rename(workbook.data / "mine.yml")
    ran = command("new-product", "helpdesk", "--data", "data/mine.yml")
    assert (ran.code, ran.err) == (0, "")
    assert "no row names" not in ran.out
    assert command("snapshot", "--data", "data/mine.yml").code == 0
    assert list(Snapshot.open(folder=workbook.data / "snapshots").products) == ["helpdesk"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [("data/none.yml", "there is no such sources file"), ("data/sources.yml", "there is no such file")],
)
def test_nothing_is_drafted_from_data_that_cannot_be_read(command, workbook, data, expected):
    (workbook.data / "contracts.csv").unlink()
    ran = command("new-product", "payroll", "--data", data)
    assert ran.code == 1
    assert expected in ran.err
    assert not (workbook.data / "products" / "payroll.yml").exists()


def test_with_neither_data_nor_products_it_says_what_to_name(command, workbook):
    (workbook.data / "sources.yml").unlink()
    for file in (workbook.data / "products").iterdir():
        file.unlink()
    ran = command("new-product", "payroll")
    assert ran.code == 1
    assert (
        "there is no product file in data/products to start from; name a sources file with --data" in ran.err
    )


@pytest.mark.parametrize("name", ["../x", "Payroll", "製品", "_pay", "", "x" * 41, "a b"])
def test_what_is_no_name_for_a_product_is_refused(command, workbook, name):
    before = sorted((workbook.data / "products").iterdir())
    ran = command("new-product", name)
    assert ran.code == 1
    assert "this is not a valid name for a product" in ran.err
    assert sorted((workbook.data / "products").iterdir()) == before


def test_a_product_that_is_there_is_not_written_over(command, workbook):
    before = (workbook.data / "products" / "helpdesk.yml").read_bytes()
    ran = command("new-product", "helpdesk")
    assert ran.code == 1
    assert "data/products/helpdesk.yml is there already" in ran.err
    assert (workbook.data / "products" / "helpdesk.yml").read_bytes() == before


def test_a_bare_command_lists_the_commands(command):
    ran = command()
    for name in ("report", "snapshot", "sample", "new-product", "dictionary", "lab"):
        assert name in ran.out + ran.err


def _filled(file):
    file.write_text(file.read_text(encoding="utf-8").replace('"?"', "Words."), encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_new_score_has_comments_in_the_language_and_loads_once_it_is_filled_in(
    command, workbook, monkeypatch, language
):
    monkeypatch.setenv("LANGUAGE", language)
    ran = command("new-score", "helpdesk")
    file = workbook.data / "products" / "scores" / "helpdesk" / f"{date.today()}.yml"
    assert ran.code == 0
    assert file.relative_to(workbook.folder).as_posix() in ran.out
    assert ("プ譜" in file.read_text(encoding="utf-8")) == (language == "ja")
    with pytest.raises(SettingError, match="stands for words that are missing"):
        load_product(workbook.data / "products" / "helpdesk.yml")
    _filled(file)
    (score,) = load_product(workbook.data / "products" / "helpdesk.yml").scores
    assert len(score.purposes) == 2
    # what stands there as a comment can be used, too
    text = file.read_text(encoding="utf-8")
    commented = re.sub(
        r"# (measured_by|budget|deadline|quality|business_model|environment|rivals|outside):", r"\1:", text
    )
    file.write_text(commented, encoding="utf-8")
    (score,) = load_product(workbook.data / "products" / "helpdesk.yml").scores
    assert score.metrics == ("revenue.nrr_year",)
    assert len(score.given) == 8


def test_the_next_move_is_a_copy_of_the_newest_in_which_its_reason_is_missing(command, workbook):
    command("new-score", "helpdesk")
    folder = workbook.data / "products" / "scores" / "helpdesk"
    first = folder / "2026-04-06.yml"
    (folder / f"{date.today()}.yml").rename(first)
    _filled(first)
    before = first.read_bytes()
    ran = command("new-score", "helpdesk")
    assert ran.code == 0
    assert "is a copy of 2026-04-06.yml: write below 'why' what made this move" in ran.out
    second = folder / f"{date.today()}.yml"
    assert second.read_text(encoding="utf-8").count('"?"') == 2
    assert first.read_bytes() == before
    again = command("new-score", "helpdesk")
    assert again.code == 1
    assert "is there already" in again.err
    _filled(second)
    older, newer = load_product(workbook.data / "products" / "helpdesk.yml").scores
    assert older.elements == newer.elements


def test_a_score_of_no_product_is_refused_with_the_nearest(command, workbook):
    ran = command("new-score", "helpdsk")
    assert ran.code == 1
    assert "there is no product file of that name. Did you mean 'helpdesk'?" in ran.err
    assert not (workbook.data / "products" / "scores" / "helpdsk").exists()


def test_the_check_warns_of_a_score_with_one_purpose_alone(command, workbook):
    command("new-score", "helpdesk")
    file = workbook.data / "products" / "scores" / "helpdesk" / f"{date.today()}.yml"
    _filled(file)
    assert "one purpose only" not in command("check").out
    text = file.read_text(encoding="utf-8").replace(
        "  - id: purpose_2\n    words: {en: Words., ja: Words.}\n", ""
    )
    file.write_text(text.replace("[purpose_2]", "[purpose_1]"), encoding="utf-8")
    ran = command("check")
    assert ran.code == 0
    assert "helpdesk: the project score has one purpose only" in ran.out.replace("\n", " ")


SCORE = """
why: {en: To begin with, ja: 開始時}
goal: {en: No paper, ja: 紙をなくす}
winning_condition:
  words: {en: "They stay <all> of them", ja: 全社が継続}
  measured_by: {metric: revenue.logo_churn_year, target: 0.1, by: 2027-03-31}
purposes:
  - {id: use, words: {en: They use it, ja: 使っている}}
measures:
  - {id: show, words: {en: Show it, ja: 見せる}, purposes: [use]}
"""


@pytest.mark.parametrize(("language", "words"), [("en", "They stay"), ("ja", "全社が継続")])
def test_the_picture_of_a_project_score_is_written_as_svg_and_as_mermaid(command, workbook, language, words):
    folder = workbook.data / "products" / "scores" / "helpdesk"
    folder.mkdir(parents=True)
    (folder / "2026-07-01.yml").write_text(SCORE, encoding="utf-8")
    assert command("snapshot").code == 0
    ran = command("export-score", "helpdesk", "--language", language)
    assert ran.code == 0, ran.err
    file = workbook.folder / "deliveries" / f"2026Q3.helpdesk.project_score.{language}.svg"
    svg = file.read_text(encoding="utf-8")
    assert faults(svg) == []
    assert words in svg
    assert f"deliveries/{file.name}" in ran.out
    other = workbook.folder / "score.mmd"
    assert command("export-score", "helpdesk", "--format", "mermaid", "--language", language, "-o", str(other)).code == 0  # fmt: skip
    assert other.read_text(encoding="utf-8").startswith("flowchart LR")
    assert words in other.read_text(encoding="utf-8")


def test_a_product_without_a_project_score_has_no_picture(command, workbook):
    assert command("snapshot").code == 0
    ran = command("export-score", "helpdesk")
    assert ran.code == 1
    assert (
        "it has no project score by the end of this quarter; write one with 'cs-workbook new-score'"
        in ran.err
    )
    wrong = command("export-score", "helpdesk", "--format", "png")
    assert wrong.code == 1
    assert "svg, mermaid" in wrong.err

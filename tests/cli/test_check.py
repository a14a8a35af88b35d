"""`cs-workbook check` says all that is wrong with the tables, as a list and as a page, and takes nothing."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def dirty(workbook):
    """Tables with rows that are kept with a warning."""
    (workbook.data / "accounts.csv").write_text(
        workbook.text("accounts.csv") + "A3,Nishi,huge,<b>retail</b>\n"
    )
    (workbook.data / "contracts.csv").write_text(workbook.text("contracts.csv").replace("200", "0"))


def test_tables_that_are_right_need_no_more_than_their_counts(command, workbook):
    ran = command("check", "--data", str(workbook.data / "sources.yml"))
    assert ran.code == 0
    assert re.search(r"accounts +2 +2 +0", ran.out)
    page = (workbook.folder / "reports" / "team" / "data-check.en.html").read_text(encoding="utf-8")
    assert "Every rule is kept" in page


def test_what_is_wrong_is_said_with_row_key_and_value(command, workbook, dirty):
    ran = command("check", "--data", str(workbook.data / "sources.yml"))
    assert ran.code == 0
    assert "accounts.size other than small, mid, enterprise: 1 (kept with a warning)" in ran.out
    assert "row 3, A3: huge" in ran.out
    line = "tables.accounts.columns.size: {column: size, values: {huge: small}}"
    assert line in " ".join(ran.out.split())
    assert "Contracts with an MRR of 0 (perhaps trials): 1 (kept with a warning)" in ran.out
    assert not (workbook.data / "snapshots" / "LATEST").exists()


def test_the_page_is_whole_in_itself_and_in_the_language_asked_for(command, workbook, dirty):
    command("check", "--data", str(workbook.data / "sources.yml"), "--language", "ja")
    page = (workbook.folder / "reports" / "team" / "data-check.ja.html").read_text(encoding="utf-8")
    assert '<html lang="ja">' in page
    assert "3行目 A3：huge" in page
    assert "values: {huge: small}" in page
    assert not re.search(r"(?:src|href)=|https?://|<script", page)
    assert "Content-Security-Policy" in page


def test_a_rule_whose_policy_is_stop_ends_with_code_1_and_the_page_says_so(command, workbook, dirty):
    sources = workbook.data / "sources.yml"
    sources.write_text(sources.read_text() + "policies: {mrr_zero: stop}\n")
    ran = command("check", "--data", str(sources))
    assert ran.code == 1
    assert "break the rule mrr_zero, whose policy is stop: row 2, key C2" in ran.err
    page = (workbook.folder / "reports" / "team" / "data-check.en.html").read_text(encoding="utf-8")
    assert "No snapshot can be taken" in page


def test_all_that_stops_a_snapshot_is_said_at_once(command, workbook):
    contracts = (
        workbook.text("contracts.csv").replace("200,JPY", "200,USD") + "C3,A1,helpdsk,2026-01-01,,1,JPY\n"
    )
    (workbook.data / "contracts.csv").write_text(contracts)
    ran = command("check", "--data", str(workbook.data / "sources.yml"))
    assert ran.code == 1
    assert "is paid in JPY, USD" in ran.err
    assert "Did you mean 'helpdesk'?" in ran.err


def test_values_are_shown_as_text_and_not_as_markup(command, workbook):
    accounts = workbook.text("accounts.csv") + "A3,Nishi,<script>alert(1)</script>,retail\n"
    (workbook.data / "accounts.csv").write_text(accounts)
    command("check", "--data", str(workbook.data / "sources.yml"))
    page = (workbook.folder / "reports" / "team" / "data-check.en.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page


def test_a_headline_number_that_no_report_has_is_said_before_a_report_needs_it(command, workbook):
    product = workbook.data / "products" / "helpdesk.yml"
    declared = product.read_text(encoding="utf-8")
    assert "metric: revenue.logo_churn_year" in declared
    product.write_text(
        declared.replace("metric: revenue.logo_churn_year", "metric: revenue.logo_churn_yaer"),
        encoding="utf-8",
    )
    ran = command("check", "--data", str(workbook.data / "sources.yml"))
    assert ran.code == 1
    said = " ".join(ran.err.split())
    assert f"{product.name}: key 'to_be': no report has the headline number 'revenue.logo_churn_yaer'" in said
    assert "Did you mean 'revenue.logo_churn_year'?" in said

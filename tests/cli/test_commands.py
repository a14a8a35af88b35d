"""The small commands do what they say."""

from __future__ import annotations

import pytest

from cs_helpers.contract.dictionary import data_dictionary
from cs_helpers.contract.products import load_product, load_products
from cs_helpers.report.landing import describe
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
def test_a_new_product_starts_as_a_copy_that_loads(command, workbook, name):
    assert command("new-product", name).code == 0
    copy = load_product(workbook.data / "products" / f"{name}.yml")
    assert copy.product == name
    assert copy.journey == load_products(workbook.data / "products")["expense_desk"].journey


@pytest.mark.parametrize("name", ["../x", "Payroll", "製品", "_pay", "", "x" * 41, "a b"])
def test_what_is_no_name_for_a_product_is_refused(command, workbook, name):
    before = sorted((workbook.data / "products").iterdir())
    ran = command("new-product", name)
    assert ran.code == 1
    assert "this is no name for a product" in ran.err
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

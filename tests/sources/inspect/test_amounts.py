"""Amounts for another period than a month, and contracts that cost nothing, are pointed out."""

from __future__ import annotations

import pytest

from cs_helpers.sources.inspect.amounts import amount_period


@pytest.fixture
def mrr(folder, proposed):
    """What the proposal for contracts with an amount of a name says: its text, and the mapping of mrr."""

    def run(name, amounts=("1200", "2400")):
        rows = [f"C{i},A{i},2024-01-15,{amount}" for i, amount in enumerate(amounts)]
        content = "\n".join([f"contract_id,account_id,start_date,{name}", *rows]) + "\n"
        text, mapping = proposed(folder({"contracts.csv": content}))
        return text, mapping["tables"]["contracts"]["columns"].get("mrr")

    return run


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("ARR", "year"), ("AnnualContractValue", "year"), ("yearly fee", "year"), ("acv_usd", "year"),
        ("年額", "year"), ("年間契約金額", "year"), ("TCV", "term"), ("total_contract_value", "term"),
        ("契約総額(税抜)", "term"), ("quarterly amount", "quarter"), ("四半期料金", "quarter"),
        ("monthly total", None), ("月額(総額)", None), ("mrr", None), ("carrier", None), ("totally", None),
    ],
)  # fmt: skip
def test_the_name_of_an_amount_says_its_period(name, period):
    assert amount_period(name) == period


@pytest.mark.parametrize(
    ("name", "period"), [("arr", "year"), ("年額", "year"), ("TCV", "term"), ("四半期料金", "quarter")]
)
def test_an_amount_for_another_period_is_taken_and_the_product_file_named(mrr, name, period):
    text, mapping = mrr(name)
    assert mapping == name
    assert f"write customers: {{ amount_per: {period} }} in the product file" in text
    assert "contracts.mrr" in next(line for line in text.splitlines() if line.startswith("# To check: "))


def test_a_monthly_amount_that_is_for_a_year_by_its_brackets_is_pointed_out(mrr):
    text, mapping = mrr("MRR (annual)")
    assert mapping == "MRR (annual)"
    assert "amount_per: year" in text


@pytest.mark.parametrize("name", ["annual_review", "total_seats", "annual_discount"])
def test_what_is_no_amount_is_not_taken(mrr, name):
    amounts = ("yes", "no") if name == "annual_review" else ("12", "24")
    text, mapping = mrr(name, amounts)
    assert mapping == {"column": None}
    assert "amount_per" not in text


def test_a_monthly_amount_is_preferred(mrr):
    text, mapping = mrr("ARR,mrr", ("1200,100", "2400,200"))
    assert mapping == "mrr"
    assert "amount_per" not in text


def test_contracts_that_cost_nothing_are_counted(mrr):
    text, _ = mrr("mrr", ("0", "100", "0.00", "200", ""))
    assert "mrr: mrr # check: 0 in 2 of 4 rows looked at: write customers: { zero_mrr: customer }" in text
    assert "contracts.mrr" in next(line for line in text.splitlines() if line.startswith("# To check: "))


@pytest.mark.parametrize("amounts", [("100", "200"), ("0", "0")])
def test_where_none_or_all_cost_nothing_nothing_is_said(mrr, amounts):
    assert "zero_mrr" not in mrr("mrr", amounts)[0]

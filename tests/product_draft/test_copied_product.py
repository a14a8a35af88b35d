"""A product file to start from is another's, with a section on who is a customer of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cs_helpers.contract.products import CustomerRules, load_product
from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.product_draft.copied_product import new_product_text

PRODUCTS = Path(__file__).resolve().parents[2] / "data" / "products"
MODEL = (PRODUCTS / "ravenstack.yml").read_text(encoding="utf-8")


def test_the_customer_rules_are_not_copied_from_the_other_product(tmp_path):
    assert load_product(PRODUCTS / "ravenstack.yml").customers.zero_mrr == "customer"
    text = new_product_text(MODEL, "payroll")
    (tmp_path / "payroll.yml").write_text(text, encoding="utf-8")
    assert load_product(tmp_path / "payroll.yml").customers == CustomerRules()
    assert text.count("customers:") == 1
    assert "  # zero_mrr: customer # or not_customer" in text


def test_currency_and_kinds_of_costs_are_not_copied_either(tmp_path):
    model = f"{MODEL.rstrip()}\n\nrevenue:\n  currency: USD\n  costs: {{cost_of_goods: [hosting]}}\n"
    text = new_product_text(model, "payroll")
    (tmp_path / "payroll.yml").write_text(text, encoding="utf-8")
    assert load_product(tmp_path / "payroll.yml").revenue == RevenueRules()
    assert text.count("revenue:") == 1


@pytest.mark.parametrize(
    "section", ["customers: {zero_mrr: customer}\n", "customers:\n\n  zero_mrr: customer\n", ""]
)
def test_the_sections_before_and_after_stay(section):
    text = new_product_text(f"# about\nproduct: a\nname: {{en: A, ja: A}}\n{section}subjects: {{}}\n", "b")
    assert list(yaml.safe_load(text)) == ["product", "name", "subjects", "customers", "revenue"]
    assert "zero_mrr" not in yaml.safe_load(text)["customers"]


@pytest.mark.parametrize("file", sorted(PRODUCTS.glob("*.yml")), ids=lambda f: f.stem)
def test_each_product_of_the_workbook_writes_out_what_the_defaults_are(file):
    said = yaml.safe_load(file.read_text(encoding="utf-8"))["customers"]
    defaults = CustomerRules().model_dump()
    of_data = {"zero_mrr", "recorded_within_days"}  # have no default: they depend on what was recorded
    assert {k: v for k, v in said.items() if k not in of_data} == {
        k: v for k, v in defaults.items() if k not in of_data
    }

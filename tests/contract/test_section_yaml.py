"""A section written as YAML is the section that is read from it."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from cs_helpers.contract.health import Health
from cs_helpers.contract.maturity import Maturity
from cs_helpers.contract.section_yaml import section_yaml


@pytest.mark.parametrize("name", ["helpdesk", "paper_to_web", "expense_desk"])
@pytest.mark.parametrize(("key", "model"), [("health", Health), ("maturity", Maturity)])
def test_it_is_read_back_as_it_was(of_product, name, key, model):
    section = getattr(of_product(name).product, key)
    written = section_yaml(key, section)
    assert model.model_validate(yaml.safe_load(written)[key]) == section


def test_names_stand_on_one_line_and_days_are_days(of_product):
    written = section_yaml("maturity", of_product("helpdesk").product.maturity)
    assert "      name: {en: One inbox, ja: 窓口の一本化}\n" in written
    assert yaml.safe_load(written)["maturity"]["agreed_on"] == date(2026, 4, 1)
    assert "at_least: 20\n" in written

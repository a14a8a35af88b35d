"""A second product is laid over the first."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from operations_maps import operations_map

from cs_helpers.contract.products import Words
from cs_helpers.errors import ParameterError
from cs_helpers.text import Text
from cs_helpers.widgets.second_product import SecondProduct

NAMES = {"letters": "Letters", "desk": "Desk & Co.", "broken": "Broken"}
PRODUCTS = {key: SimpleNamespace(name=Words(en=name, ja=name)) for key, name in NAMES.items()}


@pytest.fixture
def chosen():
    def of_product(product):
        if product == "broken":
            raise ParameterError("product", "it has <no> quarter")
        return operations_map(2, product=product), Text("en")

    return SecondProduct(operations_map(), Text("en"), PRODUCTS, of_product)


def test_it_begins_with_the_first_product_alone(chosen):
    assert chosen.page.value.count("<svg") == 1
    assert "s-other" not in chosen.page.value
    assert [value for _, value in chosen.product.options] == ["", "desk", "broken"]


def test_the_other_product_is_drawn_below_and_each_over_the_other(chosen):
    chosen.product.value = "desk"
    page = chosen.page.value
    assert page.count("<svg") == 2
    assert "Purple: Desk &amp; Co." in page
    assert "Purple: Letters" in page
    assert "href" not in page  # outside of a page a link would lead nowhere
    chosen.product.value = ""
    assert "s-other" not in chosen.page.value


def test_what_cannot_be_drawn_is_said_as_text(chosen):
    chosen.product.value = "broken"
    assert "it has &lt;no&gt; quarter" in chosen.page.value


def test_a_product_without_customers_has_no_map(chosen):
    empty = operations_map(2, product="desk")
    chosen._of_product = lambda product: (SimpleNamespace(**{**vars(empty), "tables": {}}), Text("en"))
    chosen.product.value = "desk"
    assert "No customers, so no map: Desk &amp; Co." in chosen.page.value
    assert chosen.page.value.count("<svg") == 1

"""The customers behind the points of figures are those that the figures count."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import ANALYSES

from cs_helpers import analyses
from cs_helpers.contract.quarters import Quarter

PRODUCTS = ("helpdesk", "paper_to_web", "expense_desk")
QUESTIONS = [(name, question) for name in ANALYSES for question in analyses.members(name)]


@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=lambda q: str(q))
@pytest.mark.parametrize("product", PRODUCTS)
def test_counting_them_gives_the_number_of_each_point(name, question, product, result_of, of_product):
    result, members = result_of(name, product, "2026Q3"), analyses.members(name)[question]
    if question not in result.tables:
        pytest.skip("the product has no answer to it")
    found, keys = members.find(of_product(product), Quarter.parse("2026Q3")), list(members.keys)
    assert set(found) == {*keys, "account_id"}
    shown = members.shown(result.tables).set_index(keys)["customers"]
    assert shown.index.is_unique
    counted = found.groupby(keys).size().reindex(shown.index, fill_value=0)
    pd.testing.assert_series_equal(counted, shown, check_dtype=False, check_names=False)
    assert shown.sum() > 0
    assert set(found["account_id"]) <= set(of_product(product)["accounts"]["account_id"])


def test_each_question_with_members_has_a_figure():
    for name, question in QUESTIONS:
        assert question in ANALYSES[name].declares.figures

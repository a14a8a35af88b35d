"""A widget that a cell returns is not displayed once more."""

from __future__ import annotations

import pytest
from IPython.core.formatters import DisplayFormatter

from cs_helpers.live.bar import FilterBar
from cs_helpers.widgets.concordance import Concordance
from cs_helpers.widgets.quiz import Quiz
from cs_helpers.widgets.second_product import SecondProduct


@pytest.mark.parametrize("kind", [Concordance, FilterBar, Quiz, SecondProduct])
def test_it_is_shown_as_nothing_where_a_cell_ends_with_it(kind):
    assert DisplayFormatter().format(kind.__new__(kind)) == ({}, {})

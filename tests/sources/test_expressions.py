"""Tests of the columns that mappings name."""

from cs_helpers.sources.expressions import find_column


def test_a_column_is_found_whatever_its_case_and_whitespace() -> None:
    assert find_column("customer name", ["Customer  Name "]) == "Customer  Name "

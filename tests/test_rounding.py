"""Rounding against `decimal`: of all numbers that people can write, and of those that calculations end at."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.rounding import rounded


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (2.5, 0, "3"), (-2.5, 0, "-3"), (0.5, 0, "1"), (1.5, 0, "2"), (0.125, 2, "0.13"), (0.285, 2, "0.29"), (2.675, 2, "2.68"),
        (100 * 0.145, 0, "15"), (100 * 0.285, 0, "29"), (0.1 + 0.2 + 0.15, 1, "0.5"), (2.4999999, 0, "2"), (-0.4, 0, "0"), (0.0, 1, "0.0"),
        (1e22, 2, "1E+22"), (123_456_789_012_345_678, 0, "123456789012345678"),
    ],
)  # fmt: skip
def test_a_half_goes_away_from_nought(value: float, digits: int, expected: str) -> None:
    assert rounded(value, digits) == Decimal(expected)
    assert not str(rounded(value, digits)).startswith("-0")


@given(st.integers(-(10**14), 10**14), st.integers(0, 6), st.integers(0, 4))
def test_numbers_as_written_are_rounded_as_decimals(figures: int, places: int, digits: int) -> None:
    written = Decimal(figures).scaleb(-places)
    assert rounded(float(written), digits) == written.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.sampled_from([1, 100]), st.integers(0, 3))
def test_ratios_of_counts_are_rounded_as_fractions(count: int, of: int, times: int, digits: int) -> None:
    """As shares and percentages are worked out: a ratio, and then times 100."""
    exact = Fraction(count, of) * times * 10**digits
    assert rounded(times * (count / of), digits) == Decimal(int(exact + Fraction(1, 2))).scaleb(-digits)


@given(st.floats(-1e12, 1e12), st.integers(0, 3))
def test_rounding_moves_a_number_by_half_a_unit_at_most_and_keeps_its_order(
    value: float, digits: int
) -> None:
    assert abs(rounded(value, digits) - Decimal(value)) <= Decimal("0.5").scaleb(-digits) + Decimal("0.001")
    assert rounded(-value, digits) == -rounded(value, digits)
    assert rounded(value, digits) <= rounded(value + 0.1, digits)

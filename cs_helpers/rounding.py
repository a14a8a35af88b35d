"""Rounding as readers and spreadsheets do it: a half goes away from 0."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

#: so many figures of a number decide: as many as a float holds for sure, whatever the last bit of a product or a sum is
_FIGURES = 15


def rounded(value: float, digits: int = 0) -> Decimal:
    """A finite number with so many decimals: 2.5 is 3, -2.5 is -3, and 0.285 is 0.29, though its binary is a little less.

    Python and NumPy round halves to the even neighbour, which a reader with a spreadsheet takes for an error. What rounds to 0 has no sign.
    """
    if abs(value) >= 10**_FIGURES:
        return Decimal(int(value))
    exact = Decimal(f"{value:.{_FIGURES}g}")
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0

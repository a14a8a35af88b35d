"""The segments of customers: size, industry, and quadrant of motivation and literacy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.parameters import DIMENSIONS, split_segment
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.snapshot import ProductData

SEGMENTS = ("size", "industry", "quadrant")
QUADRANT_ORDER = ("high-high", "high-low", "low-high", "low-low")


def with_segments(accounts: pd.DataFrame) -> pd.DataFrame:
    """`accounts` with the column `quadrant`: motivation, then literacy, where 4 and 5 are high.

    Missing segments are `unknown` in each dimension.
    """

    def grade(score: pd.Series) -> pd.Series:
        return (score >= 4).map({True: "high", False: "low"}).where(score.notna())

    quadrant = grade(accounts["motivation"]) + "-" + grade(accounts["literacy"])
    return accounts.assign(
        quadrant=quadrant.astype("str").fillna(UNKNOWN),
        **{column: accounts[column].fillna(UNKNOWN) for column in ("size", "industry")},
    )


def _by_dimension(accounts: pd.DataFrame) -> pd.DataFrame:
    """`accounts` with a column for each of `DIMENSIONS`, without missing values."""
    return with_segments(accounts).assign(csm=accounts["csm"].fillna(UNKNOWN))


def filter_segment(accounts: pd.DataFrame, segment: str) -> pd.DataFrame:
    """The accounts of a segment written as `size:small` or `size:small;csm:csm-03`; all of them for `all`."""
    known = _by_dimension(accounts)
    for dimension, value in split_segment(segment):
        known = known[known[dimension] == value]
    return accounts.loc[known.index]


def list_segments(data: ProductData) -> list[str]:
    """The segments that have customers, in the notation of `filter_segment`; `all` first."""
    return [
        "all",
        *(f"{d}:{v}" for d, values in values_by_dimension(data).items() for v in values if d in SEGMENTS),
    ]


def values_by_dimension(data: ProductData) -> dict[str, list[str]]:
    """The values of each of `contract.parameters.DIMENSIONS` that customers have, in display order; CSMs by name."""
    accounts = _by_dimension(data["accounts"])
    return {d: segments_present(accounts[d], data.sizes) for d in DIMENSIONS}


def sort_segments(segments: Iterable[str], sizes: Sequence[str] = DEFAULT_ORDER) -> list[str]:
    """Segments in display order: sizes and quadrants in their own order, industries by name, `unknown` last."""
    ordered = (*sizes, *QUADRANT_ORDER)

    def place(segment: str) -> tuple[bool, int, str]:
        return segment == UNKNOWN, ordered.index(segment) if segment in ordered else len(ordered), segment

    return sorted(set(segments), key=place)


def segments_present(segment: pd.Series, sizes: Sequence[str] = DEFAULT_ORDER) -> list[str]:
    """The distinct segments of one dimension in display order; empty where all are `unknown`."""
    present = sort_segments(segment.dropna().unique(), sizes)
    return [] if present == [UNKNOWN] else present


def mask_unknown(segment: pd.Series) -> pd.Series:
    """The segments with `unknown` as missing, so that comparisons leave it out."""
    return segment.mask(segment == UNKNOWN)


def count_unknown(
    accounts: pd.DataFrame, *dimensions: str
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Dimensions in which the segment of some accounts is unknown, with their number, and those unknown for all.

    accounts: the table of `with_segments`.
    """
    counts = {d: int((accounts[d].fillna(UNKNOWN) == UNKNOWN).sum()) for d in dimensions}
    partly_unknown = tuple((d, n) for d, n in counts.items() if 0 < n < len(accounts))
    return partly_unknown, tuple(d for d, n in counts.items() if n and n == len(accounts))

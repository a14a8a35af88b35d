"""Who the customers are, and which segments they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.snapshot import ProductData

SEGMENTS = ("size", "industry", "quadrant")
QUADRANT_ORDER = ("high-high", "high-low", "low-high", "low-low")


def with_segments(accounts: pd.DataFrame) -> pd.DataFrame:
    """`accounts` with the column `quadrant`: motivation, then literacy, 4 and 5 being high.

    A segment that is not known is `unknown`, in each dimension.
    """

    def grade(score: pd.Series) -> pd.Series:
        return (score >= 4).map({True: "high", False: "low"}).where(score.notna())

    quadrant = grade(accounts["motivation"]) + "-" + grade(accounts["literacy"])
    return accounts.assign(
        quadrant=quadrant.astype("str").fillna(UNKNOWN),
        **{column: accounts[column].fillna(UNKNOWN) for column in ("size", "industry")},
    )


def in_segment(accounts: pd.DataFrame, segment: str) -> pd.DataFrame:
    """The accounts of a segment written as `size:small`; all of them for `all`."""
    if segment == "all":
        return accounts
    dimension, _, value = segment.partition(":")
    return accounts[with_segments(accounts)[dimension] == value]


def segments_of(data: ProductData) -> list[str]:
    """The segments that have customers, as `in_segment` reads them; `all` first."""
    accounts = with_segments(data["accounts"])
    found = ["all"]
    for dimension in SEGMENTS:
        found += [f"{dimension}:{v}" for v in segments_in(accounts[dimension], data.sizes)]
    return found


def in_order(segments: Iterable[str], sizes: Sequence[str] = DEFAULT_ORDER) -> list[str]:
    """Segments as they are shown: sizes and quadrants in their order, industries by name, what is not known last."""
    ordered = (*sizes, *QUADRANT_ORDER)

    def place(segment: str) -> tuple[bool, int, str]:
        return segment == UNKNOWN, ordered.index(segment) if segment in ordered else len(ordered), segment

    return sorted(set(segments), key=place)


def segments_in(segment: pd.Series, sizes: Sequence[str] = DEFAULT_ORDER) -> list[str]:
    """The segments of one dimension that anybody is of, in order, `unknown` last; none where it is known of nobody."""
    there = in_order(segment.dropna().unique(), sizes)
    return [] if there == [UNKNOWN] else there


def only_known(segment: pd.Series) -> pd.Series:
    """The same without what is not known, for comparisons: who is of no known segment is compared with nobody."""
    return segment.mask(segment == UNKNOWN)


def not_known(
    accounts: pd.DataFrame, *dimensions: str
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Of which dimensions the segment of some accounts is not known, and of how many; and of which of all.

    accounts: as `with_segments` gives them.
    """
    many = {d: int((accounts[d].fillna(UNKNOWN) == UNKNOWN).sum()) for d in dimensions}
    some = tuple((d, n) for d, n in many.items() if 0 < n < len(accounts))
    return some, tuple(d for d, n in many.items() if n and n == len(accounts))

"""Who the customers are, and which segments they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

import pandas as pd

from cs_helpers.contract.spells import CustomerTime, accounts_seen, customer_time
from cs_helpers.snapshot import ProductData

SEGMENTS = ("size", "industry", "quadrant")
SIZE_ORDER = ("enterprise", "mid", "small")
QUADRANT_ORDER = ("high-high", "high-low", "low-high", "low-low")


def with_segments(accounts: pd.DataFrame) -> pd.DataFrame:
    """`accounts` with the column `quadrant`: motivation, then literacy, 4 and 5 being high."""

    def grade(score: pd.Series) -> pd.Series:
        return (score >= 4).map({True: "high", False: "low"}).where(score.notna())

    quadrant = grade(accounts["motivation"]) + "-" + grade(accounts["literacy"])
    return accounts.assign(quadrant=quadrant.astype("str"))


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
        known = accounts[dimension].dropna().unique()
        found += [f"{dimension}:{v}" for v in in_order(known)]
    return found


def in_order(segments: Iterable[str]) -> list[str]:
    """Segments as they are shown: sizes and quadrants in their order, industries by name."""
    ordered = (*SIZE_ORDER, *QUADRANT_ORDER)
    return sorted(set(segments), key=lambda s: (ordered.index(s) if s in ordered else len(ordered), s))


def without_contracts(data: ProductData) -> tuple[str, ...]:
    """The name of the table that tells of customers, MRR and losses where it is missing; else nothing."""
    return data.missing("contracts")


def as_known(data: ProductData, day: date) -> CustomerTime:
    """Who was a customer of the product when, as known on a day: what every analysis asks.

    Without a table of contracts: which accounts were known of it (`contract.spells.accounts_seen`).
    """
    if without_contracts(data):
        return accounts_seen(data["first_seen"], day)
    return customer_time(data["contracts"], data.product.customers, day)


def different(rows: pd.DataFrame, *by: str, of: str = "account_id") -> Counter[tuple[str, ...]]:
    """How many different values of a column there are for each combination of others; a missing value counts nowhere.

    By sets: on some thousand rows groups take several times as long.
    """
    values = set(zip(*(rows[c].tolist() for c in (*by, of)), strict=True))
    return Counter(key[:-1] for key in values if all(value is not None and value == value for value in key))

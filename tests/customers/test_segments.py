"""Which segments a customer belongs to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import account, frame, product_data

from cs_helpers.customers.segments import filter_segment, list_segments, with_segments

ACCOUNTS = frame(
    "accounts",
    [
        account("A", "small", motivation=5, literacy=3, csm="one"),
        account("B", "mid", motivation=4, literacy=4, csm="one"),
        account("C", "small", motivation=1, literacy=None),
        account("D", "enterprise", motivation=3, literacy=5),
    ],
)


def test_the_quadrant_is_motivation_then_literacy_and_4_is_high() -> None:
    quadrant = with_segments(ACCOUNTS).set_index("account_id")["quadrant"]
    assert quadrant.drop("C").to_dict() == {"A": "high-low", "B": "high-high", "D": "low-high"}


def test_a_customer_with_a_score_unknown_is_of_an_unknown_quadrant() -> None:
    assert with_segments(ACCOUNTS).set_index("account_id")["quadrant"]["C"] == "unknown"


@pytest.mark.parametrize(
    ("segment", "inside"),
    [
        ("all", ["A", "B", "C", "D"]),
        ("size:small", ["A", "C"]),
        ("quadrant:low-high", ["D"]),
        ("industry:trade", ["A", "B", "C", "D"]),
        ("size:unheard-of", []),
        ("size:small;quadrant:high-low", ["A"]),
        ("csm:one", ["A", "B"]),
        ("size:small;csm:one", ["A"]),
        ("size:mid;csm:unknown", []),
        ("csm:unknown", ["C", "D"]),
    ],
)
def test_a_segment_holds_its_customers(segment: str, inside: list[str]) -> None:
    assert filter_segment(ACCOUNTS, segment)["account_id"].tolist() == inside


def test_the_sizes_partition_the_customers() -> None:
    parts = [
        filter_segment(ACCOUNTS, f"size:{size}")["account_id"] for size in ("enterprise", "mid", "small")
    ]
    assert sorted(np.concatenate(parts)) == sorted(ACCOUNTS["account_id"])


def test_the_segments_of_a_dimension_hold_each_customer_once_whatever_is_not_known() -> None:
    accounts = frame(
        "accounts", [account("A", None), account("B", "mid", motivation=4), account("C", "huge")]
    )
    data = replace(product_data(accounts=accounts), sizes=("huge", "mid"))
    result = list_segments(data)
    assert result == [
        "all", "size:huge", "size:mid", "size:unknown", "industry:trade",
    ]  # of no customer both scores are known: no quadrants  # fmt: skip
    held = [filter_segment(accounts, s)["account_id"].tolist() for s in result if s.startswith("size:")]
    assert held == [["C"], ["B"], ["A"]]


def test_segments_are_listed_from_all_and_in_their_own_order() -> None:
    data = product_data(accounts=ACCOUNTS.drop(columns="product", errors="ignore"))
    assert list_segments(data) == [
        "all",
        "size:enterprise",
        "size:mid",
        "size:small",
        "industry:trade",
        "quadrant:high-high",
        "quadrant:high-low",
        "quadrant:low-high",
        "quadrant:unknown",
    ]

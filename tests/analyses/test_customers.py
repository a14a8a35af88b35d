"""Which segments a customer belongs to."""

from __future__ import annotations

import numpy as np
import pytest

from cs_helpers.analyses.customers import in_segment, segments_of, with_segments

from .builders import account, frame, product_data

ACCOUNTS = frame(
    "accounts",
    [
        account("A", "small", motivation=5, literacy=3),
        account("B", "mid", motivation=4, literacy=4),
        account("C", "small", motivation=1, literacy=None),
        account("D", "enterprise", motivation=3, literacy=5),
    ],
)


def test_the_quadrant_is_motivation_then_literacy_and_4_is_high() -> None:
    quadrant = with_segments(ACCOUNTS).set_index("account_id")["quadrant"]
    assert quadrant.drop("C").to_dict() == {"A": "high-low", "B": "high-high", "D": "low-high"}


def test_a_customer_with_a_score_unknown_has_no_quadrant() -> None:
    assert with_segments(ACCOUNTS).set_index("account_id")["quadrant"].isna()["C"]


@pytest.mark.parametrize(
    ("segment", "inside"),
    [
        ("all", ["A", "B", "C", "D"]),
        ("size:small", ["A", "C"]),
        ("quadrant:low-high", ["D"]),
        ("industry:trade", ["A", "B", "C", "D"]),
        ("size:unheard-of", []),
    ],
)
def test_a_segment_holds_its_customers(segment: str, inside: list[str]) -> None:
    assert in_segment(ACCOUNTS, segment)["account_id"].tolist() == inside


def test_the_sizes_partition_the_customers() -> None:
    parts = [in_segment(ACCOUNTS, f"size:{size}")["account_id"] for size in ("enterprise", "mid", "small")]
    assert sorted(np.concatenate(parts)) == sorted(ACCOUNTS["account_id"])


def test_segments_are_listed_from_all_and_in_their_own_order() -> None:
    data = product_data(accounts=ACCOUNTS.drop(columns="product", errors="ignore"))
    assert segments_of(data) == [
        "all",
        "size:enterprise",
        "size:mid",
        "size:small",
        "industry:trade",
        "quadrant:high-high",
        "quadrant:high-low",
        "quadrant:low-high",
    ]

"""Who counts as a customer on a day, and in which segment."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cs_helpers.analyses.customers import active_on, in_segment, mrr_on, segments_of, tenure, with_segments

from .builders import account, contract, frame, product_data

CONTRACTS = frame(
    "contracts",
    [
        contract("A", "2026-01-10", "2026-03-31", mrr=100),
        contract("A", "2026-03-01", mrr=30),
        contract("B", "2026-01-10", "2026-03-31", mrr=200),
    ],
)
ACCOUNTS = frame(
    "accounts",
    [
        account("A", "small", motivation=5, literacy=3),
        account("B", "mid", motivation=4, literacy=4),
        account("C", "small", motivation=1, literacy=None),
        account("D", "enterprise", motivation=3, literacy=5),
    ],
)


@pytest.mark.parametrize(
    ("day", "active"),
    [
        (date(2026, 1, 9), set()),
        (date(2026, 1, 10), {"A", "B"}),
        (date(2026, 3, 30), {"A", "B"}),
        (date(2026, 3, 31), {"A"}),
    ],
    ids=["day before the start", "day of the start", "day before the end", "day of the end"],
)
def test_a_contract_counts_from_its_first_day_and_not_on_its_last(day: date, active: set[str]) -> None:
    assert set(active_on(CONTRACTS, day)["account_id"]) == active


def test_mrr_adds_the_contracts_that_run_side_by_side() -> None:
    assert mrr_on(CONTRACTS, date(2026, 3, 15)).to_dict() == {"A": 130.0, "B": 200.0}


def test_tenure_runs_from_the_first_contract_and_ends_only_with_all_of_them() -> None:
    spans = tenure(CONTRACTS)
    assert spans["started_on"].to_dict() == {"A": pd.Timestamp("2026-01-10"), "B": pd.Timestamp("2026-01-10")}
    assert pd.isna(spans.at["A", "ended_on"])
    assert spans.at["B", "ended_on"] == pd.Timestamp("2026-03-31")


def test_a_customer_that_came_back_and_left_again_ends_with_the_later_contract() -> None:
    contracts = frame(
        "contracts", [contract("A", "2025-01-01", "2025-06-30"), contract("A", "2026-01-01", "2026-06-30")]
    )
    assert tenure(contracts).loc["A"].tolist() == [pd.Timestamp("2025-01-01"), pd.Timestamp("2026-06-30")]


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

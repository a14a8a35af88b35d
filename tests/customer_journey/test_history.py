"""The journey in one plain table: every wait, what was used in it, and from when to when uses are known."""

from __future__ import annotations

from typing import Any

import pandas as pd
from builders import account, contract, product, product_data

from cs_helpers.customer_journey.history import COLUMNS, waits_and_uses
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED

END = pd.Timestamp("2026-10-01")
#: those that took the step in ten days, so that it is known what is usual
OTHERS = [f"o{n}" for n in range(5)]
DESK = product(
    steps=["kickoff", "second"],
    journey={"seen": {"second": {"contents": "Numbers", "contents_seen": {"touch": "numbers*"}}}},
)


def desk(*, ended_on: str | None = None) -> ProductData:
    """`s1` was kicked off on 1 February and waits; the others needed ten days for the second step."""
    names = ["s1", *OTHERS]
    milestones: list[dict[str, Any]] = [
        {"account_id": a, "step": "contract", "reached_at": "2026-01-10"} for a in names
    ]
    milestones += [{"account_id": "s1", "step": "kickoff", "reached_at": "2026-02-01"}]
    for name in OTHERS:
        milestones += [
            {"account_id": name, "step": "kickoff", "reached_at": "2026-01-10"},
            {"account_id": name, "step": "second", "reached_at": "2026-01-20"},
        ]
    touches = [
        {"account_id": OTHERS[0], "kind": "mail", "content": "hello", "occurred_at": "2026-01-12"},
        {"account_id": "s1", "kind": "mail", "content": "numbers of June", "occurred_at": "2026-02-11"},
        {"account_id": "s1", "kind": "mail", "content": "hello", "occurred_at": "2026-03-01"},
    ]
    return product_data(
        DESK,
        accounts=[account(name) for name in names],
        contracts=[contract(name, "2026-01-10", ended_on if name == "s1" else None) for name in names],
        milestones=milestones,
        touches=touches,
    )


def waits(data: ProductData, *accounts: str) -> pd.DataFrame:
    return waits_and_uses(data, END, pd.Index(accounts))


def test_each_wait_says_what_was_used_in_it():
    result = waits(desk(), "s1")
    assert list(result.columns) == list(COLUMNS)
    assert result["step"].tolist() == ["kickoff", "second"]
    first, second = result.to_dict("records")
    assert (first["outcome"], first["days"], first["planned"]) == (REACHED, 22, False)
    assert (second["outcome"], second["began"], second["planned"]) == (
        CENSORED,
        pd.Timestamp("2026-02-01"),
        True,
    )
    assert second["days"] == 242  # 1 February to the end of 30 September
    assert sorted(second["uses"]) == [("contents", 11.0), ("touch", 29.0)]  # each from the day after
    assert second["usual_days"] == 10  # as those of five customers that took it


def test_only_the_accounts_asked_for_have_rows_but_what_is_usual_is_that_of_all():
    result = waits(desk(), OTHERS[0])
    assert set(result["account_id"]) == {OTHERS[0]}
    assert result.loc[result["step"] == "second", "usual_days"].tolist() == [10]
    assert result.loc[result["step"] == "kickoff", "uses"].tolist() == [()]
    assert waits(desk(), "nobody").empty


def test_uses_are_known_from_the_first_touch_to_the_end_of_what_is_recorded():
    result = waits(desk(), "s1")
    assert set(result["uses_known_from"]) == {pd.Timestamp("2026-01-12")}
    assert (result["uses_known_until"] <= END).all()


def test_who_left_has_a_wait_that_ended():
    result = waits(desk(ended_on="2026-04-30"), "s1")
    second = result[result["step"] == "second"].iloc[0]
    assert (second["outcome"], second["days"]) == (LEFT, 89)  # to the day after the last one


def test_without_recorded_steps_there_is_no_wait():
    data = product_data(
        DESK, accounts=[account("s1")], contracts=[contract("s1", "2026-01-10")], milestones=[]
    )
    result = waits(data, "s1")
    assert result.empty
    assert list(result.columns) == list(COLUMNS)

"""Steps and losses of the customers of each CSM: by hand, planted and found, and by chance and not called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, touch

from cs_helpers.analyses import team
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

Q3 = Quarter(2026, 3)
SIZES = ("small", "mid")


def milestone(name: str, day: Any, step: str = "kickoff") -> dict[str, Any]:
    return {"account_id": name, "step": step, "reached_at": f"{pd.Timestamp(day):%Y-%m-%d} 10:00:00"}


def way(waits: dict[str, tuple[str, float | None]], **tables: Any) -> ProductData:
    """Customers since January 2026, each with its CSM and the days to the kick-off (None: still waiting).

    One before them, in nobody's charge, took the step when the records began: only who enters later is followed.
    """
    start = pd.Timestamp("2026-01-05")
    return product_data(
        product(),
        accounts=[account("old"), *(account(name, csm=csm) for name, (csm, _) in waits.items())],
        contracts=[contract("old", "2025-11-01"), *(contract(name, f"{start:%Y-%m-%d}") for name in waits)],
        milestones=[
            milestone("old", "2025-11-01", "contract"),
            milestone("old", "2025-12-01"),
            *(milestone(name, start, "contract") for name in waits),
            *(
                milestone(name, start + pd.Timedelta(days=days))
                for name, (_, days) in waits.items()
                if days is not None
            ),
        ],
        **tables,
    )


def drawn(seed: int, pace: dict[str, float], customers: int = 30) -> ProductData:
    """Customers of some CSMs, whose waits are drawn with a median of 40 days over the pace of their CSM."""
    rng = np.random.default_rng(seed)
    waits: dict[str, tuple[str, float | None]] = {}
    for csm, faster in pace.items():
        for n in range(customers):
            days = 40 / faster * np.exp(rng.normal(0, 0.6))
            waits[f"{csm}-{n:02d}"] = (csm, float(days) if days < 260 else None)
    return way(waits)


def notes(result: Result, about: str) -> list[str]:
    return [note.code for note in result.about(about)]


def test_expected_steps_are_the_hazards_of_all_over_the_days_that_customers_of_a_csm_waited() -> None:
    # at day 10 one of two at risk takes the step: 1/2; at day 20 the one who is left: 1
    table = team.analyse(way({"A1": ("ann", 10), "B1": ("bo", 20)}), Q3).tables["conversions"]
    assert table[["csm", "step"]].to_numpy().tolist() == [
        ["ann", "all"], ["ann", "kickoff"], ["bo", "all"], ["bo", "kickoff"],
    ]  # fmt: skip
    by_step = table[table["step"] == "kickoff"].set_index("csm")
    assert by_step["expected"].to_dict() == pytest.approx({"ann": 0.5, "bo": 1.5})
    assert by_step[["customers", "waits", "reached"]].to_numpy().tolist() == [[1, 1, 1], [1, 1, 1]]
    assert by_step.loc["ann", "ratio"] > 1 > by_step.loc["bo", "ratio"]
    assert (table["verdict"] == "alike").all()


def test_who_is_slow_and_who_is_quick_is_found_and_who_is_neither_is_not() -> None:
    pace = {"ann": 1, "bo": 1, "cy": 0.35, "di": 1, "ed": 2.5, "flo": 1}
    result = team.analyse(drawn(1, pace), Q3)
    by_step = result.tables["conversions"].query("step == 'kickoff'").set_index("csm")
    assert by_step["verdict"].to_dict() == dict.fromkeys(pace, "alike") | {"cy": "below", "ed": "above"}
    assert result.verdicts["spread"].fields == {"steps": ("kickoff",)}
    assert result.verdicts["conversions"].code == "some_apart"
    row = result.tables["coaching"].iloc[0]
    assert len(result.tables["coaching"]) == 1
    assert (row["step"], row["csm"], row["learn_from"]) == ("kickoff", "cy", ("ed",))
    assert row["waiting"] == len(row["names"])
    assert all(name.startswith("cy-") for name in row["names"])


def test_the_coaching_list_leaves_out_who_left_the_team() -> None:
    pace = {"ann": 1, "bo": 1, "cy": 0.35, "di": 1, "ed": 2.5, "flo": 1}
    data = drawn(1, pace)
    there = [{"person": name, "left_on": "2026-07-01" if name == "ed" else None} for name in pace]
    staff = product_data(staff=there).tables["staff"]
    coaching = team.analyse(data.with_tables({"staff": staff}), Q3).tables["coaching"]
    assert coaching["learn_from"].tolist() == [()]
    nobody = staff[staff["person"] != "cy"]
    assert team.analyse(data.with_tables({"staff": nobody}), Q3).tables["coaching"].empty


def test_csms_who_are_alike_are_rarely_called_apart() -> None:
    called = {"conversions": 0, "spread": 0}
    for seed in range(12):
        result = team.analyse(drawn(seed, dict.fromkeys("abcdef", 1.0), 12), Q3)
        called["conversions"] += int((result.tables["conversions"]["verdict"] != "alike").any())
        called["spread"] += int((result.tables["spread"]["verdict"] != "alike").any())
        assert result.verdicts["spread"].code == "alike" or called["spread"]
    assert max(called.values()) <= 2, called


def test_a_step_that_nobody_took_yet_tells_nothing_of_csms() -> None:
    data = drawn(2, dict.fromkeys("abcd", 1.0), 5)
    later = [milestone("old", "2025-12-20", "value"), *data["milestones"].to_dict("records")]
    of = product(steps=["kickoff", "value"])
    again = product_data(of, accounts=data["accounts"], contracts=data["contracts"], milestones=later)
    result = team.analyse(again, Q3)
    assert (result.tables["conversions"]["step"] == "value").sum() == 0
    assert result.tables["spread"]["step"].tolist() == ["all", "kickoff"]
    assert result.verdicts["spread"].code == "alike"


def test_in_charge_is_who_touched_last_before_the_wait_began() -> None:
    touches = [
        touch("A1", "2026-01-02", csm="zoe"), touch("A1", "2026-02-10", csm="later"), touch("B1", "2026-03-01", csm="zoe"),
    ]  # fmt: skip
    result = team.analyse(way({"A1": ("ann", 10), "B1": ("bo", 20)}, touches=touches), Q3)
    assert set(result.tables["conversions"]["csm"]) == {"zoe", "bo"}
    note = next(n for n in result.about("conversions") if n.code == "today_only")
    assert note.fields == {"waits": 1, "of": 2}


def test_losses_are_compared_within_size_and_quarter_by_hand() -> None:
    accounts = [account(f"{c}{n}", SIZES[n % 2], csm=csm) for c, csm in zip("AB", ("ann", "bo"), strict=True) for n in range(4)]  # fmt: skip
    contracts = [contract(a["account_id"], "2024-01-01", "2026-02-28" if a["account_id"] == "A0" else None) for a in accounts]  # fmt: skip
    data = product_data(product(), accounts=accounts, contracts=contracts)
    table = team.analyse(data, Q3).tables["retention"].set_index("csm")
    # four quarters from October 2025; A0 is lost on 1 March 2026, 60 days into the quarter in which four small ones
    # are at risk: three for 90 days and A0 for 60
    assert table["exposed"].to_dict() == pytest.approx(
        {"ann": (3 * 365 + 92 + 60) / 365.25, "bo": 4 * 365 / 365.25}
    )
    assert table["lost"].to_dict() == {"ann": 1, "bo": 0}
    assert table["expected_lost"].to_dict() == pytest.approx({"ann": 150 / 330, "bo": 180 / 330})
    assert table.loc["bo", "ratio"] > 1 > table.loc["ann", "ratio"]
    assert (table["low"] < table["ratio"]).all()
    assert (table["ratio"] < table["high"]).all()
    assert (table["verdict"] == "alike").all()


def test_a_csm_whose_customers_leave_is_found() -> None:
    accounts = [account(f"{csm}{n:02d}", csm=csm) for csm in ("ann", "bo", "cy") for n in range(40)]
    contracts = [
        contract(a["account_id"], "2024-01-01", "2026-02-28" if a["account_id"] < "ann25" else None)
        for a in accounts
    ]
    table = team.analyse(product_data(product(), accounts=accounts, contracts=contracts), Q3).tables[
        "retention"
    ]
    assert table.set_index("csm")["verdict"].to_dict() == {"ann": "below", "bo": "above", "cy": "above"}


def test_who_is_in_charge_today_only_is_said_of_losses_too() -> None:
    accounts = [account(f"{csm}{n}", csm=csm) for csm in ("ann", "bo") for n in range(3)]
    contracts = [contract(a["account_id"], "2025-01-01") for a in accounts]
    contracts[0]["ended_on"] = "2026-02-28"
    touched = [
        {"account_id": a["account_id"], "occurred_at": "2025-03-01 10:00:00", "csm": a["csm"]}
        for a in accounts[1:]
    ]
    found = team.analyse(product_data(product(), accounts=accounts, contracts=contracts, touches=touched), Q3)
    [note] = [n for n in found.notes if n.code == "losses_today_only"]
    assert note.fields == {"periods": 2, "of": 2 + 5 * 4}


def test_without_anybody_to_compare_with_there_is_a_sentence() -> None:
    one = team.analyse(way({"A1": ("ann", 10), "A2": ("ann", 20)}), Q3)
    assert dict(one.tables) == {}
    assert notes(one, "conversions") == notes(one, "coaching") == notes(one, "retention") == ["one_csm"]
    nobody = way({"A1": ("ann", 10), "A2": ("ann", 20)})
    accounts = nobody["accounts"].assign(csm=pd.Series(pd.NA, nobody["accounts"].index, dtype="str"))
    unknown = team.analyse(nobody.with_tables({"accounts": accounts}), Q3)
    assert notes(unknown, "conversions") == notes(unknown, "retention") == ["no_csm"]
    two = team.analyse(way({"A1": ("ann", 10), "B1": ("bo", 20)}), Q3)
    assert notes(two, "spread") == ["few_csms"]
    assert "spread" not in two.tables
    assert notes(two, "retention") == ["nobody_lost"]


def test_without_contracts_or_milestones_each_question_says_what_is_missing() -> None:
    milestones = [milestone(n, "2026-02-01") for n in "ABC"] + [
        milestone(n, "2026-01-05", "contract") for n in "ABC"
    ]
    data = product_data(accounts=[account(n, csm=n) for n in "ABC"], milestones=milestones)
    result = team.analyse(data, Q3)
    assert notes(result, "retention") == ["missing_table"]
    empty = product_data(
        accounts=[account(n, csm=n) for n in "ABC"], contracts=[contract(n, "2026-01-01") for n in "ABC"]
    )
    assert notes(team.analyse(empty, Q3), "spread") == ["missing_table"]


def test_an_earlier_quarter_knows_nothing_of_later_rows() -> None:
    data = drawn(1, {"ann": 1, "bo": 0.3, "cy": 1})
    early = team.analyse(data, Quarter(2026, 1)).tables["conversions"]
    until = data["milestones"][data["milestones"]["reached_at"] < "2026-04-01"]
    again = team.analyse(data.with_tables({"milestones": until}), Quarter(2026, 1)).tables["conversions"]
    pd.testing.assert_frame_equal(early, again)

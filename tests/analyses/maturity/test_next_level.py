"""What keeps customers from the next level, worked out by hand for each of a few customers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from builders import ANALYSES, account, contract, product, product_data, use

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Result, Verdict

Q2 = Quarter(2026, 2)
#: Lv.1 any delivery; Lv.2 two departments and four deliveries; Lv.3 at most a tenth of all on paper
LEVELS: list[list[dict[str, Any]]] = [
    [{"value": "events", "event": "web.*", "at_least": 1}],
    [
        {"value": "distinct_parts", "part": 2, "event": "web.*", "at_least": 2},
        {"value": "quantity", "event": "web.*", "at_least": 20},
    ],
    [
        {
            "value": "quantity",
            "event": "paper",
            "per": {"value": "quantity", "event": ["paper", "web.*"]},
            "at_most": 0.1,
        }
    ],
]


def used(name: str, hr: float = 0, sales: float = 0, paper: float = 0) -> list[dict[str, Any]]:
    amounts = {"web.hr.slip": hr, "web.sales.bill": sales, "paper": paper}
    return [use(name, "2026-05-10", event, quantity=n) for event, n in amounts.items() if n]


def result_of(*rows: dict[str, Any], mrr: dict[str, float] | None = None, **tables: Any) -> Result:
    names = sorted({str(row["account_id"]) for row in rows} | set(mrr or {}))
    days = pd.date_range("2026-01-01", "2026-09-30").strftime("%Y-%m-%d")
    log = [use("Z", day, event) for day in days for event in ("web.hr.slip", "web.sales.bill", "paper")]
    data = product_data(
        product(levels=LEVELS),
        accounts=[account(name) for name in [*names, "Z"]],
        contracts=[contract(name, "2025-01-01", mrr=(mrr or {}).get(name, 100)) for name in names],
        usage=[*rows, *log],
        **tables,
    )
    return ANALYSES["maturity"].analyse(data, Q2)


def conditions(result: Result, name: str) -> list[tuple[Any, ...]]:
    """Key, state, has, bound, needs, short by of the customer's conditions of the next level, in the order of the rules."""
    table = result.tables["next_level"]
    rows = table[(table["account_id"] == name) & table["next"]].sort_values("condition")
    columns = ["condition", "state", "has", "bound", "needs", "short_by"]
    return [tuple(row) for row in rows[columns].astype(object).where(rows[columns].notna(), None).to_numpy()]


def test_without_any_use_the_first_condition_is_missing_as_a_whole() -> None:
    result = result_of(*used("B", hr=1), mrr={"A": 100})
    assert conditions(result, "A") == [("1.1", "missing", 0.0, "at_least", 1.0, 1.0)]


def test_what_holds_and_what_is_missing_by_how_much() -> None:
    result = result_of(*used("A", hr=25))
    assert conditions(result, "A") == [
        ("2.1", "missing", 1.0, "at_least", 2.0, 1.0),
        ("2.2", "holds", 25.0, "at_least", 20.0, None),
    ]
    everything = result.tables["next_level"][lambda t: t["account_id"] == "A"]
    assert set(everything["condition"]) == {"1.1", "2.1", "2.2"}
    assert everything.set_index("condition").at["1.1", "state"] == "holds"


def test_a_share_that_is_too_large_is_short_by_the_difference() -> None:
    result = result_of(*used("A", hr=30, sales=30, paper=20))
    ((key, state, has, bound, needs, short_by),) = conditions(result, "A")
    assert (key, state, bound, needs) == ("3.1", "missing", "at_most", 0.1)
    assert has == pytest.approx(20 / 80)
    assert short_by == pytest.approx(20 / 80 - 0.1)


def test_a_customer_at_the_highest_level_lacks_nothing() -> None:
    result = result_of(*used("A", hr=30, sales=30, paper=1))
    rows = result.tables["next_level"]
    assert conditions(result, "A") == []
    assert rows["state"].eq("holds").all()
    assert "held_back" not in result.tables
    assert [note.code for note in result.about("held_back")] == ["all_at_top"]


def test_those_who_lack_least_come_first_and_of_these_the_nearest() -> None:
    result = result_of(
        *used("A", hr=2), *used("B", hr=18, sales=1), *used("C", hr=1, sales=4), *used("D", hr=18, sales=1),
        mrr={"A": 900, "B": 100, "C": 500, "D": 200},
    )  # fmt: skip
    # B and D lack one delivery of 20, C fifteen, A two conditions; D pays more than B
    assert list(dict.fromkeys(result.tables["next_level"]["account_id"])) == ["D", "B", "C", "A"]


def test_the_conditions_of_each_level_are_counted_over_the_customers_at_it() -> None:
    result = result_of(
        *used("A", hr=2), *used("B", hr=30), *used("C", hr=5, sales=5), *used("D", hr=30, sales=1, paper=30),
        mrr={"A": 1, "B": 10, "C": 100, "D": 1000, "E": 10_000},
    )  # fmt: skip
    columns = ["level", "condition", "customers", "only", "not_known", "n", "share", "mrr"]
    expected = [
        (0, "1.1", 1, 1, 0, 1, 1.0, 10_000),
        (1, "2.1", 2, 1, 0, 3, 2 / 3, 11),
        (1, "2.2", 2, 1, 0, 3, 2 / 3, 101),
        (2, "3.1", 1, 1, 0, 1, 1.0, 1000),
    ]
    pd.testing.assert_frame_equal(
        result.tables["held_back"][columns], pd.DataFrame(expected, columns=columns), check_dtype=False
    )
    assert result.verdicts["held_back"] == Verdict(
        "tied", {"customers": 2, "n": 3, "level": 1, "conditions": ("2.1", "2.2")}
    )


def test_conditions_of_several_levels_that_as_many_lack_are_all_named() -> None:
    result = result_of(*used("A", hr=30), *used("B", hr=30, sales=1, paper=30))
    said = {"customers": 1, "conditions": ("2.1", "3.1")}
    assert result.verdicts["held_back"] == Verdict("tied_levels", said)


def test_the_only_condition_of_a_level_is_named_without_others() -> None:
    result = result_of(*used("A", hr=30, sales=30, paper=30))
    said = {"condition": "3.1", "level": 2, "customers": 1, "n": 1}
    assert result.verdicts["held_back"] == Verdict("single", said)


def test_the_condition_that_most_lack_is_named() -> None:
    result = result_of(*used("A", hr=2), *used("B", hr=30), *used("C", hr=40))
    said = {"condition": "2.1", "level": 1, "customers": 3, "n": 3, "only": 2}
    assert result.verdicts["held_back"] == Verdict("most", said)


def test_what_the_data_does_not_tell_is_not_counted_as_missing() -> None:
    data = product_data(
        product(levels=LEVELS),
        accounts=[account("A")],
        contracts=[contract("A", "2025-01-01")],
        usage=[use("A", f"2026-06-{day:02}", "web.hr.slip", quantity=1) for day in range(20, 30)],
    )  # the log begins in the middle of the window: 10 deliveries of one department are the least it can be
    result = ANALYSES["maturity"].analyse(data, Q2)
    assert result.tables["levels"].set_index("account_id").at["A", "level"] == UNKNOWN
    assert [row[:3] for row in conditions(result, "A")] == [
        ("2.1", "not_known", 1.0),
        ("2.2", "not_known", 10.0),
    ]
    assert "held_back" not in result.tables
    assert "no_level_known" in [note.code for note in result.about("held_back")]
    (note,) = [n for n in result.about("held_back") if n.code == "conditions_unknown"]
    assert note.fields == {"customers": 1, "of": 1, "conditions": ("2.1", "2.2")}


def test_levels_and_conditions_agree_for_every_customer_of_the_sample(sample_snapshot) -> None:
    for name in sample_snapshot.products:
        result = ANALYSES["maturity"].analyse(sample_snapshot.read(name), sample_snapshot.quarters[-1])
        rows, levels = result.tables["next_level"], result.tables["levels"].set_index("account_id")["level"]
        top = sample_snapshot.product(name).maturity.top
        assert set(rows["account_id"]) == set(levels.index)
        for account_id, inside in rows.groupby("account_id"):
            missing = set(inside.loc[inside["state"] == "missing", "to"])
            held = {n for n in range(1, top + 1) if (inside.loc[inside["to"] <= n, "state"] == "holds").all()}
            level = levels[account_id]
            if level != UNKNOWN:
                assert missing == ({level + 1} if level < top else set())
                assert {n for n in held if n <= inside["to"].max()} == set(range(1, level + 1))
        held_back = result.tables["held_back"]
        for level, inside in held_back.groupby("level"):
            assert inside["n"].eq((levels == level).sum()).all()
            lacking = rows[(rows["level"] == level) & (rows["state"] == "missing")]
            assert inside["customers"].sum() == len(lacking)
            # each of them lacks something
            assert lacking["account_id"].nunique() == (levels == level).sum()


def test_a_segment_of_one_customer_and_data_without_contracts_are_answered() -> None:
    log = [
        use("A", f"2026-0{month}-{day:02}", "web.hr.slip") for month in range(1, 10) for day in range(1, 29)
    ]
    data = product_data(product(levels=LEVELS), accounts=[account("A")], usage=log)
    result = ANALYSES["maturity"].analyse(data, Q2)
    assert "mrr" not in result.tables["next_level"]
    assert "mrr" not in result.tables["held_back"]
    assert result.verdicts["held_back"].fields["condition"] == "2.1"

"""What became of the list of 31 March by 30 June 2026, worked out by hand, and when done is better than not done."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from builders import account, contract, play, product, product_data, use

from cs_helpers.analyses.playbook.followed import last_list
from cs_helpers.customer_journey.due import Situation
from cs_helpers.statistics.proportions import fisher

BEFORE, NOW = date(2026, 3, 31), date(2026, 6, 30)


def followed(
    customers: dict[str, dict[str, Any]],
    *,
    entry: dict[str, Any] | None = None,
    touches_until: str = "2026-06-30",
) -> pd.Series:
    """The row of an entry for customers who do not use it in March; each with `touched`, `used` or `ended`."""
    days = [str(day.date()) for day in pd.date_range("2025-10-01", "2026-06-30")]
    usage = [use("Z", day) for day in days]
    touches = [
        {"account_id": "Z", "occurred_at": day, "kind": "mail"} for day in days if day <= touches_until
    ]
    contracts = [contract("Z", "2025-10-01")]
    for name, said in customers.items():
        end, how = said.get("ended", (None, None))
        contracts.append({**contract(name, "2025-10-01", end), "ended_how": how})
        usage += [use(name, day) for day in ("2026-02-28", said.get("used")) if day]
        if "touched" in said:
            kind = said.get("kind", "meeting")
            touches.append(
                {"account_id": name, "occurred_at": said["touched"], "kind": kind, "content": "call us"}
            )
    rule = {"silence": {"source": "usage", "days": 30}}
    entry = {"within": 10, "done": {"touch": "call*"}, **(entry or {})}
    data = product_data(
        product(playbook=[play("quiet", rule, **entry)]),
        accounts=[account(name) for name in (*customers, "Z")],
        contracts=contracts,
        usage=usage,
        touches=touches,
    )
    before, now = Situation.on(data, BEFORE, NOW)
    [made] = data.product.playbook
    assert made.rule is not None
    table = last_list([(1, made, before.due(made.rule))], before, now)
    assert len(table) == 1
    return table.iloc[0]


def test_what_became_of_each_customer_adds_up_to_the_list() -> None:
    row = followed(
        {
            "A": {},  # still silent
            "B": {"used": "2026-06-10"},
            "C": {"ended": ("2026-05-31", "cancelled")},
            "D": {"used": "2026-06-10", "ended": ("2026-06-20", "term")},  # may still be renewed
            "E": {"ended": ("2026-04-30", "term")},  # a term that ended 61 days ago is lost
            "F": {"used": "2026-04-02"},  # silent again
        }
    )
    counts = row[["listed", "resolved", "still", "lost", "unknown"]].tolist()
    assert counts == [6, 1, 2, 2, 1]


@pytest.mark.parametrize(
    ("touched", "is_done"),
    [
        ("2026-03-31 23:00", False),  # the day of the list
        ("2026-04-01 08:00", True),
        ("2026-04-10 23:00", True),  # the tenth day
        ("2026-04-11 00:00", False),
    ],
)
def test_done_is_what_is_done_within_the_days_after_the_list(touched: str, is_done: bool) -> None:
    assert followed({"A": {"touched": touched}})["done"] == float(is_done)


def test_a_churn_notice_with_the_same_words_is_not_what_was_to_be_done() -> None:
    assert followed({"A": {"touched": "2026-04-05", "kind": "churn_notice"}})["done"] == 0


def customers(done: tuple[int, int], other: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """So many with whom it was done, of how many, use the product again; and without."""
    made: dict[str, dict[str, Any]] = {}
    for name, (again, of), touched in (("d", done, {"touched": "2026-04-05"}), ("o", other, {})):
        for n in range(of):
            made[f"{name}{n}"] = {**touched, **({"used": "2026-06-10"} if n < again else {})}
    return made


@pytest.mark.parametrize(
    ("done", "other", "verdict"),
    [
        ((10, 10), (1, 10), "more"),
        ((1, 10), (10, 10), "fewer"),
        ((5, 10), (5, 10), "same"),
        ((4, 5), (2, 5), "chance"),  # Fisher's p is .52
        ((4, 4), (0, 10), "too_few"),
        ((0, 0), (3, 10), "too_few"),
        ((0, 6), (0, 6), "same"),
        ((6, 6), (6, 6), "same"),
    ],
    ids=str,
)
def test_a_difference_is_one_only_beyond_chance(
    done: tuple[int, int], other: tuple[int, int], verdict: str
) -> None:
    row = followed(customers(done, other))
    assert row["verdict"] == verdict
    assert (row["done_resolved"], row["done_of"]) == done
    assert (row["other_resolved"], row["other_of"]) == other
    if verdict != "too_few":
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["difference"] == pytest.approx(done[0] / done[1] - other[0] / other[1])


def test_an_entry_without_a_sign_is_compared_with_nothing() -> None:
    row = followed(customers((3, 6), (3, 6)), entry={"done": None})
    assert row["verdict"] == "no_sign"
    assert pd.isna(row["done"])
    assert row["resolved"] == 6


def test_where_the_days_are_not_over_nothing_is_compared_yet() -> None:
    row = followed(customers((10, 10), (1, 10)), entry={"within": 92})
    assert row["verdict"] == "not_over"
    assert row["done"] == 10
    assert followed(customers((10, 10), (1, 10)), entry={"within": 91})["verdict"] == "more"


def test_where_the_touches_ended_before_it_is_not_known_who_was_called() -> None:
    row = followed({"A": {}, "B": {}}, touches_until="2026-03-15")
    assert row["verdict"] == "done_unknown"
    assert pd.isna(row["done"])


def test_a_sign_may_be_an_event_of_use() -> None:
    row = followed({"A": {"used": "2026-04-02"}, "B": {}}, entry={"done": {"event": "done"}})
    assert row["done"] == 1


def test_customers_who_outgrow_the_rule_are_still_due_until_it_holds_no_more() -> None:
    rule = {"silence": {"source": "usage", "days": 30, "since_start": True}, "customer_days": {"at_most": 60}}
    days = [str(day.date()) for day in pd.date_range("2025-10-01", "2026-06-30")]
    data = product_data(
        product(playbook=[play("new", rule)]),
        accounts=[account(name) for name in "ABZ"],
        contracts=[contract("A", "2026-02-15"), contract("B", "2026-02-15"), contract("Z", "2025-10-01")],
        usage=[*(use("Z", day) for day in days), use("B", "2026-05-01")],
    )
    before, now = Situation.on(data, BEFORE, NOW)
    [entry] = data.product.playbook
    assert entry.rule is not None
    assert now.due(entry.rule).customers.empty  # nobody is new in June
    row = last_list([(1, entry, before.due(entry.rule))], before, now).iloc[0]
    assert (row["listed"], row["still"], row["resolved"]) == (2, 1, 1)


def test_fishers_exact_test_gives_the_published_p() -> None:
    assert fisher(3, 4, 1, 4) == pytest.approx(0.4857, abs=5e-5)  # Fisher's tea: [[3, 1], [1, 3]]
    assert fisher(8, 10, 1, 6) == pytest.approx(0.0350, abs=5e-5)  # scipy's own example: [[8, 2], [1, 5]]
    assert pd.isna(fisher(0, 0, 1, 4))

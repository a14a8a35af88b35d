"""The tables of maturity, losses after a fall, and the planted regressions of the sample."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from builders import account, contract, product, product_data, use

from cs_helpers.analyses import maturity
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.sample import truths
from cs_helpers.snapshot import ProductData

#: Lv.1 any use, Lv.2 two kinds, Lv.3 and no paper, Lv.4 and ten deliveries; each over one month
LEVELS = [
    [{"value": "events", "event": "web.*", "at_least": 1, "months": 1}],
    [{"value": "distinct_events", "event": "web.*", "at_least": 2, "months": 1}],
    [{"value": "quantity", "event": "paper", "at_most": 0, "months": 1}],
    [{"value": "quantity", "event": "web.*", "at_least": 10, "months": 1}],
]
JUNE = date(2026, 6, 30)
Q2 = Quarter(2026, 2)


@pytest.fixture(scope="module")
def small() -> ProductData:
    """Four customers: A stays, B rises, C falls and ends in September, D is gone since April."""
    used = [
        *(use("A", f"2025-{month:02}-10", "web.a") for month in range(7, 13)),
        *(use("A", f"2026-{month:02}-10", "web.a") for month in range(1, 10)),
        *(use("B", f"2025-{month:02}-10", "web.a") for month in (9, 12)),
        *(use("B", f"2026-{month:02}-10", "web.a") for month in (3, 6, 9)),
        *(use("B", f"2026-{month:02}-10", "web.b") for month in (6, 9)),
        *(use("C", f"2025-{month:02}-10", event) for month in (9, 12) for event in ("web.a", "web.b")),
        *(use("C", "2026-03-10", event) for event in ("web.a", "paper")),
        *(use("D", f"2025-{month:02}-10", "web.a") for month in (9, 12)),
    ]
    return product_data(
        product(levels=LEVELS),
        accounts=[account("A", "mid"), account("B"), account("C"), account("D")],
        contracts=[
            contract("A", "2025-07-01", mrr=10),
            contract("B", "2025-07-01", mrr=20),
            contract("C", "2025-07-01", "2026-09-30", mrr=30),
            contract("D", "2025-07-01", "2026-04-01", mrr=40),
        ],
        usage=used,
    )


def test_levels_stand_beside_those_of_the_quarter_before(small: ProductData) -> None:
    levels = maturity.analyse(small, Q2).tables["levels"].set_index("account_id")
    assert levels["level"].to_dict() == {"A": 1, "B": 3, "C": 0}
    assert levels["previous"].to_dict() == {"A": 1, "B": 1, "C": 1}
    assert levels["mrr"].to_dict() == {"A": 10, "B": 20, "C": 30}


def test_the_customers_are_those_at_the_end_of_the_quarter(small: ProductData) -> None:
    assert maturity.analyse(small, Q2).n == 3
    assert maturity.analyse(small, Quarter(2026, 1)).n == 4


def test_who_ended_is_counted_as_lost_from_the_level_held_before(small: ProductData) -> None:
    moved = maturity.analyse(small, Q2).tables["transitions"].set_index(["before", "after"])["customers"]
    # D, at Lv.0 at the end of March for want of use, has ended by the end of June
    assert moved[0, -1] == 1
    assert moved.groupby("before").sum().sum() == 4 * 3


def test_after_a_fall_each_loss_counts_once(small: ProductData) -> None:
    # at risk in 2026Q1 all four (none fell); in Q2 C and D after a fall, of whom D is lost, A and B without;
    # in Q3 C after its falls, A and B without. C ends with the last day of September, so it is not lost yet
    falls = maturity.analyse(small, Quarter(2026, 3)).tables["falls"].set_index("fell")
    assert falls.loc[True, ["customers", "lost"]].tolist() == [3, 1]
    assert falls.loc[False, ["customers", "lost"]].tolist() == [8, 0]


def test_a_report_knows_no_end_after_its_quarter(small: ProductData) -> None:
    falls = maturity.analyse(small, Q2).tables["falls"].set_index("fell")
    assert falls["customers"].to_dict() == {True: 2, False: 6}
    assert falls["lost"].to_dict() == {True: 1, False: 0}


def test_one_quarter_of_log_is_too_few_for_transitions(small: ProductData) -> None:
    result = maturity.analyse(small, Quarter(2025, 3))
    needing_more = {"bridge", "changes", "transitions", "flows", "long_run", "falls"}
    assert needing_more.isdisjoint(result.tables)
    assert {n.about for n in result.notes if n.code == "too_few_quarters"} == needing_more


def test_without_a_quarter_after_a_fall_what_follows_it_is_not_said(small: ProductData) -> None:
    result = maturity.analyse(small, Quarter(2025, 4))
    assert "transitions" in result.tables
    assert "falls" not in result.tables
    (note,) = [n for n in result.notes if n.about == "falls"]
    assert (note.code, dict(note.fields)) == ("too_few_quarters", {"quarters": 2, "needed": 3})


def test_a_table_that_the_rules_need_is_asked_for() -> None:
    data = product_data(accounts=[account("A")], contracts=[contract("A", "2026-01-01")])
    result = maturity.analyse(data, Q2)
    assert not result.tables
    assert {n.code for n in result.notes} == {"missing_table"}
    assert result.notes[0].fields["tables"] == ("usage",)


def test_no_customer_in_the_quarter_is_said(small: ProductData) -> None:
    data = product_data(
        product(levels=LEVELS),
        accounts=[account("A")],
        contracts=[contract("A", "2025-07-01", "2026-01-31")],
        usage=[use("A", "2025-08-01", "web.a")],
    )
    assert "no_customers" in {n.code for n in maturity.analyse(data, Q2).notes}


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_the_shares_of_the_levels_sum_to_one(result_of: Callable[..., Result], name: str) -> None:
    tables = result_of("maturity", name, "2026Q3").tables
    assert tables["by_quarter"].groupby("quarter")["share"].sum().to_numpy() == pytest.approx(1)
    assert tables["by_segment"].groupby(["dimension", "segment"])["share"].sum().to_numpy() == pytest.approx(
        1
    )
    held = tables["transitions"][tables["transitions"]["exposure"] > 0]
    assert held.groupby("before")["share"].sum().to_numpy() == pytest.approx(1)


def test_after_the_planted_regressions_more_customers_leave(result_of: Callable[..., Result]) -> None:
    ratio = result_of("maturity", truths.YEAR_END_PRODUCT, "2026Q3").metrics["fall_ratio"]
    assert ratio.low > 1


def test_losses_after_a_fall_are_those_counted_customer_by_customer(
    result_of: Callable[..., Result], sample_folder: Path
) -> None:
    name = truths.YEAR_END_PRODUCT
    contracts = pd.read_csv(sample_folder / "contracts.csv", parse_dates=["ended_on"])
    gone = contracts[(contracts["product"] == name) & (contracts["ended_how"] == "cancelled")]
    ended = gone.set_index("account_id")["ended_on"]  # the day after the last, in the sample
    quarters = Quarter(2024, 2).upto(Quarter(2026, 3))
    levels = [
        result_of("maturity", name, str(q)).tables["levels"].set_index("account_id")["level"]
        for q in quarters
    ]
    counts = {True: [0, 0], False: [0, 0]}
    for n in range(1, len(quarters) - 1):
        end = pd.Timestamp(quarters[n + 1].end)
        for account_id, level in levels[n].items():
            known = [levels[k].get(account_id) for k in range(max(0, n - 2), n)] + [level]
            if known[-2] is None:
                continue
            fell = any(a is not None and b is not None and b < a for a, b in pairwise(known))
            counts[fell][0] += 1
            counts[fell][1] += bool(ended.get(account_id, pd.Timestamp.max) <= end)
    falls = result_of("maturity", name, "2026Q3").tables["falls"].set_index("fell")
    for fell, (customers, lost) in counts.items():
        assert falls.loc[fell, ["customers", "lost"]].tolist() == [customers, lost]


def test_nearly_all_planted_regressions_show_between_quarter_ends(
    result_of: Callable[..., Result],
) -> None:
    # a fall in the very quarter in which the customer ends shows at no quarter's end
    falls = result_of("maturity", truths.YEAR_END_PRODUCT, "2026Q3").tables["falls"].set_index("fell")
    assert falls.at[True, "lost"] >= 0.9 * sum(r.ended for r in truths.REGRESSIONS.values())


def test_who_left_and_came_back_within_the_quarter_has_not_fallen() -> None:
    data = product_data(
        product(levels=[[{"value": "events", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]),
        accounts=[account("A"), account("B")],
        contracts=[
            contract("A", "2026-01-01", "2026-07-05"),
            contract("A", "2026-08-20"),
            contract("B", "2026-01-01"),
        ],
        usage=[use(a, f"2026-{m:02}-{d:02}") for a in "AB" for m in (4, 5, 6) for d in (10, 11, 12)]
        + [use(a, f"2026-{m:02}-10") for a in "AB" for m in (7, 8, 9)],
    )
    result = maturity.analyse(data, Quarter(2026, 3))
    moves = result.tables["transitions"].query("customers > 0")[["before", "after"]].to_numpy().tolist()
    assert [3, -1] in moves  # A: lost, and new again
    assert (result.metrics["fell"].value, result.metrics["fell"].n) == (1, 1)  # B alone
    assert "moves_unknown" not in {note.code for note in result.notes}


def test_a_loss_after_a_return_follows_no_fall() -> None:
    data = product_data(
        product(levels=[[{"value": "events", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]),
        accounts=[account("A"), account("B")],
        contracts=[
            contract("A", "2025-01-01", "2026-04-05"),
            contract("A", "2026-05-20"),
            contract("B", "2025-01-01"),
        ],
        usage=[use(a, f"2026-{m:02}-{d:02}") for a in "AB" for m in (1, 2, 3) for d in (10, 11, 12)]
        + [use(a, f"2026-{m:02}-10") for a in "AB" for m in range(4, 10)],
    )
    falls = maturity.analyse(data, Quarter(2026, 3)).tables["falls"].set_index("fell")["customers"]
    assert falls.to_dict() == {True: 1, False: 1}  # in 2026Q3, after the fall of B and the return of A

"""The change of the number of customers and of the MRR, explained step by step: worked out by hand, and in SQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from builders import account, contract, product, product_data, use

from cs_helpers.analyses import maturity
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.tables.findings import sentence
from cs_helpers.text import Text

#: Lv.n from n uses in the month on
LEVELS = [[{"value": "events", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]
Q1, Q2 = Quarter(2026, 1), Quarter(2026, 2)


def uses(name: str, month: str, times: int) -> list[dict[str, object]]:
    return [use(name, f"{month}-{day:02}") for day in range(1, times + 1)]


@pytest.fixture(scope="module")
def desk() -> ProductData:
    """What can come of a customer between the ends of March and June, one of each.

    rises Lv.1 to 3 and pays more, falls Lv.4 to 2, stays at Lv.1 and pays less, lost from Lv.3, new at Lv.1, back at Lv.4
    after two months without a contract, returned: lost and back within the quarter, unpaid: at Lv.0.
    """
    used = [
        *uses("rises", "2026-03", 1), *uses("rises", "2026-06", 3),
        *uses("falls", "2026-03", 4), *uses("falls", "2026-06", 2),
        *uses("stays", "2026-03", 1), *uses("stays", "2026-06", 1),
        *uses("lost", "2026-03", 3), *uses("new", "2026-06", 1),
        *uses("back", "2026-06", 4),
        *uses("returned", "2026-03", 2), *uses("returned", "2026-06", 4),
        *uses("rises", "2025-12", 1),
    ]  # fmt: skip
    return product_data(
        product(levels=LEVELS),
        as_of=Q2.end,
        accounts=[account(n) for n in ("rises", "falls", "stays", "lost", "new", "back", "returned", "idle")],
        contracts=[
            contract("rises", "2025-12-01", "2026-05-31", mrr=10) | {"contract_id": "r1"},
            contract("rises", "2026-06-01", mrr=15) | {"contract_id": "r2"},
            contract("falls", "2025-12-01", mrr=20),
            contract("stays", "2025-12-01", "2026-04-30", mrr=30) | {"contract_id": "s1"},
            contract("stays", "2026-05-01", mrr=25) | {"contract_id": "s2"},
            contract("lost", "2025-12-01", "2026-04-30", mrr=40),
            contract("new", "2026-05-01", mrr=50),
            contract("back", "2025-12-01", "2026-01-15", mrr=60) | {"contract_id": "b1"},
            contract("back", "2026-05-01", mrr=70) | {"contract_id": "b2"},
            contract("returned", "2025-12-01", "2026-04-01", mrr=5) | {"contract_id": "t1"},
            contract("returned", "2026-06-25", mrr=6) | {"contract_id": "t2"},
            contract("idle", "2025-12-01", mrr=0),
        ],
        usage=used,
    )  # fmt: skip


def steps(result: Result, of: str, quarter: Quarter) -> dict[str, tuple[int, float]]:
    rows = result.tables["bridge"].query(
        "of == @of and quarter == @quarter", local_dict={"of": of, "quarter": str(quarter)}
    )
    return {r.step: (r.customers, r.mrr) for r in rows.itertuples() if r.customers or r.mrr}


def test_each_customer_is_one_step_from_the_opening_to_the_closing_number(desk: ProductData) -> None:
    assert steps(maturity.analyse(desk, Q2), "all", Q2) == {
        "opening": (6, 105),  # rises 10, falls 20, stays 30, lost 40, returned 5, idle 0
        "new": (1, 50),
        "back": (2, 76),  # back 70, returned 6
        "lost": (-2, -45),  # lost 40, returned 5
        "expansion": (0, 5),
        "contraction": (0, -5),
        "closing": (7, 186),
    }


def test_the_upper_levels_gain_who_rises_and_lose_who_falls(desk: ProductData) -> None:
    # Lv.3 and 4 of four; the higher price of who rises there counts there
    assert steps(maturity.analyse(desk, Q2), "upper", Q2) == {
        "opening": (2, 60),  # falls, lost
        "back": (2, 76),
        "rose": (1, 10),
        "fell": (-1, -20),
        "lost": (-1, -40),
        "expansion": (0, 5),
        "closing": (3, 91),  # rises 15, back 70, returned 6
    }


def test_a_customer_whose_level_becomes_known_is_a_step_of_its_own() -> None:
    levels = [[{"source": "surveys", "value": "nps", "at_least": n, "months": 3}] for n in (3, 5, 7, 9)]
    data = product_data(
        product(levels=levels),
        as_of=Q2.end,
        accounts=[account(n) for n in "ABC"],
        contracts=[contract(n, "2025-12-01", mrr=10) for n in "ABC"],
        usage=[use("A", "2025-12-01")],
        surveys=[
            {"account_id": "A", "answered_on": "2026-03-01", "nps": 7},
            {"account_id": "B", "answered_on": "2026-06-01", "nps": 9},
            {"account_id": "C", "answered_on": "2026-06-01", "nps": 3},
        ],
    )
    result = maturity.analyse(data, Q2)
    # A is known in March only, B and C in June only
    assert steps(result, "all", Q2) == {"opening": (3, 30), "closing": (3, 30)}
    assert steps(result, "upper", Q2) == {
        "opening": (1, 10), "became_known": (1, 10), "became_unknown": (-1, -10), "closing": (1, 10),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_the_numbers_of_the_bridge_are_those_of_the_contracts_in_sql(
    result_of: Callable[..., Result], sample_folder: Path, name: str
) -> None:
    result = result_of("maturity", name, "2026Q3")
    found = (
        result.tables["bridge"]
        .query("of == 'all'")
        .pivot(index="quarter", columns="step", values="customers")
    )
    sql = duckdb.connect()
    sql.execute(
        f"create view contracts as from read_csv('{sample_folder / 'contracts.csv'}') where product = '{name}'"
    )
    there = "select distinct account_id from contracts where started_on <= {0} and (ended_on is null or ended_on > {0})"
    for quarter, row in found.iterrows():
        after = Quarter.parse(str(quarter))
        days = [f"date '{day}'" for day in (after.back(1).end, after.end)]
        opened, closed = (there.format(day) for day in days)
        count = lambda query: sql.execute(f"select count(*) from ({query})").fetchone()[0]  # noqa: E731
        assert row["opening"] == count(opened)
        assert row["closing"] == count(closed)
        assert row["new"] + row["back"] == count(f"({closed}) except ({opened})")
        assert row["lost"] + row["not_recorded"] == -count(f"({opened}) except ({closed})")


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_the_mrr_of_the_bridge_is_that_of_the_revenue_report(
    result_of: Callable[..., Result], name: str
) -> None:
    bridge = (
        result_of("maturity", name, "2026Q3").tables["bridge"].query("of == 'all' and quarter == '2026Q3'")
    )
    revenue = result_of("revenue", name, "2026Q3").tables["bridge"].set_index("step")["amount"]
    mrr = bridge.set_index("step")["mrr"]
    for step in ("opening", "closing"):
        assert mrr[step] == pytest.approx(revenue[step])


def test_the_sample_says_that_its_customers_fell(result_of: Callable[..., Result]) -> None:
    result = result_of("maturity", "paper_to_web", "2026Q1")
    (found,) = [f for f in result.findings if f.code == "customers_fell"]
    assert (found.compared, found.value, found.customers) == (140, 107, 33)
    assert found.direction == "worse"
    said = result.verdicts["bridge"]
    assert said.code == "fell_much"
    assert (said.fields["opening"], said.fields["closing"], said.fields["left"]) == (140, 107, 33)


def test_a_fall_that_was_not_made_up_for_stays_a_finding(result_of: Callable[..., Result]) -> None:
    (found,) = [
        f for f in result_of("maturity", "paper_to_web", "2026Q3").findings if f.code == "customers_fell"
    ]
    assert found.fields["quarter"] == "2026Q1"
    for language, words in (
        ("en", ("Q1 2026", "from 140 to 107", "below Lv.3")),
        ("ja", ("140社から107社", "Lv.3未満")),
    ):
        said = sentence(found, Text(language), "maturity", "JPY")
        assert all(word in said for word in words)


def test_quarters_without_much_of_a_fall_have_no_such_finding(result_of: Callable[..., Result]) -> None:
    assert "customers_fell" not in {f.code for f in result_of("maturity", "helpdesk", "2026Q3").findings}


def test_without_contracts_accounts_come_and_nobody_leaves() -> None:
    data = product_data(
        product(levels=LEVELS),
        as_of=Q2.end,
        accounts=[account("A"), account("B")],
        usage=[*uses("A", "2026-03", 1), *uses("A", "2026-06", 3), *uses("B", "2026-06", 1)],
    )
    bridge = maturity.analyse(data, Q2).tables["bridge"]
    assert "mrr" not in bridge
    rows = bridge.query("of == 'all'").set_index("step")["customers"]
    assert rows[rows != 0].to_dict() == {"opening": 1, "new": 1, "closing": 2}
    assert {"lost", "back", "not_recorded"}.isdisjoint(bridge["step"])


def test_where_nobody_came_or_left_the_sentence_says_so() -> None:
    data = product_data(
        product(levels=LEVELS),
        as_of=Q2.end,
        accounts=[account("A"), account("B")],
        contracts=[contract(n, "2025-12-01", mrr=10) for n in "AB"],
        usage=[*uses("A", "2026-03", 1), *uses("A", "2026-06", 3), *uses("B", "2026-03", 2)],
    )
    said = maturity.analyse(data, Q2).verdicts["bridge"]
    assert said.code == "unchanged"
    assert (said.fields["closing"], said.fields["rose"], said.fields["fell"]) == (2, 1, 1)


def test_where_as_many_came_as_left_the_number_stays() -> None:
    data = product_data(
        product(levels=LEVELS),
        as_of=Q2.end,
        accounts=[account("A"), account("B")],
        contracts=[contract("A", "2025-12-01", "2026-05-31"), contract("B", "2026-05-01")],
        usage=[*uses("A", "2026-03", 1), *uses("B", "2026-06", 3)],
    )
    said = maturity.analyse(data, Q2).verdicts["bridge"]
    assert (said.code, said.fields["came"], said.fields["left"]) == ("even", 1, 1)


def test_a_renewal_that_may_still_be_recorded_is_no_loss() -> None:
    data = product_data(
        product(levels=LEVELS),
        as_of=Q2.end,
        accounts=[account(n) for n in "ABC"],
        contracts=[
            contract("A", "2025-12-01", mrr=10),
            contract("B", "2025-12-01", "2026-06-25", mrr=20) | {"ended_how": "term"},
            contract("C", "2025-12-01", "2026-06-25", mrr=40) | {"ended_how": "cancelled"},
        ],
        usage=[*uses("A", "2026-03", 1), *uses("B", "2026-03", 3)],
    )
    result = maturity.analyse(data, Q2)
    assert steps(result, "all", Q2) == {
        "opening": (3, 70), "lost": (-1, -40), "not_recorded": (-1, -20), "closing": (1, 10),
    }  # fmt: skip
    said = result.verdicts["bridge"]
    assert (said.code, said.fields["left"], said.fields["below"]) == ("fell_much", 2, 1)


def test_the_first_quarter_has_no_bridge_and_says_why(desk: ProductData) -> None:
    result = maturity.analyse(desk, Quarter(2025, 4))
    assert "bridge" not in result.tables
    assert {n.code for n in result.about("bridge")} == {"too_few_quarters"}


def test_those_who_stayed_rose_fell_or_held_their_level(desk: ProductData) -> None:
    row = maturity.analyse(desk, Q2).tables["changes"].set_index("quarter").loc["2026Q2"]
    # rises; falls; stays and idle; returned left and came back, so it did not stay
    assert row[["rose", "fell", "same", "unsaid"]].tolist() == [1, 1, 2, 0]
    assert row[["opening", "new", "back", "lost", "not_recorded", "closing"]].tolist() == [6, 1, 2, 2, 0, 7]
    assert row[["mrr_opening", "mrr_closing"]].tolist() == [105, 186]


def test_steps_add_up_for_each_quarter(result_of: Callable[..., Result]) -> None:
    for name in ("paper_to_web", "helpdesk", "expense_desk"):
        bridge = result_of("maturity", name, "2026Q3").tables["bridge"]
        for _, rows in bridge.groupby(["of", "quarter"]):
            at = rows.set_index("step")
            inside = at.drop(index=["opening", "closing"])
            assert at.at["opening", "customers"] + inside["customers"].sum() == at.at["closing", "customers"]
            assert at.at["opening", "mrr"] + inside["mrr"].sum() == pytest.approx(at.at["closing", "mrr"])
        total = bridge.pivot(index=["of", "quarter"], columns="step", values="customers")
        opening, closing = total["opening"].unstack("of"), total["closing"].unstack("of")
        pd.testing.assert_frame_equal(
            opening.iloc[1:], closing.iloc[:-1].set_axis(opening.index[1:]), check_names=False
        )

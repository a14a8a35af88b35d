"""Movements of the MRR: hand-counted cases, the classification of dbt's MRR playbook in SQL, and what must always hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.analyses import revenue
from cs_helpers.contract.products import CustomerRules
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import customer_time
from cs_helpers.customers.movements import MOVEMENTS, ledger, month_ends

Q3 = Quarter(2026, 3)


def movements(*contracts: dict[str, Any], **rules: Any) -> dict[str, dict[str, float]]:
    """Month -> the movements other than 0 of the quarter."""
    of = product().model_copy(update={"customers": CustomerRules(**rules)})
    names = sorted({c["account_id"] for c in contracts})
    data = product_data(of, accounts=[account(name) for name in names], contracts=contracts)
    table = revenue.analyse(data, Q3).tables["movements"]
    in_quarter = table[table["month"] > pd.Timestamp(2026, 6, 30)].set_index("month")[list(MOVEMENTS)]
    return {f"{m:%Y-%m}": {k: v for k, v in row.items() if v} for m, row in in_quarter.iterrows() if any(row)}


OLD = contract("Z", "2025-01-01", mrr=1_000)


@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        ([contract("A", "2026-08-20", mrr=50)], {"2026-08": {"new": 50}}),
        # an upgrade in mid-month counts with its full amount
        (
            [contract("A", "2026-01-01", "2026-07-14", 100), contract("A", "2026-07-15", mrr=150)],
            {"2026-07": {"expansion": 50}},
        ),
        ([contract("A", "2026-01-01", "2026-08-31", 100), contract("A", "2026-09-01", mrr=100)], {}),
        (
            [contract("A", "2026-01-01", "2026-08-31", 100), contract("A", "2026-09-01", mrr=70)],
            {"2026-09": {"contraction": -30}},
        ),
        ([contract("A", "2026-01-01", "2026-07-31", 80)], {"2026-08": {"churn": -80}}),
        # on its last day a contract still runs
        ([contract("A", "2026-01-01", "2026-07-30", 80)], {"2026-07": {"churn": -80}}),
        # 20 days without a contract over the end of a month: never left
        ([contract("A", "2026-01-01", "2026-07-20", 80), contract("A", "2026-08-10", mrr=80)], {}),
        # 40 days: left and returned
        (
            [contract("A", "2026-01-01", "2026-07-20", 80), contract("A", "2026-08-30", mrr=90)],
            {"2026-07": {"churn": -80}, "2026-08": {"reactivation": 90}},
        ),
        # an old contract and its successor run side by side over the end of a month
        (
            [contract("A", "2026-01-01", "2026-08-10", 100), contract("A", "2026-07-25", mrr=120)],
            {"2026-07": {"expansion": 20}},
        ),
        ([contract("A", "2026-01-01", mrr=100), contract("A", "2026-07-25", mrr=20)], {"2026-07": {"expansion": 20}}),
        # a trial at 0 that becomes paid is new; a paid contract that goes on at 0 shrank
        (
            [contract("A", "2026-01-01", "2026-06-30", 0), contract("A", "2026-07-01", mrr=30)],
            {"2026-07": {"new": 30}},
        ),
        (
            [contract("A", "2026-01-01", "2026-06-30", 30), contract("A", "2026-07-01", mrr=0)],
            {"2026-07": {"contraction": -30}},
        ),
        # a paid term that is over and may still be renewed is no churn yet
        (
            [contract("A", "2026-01-01", "2026-09-15", 60) | {"ended_how": "term"}],
            {"2026-09": {"not_recorded": -60}},
        ),
        ([contract("A", "2026-01-01", "2026-08-15", 60) | {"ended_how": "term"}], {"2026-08": {"churn": -60}}),
    ],
)  # fmt: skip
def test_each_kind_of_movement(contracts: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    assert movements(OLD, *contracts) == expected


def test_who_left_and_returned_between_two_months_ends_is_churn_and_reactivation() -> None:
    back = [contract("A", "2026-01-01", "2026-08-03", 80), contract("A", "2026-08-20", mrr=80)]
    assert movements(OLD, *back, return_gap_days=7) == {"2026-08": {"churn": -80, "reactivation": 80}}
    assert movements(OLD, *back, return_gap_days=30) == {}


#: dbt's models customer_revenue_by_month and mrr, written anew: a month row for each customer from its first month to the
#: one after its last, and how the MRR of a row came from that of the row before
PLAYBOOK = """
WITH months AS (
    SELECT unnest(generate_series(DATE '2017-01-01', DATE '2020-03-01', INTERVAL 1 MONTH))::DATE AS month
), bounds AS (
    SELECT customer_id, min(start_date) AS first, max(end_date) AS last FROM periods GROUP BY customer_id
), rows AS (
    SELECT b.customer_id, m.month, coalesce(sum(p.monthly_amount), 0) AS mrr
    FROM bounds b JOIN months m ON m.month >= b.first AND m.month <= b.last
    LEFT JOIN periods p ON p.customer_id = b.customer_id AND m.month >= p.start_date AND m.month < p.end_date
    GROUP BY ALL
), changes AS (
    SELECT *, lag(mrr) OVER w AS before FROM rows WINDOW w AS (PARTITION BY customer_id ORDER BY month)
)
SELECT month, sum(mrr - coalesce(before, 0)) AS amount, count(DISTINCT customer_id) AS customers, CASE
    WHEN before IS NULL THEN 'new'
    WHEN mrr = 0 AND before > 0 THEN 'churn'
    WHEN mrr > 0 AND before = 0 THEN 'reactivation'
    WHEN mrr > before THEN 'expansion'
    WHEN mrr < before THEN 'contraction' END AS kind
FROM changes WHERE mrr <> coalesce(before, 0) GROUP BY month, kind
"""


def test_the_mrr_playbook_is_classified_as_by_its_own_sql(shared_data) -> None:
    periods = pd.read_csv(shared_data / "mrr_playbook" / "subscription_periods.csv")
    periods = periods.assign(**{c: pd.to_datetime(periods[c]) for c in ("start_date", "end_date")})
    expected = duckdb.sql(PLAYBOOK).df()  # duckdb finds `periods` here
    contracts = pd.DataFrame(
        {
            "account_id": periods["customer_id"].astype("str"),
            "started_on": periods["start_date"].astype("datetime64[us]"),
            "ended_on": (periods["end_date"] - pd.Timedelta(days=1)).astype("datetime64[us]"),
            "ended_how": pd.Series("cancelled", periods.index, dtype="str"),
            "mrr": periods["monthly_amount"].astype("Float64"),
        }
    )
    time = customer_time(contracts, CustomerRules(return_gap_days=0), date(2020, 3, 31))
    found = ledger(time, month_ends(Quarter(2020, 1), 39))
    table = found.by_month().assign(month=lambda t: t["month"].dt.to_period("M").dt.to_timestamp())
    long = table.melt("month", list(MOVEMENTS), "kind", "amount").query("amount != 0")
    both = long.merge(expected, on=["month", "kind"], how="outer", suffixes=("", "_sql"))
    assert len(both) == len(expected) > 50
    assert (both["amount"] == both["amount_sql"]).all()
    assert set(expected["kind"]) == {"new", "expansion", "contraction", "churn", "reactivation"}
    customers = {k: int((found.movements[k] != 0).sum()) for k in expected["kind"].unique()}
    assert customers == expected.groupby("kind")["customers"].sum().to_dict()


rows = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.integers(0, 300),
        st.one_of(st.none(), st.integers(0, 200)),
        st.sampled_from([0, 10, 25, 100]),
        st.sampled_from(["term", "notice", "cancelled"]),
    ),
    max_size=8,
)
FIRST, KNOWN = date(2025, 10, 15), date(2026, 9, 30)


def table_of(drawn: list[tuple[str, int, int | None, float, str]]) -> pd.DataFrame:
    """The movements of contracts: account, first day after `FIRST`, days that follow it, mrr, how it ended."""
    frame = pd.DataFrame(drawn, columns=["account_id", "first", "days", "mrr", "ended_how"])
    started = [FIRST + timedelta(int(f)) for f in frame["first"]]
    ended = [
        None if pd.isna(d) else s + timedelta(int(d)) for s, d in zip(started, frame["days"], strict=True)
    ]
    dates = {"started_on": started, "ended_on": ended}
    frame = frame.assign(
        **{c: pd.to_datetime(pd.Series(v, dtype=object)).astype("datetime64[us]") for c, v in dates.items()}
    )
    frame = frame.astype({"account_id": "str", "ended_how": "str", "mrr": "Float64"})
    time = customer_time(frame, CustomerRules(), KNOWN)
    return ledger(time, month_ends(Q3, 12)).by_month()


@given(rows)
def test_opening_and_movements_are_the_closing_of_every_month(drawn: list[Any]) -> None:
    table = table_of(drawn)
    assert (table["opening"] + table[list(MOVEMENTS)].sum(axis=1) == table["closing"]).all()
    assert (table["opening"].iloc[1:].to_numpy() == table["closing"].iloc[:-1].to_numpy()).all()
    assert (table[["new", "expansion", "reactivation"]] >= 0).all(axis=None)
    assert (table[["contraction", "churn", "not_recorded"]] <= 0).all(axis=None)


@given(rows, st.data())
def test_neither_a_split_nor_the_order_of_contracts_changes_a_movement(drawn: list[Any], data: Any) -> None:
    changed = []
    for name, first, days, mrr, how in data.draw(st.permutations(drawn)):
        cut = data.draw(st.integers(0, 200 if days is None else days))
        if days is not None and cut == days:
            changed.append((name, first, days, mrr, how))
        else:
            rest = None if days is None else days - cut - 1
            changed += [(name, first, cut, mrr, "term"), (name, first + cut + 1, rest, mrr, how)]
    pd.testing.assert_frame_equal(table_of(changed), table_of(drawn))


def test_the_months_of_the_sample_add_up_and_so_does_the_quarter(result_of) -> None:
    for name in ("paper_to_web", "expense_desk", "helpdesk"):
        tables = result_of("revenue", name, "2026Q1").tables
        table, bridge = tables["movements"], tables["bridge"].set_index("step")["amount"]
        assert (table["opening"] + table[list(MOVEMENTS)].sum(axis=1) == table["closing"]).all()
        assert bridge.iloc[:-1].sum() == bridge["closing"] == table["closing"].iloc[-1]
        assert np.allclose(table[list(MOVEMENTS)].tail(3).sum(), bridge[list(MOVEMENTS)])

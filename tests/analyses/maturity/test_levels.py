"""The levels of customers by declared rules: worked out by hand, and from the events of the sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from builders import ANALYSES, account, contract, product, product_data, use

from cs_helpers.analyses.maturity import DECLARES
from cs_helpers.charts import maturity as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import level_bounds
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.text import Text

#: Lv.1 any use, Lv.2 two kinds, Lv.3 and no paper, Lv.4 and ten deliveries; each over one month
LEVELS = [
    [{"value": "events", "event": "web.*", "at_least": 1, "months": 1}],
    [{"value": "distinct_events", "event": "web.*", "at_least": 2, "months": 1}],
    [{"value": "quantity", "event": "paper", "at_most": 0, "months": 1}],
    [{"value": "quantity", "event": "web.*", "at_least": 10, "months": 1}],
]
JUNE = date(2026, 6, 30)


def level_in_june(*usage: dict[str, object]) -> float:
    data = product_data(
        product(levels=LEVELS), accounts=[account("A")], contracts=[contract("A", "2026-01-01")], usage=usage
    )
    return levels_at(data, [JUNE]).at["A", JUNE]


def levels_at(data: ProductData, days: list[date]) -> pd.DataFrame:
    """The levels where they are known; NaN: no customer."""
    low, high = level_bounds(data, days, customer_time_as_of(data, days[-1]))
    assert low.equals(high)
    return low


def test_without_any_use_a_customer_is_below_level_1() -> None:
    assert level_in_june(use("B", "2026-06-01")) == 0


def test_a_level_is_reached_when_its_condition_holds() -> None:
    assert level_in_june(use("A", "2026-06-01", "web.a"), use("A", "2026-06-02", "paper")) == 1


def test_a_second_kind_reaches_level_2_while_paper_goes_out() -> None:
    used = [use("A", "2026-06-01", event) for event in ("web.a", "web.b", "paper")]
    assert level_in_june(*used) == 2


def test_a_condition_with_at_most_holds_where_there_is_none() -> None:
    assert level_in_june(*(use("A", "2026-06-01", event) for event in ("web.a", "web.b"))) == 3


def test_all_conditions_together_reach_level_4() -> None:
    used = [use("A", "2026-06-01", event, quantity=5) for event in ("web.a", "web.b")]
    assert level_in_june(*used) == 4


def test_a_level_counts_only_when_those_below_hold() -> None:
    # the conditions of Lv.3 and Lv.4 hold, that of Lv.2 does not
    assert level_in_june(use("A", "2026-06-01", "web.a", quantity=100)) == 1


def test_use_before_the_measured_months_does_not_count() -> None:
    assert level_in_june(use("A", "2026-05-31", "web.a")) == 0


def test_a_customer_has_no_level_without_a_contract() -> None:
    data = product_data(
        product(levels=LEVELS),
        accounts=[account("A")],
        contracts=[contract("A", "2026-02-15", "2026-05-31")],
        usage=[use("A", f"2026-0{month}-10", "web.a") for month in range(1, 7)],
    )
    ends = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 4, 30), date(2026, 5, 31), JUNE]
    levels = levels_at(data, ends).loc["A"].tolist()
    assert levels == pytest.approx([np.nan, 1, 1, 1, np.nan], nan_ok=True)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("quarter", ["2025Q1", "2026Q3"])
def test_levels_agree_with_the_rules_read_from_the_events(
    result_of: Callable[..., Result], sample_usage: pd.DataFrame, level: int, quarter: str
) -> None:
    levels = result_of("maturity", "paper_to_web", quarter).tables["levels"]
    end = pd.Timestamp(Quarter.parse(quarter).end) + pd.Timedelta(days=1)
    for name in levels.loc[levels["level"] == level, "account_id"].head(3):
        usage = sample_usage[
            (sample_usage["account_id"] == name)
            & (sample_usage["product"] == "paper_to_web")
            & sample_usage["occurred_at"].between(end - pd.DateOffset(months=3), end, inclusive="left")
        ]
        documents = usage.loc[usage["event"].str.startswith("web."), "event"].nunique()
        out, arrived = (usage.loc[usage["event"] == e, "quantity"].sum() for e in ("paper.out", "paper.in"))
        reached = 0 if not documents else 1 if documents < 4 else 2 if out else 3 if arrived else 4
        assert reached == level


@pytest.mark.parametrize(("top", "upper"), [(2, 2), (3, 2), (6, 4)])
def test_a_curve_of_two_to_six_levels_is_counted_and_drawn_as_declared(top: int, upper: int) -> None:
    # A0 is never used, A1 has one use in every month, A2 two, and so on
    names = [f"A{n}" for n in range(top + 1)]
    months = [f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13)][:21]
    data = product_data(
        product(
            levels=[[{"value": "events", "event": "web", "at_least": n, "months": 1}] for n in range(1, top + 1)]
        ),
        accounts=[account(name) for name in names],
        contracts=[contract(name, "2024-12-01") for name in names],
        usage=[
            *(use("Z", f"{month}-{day:02}", "web") for month in months for day in range(1, 29)),
            *(use(f"A{n}", f"{month}-10", "web") for n in range(1, top + 1) for month in months for _ in range(n)),
        ],
    )  # fmt: skip
    result = ANALYSES["maturity"].analyse(data, Quarter(2026, 2))
    result = replace(result, settings={**result.settings, "currency": "JPY"})
    by_quarter = result.tables["by_quarter"][lambda t: (t["quarter"] == "2026Q2") & (t["level"] >= 0)]
    assert dict(zip(by_quarter["level"], by_quarter["customers"], strict=True)) == dict.fromkeys(
        range(top + 1), 1
    )
    upper_levels = result.metrics["upper_levels"]
    assert upper_levels.value == (top - upper + 1) / (top + 1)
    for language in ("en", "ja"):
        text = Text(language, data.product)
        assert text.label("level", top) == f"Lv.{top}"
        for question in set(DECLARES.figures) & set(result.tables):
            assert getattr(charts, question)(result, text).message
        assert f"Lv.{upper}" in charts.by_quarter(result, text).message

"""Effects of closing a gap, by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from cs_helpers.analyses.gap_plan.effects import MEASURES, effects, effects_verdict, unknown_before
from cs_helpers.analyses.gap_plan.sizing import COLUMNS
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Metric, Result

Q3 = Quarter(2026, 3)


def gap(**said: Any) -> pd.DataFrame:
    """A gap of 10 customers to move with an MRR of 1,000, of which 200 (100 to 300) are kept."""
    row = {
        "goal": "low", "state": "short", "metric": "", "losses": "more", "customers": 10.0, "mrr": 1000.0, "impact": 200.0,
        "impact_low": 100.0, "impact_high": 300.0, "gain": "clear", "confidence": 0.5, **said,
    }  # fmt: skip
    return pd.DataFrame({c: [row.get(c, math.nan if k == "float64" else "")] for c, k in COLUMNS.items()})


def revenue(*without: str, net_new: float = 6000.0) -> Result:
    """MRR 5,000; churn 20 % of 100, NRR 80 %, margin 10 %; 12,000 spent on growth for 6,000 of net new ARR: index 2."""
    metrics = {
        "mrr": Metric("mrr", 5000.0, "currency", 50),
        "logo_churn_year": Metric("logo_churn_year", 0.2, "share", 100, 0.13, 0.29),
        "nrr_year": Metric("nrr_year", 0.8, "share", 90, 0.7, 0.9, base=6000.0),
        "profit_margin": Metric("profit_margin", 0.1, "share", 90, exact=True),
        "growth_efficiency_net": Metric("growth_efficiency_net", 2.0, "ratio", 90, exact=True),
    }
    costs = pd.DataFrame(
        [("new_arr", 16000.0), ("churned_arr", 16000.0 - net_new), ("sales_and_marketing", 12000.0)],
        columns=["measure", "value"],
    )
    kept = {name: metric for name, metric in metrics.items() if name not in without}
    return Result("revenue", "desk", Q3, Q3.start, Q3.end, 50, {"profitability": costs}, kept)


def test_each_number_moves_by_what_is_kept_times_the_confidence() -> None:
    """Half of 200: NRR and margin + 100/5000; churn - half of 2 customers (200/1000 of 10) / 50; 12,000 / (6,000 + 12 x 100)."""
    table = effects(gap(), revenue(), 50).set_index("measure")
    assert list(table.index) == list(MEASURES)
    assert table["before"].tolist() == [0.2, 0.8, 0.1, 2.0]
    assert table["after"].tolist() == pytest.approx([0.18, 0.82, 0.12, 12_000 / 7_200])
    assert table.loc["nrr_year", ["low", "high"]].tolist() == pytest.approx([0.81, 0.83])
    assert table.loc["logo_churn_year", ["low", "high"]].tolist() == pytest.approx([0.17, 0.19])
    assert table.loc["growth_efficiency_net", ["low", "high"]].tolist() == pytest.approx([12 / 7.8, 12 / 6.6])
    assert set(table["verdict"]) == {"better"}
    assert set(table["assumption"]) == {"leave"}


def test_an_effect_whose_interval_holds_none_is_unclear() -> None:
    table = effects(gap(impact_low=-50.0, gain="unclear"), revenue(), 50)
    assert set(table["verdict"]) == {"unclear"}
    verdict = effects_verdict(table)
    assert (verdict.code, verdict.fields["measure"], verdict.fields["count"]) == ("unclear", "nrr_year", 0)


def test_without_confidence_nothing_moves() -> None:
    table = effects(gap(confidence=0.0), revenue(), 50)
    assert (table["after"] == table["before"]).all()
    assert set(table["verdict"]) == {"same"}
    verdict = effects_verdict(table)
    assert (verdict.code, verdict.fields["count"], verdict.fields["of"]) == ("same", 0, 1)


def test_a_gap_without_confidence_is_none_of_those_that_cannot_be_told_from_chance() -> None:
    unclear = effects(gap(goal="unclear", impact_low=-50.0, gain="unclear"), revenue(), 50)
    table = pd.concat([unclear, effects(gap(confidence=0.0), revenue(), 50)], ignore_index=True)
    verdict = effects_verdict(table)
    assert (verdict.code, verdict.fields["goal"], verdict.fields["of"]) == ("unclear", "unclear", 1)


def test_a_goal_about_a_number_moves_that_number_by_its_gap() -> None:
    """NRR is 10 points short; half of it. Churn says nothing of it, as a gap of NRR is not one of customers."""
    row = gap(metric="revenue.nrr_year", losses="no_rule", gap=0.1, gap_low=0.02, gap_high=0.2, impact=600.0,
              impact_low=120.0, impact_high=1200.0, customers=math.nan)  # fmt: skip
    table = effects(row, revenue(), 50).set_index("measure")
    assert table.loc["nrr_year", ["after", "low", "high"]].tolist() == pytest.approx([0.85, 0.81, 0.9])
    assert "logo_churn_year" not in table.index
    assert table.loc["profit_margin", "after"] == pytest.approx(0.1 + 0.5 * 600 / 5000)
    assert set(table["assumption"]) == {"number"}


def test_churn_falls_by_its_own_gap() -> None:
    row = gap(metric="revenue.logo_churn_year", losses="no_rule", gap=0.1, gap_low=0.03, gap_high=0.19)
    table = effects(row, revenue(), 50).set_index("measure")
    assert table.loc["logo_churn_year", ["after", "low", "high"]].tolist() == pytest.approx(
        [0.15, 0.105, 0.185]
    )


def test_churn_never_falls_below_none() -> None:
    table = effects(gap(impact=1000.0, impact_high=1000.0, customers=50.0), revenue(), 50).set_index(
        "measure"
    )
    assert table.loc["logo_churn_year", "after"] == 0.0


def test_a_number_that_is_not_known_today_has_no_row() -> None:
    found = revenue("profit_margin", "growth_efficiency_net")
    assert set(effects(gap(), found, 50)["measure"]) == {"logo_churn_year", "nrr_year"}
    assert unknown_before(found) == ("profit_margin", "growth_efficiency_net")


def test_where_losses_may_be_chance_no_effect_is_called_better() -> None:
    """The interval is above 0, but over all goals the difference in losses is not beyond chance."""
    table = effects(gap(gain="unclear", losses="unclear"), revenue(), 50)
    assert set(table["verdict"]) == {"unclear"}
    assert effects_verdict(table).code == "unclear"


def test_where_customers_in_the_gap_are_lost_less_often_closing_it_makes_numbers_worse() -> None:
    table = effects(
        gap(gain="loss", losses="fewer", impact=-200.0, impact_low=-300.0, impact_high=-100.0), revenue(), 50
    )
    assert set(table["verdict"]) == {"worse"}
    verdict = effects_verdict(table)
    assert (verdict.code, verdict.fields["measure"], verdict.fields["count"]) == ("worse", "nrr_year", 1)


@pytest.mark.parametrize(
    ("metric", "moved"),
    [
        ("revenue.nrr_year", ["nrr_year", "profit_margin", "growth_efficiency_net"]),
        ("revenue.grr_year", ["nrr_year", "profit_margin", "growth_efficiency_net"]),
        ("revenue.logo_churn_year", list(MEASURES)),
        ("revenue.profit_margin", ["profit_margin"]),
        ("revenue.customers", ["growth_efficiency_net"]),
        ("revenue.mrr", ["growth_efficiency_net"]),
        ("journeys.days_to_value", []),
    ],
)
def test_a_goal_about_a_number_moves_no_other_than_follow_from_it(metric: str, moved: list[str]) -> None:
    row = gap(metric=metric, losses="no_rule", gap=0.1, gap_low=0.02, gap_high=0.2)
    assert effects(row, revenue(), 50)["measure"].tolist() == moved


def test_a_goal_without_an_amount_moves_its_own_number_alone() -> None:
    """The index is 0.5 above its target; half of it."""
    row = gap(
        metric="revenue.growth_efficiency_net",
        losses="no_rule",
        gap=0.5,
        gap_low=0.5,
        gap_high=0.5,
        impact=math.nan,
    )
    (found,) = effects(row, revenue(), 50).to_dict("records")
    assert (found["measure"], found["after"], found["verdict"]) == ("growth_efficiency_net", 1.75, "better")


@pytest.mark.parametrize("said", [{"state": "reached"}, {"state": "unknown"}, {"impact": math.nan}])
def test_a_gap_that_is_closed_or_not_known_has_no_effect(said: dict[str, Any]) -> None:
    assert effects(gap(**said), revenue(), 50).empty

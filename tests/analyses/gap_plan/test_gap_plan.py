"""The gap plan as a whole: what is planted in the sample, and what is said where something is missing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from builders import ANALYSES, account, contract, goal, product, product_data, use

from cs_helpers.analyses.gap_plan.findings import find
from cs_helpers.analyses.gap_plan.verdicts import gaps_verdict
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.to_be import ToBe
from cs_helpers.errors import SettingError
from cs_helpers.result import Result
from cs_helpers.sample.truths import EQUAL_GAPS, FIRST_GAP, NULL_GAP
from cs_helpers.summary import check_metrics

Q3 = Quarter(2026, 3)
PLAN = ANALYSES["gap_plan"]


def planned(of: Any, **tables: Any) -> Result:
    return PLAN.analyse(product_data(of, **tables), Q3)


def codes(result: Result) -> set[str]:
    return {note.code for note in result.notes}


def test_the_planted_gap_comes_first_and_is_decided(result_of) -> None:
    name, first = FIRST_GAP
    result = result_of("gap_plan", name, "2026Q3")
    assert result.tables["priorities"]["goal"].iloc[0] == first
    assert result.verdicts["priorities"].code == "decided"
    row = result.tables["gaps"].set_index("goal").loc[first]
    assert row["losses"] == "more"
    assert row["kept_low"] > 0


def test_the_gap_that_has_no_effect_on_losses_is_not_said_to_have_one(result_of) -> None:
    name, null = NULL_GAP
    result = result_of("gap_plan", name, "2026Q3")
    row = result.tables["gaps"].set_index("goal").loc[null]
    assert (row["state"], row["losses"]) == ("short", "unclear")
    assert row["customers"] > 10
    assert row["impact_low"] < 0 < row["impact_high"]
    assert set(result.tables["effects"].set_index("goal").loc[null, "verdict"]) == {"unclear"}


def test_the_order_of_the_equal_gaps_is_not_decided(result_of) -> None:
    name, equal = EQUAL_GAPS
    result = result_of("gap_plan", name, "2026Q3")
    gaps = result.tables["gaps"].set_index("goal").loc[list(equal)]
    assert gaps["customers"].nunique() == gaps["confidence"].nunique() == gaps["effort"].nunique() == 1
    pairs = result.tables["pairs"]
    [pair] = pairs[pairs["goal"].isin(equal) & pairs["other"].isin(equal)].to_dict("records")
    assert pair["verdict"] == "undecided"
    assert 0.1 < pair["chance"] < 0.9


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_the_numbers_before_are_those_of_the_page_of_revenue(name: str, result_of) -> None:
    revenue, plan = (result_of(analysis, name, "2026Q3") for analysis in ("revenue", "gap_plan"))
    for row in plan.tables["effects"].to_dict("records"):
        assert row["before"] == revenue.metrics[row["measure"]].value


def test_without_the_section_every_question_says_what_to_add() -> None:
    result = planned(product(), accounts=[account("A")], contracts=[contract("A", "2024-01-01")])
    assert codes(result) == {"no_to_be"}
    assert {note.about for note in result.notes} == set(PLAN.declares.questions)
    assert not result.tables
    assert not result.findings


LOW = {"measure": {"value": "events", "months": 3, "at_most": 100}}


def of_goals(*goals: dict[str, Any]) -> Any:
    return product(to_be={"agreed_on": "2026-07-01", "goals": list(goals)})


USED = [use("A", f"2026-{month:02d}-10") for month in range(1, 10)]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"contracts": [contract("A", "2020-01-01", "2021-12-31")]}, "no_customers"),
        ({"contracts": []}, "no_customers"),
        ({}, "no_accounts"),
    ],
)
def test_without_customers_every_question_says_so(tables: dict[str, Any], said: str) -> None:
    result = planned(of_goals(goal("low", LOW)), accounts=[account("A")], **tables)
    assert codes(result) == {said}


def test_without_contracts_the_gap_is_counted_and_effects_name_the_table() -> None:
    result = planned(of_goals(goal("low", LOW)), accounts=[account("A")], usage=USED)
    assert result.tables["gaps"]["customers"].tolist() == [1.0]
    assert set(result.metrics) == {"reached", "in_gaps"}
    assert {"missing_table", "no_worth"} <= codes(result)
    assert result.findings[0].mrr is None


def test_a_metric_that_no_analysis_has_is_refused_with_the_nearest() -> None:
    of = of_goals(goal("nrr", metric="revenue.nrr_years", target=1.0))
    with pytest.raises(SettingError, match=r"'to_be'.*Did you mean 'revenue.nrr_year'"):
        check_metrics(of)


def test_where_no_gap_is_left_that_is_said_in_place_of_an_order() -> None:
    result = planned(
        of_goals(goal("low", LOW, at_most=1.0)),
        accounts=[account("A")], contracts=[contract("A", "2024-01-01")], usage=USED,
    )  # fmt: skip
    assert result.verdicts["gaps"].code == "all_reached"
    assert {n.about for n in result.notes if n.code == "nothing_left"} == {"priorities", "pairs", "effects"}


def test_a_quarter_before_the_day_of_agreement_says_so() -> None:
    data = product_data(
        of_goals(goal("low", LOW)),
        accounts=[account("A")],
        contracts=[contract("A", "2024-01-01")],
        usage=USED,
    )
    assert "agreed_later" in codes(PLAN.analyse(data, Quarter(2026, 2)))
    assert "agreed_later" not in codes(PLAN.analyse(data, Q3))


@pytest.mark.parametrize(
    ("rows", "code", "counts"),
    [
        ([("short", "counted")] * 3, "all_short", (3, 0, 0, 0)),
        ([("reached", "clear")] * 2, "all_reached", (0, 0, 2, 0)),
        ([("unknown", "")], "none_known", (0, 0, 0, 1)),
        ([("reached", "clear"), ("unknown", ""), ("unknown", "")], "reached_and_unknown", (0, 0, 1, 2)),
        ([("reached", "unclear"), ("short", "unclear")], "short", (0, 2, 0, 0)),
        ([("reached", "clear"), ("short", "unclear"), ("short", "clear")], "short", (1, 1, 1, 0)),
    ],
)
def test_goals_are_counted_once_each(rows: list[tuple[str, str]], code: str, counts: tuple[int, ...]) -> None:
    verdict = gaps_verdict(pd.DataFrame(rows, columns=["state", "certainty"]))
    assert verdict.code == code
    assert tuple(verdict.fields[k] for k in ("short", "unclear", "reached", "unknown")) == counts


def test_findings_come_in_the_order_of_the_priorities() -> None:
    to_be = ToBe.model_validate({"agreed_on": "2026-07-01", "goals": [goal(name, LOW) for name in "abc"]})
    gaps = pd.DataFrame({"goal": list("abc"), "state": "short", "impact": [9.0, 5.0, math.nan], "mrr": 1234567.0, "customers": 3.0,
                         "n": 84, "as_is": 0.2, "target": 0.1, "gap": 0.1, "unknown": [0, 48, 0], "in_gap": 31.0, "losses": "unclear"})  # fmt: skip
    found = find(gaps, to_be, ["b", "a"])
    assert [(f.fields["entry"], f.code) for f in found] == [
        ("b", "gap_partly_known"),
        ("a", "gap"),
        ("c", "gap"),
    ]
    # the MRR is in proportion, so it has three figures
    assert {f.mrr for f in found} == {1230000.0}


def test_customers_in_several_gaps_count_once() -> None:
    goals = goal("low", LOW), goal("lower", {"measure": {"value": "events", "months": 3, "at_most": 50}})
    result = planned(
        of_goals(*goals), accounts=[account("A")], contracts=[contract("A", "2024-01-01")], usage=USED
    )
    assert result.metrics["in_gaps"].value == 1
    assert result.metrics["in_gaps_mrr"].value == 100
    assert result.metrics["reached"].value == 0


def test_it_is_compared_with_earlier_quarters_by_the_customers_in_gaps(of_product) -> None:
    data = of_product("helpdesk")
    before = PLAN.metrics_of(data, Quarter(2026, 2))
    assert set(before) == {"in_gaps", "in_gaps_mrr"}
    assert 0 < before["in_gaps"].value <= before["in_gaps"].n


def test_the_largest_gap_is_found_first_and_names_its_customers(result_of) -> None:
    first = result_of("gap_plan", FIRST_GAP[0], "2026Q3").findings[0]
    assert (first.code, first.fields["entry"], first.direction) == ("gap", FIRST_GAP[1], "worse")
    assert first.customers > 0
    assert first.mrr > 0


def test_a_product_of_other_goals_has_other_analyses_to_build_on(of_product) -> None:
    data = of_product("paper_to_web")
    assert PLAN.built_on(data.product) == ("revenue", "journeys")
    assert PLAN.built_on(replace(data, product=product()).product) == ("revenue",)

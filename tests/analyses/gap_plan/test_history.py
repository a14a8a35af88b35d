"""Earlier targets: the quarters by which they are judged, and what became of them, by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from builders import goal, product, product_data

from cs_helpers.analyses.gap_plan import history
from cs_helpers.analyses.gap_plan.history import target_history
from cs_helpers.analyses.gap_plan.sizing import size_gaps
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.to_be import ToBe
from cs_helpers.result import Metric

Q3 = Quarter(2026, 3)
LOW = {"measure": {"value": "events", "months": 3, "at_most": 100}}


def planned(*goals: dict[str, Any]) -> Any:
    return product_data(product(to_be={"agreed_on": "2026-07-01", "goals": list(goals)}))


def now(
    goal_id: str, as_is: float, unit: str = "share", state: str = "short", certainty: str = "counted"
) -> pd.DataFrame:
    return pd.DataFrame(
        [{"goal": goal_id, "as_is": as_is, "unit": unit, "n": 50, "state": state, "certainty": certainty}]
    )


@pytest.fixture
def past(monkeypatch):
    """Gives numbers of earlier quarters: quarter -> value, or a metric; others are not known."""

    def give(values: dict[str, float | Metric]) -> None:
        def number(self: Any, of: Any, quarter: Quarter) -> Metric | None:
            value = values.get(str(quarter))
            return Metric(of.id, value, "share", 40) if isinstance(value, float) else value

        monkeypatch.setattr(history._Past, "number", number)

    return give


def test_an_earlier_target_is_judged_on_the_last_quarter_end_on_which_it_held(past) -> None:
    past({"2025Q1": 0.30, "2025Q4": 0.18, "2026Q2": 0.15})
    data = planned(
        goal("low", LOW, at_most=0.05, earlier=[
            {"at_most": 0.20, "agreed_on": "2025-04-10"}, {"at_most": 0.10, "agreed_on": "2026-01-05"},
        ])
    )  # fmt: skip
    found = target_history(data, Q3, now("low", 0.12)).to_dict("records")
    assert [
        (r["target"], r["began"], r["began_on"], r["value"], r["judged_on"], r["outcome"]) for r in found
    ] == [
        (0.20, 0.30, date(2025, 3, 31), 0.18, date(2025, 12, 31), "reached"),
        (0.10, 0.18, date(2025, 12, 31), 0.15, date(2026, 6, 30), "missed"),
        (0.05, 0.15, date(2026, 6, 30), 0.12, date(2026, 9, 30), "open"),
    ]
    assert [r["until"] for r in found] == [date(2026, 1, 5), date(2026, 7, 1), date(2027, 3, 31)]


def test_a_target_that_held_over_no_quarter_end_or_without_a_number_is_not_known(past) -> None:
    past({"2025Q4": 0.2, "2026Q1": 0.2})
    data = planned(
        goal("low", LOW, at_most=0.05, earlier=[
            {"at_most": 0.2, "agreed_on": "2026-04-02"}, {"at_most": 0.1, "agreed_on": "2026-05-01"},
        ])
    )  # fmt: skip
    first, second, _ = target_history(data, Q3, now("low", 0.12)).to_dict("records")
    assert (first["outcome"], second["outcome"]) == ("unknown", "unknown")
    assert math.isnan(first["value"])
    assert math.isnan(second["value"])


def test_a_target_that_is_still_to_be_judged_in_an_earlier_report_is_open(past) -> None:
    past({"2025Q4": 0.2})
    data = planned(goal("low", LOW, at_most=0.05, earlier=[{"at_most": 0.1, "agreed_on": "2026-01-05"}]))
    (first,) = target_history(data, Quarter(2026, 1), now("low", 0.12)).to_dict("records")
    assert first["outcome"] == "open"


def test_what_was_agreed_after_the_quarter_is_not_listed(past) -> None:
    past({})
    data = planned(goal("low", LOW, at_most=0.05, earlier=[{"at_most": 0.1, "agreed_on": "2026-01-05"}]))
    assert target_history(data, Quarter(2025, 4), now("low", 0.12)).empty
    assert target_history(data, Quarter(2026, 2), now("low", 0.12))["agreed_on"].tolist() == [
        date(2026, 1, 5)
    ]
    assert len(target_history(data, Q3, now("low", 0.12))) == 2


@pytest.mark.parametrize(
    ("by", "state", "certainty", "said"),
    [("2027-03-31", "short", "counted", "open"), ("2026-09-30", "short", "counted", "missed"),
     ("2026-09-30", "reached", "clear", "reached"), ("2027-03-31", "unknown", "", "unknown"),
     # as of earlier targets: an interval that holds the target says neither
     ("2026-09-30", "short", "unclear", "unclear"), ("2026-09-30", "reached", "unclear", "unclear"),
     ("2027-03-31", "reached", "unclear", "open"), ("2026-09-30", "short", "clear", "missed")],
)  # fmt: skip
def test_the_present_target_is_open_until_its_day(
    past, by: str, state: str, certainty: str, said: str
) -> None:
    past({})
    earlier = [{"at_most": 0.1, "agreed_on": "2026-01-05"}]
    data = planned(goal("low", LOW, at_most=0.05, by=by, earlier=earlier))
    assert (
        target_history(data, Q3, now("low", 0.12, state=state, certainty=certainty))["outcome"].iloc[-1]
        == said
    )


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [(95.0, 80.0, 115.0, "unclear"), (110.0, 101.0, 120.0, "missed"), (80.0, 70.0, 90.0, "reached")],
)
def test_a_headline_number_is_judged_by_its_interval_and_the_direction_that_is_better(
    past, value: float, low: float, high: float, said: str
) -> None:
    past({"2026Q2": Metric("days_to_value", value, "days", 40, low, high)})
    of = {"id": "fast", "name": {"en": "Fast", "ja": "早い"}, "metric": "journeys.days_to_value", "target": 90, "by": "2027-03-31",
          "confidence": 0.5, "effort": 1, "earlier": [{"target": 100, "agreed_on": "2026-01-05"}]}  # fmt: skip
    first, _ = target_history(planned(of), Q3, now("fast", 95.0, "days")).to_dict("records")
    assert first["outcome"] == said


def test_goals_without_an_earlier_target_are_not_listed(past) -> None:
    past({})
    assert target_history(planned(goal("low", LOW)), Q3, now("low", 0.12)).empty


def test_the_number_of_an_earlier_quarter_is_the_one_that_its_own_report_sizes(of_product) -> None:
    data = of_product("paper_to_web")
    earlier = {"at_most": 0.2, "agreed_on": date(2025, 7, 1)}
    plan = data.product.to_be.model_dump()
    plan["goals"] = [
        {k: v for k, v in g.items() if v is not None} | {"earlier": [earlier]}
        for g in data.product.to_be.model_dump(exclude_none=True)["goals"]
        if g["id"] == "second_department"
    ]
    data = replace(data, product=data.product.model_copy(update={"to_be": ToBe.model_validate(plan)}))
    then = size_gaps(data, Quarter(2026, 2), {}).gaps.iloc[0]
    first = target_history(data, Q3, size_gaps(data, Q3, {}).gaps).iloc[0]
    assert (first["value"], first["n"]) == (then["as_is"], then["n"])

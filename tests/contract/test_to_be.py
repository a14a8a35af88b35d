"""What a goal of the gap plan may say, and the sentence where it may not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders import goal, product
from pydantic import ValidationError

from cs_helpers.contract.products import Product
from cs_helpers.contract.settings_file import setting_error

STEPS = ["kickoff", "live"]
RED = {"band": "red"}
NRR = {"metric": "revenue.nrr_year", "target": 0.95}


def made(*goals: dict[str, Any], agreed_on: str = "2026-07-01") -> Any:
    return product(steps=STEPS, to_be={"agreed_on": agreed_on, "goals": list(goals)}).to_be


def problem(*goals: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        made(*goals)
    return str(caught.value.errors()[0]["msg"])


def test_a_goal_is_of_customers_or_of_a_number() -> None:
    to_be = made(
        goal("red", RED, at_most=0.05),
        goal("nrr", **NRR),
        goal("slow", RED, metric="journeys.days_to_value", target=90),
    )
    assert [g.is_about_customers for g in to_be.goals] == [True, False, False]
    assert [g.value for g in to_be.goals] == [0.05, 0.95, 90]
    assert to_be.metrics == ("revenue.nrr_year", "journeys.days_to_value")


def test_earlier_targets_keep_their_day() -> None:
    earlier = [{"at_most": 0.3, "agreed_on": "2025-07-01"}, {"at_most": 0.2, "agreed_on": "2026-01-05"}]
    [found] = made(goal("red", RED, earlier=earlier)).goals
    assert [(e.agreed_on, e.value) for e in found.earlier] == [
        (date(2025, 7, 1), 0.3),
        (date(2026, 1, 5), 0.2),
    ]


def test_a_product_without_the_section_has_no_goals() -> None:
    assert product().to_be is None


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (goal("x"), "a goal needs exactly one of 'at_most' (with 'customers') and 'metric' (with 'target')"),
        (goal("x", RED, at_most=0.1, **NRR), "a goal needs exactly one of 'at_most'"),
        (goal("x", at_most=0.1), "'at_most' needs 'customers', the rule of who is in the gap"),
        (goal("x", metric="revenue.nrr"), "'metric' and 'target' belong together, one of them is missing"),
        (goal("x", RED, target=3.0), "'metric' and 'target' belong together, one of them is missing"),
        (goal("x", metric="gap_plan.reached", target=1), "a goal cannot be about a number of the gap plan itself"),
        (goal("x", metric="project_score.met", target=1), "a goal cannot be about the project score"),
        (goal("x", {"waits_for": "gone", "days": 3}), "the goal 'x' names the step 'gone', journey has no such step"),
        (goal("x", {"waits_for": "kickof", "days": 3}), "journey has no such step. Did you mean 'kickoff'?"),
        (goal("x", {"level_below": 5}), "the goal 'x' asks for customers below level 5, the highest level is 4"),
        (
            goal("x", {"waits_for": "kickoff", "after": "live", "days": 3}),
            "the goal 'x' waits for the step 'kickoff', which must come later than 'live'",
        ),
        (goal("x", {"waits_for": "live"}), "'waits_for' needs 'days'"),
        (goal("x", RED, by="2026-07-01"), "the goal 'x' is to be reached by 2026-07-01, before or when it was agreed on"),
        (goal("x", RED, earlier=[{"agreed_on": "2025-07-01"}]), "an earlier target needs exactly one of 'at_most', 'target'"),
        (
            goal("x", RED, earlier=[{"agreed_on": "2025-07-01", "target": 3}]),
            "the earlier targets of this goal need 'at_most', as the goal itself has",
        ),
        (
            goal("x", **NRR, earlier=[{"agreed_on": "2026-07-01", "target": 0.9}]),
            "the goal 'x' has an earlier target of 2026-07-01, not before agreed_on",
        ),
        (
            goal("x", RED, earlier=[{"agreed_on": d, "at_most": 0.3} for d in ("2026-01-05", "2025-07-01")]),
            "earlier targets are written oldest first, each on a day of its own",
        ),
        (goal("x", RED, means=["guided_setup"]), "the goal 'x' names the means 'guided_setup', the section means has none"),
        (goal("x", RED, means=["call", "call"]), "the means 'call' is named twice, once is enough"),
        (goal("x", RED, id="two words"), "up to 40 small letters, digits, '-' and '_' are needed"),
        (goal("x", metric="nrr_year", target=1), "a headline number is needed as in docs/metrics.md"),
        (goal("x", RED, confidence=0), "every goal has the confidence 0, so that no gap could come before another"),
        (goal("x", RED, confidence=1.5), "less than or equal to 1"),
        (goal("x", RED, effort=0), "greater than 0"),
        (goal("x", RED, at_most=float("nan")), "finite number"),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_a_goal_that_cannot_be_is_refused_in_a_sentence(said: dict[str, Any], sentence: str) -> None:
    assert sentence in problem(said)


def test_goals_have_names_of_their_own() -> None:
    assert "two goals have the id 'red', give each one of its own" in problem(
        goal("red", RED), goal("red", RED)
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_goals_are_told_apart_by_their_names_in_both_languages(language: str) -> None:
    one, other = goal("red", RED), goal("slow", RED)
    other["name"] = {**other["name"], language: one["name"][language]}
    said = "two goals are named 'red', give each a name by which pages can tell them apart"
    assert said in problem(one, other)


@pytest.mark.parametrize("day", [2027, "2027", "next spring", "2027-02-30", "31.03.2027", True])
def test_a_day_that_is_none_is_refused_with_what_a_day_looks_like(day: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        made(goal("x", RED, by=day))
    said = str(setting_error(Path("desk.yml"), caught.value, Product))
    assert said == f"desk.yml: key 'to_be.goals.0.by': a day is needed, as 2026-03-31, not '{day}'."

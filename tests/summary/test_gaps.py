"""The first gaps on the summary: their order, their size, what closing them would do, and what is said without a plan."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pandas as pd
import pytest

from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Finding, Note, Result, Verdict
from cs_helpers.summary import Summary, _decisions, _unknown
from cs_helpers.summary.gaps import FirstGaps, first_gaps
from cs_helpers.summary.restated import Comparison
from cs_helpers.tables import summary as tables
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
NAMES = {"one": "First <gap>", "two": "Second gap", "three": "Third gap", "four": "Fourth gap"}


def found(goal: str, code: str = "gap", customers: int | None = 12, mrr: float | None = 1e6) -> Finding:
    return Finding(
        code, "gaps", "worse", "counted", 120, value=0.2, compared=0.05, compared_with="target", size=0.15, unit="share",
        customers=customers, mrr=mrr, fields={"goal": Words(en=NAMES[goal], ja=NAMES[goal]), "by": date(2027, 3, 31), "entry": goal, "inside": 24, "unknown": 0},
    )  # fmt: skip


def effect(goal: str, measure: str, verdict: str = "better") -> dict[str, Any]:
    return {
        "goal": goal, "measure": measure, "before": 0.3, "after": 0.27, "low": 0.26, "high": 0.28, "unit": "share",
        "verdict": verdict,
    }  # fmt: skip


def plan(
    ranked: str = "three one two", order: str = "decided", without_effects: bool = False, **other: Any
) -> Result:
    """A plan of four gaps, of which some are ranked: the others have no known worth."""
    goals = ranked.split()
    gaps = pd.DataFrame(
        [
            {"goal": goal, "kind": "customers", "state": "short", "reason": "" if goal in goals else "few"}
            for goal in NAMES
        ]
    )
    effects = [effect(g, m) for g in goals for m in ("logo_churn_year", "nrr_year", "profit_margin")]
    parts = {
        "gaps": gaps,
        "priorities": pd.DataFrame({"goal": goals}),
        **({} if without_effects else {"effects": pd.DataFrame(effects)}),
    }
    verdicts = {
        "gaps": Verdict("short", {"short": 4, "reached": 1, "unknown": 0, "of": 5}),
        "priorities": Verdict(order, {"goal": goals[0], "goals": tuple(goals[:2]), "share": 0.96, "count": 3}),
    }  # fmt: skip
    findings = (found("four"), *(found(goal) for goal in NAMES if goal != "four"))
    known = {
        "tables": parts,
        "verdicts": verdicts,
        "findings": (*findings, found("one", "lost_more_often")),
    } | other
    return Result("gap_plan", "desk", Q3, Q3.start, date(2026, 9, 30), 120, metrics={}, **known)  # type: ignore[arg-type]


def page(result: Result, language: str = "en") -> str:
    gaps = first_gaps({"gap_plan": result})
    summary = Summary((), (), (), (), 0, {}, Comparison("not_published", Quarter(2026, 2)), {}, gaps)
    return tables.gaps(summary, Text(language), "JPY")


def test_the_first_three_come_in_the_order_of_priorities() -> None:
    gaps = first_gaps({"gap_plan": plan()})
    assert [gap.goal for gap in gaps.gaps] == ["three", "one", "two"]
    assert gaps.more == 1
    assert all(gap.is_ranked for gap in gaps.gaps)
    assert [len(gap.effects) for gap in gaps.gaps] == [2, 2, 2]


def test_a_gap_without_a_place_comes_after_those_with_one() -> None:
    gaps = first_gaps({"gap_plan": plan("two")})
    assert [(gap.goal, gap.is_ranked) for gap in gaps.gaps] == [
        ("two", True),
        ("four", False),
        ("one", False),
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_gap_says_its_size_and_what_closing_it_would_do(language: str) -> None:
    shown = page(plan(), language)
    first = html.unescape(re.findall("<li.*?</li>", shown)[0])
    for said in ("Third gap", "20.0%", "5.0%", "12", "1,000,000", "30.0%", "27.0%", "26.0%", "28.0%"):
        assert said in first, said
    assert shown.count("<li") == 3
    assert 'href="#place:gap_plan-gaps"' in shown
    assert 'href="#place:gap_plan-priorities"' in shown
    assert "First &lt;gap&gt;" in shown


@pytest.mark.parametrize(
    ("order", "decided", "said"),
    [("decided", True, "whatever chance and the weights do"), ("open", False, "is not decided"),
     ("one", True, "Only one gap"), ("nothing_won", False, "none comes first")],
)  # fmt: skip
def test_whether_the_order_is_decided_is_said(order: str, decided: bool, said: str) -> None:
    result = plan(order=order)
    assert said in page(result)
    assert first_gaps({"gap_plan": result}).is_decided == decided


def test_what_may_be_chance_is_said_to_be() -> None:
    effects = pd.DataFrame([effect("three", "logo_churn_year"), effect("three", "nrr_year", "unclear")])
    result = plan()
    assert "may be chance" in page(plan(tables={**result.tables, "effects": effects}))


def test_a_gap_whose_worth_is_not_known_says_why() -> None:
    assert page(plan("two", without_effects=True)).count("too few were lost") == 2


def test_without_a_plan_the_page_says_what_to_add() -> None:
    none = plan(tables={}, verdicts={}, findings=(), notes=(Note("no_to_be", "gaps", {}),))
    assert "Add a section to_be" in page(none)
    assert first_gaps({}) == FirstGaps()
    assert 'class="nothing"' in tables.gaps(
        Summary((), (), (), (), 0, {}, Comparison("not_published", Quarter(2026, 2)), {}), Text("ja"), "JPY"
    )


def test_where_all_goals_are_reached_the_page_says_so() -> None:
    reached = Verdict("all_reached", {"short": 0, "reached": 5, "unknown": 0, "of": 5})
    assert "No gap is left: 5 of 5" in page(plan(verdicts={"gaps": reached}, findings=()))


def test_gaps_are_neither_decisions_nor_among_what_is_not_known() -> None:
    result = plan(notes=(Note("no_order", "priorities", {}),))
    assert _decisions({"gap_plan": result}) == []
    assert _unknown({"gap_plan": result}) == []


def test_without_amounts_none_is_shown() -> None:
    findings = tuple(found(goal, mrr=None) for goal in NAMES)
    assert "MRR" not in page(plan(findings=findings, without_effects=True))


def test_what_is_published_tells_gaps_apart() -> None:
    gaps = first_gaps({"gap_plan": plan()})
    published = [tables.published_gap(gap, True, Text("en"), "JPY") for gap in gaps.gaps]
    assert len({content["key"] for content in published}) == 3
    assert {content["part"] for content in published} == {"gaps"}
    assert published[0]["customers"] == 12
    assert published[0]["decided"]
    assert "27.0%" in published[0]["do"]

"""The choices of an award's design are worked out at once, in the language of the page."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from builders import product

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.widgets.award_design import AwardDesign


def result(members: int = 6) -> Result:
    rows = [
        {"csm": f"csm-{n}", "customers": 10 * (n + 1), "units": 10 * (n + 1), "events": 4 * (n + 1), "expected": 4.0 * (n + 1) * quarters / 4,
         "indicator": kind, "step": "", "quarters": quarters}
        for kind in ("conversion", "retention") for quarters in (1, 4) for n in range(members)
    ]  # fmt: skip
    empty = Result("recognition", "desk", Quarter(2026, 3), date(2026, 7, 1), date(2026, 9, 30), 0, {}, {})
    return replace(empty, tables={"members.counts": pd.DataFrame(rows)})


@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_rule_says_how_often_the_best_and_how_often_luck_wins(language: str) -> None:
    design = AwardDesign(result(), Text(language, product()))
    shown = design.answer.value
    assert shown.count("max-width:30em") == 4
    assert "17%" in shown  # by lot, one of six
    design.winners.value = 3
    assert "50%" in design.answer.value


def test_more_quarters_and_another_indicator_change_the_answer_within_a_third_of_a_second() -> None:
    design = AwardDesign(result(12), Text("en", product()))
    before = design.answer.value
    start = time.process_time()
    design.quarters.value = 1
    assert time.process_time() - start < 0.3
    assert design.answer.value != before
    design.indicator.value = ("retention", "")
    assert re.search(r"12 members, \d+ steps or losses in 1 quarters", design.answer.value)


def test_as_many_winners_as_members_and_nothing_to_design_are_said() -> None:
    design = AwardDesign(result(4), Text("en", product()))
    design.winners.value = 4
    assert "as many win as there are members" in design.answer.value
    nothing = replace(result(), tables={})
    assert "no award" in AwardDesign(nothing, Text("en", product())).answer.value

"""The slider shows at once what the outlook has worked out for a level and a share, in the language of the page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from builders import product

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.widgets.what_if import WhatIf


@pytest.fixture(scope="module")
def result(result_of):
    found = result_of("level_outlook", "helpdesk", "2026Q3")
    return replace(found, settings={"currency": "JPY"})


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_begins_with_the_level_that_the_page_asks_of(result, language):
    slider = WhatIf(result, Text(language, product()))
    level = result.verdicts["what_if"].fields["level"]
    assert slider.level.value == level
    assert f"Lv.{level}" in slider.answer.value
    row = result.tables["what_if"].query("rising == @level and more == 0.1").iloc[0]
    assert f"{row['above']:.1f}" in slider.answer.value


def test_moving_it_shows_the_numbers_of_that_share_and_level(result):
    slider = WhatIf(result, Text("en", product()))
    slider.level.value, slider.more.value = 1, 20
    row = result.tables["what_if"].query("rising == 1 and more == 0.2").iloc[0]
    assert f"{row['above']:.1f}" in slider.answer.value
    assert "20%" in slider.answer.value


def test_both_bars_have_a_cell_for_each_level_as_wide_as_its_customers(result):
    slider = WhatIf(result, Text("en", product()))
    slider.level.value, slider.more.value = 1, 30
    shares = [float(width) for width in re.findall(r"flex:([\d.]+) 0 0", slider.answer.value)]
    assert len(shares) == 10
    assert sum(shares[:5]) == pytest.approx(1, abs=0.001)
    assert sum(shares[5:]) == pytest.approx(1, abs=0.001)
    # fewer stay at Lv.1, more stand at Lv.2
    assert shares[6] < shares[1]
    assert shares[7] > shares[2]


def test_nothing_more_who_move_up_is_no_change(result):
    slider = WhatIf(result, Text("en", product()))
    slider.more.value = 0
    assert "0.0 (0.0–0.0) more customers above it" in slider.answer.value


def test_without_a_forecast_it_says_so():
    empty = Result("level_outlook", "desk", Quarter(2026, 2), date(2026, 4, 1), date(2026, 6, 30), 0, {}, {})
    assert "no forecast" in WhatIf(empty, Text("en", product())).answer.value

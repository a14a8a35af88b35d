"""The points of a figure lie on what they stand for, and lead to those whom the figure counts."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from cs_helpers import analyses
from cs_helpers.charts.points import mark, with_points
from cs_helpers.charts.theme import BLUE, bars, canvas, finish_figure
from cs_helpers.outputs import figure_html
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook

QUESTIONS = [(name, question) for name in analyses.names() for question in analyses.members(name)]


@pytest.fixture
def workbook(home, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    return lambda language="en", **more: Workbook.open(
        product="paper_to_web", quarter="2026Q3", language=language, **more
    )


def test_a_point_lies_where_its_bar_is_drawn(result_of):
    result, text = result_of("journeys", "helpdesk", "2026Q3"), Text("en")
    with with_points(), canvas(text) as (figure, axis):
        bars(axis, [0, 1, 2], [3, 1, 2], width=0.8, color=BLUE)
        axis.set_ylim(0, 4)
        for x, height in enumerate([3, 1, 2]):
            mark(axis, text, {"bar": x}, [f"bar {x}"], height, (x - 0.4, x + 0.4), (0, height))
        picture = finish_figure(figure, text, result, message="", alt="", n="")
    drawn = np.array(Image.open(io.BytesIO(picture.png)).convert("RGB")).astype(int)
    height, width, _ = drawn.shape
    blue = np.abs(drawn - [int(BLUE[n : n + 2], 16) for n in (1, 3, 5)]).sum(axis=2) < 12
    covered = np.zeros(blue.shape, bool)
    for point in picture.points:
        rows = slice(round(point.top * height), round((point.top + point.height) * height))
        covered[rows, round(point.left * width) : round((point.left + point.width) * width)] = True
    # all of the bars, and nothing else but for their edges
    assert blue.sum() > 10_000
    assert (blue != covered).sum() < 0.02 * blue.sum()
    assert [json.loads(p.key) for p in picture.points] == [{"bar": 0}, {"bar": 1}, {"bar": 2}]
    assert picture.points[0].name == "bar 0 · customers: 3"


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=lambda q: str(q))
def test_each_point_of_a_figure_is_a_row_that_it_counts(name, question, language, workbook):
    opened = workbook(language)
    result, members = opened.analyse(name), analyses.members(name)[question]
    with with_points():
        picture = opened._picture(result, question)
    shown = members.shown(result.tables).set_index(list(members.keys))["customers"]
    assert picture.points
    for point in picture.points:
        key = json.loads(point.key)
        assert tuple(key) == members.keys
        row = tuple(key.values()) if len(key) > 1 else next(iter(key.values()))
        assert shown[row] > 0
        assert point.name.endswith(opened.text("charts.point", n=opened.text.number(shown[row])))
        assert 0 <= point.left < point.left + point.width <= 1.0001
        assert 0 <= point.top < point.top + point.height <= 1.0001
    names = {point.name for point in picture.points}
    assert len(names) == len({point.key for point in picture.points})


def test_nothing_is_marked_where_nobody_asks(workbook):
    opened = workbook()
    picture = opened._picture(opened.analyse("health"), "bands")
    assert picture.points == ()
    assert "button" not in figure_html(picture)


def test_each_point_is_a_button_over_the_image_with_its_key_and_a_name(workbook):
    opened = workbook()
    with with_points():
        picture = opened._picture(opened.analyse("health"), "bands")
    page = BeautifulSoup(figure_html(picture), "html.parser")
    buttons = page.select(".cs-points > button.cs-point")
    assert [json.loads(b["data-point"]) for b in buttons] == [json.loads(p.key) for p in picture.points]
    assert all(b["aria-label"] and b["type"] == "button" for b in buttons)
    assert page.select_one(".cs-points > img")["alt"] == picture.alt

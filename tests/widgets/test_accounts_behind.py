"""From a point of a figure to its customers: for the team by name, for leadership their number."""

from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup

from cs_helpers import analyses
from cs_helpers.charts.points import with_points
from cs_helpers.errors import ParameterError
from cs_helpers.widgets.accounts_behind import accounts_behind
from cs_helpers.workbook import Workbook


@pytest.fixture
def opened(home, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))

    def open_for(**more):
        return Workbook.open(**{"product": "paper_to_web", "quarter": "2026Q3", **more})

    return open_for


def rows_of(page):
    table = BeautifulSoup(page, "html.parser").find("table")
    return [[cell.text for cell in row.find_all("td")] for row in table.find("tbody").find_all("tr")]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_red_customers_are_those_of_the_table_of_scores(opened, language):
    workbook = opened(language=language)
    segments = workbook.analyse("health").tables["segments"]
    row = segments[segments["dimension"] == "size"].iloc[0]
    key = json.dumps({"dimension": "size", "segment": row["segment"], "band": "red"})
    scores = workbook.analyse("health").tables["scores"]
    expected = scores[(scores["band"] == "red") & (scores["size"] == row["segment"])]
    assert row["red"] == len(expected) > 0
    listed = rows_of(accounts_behind(workbook, "health", "segments", key))
    assert sorted(cells[0] for cells in listed) == sorted(expected["name"])
    # by MRR, as the table of scores has it
    by_mrr = expected.sort_values("mrr", ascending=False)
    assert [cells[4] for cells in listed] == [workbook.text.money(m, "JPY") for m in by_mrr["mrr"]]


def test_every_point_that_is_drawn_can_be_followed(opened):
    workbook = opened()
    with with_points():
        for name in ("journeys", "maturity"):
            for question in analyses.members(name):
                picture = workbook._picture(workbook.analyse(name), question)
                point = picture.points[0]
                assert accounts_behind(workbook, name, question, point.key)


def test_how_the_funnel_is_counted_decides_who_is_behind_it(opened):
    options = {"mode": "ordered", "window_days": 30}
    table = opened().analyse("journeys", **options).tables["funnel"]
    key, units = json.dumps({"step": table["step"].iloc[-2]}), table["units"].iloc[-2]
    saved = opened(options=json.dumps({"journeys": options}))
    for page in (
        accounts_behind(opened(), "journeys", "funnel", key, options),
        accounts_behind(saved, "journeys", "funnel", key),
    ):
        assert f"Customers behind this point: {units}." in page
    assert f"Customers behind this point: {units}." not in accounts_behind(
        opened(), "journeys", "funnel", key
    )


def test_leadership_reads_their_number_and_no_name(opened):
    team, leadership = opened(), opened(audience="leadership")
    key = json.dumps({"step": team.analyse("journeys").tables["funnel"]["step"].iloc[0]})
    page = accounts_behind(leadership, "journeys", "funnel", key)
    n = team.analyse("journeys").tables["funnel"]["units"].iloc[0]
    assert f"Customers behind this point: {n}. Their names are shown to the team only." in page
    assert "<table" not in page
    for name in team.data["accounts"]["name"]:
        assert name not in page


@pytest.mark.parametrize("key", ["", "[]", "{}", '{"step": 1, "x": 2}', "nothing", '{"band": "red"}'])
def test_a_key_of_no_point_is_refused(opened, key):
    with pytest.raises(ParameterError, match="no such point"):
        accounts_behind(opened(), "journeys", "funnel", key)


def test_a_point_without_customers_says_so(opened):
    page = accounts_behind(opened(), "journeys", "funnel", '{"step": "<b>"}')
    assert "Customers behind this point: 0." in page
    assert "<b>" not in page

"""The page of a report that was not published: plain words, and where to go from here."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from cs_helpers.contract.parameters import Parameters
from cs_helpers.report.failed import explain_problems, failed_page
from cs_helpers.report.gate import check_page
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.text import Text

PROBLEMS = [
    Problem(code="error", detail="ZeroDivisionError: division by zero in /srv/x/notebook.ipynb"),
    Problem(code="missing_figure", detail="funnel"),
    Problem(code="missing_figure", detail="value_curve"),
    Problem(code="missing_metric", detail="days_to_value"),
    Problem(code="masked_name", detail="page: 3"),
    Problem(code="a_code_of_tomorrow", detail="KeyError"),
]


def page_of(language, problems=PROBLEMS, last_good=None, title="Journey <b>"):
    parameters = {"product": "helpdesk", "quarter": "2026Q3", "language": language}
    run = Run(Path("40_journey_funnels.ipynb"), Parameters.check(parameters))
    return failed_page(run, problems, title=title, product_name="Help & desk", last_good=last_good)


def links(page):
    return [a["href"] for a in BeautifulSoup(page, "html.parser").find_all("a")]


@pytest.fixture(params=["en", "ja"])
def language(request):
    return request.param


def test_it_passes_the_gate_and_lets_nothing_in(language):
    page = page_of(language)
    assert check_page(page) == []
    assert "default-src 'none'" in page
    assert f'<html lang="{language}">' in page
    assert "Journey &lt;b&gt;" in page
    assert "Help &amp; desk" in page


def test_it_says_what_failed_in_the_words_of_the_catalogue(language):
    text = Text(language)
    shown = BeautifulSoup(page_of(language), "html.parser").get_text()
    for key in ("report.problem.error", "report.problem.missing_figure", "journeys.funnel.title",
                "journeys.value_curve.title", "journeys.metrics.days_to_value", "failed.no_last_good"):  # fmt: skip
        assert text(key) in shown


def test_it_holds_no_code_and_no_path(language):
    shown = BeautifulSoup(page_of(language), "html.parser").get_text()
    for code in ("ZeroDivisionError", "KeyError", "ipynb", "/home", "page: 3", "value_curve", "tomorrow"):
        assert code not in shown
    assert not re.search("Traceback|cs_helpers", shown)


def test_the_last_good_report_is_one_click_away(language):
    page = page_of(language, last_good=date(2026, 10, 3))
    assert Text(language).day(date(2026, 10, 3)) in page
    assert links(page) == [f"../index.{language}.html", f"./journey_funnels.{language}.html"]


def test_it_leads_to_no_report_where_there_is_none(language):
    assert links(page_of(language)) == [f"../index.{language}.html"]


def test_a_run_without_a_heading_or_a_cause_still_has_a_page(language):
    page = page_of(language, problems=[], title="")
    assert Text(language)("failed.unknown") in page
    assert check_page(page) == []


def test_one_kind_of_problem_is_one_sentence():
    sentences = explain_problems(PROBLEMS, Text("en"))
    assert sentences[0] == ("The notebook stopped with an error.", "")
    assert sentences[1] == ("A figure is missing.", "Progress along the journey, Time to value")
    assert len(sentences) == 4

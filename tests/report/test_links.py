"""Places become addresses of published reports, and no link is dead."""

from __future__ import annotations

from cs_helpers.report.links import address, anchors, resolve_links
from cs_helpers.report.manifest import PublishedPage, Report


def report(product: str, *places: str, language: str = "en", failed: bool = False) -> Report:
    good = PublishedPage(
        status="published",
        sha256="",
        title="",
        message="",
        fingerprint="",
        snapshot="",
        made_at="",
        anchors=places,
    )
    return Report(
        status="failed" if failed else "published", analysis="x", notebook="10_x", seconds=1, made_at="",
        parameters={"product": product, "language": language}, good=None if failed else good,
    )  # fmt: skip


REPORTS = {
    "a/sum.en.html": report("a"),
    "a/one.en.html": report("a", "journeys-steps"),
    "a/two.en.html": report("a", "journeys-stalls", "health-bands"),
    "a/bad.en.html": report("a", "revenue-bridge", failed=True),
    "a/two.ja.html": report("a", "maturity-falls", language="ja"),
    "b/one.en.html": report("b", "maturity-falls"),
}


def test_a_place_leads_to_the_report_of_its_product_and_language_that_has_it() -> None:
    assert address("journeys-stalls", "a", "en", REPORTS) == "a/two.en.html#journeys-stalls"


def test_without_the_place_the_report_that_shows_the_analysis_or_the_landing_page_is_taken() -> None:
    assert address("journeys-funnel", "a", "en", REPORTS) == "a/one.en.html"
    assert address("health-headlines", "a", "en", REPORTS) == "a/two.en.html"
    for place in ("revenue-bridge", "maturity-falls"):  # failed; of another language or product
        assert address(place, "a", "en", REPORTS) == "index.en.html"


def test_the_links_of_a_page_are_relative_to_it_and_others_stay() -> None:
    page = '<a href="#place:journeys-steps">1</a><a href="#place:revenue-mrr">2</a><a href="#journeys-steps">3</a>'
    assert resolve_links(page, REPORTS["a/sum.en.html"], REPORTS) == (
        '<a href="one.en.html#journeys-steps">1</a><a href="../index.en.html">2</a><a href="#journeys-steps">3</a>'
    )


def test_anchors_are_the_questions_that_outputs_answer_each_once() -> None:
    shown = [
        {"analysis": "journeys", "answers": "steps"},
        {"analysis": "journeys", "table": "steps"},
        {"analysis": "health", "table": "scores"},
        {"shows": ["public"]},
    ]
    assert anchors(shown) == ("journeys-steps", "health-scores")

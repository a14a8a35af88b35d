"""The page of all operations maps: what was published, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import date
from types import SimpleNamespace

import pytest
from operations_maps import HOSTILE, operations_map

from cs_helpers.charts.operations_map import draw
from cs_helpers.charts.operations_map.content import content_of
from cs_helpers.contract.products import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.gate import check_page
from cs_helpers.report.manifest import PublishedPage, Report
from cs_helpers.report.operations_page import MAP, operations_pages
from cs_helpers.text import Text

PRODUCTS = ("desk", "letters", "expenses", "chat")
SNAPSHOT = SimpleNamespace(
    id="s-1", as_of=date(2026, 9, 30), products={"desk": SimpleNamespace(name=Words(en=HOSTILE, ja="窓口"))}
)


def report(product, language="en", *, failed=False, content=None, **more):
    drawn = {MAP: json.loads(json.dumps(content))} if content else {}
    good = PublishedPage(
        status="published", sha256="", title="", message="", fingerprint="", snapshot="",
        made_at="2026-10-02T03:04:05+00:00", drawn=drawn, **more,
    )  # fmt: skip
    return Report(
        status="failed" if failed else "published", analysis="operations_map", notebook="60_operations_map", seconds=1,
        parameters={"product": product, "language": language}, title="Operations map", made_at="", good=good,
    )  # fmt: skip


def published(*products, language="en", **options):
    reports = {}
    for n, product in enumerate(products):
        content = content_of(operations_map(2 + n, product=product), Text(language))
        reports[f"{product}/operations_map.{language}.html"] = report(
            product, language, content=content, **options
        )
        reports[f"{product}/maturity.{language}.html"] = report(
            product, language, anchors=("maturity-standing",)
        )
    return reports


def pages(reports, audience="leadership"):
    return operations_pages(Quarter(2026, 3), reports, SNAPSHOT, audience)


def svgs(page):
    return re.findall(r"<svg.*?</svg>", page)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_each_product_has_a_lane_and_nothing_but_what_its_report_published(count):
    reports = published(*PRODUCTS[:count])
    page = pages(reports)["operations-map.en.html"]
    assert check_page(page) == []
    contents = [r.good.drawn[MAP] for _, r in sorted(reports.items()) if r.good.drawn]
    lanes = draw(contents, "en", lambda number, place: "x")
    without = [re.sub(r'href="[^"]*"', 'href="x"', svg) for svg in svgs(page)]
    assert without == [svg for lane in lanes for svg in lane.values()]


def test_each_number_leads_to_the_report_of_its_product_or_to_the_landing_page():
    reports = published("desk", "letters")
    page = pages(reports)["operations-map.en.html"]
    links = set(re.findall(r'href="([^"]*)"', page))
    assert links == {
        "index.en.html", "desk/operations_map.en.html", "letters/operations_map.en.html",
        "desk/maturity.en.html#maturity-standing", "letters/maturity.en.html#maturity-standing",
        "desk/maturity.en.html", "letters/maturity.en.html",
    }  # fmt: skip
    assert "#place:" not in page


def test_a_language_has_its_own_page_and_leads_to_the_other():
    made = pages(published("desk") | published("desk", language="ja"))
    assert set(made) == {"operations-map.en.html", "operations-map.ja.html"}
    assert 'href="operations-map.ja.html"' in made["operations-map.en.html"]
    assert "窓口" in made["operations-map.ja.html"]
    assert pages({}) == {}
    assert pages({"desk/x.en.html": report("desk")}) == {}


def test_a_map_that_another_version_wrote_is_left_out():
    reports = published("desk", "letters")
    reports["desk/operations_map.en.html"].good.drawn[MAP]["format"] = 0
    page = pages(reports)["operations-map.en.html"]
    assert "letters/operations_map.en.html" in page
    assert "desk/operations_map.en.html" not in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_says_what_a_lifetime_value_is_and_each_lane_of_whom_it_is(language):
    page = pages(published("desk", "letters", language=language))[f"operations-map.{language}.html"]
    assert Text(language)("landing.operations.read_value") in page
    sources = re.findall(r'<p class="source">([^<]*)</p>', page)
    assert len(sources) == 2
    assert all("132" in source and "2026" in source for source in sources)


def test_names_are_text_and_the_edition_is_named():
    page = pages(published("desk"), "team")["operations-map.en.html"]
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert Text("en")("page.edition.team") in page


def test_of_a_report_that_failed_the_last_good_map_is_shown_with_its_date():
    page = pages(published("desk", failed=True))["operations-map.en.html"]
    assert "2 Oct 2026" in page

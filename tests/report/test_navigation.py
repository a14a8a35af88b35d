"""The links between the pages of a quarter, its languages and the quarter before: all that exist, and no other."""

from __future__ import annotations

import functools

import pytest
import small
from bs4 import BeautifulSoup
from links import assert_no_link_is_dead

from cs_helpers.report.quarterly import quarterly_report


@pytest.fixture
def publish(at_home, sample_snapshot):
    """Publishes reports of one product from small notebooks: alpha and gamma work, beta has not been mended yet."""
    folder = at_home(
        alpha=small.notebook(small.GOOD, title="Alpha"),
        beta=small.notebook("1 / 0", title="Beta"),
        gamma=small.notebook(small.GOOD, title="Gamma <b>"),
    )
    batch = functools.partial(quarterly_report, sample_snapshot, products=["helpdesk"], jobs=1)
    return folder, batch


def links_of(folder, file):
    """The links at the top of a page: words -> the file that each leads to, inside `reports`."""
    page = folder / "reports" / file
    links = (
        BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        .find("nav", class_="site")
        .find_all("a")
    )
    return {
        a.text: (page.parent / a["href"]).resolve().relative_to(folder / "reports").as_posix() for a in links
    }


def test_a_report_links_to_those_that_have_a_page(publish):
    folder, batch = publish
    batch(quarter="2026Q3")
    home = {"All reports of the quarter": "2026Q3/index.en.html"}
    assert links_of(folder, "2026Q3/helpdesk/alpha.en.html") == {
        **home,
        "Gamma <b>": "2026Q3/helpdesk/gamma.en.html",
    }
    assert links_of(folder, "2026Q3/helpdesk/gamma.en.html") == {
        **home,
        "Alpha": "2026Q3/helpdesk/alpha.en.html",
    }
    assert_no_link_is_dead(folder)


def test_pages_that_are_not_made_again_link_to_what_is_published_later(publish):
    folder, batch = publish
    batch(quarter="2026Q3")
    small.write(folder, "20_beta", small.notebook(small.GOOD, title="Beta"))
    later = batch(quarter="2026Q3")
    assert [o.run.analysis for o in later.outcomes] == ["beta"]
    assert links_of(folder, "2026Q3/helpdesk/alpha.en.html")["Beta"] == "2026Q3/helpdesk/beta.en.html"
    batch(quarter="2026Q3", language="ja", notebooks=["alpha"])
    assert links_of(folder, "2026Q3/helpdesk/alpha.en.html")["日本語"] == "2026Q3/helpdesk/alpha.ja.html"
    assert links_of(folder, "2026Q3/helpdesk/alpha.ja.html")["English"] == "2026Q3/helpdesk/alpha.en.html"
    assert "日本語" not in links_of(folder, "2026Q3/helpdesk/beta.en.html")
    assert_no_link_is_dead(folder)
    again = batch(quarter="2026Q3")  # the pages are as run.json has them
    assert (again.outcomes, again.unchanged) == ((), 3)


def test_a_report_links_to_the_quarter_before(publish):
    folder, batch = publish
    batch(quarter="2026Q2", notebooks=["alpha"])
    batch(quarter="2026Q3")
    before = "The quarter before: Q2 2026"
    assert links_of(folder, "2026Q3/helpdesk/alpha.en.html")[before] == "2026Q2/helpdesk/alpha.en.html"
    # of this one there was no report: its landing page says what there was
    assert links_of(folder, "2026Q3/helpdesk/gamma.en.html")[before] == "2026Q2/index.en.html"
    assert before not in links_of(folder, "2026Q2/helpdesk/alpha.en.html")
    batch(quarter="2026Q3", language="ja", notebooks=["alpha"])
    assert set(links_of(folder, "2026Q3/helpdesk/alpha.ja.html")) == {"この四半期のレポート一覧", "English"}
    assert_no_link_is_dead(folder)


def test_a_failed_report_is_linked_to_while_its_last_good_page_stays(publish):
    folder, batch = publish
    batch(quarter="2026Q3")
    small.write(folder, "10_alpha", small.notebook("1 / 0", title="Alpha"))
    assert [o.run.analysis for o in batch(quarter="2026Q3").failed] == ["alpha", "beta"]
    assert links_of(folder, "2026Q3/helpdesk/gamma.en.html")["Alpha"] == "2026Q3/helpdesk/alpha.en.html"
    assert_no_link_is_dead(folder)

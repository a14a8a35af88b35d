"""Whether links between published pages lead anywhere."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup


def assert_no_link_is_dead(folder: Path) -> None:
    """Each link of the pages in `reports` of a home leads to a file, and to an id that is in it."""
    for page in (folder / "reports").rglob("*.html"):
        for link in BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find_all("a"):
            file, _, part = link["href"].partition("#")
            target = page.parent / file if file else page
            assert target.is_file(), (page, link["href"])
            if part:
                assert BeautifulSoup(target.read_text(encoding="utf-8"), "html.parser").find(id=part), link[
                    "href"
                ]

"""Links to the answers of reports: places (`PLACE`) become addresses when the quarter is published.

A run knows neither which reports there are nor which of them failed, so its page names places only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cs_helpers.report.manifest import Report, of_whole_products
from cs_helpers.tables.findings import PLACE

_LINK = re.compile(rf'href="{re.escape(PLACE)}([a-z0-9_]+-[a-z0-9_:.]*)"')


def anchors(shown: list[Mapping[str, Any]]) -> tuple[str, ...]:
    """The places on a page, as `<analysis>-<question>`, from the metadata of its outputs (`cs_workbook`)."""
    places = (
        f"{about['analysis']}-{question}"
        for about in shown
        if about.get("analysis") and (question := about.get("answers") or about.get("table"))
    )
    return tuple(dict.fromkeys(places))


def address(place: str, product: str, language: str, reports: Mapping[str, Report]) -> str:
    """The address, inside the quarter's folder, of the published report of a product that has the place.

    Without such a report: of one that shows the analysis at all; without that, of the landing page.
    """
    published = {
        file: report.good.anchors
        for file, report in sorted(of_whole_products(reports).items())
        if report.good and (report.product, report.language) == (product, language)
    }
    for file, places in published.items():
        if place in places:
            return f"{file}#{place}"
    analysis = place.partition("-")[0]
    for file, places in published.items():
        if any(p.startswith(f"{analysis}-") for p in places):
            return file
    return f"index.{language}.html"


def resolve_links(page: str, report: Report, reports: Mapping[str, Report]) -> str:
    """The page of a report with each place replaced by its address, so that no link is dead."""

    def href(match: re.Match[str]) -> str:
        target = address(match[1], report.product, report.language, reports)
        folder, _, file = target.rpartition("/")
        return f'href="{file if folder == report.product else "../" + target}"'

    return _LINK.sub(href, page)

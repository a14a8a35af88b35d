"""Links from a page to the answers of other reports: they become addresses when the quarter is published.

A run knows neither which reports there are nor which of them failed, so its page names places (`PLACE`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cs_helpers.report.manifest import Report
from cs_helpers.tables.findings import PLACE

_LINK = re.compile(rf'href="{re.escape(PLACE)}([a-z0-9_]+)-([a-z0-9_:.]*)"')


def anchors(shown: list[Mapping[str, Any]]) -> tuple[str, ...]:
    """The places on a page, as `<analysis>-<question>`, from the metadata of its outputs (`cs_workbook`)."""
    places = (
        f"{about['analysis']}-{question}"
        for about in shown
        if about.get("analysis") and (question := about.get("answers") or about.get("table"))
    )
    return tuple(dict.fromkeys(places))


def resolve_links(page: str, report: Report, reports: Mapping[str, Report]) -> str:
    """The page with each place replaced by the address of the published report of its product and language that has it.

    Without such a report: of one that shows the analysis at all, else of the landing page, so that no link is dead.
    """
    others = {
        file.rpartition("/")[2]: other
        for file, other in sorted(reports.items())
        if other.good and (other.product, other.language) == (report.product, report.language)
    }

    def address(match: re.Match[str]) -> str:
        place, analysis = f"{match[1]}-{match[2]}", match[1]
        for file, other in others.items():
            if other.good and place in other.good.anchors:
                return f'href="{file}#{place}"'
        for file, other in others.items():
            if other.good and any(a.startswith(f"{analysis}-") for a in other.good.anchors):
                return f'href="{file}"'
        return f'href="../index.{report.language}.html"'

    return _LINK.sub(address, page)

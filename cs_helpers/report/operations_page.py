"""The operations maps of all products on one page, drawn of what each product's report published in `run.json`.

No notebook runs for it, and it holds nothing that is not on a published page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cs_helpers.charts.drawing import in_all_sizes
from cs_helpers.charts.operations_map import FORMAT, draw
from cs_helpers.contract.parameters import LANGUAGES, Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.links import address
from cs_helpers.report.manifest import Report, of_whole_products
from cs_helpers.report.pages import page_template
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text

#: the drawing of a report that holds a product's map
MAP = "operations_map.operations"
#: the sentences on how to read the page
_READING = ("read_order", "read_value", "read_levels", "read_missing")


def operations_name(language: str) -> str:
    """The file of the page in a language, inside the quarter's folder."""
    return f"operations-map.{language}.html"


def published_maps(reports: Mapping[str, Report], language: str) -> dict[str, Report]:
    """The published reports in a language that hold a map, as this version draws it: file -> report, by product."""
    found = [
        (file, r)
        for file, r in of_whole_products(reports).items()
        if r.good and r.language == language and r.good.drawn.get(MAP, {}).get("format") == FORMAT
    ]
    return dict(sorted(found, key=lambda item: item[1].product))


def operations_pages(
    quarter: Quarter, reports: Mapping[str, Report], snapshot: Snapshot, audience: Audience
) -> dict[str, str]:
    """`operations-map.<language>.html` for each language in which a map is published."""
    languages = [code for code in LANGUAGES if published_maps(reports, code)]
    return {
        operations_name(code): _page(quarter, reports, snapshot, audience, code, languages)
        for code in languages
    }


def _page(
    quarter: Quarter,
    reports: Mapping[str, Report],
    snapshot: Snapshot,
    audience: Audience,
    language: str,
    languages: Sequence[str],
) -> str:
    text, maps = Text(language), published_maps(reports, language)
    contents = [report.good.drawn[MAP] for report in maps.values() if report.good]
    products = [report.product for report in maps.values()]
    lanes = draw(
        contents, language, lambda number, place: address(place, products[number], language, reports)
    )
    return page_template("landing", "operations.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team") if audience == "team" else "",
        languages=[(code, Text(code)("page.language"), operations_name(code)) for code in languages],
        landing=f"index.{language}.html",
        quarter=text.quarter(quarter),
        as_of=text.day(snapshot.as_of),
        snapshot=snapshot.id,
        reading=[
            text(f"landing.operations.{sentence}")
            for sentence in _READING
            if sentence != "read_value" or any(content["months"] for content in contents)
        ],
        maps=[
            {
                "name": _name(report.product, snapshot, language),
                "file": file,
                "title": report.title,
                "message": content["message"],
                "drawing": in_all_sizes(sizes),
                "source": content["source"],
                "last_good": _last_good(report, text),
            }
            for (file, report), content, sizes in zip(maps.items(), contents, lanes, strict=True)
        ],
    )


def _name(product: str, snapshot: Snapshot, language: str) -> str:
    found = snapshot.products.get(product)
    return found.name.in_language(language) if found else product


def _last_good(report: Report, text: Text) -> str:
    """Of a report whose last run failed: when the map that is shown was made; '' of others."""
    if report.status != "failed" or report.good is None:
        return ""
    return text("landing.last_good", made_at=text.day(datetime.fromisoformat(report.good.made_at).date()))

"""The links at the top of a report: to the landing page, the product's other reports, the quarter before, the other language.

They are written when a quarter is published, because only then it is known which pages exist: no link is dead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from cs_helpers import hashes
from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.manifest import Manifest, Report, in_order
from cs_helpers.report.pages import page_template
from cs_helpers.text import Text

#: where the links stand in a page: the template writes both, the links are put in between
START, END = "<!-- links -->", "<!-- end of links -->"


def link_pages(
    reports: Mapping[str, Report],
    new_pages: Mapping[str, str],
    published_page: Callable[[str], bytes | None],
    earlier: Manifest,
    products: Mapping[str, Product],
) -> tuple[dict[str, Report], dict[str, str]]:
    """The reports of a quarter, and the pages among them whose links are new or have changed.

    reports: file -> report. new_pages: file -> page, made by this batch and without links yet. published_page: the
    content of a page that was published before. earlier: the manifest of the quarter before. products: those of the
    snapshot; a report of another one has the product's key as its name.
    """
    linked, pages = dict(reports), {}
    titles = _titles(reports)
    languages_before = {report.language for report in earlier.reports.values()}
    for file, report in reports.items():
        if report.good is None:
            continue
        product = products.get(report.product)
        links = _navigation(
            file,
            report,
            product.name.in_language(report.language) if product else report.product,
            siblings=[entry for entry in titles[report.product, report.language] if entry[1] != _name(file)],
            others=[
                (code, Text(code)("page.language"), _name(other))
                for code in LANGUAGES
                if code != report.language and _exists(other := _in_language(file, code), reports)
            ],
            quarter_before=earlier.quarter if report.language in languages_before else "",
            existed=_exists(file, earlier.reports),
        )
        digest = hashes.of(links)
        page = new_pages.get(file)
        if page is None and digest != report.good.links:
            page = (published_page(file) or b"").decode()
        if page:
            pages[file] = page = _with_links(page, links)
            good = report.good.model_copy(update={"sha256": hashes.of(page), "links": digest})
            linked[file] = report.model_copy(update={"good": good})
    return linked, pages


def _titles(reports: Mapping[str, Report]) -> Mapping[tuple[str, str], Sequence[tuple[str, str]]]:
    """The reports that have a page: (product, language) -> title and file name, in the order of the notebooks, saved ones last."""
    titles = defaultdict(list)
    for file, report in in_order(reports):
        if report.good:
            titles[report.product, report.language].append((report.title, _name(file)))
    return titles


def _navigation(
    file: str,
    report: Report,
    product: str,
    *,
    siblings: Sequence[tuple[str, str]],
    others: Sequence[tuple[str, str, str]],
    quarter_before: str,
    existed: bool,
) -> str:
    """The links of a report as HTML, relative to its file.

    siblings: title and file name. others: code, name and file name in the other languages. quarter_before: as in
    2026Q2, '' where nothing was published for it in this language. existed: whether the report was.
    """
    text = Text(report.language)
    earlier = None
    if quarter_before:
        earlier = {
            "href": f"../../{quarter_before}/{file if existed else f'index.{report.language}.html'}",
            "label": text("page.quarter_before", quarter=text.quarter(Quarter.parse(quarter_before))),
        }
    return page_template("executive", "navigation.html.j2").render(
        text=text,
        product=product,
        landing=f"../index.{report.language}.html",
        earlier=earlier,
        languages=others,
        siblings=siblings,
    )


def _with_links(page: str, links: str) -> str:
    """The page with these links in place of those that it has; unchanged where it has no place for them."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{start}{links}{end}{after}" if start and end else page


def _exists(file: str, reports: Mapping[str, Report]) -> bool:
    return file in reports and reports[file].good is not None


def _name(file: str) -> str:
    return file.rpartition("/")[2]


def _in_language(file: str, language: str) -> str:
    """The file of the same report in another language: `<product>/<report>.<language>.html`."""
    return f"{file.rsplit('.', 2)[0]}.{language}.html"

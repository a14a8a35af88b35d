"""PDFs of a published quarter: one beside each page, and one of all pages of a language.

Chromium prints the pages, with tags, an outline and embedded fonts; pypdf makes the links lead from PDF to PDF and
joins the pages. A PDF is recorded in run.json beside the hash of its page: a new page has none, so the next
publication removes the old PDF and this module makes a new one.
"""

from __future__ import annotations

import html
import io
import logging
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cs_helpers import hashes
from cs_helpers.delivery.browser import ORIGIN, Browser, chromium_command
from cs_helpers.delivery.edition import Edition
from cs_helpers.delivery.searchable import make_searchable
from cs_helpers.errors import ReportError
from cs_helpers.report.manifest import Manifest, pdf_name
from cs_helpers.report.operations_page import operations_name
from cs_helpers.report.publish import ReportStore
from cs_helpers.text import Text

if TYPE_CHECKING:
    import pypdf
    from pypdf.generic import Destination, DictionaryObject, IndirectObject

#: other batches that may publish while the pages are printed, before it is given up
_TRIES = 3
_MARGINS = {"marginTop": 0.6, "marginBottom": 0.65, "marginLeft": 0.55, "marginRight": 0.55}  # inches
_LINE = (
    '<div lang="{language}" style="font: 10px/1.3 sans-serif; color: #616e7c; width: 100%; margin: 0 0.55in;'
    ' display: flex; justify-content: space-between; gap: 2em"><span>{left}</span>'
    '<span style="white-space: nowrap">{right}</span></div>'
)
_PLACE = '<span class="pageNumber"></span> / <span class="totalPages"></span>'
_NOTHING = "<span></span>"


def check_pdf_tools() -> None:
    """Raises `ReportError` where Chromium or the extra `pdf` is missing, without starting anything."""
    chromium_command()
    try:
        import pypdf  # noqa: F401
    except ModuleNotFoundError:
        raise ReportError(
            "PDFs need the package pypdf; install it with 'pip install \"cs-workbook[pdf]\"'"
        ) from None


def whole_name(edition: Edition, language: str) -> str:
    """The file of the PDF of all pages in a language, inside the quarter's folder."""
    return f"{edition.name}.{language}.pdf"


def publish_pdfs(
    store: ReportStore, quarter: str, language: str, printed: Callable[[str], None] = lambda file: None
) -> str:
    """Makes the PDFs in a language that are missing or out of date, and publishes them; the file of that of all pages.

    printed: called with the file of each page that was printed. Raises `ReportError` where they cannot be made, or
    other batches publish all the time.
    """
    check_pdf_tools()
    for _ in range(_TRIES):
        edition = Edition(store, store.manifest(quarter))
        edition.check_language(language)
        files = _due(edition, language, printed)
        if not files:
            return whole_name(edition, language)
        with store.lock(quarter):
            if store.manifest(quarter) == edition.manifest:
                store.publish(quarter, files, [], _recorded(edition, files, language))
                return whole_name(edition, language)
    raise ReportError(
        f"{edition.location('index.html')} was published anew by other batches while its PDFs were made; run this"
        " again when they are done"
    )


def _due(edition: Edition, language: str, printed: Callable[[str], None]) -> dict[str, bytes]:
    """The PDFs that are missing, out of date or not as they were published."""
    kept: dict[str, bytes] = {}  # page -> PDF, in the order of the pages
    new: dict[str, bytes] = {}
    stored = edition.store.content
    with ExitStack() as stack:
        printer: _Printer | None = None
        for file, report, good in edition.pages(language):
            content = stored(edition.manifest.quarter, pdf_name(file)) if good.pdf else None
            if content is None or hashes.of(content) != good.pdf:
                printer = printer or _Printer(stack.enter_context(Browser()), edition, language)
                page = edition.page_content(file, good.model_copy(update={"pdf": "", "downloads": {}}))[file]
                product = edition.product_name(report.product, language)
                content = printer.printed(file, page, f"{good.title} – {product} · {printer.quarter}")
                new[pdf_name(file)] = content
                printed(file)
            kept[file] = content
        whole = whole_name(edition, language)
        content = stored(edition.manifest.quarter, whole)
        recorded = edition.manifest.pdfs.get(whole)
        if new or content is None or recorded is None or hashes.of(content) != recorded:
            printer = printer or _Printer(stack.enter_context(Browser()), edition, language)
            new[whole] = printer.joined(kept)
            printed(whole)
    return new


def _recorded(edition: Edition, files: Mapping[str, bytes], language: str) -> Manifest:
    """The manifest with the hashes of new PDFs."""
    reports = dict(edition.manifest.reports)
    for file, report, good in edition.pages(language):
        if pdf_name(file) in files:
            new = good.model_copy(update={"pdf": hashes.of(files[pdf_name(file)])})
            reports[file] = report.model_copy(update={"good": new})
    whole = whole_name(edition, language)
    pdfs = {**edition.manifest.pdfs, whole: hashes.of(files[whole])}
    return edition.manifest.model_copy(update={"reports": reports, "pdfs": pdfs})


@dataclass
class _Printer:
    """Prints the pages of an edition in a language."""

    browser: Browser
    edition: Edition
    language: str

    def __post_init__(self) -> None:
        # it counts the objects of Chromium's PDFs in another way, and says so of each
        logging.getLogger("pypdf").setLevel(logging.ERROR)
        self.text = Text(self.language)
        self.quarter = self.text.quarter(self.edition.quarter)
        self.files = {file for file, _, _ in self.edition.pages(self.language)}
        self.landing = f"index.{self.language}.html"
        maps = operations_name(self.language)
        content = self.edition.store.content(self.edition.manifest.quarter, maps)
        #: pages over all products: they have no PDF of their own and stand first in that of all pages
        self.overall = {
            self.landing: self.edition.content(self.landing),
            **({maps: content} if content else {}),
        }

    def printed(self, file: str, page: bytes, footer: str) -> bytes:
        """The PDF of a page: numbered, its links leading to the PDFs of other pages."""
        import pypdf

        content = page.decode("utf-8")
        printed = self._print(content, file, footerTemplate=self._line(html.escape(footer), _PLACE))
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(printed))
        _mend_outline(writer, content)
        make_searchable(writer)
        for page_ in writer.pages:
            _replace_links(page_, lambda link: self._to_other_pdf(file, link))
        writer.page_mode = "/UseOutlines"
        return _written(writer)

    def joined(self, pdfs: Mapping[str, bytes]) -> bytes:
        """One PDF of the landing page, that of all operations maps and all pages (page -> its PDF), numbered through."""
        import pypdf

        title = self.text("landing.title", quarter=self.quarter)
        parts = {
            file: pypdf.PdfReader(io.BytesIO(self.printed(file, page, title)))
            for file, page in self.overall.items()
        }
        parts |= {file: pypdf.PdfReader(io.BytesIO(content)) for file, content in pdfs.items()}
        writer = pypdf.PdfWriter()
        starts: dict[str, int] = {}
        for file, part in parts.items():
            starts[file] = len(writer.pages)
            for page in part.pages:
                writer.add_page(page)
        ends = [*list(starts.values())[1:], len(writer.pages)]
        places = _Places(writer, parts, starts)
        for file, end in zip(parts, ends, strict=True):
            for number in range(starts[file], end):
                page = writer.pages[number]
                page.pop("/StructParents", None)  # the tags stay with the single PDFs
                _replace_links(page, lambda link, file=file: places.of_link(file, link))  # type: ignore[misc]
        self._add_outline(writer, places)
        self._number(writer, title)
        writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)  # shared letters
        writer.add_metadata({"/Title": title})
        writer.page_mode = "/UseOutlines"
        return _written(writer)

    def _add_outline(self, writer: pypdf.PdfWriter, places: _Places) -> None:
        """The outline: the landing page, then product, report, and the report's own headings."""
        product, above = "", None
        for file, part in places.parts.items():
            report = self.edition.manifest.reports.get(file)
            if report and report.product != product:
                product = report.product
                above = writer.add_outline_item(
                    title=self.edition.product_name(product, self.language),
                    page_number=places.starts[file],
                    bold=True,
                )
            self._add_items(writer, file, part.outline, above, places)

    def _add_items(
        self, writer: pypdf.PdfWriter, file: str, items: list[Any], above: Any, places: _Places
    ) -> None:
        last = above
        for item in items:
            if isinstance(item, list):
                self._add_items(writer, file, item, last, places)
            else:
                number, fit = places.of(file, item)
                last = writer.add_outline_item(
                    title=str(item.title), page_number=number, parent=above, fit=fit
                )

    def _number(self, writer: pypdf.PdfWriter, title: str) -> None:
        """Prints the number of each page in the whole at its top."""
        import pypdf

        blank = '<div style="break-after: page">&nbsp;</div>' * (len(writer.pages) - 1)
        sheets = self._print(
            f'<!DOCTYPE html><html lang="{self.language}"><body>{blank}&nbsp;</body></html>', "numbers.html",
            headerTemplate=self._line(html.escape(title), _PLACE), generateTaggedPDF=False,
            generateDocumentOutline=False,
        )  # fmt: skip
        numbers = pypdf.PdfWriter(clone_from=io.BytesIO(sheets))
        make_searchable(numbers)
        for page, sheet in zip(writer.pages, numbers.pages, strict=True):
            page.merge_page(sheet)

    def _print(self, page: str, name: str, **options: Any) -> bytes:
        fixed = {"displayHeaderFooter": True, "generateTaggedPDF": True, "generateDocumentOutline": True}
        templates = {"headerTemplate": _NOTHING, "footerTemplate": _NOTHING}
        return self.browser.pdf(page, name, **{**fixed, **templates, **_MARGINS, **options})

    def _line(self, left: str, right: str) -> str:
        return _LINE.format(language=self.language, left=left, right=right)

    def _to_other_pdf(self, file: str, link: DictionaryObject) -> DictionaryObject | None:
        """The link of a page as one that works beside its PDF; None where it leads to no PDF."""
        from pypdf.generic import DictionaryObject, NameObject, TextStringObject

        action = link.get("/A")
        address = str(action.get_object().get("/URI", "")) if action else ""
        if not address.startswith(ORIGIN):
            return link
        path, _, anchor = unquote(address.removeprefix(ORIGIN)).partition("#")
        if path == file or path not in {*self.files, *self.overall}:
            return None
        target = whole_name(self.edition, self.language) if path == self.landing else pdf_name(path)
        beside = posixpath.relpath(target, posixpath.dirname(file) or ".")
        to_file = {NameObject("/S"): NameObject("/GoToR"), NameObject("/F"): TextStringObject(beside)}
        to_file[NameObject("/D")] = NameObject(f"/{anchor}") if anchor else _page_top()
        link[NameObject("/A")] = DictionaryObject(to_file)
        return link


@dataclass(frozen=True)
class _Places:
    """Where the places of single PDFs lie in the whole. starts: page -> number of its first sheet."""

    writer: pypdf.PdfWriter
    parts: Mapping[str, pypdf.PdfReader]
    starts: Mapping[str, int]

    def of(self, file: str, destination: Destination) -> tuple[int, Any]:
        """The number of a sheet in the whole, and the place on it."""
        from pypdf.generic import Fit

        number = self.parts[file].get_destination_page_number(destination) or 0
        return self.starts[file] + number, Fit.xyz(left=destination.left, top=destination.top)

    def of_link(self, file: str, link: DictionaryObject) -> DictionaryObject | None:
        """A link of a single PDF as one inside the whole; None where it leads out of it."""
        from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject

        link.pop("/StructParent", None)
        action = link.pop("/A", None)
        action = action.get_object() if action else {}
        if action.get("/S") == "/URI":
            return None
        target, name = file, link.get("/Dest") or action.get("/D")
        if action.get("/S") == "/GoToR":
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(file), str(action["/F"])))
            target = {pdf_name(page): page for page in self.parts}.get(beside, next(iter(self.parts)))
        named = self.parts[target].named_destinations
        found = next((named[n] for n in (str(name), str(name).lstrip("/"), f"/{name}") if n in named), None)
        number, top = self.starts[target], None
        if found is not None:
            number, top = self.of(target, found)[0], found.top
        sheet: IndirectObject | None = self.writer.pages[number].indirect_reference
        place = FloatObject(top) if top is not None else NullObject()
        link[NameObject("/Dest")] = ArrayObject(
            [sheet, NameObject("/XYZ"), NullObject(), place, NullObject()]
        )
        return link


def _page_top() -> Any:
    from pypdf.generic import ArrayObject, NameObject, NullObject, NumberObject

    return ArrayObject([NumberObject(0), NameObject("/XYZ"), NullObject(), NullObject(), NullObject()])


def _replace_links(
    page: pypdf.PageObject, replaced: Callable[[DictionaryObject], DictionaryObject | None]
) -> None:
    """Replaces the links of a sheet; those that become None are removed, their words stay."""
    from pypdf.generic import ArrayObject, NameObject

    kept = ArrayObject()
    for reference in page.get("/Annots", ()):
        note = reference.get_object()
        if note.get("/Subtype") != "/Link" or replaced(note) is not None:
            kept.append(reference)
    if "/Annots" in page:
        page[NameObject("/Annots")] = kept


def _mend_outline(writer: pypdf.PdfWriter, page: str) -> None:
    """Writes the headings as they stand in the page: Chromium loses the blanks at which their lines break."""
    from pypdf.generic import NameObject, TextStringObject

    headings = _HeadingFinder(page).headings
    by_letters = {re.sub(r"\s", "", heading): heading for heading in headings}
    for item in _outline_items(writer.root_object.get("/Outlines")):
        letters = re.sub(r"\s", "", str(item.get("/Title", "")))
        letters = letters.rstrip("¶")  # the hidden link of a heading to itself
        if letters in by_letters:
            item[NameObject("/Title")] = TextStringObject(by_letters[letters])


def _outline_items(above: Any) -> Iterator[DictionaryObject]:
    item = above.get_object().get("/First") if above else None
    while item:
        yield item.get_object()
        yield from _outline_items(item)
        item = item.get_object().get("/Next")


class _HeadingFinder(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if re.fullmatch("h[1-6]", tag):
            self.headings.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if re.fullmatch("h[1-6]", tag):
            self.headings[-1] = " ".join(self.headings[-1].rstrip("¶").split())
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.headings[-1] += data


def _written(writer: pypdf.PdfWriter) -> bytes:
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()

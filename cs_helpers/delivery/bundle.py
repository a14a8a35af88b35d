"""One zip of one edition of a quarter, to hand on: it opens at `index.html`, and every link in it leads to a file in it.

It holds the published pages and what they lead to inside the quarter's folder: downloads, PDFs, landing pages. A link
that leads out of the folder, as to an earlier quarter, becomes text. `run.json` stays behind: it says how the reports
were made, which is nobody's concern outside.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from cs_helpers.delivery.edition import Edition
from cs_helpers.report.manifest import FILE_NAME

#: zip stores no date before this one; all files have it, so that the same content is the same zip
_DATE = (1980, 1, 1, 0, 0, 0)
_HREF = re.compile(r"""\s+href\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)


def bundle(edition: Edition, language: str) -> bytes:
    """The zip of an edition; its `index.html` is in `language`, the pages are there in all languages.

    The same published content gives the same bytes. Raises `ReportError` where a file is gone or was changed.
    """
    edition.check_language(language)
    files: dict[str, bytes] = {}
    for code in edition.languages:
        for file, _, good in edition.pages(code):
            files |= edition.page_content(file, good)
    for name in [*edition.manifest.pdfs, *(f"index.{code}.html" for code in edition.languages)]:
        files[name] = edition.content(name)
    waiting = [name for name in files if name.endswith(".html")]
    while waiting:
        name = waiting.pop()
        for link in _links(files[name].decode("utf-8")):
            target = _target(name, link.href)
            if target is None or target in files:
                continue
            content = edition.store.content(edition.manifest.quarter, target)
            if content is not None:
                files[target] = content
                waiting += [target] if target.endswith(".html") else []
    linked = {
        name: _without_dead_links(name, content, set(files)) if name.endswith(".html") else content
        for name, content in files.items()
    }
    linked["index.html"] = linked[f"index.{language}.html"]
    return _zip(linked)


def _zip(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files, key=lambda name: (name != "index.html", name)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # as written on Unix, readable by all
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)
    return target.getvalue()


@dataclass(frozen=True)
class _Link:
    """A link of a page: where its start tag stands, the tag as written, and where it leads."""

    start: int
    tag: str
    href: str


class _LinkFinder(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[_Link] = []
        self._line_starts = [0, *(m.end() for m in re.finditer("\n", page))]
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag in ("a", "area") and href is not None:
            line, column = self.getpos()
            self.links.append(
                _Link(self._line_starts[line - 1] + column, self.get_starttag_text() or "", href)
            )


def _links(page: str) -> list[_Link]:
    return _LinkFinder(page).links


def _target(page: str, href: str) -> str | None:
    """The file inside the quarter's folder that a link of a page leads to; None for any other place."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return None
    if not parts.path:
        return page
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
    hidden = any(part.startswith(".") for part in target.split("/"))
    return None if hidden or target == FILE_NAME or "\\" in target else target


def _without_dead_links(name: str, content: bytes, files: set[str]) -> bytes:
    """The page with the links that lead to no file of the bundle as mere text."""
    page = content.decode("utf-8")
    for link in reversed(_links(page)):
        if _target(name, link.href) not in files and not link.href.startswith("mailto:"):
            end = link.start + len(link.tag)
            page = page[: link.start] + _HREF.sub("", link.tag, count=1) + page[end:]
    return page.encode()

"""What a report must hold to be shown: a run that ends without it has failed, not gone green."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from nbformat import NotebookNode
from PIL import Image

from cs_helpers.report.manifest import Problem

#: a page larger than this does not travel by mail
LARGEST = 1_500_000

_OUTSIDE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?[\\/]{2}", re.I)
_STYLE_OUTSIDE = re.compile(r"""url\(\s*["']?(?:[a-z]+:)?//|@import""", re.I)
_ACTIVE = re.compile(r"(?:java|vb)script:|data:text/html", re.I)
_ADDRESSES = {
    "src", "href", "action", "data", "poster", "srcset", "formaction", "xlink:href", "background", "ping",
}  # fmt: skip
_NOT_A_NUMBER = re.compile(r'class="value">[^<]*\b(?:nan|None|NaT)\b')
#: elements inside a line, which do not end a word
_INLINE = {
    "a", "abbr", "b", "bdi", "code", "em", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u",
    "wbr",
}  # fmt: skip
_SAID = {"alt", "title", "aria-label", "placeholder"}


@dataclass
class _Said:
    """What the outputs of a notebook said they show.

    figures: questions with a picture. notes: question -> analysis, of questions answered by a
    sentence. tables: question -> rows. metrics: name -> (analysis, value). owed and shown: analysis, question and
    code of the notes on what was asked, and of those that stand there.
    """

    figures: set[str] = field(default_factory=set)
    notes: dict[str, str] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, tuple[str, Any]] = field(default_factory=dict)
    owed: set[tuple[str, str, str]] = field(default_factory=set)
    shown: set[tuple[str, str, str]] = field(default_factory=set)

    def silent(self) -> set[str]:
        """The analyses that left a question open: a sentence stands where a figure or table would."""
        return {a for q, a in self.notes.items() if q not in self.figures and not self.tables.get(q)}


def shown_outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """The outputs of a notebook that a page draws."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type in ("display_data", "execute_result"):
                yield output


def check_notebook(notebook: NotebookNode) -> list[Problem]:
    """What is wrong with an executed notebook: errors, and what it declares and does not show.

    `figures`, `tables` and `metrics` in its metadata (`cs_workbook`) name what the page must
    hold. A note about a question answers it as a figure or table does. A metric may be missing
    where its analysis left some question to a note; one that is not a number fails always. So does a note that an
    analysis made on a question of the page and that does not stand there.
    """
    found = list(_errors(notebook))
    said = _Said()
    for output in shown_outputs(notebook):
        about = output.metadata.get("cs_workbook", {})
        analysis = about.get("analysis", "")
        if "image/png" in output.data:
            said.figures.add(about.get("answers", ""))
            found += _figure(output, about.get("answers", ""))
        elif "answers" in about:
            said.notes[about["answers"]] = analysis
        if "table" in about:
            said.tables[about["table"]] = about.get("rows", 0)
        question = about.get("answers") or about.get("table", "")
        said.owed |= {(analysis, question, code) for code in about.get("notes", [])}
        said.shown.add((analysis, question, about.get("note", "")))
        for name, metric in about.get("metrics", {}).items():
            said.metrics[name] = (analysis, metric.get("value"))
    found += [
        Problem(code="not_a_number", detail=name) for name, (_, value) in said.metrics.items() if _nan(value)
    ]
    found += [
        Problem(code="note_not_shown", detail=".".join(note)) for note in sorted(said.owed - said.shown)
    ]
    if not any(p.code == "error" for p in found):
        found += _missing(notebook.metadata.get("cs_workbook", {}), said)
    return found


def _errors(notebook: NotebookNode) -> Iterator[Problem]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield Problem(code="error", detail=f"{output.ename}: {output.evalue}")
            elif output.output_type == "stream" and "missing from font" in output.text:
                yield Problem(code="glyph", detail=output.text.strip().splitlines()[0])


def _figure(output: NotebookNode, name: str) -> Iterator[Problem]:
    if not output.metadata.get("image/png", {}).get("alt", "").strip():
        yield Problem(code="no_alt", detail=name)
    try:
        blank = _blank(base64.b64decode(output.data["image/png"]))
    except (OSError, ValueError, SyntaxError):  # what Pillow raises for half a picture
        blank = True
    if blank:
        yield Problem(code="blank_figure", detail=name)


def _blank(png: bytes) -> bool:
    """Whether a picture has one colour only; raises where it is none, or half of one."""
    with Image.open(io.BytesIO(png)) as image:
        image.verify()
    with Image.open(io.BytesIO(png)) as image:
        pixels = image.width * image.height
        # a picture of one colour takes less, or was not packed and takes a bit a pixel and more: only
        # such a one is unpacked to be looked at, which takes ten times as long
        if pixels / 40 < len(png) < pixels / 8:
            return False
        return all(low == high for low, high in image.convert("RGB").getextrema())  # type: ignore[misc]


def _nan(value: Any) -> bool:
    """Whether a number is none; a notebook is JSON, so NaN is written in letters."""
    return value == "nan" or bool(value != value)


def _missing(declared: Mapping[str, Any], said: _Said) -> Iterator[Problem]:
    for name in declared.get("figures", []):
        if name not in said.figures and name not in said.notes:
            yield Problem(code="missing_figure", detail=name)
    for name in declared.get("tables", []):
        if not said.tables.get(name) and name not in said.notes:
            yield Problem(code="empty_table" if name in said.tables else "missing_table", detail=name)
    silent = said.silent()
    for name in declared.get("metrics", []):
        analysis, value = said.metrics.get(name, (None, None))
        if value is None and analysis not in silent:
            yield Problem(code="missing_metric", detail=name)


def check_page(page: str, read: PageReader | None = None) -> list[Problem]:
    """What is wrong with an exported page: size, external addresses, script, numbers that are none.

    read: the page as it was read already.
    """
    found = []
    size = len(page.encode())
    if size > LARGEST:
        found.append(Problem(code="too_large", detail=f"{size:,} > {LARGEST:,} bytes"))
    found += (read or PageReader(page)).problems
    if match := _NOT_A_NUMBER.search(page):
        found.append(Problem(code="not_a_number", detail=match[0].rpartition(">")[2]))
    return found


class PageReader(HTMLParser):
    """Looks at what a browser would act on: elements, attributes and styles; `text` is what it shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.problems: list[Problem] = []
        self.text: list[str] = []
        self._in_style = False
        self.feed(page)
        self.close()

    def updatepos(self, i: int, j: int) -> int:
        """Counts no lines: nobody asks where in the page something is."""
        return j

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what a browser would fetch or run, and what attributes show."""
        self._in_style = tag == "style"
        if tag not in _INLINE:
            self.text.append("\n")
        said = {name: value or "" for name, value in attrs}
        if tag in ("script", "iframe", "object", "embed"):
            self.problems.append(Problem(code="script", detail=f"<{tag}>"))
        if tag == "img" and not said.get("alt", "").strip():
            self.problems.append(Problem(code="no_alt", detail=f"<{tag}>"))
        if tag == "meta" and said.get("http-equiv", "").lower() == "refresh":
            self.problems.append(Problem(code="external", detail=said.get("content", "")[:80]))
        for name, value in said.items():
            # a browser reads an address without its tabs, ends of line and leading signs
            address = re.sub(r"^[\x00-\x20]+|[\t\r\n]", "", value[:200])
            if name.startswith("on") or (name in _ADDRESSES and _ACTIVE.match(address)):
                self.problems.append(Problem(code="script", detail=f"<{tag} {name}>"))
            elif name in _ADDRESSES and _OUTSIDE.match(address):
                self.problems.append(Problem(code="external", detail=address[:80]))
            elif name == "style" and _STYLE_OUTSIDE.search(value):
                self.problems.append(Problem(code="external", detail=value[:80]))
            elif name in _SAID:
                self.text += ["\n", " ".join(value.split()), "\n"]

    def handle_endtag(self, tag: str) -> None:
        """Ends a line of what is shown, unless the element stands inside one."""
        self._in_style = False
        if tag not in _INLINE:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        """Takes what is shown, or looks at what a style fetches."""
        if not self._in_style:
            self.text.append(re.sub(r"\s+", " ", data))
        elif match := _STYLE_OUTSIDE.search(data):
            self.problems.append(Problem(code="external", detail=match[0]))

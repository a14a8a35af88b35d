"""Checks of an executed notebook and its exported page; a report that does not pass is not published."""

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

from cs_helpers.charts.drawing import MIME, faults, has_text
from cs_helpers.report.manifest import Problem

#: bytes; larger pages are often rejected by mail servers
MAX_PAGE_SIZE = 1_500_000

_EXTERNAL_URL = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?[\\/]{2}", re.I)
_EXTERNAL_STYLE = re.compile(r"""url\(\s*["']?(?:[a-z]+:)?//|@import""", re.I)
_SCRIPT_URL = re.compile(r"(?:java|vb)script:|data:text/html", re.I)
_URL_ATTRIBUTES = {
    "src", "href", "action", "data", "poster", "srcset", "formaction", "xlink:href", "background", "ping",
}  # fmt: skip
_NOT_A_NUMBER = re.compile(r'class="value">[^<]*\b(?:nan|None|NaT)\b')
#: elements within a line of text; all others separate words
_INLINE = {
    "a", "abbr", "b", "bdi", "code", "em", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "tspan", "u",
    "wbr",
}  # fmt: skip
#: attributes whose value a reader may see or hear
_TEXT_ATTRIBUTES = {"alt", "title", "aria-label", "placeholder"}


@dataclass
class _ShownContent:
    """What a notebook shows, by the metadata of its outputs.

    figures: questions with a picture. notes: question -> analysis, of questions that a note answers. tables:
    question -> number of rows. metrics: name -> (analysis, value). expected_notes: (analysis, question, code)
    of the notes that the analyses made on the questions shown. shown_notes: those that the notebook shows.
    """

    figures: set[str] = field(default_factory=set)
    notes: dict[str, str] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, tuple[str, Any]] = field(default_factory=dict)
    expected_notes: set[tuple[str, str, str]] = field(default_factory=set)
    shown_notes: set[tuple[str, str, str]] = field(default_factory=set)

    def unanswered(self) -> set[str]:
        """The analyses with a question that only a note answers, without a figure or table."""
        return {a for q, a in self.notes.items() if q not in self.figures and not self.tables.get(q)}


def shown_outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yields the outputs of a notebook that its page shows."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type in ("display_data", "execute_result"):
                yield output


def check_notebook(notebook: NotebookNode) -> list[Problem]:
    """Problems of an executed notebook: errors in its cells, and declared content that it does not show.

    `figures`, `tables` and `metrics` in the notebook's metadata (`cs_workbook`) declare what the page must show. A
    note on a question stands in for its figure or table. A metric may lack its value only where a note answers some
    question of its analysis; NaN is always a problem. So is a note that an analysis made on a question of the page
    and that the page does not show.
    """
    problems = list(_error_problems(notebook))
    content = _ShownContent()
    for output in shown_outputs(notebook):
        about = output.metadata.get("cs_workbook", {})
        analysis = about.get("analysis", "")
        if "image/png" in output.data or MIME in output.data:
            content.figures.add(about.get("answers", ""))
            check = _drawing_problems if MIME in output.data else _figure_problems
            problems += check(output, about.get("answers", ""))
        elif "answers" in about:
            content.notes[about["answers"]] = analysis
        if "table" in about:
            content.tables[about["table"]] = about.get("rows", 0)
        question = about.get("answers") or about.get("table", "")
        content.expected_notes |= {(analysis, question, code) for code in about.get("notes", [])}
        content.shown_notes.add((analysis, question, about.get("note", "")))
        for name, metric in about.get("metrics", {}).items():
            content.metrics[name] = (analysis, metric.get("value"))
    problems += [
        Problem(code="not_a_number", detail=name)
        for name, (_, value) in content.metrics.items()
        if _is_nan(value)
    ]
    hidden_notes = content.expected_notes - content.shown_notes
    problems += [Problem(code="note_not_shown", detail=".".join(note)) for note in sorted(hidden_notes)]
    if not any(p.code == "error" for p in problems):
        problems += _missing_content(notebook.metadata.get("cs_workbook", {}), content)
    return problems


def _error_problems(notebook: NotebookNode) -> Iterator[Problem]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield Problem(code="error", detail=f"{output.ename}: {output.evalue}")
            elif output.output_type == "stream" and "missing from font" in output.text:
                yield Problem(code="glyph", detail=output.text.strip().splitlines()[0])


def _figure_problems(output: NotebookNode, name: str) -> Iterator[Problem]:
    more = output.metadata.get("image/png", {})
    if not more.get("alt", "").strip():
        yield Problem(code="no_alt", detail=name)
    layouts = [output.data["image/png"], *([more["narrow"]] if "narrow" in more else [])]
    try:
        blank = any(_is_blank(base64.b64decode(layout)) for layout in layouts)
    except (OSError, ValueError, SyntaxError):  # Pillow raises these for a truncated picture
        blank = True
    if blank:
        yield Problem(code="blank_figure", detail=name)


def _drawing_problems(output: NotebookNode, name: str) -> Iterator[Problem]:
    """Problems of a figure that is an SVG, in each of its layouts."""
    more = output.metadata.get(MIME, {})
    if not more.get("alt", "").strip():
        yield Problem(code="no_alt", detail=name)
    layouts = [output.data[MIME], *more.get("sizes", {}).values()]
    if not all(map(has_text, layouts)):
        yield Problem(code="blank_figure", detail=name)
    for fault in dict.fromkeys(fault for layout in layouts for fault in faults(layout)):
        yield Problem(code="drawing", detail=f"{name}: {fault}")


def _is_blank(png: bytes) -> bool:
    """Whether a picture has a single colour; raises what Pillow does where it is truncated or not a picture."""
    with Image.open(io.BytesIO(png)) as image:
        image.verify()
    with Image.open(io.BytesIO(png)) as image:
        pixels = image.width * image.height
        # a single colour compresses below this range, and an uncompressed picture lies above it (at least one bit
        # per pixel). Only pictures outside the range are decoded, which takes ten times as long
        if pixels / 40 < len(png) < pixels / 8:
            return False
        return all(low == high for low, high in image.convert("RGB").getextrema())  # type: ignore[misc]


def _is_nan(value: Any) -> bool:
    """Whether a value is NaN; JSON has no NaN, so a notebook may hold it as the text 'nan'."""
    return value == "nan" or bool(value != value)


def _missing_content(declared: Mapping[str, Any], content: _ShownContent) -> Iterator[Problem]:
    for name in declared.get("figures", []):
        if name not in content.figures and name not in content.notes:
            yield Problem(code="missing_figure", detail=name)
    for name in declared.get("tables", []):
        if not content.tables.get(name) and name not in content.notes:
            yield Problem(code="empty_table" if name in content.tables else "missing_table", detail=name)
    unanswered = content.unanswered()
    for name in declared.get("metrics", []):
        analysis, value = content.metrics.get(name, (None, None))
        if value is None and analysis not in unanswered:
            yield Problem(code="missing_metric", detail=name)


def check_page(page: str, reader: PageReader | None = None) -> list[Problem]:
    """Problems of an exported page: its size, external addresses, scripts, missing alt texts, NaN.

    reader: the page where it has been parsed already.
    """
    problems = []
    size = len(page.encode())
    if size > MAX_PAGE_SIZE:
        problems.append(Problem(code="too_large", detail=f"{size:,} > {MAX_PAGE_SIZE:,} bytes"))
    problems += (reader or PageReader(page)).problems
    if match := _NOT_A_NUMBER.search(page):
        problems.append(Problem(code="not_a_number", detail=match[0].rpartition(">")[2]))
    return problems


class PageReader(HTMLParser):
    """Parses a page: `problems` are scripts, external addresses and missing alt texts, `text` is what it shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.problems: list[Problem] = []
        self.text: list[str] = []
        self._in_style = False
        self.feed(page)
        self.close()

    def updatepos(self, i: int, j: int) -> int:
        """Skips the parser's count of lines, which nothing here uses."""
        return j

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Records what a browser would fetch or run, and the text of attributes."""
        self._in_style = tag == "style"
        if tag not in _INLINE:
            self.text.append("\n")
        attributes = {name: value or "" for name, value in attrs}
        if tag in ("script", "iframe", "object", "embed"):
            self.problems.append(Problem(code="script", detail=f"<{tag}>"))
        if tag == "img" and not attributes.get("alt", "").strip():
            self.problems.append(Problem(code="no_alt", detail=f"<{tag}>"))
        # a drawing of a page has a name, or is nothing but ornament
        if tag == "svg" and not (attributes.get("aria-label", "").strip() or "aria-hidden" in attributes):
            self.problems.append(Problem(code="no_alt", detail=f"<{tag}>"))
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.problems.append(Problem(code="external", detail=attributes.get("content", "")[:80]))
        for name, value in attributes.items():
            # browsers ignore tabs, line ends and leading control characters in an address
            address = re.sub(r"^[\x00-\x20]+|[\t\r\n]", "", value[:200])
            if name.startswith("on") or (name in _URL_ATTRIBUTES and _SCRIPT_URL.match(address)):
                self.problems.append(Problem(code="script", detail=f"<{tag} {name}>"))
            elif name in _URL_ATTRIBUTES and _EXTERNAL_URL.match(address):
                self.problems.append(Problem(code="external", detail=address[:80]))
            elif name == "style" and _EXTERNAL_STYLE.search(value):
                self.problems.append(Problem(code="external", detail=value[:80]))
            elif name in _TEXT_ATTRIBUTES:
                self.text += ["\n", " ".join(value.split()), "\n"]

    def handle_endtag(self, tag: str) -> None:
        """Separates words, unless the element stands within a line of text."""
        self._in_style = False
        if tag not in _INLINE:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        """Collects the text, or checks what a style sheet would fetch."""
        if not self._in_style:
            self.text.append(re.sub(r"\s+", " ", data))
        elif match := _EXTERNAL_STYLE.search(data):
            self.problems.append(Problem(code="external", detail=match[0]))

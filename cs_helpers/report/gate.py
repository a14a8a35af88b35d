"""What a report must hold to be shown: a run that ends without it has failed, not gone green."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from html.parser import HTMLParser

from nbformat import NotebookNode
from PIL import Image

#: a page larger than this does not travel by mail
LARGEST = 1_500_000

_OUTSIDE = re.compile(r"\s*(?:[a-z]+:)?//", re.I)
_STYLE_OUTSIDE = re.compile(r"""url\(\s*["']?(?:[a-z]+:)?//|@import""", re.I)
_ADDRESSES = {"src", "href", "action", "data", "poster", "srcset", "formaction", "xlink:href"}
_NOT_A_NUMBER = re.compile(r'class="value">[^<]*\b(?:nan|None|NaT)\b')


@dataclass(frozen=True)
class Problem:
    """Why a report may not be shown: a code with its sentence in the catalogue, and details."""

    code: str
    detail: str = ""


def check_notebook(notebook: NotebookNode) -> list[Problem]:
    """What is wrong with an executed notebook: errors, figures that are missing, blank or mute."""
    found: list[Problem] = []
    answered: set[str] = set()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(Problem("error", f"{output.ename}: {output.evalue}"))
            elif output.output_type == "stream" and "missing from font" in output.text:
                found.append(Problem("glyph", output.text.strip().splitlines()[0]))
            elif output.output_type == "display_data":
                about = output.metadata.get("cs_workbook", {})
                answered.add(about.get("answers", ""))
                if "image/png" in output.data:
                    found += _figure(output, about.get("answers", ""))
    declared = notebook.metadata.get("cs_workbook", {}).get("figures", [])
    if not any(p.code == "error" for p in found):
        found += [Problem("missing_figure", name) for name in declared if name not in answered]
    return found


def _figure(output: NotebookNode, name: str) -> list[Problem]:
    found = []
    if not output.metadata.get("image/png", {}).get("alt", "").strip():
        found.append(Problem("no_alt", name))
    with Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))) as image:
        if all(low == high for low, high in image.convert("RGB").getextrema()):  # type: ignore[misc]
            found.append(Problem("blank_figure", name))
    return found


def check_page(page: str) -> list[Problem]:
    """What is wrong with an exported page: size, external addresses, script, missing numbers."""
    found = []
    size = len(page.encode())
    if size > LARGEST:
        found.append(Problem("too_large", f"{size:,} > {LARGEST:,} bytes"))
    reader = _Reader()
    reader.feed(page)
    found += reader.problems
    if match := _NOT_A_NUMBER.search(page):
        found.append(Problem("not_a_number", match[0].rpartition(">")[2]))
    return found


class _Reader(HTMLParser):
    """Looks at what a browser would act on: elements, attributes and styles, not at text."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Problem] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in ("script", "iframe", "object", "embed"):
            self.problems.append(Problem("script", f"<{tag}>"))
        for name, value in attrs:
            value = value or ""
            if name.startswith("on") or value.strip().lower().startswith(("javascript:", "vbscript:")):
                self.problems.append(Problem("script", f"<{tag} {name}>"))
            elif name in _ADDRESSES and _OUTSIDE.match(value):
                self.problems.append(Problem("external", value.strip()[:80]))
            elif name == "style" and _STYLE_OUTSIDE.search(value):
                self.problems.append(Problem("external", value[:80]))

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and (match := _STYLE_OUTSIDE.search(data)):
            self.problems.append(Problem("external", match[0]))

"""What a report must hold to be shown: a run that ends without it has failed, not gone green."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass

from nbformat import NotebookNode
from PIL import Image

#: a page larger than this does not travel by mail
LARGEST = 1_500_000

_EXTERNAL = re.compile(
    r"""(?:src|href|action|data)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""", re.I
)
_SCRIPT = re.compile(r"<script|<iframe|<object|<embed|javascript:|\son\w+\s*=\s*[\"']", re.I)
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
    if match := _EXTERNAL.search(page):
        found.append(Problem("external", match[0]))
    if match := _SCRIPT.search(page):
        found.append(Problem("script", match[0]))
    if match := _NOT_A_NUMBER.search(page):
        found.append(Problem("not_a_number", match[0].rpartition(">")[2]))
    return found

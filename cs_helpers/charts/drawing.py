"""A figure as SVG: real text that can be searched and copied, and numbers that are links.

It goes into the page itself, so that it follows the reader's colours and its links work. Shapes have presentation
attributes (`fill`, `stroke`), which pages colour anew by class; the page's policy allows no style in an element.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

#: the widths that a page has room for, largest first: a screen, a sheet of paper or a tablet, a phone
SIZES = ("wide", "medium", "narrow")
MIME = "image/svg+xml"
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {
    "svg", "g", "a", "text", "tspan", "rect", "path", "line", "circle", "polygon", "polyline",
}  # fmt: skip
_ATTRIBUTES = {
    "aria-hidden", "aria-label", "class", "cx", "cy", "d", "dx", "dy", "fill", "fill-opacity", "font-family",
    "font-size", "font-weight", "height", "href", "lang", "points", "r", "role", "rx", "stroke", "stroke-dasharray",
    "stroke-linecap", "stroke-linejoin", "stroke-opacity", "stroke-width", "text-anchor", "viewBox", "width", "x", "x1",
    "x2", "y", "y1", "y2",
}  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """A figure as SVG, with its message, its alt text, and its source: n, period, as of.

    sizes: the same figure laid out for each of `SIZES`; a page shows the one that it has room for, and what has room for
    one only takes the first. content: what is drawn as plain JSON, so that a page over all products can draw it again
    from `run.json`; {} where there is no such page. files: the figure for other programs, ending of the file's name ->
    content.
    """

    sizes: Mapping[str, str]
    message: str
    alt: str
    source: str
    content: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def svg(self) -> str:
        """The figure for where one layout must do."""
        return self.sizes["wide"]

    def html(self) -> str:
        """The figure in all sizes as the content of a page, where a style sheet shows one of them."""
        return in_all_sizes(self.sizes)


def in_all_sizes(sizes: Mapping[str, str]) -> str:
    """Layouts of a figure as HTML, each in a box with the size as its class."""
    return "".join(f'<div class="drawn {name}">{sizes[name]}</div>' for name in SIZES if name in sizes)


def faults(svg: str) -> list[str]:
    """What a page may not hold of an SVG: '' is no SVG; elements, attributes and addresses that are not allowed.

    The lists name what is allowed, so that nothing runs, is fetched or brings its own style, whatever a browser knows.
    """
    if "<!" in svg or "<?" in svg:
        return ["markup that is no element"]
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        return [f"no SVG: {error}"]
    found = [] if root.tag == f"{_NAMESPACE}svg" else [f"<{root.tag}>"]
    for element in root.iter():
        name = str(element.tag).removeprefix(_NAMESPACE)
        if name not in _ELEMENTS:
            found.append(f"<{name}>")
        found += [
            f"<{name} {attribute}>"
            for attribute, value in element.attrib.items()
            if attribute not in _ATTRIBUTES or "url(" in value.lower()
        ]
        address = element.get("href", "#")
        if not re.fullmatch(r"#[\w:.-]*|[\w./-]*(#[\w:.-]*)?", address) or address.startswith("/"):
            found.append(f"<{name} href={address[:80]}>")
    return list(dict.fromkeys(found))


def has_text(svg: str) -> bool:
    """Whether an SVG shows anything to read."""
    return bool(re.search(r"<(?:text|tspan)\b[^>]*>[^<]*[^\s<]", svg))

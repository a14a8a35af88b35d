"""The figure of a question, taken from its published page as a picture with its alt text."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lxml.html

#: turns an SVG, as a page of `width` x `height` pixels, into a PNG
Draw = Callable[[str, int, int], bytes]
_PNG = "data:image/png;base64,"


@dataclass(frozen=True)
class Figure:
    """A figure: PNG and alt text."""

    png: bytes
    alt: str


def figure_at(page: bytes, anchor: str, draw: Draw) -> Figure | None:
    """The figure at a place of a page (`<analysis>-<question>`), or else the first of its section; None without any."""
    document = lxml.html.document_fromstring(page.decode("utf-8"))
    place = document.get_element_by_id(anchor, None)
    if place is None:
        return None
    section = next(place.iterancestors("section"), None)
    for within in (place, section):
        for picture in within.iter("img", "svg") if within is not None else ():
            if (found := _figure(picture, draw)) is not None:
                return found
    return None


def _figure(picture: Any, draw: Draw) -> Figure | None:
    if picture.tag == "img":
        source = picture.get("src", "")
        if not source.startswith(_PNG):
            return None
        return Figure(base64.b64decode(source.removeprefix(_PNG)), picture.get("alt", ""))
    if picture.get("class") == "trend":  # a small line within a card
        return None
    width, height = (_pixels(picture, name, place) for name, place in (("width", 2), ("height", 3)))
    svg = lxml.html.tostring(picture, encoding="unicode", with_tail=False)
    title = next((t.text_content() for t in picture.iter("title")), "")
    page = f'<!DOCTYPE html><body style="margin:0;background:#fff">{svg}</body>'
    return Figure(draw(page, width, height), picture.get("aria-label") or title)


def _pixels(svg: Any, name: str, place: int) -> int:
    """A dimension of an SVG: of its attribute, or of its view box."""
    text = str(svg.get(name) or "").removesuffix("px").removesuffix("pt")
    box = str(svg.get("viewbox") or svg.get("viewBox") or "0 0 864 480").replace(",", " ").split()
    try:
        return max(1, round(float(text)))
    except ValueError:
        return max(1, round(float(box[place])))

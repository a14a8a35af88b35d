"""A project score (プ譜) as one connected picture: what is given at the left, then measures, purposes, winning condition, goal."""

from __future__ import annotations

from collections.abc import Callable

from cs_helpers.charts.drawing import SIZES, Drawing
from cs_helpers.charts.project_score import content as contents_of_scores
from cs_helpers.charts.project_score.box import PAD, WORDS, draw_box, legend
from cs_helpers.charts.project_score.content import CHANGES, GIVEN, Content, heading_of
from cs_helpers.charts.project_score.layout import Plan, Route, plan
from cs_helpers.charts.project_score.mermaid import as_mermaid
from cs_helpers.charts.sheet import Sheet
from cs_helpers.result import Result
from cs_helpers.text import Text

__all__ = ["picture", "standalone"]

_MARGIN = 20.0


def picture(result: Result, text: Text) -> Drawing:
    """The score of a product, with its states, and its files: the picture by itself, and as text for Mermaid."""
    content = contents_of_scores.content_of(result, text)
    sizes = {size: _svg(content, size, text, str) for size in SIZES}
    files = {"svg": standalone(content, text), "mmd": as_mermaid(content, text)}
    return Drawing(sizes, content.message, content.alt, content.source, files=files)


def standalone(content: Content, text: Text) -> str:
    """The picture for slides and documents: on white, with its message and source, without links."""
    sheet, made = Sheet(text), plan(content, "wide", text)
    width = made.width + 2 * _MARGIN
    # the sheet behind everything is drawn first, and is as high as what is drawn on it
    title = Sheet(text)
    top = title.paragraph(_MARGIN, _MARGIN + 16, content.message, made.width, size=17, bold=True) + 20
    end = _draw(content, made.moved(_MARGIN, top), title)
    end = title.paragraph(_MARGIN, end + 14, content.source, made.width, size=11, colour="quiet") + _MARGIN
    sheet.box(0, 0, width, end, fill="paper", radius=0)
    sheet.elements += title.elements
    return sheet.svg(width, end, content.alt)


def _svg(content: Content, size: str, text: Text, address: Callable[[str], str]) -> str:
    made, sheet = plan(content, size, text), Sheet(text)
    return sheet.svg(made.width, _draw(content, made, sheet, address), content.alt)


def _draw(
    content: Content, made: Plan, sheet: Sheet, address: Callable[[str], str] = lambda place: ""
) -> float:
    """Draws a score that is laid out; returns where it ends."""
    for kind, rect in made.headings.items():
        is_given = kind == GIVEN
        sheet.box(rect.x, rect.y, rect.width, rect.height, fill="hint" if is_given else "head", radius=3)
        sheet.paragraph(
            rect.x + 10, rect.y + 5 + WORDS, heading_of(kind, sheet.text), rect.width - 20, size=WORDS, bold=True,
            colour="ink" if is_given else "on-head",
        )  # fmt: skip
    for route in made.routes:
        _link(route, sheet)
    for end in {route.end: route for route in made.routes}.values():
        _tip(end, sheet)
    for box in content.all:
        draw_box(box, made.rects[box.id], sheet, address)
    marks = any(map(content.has, CHANGES))
    return legend(sheet, marks, made.x, made.y + made.height + 3 * PAD, made.width)


def _link(route: Route, sheet: Sheet) -> None:
    (x1, y1), *others = route.points
    if route.curved:
        (x2, y2), _ = others
        half = (x1 + x2) / 2
        sheet.path(
            f"M{x1:.1f} {y1:.1f}C{half:.1f} {y1:.1f} {half:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", edge="quiet"
        )
        return
    steps = "".join(f"L{x:.1f} {y:.1f}" for x, y in others)
    sheet.path(f"M{x1:.1f} {y1:.1f}{steps}", edge="quiet", strength=1.3)
    # where a line joins a lane; lines that only cross one have no dot
    sheet.dot(*route.points[1], 2.2, fill="quiet")


def _tip(route: Route, sheet: Sheet) -> None:
    (before, _), (x, y) = route.points[-2:]
    sheet.path(f"M{x:.1f} {y:.1f}l{-8 if before < x else 8} -4.5v9Z", fill="quiet")

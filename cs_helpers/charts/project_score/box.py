"""A box of a project score: its words, below them the number with its target, and its state as colour, sign and word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cs_helpers.charts.project_score.content import CHANGES, STATES, Box, state_words
from cs_helpers.charts.sheet import LEADING, Sheet, lines_of, width_of
from cs_helpers.text import Text

#: of the letters: of the words, of numbers and of small words
WORDS, NUMBERS, SMALL = 12.0, 11.0, 10.5
#: between the edge of a box and its words; the stripe at its left edge
PAD, STRIPE = 8.0, 5.0
#: a box with a sign has it at the left of its words
SIGN = 16.0
#: colour of the sign and of the area of a box, by its state; '' as what is given
COLOURS: Mapping[str, tuple[str, str]] = {
    "met": ("green", "green-tint"),
    "on_the_way": ("accent", "accent-tint"),
    "away": ("red", "red-tint"),
    "not_measured": ("quiet", "paper"),
    "": ("rule", "hint"),
}


@dataclass(frozen=True)
class Rect:
    """Where a box stands."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The height at which links end."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class _Part:
    words: str
    size: float
    colour: str = "ink"
    bold: bool = False
    link: str = ""


def _parts(box: Box, text: Text) -> Iterator[_Part]:
    if box.heading:
        yield _Part(box.heading, SMALL, "quiet", bold=True)
    yield _Part(box.words, WORDS)
    if box.metric:
        yield _Part(box.metric, SMALL, "quiet", link=box.place)
    yield from (
        _Part(words, NUMBERS if box.value else SMALL, bold=bool(box.value)) for words in measured(box, text)
    )


def measured(box: Box, text: Text) -> tuple[str, ...]:
    """The lines on the number of a box: its state and value, and its target."""
    state = state_words(box.state, text) if box.state else ""
    said = (
        text("project_score_picture.said", state=state, value=box.value)
        if state and box.value
        else state or box.value
    )
    return tuple(words for words in (said, box.target) if words)


def _rooms(box: Box, width: float, text: Text) -> tuple[float, float]:
    """Where the words of a box begin, and how much room they have."""
    left = PAD + STRIPE + (SIGN + 5 if box.state else 0)
    return left, width - left - PAD


def _mark(box: Box, text: Text) -> str:
    return text(f"project_score_picture.change.{box.change}") if box.change else ""


def height_of(box: Box, width: float, text: Text) -> float:
    """How high a box of a width must be for its words."""
    room = _rooms(box, width, text)[1]
    lines = sum(
        len(lines_of(p.words, room, p.size, text, bold=p.bold)) * p.size * LEADING for p in _parts(box, text)
    )
    return lines + 2 * PAD + (SMALL * 1.7 if box.change else 0)


def draw_box(box: Box, rect: Rect, sheet: Sheet, address: Callable[[str], str]) -> None:
    """Draws a box. address: where the place of a number leads to; '' for nowhere."""
    text = sheet.text
    sign, area = COLOURS[box.state]
    is_dashed = box.state == "not_measured"
    strength = 2.5 if box.kind in ("winning_condition", "goal") else 1.2
    sheet.box(
        rect.x, rect.y, rect.width, rect.height, fill=area, edge=sign, dashed=is_dashed, radius=5, strength=strength
    )  # fmt: skip
    if box.state and not is_dashed:
        sheet.box(rect.x, rect.y + 1, STRIPE, rect.height - 2, fill=sign, radius=2)
    left, room = _rooms(box, rect.width, text)
    y = rect.y + PAD
    if box.change:
        draw_mark(_mark(box, text), rect.x + left, y, sheet)
        y += SMALL * 1.7
    if box.state:
        draw_sign(box.state, rect.x + PAD + STRIPE + SIGN / 2, rect.y + PAD + SIGN / 2 - 1, sheet)
    for part in _parts(box, text):
        last = sheet.paragraph(
            rect.x + left, y + part.size * 1.02, part.words, room, size=part.size, colour=part.colour, bold=part.bold,
            link=address(part.link) if part.link else "",
        )  # fmt: skip
        y = last + part.size * (LEADING - 1.02)


def draw_sign(state: str, x: float, y: float, sheet: Sheet) -> None:
    """The sign of a state around a point: a check, an arrow, a cross, or an empty circle."""
    colour = COLOURS[state][0]
    if state == "not_measured":
        sheet.dot(x, y, 6.2, fill="paper", edge=colour)
        sheet.line(x - 2.6, y, x + 2.6, y, edge=colour, strength=1.5)
        return
    sheet.dot(x, y, 7.5, fill=colour)
    steps = {
        "met": f"M{x - 3.6:.1f} {y + 0.2:.1f}l2.6 2.8l4.6 -5.6",
        "on_the_way": f"M{x - 4:.1f} {y:.1f}h7.6m-3 -3l3 3l-3 3",
        "away": f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6",
    }[state]
    sheet.path(steps, edge="paper", strength=1.8)


def draw_mark(words: str, x: float, y: float, sheet: Sheet) -> float:
    """The mark of what a move changed, its upper left corner at a point; returns its right end."""
    wide = width_of(words, SMALL, bold=True) + 10
    sheet.box(x, y - 1, wide, SMALL * 1.4, edge="other", radius=7, strength=1.2)
    sheet.words(x + 5, y + SMALL, words, size=SMALL, colour="other", bold=True)
    return x + wide


def legend(sheet: Sheet, marks: bool, x: float, y: float, width: float) -> float:
    """What signs and marks mean, in as many lines as it needs; returns where it ends."""
    text, at = sheet.text, x
    signs = [(state_words(state, text), state, "") for state in STATES]
    changes = [
        (text(f"project_score_picture.legend.{c}"), "", text(f"project_score_picture.change.{c}")) for c in CHANGES
    ] if marks else []  # fmt: skip
    for words, state, mark in [*signs, *changes, (text("project_score_picture.legend.number"), "", "")]:
        before = SIGN + 4 if state else width_of(mark, SMALL, bold=True) + 16 if mark else 0
        wide = before + width_of(words, SMALL)
        if at > x and at + wide > x + width:
            at, y = x, y + 20
        if state:
            draw_sign(state, at + SIGN / 2, y - 3.5, sheet)
        elif mark:
            draw_mark(mark, at, y - SMALL, sheet)
        sheet.words(at + before, y, words, size=SMALL, colour="quiet")
        at += wide + 22
    return y + 8

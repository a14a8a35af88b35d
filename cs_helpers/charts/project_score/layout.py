"""Where the boxes and links of a project score stand in each size of the picture.

On a screen what is given stands in a column at the left, the layers in columns right of it. On a sheet of paper or a tablet what
is given stands above them. On a phone everything stands in one column, and the links run beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cs_helpers.charts.project_score.box import WORDS, Rect, height_of
from cs_helpers.charts.project_score.content import GIVEN, LAYERS, Box, Content, heading_of
from cs_helpers.charts.project_score.layers import order_layers, places
from cs_helpers.charts.sheet import LEADING, lines_of
from cs_helpers.text import Text

#: between boxes of a column, between columns that links lead through, and between what is given and the rest
GAP, BETWEEN, APART = 10.0, 44.0, 24.0
#: widths of the columns: of what is given, of the layers
_WIDE = (196.0, (330.0, 270.0, 206.0, 168.0))
_MEDIUM = (0.0, (250.0, 212.0, 170.0, 140.0))
_NARROW = 350.0
#: columns of what is given above the layers
_GIVEN_COLUMNS = 4
#: between the lines beside the column of a phone, where there is room; their room at most
_LANE, _LANES = 9.0, 60.0
_TIP = 7.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Route:
    """The way of a link from the edge of a box to the edge of another. curved: through the gap between columns; else in right angles."""

    start: str
    end: str
    points: tuple[Point, ...]
    curved: bool = True


@dataclass
class Plan:
    """A picture that is laid out, its corner at (x, y). headings: kind -> where its heading stands."""

    width: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0
    rects: dict[str, Rect] = field(default_factory=dict)
    headings: dict[str, Rect] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)

    def moved(self, x: float, y: float) -> Plan:
        """The same with its corner elsewhere."""

        def shifted(rects: Mapping[str, Rect]) -> dict[str, Rect]:
            return {name: replace(rect, x=rect.x + x, y=rect.y + y) for name, rect in rects.items()}

        routes = [replace(r, points=tuple((a + x, b + y) for a, b in r.points)) for r in self.routes]
        return Plan(
            self.width,
            self.height,
            self.x + x,
            self.y + y,
            shifted(self.rects),
            shifted(self.headings),
            routes,
        )


def plan(content: Content, size: str, text: Text) -> Plan:
    """The layout of a score in one of the sizes of a drawing."""
    kinds = [kind for kind in LAYERS if content.boxes[kind]]
    ordered = order_layers([[box.id for box in content.boxes[kind]] for kind in kinds], content.links)
    boxes = {box.id: box for box in content.all}
    layers = {kind: [boxes[name] for name in layer] for kind, layer in zip(kinds, ordered, strict=True)}
    if size == "narrow":
        return _below_each_other(content, layers, text)
    given, widths = _WIDE if size == "wide" else _MEDIUM
    made = Plan(width=given + APART * (given > 0) + sum(widths) + BETWEEN * (len(widths) - 1))
    x = y = 0.0
    if content.boxes[GIVEN] and given:
        bottom = _stack(made, GIVEN, content.boxes[GIVEN], 0, 0, given, text)
        x, made.height = given + APART, bottom
    elif content.boxes[GIVEN]:
        y = _band(made, content.boxes[GIVEN], text) + APART
    return _beside_each_other(made, content, layers, dict(zip(LAYERS, widths, strict=True)), x, y, text)


def _beside_each_other(
    made: Plan, content: Content, layers: Mapping[str, Sequence[Box]], widths: Mapping[str, float], x: float, y: float,
    text: Text,
) -> Plan:  # fmt: skip
    """Lays out the layers in columns, the corner of the first at a point."""
    left = {}
    for kind in layers:
        left[kind] = x
        x += widths[kind] + BETWEEN
    made.width = max(made.width if GIVEN in made.headings else 0.0, x - BETWEEN)
    top = max(_heading_height(kind, widths[kind], text) for kind in layers) + GAP if layers else 0.0
    for kind in layers:
        made.headings[kind] = Rect(left[kind], y, widths[kind], top - GAP)
    heights = {box.id: height_of(box, widths[box.kind], text) for layer in layers.values() for box in layer}
    tops = places([[box.id for box in layer] for layer in layers.values()], content.links, heights, GAP)
    made.rects |= {
        box.id: Rect(left[kind], y + top + tops[box.id], widths[kind], heights[box.id])
        for kind, layer in layers.items()
        for box in layer
    }
    for start, end in content.links:
        a, b = made.rects[start], made.rects[end]
        made.routes.append(Route(start, end, ((a.right, a.middle), (b.x - _TIP, b.middle), (b.x, b.middle))))
    made.height = max([made.height, y, *(rect.bottom for rect in made.rects.values())])
    return made


def _below_each_other(content: Content, layers: Mapping[str, Sequence[Box]], text: Text) -> Plan:
    """Lays out everything in one column. Links run beside it, in a lane for each box that they lead to.

    Those of two layers are at the left, those of the next two at the right, so that the links into a box do not meet those out of it.
    """
    made = Plan(width=_NARROW)
    y = (
        _stack(made, GIVEN, content.boxes[GIVEN], 0, 0, _NARROW, text) + APART
        if content.boxes[GIVEN]
        else 0.0
    )
    pairs = list(itertools.pairwise(layers.values()))
    most = [max((len(_targets(*pair, content)) for pair in pairs[side::2]), default=0) for side in (0, 1)]
    steps = [min(_LANE, _LANES / max(count, 1)) for count in most]
    rooms = [count * step + _TIP + 4 if count else 0.0 for count, step in zip(most, steps, strict=True)]
    for kind, layer in layers.items():
        y = _stack(made, kind, layer, rooms[0], y, _NARROW - sum(rooms), text) + APART
    for number, (above, below) in enumerate(pairs):
        side, targets, starts = number % 2, _targets(above, below, content), {box.id for box in above}
        for start, end in content.links:
            if start not in starts or end not in targets:
                continue
            a, b = made.rects[start], made.rects[end]
            # the lane of what is lower is nearer to the boxes: a lane is crossed by what ends above it, not by what begins below
            out = _TIP + 4 + steps[side] * (len(targets) - 1 - targets.index(end))
            edge, lane = (a.x, a.x - out) if side == 0 else (a.right, a.right + out)
            points = ((edge, a.middle), (lane, a.middle), (lane, b.middle), (edge, b.middle))
            made.routes.append(Route(start, end, points, curved=False))
    made.height = y - APART
    return made


def _targets(above: Sequence[Box], below: Sequence[Box], content: Content) -> list[str]:
    """The boxes of a layer that links from the one above lead to, in their order."""
    starts = {box.id for box in above}
    ends = {end for start, end in content.links if start in starts}
    return [box.id for box in below if box.id in ends]


def _stack(made: Plan, kind: str, boxes: Sequence[Box], x: float, y: float, width: float, text: Text) -> float:  # fmt: skip
    """Lays out a heading and boxes below it; returns where they end."""
    height = _heading_height(kind, width, text)
    made.headings[kind] = Rect(x, y, width, height)
    y += height + GAP
    for box in boxes:
        made.rects[box.id] = Rect(x, y, width, height_of(box, width, text))
        y = made.rects[box.id].bottom + GAP
    return y - GAP


def _band(made: Plan, boxes: Sequence[Box], text: Text) -> float:
    """Lays out what is given in rows across the picture; returns where they end."""
    height = _heading_height(GIVEN, made.width, text)
    made.headings[GIVEN] = Rect(0, 0, made.width, height)
    y, columns = height + GAP, min(_GIVEN_COLUMNS, len(boxes))
    width = (made.width - GAP * (columns - 1)) / columns
    for row in _rows(boxes, columns):
        tall = max(height_of(box, width, text) for box in row)
        for number, box in enumerate(row):
            made.rects[box.id] = Rect(number * (width + GAP), y, width, tall)
        y += tall + GAP
    return y - GAP


def _rows(boxes: Sequence[Box], columns: int) -> Iterator[Sequence[Box]]:
    for first in range(0, len(boxes), columns):
        yield boxes[first : first + columns]


def _heading_height(kind: str, width: float, text: Text) -> float:
    return len(lines_of(heading_of(kind, text), width - 20, WORDS, text, bold=True)) * WORDS * LEADING + 10

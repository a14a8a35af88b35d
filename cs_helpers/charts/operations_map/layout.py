"""Where the stations stand: in one row on a screen, in two on a sheet of paper, under each other on a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cs_helpers.charts.operations_map.content import STATIONS
from cs_helpers.charts.operations_map.lane import Lane
from cs_helpers.charts.operations_map.levels import health, levels
from cs_helpers.charts.operations_map.stations import headlines, listed, organisation, touches
from cs_helpers.charts.sheet import LEADING, lines_of

#: between stations beside each other, where the arrows are; between rows of stations
GAP, ROW_GAP = 20.0, 30.0
_HEAD_SIZE, _NOTCH = 12.0, 9.0
_SMALL = 10.5
#: the rows of each size: the widths of their stations
_ROWS: Mapping[str, tuple[tuple[float, ...], ...]] = {
    "wide": ((132, 286, 182, 254, 226, 146),),
    "medium": ((150, 322, 238), (260, 290, 160)),
    "narrow": ((350,), (350,), (350,), (350,), (350,), (350,)),
}
#: what draws a station; those left out are numbers and nothing else
_DRAWN: Mapping[str, Callable[[Lane, float, float, float], float]] = {
    "levels": levels, "health": health, "touches": touches, "organisation": organisation,
}  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """Where a station stands: its corner, its width, the middle of its head, and where it ends."""

    x: float
    y: float
    width: float
    middle: float
    bottom: float


def lay_out(lane: Lane, size: str) -> tuple[float, float]:
    """Draws the lane on its sheet; returns the width and the height that it takes."""
    rows = _ROWS[size]
    width = max(sum(row) + GAP * (len(row) - 1) for row in rows)
    states = {row["station"]: row for row in lane.content["stations"]}
    y = _title(lane, width)
    number, places = 0, dict[str, _Place]()
    for row in rows:
        named = STATIONS[number : number + len(row)]
        heads = [_head_lines(lane, station, wide) for station, wide in zip(named, row, strict=True)]
        height = 14 + max(heads) * _HEAD_SIZE * LEADING
        x, body = 0.0, []
        for station, wide in zip(named, row, strict=True):
            body.append((station, x, wide))
            x += wide + GAP
        ends = []
        for (station, left, wide), head in zip(body, heads, strict=True):
            state = states.get(station, {"state": "known", "sentences": []})
            _head(lane, station, left, y, wide, height, head, state["state"])
            ends.append(_body(lane, station, left, y + height + 6, wide, state))
        bottom = max(ends)
        for station, left, wide in body:
            # stations beside each other end together
            _frame(
                lane,
                left,
                y + height + 6,
                wide,
                bottom - y - height - 6,
                states.get(station, {}).get("state", "known"),
            )
            places[station] = _Place(left, y, wide, y + height / 2, bottom)
        y = bottom + _room_below(lane, named[-1], width, size)
        number += len(row)
    return width, _arrows(lane, places, width, size)


def _title(lane: Lane, width: float) -> float:
    """The title above a lane, and who is laid over it; returns where the stations begin."""
    if not lane.title:
        return 2.0
    y = lane.sheet.paragraph(0, 18, lane.title, width, size=16, bold=True)
    if lane.against:
        lane.sheet.line(0, y + 17, 22, y + 17, edge="other", strength=2.5)
        y = lane.sheet.paragraph(
            28,
            y + 21,
            lane.say("against", product=lane.against["product"]),
            width - 28,
            size=11,
            colour="other",
        )
    return y + 14


def _head_words(lane: Lane, station: str) -> str:
    name = "levels_only" if station == "levels" and lane.content["accounts"] else station
    return f"{STATIONS.index(station) + 1} {lane.say('station.' + name)}"


def _head_lines(lane: Lane, station: str, width: float) -> int:
    words = _head_words(lane, station)
    return len(lines_of(words, width - 2 * _NOTCH - 12, _HEAD_SIZE, lane.text, bold=True))


def _head(
    lane: Lane, station: str, x: float, y: float, width: float, height: float, lines: int, state: str
) -> None:
    """The head of a station: an arrow that points to the right; filled where it is known, dashed where it is missing."""
    right, middle = x + width, y + height / 2
    outline = (
        f"M{x:.1f} {y:.1f}H{right - _NOTCH:.1f}L{right:.1f} {middle:.1f}L{right - _NOTCH:.1f} {y + height:.1f}"
        f"H{x:.1f}L{x + _NOTCH:.1f} {middle:.1f}Z"
    )
    missing = state == "missing"
    lane.sheet.path(
        outline, fill="paper" if missing else "head", edge="gap" if missing else "head", dashed=missing
    )
    step = _HEAD_SIZE * LEADING
    lane.sheet.paragraph(
        x + _NOTCH + 7, middle - (lines - 1) * step / 2 + _HEAD_SIZE * 0.36, _head_words(lane, station),
        width - 2 * _NOTCH - 12, size=_HEAD_SIZE, bold=True, colour="gap" if missing else "on-head",
    )  # fmt: skip


def _body(lane: Lane, station: str, x: float, y: float, width: float, state: Mapping[str, Any]) -> float:
    """What a station shows; returns where it ends."""
    if state["state"] != "missing":
        inner_x, inner = x + 3, width - 6
        if station in _DRAWN:
            y = _DRAWN[station](lane, inner_x, y + 3, inner)
            y = headlines(lane, station, inner_x, y, inner, large=False)
        else:
            y = headlines(lane, station, inner_x, y, inner, large=True)
            y = listed(lane, station, inner_x, y, inner)
    for sentence in state["sentences"]:
        y = lane.sheet.paragraph(x + 8, y + 17, sentence, width - 16, size=_SMALL, colour="gap") + 2
    return y + 10


def _frame(lane: Lane, x: float, y: float, width: float, height: float, state: str) -> None:
    lane.sheet.box(
        x, y, width, height, edge="gap" if state == "missing" else "rule", dashed=state == "missing", radius=5
    )


def _room_below(lane: Lane, station: str, width: float, size: str) -> float:
    """The room under a row of stations for its arrow to the next; on a phone also for the sentence beside a missing one."""
    link = _link_from(lane, station)
    sentence = _unsaid(lane, link) if link and size == "narrow" else ""
    if not sentence:
        return ROW_GAP
    lines = lines_of(sentence, width - 44, _SMALL, lane.text)
    return max(ROW_GAP, len(lines) * _SMALL * 1.32 + 16)


def _link_from(lane: Lane, station: str) -> Mapping[str, Any] | None:
    return next((link for link in lane.content["links"] if link["source"] == station), None)


def _unsaid(lane: Lane, link: Mapping[str, Any]) -> str:
    """The sentence on what a link lacks, unless a station at its ends says so already; '' then."""
    ends = (link["source"], link["target"])
    said = {
        s for station in lane.content["stations"] if station["station"] in ends for s in station["sentences"]
    }
    return next((sentence for sentence in link["sentences"] if sentence not in said), "")


def _arrows(lane: Lane, places: Mapping[str, _Place], width: float, size: str) -> float:
    """The arrows between the stations, and the sentences of the missing ones below; returns where the lane ends."""
    sheet, end = lane.sheet, max(place.bottom for place in places.values())
    said: list[tuple[str, str]] = []
    for link in lane.content["links"]:
        source, target = places.get(link["source"]), places.get(link["target"])
        if source is None or target is None:
            continue
        missing = link["state"] == "missing"
        colour = "gap" if missing else "ink"
        if source.y == target.y:
            start, stop = source.x + source.width + 2, target.x + 6
            sheet.line(start, source.middle, stop, source.middle, edge=colour, dashed=missing, strength=2)
            _tip(lane, stop, source.middle, colour, "right", hollow=missing)
            mark = ((start + stop) / 2 - 2, source.middle - 14)
        elif size == "narrow":
            start, stop = source.bottom + 4, target.y - 3
            sheet.line(18, start, 18, stop, edge=colour, dashed=missing, strength=2)
            _tip(lane, 18, stop, colour, "down", hollow=missing)
            if missing and (sentence := _unsaid(lane, link)):
                sheet.paragraph(34, start + 14, sentence, width - 44, size=_SMALL, colour="gap")
            continue
        else:
            # from the end of a row to the beginning of the next
            half = source.bottom + ROW_GAP / 2
            across, down, stop = source.x + source.width / 2, target.x + target.width / 2, target.y - 3
            sheet.path(
                f"M{across:.1f} {source.bottom + 2:.1f}V{half:.1f}H{down:.1f}V{stop:.1f}", edge=colour, dashed=missing,
                strength=2,
            )  # fmt: skip
            _tip(lane, down, stop, colour, "down", hollow=missing)
            mark = ((across + down) / 2, half)
        if missing and (sentence := _unsaid(lane, link)):
            letter = "abcdefgh"[len(said) % 8]
            said.append((letter, sentence))
            sheet.dot(*mark, 7.5, fill="paper", edge="gap")
            sheet.words(mark[0], mark[1] + 3.5, letter, size=10, bold=True, colour="gap", anchor="middle")
    for letter, sentence in said:
        end += 20
        sheet.dot(8.5, end - 3.5, 7.5, fill="paper", edge="gap")
        sheet.words(8.5, end, letter, size=10, bold=True, colour="gap", anchor="middle")
        end = sheet.paragraph(22, end, sentence, width - 24, size=11, colour="gap")
    return end + 8


def _tip(lane: Lane, x: float, y: float, colour: str, direction: str, *, hollow: bool) -> None:
    steps = f"M{x + 1:.1f} {y:.1f}l-8 -5v10Z" if direction == "right" else f"M{x:.1f} {y + 1:.1f}l-5 -8h10Z"
    lane.sheet.path(steps, fill="paper" if hollow else colour, edge=colour)

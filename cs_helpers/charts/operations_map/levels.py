"""Levels and their health, row beside row: `draw(lane, x, y, width) -> bottom`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.charts.operations_map.lane import Lane
from cs_helpers.charts.sheet import LEADING, lines_of, width_of

#: heights of a level's row: levels and health stand beside each other, so both draw rows of the same height
ROW, FEW_ROWS = 68.0, 250.0
#: the words of a level: where they begin beside its badge, their room, the first base line, and from line to line
_WORDS, _ROOM, _FIRST, _STEP = 48.0, 100.0, 20.0, 15.0
#: of the figures below the rows of levels: the scale of LTV
_FOOT = 34.0
_LINE = 14.0
_SMALL = 10.5
#: shades of the levels, from light to dark
_SHADES = ((185, 214, 234), (127, 178, 217), (61, 130, 189), (23, 79, 134))
#: how bands are told apart without colours: three corners, four, round
_BANDS = ("red", "yellow", "green", "unscored")


def row_height(lane: Lane) -> float:
    """The height of a level's row: as much as the words of any level need; fewer levels have more room."""
    rows = lane.content["levels"]
    words = [_FIRST + sum(_heights(lane, row)) for row in rows]
    few = FEW_ROWS / max(len(rows), len(lane.content["health"]), 1)
    return max(ROW, min(few, 96.0), *words)


def _heights(lane: Lane, row: Mapping[str, Any]) -> list[float]:
    """How far below the last of its lines each part of a level's words ends: name, customers, amounts."""
    bold = [words for words in (row["name"], lane.customers(row["customers"])) if words]
    lines = [len(lines_of(words, _ROOM, _SMALL, lane.text, bold=True)) for words in bold]
    amounts = () if lane.content["accounts"] else ("mrr", "ltv")
    return [*((n - 1) * _SMALL * LEADING for n in lines), *(_STEP for _ in (*bold, *amounts))]


def levels(lane: Lane, x: float, y: float, width: float) -> float:
    """The maturity curve: the highest level on top; customers and MRR in words, LTV as a point with its interval.

    Where no LTV is known, bars of the customers stand in place of the curve.
    """
    sheet, rows, height = lane.sheet, _from_the_top(lane.content["levels"]), row_height(lane)
    left, right, bottom = x + 154, x + width - 14, y + height * len(rows)
    for number in range(len(rows) + 1):
        sheet.line(x, y + number * height, x + width, y + number * height)
    shades = {row["level"]: shade_of(row["level"], [r["level"] for r in rows]) for row in rows}
    places = {row["level"]: y + (number + 0.5) * height for number, row in enumerate(rows)}
    if lane.top:
        _lifetime_values(lane, rows, left, right, y, bottom, places, shades)
    else:
        most = max((row["high"] or row["share"] or 0.0 for row in rows), default=0.0) or 1.0
        for row in rows:
            place = places[row["level"]]
            sheet.box(
                left, place - 7, (right - left) * (row["share"] or 0.0) / most, 14, fill="accent", radius=1
            )
            if row.get("low") is not None and row.get("high") is not None:
                ends = (left + (right - left) * row[end] / most for end in ("low", "high"))
                sheet.line(next(ends), place, next(ends), place, edge="ink", strength=1.5)
        sheet.words(
            (left + right) / 2,
            bottom + 14,
            lane.say("share_axis"),
            size=_SMALL,
            colour="quiet",
            anchor="middle",
        )
    for row in rows:
        top = places[row["level"]] - height / 2
        key = f"levels.{row['level']}"
        _badge(lane, x + 4, top + 8, row["label"], shades[row["level"]])
        if row.get("share") is not None:
            share = lane.text.share(row["share"])
            sheet.words(x + 22, top + 39, share, size=_SMALL, anchor="middle", link=lane.link(f"{key}.share"))
        line = top + _FIRST
        if row["name"]:
            line = sheet.paragraph(x + _WORDS, line, row["name"], _ROOM, size=_SMALL, bold=True) + _STEP
        words = lane.customers(row["customers"])
        line = sheet.paragraph(
            x + _WORDS, line, words, _ROOM, size=_SMALL, bold=True, link=lane.link(f"{key}.customers")
        )
        for column in () if lane.content["accounts"] else ("mrr", "ltv"):
            line += _STEP
            if row.get(column) is None:
                sheet.words(x + _WORDS, line, lane.say(f"{column}_unknown"), size=_SMALL, colour="quiet")
            else:
                words = lane.say(column, value=lane.money(row[column]))
                sheet.words(x + _WORDS, line, words, size=_SMALL, link=lane.link(f"{key}.{column}"))
    return bottom + _FOOT + (_LINE * (len(_about_value(lane)) - 1) if lane.top else 0)


def _lifetime_values(
    lane: Lane, rows: list[Mapping[str, Any]], left: float, right: float, y: float, bottom: float,
    places: Mapping[int, float], shades: Mapping[int, str],
) -> None:  # fmt: skip
    """The curve of LTV over the levels, and that of the product that is laid over it. places: level -> middle of its row."""
    sheet, scale = lane.sheet, (right - left) / lane.top
    for share in (0.0, 0.5, 1.0):
        at = left + share * (right - left)
        sheet.line(at, y, at, bottom)
    sheet.words(left, bottom + 14, lane.money(0), size=_SMALL, colour="quiet", anchor="middle")
    sheet.words(right + 10, bottom + 14, lane.money(lane.top), size=_SMALL, colour="quiet", anchor="end")
    for number, words in enumerate(_about_value(lane)):
        place = bottom + 28 + number * _LINE
        sheet.words(right + 10, place, words, size=_SMALL, colour="quiet", anchor="end")
    if lane.against:
        of_other = {row["level"]: row["ltv"] for row in lane.against["levels"] if row.get("ltv") is not None}
        other = [(left + of_other[n] * scale, places[n]) for n in sorted(of_other) if n in places]
        _curve(lane, other, "other")
        for across, place in other:
            sheet.dot(across, place, 3.5, fill="paper", edge="other", strength=2)
    known = [row for row in reversed(rows) if row.get("ltv") is not None]
    points = [(left + row["ltv"] * scale, places[row["level"]]) for row in known]
    _curve(lane, points, "accent")
    for row, (across, place) in zip(known, points, strict=True):
        if row.get("ltv_low") is not None:
            # an end that is not known, or beyond the scale, runs out of the figure
            high = row.get("ltv_high")
            end = left + high * scale if high is not None and high <= lane.top else right + 13
            sheet.line(left + row["ltv_low"] * scale, place, end, place, edge="ink", strength=1.5)
        # without an interval nothing says how far the value is from the truth
        is_sure = row.get("ltv_low") is not None
        sheet.dot(across, place, 6, fill=shades[row["level"]] if is_sure else "paper", edge="ink")


def _about_value(lane: Lane) -> list[str]:
    """What the values are: over how many months, of margin or revenue, and what they do not tell."""
    content = lane.content
    kind = "margin" if content["is_margin"] else "revenue"
    lines = [lane.say(f"ltv_axis.{kind}", months=lane.text.number(content["months"]))]
    if content["told_apart"] in ("unclear", "small"):
        lines.append(lane.say(f"ltv_{content['told_apart']}"))
    known = [row for row in content["levels"] if row.get("ltv") is not None]
    if any(row.get("ltv_low") is None for row in known):
        lines.append(lane.say("ltv_hollow"))
    return lines


def health(lane: Lane, x: float, y: float, width: float) -> float:
    """Health by level, beside the levels: the two parts, and the customers of each band; below, what the parts are made of."""
    sheet, rows, height = lane.sheet, _from_the_top(lane.content["health"]), row_height(lane)
    shown = [row["level"] for row in _from_the_top(lane.content["levels"])] or [row["level"] for row in rows]
    by_level = {row["level"]: row for row in rows}
    others = {row["level"]: row for row in (lane.against or {}).get("health", ())}
    names = [lane.say("quantitative"), lane.say("qualitative")]
    label = max(width_of(name, _SMALL) for name in names) + 8
    left, right = x + 46 + label, x + width - 30
    # the lines of a row spread over its height
    step = 16 + (height - ROW) / 4
    for number, level in enumerate(shown):
        top, row = y + number * height, by_level.get(level)
        sheet.line(x, top, x + width, top)
        if row is None:
            sheet.words(x + 4, top + 20, lane.text.label("level", level), size=_SMALL, colour="quiet")
            sheet.words(x + 46, top + 20, lane.say("nothing"), size=_SMALL, colour="quiet")
            continue
        _badge(lane, x + 4, top + 8, row["label"], shade_of(level, shown))
        for place, part in ((top + 18, "quantitative"), (top + 18 + step, "qualitative")):
            sheet.words(x + 46, place, lane.say(part), size=_SMALL, colour="quiet")
            sheet.box(left, place - 8, right - left, 8, fill="rule", radius=1)
            value = row.get(part)
            if value is None:
                sheet.words(right + 5, place, "–", size=_SMALL, colour="quiet")
            else:
                sheet.box(left, place - 8, (right - left) * value / 100, 8, fill="accent", radius=1)
                sheet.words(
                    right + 5,
                    place,
                    lane.text.number(value),
                    size=_SMALL,
                    bold=True,
                    link=lane.link(f"health.{level}.{part}"),
                )
            if (others.get(level) or {}).get(part) is not None:
                at = left + (right - left) * others[level][part] / 100
                sheet.line(at, place - 11, at, place + 2, edge="other", strength=2.5)
        if row.get("score") is not None:
            score = lane.text.number(row["score"])
            sheet.words(
                x + 22,
                top + 42,
                score,
                size=13,
                bold=True,
                anchor="middle",
                link=lane.link(f"health.{level}.score"),
            )
        _bands(lane, x + 46, top + 20 + 2 * step, row, f"health.{level}")
    bottom = y + height * len(shown)
    sheet.line(x, bottom, x + width, bottom)
    sheet.words(x + 4, bottom + 14, lane.say("health_axis"), size=_SMALL, colour="quiet")
    line, at = bottom + 29, x + 4.0
    for band in _BANDS[:3]:
        _mark(lane, at + 4, line - 4, band)
        at = sheet.words(at + 11, line, lane.text.label("band", band), size=_SMALL, colour="quiet") + 8
    for part, names in lane.content["parts"].items():
        words = lane.say("part", part=lane.say(part), names=lane.text.join_list(names))
        line = sheet.paragraph(x + 4, line + 18, words, width - 8, size=_SMALL, colour="quiet")
    return line + 5


def shade_of(level: int, shown: list[int]) -> str:
    """The colour of a level among those shown, the darker the higher; level 0 is grey."""
    if level <= 0:
        return "#dfe5ea"
    top = max(max(shown), 2)
    place = (level - 1) / (top - 1) * (len(_SHADES) - 1)
    low = min(int(place), len(_SHADES) - 2)
    mixed = (round(a + (b - a) * (place - low)) for a, b in zip(_SHADES[low], _SHADES[low + 1], strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _from_the_top(rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: -row["level"])


def _badge(lane: Lane, x: float, y: float, label: str, shade: str) -> None:
    wide = max(36.0, width_of(label, _SMALL, bold=True) + 8)
    red, green, blue = (int(shade[i : i + 2], 16) for i in (1, 3, 5))
    ink = "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "#1f2933"
    lane.sheet.box(x, y, wide, 17, fill=shade, radius=3)
    lane.sheet.words(x + wide / 2, y + 12.5, label, size=_SMALL, bold=True, colour=ink, anchor="middle")


def _curve(lane: Lane, points: list[tuple[float, float]], colour: str) -> None:
    """Straight lines from each known point to the next: nothing is known between them, nor before the first."""
    if len(points) > 1:
        lane.sheet.path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), edge=colour, strength=2)


def _bands(lane: Lane, x: float, y: float, row: Mapping[str, Any], key: str) -> None:
    """The customers of each band: a mark and a number each."""
    at = x
    for band in _BANDS:
        count = row.get(band)
        if count is None or (band == "unscored" and not count):
            continue
        _mark(lane, at + 4, y - 4, band)
        words = lane.text.number(count)
        at = lane.sheet.words(at + 11, y, words, size=_SMALL, link=lane.link(f"{key}.{band}")) + 9


def _mark(lane: Lane, x: float, y: float, band: str) -> None:
    sheet = lane.sheet
    if band == "red":
        sheet.path(f"M{x:.1f} {y - 5:.1f}L{x + 5:.1f} {y + 4:.1f}L{x - 5:.1f} {y + 4:.1f}Z", fill="red")
    elif band == "yellow":
        sheet.box(x - 4, y - 4, 8, 8, fill="yellow", radius=0)
    elif band == "green":
        sheet.dot(x, y, 4.5, fill="green")
    else:
        sheet.dot(x, y, 4, fill="", edge="quiet")

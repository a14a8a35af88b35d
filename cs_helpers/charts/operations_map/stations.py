"""The other stations of an operations map, each drawn into a column: `draw(lane, x, y, width) -> bottom`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.charts.operations_map.lane import Lane
from cs_helpers.charts.sheet import width_of

_SMALL = 10.5
#: the width from which roles stand in two columns
_TWO_COLUMNS = 320.0
#: the stations that are numbers and nothing else: the rows of their lists, and the number in each
_LISTED = {"handover": ("fields", "share"), "feedback": ("statuses", "requests")}


def touches(lane: Lane, x: float, y: float, width: float) -> float:
    """The touch models: declared share as a gap in the track, actual share as a bar with its interval, hours, actions."""
    sheet = lane.sheet
    others = {row["touch_model"]: row for row in (lane.against or {}).get("touches", ())}
    for number, row in enumerate(lane.content["touches"]):
        key = f"touches.{row['touch_model']}"
        if number:
            sheet.line(x, y, x + width, y)
        y += 17
        sheet.words(x + 4, y, row["label"], size=11.5, bold=True)
        if row.get("customers") is not None:
            words = lane.customers(row["customers"])
            if width_of(row["label"], 11.5, bold=True) + width_of(words, _SMALL) > width - 20:
                y += 15
            sheet.words(
                x + width - 4, y, words, size=_SMALL, anchor="end", link=lane.link(f"{key}.customers")
            )
        y += 9
        left, room = x + 4, width - 8
        sheet.box(left, y, room, 9, fill="rule", radius=1)
        if row.get("actual") is not None:
            sheet.box(left, y, room * row["actual"], 9, fill="accent", radius=1)
            if row.get("low") is not None and row.get("high") is not None:
                sheet.line(
                    left + room * row["low"],
                    y + 4.5,
                    left + room * row["high"],
                    y + 4.5,
                    edge="ink",
                    strength=1.5,
                )
        if row.get("declared") is not None:
            at = left + room * row["declared"]
            sheet.line(at, y - 4, at, y + 13, edge="ink", strength=2.5)
        if (others.get(row["touch_model"]) or {}).get("actual") is not None:
            at = left + room * others[row["touch_model"]]["actual"]
            sheet.line(at, y - 3, at, y + 12, edge="other", strength=2.5)
        quarters = lane.content["quarters"]
        actual = lane.say(
            "actual" if quarters != 1 else "actual_quarter",
            value=lane.text.share(row.get("actual")),
            quarters=lane.text.number(quarters),
        )
        parts = [
            (actual, "ink", lane.link(f"{key}.actual")),
            (
                lane.say("declared", value=lane.text.share(row["declared"])),
                "ink",
                lane.link(f"{key}.declared"),
            )
            if row.get("declared") is not None
            else (lane.say("undeclared"), "quiet", ""),
        ]
        if row.get("hours") is not None:
            hours = lane.value(row["hours"], "hours")
            parts.append((lane.say("hours", value=hours), "ink", lane.link(f"{key}.hours")))
        if row.get("verdict") in ("more", "fewer"):
            parts.insert(2, (lane.say(f"touches_{row['verdict']}"), "gap", ""))
        y = lane.run(x + 4, y + 24, *parts, room=width - 8, size=_SMALL)
        if row["actions"]:
            words = lane.say("actions", names=lane.text.join_list(row["actions"]))
            y = sheet.paragraph(x + 4, y + 15, words, width - 8, size=_SMALL, colour="quiet")
        y += 10
    if any(row.get("declared") is not None for row in lane.content["touches"]):
        sheet.line(x, y, x + width, y)
        sheet.line(x + 9, y + 6, x + 9, y + 19, edge="ink", strength=2.5)
        y = (
            sheet.paragraph(
                x + 18, y + 16, lane.say("declared_mark"), width - 22, size=_SMALL, colour="quiet"
            )
            + 6
        )
    if by_level := lane.content["level_touches"]:
        sheet.line(x, y, x + width, y)
        y = sheet.paragraph(x + 4, y + 16, lane.say("level_touches"), width - 8, size=_SMALL, colour="quiet")
        parts = [
            (
                lane.say(
                    "level_touch", level=row["label"], model=row["model"], share=lane.text.share(row["share"])
                ),
                "ink",
                lane.link(f"touches.{row['level']}.share"),
            )
            for row in by_level
        ]
        y = lane.run(x + 4, y + 16, *parts, room=width - 8, size=_SMALL) + 8
    return y


def organisation(lane: Lane, x: float, y: float, width: float) -> float:
    """The roles, in two columns where there is room: see `_role`."""
    roles, columns = lane.content["roles"], 2 if width >= _TWO_COLUMNS else 1
    wide = width / columns
    for start in range(0, len(roles), columns):
        beside = roles[start : start + columns]
        y = max(_role(lane, row, x + n * wide, y, wide) for n, row in enumerate(beside))
    return y


def _role(lane: Lane, row: Mapping[str, Any], x: float, y: float, width: float) -> float:
    """A role: department, people, its entries and the customers for whom each is due; dashed where it cannot act."""
    sheet, key = lane.sheet, row["key"]
    start, top, inner = len(sheet.elements), y + 4, width - 18
    department = row["department"]
    if width_of(row["label"], 11.5, bold=True) + width_of(department, _SMALL) < inner - 12:
        sheet.words(x + width - 9, top + 16, department, size=_SMALL, colour="quiet", anchor="end")
        department = ""
    line = sheet.paragraph(x + 9, top + 16, row["label"], inner, size=11.5, bold=True)
    if department:
        line = sheet.paragraph(x + 9, line + 15, department, inner, size=_SMALL, colour="quiet")
    parts = []
    for name in ("people", "plays", "due"):
        if row.get(name) is not None:
            number = lane.text.number(row[name], 0 if float(row[name]).is_integer() else 1)
            parts.append((lane.say(f"role_{name}", n=number), "ink", lane.link(f"{key}.{name}")))
    if row.get("mrr") is not None and not lane.content["accounts"]:
        parts.append((lane.say("mrr", value=lane.money(row["mrr"])), "ink", lane.link(f"{key}.mrr")))
    if parts:
        line = lane.run(x + 9, line + 16, *parts, room=inner, size=_SMALL)
    for play in row["entries"]:
        due = (
            lane.say("play_due", n=lane.text.number(play["customers"]))
            if play.get("customers") is not None
            else ""
        )
        sheet.dot(x + 11, line + 11.5, 1.5, fill="quiet")
        link = lane.link(f"{key}.{play['entry']}.customers")
        sheet.words(x + width - 9, line + 15, due, size=_SMALL, bold=True, anchor="end", link=link)
        room = inner - 14 - width_of(due, _SMALL, bold=True)
        line = sheet.paragraph(x + 17, line + 15, play["label"], room, size=_SMALL)
    stuck = row.get("carried_out") is False
    if stuck:
        why = lane.text.capital(lane.text.join_list(row["obstacles"])) or lane.say("not_filled")
        line = sheet.paragraph(x + 9, line + 15, why, inner, size=_SMALL, colour="gap", bold=True)
    height = line + 9 - top
    words = sheet.elements[start:]
    del sheet.elements[start:]
    sheet.box(x + 2, top, width - 4, height, fill="paper", edge="gap" if stuck else "quiet", dashed=stuck)
    sheet.elements += words
    return top + height + 3


def listed(lane: Lane, station: str, x: float, y: float, width: float) -> float:
    """The numbers of a station that form a list: fields of hand-overs by how often they are filled in, requests by status."""
    rows, column = _LISTED.get(station, ("", ""))
    if not lane.content.get(rows):
        return y
    sheet, unit = lane.sheet, "share" if column == "share" else "count"
    sheet.line(x, y + 6, x + width, y + 6)
    y = sheet.paragraph(x + 6, y + 22, lane.say(rows), width - 12, size=_SMALL, colour="quiet")
    for row in lane.content[rows]:
        value, link = lane.value(row[column], unit), lane.link(f"{station}.{row['key']}.{column}")
        room = width - 20 - width_of(value, _SMALL, bold=True)
        sheet.words(x + width - 6, y + 16, value, size=_SMALL, bold=True, anchor="end", link=link)
        y = sheet.paragraph(x + 6, y + 16, row["label"], room, size=_SMALL)
    return y + 6


def headlines(lane: Lane, station: str, x: float, y: float, width: float, *, large: bool) -> float:
    """The headline numbers of a station: its name, the value and the interval; large where the station is nothing else."""
    sheet = lane.sheet
    for key, row in lane.content["numbers"].items():
        if not (row["label"] and key.startswith(f"{station}.")):
            continue
        value, link = lane.value(row.get("value"), row["unit"]), lane.link(key)
        interval = ""
        if row.get("low") is not None and row.get("high") is not None:
            low, high = (lane.value(row[end], row["unit"]) for end in ("low", "high"))
            interval = lane.say("interval", low=low, high=high)
        n = lane.say("n", n=lane.text.number(row["n"])) if row.get("n") is not None else ""
        if large:
            y += 27
            sheet.words(x + 6, y, value, size=19, bold=True, link=link)
            y = sheet.paragraph(x + 6, y + 16, row["label"], width - 12, size=_SMALL)
            y = lane.run(
                x + 6,
                y + 14,
                *[(part, "quiet", "") for part in (interval, n) if part],
                room=width - 12,
                size=9.5,
            )
            y += 4
            continue
        y += 17
        side = width_of(value, 12, bold=True) + 10
        sheet.words(x + width - 4, y, value, size=12, bold=True, anchor="end", link=link)
        last = sheet.paragraph(x + 4, y, row["label"], width - 8 - side, size=_SMALL, colour="quiet")
        if interval:
            y += 13
            wide = width_of(interval, 9.5)
            if wide > side + 6:
                y = max(y, last + 13)
            sheet.words(x + width - 4, y, interval, size=9.5, colour="quiet", anchor="end")
        y = max(y, last)
    return y + 6

"""What the boxes of a project score say, in the words of the score and with its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cs_helpers.result import PLACE, Result
from cs_helpers.text import Text
from cs_helpers.text.units import format_value

#: the kinds of boxes that links lead through, from left to right
LAYERS = ("measure", "purpose", "winning_condition", "goal")
GIVEN = "given"
STATES = ("met", "on_the_way", "away", "not_measured")
NOT_MEASURED = "not_measured"
#: kinds of which nobody expects a number
_UNMEASURED = (GIVEN, "goal")
#: changes that are marked
CHANGES = ("added", "changed")


@dataclass(frozen=True)
class Box:
    """One element of a score.

    heading: what is given, as in Members; '' for others. words: as the score says it. metric: the name of the number that it is measured
    by; '' for none. value: with its interval; '' where it is not measured. target: with its day; '' for none. state: one of `STATES`; '' for what is given and for a
    goal, where they are not measured. change: one of `CHANGES`; '' for none. place: the address of the number's report.
    """

    id: str
    kind: str
    words: str
    heading: str = ""
    metric: str = ""
    value: str = ""
    target: str = ""
    state: str = NOT_MEASURED
    change: str = ""
    place: str = ""


@dataclass(frozen=True)
class Content:
    """A whole score: its boxes by kind (`GIVEN` and `LAYERS`), in the order of the file, and its links."""

    boxes: Mapping[str, tuple[Box, ...]]
    links: tuple[tuple[str, str], ...]
    message: str
    alt: str
    source: str

    @property
    def all(self) -> Iterator[Box]:
        """The boxes from left to right."""
        return (box for kind in (GIVEN, *LAYERS) for box in self.boxes[kind])

    def has(self, what: str) -> bool:
        """Whether a box has a state or a change."""
        return any(what in (box.state, box.change) for box in self.all)


def content_of(result: Result, text: Text) -> Content:
    """The boxes and links of a score, and what is said of the picture as a whole."""
    rows = [
        {str(k): None if v is None or v is pd.NA or v is pd.NaT or v != v else v for k, v in row.items()}
        for row in result.tables["picture"].to_dict("records")
    ]
    boxes = [_box(row, text, result.settings.get("currency", "")) for row in rows]
    by_kind = {kind: tuple(box for box in boxes if box.kind == kind) for kind in (GIVEN, *LAYERS)}
    known = {box.id for box in boxes}
    links = result.tables.get("links", pd.DataFrame(columns=["from_id", "to_id"]))
    message = message_of(result, text)
    return Content(
        by_kind,
        tuple(
            pair
            for pair in zip(links["from_id"].map(str), links["to_id"].map(str), strict=True)
            if known.issuperset(pair)
        ),
        message,
        text("project_score_picture.alt", message=message, layers=_alt_of_layers(by_kind, text)),
        text(
            "project_score_picture.source",
            moves=text.number(result.settings.get("moves")),
            moved_on=text.day(result.settings["moved_on"]) if result.settings.get("moved_on") else "–",
            as_of=text.day(result.as_of),
        ),
    )


def message_of(result: Result, text: Text) -> str:
    """The sentence of the verdict on the score."""
    verdict = result.verdicts["picture"]
    fields = {
        name: text.number(value) if isinstance(value, int | float) else value
        for name, value in verdict.fields.items()
    }
    return text(f"project_score.picture.{verdict.code}", **fields)


def _box(row: Mapping[str, Any], text: Text, currency: str) -> Box:
    kind, metric = str(row["kind"]), row.get("metric")
    state = str(row.get("state") or NOT_MEASURED)
    words = row.get(f"words_{text.language}") or row.get("words_en") or row.get("words_ja") or ""
    analysis, _, name = str(metric or "").partition(".")
    return Box(
        id=str(row["id"]),
        kind=kind,
        words=" ".join(str(words).split()),
        heading=text(f"project_score_picture.resource.{row['resource']}") if kind == GIVEN else "",
        metric=text.kpi(metric) if metric and text.has(f"{analysis}.metrics.{name}") else str(metric or ""),
        value=_value(row, text, currency) if metric and state != NOT_MEASURED else "",
        target=_target(row, text, currency) if metric else "",
        state="" if kind in _UNMEASURED and state == NOT_MEASURED else state,
        change=change if (change := row.get("change")) in CHANGES else "",
        place=f"{PLACE}{analysis}-" if name else "",
    )


def _value(row: Mapping[str, Any], text: Text, currency: str) -> str:
    """The value of a box with its interval: `62.0% (51.0%–72.0%)`; without one where it is counted, or its interval is not known."""
    value, low, high = (
        format_value(row.get(key), row.get("unit") or "", text, currency) for key in ("value", "low", "high")
    )
    if row.get("low") is None or row.get("high") is None or row["low"] == row["high"]:
        return value
    if row["high"] == float("inf"):
        return text("charts.interval_open", value=value, low=low)
    return text("charts.interval", value=value, low=low, high=high)


def _target(row: Mapping[str, Any], text: Text, currency: str) -> str:
    """The target of a box with its day: `→ 80.0% or more by 30 Sep 2026`; '' without one."""
    if row.get("target") is None:
        return ""
    target = format_value(row["target"], row.get("unit") or "", text, currency)
    target = text(f"project_score.target.{row.get('better') or 'neither'}", value=target)
    if row.get("by") is not None:
        target = text("project_score_picture.by", target=target, day=text.day(row["by"]))
    return text("project_score_picture.target", target=target)


def _alt_of_layers(boxes: Mapping[str, tuple[Box, ...]], text: Text) -> str:
    """How many boxes of each kind there are, and in which states."""
    parts = []
    for kind in LAYERS:
        states = [
            text("project_score_picture.of_state", state=state_words(state, text), n=text.number(count))
            for state in STATES
            if (count := sum(box.state == state for box in boxes[kind]))
        ]
        if states:
            parts.append(
                text(
                    "project_score_picture.of_kind",
                    kind=heading_of(kind, text),
                    states=text.join_list(states),
                )
            )
    return text("project_score_picture.between_kinds").join(parts)


def state_words(state: str, text: Text) -> str:
    """A state in words."""
    return text(f"project_score.state.{state}")


def heading_of(kind: str, text: Text) -> str:
    """The heading of a column of boxes."""
    return text(f"project_score_picture.kind.{kind}")

"""Where each part of a project score stands, by the headline number that it is bound to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import pandas as pd

from cs_helpers import analyses
from cs_helpers.comparison import compare, with_ends
from cs_helpers.contract.project_score import Element, MeasuredBy, ProjectScore
from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import Better
from cs_helpers.result import Metric, Result
from cs_helpers.snapshot import ProductData

MET, ON_THE_WAY, AWAY, NOT_MEASURED = "met", "on_the_way", "away", "not_measured"
State = Literal["met", "on_the_way", "away", "not_measured"]
#: how a number moved since then: against its target, or not beyond chance, or it is not known how it was
Movement = Literal["towards", "from", "unclear", "unknown"]
#: why a part is not measured: nothing is named, the number is not known, or neither of its directions is better
Reason = Literal["not_bound", "not_known", "no_direction"]

COLUMNS = (
    "metric", "unit", "value", "low", "high", "n", "target", "better", "by", "state", "reason", "before", "before_on", "moved",
)  # fmt: skip


def state_of(now: Metric, target: float, better: Better, before: Metric | None) -> tuple[State, Movement]:
    """The state of a number that has a value and a better direction, and how it moved from `before`.

    met: on the target or beyond it, with all of its 95 % interval; a number without an interval that is not a count is never
    surely met. Short of it: on_the_way, where it moved towards the target beyond chance (`comparison.compare`); where it
    did neither that nor the opposite, also where its interval reaches the target. Else away: it moved from the target, or
    stays short of it and no movement is seen.
    """
    sign = 1.0 if better == "higher" else -1.0
    value, low, high = (sign * one for one in with_ends(now))
    worst, best = (low, high) if better == "higher" else (high, low)
    moved = _movement(now, better, before)
    if worst >= sign * target:  # False where it is not known
        return "met", moved
    reaches = value >= sign * target or best >= sign * target
    if moved == "towards" or (moved != "from" and reaches):
        return "on_the_way", moved
    return "away", moved


def _movement(now: Metric, better: Better, before: Metric | None) -> Movement:
    change = compare(now, before, better, "previous_quarter") if before else None
    if change is None:
        return "unknown"
    return {"better": "towards", "worse": "from", "neither": "unclear"}[change.direction]  # type: ignore[return-value]


def better_of(metric: str) -> Better:
    """Which direction of a headline number `<analysis>.<metric>` is better."""
    analysis, _, name = metric.partition(".")
    return analyses.analysis(analysis).declares.metrics[name]


@dataclass
class Measured:
    """The states of what is bound to headline numbers, as of a quarter.

    results: of the analyses of these numbers. Numbers of earlier quarters are computed from today's data, so that corrected
    data or rules do not look like progress.
    """

    data: ProductData
    quarter: Quarter
    results: Mapping[str, Result]
    _past: dict[tuple[str, Quarter], Mapping[str, Metric]] = field(default_factory=dict)

    def row(self, bound: MeasuredBy | None, since: date) -> dict[str, Any]:
        """The columns of a part: `COLUMNS`. since: the day of the move from which it is bound to this number.

        before: the number at before_on, the last quarter's end before `since`, and before this quarter. moved: see `Movement`.
        """
        row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
            "state": NOT_MEASURED,
            "reason": "not_bound",
            "n": math.nan,
        }
        row |= dict.fromkeys(("value", "low", "high", "target", "before"), math.nan)
        if bound is None:
            return row
        analysis, _, name = bound.metric.partition(".")
        better = better_of(bound.metric)
        row |= {"metric": bound.metric, "target": bound.target, "by": bound.by, "better": better}
        now = self.results[analysis].metrics.get(name) if analysis in self.results else None
        if now is None or now.value is None or not math.isfinite(now.value):
            return row | {"reason": "not_known"}
        value, low, high = with_ends(now)
        row |= {"unit": now.unit, "value": value, "low": low, "high": high, "n": now.n}
        if better == "neither":
            return row | {"reason": "no_direction"}
        then = min(Quarter.latest_complete(since), self.quarter.back(1))
        before = self._number(analysis, name, then)
        state, moved = state_of(now, bound.target, better, before)
        row |= {"state": state, "reason": None, "moved": moved}
        if before is not None and before.is_known:
            row |= {"before": before.value, "before_on": then.end}
        return row

    def _number(self, analysis: str, name: str, quarter: Quarter) -> Metric | None:
        """A headline number at the end of an earlier quarter; None where it is not known."""
        selected = analyses.analysis(analysis)
        if (
            selected.declares.for_leadership is not None
        ):  # small numbers may be suppressed now, and would not be then
            return None
        key = analysis, quarter
        if key not in self._past:
            self._past[key] = selected.metrics_of(self.data, quarter)
        return self._past[key].get(name)


def bound_since(element: Element, moves: Sequence[ProjectScore]) -> date:
    """The day of the first of the last moves in which a part was bound to the number that it is bound to now.

    moves: oldest first; the part is of the last one.
    """
    since = moves[-1].moved_on
    for move in reversed(moves[:-1]):
        earlier = {(e.kind, e.id): e for e in move.elements}.get((element.kind, element.id))
        if _metric(earlier) != _metric(element):
            break
        since = move.moved_on
    return since


def _metric(element: Element | None) -> str | None:
    return element.measured_by.metric if element and element.measured_by else None


def picture(moves: Sequence[ProjectScore], measured: Measured) -> pd.DataFrame:
    """The parts of the last move, in the order of the file, and where each stands.

    Columns: id, kind (goal, winning_condition, purpose, measure, given), resource (of a given one), words_en, words_ja, means
    (id of the section means, of a measure), change (against the move before: `added`, `changed`, `kept`), and those of
    `Measured.row`.
    """
    return pd.DataFrame(_rows(moves, measured), columns=[*_OWN, *COLUMNS])


_OWN = ("id", "kind", "resource", "words_en", "words_ja", "means", "change")


def _rows(moves: Sequence[ProjectScore], measured: Measured) -> Iterator[dict[str, Any]]:
    before = {f"{e.kind} {e.id}": e for e in moves[-2].elements} if len(moves) > 1 else None
    for element in moves[-1].elements:
        yield {
            "id": element.id,
            "kind": element.kind,
            "resource": element.id if element.kind == "given" else None,
            "words_en": element.words.en,
            "words_ja": element.words.ja,
            "means": element.means,
            "change": _change(element, before),
            **measured.row(element.measured_by, bound_since(element, moves)),
        }


def _change(element: Element, before: Mapping[str, Element] | None) -> str:
    if before is None:
        return "kept"
    earlier = before.get(f"{element.kind} {element.id}")
    if earlier is None:
        return "added"
    return "kept" if earlier == element else "changed"


def links(score: ProjectScore) -> pd.DataFrame:
    """What leads to what: measures to purposes, purposes to the winning condition, and that to the goal."""
    rows = [(element.id, to) for element in score.elements for to in element.to]
    return pd.DataFrame(rows, columns=["from_id", "to_id"])

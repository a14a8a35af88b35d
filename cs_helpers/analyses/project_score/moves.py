"""The moves of a project score: what each changed, as the record of a game is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pandas as pd

from cs_helpers.analyses.project_score.states import better_of
from cs_helpers.contract.project_score import Element, ProjectScore
from cs_helpers.errors import ParameterError
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

ADDED, REMOVED, REWORDED, RETARGETED, RELINKED = "added", "removed", "reworded", "retargeted", "relinked"
_PARTS = ("en", "ja", "metric", "target", "by", "to", "means")
_OF_METRIC = ("unit", "better")
CHANGE_COLUMNS = (
    "kind", "id", "words_en", "words_ja", "change",
    *(f"{when}_{part}" for part in (*_PARTS, *_OF_METRIC) for when in ("before", "after")),
)  # fmt: skip
MOVE_COLUMNS = ("moved_on", "why_en", "why_ja", "elements", "added", "removed", "changed")


def between_moves(data: ProductData, *, between: Sequence[date | str]) -> ProductData:
    """The data with the project score as of the second day, and the move of the first day as the one before it.

    between: the days of two moves, to see what changed between them. Raises `ParameterError` where there are no such moves.
    """
    known = [str(score.moved_on) for score in data.product.scores]
    days = [str(day) for day in between] if isinstance(between, list | tuple) else [str(between)]
    if len(days) != 2 or not set(days) <= set(known) or days[0] >= days[1]:
        raise ParameterError(
            "between",
            "the days of two moves are needed, the earlier one first",
            value=", ".join(days),
            allowed=", ".join(known),
        )
    kept = tuple(
        score
        for score in data.product.scores
        if str(score.moved_on) <= days[0] or str(score.moved_on) == days[1]
    )
    return replace(data, product=data.product.model_copy(update={"scores": kept}))


def changes(
    older: ProjectScore, newer: ProjectScore, results: Mapping[str, Result] = MappingProxyType({})
) -> pd.DataFrame:
    """What a move changed, in the order of the newer file, then what it removed; a row for each kind of change of a part.

    Parts are the same where kind and id are. change: `added`, `removed`, `reworded`, `retargeted` (another number, target or
    day), `relinked` (it serves other purposes, or uses other means). Columns: kind, id, words_en, words_ja (of the part, as it is
    or was), change, and before_ and after_ en, ja, metric, target, by, to (a tuple of ids), means, and of the metric unit (from
    results, of its analysis) and better; missing where there was none.
    """
    table = pd.DataFrame(_changes(older, newer), columns=list(CHANGE_COLUMNS))
    for when in ("before", "after"):
        named = [name if isinstance(name, str) else None for name in table[f"{when}_metric"]]
        table[f"{when}_unit"] = [_unit(name, results) if name else None for name in named]
        table[f"{when}_better"] = [better_of(name) if name else None for name in named]
    return table


def _unit(metric: str, results: Mapping[str, Result]) -> str | None:
    analysis, _, name = metric.partition(".")
    found = results[analysis].metrics.get(name) if analysis in results else None
    return found.unit if found else None


def _changes(older: ProjectScore, newer: ProjectScore) -> Iterator[dict[str, Any]]:
    then = {(e.kind, e.id): e for e in older.elements}
    now = {(e.kind, e.id): e for e in newer.elements}
    for key, element in now.items():
        if key not in then:
            yield _change(ADDED, None, element)
            continue
        before = then[key]
        if before.words != element.words:
            yield _change(REWORDED, before, element)
        if before.measured_by != element.measured_by:
            yield _change(RETARGETED, before, element)
        if (set(before.to), before.means) != (set(element.to), element.means):
            yield _change(RELINKED, before, element)
    for key, element in then.items():
        if key not in now:
            yield _change(REMOVED, element, None)


def _change(change: str, before: Element | None, after: Element | None) -> dict[str, Any]:
    shown = after or before
    assert shown is not None
    row: dict[str, Any] = {
        "kind": shown.kind, "id": shown.id, "words_en": shown.words.en, "words_ja": shown.words.ja, "change": change,
    }  # fmt: skip
    for when, element in (("before", before), ("after", after)):
        bound = element.measured_by if element else None
        values = (
            element.words.en if element else None,
            element.words.ja if element else None,
            bound.metric if bound else None,
            bound.target if bound else None,
            bound.by if bound else None,
            element.to if element else (),
            element.means if element else None,
        )
        row |= {f"{when}_{part}": value for part, value in zip(_PARTS, values, strict=True)}
    return row


def move_table(moves: Sequence[ProjectScore]) -> pd.DataFrame:
    """The moves, the newest first: day, what made each, its number of parts, and how many it added, removed and changed.

    A part that was reworded and retargeted is changed once. Of the first move nothing is said to have changed.
    """
    rows = []
    for n, move in enumerate(moves):
        row: dict[str, Any] = {
            "moved_on": move.moved_on, "why_en": move.why.en, "why_ja": move.why.ja, "elements": len(move.elements),
        }  # fmt: skip
        if n:
            made = changes(moves[n - 1], move)
            kinds = made.groupby(["kind", "id"])["change"].first()
            added, removed = (int((kinds == one).sum()) for one in (ADDED, REMOVED))
            row |= {"added": added, "removed": removed, "changed": len(kinds) - added - removed}
        rows.append(row)
    return pd.DataFrame(rows[::-1], columns=list(MOVE_COLUMNS))

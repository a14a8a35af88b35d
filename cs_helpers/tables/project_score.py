"""Tables of the project score: the state of each part, what a move changed, the moves, and what stakeholders take for winning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.tables.units import format_value
from cs_helpers.text import Text


def states(result: Result, text: Text) -> Listing:
    """Each part that can be bound to a number: where the number stands, its target, how it was before, and the state."""
    known = result.tables["states"]
    rows = known.assign(
        part=[_part(row.kind, _words(row, "words", text), text) for row in known.itertuples()],
        **_number_columns(known, result, text),
    )
    return _listing("states", rows, ("part", "number", "value", "target", "before", "state"), text)


def changes(result: Result, text: Text) -> Listing:
    """What the last move changed: each part, the kind of change, and how it was before and after."""
    known = result.tables["changes"]
    names = _names_of_parts(result, text)
    rows = known.assign(
        part=[_part(row.kind, _words(row, "words", text), text) for row in known.itertuples()],
        change=[text(f"project_score.change.{change}") for change in known["change"]],
        **{
            when: [_side(row, when, names, result, text) for row in known.itertuples()]
            for when in ("before", "after")
        },
    )
    return _listing("changes", rows, ("part", "change", "before", "after"), text)


def moves(result: Result, text: Text) -> Listing:
    """The moves, the newest first: the day, what made each, and how many parts it added, removed and changed."""
    known = result.tables["moves"]
    counts = ("elements", "added", "removed", "changed")
    rows = known.assign(
        moved_on=[text.day(day) for day in known["moved_on"]],
        why=[_words(row, "why", text) for row in known.itertuples()],
        **{name: [text.number(value) for value in known[name]] for name in counts},
    )
    return _listing("moves", rows, ("moved_on", "why", *counts), text, right=counts)


def stakeholders(result: Result, text: Text) -> Listing:
    """What each stakeholder takes for winning, in words and as a number, and where that number stands."""
    known = result.tables["stakeholders"]
    rows = known.assign(
        role=[_words(row, "role", text) for row in known.itertuples()],
        words=[_words(row, "words", text) for row in known.itertuples()],
        purposes=["\n".join(purposes) or "–" for purposes in known[f"purposes_{text.language}"]],
        **_number_columns(known, result, text),
    )
    columns = ("role", "words", "purposes", "number", "value", "target", "state")
    return _listing("stakeholders", rows, columns, text)


def stakeholder_pairs(result: Result, text: Text) -> Listing:
    """Each two stakeholders: the words that their winning conditions share, and those of one of them alone."""
    known = result.tables["stakeholder_pairs"]
    rows = known.assign(
        pair=[
            text("project_score.pair", a=_words(row, "role_a", text), b=_words(row, "role_b", text))
            for row in known.itertuples()
        ],
        **{
            part: [text.join_list(list(words)) or "–" for words in known[f"{part}_{text.language}"]]
            for part in ("shared", "only_a", "only_b")
        },
        bound=[text(f"project_score.bound.{code}") for code in known["bound"]],
    )
    columns = ("pair", "shared", "only_a", "only_b", "bound")
    return _listing("stakeholder_pairs", rows, columns, text)


def _listing(
    question: str, rows: pd.DataFrame, columns: Iterable[str], text: Text, right: tuple[str, ...] = ()
) -> Listing:
    listing = table(
        rows.head(MAX_ROWS), text.headings(f"project_score.{question}", *columns), name=question.replace("_", "-"),
        right=right, all_rows=rows,
    )  # fmt: skip
    return replace(listing, is_stacked=True)


def _part(kind: str, words: str, text: Text) -> str:
    return text("project_score.part", kind=text(f"project_score.kind.{kind}"), words=words)


def _words(row: Any, name: str, text: Text) -> str:
    """The words of a row in the language of the page."""
    return str(getattr(row, f"{name}_{text.language}"))


def _number_columns(known: pd.DataFrame, result: Result, text: Text) -> dict[str, list[str]]:
    """The columns number, value, target, before and state of rows of `states.Measured.row`."""
    currency = result.settings["currency"]
    cells = [_number_cells(row, text, currency) for row in known.itertuples()]
    names = ("number", "value", "target", "before", "state")
    return {name: [row[n] for row in cells] for n, name in enumerate(names)}


def _number_cells(row: Any, text: Text, currency: str) -> tuple[str, str, str, str, str]:
    state = _state(row, text)
    if not isinstance(row.metric, str):
        return "–", "–", "–", "–", state
    name = text.kpi(row.metric)
    if not isinstance(row.unit, str):
        return name, "–", "–", "–", state
    value = format_value(row.value, row.unit, text, currency)
    if row.low == row.low and row.high == row.high and row.low != row.high:
        low, high = (format_value(end, row.unit, text, currency) for end in (row.low, row.high))
        value = text("project_score.within", value=value, low=low, high=high)
    before = "–"
    if row.before == row.before:
        before = text(
            "project_score.on", value=format_value(row.before, row.unit, text, currency), day=text.day(row.before_on)
        )  # fmt: skip
    return name, value, _target(row.target, row.unit, row.better, row.by, text, currency), before, state


def _target(target: float, unit: str, better: str, by: Any, text: Text, currency: str) -> str:
    """A target as at least or at most, with the day by which it is to be reached, where there is one."""
    value = text(f"project_score.target.{better}", value=format_value(target, unit, text, currency))
    return text("project_score.by", target=value, by=text.day(by)) if _is_given(by) else value


def _state(row: Any, text: Text) -> str:
    """The state, and why it is so."""
    state = text(f"project_score.state.{row.state}")
    if row.state == "met":
        return state
    why = row.reason if row.state == "not_measured" else row.moved
    return text("project_score.because", state=state, why=text(f"project_score.why.{row.state}.{why}"))


def _side(row: Any, when: str, names: dict[str, str], result: Result, text: Text) -> str:
    """How a part was before or after a change, in what the change is about; an en dash where there was no part."""
    if not isinstance(words := getattr(row, f"{when}_{text.language}"), str):
        return "–"
    if row.change == "retargeted":
        return _bound(row, when, result, text)
    if row.change == "relinked":
        serves = "\n".join(names.get(name, name) for name in getattr(row, f"{when}_to"))
        means = getattr(row, f"{when}_means")
        if not isinstance(means, str):
            return text("project_score.serves", purposes=serves)
        return text("project_score.serves_by", purposes=serves, means=text.label("means", means))
    return words


def _bound(row: Any, when: str, result: Result, text: Text) -> str:
    """The number, target and day to which a part was bound before or after a change."""
    metric, by = getattr(row, f"{when}_metric"), getattr(row, f"{when}_by")
    if not isinstance(metric, str):
        return text("project_score.no_number")
    unit, better = getattr(row, f"{when}_unit"), getattr(row, f"{when}_better")
    target = _target(
        getattr(row, f"{when}_target"), unit if isinstance(unit, str) else "amount", better, by, text,
        result.settings["currency"],
    )  # fmt: skip
    return text("project_score.number", number=text.kpi(metric), target=target)


def _names_of_parts(result: Result, text: Text) -> dict[str, str]:
    """The words of each part, by its id, also of those that a move removed."""
    parts = pd.concat([result.tables["changes"], result.tables["picture"]])
    return dict(zip(parts["id"], parts[f"words_{text.language}"], strict=True))


def _is_given(value: Any) -> bool:
    return value is not None and value == value

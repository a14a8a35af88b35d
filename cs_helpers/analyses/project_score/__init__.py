"""The project score (プ譜): how the project is meant to be won, move by move, and where each part of it stands by the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from cs_helpers.analyses.project_score.declared import DECLARES as DECLARES
from cs_helpers.analyses.project_score.moves import changes, move_table
from cs_helpers.analyses.project_score.stakeholders import stakeholder_pairs, stakeholder_table
from cs_helpers.analyses.project_score.states import MET, Measured, links, picture
from cs_helpers.analyses.project_score.verdicts import picture_verdict
from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.project_score import ProjectScore
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Answers, Note, Result
from cs_helpers.snapshot import ProductData


def analyse(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
    """The project score of a product at the end of a quarter, of the moves until then.

    results: of the analyses whose headline numbers the score names. Tables: `picture` and `links`: see `states.picture` and
    `states.links`; `states`: the rows of `picture` that can be bound to a number; `changes` (of the last move) and `moves`: see
    `moves.changes` and `moves.move_table`; `stakeholders` and `stakeholder_pairs`: see `stakeholders`. Settings: moved_on, the
    day of the last move; moved_before, that of the one before (None: there is none); moves, their number.
    """
    answers = Answers()
    moves = [score for score in data.product.scores if score.moved_on <= quarter.end]
    settings: dict[str, Any] = {}
    if moves:
        _add_picture(answers, moves, Measured(data, quarter, results), quarter)
        _add_moves(answers, moves, results)
        before = moves[-2].moved_on if len(moves) > 1 else None
        settings = {"moved_on": moves[-1].moved_on, "moved_before": before, "moves": len(moves)}
    elif data.product.scores:
        first = data.product.scores[0].moved_on
        answers.notes += [Note("no_move_yet", question, {"first": first}) for question in DECLARES.questions]
    else:
        answers.notes += [Note("no_score", question, {}) for question in DECLARES.questions]
    time = customer_time_as_of(data, quarter.end)
    return Result(
        "project_score",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        len(time.customers(quarter.end)),
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        settings,
        verdicts=answers.verdicts,
    )


def _add_picture(
    answers: Answers, moves: Sequence[ProjectScore], measured: Measured, quarter: Quarter
) -> None:
    """The questions `picture` and `states`, `stakeholders` and `stakeholder_pairs`."""
    rows = picture(moves, measured)
    states = rows[rows["kind"].isin(("winning_condition", "purpose", "measure"))].reset_index(drop=True)
    answers.tables |= {"picture": rows, "links": links(moves[-1]), "states": states}
    answers.verdicts["picture"] = picture_verdict(rows)
    answers.notes += _notes_on_states(states, quarter)
    if len(moves[-1].purposes) == 1:
        answers.notes.append(Note("one_purpose", "picture", {}))
    said = len(moves[-1].stakeholders)
    if not said:
        answers.notes += [
            Note("no_stakeholders", question, {}) for question in ("stakeholders", "stakeholder_pairs")
        ]
        return
    answers.tables["stakeholders"] = stakeholder_table(moves, measured)
    if said == 1:
        answers.notes.append(Note("one_stakeholder", "stakeholder_pairs", {}))
    else:
        answers.tables["stakeholder_pairs"] = stakeholder_pairs(moves[-1])


def _add_moves(answers: Answers, moves: Sequence[ProjectScore], results: Mapping[str, Result]) -> None:
    """The questions `changes` and `moves`."""
    answers.tables["moves"] = move_table(moves)
    if len(moves) == 1:
        answers.notes.append(Note("first_move", "changes", {}))
    else:
        answers.tables["changes"] = changes(moves[-2], moves[-1], results)


def _notes_on_states(states: pd.DataFrame, quarter: Quarter) -> Iterator[Note]:
    """What must be known about the states: numbers that are not known, or not better in a direction, and days that are over."""
    if named := _words(states[states["reason"] == "not_known"]):
        yield Note("number_unknown", "states", {"goals": named})
    if named := _words(states[states["reason"] == "no_direction"]):
        yield Note("no_direction", "states", {"goals": named})
    is_over = states["by"].map(lambda by: by is not None and by == by and by <= quarter.end)
    if named := _words(states[is_over.astype(bool) & (states["state"] != MET)]):
        yield Note("day_over", "states", {"goals": named})


def _words(rows: pd.DataFrame) -> tuple[Words, ...]:
    return tuple(Words(en=row.words_en, ja=row.words_ja) for row in rows.itertuples())

"""The project score (プ譜): how the project is meant to be won, move by move, and where each part of it stands by the numbers."""

from __future__ import annotations

from collections.abc import Mapping

from cs_helpers.analyses.project_score.declared import DECLARES as DECLARES
from cs_helpers.analyses.project_score.states import Measured, links, picture
from cs_helpers.analyses.project_score.verdicts import picture_verdict
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Answers, Note, Result
from cs_helpers.snapshot import ProductData


def analyse(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
    """The project score of a product at the end of a quarter, of the moves until then.

    results: of the analyses whose headline numbers the score names. Tables: `picture` and `links`: see `states.picture` and
    `states.links`. Settings: moved_on, the day of the last move, and moves, their number.
    """
    answers = Answers()
    moves = [score for score in data.product.scores if score.moved_on <= quarter.end]
    if moves:
        rows = picture(moves, Measured(data, quarter, results))
        answers.tables |= {"picture": rows, "links": links(moves[-1])}
        answers.verdicts["picture"] = picture_verdict(rows)
        settings = {"moved_on": moves[-1].moved_on, "moves": len(moves)}
    else:
        first = data.product.scores[0].moved_on if data.product.scores else None
        code = Note("no_move_yet", "picture", {"day": first}) if first else Note("no_score", "picture", {})
        answers.notes.append(code)
        settings = {}
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

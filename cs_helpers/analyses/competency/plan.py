"""The plan of the structured interview: how its minutes go to the elements, against what the elements weigh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.contract.team import Team
from cs_helpers.result import Finding, Verdict

UNCOVERED, ONE_QUESTION, COVERED, NOT_ASKED, NO_WEIGHT = (
    "uncovered", "one_question", "covered", "not_asked", "no_weight",
)  # fmt: skip


def plan_table(team: Team) -> pd.DataFrame:
    """Each declared element: its share of the weights, and the minutes of the questions about it.

    The minutes of a question over several elements are split equally between them. Columns: element, weight, weight_share,
    minutes, minutes_share, recommended (minutes, by weight), questions (their number), state: `uncovered` (weight, and no
    question), `one_question`, `covered` (two or more), `no_weight` (asked for, and weight 0), `not_asked` (neither).
    """
    minutes = dict.fromkeys((element.id for element in team.elements), 0.0)
    questions = dict.fromkeys(minutes, 0)
    for question in team.questions:
        elements = dict.fromkeys(question.elements)
        for name in elements:
            minutes[name] += question.minutes / len(elements)
            questions[name] += 1
    weights = sum(element.weight for element in team.elements)
    in_all = sum(question.minutes for question in team.questions)
    rows: list[dict[str, Any]] = []
    for element in team.elements:
        share = element.weight / weights if weights else np.nan
        asked = questions[element.id]
        if element.weight:
            state = COVERED if asked > 1 else ONE_QUESTION if asked else UNCOVERED
        else:
            state = NO_WEIGHT if asked else NOT_ASKED
        rows.append(
            {
                "element": element.id, "weight": element.weight, "weight_share": share,
                "minutes": minutes[element.id], "minutes_share": minutes[element.id] / in_all,
                "recommended": share * in_all, "questions": asked, "state": state,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def question_table(team: Team) -> pd.DataFrame:
    """Each question: question, elements (ids), minutes, and state: `no_weight` where no element of it has any, else `covered`."""
    weights = {element.id: element.weight for element in team.elements}
    rows = [
        {
            "question": question.id,
            "elements": tuple(dict.fromkeys(question.elements)),
            "minutes": question.minutes,
            "state": COVERED if any(weights[element] for element in question.elements) else NO_WEIGHT,
        }
        for question in team.questions
    ]
    return pd.DataFrame(rows, columns=["question", "elements", "minutes", "state"])


def covered_share(plan: pd.DataFrame) -> float:
    """The share of the weights whose elements any question is about; NaN where nothing has a weight."""
    return float(plan.loc[plan["questions"] > 0, "weight_share"].sum()) if plan["weight"].any() else np.nan


def plan_verdict(plan: pd.DataFrame) -> Verdict:
    """The verdict on the plan, with minutes (in all) and of (the elements with weight).

    `uncovered` (elements: those without a question, share: of the weights), `thin` (thin: so many have one question only)
    or `covered`; `no_weights` (minutes): no element has a weight.
    """
    with_weight = plan[plan["weight"] > 0]
    fields: dict[str, Any] = {"minutes": float(plan["minutes"].sum()), "of": len(with_weight)}
    if with_weight.empty:
        return Verdict("no_weights", {"minutes": fields["minutes"]})
    if (uncovered := with_weight[with_weight["state"] == UNCOVERED]).size:
        share = float(uncovered["weight_share"].sum())
        return Verdict("uncovered", fields | {"elements": tuple(uncovered["element"]), "share": share})
    if thin := int((with_weight["state"] == ONE_QUESTION).sum()):
        return Verdict("thin", fields | {"thin": thin})
    return Verdict("covered", fields)


def plan_findings(tables: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    """`uncovered`: elements that count in an interview, and that no question is about."""
    plan = tables.get("plan")
    if plan is None:
        return
    uncovered = plan[plan["state"] == UNCOVERED]
    if len(uncovered):
        yield Finding(
            "uncovered", "plan", "worse", "counted", len(plan), value=float(uncovered["weight_share"].sum()),
            unit="share", fields={"elements": tuple(uncovered["element"])},
        )  # fmt: skip

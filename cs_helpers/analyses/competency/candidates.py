"""Candidates: their weighted scores with intervals, what they were not asked, and who can be told apart. Nobody is ranked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.contract.team import Team
from cs_helpers.result import Verdict
from cs_helpers.statistics.panel_scores import interviewer_spread, question_spread, reach


def question_weights(team: Team, asked: pd.Index) -> pd.Series:
    """How much each asked question counts in the weighted score, with the sum 1; empty where no asked element has a weight.

    An element's score is the mean over its asked questions, and the score in all the mean over the elements that were asked,
    by their weights.
    """
    weights = pd.Series(0.0, asked)
    for element in team.elements:
        about = [q.id for q in team.questions if element.id in q.elements and q.id in asked]
        if about:
            weights[about] += element.weight / len(about)
    return weights / weights.sum() if weights.sum() > 0 else weights.iloc[:0]


def candidate_table(team: Team, scores: pd.DataFrame) -> pd.DataFrame:
    """Each candidate, by key: the weighted score with its interval, what was asked, by whom, and who can be told apart.

    Columns: candidate, interviewed_on (last), interviewers (tuple), asked (number of questions), missing (tuple of ids),
    score, low, high_end, apart_from (candidates whose intervals do not overlap), keep_until (the first of their rows).
    """
    declared = [question.id for question in team.questions]
    scores = scores[scores["question"].isin(declared)]
    of_questions, of_interviewers = question_spread(scores), interviewer_spread(scores)
    rows: list[dict[str, Any]] = []
    for candidate, given in scores.groupby("candidate", sort=True):
        means = given.groupby("question")["score"].mean()
        weights = question_weights(team, means.index)
        row: dict[str, Any] = {
            "candidate": candidate,
            "interviewed_on": given["interviewed_on"].max(),
            "interviewers": tuple(sorted(given["interviewer"].unique())),
            "asked": len(means),
            "missing": tuple(one for one in declared if one not in means.index),
            "score": np.nan, "low": np.nan, "high_end": np.nan,
            "keep_until": given["keep_until"].min(),
        }  # fmt: skip
        if len(weights):
            row["score"] = float((means[weights.index] * weights).sum())
            an_answer = float(given.groupby("question")["interviewer"].nunique()[weights.index].mean())
            half = reach(weights.to_numpy(), an_answer, of_questions, of_interviewers)
            # no score lies outside the scale
            row |= {"low": max(row["score"] - half, 1.0), "high_end": min(row["score"] + half, 5.0)}
            if half != half:
                row |= {"low": np.nan, "high_end": np.nan}
        rows.append(row)
    columns = [
        "candidate", "interviewed_on", "interviewers", "asked", "missing", "score", "low", "high_end", "keep_until",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    table["apart_from"] = [
        tuple(table.loc[(table["high_end"] < row.low) | (table["low"] > row.high_end), "candidate"])
        for row in table.itertuples()
    ]
    return table


def candidate_verdict(table: pd.DataFrame) -> Verdict:
    """The verdict on the candidates.

    `apart` (pairs whose intervals do not overlap, of, people), `alike` (of: the intervals of all pairs overlap), `one` (one
    candidate) or `no_interval` (nothing is known of how scores vary).
    """
    n = len(table)
    if n < 2:
        return Verdict("one")
    known = int(table["low"].notna().sum())
    if known < 2:
        return Verdict("no_interval")
    pairs = sum(len(names) for names in table["apart_from"]) // 2
    return Verdict(
        "apart" if pairs else "alike", {"pairs": pairs, "of": known * (known - 1) // 2, "people": n}
    )


def element_table(team: Team, scores: pd.DataFrame) -> pd.DataFrame:
    """The score of each candidate on each element that has a question: candidate, element, score (missing: not asked), scores (number)."""
    rows: list[dict[str, Any]] = []
    asked = [(e.id, [q.id for q in team.questions if e.id in q.elements]) for e in team.elements]
    for candidate, given in scores.groupby("candidate", sort=True):
        for element, questions in asked:
            if questions:
                about = given[given["question"].isin(questions)]
                mean = about.groupby("question")["score"].mean().mean()
                rows.append({"candidate": candidate, "element": element, "score": mean, "scores": len(about)})
    return pd.DataFrame(rows, columns=["candidate", "element", "score", "scores"])

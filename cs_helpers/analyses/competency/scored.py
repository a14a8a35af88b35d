"""Whether interviewers score the same answers alike, and whether one is stricter than the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.competency.profile import (
    ALIKE,
    DISAGREE,
    LEVEL,
    TOO_FEW,
    agreement,
    agreement_verdict,
)
from cs_helpers.contract.team import Team
from cs_helpers.customers.staff import of_the_year
from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Finding, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.small_groups import holm, mean_from_zero

MILDER, STRICTER = "milder", "stricter"


def scores_at(data: ProductData, end: date) -> pd.DataFrame:
    """The scores of candidates interviewed in the 12 months that end with a day."""
    return of_the_year(data["candidate_scores"], "interviewed_on", end).astype({"score": "float64"})


def agreement_table(team: Team, scores: pd.DataFrame) -> pd.DataFrame:
    """Each question and all of them (`all`): whether interviewers give the same answer similar scores.

    Columns: question, candidates_scored (by two interviewers or more), scores (of these), alpha (Krippendorff's, ordinal),
    low, high_end (over resampled candidates), verdict.
    """
    declared = [question.id for question in team.questions]
    rows: list[dict[str, Any]] = []
    for name, questions in (*((one, [one]) for one in declared), ("all", declared)):
        given = scores[scores["question"].isin(questions)]
        candidates, n, alpha, low, high = agreement(given, "question", "candidate")
        rows.append(
            {
                "question": name, "candidates_scored": candidates, "scores": n, "alpha": alpha, "low": low,
                "high_end": high, "verdict": agreement_verdict(candidates, alpha, low, high),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def severity_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Each interviewer, by name: the mean of their scores less those of the others for the same answers.

    A candidate counts once. Columns: interviewer, candidates_scored (with others), answers, difference, low, high_end, p
    (corrected for the number of interviewers, Holm), verdict (`milder`, `stricter`, `alike`, `too_few`).
    """
    rows: list[dict[str, Any]] = []
    for interviewer, own in scores.groupby("interviewer", sort=True):
        rest = scores[scores["interviewer"] != interviewer]
        others = rest.groupby(["candidate", "question"])["score"].mean().rename("others").reset_index()
        both = own.merge(others, on=["candidate", "question"])
        apart = (both["score"] - both["others"]).groupby(both["candidate"]).mean().to_numpy(float)
        row = {"interviewer": interviewer, "candidates_scored": len(apart), "answers": len(both)}
        row |= dict.fromkeys(("difference", "low", "high_end", "p"), np.nan) | {"verdict": TOO_FEW}
        if len(apart) >= MIN_PEOPLE:
            found = mean_from_zero(apart)
            row |= {"difference": found.value, "low": found.low, "high_end": found.high, "p": found.p}
            row["verdict"] = ALIKE
        rows.append(row)
    names = ["interviewer", "candidates_scored", "answers", "difference", "low", "high_end", "p", "verdict"]
    table = pd.DataFrame(rows, columns=names)
    table["p"] = holm(table["p"].tolist())
    clear = table["p"] < LEVEL
    table.loc[clear, "verdict"] = np.where(table.loc[clear, "difference"] > 0, MILDER, STRICTER)
    return table


def severity_verdict(table: pd.DataFrame) -> Verdict:
    """`apart` (apart: so many are milder or stricter than the others, of), `alike` (of) or `too_few`."""
    compared = table[table["verdict"] != TOO_FEW]
    if compared.empty:
        return Verdict("too_few")
    apart = int((compared["verdict"] != ALIKE).sum())
    return Verdict("apart" if apart else "alike", {"apart": apart, "of": len(compared)})


def agreement_findings(tables: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    """`calibrate`: questions on which interviewers surely agree too little."""
    table = tables.get("agreement")
    if table is None:
        return
    for row in table[(table["verdict"] == DISAGREE) & (table["question"] != "all")].itertuples():
        yield Finding(
            "calibrate", "agreement", "worse", "clear", int(row.candidates_scored),
            value=row.alpha, low=row.low, high=row.high_end, unit="amount", size_unit="amount", fields={"interview_question": row.question},
        )  # fmt: skip

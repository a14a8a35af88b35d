"""Competency: what sets high performers apart, whether the interview asks for it, and whether interviewers see the same."""

from __future__ import annotations

from itertools import chain

import pandas as pd

from cs_helpers.analyses.competency.candidates import (
    candidate_table,
    candidate_verdict,
    element_table,
)
from cs_helpers.analyses.competency.declared import DECLARES as DECLARES
from cs_helpers.analyses.competency.plan import (
    covered_share,
    plan_findings,
    plan_table,
    plan_verdict,
    question_table,
)
from cs_helpers.analyses.competency.profile import (
    APART,
    OTHER_WAY,
    TOO_FEW,
    overall_agreement,
    profile_findings,
    profile_table,
    profile_verdict,
    rater_agreement_table,
    rater_table,
    rating_notes,
    self_table,
    self_verdict,
)
from cs_helpers.analyses.competency.ratings import Ratings
from cs_helpers.analyses.competency.scored import (
    agreement_findings,
    agreement_table,
    scores_at,
    severity_table,
    severity_verdict,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.team import Team
from cs_helpers.customers.staff import first_day
from cs_helpers.result import Answers, Metric, Note, Result
from cs_helpers.snapshot import ProductData

_OF_RATINGS = ("profile", "self_ratings", "rater_agreement", "raters")
_OF_PLAN = ("plan", "plan_questions")
_OF_CANDIDATES = ("agreement", "severity", "candidates", "candidate_elements")


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The section `team` of the product file, with the ratings and interviews of the 12 months to the quarter's end.

    Tables: see `profile`, `plan`, `scored` and `candidates`. Metrics: `rated` (people rated by others), `apart` (elements that
    set high performers apart), `covered` (share of the weights that questions are about), `interview_minutes`,
    `interview_agreement` (alpha over all questions), `kept` (candidates whose scores may still be kept). Settings:
    interviewers (their number). n: the people rated.
    """
    team, answers = data.product.team, Answers()
    n = interviewers = 0
    if team is None:
        answers.notes += [Note("no_team", about, {}) for about in (*_OF_RATINGS, *_OF_PLAN, *_OF_CANDIDATES)]
    elif not team.elements:
        everything = (*_OF_RATINGS, *_OF_PLAN, *_OF_CANDIDATES)
        answers.notes += [Note("no_elements", about, {}) for about in everything]
    else:
        n = _ratings(answers, data, team, quarter)
        _plan(answers, team)
        interviewers = _candidates(answers, data, team, quarter)
    findings = chain(
        profile_findings(answers.tables), plan_findings(answers.tables), agreement_findings(answers.tables)
    )
    return Result(
        "competency", data.product.product, quarter, first_day(quarter.end), data.as_of, n,
        answers.tables, answers.metrics, tuple(answers.notes), {"interviewers": interviewers},
        verdicts=answers.verdicts, findings=tuple(findings),
    )  # fmt: skip


def _ratings(answers: Answers, data: ProductData, team: Team, quarter: Quarter) -> int:
    """The questions on ratings; returns the number of people rated."""
    if missing := data.missing("staff", "competency_ratings"):
        answers.notes += [Note("missing_table", about, {"tables": missing}) for about in _OF_RATINGS]
        return 0
    ratings = Ratings.at(data, team, quarter.end)
    people = len(ratings.means)
    if not people:
        answers.notes += [Note("no_ratings", about, {"quarter": str(quarter)}) for about in _OF_RATINGS]
        return 0
    answers.metrics["rated"] = Metric("rated", float(people), "count", people, exact=True)
    answers.notes += rating_notes(ratings)
    if ratings.rated and quarter < Quarter.latest_complete(data.as_of):
        answers.notes.append(Note("high_today", "profile", {}))
    if ratings.rated:
        profile = profile_table(team, ratings)
        answers.tables["profile"], answers.verdicts["profile"] = profile, profile_verdict(profile)
        compared = int((profile["verdict"] != TOO_FEW).sum())
        if compared:
            apart = float(profile["verdict"].isin((APART, OTHER_WAY)).sum())
            answers.metrics["apart"] = Metric("apart", apart, "count", compared)
    else:
        answers.notes.append(Note("none_known", "profile", {}))
    if ratings.self_scores.empty:
        answers.notes.append(Note("no_self", "self_ratings", {}))
    else:
        own = self_table(team, ratings)
        answers.tables["self_ratings"], answers.verdicts["self_ratings"] = own, self_verdict(own)
    agreed = rater_agreement_table(team, ratings)
    answers.tables["rater_agreement"] = agreed
    answers.verdicts["rater_agreement"] = overall_agreement(agreed, "element")
    answers.tables["raters"] = rater_table(ratings)
    return people


def _plan(answers: Answers, team: Team) -> None:
    """The questions on the plan of the interview."""
    if not team.questions:
        answers.notes += [Note("no_questions", about, {}) for about in _OF_PLAN]
        return
    plan, questions = plan_table(team), question_table(team)
    answers.tables |= {"plan": plan, "plan_questions": questions}
    answers.verdicts["plan"] = plan_verdict(plan)
    covered = covered_share(plan)
    if covered == covered:
        answers.metrics["covered"] = Metric("covered", covered, "share", len(plan), exact=True)
    minutes = float(questions["minutes"].sum())
    answers.metrics["interview_minutes"] = Metric("interview_minutes", minutes, "count", len(questions))
    without = questions.loc[questions["state"] == "no_weight", "question"]
    if len(without):
        note = Note("questions_without_weight", "plan_questions", {"interview_questions": tuple(without)})
        answers.notes.append(note)


def _candidates(answers: Answers, data: ProductData, team: Team, quarter: Quarter) -> int:
    """The questions on candidates; returns the number of interviewers."""
    if missing := data.missing("candidate_scores"):
        answers.notes += [Note("missing_table", about, {"tables": missing}) for about in _OF_CANDIDATES]
        return 0
    if not team.questions:
        answers.notes += [Note("no_questions", about, {}) for about in _OF_CANDIDATES]
        return 0
    scores = scores_at(data, quarter.end)  # a snapshot gives none that may no longer be kept
    declared = scores["question"].isin([question.id for question in team.questions])
    undeclared = tuple(sorted(scores.loc[~declared, "question"].unique()))
    scores = scores[declared]
    if scores.empty:
        answers.notes += [Note("no_candidates", about, {"quarter": str(quarter)}) for about in _OF_CANDIDATES]
        return 0
    if undeclared:
        answers.notes.append(Note("undeclared_questions", "agreement", {"names": undeclared}))
    kept = int(scores["candidate"].nunique())
    answers.metrics["kept"] = Metric("kept", float(kept), "count", kept)
    _interviewers(answers, team, scores)
    table = candidate_table(team, scores)
    answers.tables |= {"candidates": table, "candidate_elements": element_table(team, scores)}
    answers.verdicts["candidates"] = candidate_verdict(table)
    return int(scores["interviewer"].nunique())


def _interviewers(answers: Answers, team: Team, scores: pd.DataFrame) -> None:
    """The questions on how interviewers score the same answers."""
    if not (scores.groupby(["candidate", "question"])["interviewer"].nunique() > 1).any():
        answers.notes += [Note("no_two_scores", about, {}) for about in ("agreement", "severity")]
        answers.notes.append(Note("over_questions_only", "candidates", {}))
        return
    table = agreement_table(team, scores)
    answers.tables["agreement"] = table
    answers.verdicts["agreement"] = overall_agreement(table, "question")
    row = table[table["question"] == "all"].iloc[0]
    if row["alpha"] == row["alpha"]:
        low, high = (None if row[c] != row[c] else float(row[c]) for c in ("low", "high_end"))
        answers.metrics["interview_agreement"] = Metric(
            "interview_agreement", float(row["alpha"]), "amount", int(row["scores"]), low, high
        )
    severity = severity_table(scores)
    answers.tables["severity"], answers.verdicts["severity"] = severity, severity_verdict(severity)

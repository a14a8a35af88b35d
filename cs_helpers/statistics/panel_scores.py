"""Scores of candidates on several questions by several interviewers: how far a mean may be from what others would give.

The idea is that of generalisability theory (Cronbach, Gleser, Nanda, Rajaratnam 1972): another set of questions or another
panel would have given another mean, and how much the scores within candidates vary tells by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

#: whole scores hide up to half a point: candidates whose scores are all the same are not known without any error
_ROUNDING = 1 / 12


@dataclass(frozen=True)
class Spread:
    """A variance within candidates, pooled over all of them, and its degrees of freedom (0: it is not known)."""

    variance: float
    freedom: int


def question_spread(scores: pd.DataFrame) -> Spread:
    """How the mean scores of the questions vary within candidates, beyond how difficult each question is for all.

    scores: candidate, question, interviewer, score. With one candidate nobody knows which questions are difficult, and all
    of the variation counts.
    """
    means = scores.groupby(["candidate", "question"])["score"].mean().reset_index()
    away = means["score"] - means.groupby("candidate")["score"].transform("mean")
    candidates, questions = means["candidate"].nunique(), means["question"].nunique()
    freedom = len(means) - candidates - questions + 1
    if candidates > 1 and freedom > 0:
        away = away - away.groupby(means["question"]).transform("mean")
    else:
        freedom = len(means) - candidates
    return _spread(away, freedom)


def interviewer_spread(scores: pd.DataFrame) -> Spread:
    """How the mean scores of the interviewers vary within candidates: by how strict they are, and by what they see.

    Only answers are compared that several interviewers scored.
    """
    answers = scores.groupby(["candidate", "question"])["score"]
    away = (scores["score"] - answers.transform("mean"))[answers.transform("size") > 1]
    rows = scores.loc[away.index]
    means = away.groupby([rows["candidate"], rows["interviewer"]]).mean()
    if means.empty:
        return Spread(np.nan, 0)
    centred = means - means.groupby(level=0).transform("mean")
    return _spread(centred, len(means) - means.index.get_level_values(0).nunique())


def _spread(away: pd.Series, freedom: int) -> Spread:
    return Spread(float((away**2).sum()) / freedom, freedom) if freedom > 0 else Spread(np.nan, 0)


def reach(weights: np.ndarray, interviewers: float, of_questions: Spread, of_interviewers: Spread) -> float:
    """Half the width of the 95 % interval of a candidate's weighted mean; NaN where nothing is known of the variation.

    weights: of the candidate's questions in the mean, with the sum 1. interviewers: how many scored an answer of theirs, in the mean.
    Where no answer was scored by two, the interval counts the questions only.
    """
    if of_questions.freedom:
        of_questions = Spread(max(of_questions.variance, _ROUNDING), of_questions.freedom)
    parts = [(of_questions, float((weights**2).sum())), (of_interviewers, 1 / interviewers)]
    known = [(spread, part) for spread, part in parts if spread.freedom > 0]
    if not known:
        return np.nan
    variance = sum(spread.variance * part for spread, part in known)
    # Satterthwaite 1946: the degrees of freedom of a sum of variances
    below = sum((spread.variance * part) ** 2 / spread.freedom for spread, part in known)
    freedom = variance**2 / below if below > 0 else min(spread.freedom for spread, _ in known)
    return float(stats.t.ppf(0.975, freedom) * np.sqrt(variance))

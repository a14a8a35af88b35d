"""Intervals of candidates' scores: hand-computed spreads, and simulations of what another panel would have said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cs_helpers.statistics.panel_scores import Spread, interviewer_spread, question_spread, reach


def scores(values: np.ndarray) -> pd.DataFrame:
    """Scores as rows, from candidates x questions x interviewers; NaN: not scored."""
    rows = [(*place, score) for place, score in np.ndenumerate(values) if score == score]
    return pd.DataFrame(
        [(c, q, i, s) for c, q, i, s in rows], columns=["candidate", "question", "interviewer", "score"]
    )


def test_a_question_that_is_hard_for_all_does_not_count_as_spread() -> None:
    # the second question is 2 points harder for both candidates
    hard = scores(np.array([[[5.0], [3.0]], [[4.0], [2.0]]]))
    assert question_spread(hard) == Spread(0.0, 1)
    # of one candidate alone nobody knows: means 5 and 3, 1 from their mean each
    alone = scores(np.array([[[5.0], [3.0]]]))
    assert question_spread(alone) == Spread(2.0, 1)


def test_questions_that_candidates_answer_differently_count() -> None:
    # residuals of 1/2 in each of 4 cells, with (2 - 1) x (2 - 1) degrees of freedom
    crossed = scores(np.array([[[5.0], [3.0]], [[4.0], [4.0]]]))
    assert question_spread(crossed) == Spread(1.0, 1)


def test_only_answers_scored_by_several_tell_how_interviewers_differ() -> None:
    assert interviewer_spread(scores(np.array([[[5.0], [3.0]]]))).freedom == 0
    # one candidate: i is 1 above j on both questions, so their means are 1/2 from the mean
    both = scores(np.array([[[4.0, 3.0], [3.0, 2.0]]]))
    assert interviewer_spread(both) == Spread(0.5, 1)


def test_scores_that_are_all_the_same_are_not_known_without_any_error() -> None:
    half = reach(np.array([0.5, 0.5]), 1, Spread(0.0, 2), Spread(np.nan, 0))
    assert half == pytest.approx(stats.t.ppf(0.975, 2) * np.sqrt(1 / 12 / 2))


def test_the_reach_is_that_of_student_where_one_spread_is_known() -> None:
    unknown = Spread(np.nan, 0)
    half = reach(np.full(4, 0.25), 2, Spread(0.8, 6), unknown)
    assert half == pytest.approx(stats.t.ppf(0.975, 6) * np.sqrt(0.8 / 4))
    assert np.isnan(reach(np.full(4, 0.25), 2, unknown, unknown))
    # nothing varies: no reach, and no crash
    assert reach(np.full(4, 0.25), 2, Spread(0.0, 6), Spread(0.0, 4)) == 0


@pytest.mark.parametrize(
    ("of_questions", "of_interviewers", "error"), [(0.4, 0.3, 0.5), (0.8, 0.1, 0.3), (0.1, 0.1, 0.8)]
)
def test_intervals_hold_the_true_score_and_equal_candidates_are_rarely_apart(
    of_questions: float, of_interviewers: float, error: float
) -> None:
    draw, covered, apart = np.random.default_rng(8), [], []
    candidates, questions, interviewers = 9, 4, 3
    for _ in range(150):
        values = (
            3
            + draw.normal(0, 0.4, (1, questions, 1))  # how hard a question is
            + draw.normal(0, of_questions, (candidates, questions, 1))
            + draw.normal(0, of_interviewers, (candidates, 1, interviewers))
            + draw.normal(0, error, (candidates, questions, interviewers))
        )
        values = np.clip(np.rint(values), 1, 5)
        table, means = scores(values), values.mean(axis=(1, 2))
        half = reach(
            np.full(questions, 1 / questions), interviewers, question_spread(table), interviewer_spread(table)
        )
        covered.append(np.abs(means - means.mean()) <= half)
        distance = np.abs(means[:, None] - means)[np.triu_indices(candidates, 1)]
        apart.append(distance > 2 * half)
    assert np.mean(covered) >= 0.95
    assert np.mean(apart) <= 0.01

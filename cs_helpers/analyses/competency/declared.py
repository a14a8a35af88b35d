"""What the analysis of competency declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.competency.leadership import for_leadership
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "profile": Question(
            figure=True,
            table=True,
            verdicts=verdicts("distinguishes other_way both nothing_apart nothing_varies too_few"),
        ),
        "self_ratings": Question(table=True, verdicts=verdicts("over under both alike too_few")),
        "rater_agreement": Question(table=True, verdicts=verdicts("agree disagree unclear same too_few")),
        "raters": Question(table=True, about_people=True),
        "plan": Question(figure=True, table=True, verdicts=verdicts("uncovered thin covered no_weights")),
        "plan_questions": Question(table=True),
        "agreement": Question(table=True, verdicts=verdicts("agree disagree unclear same too_few")),
        "severity": Question(table=True, about_people=True, verdicts=verdicts("apart alike too_few")),
        "candidates": Question(
            table=True, about_candidates=True, verdicts=verdicts("apart alike one no_interval")
        ),
        "candidate_elements": Question(table=True, about_candidates=True),
    },
    metrics=metrics(higher="covered interview_agreement", neither="rated apart interview_minutes kept"),
    findings=("distinguishes", "other_way", "uncovered", "calibrate"),
    notes=notes(
        warns="missing_table no_team no_elements no_questions no_ratings none_known no_self no_candidates no_two_scores"
        " one_rater_high one_rater_others flat_raters not_in_staff undeclared_elements undeclared_questions"
        " questions_without_weight few_interviewers",
        explains="unknown_high raters_know over_questions_only high_today",
    ),
    reads=("staff", "competency_ratings", "candidate_scores"),
    for_leadership=for_leadership,
    discloses=columns(
        public="element n_high n_others high others difference low high_end p verdict self_mean others_mean people alpha"
        " question scores weight weight_share minutes minutes_share recommended questions state elements candidates_scored"
        " reliability ratings rated_high rated_others mean alike answers score asked missing interviewed_on keep_until",
        person="rater interviewer interviewers",
        candidate="candidate apart_from",
    ),
)

"""What the analysis of awards and promotions declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "luck": Question(figure=True, table=True, verdicts=verdicts("small even large")),
        "chances": Question(table=True, verdicts=verdicts("mostly sometimes seldom")),
        "needed": Question(figure=True, verdicts=verdicts("within not_within")),
        "decided": Question(table=True),
        "members": Question(table=True, about_people=True),
        "criteria": Question(figure=True, verdicts=verdicts("all_meet missing")),
        "reach": Question(table=True),
        "promotions": Question(table=True, about_people=True),
    },
    metrics=metrics(neither="awards_decided", higher="criteria_met"),
    findings=("award_by_luck", "out_of_reach"),
    notes=notes(
        warns=(
            "missing_table no_team no_awards no_promotions nothing_recorded few_members no_grades grade_unknown nobody_of_grade "
            "few_people not_recorded nobody_in_team no_indicators"
        ),
        explains="awards_left_out grades_today alike_assumed",
    ),
    reads=(
        "accounts",
        "contracts",
        "milestones",
        "usage",
        "touches",
        "staff",
        "competency_ratings",
        "training_records",
    ),
    discloses=columns(
        public=(
            "award rule place customers units events expected luck third fair members winners best best_low best_high "
            "of_third of_third_fair spread spread_low spread_high quarters low high state sure rivals ratio standing "
            "promotion kind what step at_least people met cannot_be_told not_met not_known needed able value months grade indicator"
        ),
        person="csm person",
    ),
    quick_metrics=lambda data, quarter: {},  # what depends on chance is not compared with earlier quarters
)

"""What the analysis of the team declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.team.leadership import for_leadership
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "spread": Question(figure=True, table=True, verdicts=verdicts("apart whole alike")),
        "conversions": Question(
            figure=True, table=True, about_people=True, verdicts=verdicts("some_apart nothing_apart")
        ),
        "coaching": Question(table=True, about_people=True),
        "retention": Question(table=True, about_people=True, verdicts=verdicts("nothing_apart")),
        "trainings": Question(table=True),
        "training_people": Question(table=True, about_people=True),
        "training_effects": Question(
            figure=True, table=True, verdicts=verdicts("faster slower cannot_be_told too_few")
        ),
    },
    metrics=metrics(higher="training_completed"),
    notes=notes(
        warns=(
            "few_csms missing_table no_csm no_steps no_trainings nobody_entered nobody_lost none_assigned "
            "nothing_recorded one_csm trainings_unknown"
        ),
        explains="counts_hidden csm_unknown losses_today_only not_random several_steps several_trainings today_only",
    ),
    reads=("accounts", "contracts", "milestones", "usage", "touches", "staff", "training_records"),
    discloses=columns(
        public=(
            "step customers waits reached expected ratio low high verdict exposed lost expected_lost csms distance chance "
            "chance_high p waiting used due other_used other_due training assigned completed open days assigned_on "
            "completed_on trained other_customers other_reached other_days"
        ),
        company="names",
        person="csm person learn_from",
    ),
    for_leadership=for_leadership,
    findings=("training_faster", "training_slower"),
)

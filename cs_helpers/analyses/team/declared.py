"""What the analysis of the team declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes

DECLARES = Declaration(
    questions={
        "conversions": Question(table=True, about_people=True),
        "retention": Question(table=True, about_people=True),
    },
    metrics=metrics(),
    notes=notes(warns="missing_table nobody_entered nothing_recorded one_csm nobody_lost"),
    reads=("accounts", "contracts", "milestones", "usage", "touches"),
    discloses=columns(
        public="step customers waits reached expected ratio low high verdict exposed lost expected_lost",
        person="csm",
    ),
)

"""What the analysis of means declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "needs": Question(
            figure=True,
            table=True,
            verdicts=verdicts("nobody exceeded both served open nothing_due none_known untold"),
        ),
        "nobody": Question(table=True),
        "nobody_customers": Question(table=True, for_team=True),
        "inventory": Question(table=True),
        "root_causes": Question(table=True),
        "reasons": Question(table=True),
        "between": Question(figure=True, table=True, verdicts=verdicts("gaps nobodys several clear")),
    },
    metrics=metrics(higher="carried_out", lower="left left_mrr exceeded between"),
    findings=("nobody_entry", "nobody_step", "exceeded", "unowned", "short_only"),
    notes=notes(
        warns="no_accounts no_customers no_means no_mrr no_organisation no_reasons nothing_said nobody_told",
        explains="not_counted reasons_hidden responsibility_unsaid roles_without_tasks served_unsaid steps_not_counted",
    ),
    reads=("accounts", "contracts"),
    builds_on=lambda product: ("journeys", "interviews", "playbook"),
    discloses=columns(
        public="kind need state demand mrr capacity unstated measures resources short_term root_cause own borrowed obstacles means horizon"
        " department owned serves quarters share item departments size since reason",
        company="account_id name",
        person="csm",
        told="companies of",
    ),
)

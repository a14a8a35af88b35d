"""What the analysis of hand-overs declares: its questions, metrics, notes, and the disclosure of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from cs_helpers.analyses.handover.headlines import quick_metrics
from cs_helpers.analyses.handover.leadership import for_leadership
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import Product
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts


def _tables_of_steps(product: Product) -> Sequence[str]:
    """The tables in which the steps of the journey are seen."""
    return ("milestones", "usage") if any(s.rule.event for s in product.journey.steps) else ("milestones",)


DECLARES = Declaration(
    questions={
        "starts": Question(figure=True, table=True, verdicts=verdicts("without all_handed all_complete")),
        "fields": Question(figure=True, table=True, verdicts=verdicts("most tied nothing_missing")),
        "customers": Question(table=True, for_team=True),
        "roles": Question(figure=True, table=True, verdicts=verdicts("fewer more alike few one")),
        "value": Question(
            figure=True,
            table=True,
            verdicts=verdicts(
                "shares shares_unclear with_none with_none_unclear early one_group none_slower none_faster none_unclear"
            ),
        ),
        "associations": Question(
            figure=True,
            table=True,
            verdicts=verdicts("faster slower unclear few fewer more unclear_losses few_losses"),
        ),
        "expectations": Question(table=True, verdicts=verdicts("met few nobody hidden")),
        "expectation_customers": Question(table=True, for_team=True),
        "promises": Question(table=True, verdicts=verdicts("kept all_kept")),
        "overdue": Question(table=True, for_team=True),
    },
    metrics=metrics(higher="completeness with_handover promises_kept expectation_met"),
    findings=verdicts(
        "without role_fewer overdue expects_other complete_faster complete_slower handed_faster handed_slower complete_fewer"
        " complete_more handed_fewer handed_more"
    ),
    notes=notes(
        warns="missing_table no_handovers no_fields none_started no_roles no_value no_losses no_deadlines"
        " no_mrr not_interviewed no_expectation",
        explains="few_tell met_of_all several_roles fields_never unknown_starts value_not_seen not_random role_unknown late_ones",
    ),
    reads=("accounts", "contracts", "handovers", "interviews", "notes", "codings"),
    reads_of_product=_tables_of_steps,
    discloses=columns(
        public="quarter started complete partial late none completeness low high field filled of share role n difference"
        " difference_low difference_high p verdict least least_share group day at_risk until entered reached half_year"
        " half_year_low half_year_high median median_low median_high lost years outcome comparison ratio adjusted compared events"
        " size started_on handed_over_on days_late from_role missing mrr status customers deadline days standing held_on",
        company="account_id name",
        person="csm from_person",
        told="code same other not_spoken expected expected_outcome heard agrees promised",
    ),
    quick_metrics=quick_metrics,
    for_leadership=for_leadership,
)

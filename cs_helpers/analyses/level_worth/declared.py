"""What the analysis of the worth of a level declares."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "lifetime": Question(
            figure=True, table=True, verdicts=verdicts("more less unclear small no_margin one_half unpaid")
        ),
        "staying": Question(figure=True, verdicts=verdicts("more less unclear none_lost one_half")),
        "nrr": Question(
            figure=True, table=True, verdicts=verdicts("more less unclear small alike one_half unpaid")
        ),
        "steps": Question(
            figure=True,
            verdicts=verdicts(
                "fewer fewer_late more more_late one_step one_step_late unclear none_lost nobody_compared"
            ),
        ),
        "associations": Question(table=True, verdicts=verdicts("more less unclear not_known")),
    },
    metrics=metrics(
        higher="year_value_upper year_value_lower nrr_year_upper nrr_year_lower",
        neither="loss_ratio_a_level",
    ),
    notes=notes(
        warns=(
            "missing_table no_customers no_known_levels not_a_year no_year no_start_levels not_followed levels_left_out "
            "no_losses_recorded"
        ),
        explains="value_of_revenue fewer_in_common not_all_levels",
    ),
    findings=("fewer_lost", "more_lost", "nrr_higher", "nrr_lower"),
    reads=("accounts", "contracts", "costs"),
    reads_of_product=lambda product: product.maturity.tables,
    discloses=columns(
        public=(
            "level below now paying followed margin months value value_low value_high stay stay_low stay_high lost exposure "
            "steady steady_low steady_high group month survival low high at_risk period customers mrr lost_mrr nrr nrr_low "
            "nrr_high grr grr_low grr_high logo_churn logo_churn_low logo_churn_high ratio p compared quarters lost_below "
            "quarters_below verdict outcome common value chosen earlier earlier_low earlier_high"
        )
    ),
)

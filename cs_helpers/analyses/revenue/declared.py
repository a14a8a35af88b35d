"""What the analysis of revenue declares."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "bridge": Question(figure=True, verdicts=verdicts("grew shrank unchanged from_nothing all_lost")),
        "movements": Question(table=True),
        "trend": Question(
            figure=True, verdicts=verdicts("grew shrank unchanged from_nothing all_lost short")
        ),
        "retention": Question(
            table=True,
            verdicts=verdicts("above below unclear small alike all_kept free_left all_lost unpaid"),
        ),
        "segments": Question(figure=True, verdicts=verdicts("more fewer alike none_lost")),
        "clear_segments": Question(table=True),
        "profitability": Question(
            table=True, verdicts=verdicts("pays costs_more shrinking margin_only unknown")
        ),
        "survival": Question(figure=True, verdicts=verdicts("retained none_lost all_lost")),
        "lifetime": Question(table=True),
    },
    metrics=metrics(
        higher="customers mrr nrr grr nrr_year grr_year quick_ratio profit_margin lifetime_value",
        lower="logo_churn logo_churn_year growth_efficiency growth_efficiency_net cac_payback",
    ),
    findings=(
        "mrr_grew",
        "mrr_shrank",
        "nrr_below",
        "nrr_above",
        "churned",
        "churn_in_segment",
        "contraction",
        "reactivation",
        "one_customer",
        "growth_costs_more",
    ),
    notes=notes(
        warns=(
            "missing_table no_customers no_start_customers no_start_mrr no_year one_segment currency_apart "
            "costs_of_all costs_undeclared costs_incomplete costs_unmapped costs_without_rate costs_kind_unknown "
            "no_losses_recorded no_paying_customers"
        ),
        explains="not_recorded recounted value_of_revenue no_term nothing_lost converted",
    ),
    reads=("accounts", "contracts", "costs"),
    discloses=columns(
        public=(
            "step amount customers month opening new expansion reactivation contraction churn not_recorded closing mrr "
            "period paying lost lost_mrr nrr nrr_low nrr_high grr grr_low grr_high logo_churn logo_churn_low logo_churn_high "
            "quick_ratio quick_ratio_low quick_ratio_high dimension segment others difference difference_low "
            "difference_high p verdict measure value unit survival low high sbg method months alpha beta"
        )
    ),
)

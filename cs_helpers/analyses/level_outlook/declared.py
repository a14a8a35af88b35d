"""What the outlook of maturity declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.level_outlook.ahead import quick_metrics
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "outlook": Question(figure=True, table=True, verdicts=verdicts("fewer more unclear")),
        "mrr": Question(figure=True, table=True, verdicts=verdicts("fewer more unclear")),
        "backtest": Question(figure=True, verdicts=verdicts("counted as_said too_narrow too_wide")),
        "accuracy": Question(table=True),
        "what_if": Question(figure=True, table=True, verdicts=verdicts("keeps unclear loses rises")),
    },
    metrics=metrics(higher="customers_ahead upper_ahead mrr_ahead", lower="lost_ahead"),
    findings=(
        "losses_ahead",
        "mrr_falls",
        "mrr_grows",
        "customers_fall",
        "customers_grow",
        "upper_fall",
        "upper_grow",
    ),
    notes=notes(
        warns=(
            "missing_table recorded_within no_accounts no_customers too_few_quarters too_few_customers unseen_levels no_paying "
            "mrr_not_known no_better_than_unchanged"
        ),
        explains="learned_from one_year nobody_joined losses_unknown renewals_open associated",
    ),
    reads=("accounts", "contracts", "usage"),
    discloses=columns(
        public=(
            "quarter part customers low high inner_low inner_high ahead mrr origin actual before held forecasts share error "
            "unchanged_error rising more above above_low above_high kept kept_low kept_high mrr_low mrr_high"
        )
    ),
    quick_metrics=quick_metrics,
    reads_of_product=lambda product: product.maturity.tables,
)

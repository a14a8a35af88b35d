"""What the analysis of touches declares: its questions, metrics, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "mix": Question(
            figure=True,
            table=True,
            verdicts=verdicts("more fewer level_more level_fewer small chance too_few none"),
        ),
        "models": Question(table=True),
        "levels": Question(figure=True, table=True, verdicts=verdicts("apart alike one none")),
        "below_plan": Question(
            figure=True,
            table=True,
            verdicts=verdicts(
                "below below_count no_below untouched untouched_count no_untouched nobody_planned"
            ),
        ),
        "below_plan_customers": Question(table=True, for_team=True),
        "csms": Question(table=True),
        "changed_mix": Question(
            figure=True,
            table=True,
            verdicts=verdicts(
                "plan_more plan_less plan_same declared_more declared_less declared_same no_touches"
            ),
        ),
    },
    metrics=metrics(
        lower="below_plan untouched",
        neither="below_plan_mrr untouched_mrr touches_per_customer hours plan_hours",
    ),
    findings=("below_plan", "untouched", "mix_apart", "level_mix_apart", "plan_needs_hours"),
    notes=notes(
        warns="missing_table no_customers no_accounts touches_not_covered no_plan no_hours plan_unknown hours_unknown"
        " model_unknown levels_unknown no_whole_quarter no_csm",
        explains="few_quarters model_of_customer new_customers outside several_shares",
    ),
    free_text=(("models", "subjects"),),  # what touches were about is written by hand
    reads=("accounts", "contracts", "touches"),
    reads_of_product=lambda product: product.maturity.tables,
    discloses=columns(
        public="period level touch_model count touches customers share low high declared p verdict customer_quarters rate"
        " hours plan_hours group untouched untouched_mrr planned below below_mrr due got missing beyond mrr quarters last_touch"
        " change difference subjects",
        company="account_id name",
        person="csm",
    ),
)

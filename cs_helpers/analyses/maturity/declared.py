"""What the analysis of maturity declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "by_quarter": Question(figure=True, verdicts=verdicts("none now year")),
        "by_size": Question(figure=True, verdicts=verdicts("message alike one none")),
        "transitions": Question(figure=True, verdicts=verdicts("message message_one unknown unknown_one")),
        "levels": Question(table=True),
        "held_back": Question(figure=True, verdicts=verdicts("most tied")),
        "next_level": Question(table=True, for_team=True),
        "falls": Question(
            figure=True,
            verdicts=verdicts(
                "more fewer same more_shares fewer_shares same_shares none_lost nobody_fell unknown"
            ),
        ),
    },
    metrics=metrics(higher="upper_levels rose", lower="fell fall_ratio"),
    notes=notes(
        warns=(
            "levels_unknown missing_table moves_unknown no_accounts no_customers "
            "no_known_levels too_few_quarters conditions_unknown no_level_known"
        ),
        tells="customers_fell",
        explains=("all_at_top rules_agreed leaving_stays recounted segment_not_recorded segment_unknown"),
    ),
    findings=("fell_more", "fell_less", "rose_more", "rose_less", "falls_warn", "fell", "rose"),
    reads=("accounts", "contracts", "usage"),
    discloses=columns(
        public="size mrr level at_least at_most previous quarter customers share n before after low high fell lost to condition unit state has bound needs short_by lacks next only not_known median",
        company="account_id name",
    ),
    reads_of_product=lambda product: [table for c in product.maturity.conditions for table in c.tables],
)

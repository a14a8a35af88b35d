"""What the analysis of maturity declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "by_quarter": Question(figure=True, verdicts=verdicts("none now year")),
        "standing": Question(figure=True, verdicts=verdicts("slipped kept first none")),
        "bridge": Question(
            figure=True,
            verdicts=verdicts(
                "fell_much after_fall plain even unchanged accounts accounts_new accounts_over"
            ),
        ),
        "changes": Question(table=True),
        "by_segment": Question(
            figure=True, verdicts=verdicts("lower higher alike alone none_upper all_upper unknown")
        ),
        "csms": Question(table=True, verdicts=verdicts("nothing_apart")),
        "transitions": Question(figure=True, verdicts=verdicts("message message_one unknown unknown_one")),
        "flows": Question(figure=True, verdicts=verdicts("message accounts accounts_over")),
        "long_run": Question(figure=True, verdicts=verdicts("more fewer same")),
        "levels": Question(table=True),
        "held_back": Question(figure=True, verdicts=verdicts("most single tied tied_levels")),
        "next_level": Question(table=True, for_team=True),
        "sojourn": Question(
            figure=True,
            verdicts=verdicts("longest longest_open range range_open single single_open alike none"),
        ),
        "stays": Question(table=True),
        "stalled": Question(table=True, for_team=True),
        "falls": Question(
            figure=True,
            verdicts=verdicts(
                "more fewer same more_shares fewer_shares same_shares none_lost nobody_fell unknown"
            ),
        ),
        "lead_time": Question(figure=True, verdicts=verdicts("warned warned_only none_warned")),
    },
    metrics=metrics(higher="upper_levels rose", lower="fell fall_ratio stalled", neither="fall_lead_days"),
    notes=notes(
        warns=(
            "csm_unknown levels_unknown missing_table moves_unknown no_accounts no_comparison no_csm no_customers "
            "losses_unknown no_known_levels no_long_run nobody_twice no_stays no_usual_stay one_csm too_few_quarters conditions_unknown no_level_known"
        ),
        explains=(
            "all_at_top rules_agreed leaving_stays no_losses recorded_within recounted segment_not_recorded segment_unknown share_split stays_begun"
        ),
    ),
    findings=(
        "customers_fell",
        "segment_behind",
        "segment_ahead",
        "fell_more",
        "fell_less",
        "rose_more",
        "rose_less",
        "falls_warn",
        "fell_before",
        "stalled",
        "fell",
        "rose",
    ),
    reads=("accounts", "contracts", "usage"),
    discloses=columns(
        public=(
            "size mrr level at_least at_most previous quarter customers share n before after low high fell lost basis of step"
            " mrr_share mrr_low mrr_high mrr_before mrr_after expansion contraction dimension segment known upper upper_mrr p"
            " verdict expected opening new back not_recorded closing rose same unsaid mrr_opening mrr_closing"
            " exposure now open month months at_risk spells median usual standing late began_before lost_on fell_on days outcome"
            " to condition unit state has bound needs short_by lacks next only not_known"
        ),
        person="csm",
        company="account_id name",
    ),
    reads_of_product=lambda product: product.maturity.tables,
)

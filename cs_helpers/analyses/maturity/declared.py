"""What the analysis of maturity declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "by_quarter": Question(figure=True, verdicts=verdicts("none now year")),
        "standing": Question(figure=True, verdicts=verdicts("slipped kept none")),
        "bridge": Question(
            figure=True, verdicts=verdicts("fell_much after_fall plain even unchanged accounts")
        ),
        "changes": Question(table=True),
        "by_segment": Question(
            figure=True, verdicts=verdicts("lower higher alike alone none_upper all_upper unknown")
        ),
        "csms": Question(table=True, verdicts=verdicts("nothing_apart")),
        "transitions": Question(figure=True, verdicts=verdicts("message message_one unknown unknown_one")),
        "levels": Question(table=True),
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
            "csm_unknown levels_unknown missing_table moves_unknown no_accounts no_comparison no_csm no_customers "
            "no_known_levels one_csm too_few_quarters"
        ),
        explains=("leaving_stays recounted share_split segment_not_recorded segment_unknown"),
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
        "fell",
        "rose",
    ),
    reads=("accounts", "contracts", "usage"),
    discloses=columns(
        public=(
            "size mrr level at_least at_most previous quarter customers share n before after low high fell lost basis of step"
            " mrr_share mrr_low mrr_high mrr_before mrr_after expansion contraction dimension segment known upper upper_mrr p"
            " verdict expected opening new back not_recorded closing rose same unsaid mrr_opening mrr_closing"
        ),
        person="csm",
        company="account_id name",
    ),
    reads_of_product=lambda product: [table for c in product.maturity.conditions for table in c.tables],
)

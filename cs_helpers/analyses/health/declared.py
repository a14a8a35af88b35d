"""What the analysis of health declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.health.scored import headline_metrics
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "bands": Question(figure=True, verdicts=verdicts("message none_red")),
        "scores": Question(table=True, for_team=True),
        "explained": Question(table=True, for_team=True),
        "moved": Question(figure=True, verdicts=verdicts("down up both none")),
        "fallen": Question(table=True, for_team=True),
        "risen": Question(table=True, for_team=True),
        "segments": Question(figure=True, verdicts=verdicts("worse better alike alone none_red all_red")),
        "levels": Question(table=True, verdicts=verdicts("worse better alike alone none_red all_red")),
        "csms": Question(table=True, verdicts=verdicts("nothing_apart")),
        "views": Question(figure=True, verdicts=verdicts("message agree")),
        "disagree": Question(table=True, for_team=True),
    },
    metrics=metrics(higher="median_score", lower="red_share red_mrr fell_share"),
    notes=notes(
        warns=(
            "accounts_not_scored all_seen_late all_too_young csm_unknown measures_unknown missing_table no_accounts "
            "no_comparison no_csm no_customers no_health no_known_levels no_mrr nobody_before not_scored one_csm one_kind one_segment one_view rule_of_nobody "
            "seen_late"
        ),
        explains="counted_twice partly_known segment_not_recorded segment_unknown stale too_young",
    ),
    findings=(
        "turned_red",
        "red",
        "measure_down",
        "measure_up",
        "segment_worse",
        "segment_better",
        "disagree",
        "recovered",
    ),
    reads=("accounts", "contracts"),
    discloses=columns(
        public=(
            "size mrr score previous band band_before quantitative qualitative unknown driver driver_kind driver_points"
            " customers share n measure kind weight known stale mean value points contribution lost change"
            " measures by_measure fell fell_mrr rose rose_mrr dimension segment green yellow red low high median p verdict"
            " expected numbers view side points_from level unscored median_low median_high"
        ),
        company="account_id name",
        person="csm",
    ),
    reads_of_product=lambda product: (
        *(table for m in product.health.measures for table in m.measure.tables),
        *product.maturity.tables,
    ),
    quick_metrics=headline_metrics,
)

"""What the analysis of journeys declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.journeys.counting import with_funnel_options
from cs_helpers.analyses.journeys.headlines import time_to_value_metrics
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "funnel": Question(figure=True, verdicts=verdicts("message few early whole")),
        "steps": Question(figure=True, table=True, verdicts=verdicts("stall alike few")),
        "ways": Question(figure=True, verdicts=verdicts("message")),
        "value_curve": Question(
            figure=True,
            verdicts=verdicts("message median not_reached message_early median_early not_reached_early"),
        ),
        "ages": Question(table=True),
        "cohort": Question(table=True, verdicts=verdicts("nothing_apart")),
        "stalls": Question(
            figure=True,
            verdicts=verdicts("message count message_industry count_industry none unknown"),
        ),
        "waiting": Question(table=True),
        "moves": Question(table=True, verdicts=verdicts("nothing_apart")),
        "adherence": Question(table=True, verdicts=verdicts("nothing_apart")),
        "csms": Question(table=True, verdicts=verdicts("nothing_apart")),
        "touch_models": Question(table=True, verdicts=verdicts("nothing_apart")),
    },
    metrics=metrics(higher="value_within_180_days", lower="days_to_value", neither="award_luck"),
    notes=notes(
        warns=(
            "before_entry few_new few_uses leaving_waits missing_table never_recorded never_seen "
            "no_mrr no_plays no_users nobody_entered nothing_recorded one_csm one_step "
            "one_touch_model steps_unknown too_few_steps turn_unknown value_not_reached"
        ),
        explains=(
            "entered_lately funnel_below funnel_days funnel_excluded funnel_latest funnel_ordered funnel_strict "
            "funnel_unordered funnel_users not_watched older older_accounts segment_not_recorded "
            "segment_unknown segments_left_out still_waiting straight_ways which_accounts who_counts window_open "
            "without_segment"
        ),
    ),
    reads=(
        "accounts",
        "contracts",
        "milestones",
        "usage",
        "touches",
        "tickets",
        "interviews",
        "notes",
        "codings",
    ),
    discloses=columns(
        public="size before step n reached left waiting share low high median median_low median_high p differs days usual late"
        " expected_on turn touched_on mrr units dimension segment day at_risk age kind what waits used ratio odds verdict due"
        " expected touch_model n_before share_before low_before high_before source target customers way ahead count order until half"
        " so_far",
        company="account_id name",
        person="csm touched_by",
        told="reason",
    ),
    free_text=(("moves", "what"),),  # what touches were about is written by hand
    findings=("stall", "late", "new_slower", "new_faster"),
    explored=("funnel_by",),
    with_options=with_funnel_options,
    quick_metrics=time_to_value_metrics,
)

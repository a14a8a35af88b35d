"""What the check of the health score declares: its questions, metrics, findings, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.health_check.headlines import check_metrics
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "apart": Question(figure=True, verdicts=verdicts("better cannot_tell worse")),
        "quality": Question(table=True),
        "bands": Question(
            figure=True, verdicts=verdicts("ordered cannot_tell reversed few none_lost one_band")
        ),
        "warning": Question(figure=True, verdicts=verdicts("mostly some rarely never few")),
        "losses": Question(table=True, for_team=True),
        "parts": Question(figure=True, verdicts=verdicts("helps cannot_tell harms")),
        "weights": Question(figure=True, verdicts=verdicts("better cannot_tell worse untried")),
        "changes": Question(table=True, for_team=True),
    },
    metrics=metrics(higher="auc warned lead_days", lower="false_alarms"),
    notes=notes(
        warns="few_losses few_others missing_table no_scores none_left one_part too_short unscored_losses",
        explains="band_changes left_unscored no_alarms no_notices not_scored not_yet",
    ),
    findings=(
        "score_misleads",
        "left_unwarned",
        "late_warning",
        "score_tells_apart",
        "score_cannot_tell",
        "parts_help",
        "other_weights",
    ),
    reads=("accounts", "contracts", "touches"),
    discloses=columns(
        public="part lowest highest customers lost share low high n share_of_customers share_of_lost band measure value "
        "reference size mrr left_on noticed warned_on lead_days days warned auc kind declared learned known score "
        "learned_score learned_band",
        company="account_id name",
    ),
    reads_of_product=lambda product: [table for m in product.health.measures for table in m.measure.tables],
    quick_metrics=check_metrics,
)

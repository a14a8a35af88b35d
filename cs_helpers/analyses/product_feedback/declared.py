"""What the analysis of requests declares: its questions, metrics, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.product_feedback.leadership import for_leadership
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "ranking": Question(
            figure=True,
            table=True,
            verdicts=verdicts("first first_of_all together one nobody other_by_mrr other_by_mrr_together"),
        ),
        "by_size": Question(table=True, verdicts=verdicts("nothing_apart")),
        "status": Question(figure=True, table=True, verdicts=verdicts("undecided none")),
        "answers": Question(
            figure=True,
            table=True,
            verdicts=verdicts("decided_median decided_open told_median told_open"),
        ),
        "closed_loop": Question(
            figure=True, table=True, verdicts=verdicts("differs_more differs_fewer message few")
        ),
        "not_told": Question(table=True),
        "already_there": Question(table=True),
        "to_tell": Question(table=True, for_team=True),
        "not_handed": Question(figure=True, table=True, verdicts=verdicts("themes companies all_handed")),
        "not_handed_companies": Question(table=True, for_team=True),
    },
    metrics=metrics(
        higher="closed_loop",
        lower="open_requests undecided_mrr days_to_answer days_to_told untold unaware not_handed",
    ),
    findings=("untold", "untold_changed", "unaware", "unaware_changed", "most_asked", "theme_not_handed"),
    notes=notes(
        warns="missing_table no_customers no_accounts no_requests no_mrr no_themes no_interviews_told log_ended day_unknown"
        " answer_not_reached told_not_reached no_waits nothing_owed told_unknown nothing_waits one_size",
        explains="for_leadership few_tell few_sizes few_themes lost_askers unasked",
    ),
    reads=("accounts", "contracts", "requests", "request_accounts", "interviews", "notes", "codings"),
    for_leadership=for_leadership,
    discloses=columns(
        public="request_id status raised_on companies of share low high mrr lost fewer by_mrr less mentioned p v verdict requests unasked"
        " oldest wait day at_risk n over left median within_30 within_90 within_180 dimension segment owed told since size is_later"
        " asked_on days viewpoint held_on request solution handed missing state",
        company="account_id name link",
        person="csm",
        told="title code",
    ),
)

"""What the operations map declares: its questions, notes, the reports that it is made of, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

#: the analyses whose numbers the map shows
REPORTS = (
    "handover", "maturity", "level_worth", "health", "touch_mix", "playbook", "means", "revenue", "journeys", "product_feedback",
)  # fmt: skip

DECLARES = Declaration(
    questions={
        "operations": Question(figure=True, verdicts=verdicts("whole partly incomplete no_levels")),
        "stations": Question(table=True),
        "levels": Question(table=True),
        "touches": Question(table=True),
        "roles": Question(table=True, verdicts=verdicts("carried_out stuck left stuck_left no_plays")),
    },
    metrics=metrics(higher="stations_known"),
    findings=("missing",),
    notes=notes(
        warns="no_customers no_accounts not_on_map",
        explains="value_of_margin value_of_revenue",
    ),
    reads=("accounts", "contracts"),
    builds_on=lambda product: REPORTS,
    discloses=columns(
        public="station state reason lacks source target level customers share low high mrr ltv ltv_low ltv_high quantitative"
        " qualitative score red yellow green unscored touch_model declared actual touches hours actions role department_en"
        " department_ja people plays entries due obstacles carried_out at entry field requests status measure kind key metric value unit n place of followed verdict"
    ),
)

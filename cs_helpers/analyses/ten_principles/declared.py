"""What the audit of the ten principles declares: its questions, metrics, notes, and the disclosure of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from cs_helpers import analyses
from cs_helpers.analyses.ten_principles.numbers import aims
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import Product
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

#: the reports whose numbers are the evidence
REPORTS = ("handover", "touch_mix", "health", "journeys", "revenue", "product_feedback", "means")


def _built_on(product: Product) -> Sequence[str]:
    """The reports, and those that something is aimed at in, unless these are made of others themselves."""
    aimed = dict.fromkeys(name.partition(".")[0] for name, _ in aims(product))
    return tuple(dict.fromkeys((*REPORTS, *(name for name in aimed if _stands_alone(name)))))


def _stands_alone(name: str) -> bool:
    return name in analyses.names() and analyses.analysis(name).declares.builds_on is None


DECLARES = Declaration(
    questions={
        "principles": Question(
            figure=True,
            table=True,
            verdicts=verdicts(
                "unbacked unbacked_several says_more agrees not_compared data_only self_only nothing"
            ),
        ),
        "evidence": Question(table=True),
        "order": Question(table=True, verdicts=verdicts("by_phase by_own by_maturity")),
        "changes": Question(table=True, verdicts=verdicts("rose fell mixed same others")),
        "assessments": Question(table=True, for_team=True),
    },
    metrics=metrics(higher="measured", lower="unbacked"),
    findings=("unbacked", "says_more"),
    notes=notes(
        warns="no_customers no_accounts no_assessments some_not_assessed assessed_long_ago no_numbers no_phase",
        explains="assessors_differ no_earlier later_rows no_history order_is_ours partly_earlier",
    ),
    reads=("accounts", "contracts", "touches", "handovers", "principle_assessments"),
    builds_on=_built_on,
    discloses=columns(
        public=(
            "principle level repeatable defined measured optimised low median high assessors on is_old before_low before_median"
            " before_high before_on change comparison number decides value unit n before course place rank is_first by next rose fell both"
            " assessed_on"
        ),
        person="assessed_by",
        told="why",
    ),
)

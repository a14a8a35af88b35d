"""What is concluded of the ten principles, and the findings."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.ten_principles.assessments import FELL, MIXED, OTHERS, ROSE, SAME
from cs_helpers.analyses.ten_principles.standing import AGREES, SAYS_LESS, SAYS_MORE, UNBACKED
from cs_helpers.contract.principles import Principles
from cs_helpers.result import Finding, Metric, Verdict

#: the levels of which a number is known
_MEASURED = ("measured", "optimised")


def headline_metrics(table: pd.DataFrame) -> list[Metric]:
    """`measured`: principles of which the data shows at least that level; `unbacked`: of those judged by the team, see `standing`."""
    found = [Metric("measured", float(table["level"].isin(_MEASURED).sum()), "count", len(table), exact=True)]
    if judged := int((table["assessors"] > 0).sum()):
        count = float((table["comparison"] == UNBACKED).sum())
        found.append(Metric("unbacked", count, "count", judged, exact=True))
    return found


def principles_verdict(table: pd.DataFrame) -> Verdict:
    """How what the team says stands to what the data shows.

    `unbacked` (one of them) and `unbacked_several`: principles; `says_more`: principles, of (compared); `agrees`: of, less (the team
    says less of so many); `not_compared`: judged, shown (of no principle both are known); `data_only`: shown, measured; `self_only`: judged; `nothing`.
    """

    def of(state: str) -> tuple[int, ...]:
        return tuple(int(one) for one in table.loc[table["comparison"] == state, "principle"])

    compared = int(table["comparison"].isin((UNBACKED, SAYS_MORE, SAYS_LESS, AGREES)).sum())
    judged, shown = int((table["assessors"] > 0).sum()), int((table["level"] != "").sum())
    if unbacked := of(UNBACKED):
        return Verdict("unbacked" if len(unbacked) == 1 else "unbacked_several", {"principles": unbacked})
    if more := of(SAYS_MORE):
        return Verdict("says_more", {"principles": more, "of": compared})
    if compared:
        return Verdict("agrees", {"of": compared, "less": len(of(SAYS_LESS))})
    if judged:
        return Verdict("not_compared" if shown else "self_only", {"judged": judged, "shown": shown})
    if shown:
        return Verdict("data_only", {"shown": shown, "measured": int(table["level"].isin(_MEASURED).sum())})
    return Verdict("nothing")


def order_verdict(order: pd.DataFrame, declared: Principles | None) -> Verdict:
    """By what the work is ordered: `by_phase` (phase: our order for it), `by_own` (phase: that of the product file), `by_maturity`.

    All with principle: the one that comes first.
    """
    fields = {"principle": int(order.iloc[0]["principle"])}
    if declared is None:
        return Verdict("by_maturity", fields)
    return Verdict("by_own" if declared.order else "by_phase", {**fields, "phase": declared.phase})


def changes_verdict(judged: pd.DataFrame) -> Verdict:
    """What changed since the judgement before: `rose`, `fell`, `mixed` (rose, fell), `same` or `others` (nobody gave both).

    Fields: of (principles with a judgement before), rose, fell (principles; one where some assessors rose and some fell counts in both).
    """
    known = judged[judged["change"] != ""]
    rose = int(known["change"].isin((ROSE, MIXED)).sum())
    fell = int(known["change"].isin((FELL, MIXED)).sum())
    fields = {"of": len(known), "rose": rose, "fell": fell}
    if (known["change"] == OTHERS).all():
        return Verdict("others", fields)
    return Verdict(MIXED if rose and fell else ROSE if rose else FELL if fell else SAME, fields)


def principle_findings(table: pd.DataFrame) -> tuple[Finding, ...]:
    """`unbacked` and `says_more`: the principles of which the team says more than the data shows."""
    judged = int((table["assessors"] > 0).sum())
    found = []
    for code in (UNBACKED, SAYS_MORE):
        principles = tuple(int(one) for one in table.loc[table["comparison"] == code, "principle"])
        if principles:
            found.append(
                Finding(
                    code,
                    "principles",
                    "neither",
                    "counted",
                    judged,
                    value=float(len(principles)),
                    fields={"principles": principles, "of": judged},
                )
            )
    return tuple(found)

"""The findings on requests: what summaries rank."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.product_feedback.handed import NO_REQUEST
from cs_helpers.analyses.product_feedback.verdicts import name_of
from cs_helpers.result import Finding

#: counts of customers behind a finding, now and at the end of the quarter before
Counts = Mapping[str, tuple[int, float]]


def feedback_findings(
    tables: Mapping[str, pd.DataFrame], now: Counts, before: Counts | None, customers: int
) -> tuple[Finding, ...]:
    """The findings, by MRR.

    `untold` (customers who have not been told an answer), `unaware` (who asked for what is there), `most_asked` (the request that
    is not in the product yet and most customers asked for), `theme_not_handed` (that most companies told, of those without a request).

    `untold_changed` and `unaware_changed` where the number was another at the end of the quarter before.

    now, before: name (`untold`, `unaware`) -> customers and their MRR at the end of the quarter and of the one before, where it
    has requests; customers: of the day.
    """
    findings = []
    for code, about in (("untold", "not_told"), ("unaware", "already_there")):
        count, mrr = now.get(code, (0, 0.0))
        if not count:
            continue
        previous = before.get(code, (0, 0.0))[0] if before is not None else None
        change = None if previous is None else float(count - previous)
        findings.append(
            Finding(
                code if previous is None or not change else f"{code}_changed", about, "worse" if change is None or change > 0 else "better" if change < 0 else "neither",
                "counted", customers, value=float(count), compared=None if previous is None else float(previous),
                compared_with="nothing" if previous is None else "previous_quarter", size=change,
                size_unit="" if change is None else "count", customers=count, mrr=mrr if mrr == mrr else None,
            )
        )  # fmt: skip
    ranking = tables.get("ranking")
    if ranking is not None and len(ranking) and ranking["companies"].iloc[0]:
        first = ranking.iloc[0]
        findings.append(
            Finding(
                "most_asked", "ranking", "neither", "counted", int(first["of"]), value=float(first["companies"]),
                customers=int(first["companies"]), mrr=_known(first["mrr"]),
                fields={"request": name_of(first)},
            )
        )  # fmt: skip
    handed = tables.get("not_handed")
    without = handed[handed["state"] == NO_REQUEST] if handed is not None else None
    if without is not None and len(without):
        first = without.iloc[0]
        findings.append(
            Finding(
                "theme_not_handed", "not_handed", "worse", "counted", int(first["companies"]),
                value=float(first["companies"]), customers=int(first["companies"]), mrr=_known(first["mrr"]),
                fields={"theme": first["code"], "themes": len(without)},
            )
        )  # fmt: skip
    return tuple(sorted(findings, key=lambda f: (f.mrr or 0.0, f.customers or 0), reverse=True))


def _known(mrr: float) -> float | None:
    return float(mrr) if mrr == mrr else None

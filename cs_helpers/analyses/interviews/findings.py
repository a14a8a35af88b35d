"""The findings of interviews: the reason that most companies give for not acting, and what one segment alone tells."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.result import Finding, Verdict
from cs_helpers.statistics.proportions import wilson


def interview_findings(
    tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict]
) -> tuple[Finding, ...]:
    """`reason` (given by most companies) and `varies` (the code that varies most between sizes).

    tables and verdicts: of the result, for leadership after small counts were suppressed.
    """
    found = []
    reason = verdicts.get("reasons")
    if reason is not None and reason.code == "message":
        count, of = int(reason.fields["companies"]), int(reason.fields["of"])
        low, high = wilson(count, of)
        found.append(
            Finding(
                "reason",
                "reasons",
                "neither",
                "counted",
                of,
                value=count / of,
                size=count / of,
                low=low,
                high=high,
                unit="share",
                customers=count,
                fields={"reason": reason.fields["reasons"][0]},
            )
        )
    return (*found, *_varying_code(tables.get("varies")))


def _varying_code(varies: pd.DataFrame | None) -> list[Finding]:
    """The code of the verdict `varies` that one size tells and no other one."""
    if varies is None or varies.empty:
        return []
    for row in varies[(varies["verdict"] == "varies") & (varies["dimension"] == "size")].itertuples():
        told = {size: count for size, count in row.mentioned.items() if count == count and count > 0}
        if len(told) != 1 or any(count != count for count in row.mentioned.values()):
            continue
        size, count = next(iter(told.items()))
        of = int(row.of[size])
        low, high = wilson(int(count), of)
        return [
            Finding(
                "varies",
                "varies",
                "neither",
                "clear",
                int(sum(row.of.values())),
                value=count / of,
                compared=0.0,
                compared_with="other_customers",
                size=count / of,
                low=low,
                high=high,
                unit="share",
                customers=int(count),
                fields={"theme": row.code, "company_size": size},
            )
        ]
    return []

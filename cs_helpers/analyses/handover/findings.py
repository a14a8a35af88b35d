"""What the analysis of hand-overs found, most important first."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.handover.handed import Handed
from cs_helpers.customers.handovers import NONE
from cs_helpers.result import Finding, Verdict


def handover_findings(
    handed: Handed,
    tables: Mapping[str, pd.DataFrame],
    verdicts: Mapping[str, Verdict],
    promises: pd.DataFrame | None,
) -> tuple[Finding, ...]:
    """Promises that are overdue, customers without a hand-over, a role that leaves more empty, what hand-overs go with.

    promises: `promises.promise_rows`. MRR is that of the customers who are still there.
    """
    return (
        *_overdue(handed, promises),
        *_without(handed),
        *_roles(verdicts.get("roles"), tables),
        *_associations(tables.get("associations")),
        *_expectations(verdicts.get("expectations")),
    )


def _mrr(handed: Handed, accounts: pd.Index) -> float | None:
    return float(handed.mrr.reindex(accounts).sum()) if handed.time.by_contracts else None


def _overdue(handed: Handed, promises: pd.DataFrame | None) -> list[Finding]:
    if promises is None:
        return []
    there = promises.index[(promises["status"] == "open") & promises.index.isin(handed.mrr.index)]
    if there.empty:
        return []
    return [
        Finding(
            "overdue", "promises", "worse", "counted", len(promises), value=float(len(there)),
            compared_with="target", customers=len(there), mrr=_mrr(handed, there), fields={"of": len(promises)},
        )
    ]  # fmt: skip


def _without(handed: Handed) -> list[Finding]:
    none = handed.new.index[handed.new["standing"] == NONE]
    there = none.intersection(handed.mrr.index)
    if none.empty:
        return []
    return [
        Finding(
            "without", "starts", "worse", "counted", len(handed.new), value=float(len(none)),
            compared_with="target", customers=len(there), mrr=_mrr(handed, there), fields={"of": len(handed.new)},
        )
    ]  # fmt: skip


def _roles(verdict: Verdict | None, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    if verdict is None or verdict.code != "fewer":
        return []
    row = tables["roles"].set_index("role").loc[verdict.fields["role"]]
    return [
        Finding(
            "role_fewer", "roles", "worse", "clear", int(row["n"]), value=float(row["completeness"]),
            compared=float(row["completeness"] - row["difference"]), compared_with="other_customers",
            size=float(row["difference"]), low=float(row["difference_low"]), high=float(row["difference_high"]),
            unit="share", fields={"who": verdict.fields["role"]},
        )
    ]  # fmt: skip


def _associations(table: pd.DataFrame | None) -> list[Finding]:
    """The associations that are beyond chance; on their own they are neither good nor bad news."""
    if table is None:
        return []
    return [
        Finding(
            f"{row.comparison}_{row.verdict}", "associations", "neither", "clear", int(row.n + row.of),
            compared_with="other_customers", size=float(row.ratio), low=float(row.low), high=float(row.high),
            size_unit="ratio", customers=int(row.n + row.of),
        )
        for row in table.itertuples()
        if row.verdict not in ("chance", "too_few")
    ]  # fmt: skip


def _expectations(verdict: Verdict | None) -> list[Finding]:
    if verdict is None or verdict.code != "met":
        return []
    same, of = int(verdict.fields["same"]), int(verdict.fields["of"])
    if same == of:
        return []
    return [
        Finding(
            "expects_other", "expectations", "worse", "counted", of, value=float(of - same), compared_with="target",
            fields={"of": of},
        )
    ]  # fmt: skip

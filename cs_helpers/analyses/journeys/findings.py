"""The findings of journeys: where it stalls, who waits longer than usual, and whether new customers are slower."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.comparison import compare
from cs_helpers.result import Finding, Metric, Verdict


def journey_findings(
    tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict]
) -> tuple[Finding, ...]:
    """`stall`, `late` and `new_slower` or `new_faster`, most important first.

    tables and verdicts: of the result. `stall`: the share of the size that takes the step least, against the size that
    takes it most; at stake are the customers of that size who wait there longer than usual. `late`: all such
    customers, and the step that most of them wait for. `new_slower` and `new_faster`: the first step that new customers of the
    quarter reach slower or faster than earlier ones at the same age.
    """
    found: list[Finding] = []
    stall = verdicts.get("steps")
    if stall is not None and stall.code == "stall":
        found.append(_stall(stall, tables))
    waiting = tables["waiting"]
    late = waiting[waiting["late"].astype("boolean").fillna(False)]
    if len(late):
        found.append(
            Finding(
                "late",
                "stalls",
                "worse",
                "counted",
                len(waiting),
                value=float(len(late)),
                customers=len(late),
                mrr=float(late["mrr"].sum()) if "mrr" in late else None,
                fields={"step": late["step"].value_counts().index[0]},
            )
        )
    return (*found, *_new_customers(tables))


def _stall(stall: Verdict, tables: Mapping[str, pd.DataFrame]) -> Finding:
    fields = stall.fields
    rows = tables["steps"][tables["steps"]["step"] == fields["step"]].set_index("size")
    here, there = (
        Metric(
            "share",
            float(rows.at[size, "share"]),
            "share",
            int(rows.at[size, "n"]),
            float(rows.at[size, "low"]),
            float(rows.at[size, "high"]),
        )
        for size in (fields["size"], fields["other"])
    )
    change = compare(here, there, "higher", "other_customers")
    stalls = tables.get("stalls")
    at_stake = (
        stalls[(stalls["step"] == fields["step"]) & (stalls["segment"] == fields["size"])]
        if stalls is not None
        else None
    )
    known = at_stake is not None and len(at_stake) == 1
    return Finding(
        "stall",
        "steps",
        "worse",
        change.certainty if change else "unclear",
        here.n + there.n,
        value=here.value,
        compared=there.value,
        compared_with="other_customers",
        size=change.difference if change else None,
        low=change.low if change else None,
        high=change.high if change else None,
        unit="share",
        customers=int(at_stake["late"].iloc[0]) if known and at_stake is not None else None,
        mrr=float(at_stake["mrr"].iloc[0]) if known and at_stake is not None and "mrr" in at_stake else None,
        fields={"step": fields["step"], "company_size": fields["size"], "other_size": fields["other"]},
    )


def _new_customers(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    cohort = tables.get("cohort")
    if cohort is None:
        return []
    rows = cohort[cohort["verdict"].isin(("slower", "faster"))]
    if rows.empty:
        return []
    row = rows.iloc[0]
    now, before = (
        Metric("share", float(row[f"share{s}"]), "share", int(row[f"n{s}"]), float(row[f"low{s}"]), float(row[f"high{s}"]))
        for s in ("", "_before")
    )  # fmt: skip
    change = compare(now, before, "higher", "usual")
    slower = row["verdict"] == "slower"
    return [
        Finding(
            "new_slower" if slower else "new_faster",
            "cohort",
            "worse" if slower else "better",
            "clear",  # the analysis decided by a log-rank test, corrected for the number of steps
            now.n + before.n,
            value=now.value,
            compared=before.value,
            compared_with="usual",
            size=change.difference if change else None,
            low=change.low if change else None,
            high=change.high if change else None,
            unit="share",
            customers=now.n,
            fields={"step": row["step"], "age": int(row["age"])},
        )
    ]

"""The findings of journeys: where it stalls, who waits longer than usual, and whether new customers are slower."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cs_helpers.comparison import compare
from cs_helpers.result import Certainty, ComparedWith, Finding, Metric, Verdict


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
    here, there = (_share(rows.loc[size]) for size in (fields["size"], fields["other"]))
    at_stake = tables.get("stalls", pd.DataFrame(columns=["step", "segment"]))
    at_stake = at_stake[(at_stake["step"] == fields["step"]) & (at_stake["segment"] == fields["size"])]
    known = len(at_stake) == 1
    return _difference(
        here,
        there,
        "other_customers",
        code="stall",
        about="steps",
        direction="worse",
        customers=int(at_stake["late"].iloc[0]) if known else None,
        mrr=float(at_stake["mrr"].iloc[0]) if known and "mrr" in at_stake else None,
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
    now, before = _share(row), _share(row, "_before")
    slower = row["verdict"] == "slower"
    return [
        _difference(
            now,
            before,
            "usual",
            certainty="clear",  # the analysis decided by a log-rank test, corrected for the number of steps
            code="new_slower" if slower else "new_faster",
            about="cohort",
            direction="worse" if slower else "better",
            customers=now.n,
            fields={"step": row["step"], "age": int(row["age"])},
        )
    ]


def _share(row: pd.Series, suffix: str = "") -> Metric:
    """The share of a row, with its interval and n: the columns share, low, high and n, with a suffix."""
    share, low, high = (float(row[f"{column}{suffix}"]) for column in ("share", "low", "high"))
    return Metric("share", share, "share", int(row[f"n{suffix}"]), low, high)


def _difference(
    now: Metric,
    other: Metric,
    compared_with: ComparedWith,
    *,
    certainty: Certainty | None = None,
    **finding: Any,
) -> Finding:
    """A finding on the difference of two shares. certainty: where the interval does not decide it."""
    change = compare(now, other, "higher", compared_with)
    effect: dict[str, Any] = (
        {"size": change.difference, "low": change.low, "high": change.high} if change else {}
    )
    return Finding(
        n=now.n + other.n,
        value=now.value,
        compared=other.value,
        compared_with=compared_with,
        unit="share",
        certainty=certainty or (change.certainty if change else "unclear"),
        **effect,
        **finding,
    )

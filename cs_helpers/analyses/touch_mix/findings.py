"""Headline metrics of touches, and what the analysis found."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.touch_mix.hours import PLAN
from cs_helpers.analyses.touch_mix.mix import rows_apart
from cs_helpers.analyses.touch_mix.touched import ALL
from cs_helpers.result import Finding, Metric
from cs_helpers.statistics.proportions import wilson

#: the plan is remarked on where it needs so many times the hours of the quarter's touches
MANY_HOURS = 1.1


def headline_metrics(tables: Mapping[str, pd.DataFrame], by_contracts: bool) -> dict[str, Metric]:
    """The metrics that can be told: see `declared`."""
    metrics = {}
    every = tables["levels"].iloc[0]
    if every["customer_quarters"]:
        low, high = (None if v != v else float(v) for v in (every["low"], every["high"]))
        metrics["touches_per_customer"] = Metric(
            "touches_per_customer", float(every["rate"]), "amount", int(every["touches"]), low, high
        )
    if "below_plan" in tables:
        row = tables["below_plan"].iloc[0]
        name, kind, of = _judged(row)
        if row[of]:
            low, high = wilson(int(row[kind]), int(row[of]))
            metrics[name] = Metric(name, float(row[kind] / row[of]), "share", int(row[of]), low, high)
            if by_contracts:
                amount = float(row[f"{kind}_mrr"])
                metrics[f"{name}_mrr"] = Metric(f"{name}_mrr", amount, "currency", int(row[kind]))
    if "changed_mix" in tables:
        rows = tables["changed_mix"].set_index("change")
        metrics["hours"] = Metric(
            "hours", float(rows.at["now", "hours"]), "count", int(rows.at["now", "touches"])
        )
        if PLAN in rows.index:
            metrics["plan_hours"] = Metric(
                "plan_hours", float(rows.at[PLAN, "hours"]), "count", int(every["customers"])
            )
    return metrics


def _judged(row: pd.Series) -> tuple[str, str, str]:
    """What is counted: customers below the plan of those with one; without a plan those without a touch, of all.

    The name of metric and finding, and the columns of `below_plan` with the count and with what it is of.
    """
    return ("below_plan", "below", "planned") if "planned" in row else ("untouched", "untouched", "customers")


def touch_findings(tables: Mapping[str, pd.DataFrame], by_contracts: bool) -> tuple[Finding, ...]:
    """Customers below the plan, or without a touch; models of touches off the declared mix; hours that the plan needs.

    All say how things are beside what was declared, not what changed.
    """
    return (
        *_below(tables, by_contracts),
        *_apart(tables["mix"]),
        *_needs_hours(tables),
    )


def _below(tables: Mapping[str, pd.DataFrame], by_contracts: bool) -> list[Finding]:
    if "below_plan" not in tables:
        return []
    row = tables["below_plan"].iloc[0]
    code, kind, of = _judged(row)
    if not row[kind]:
        return []
    has_plan = code == "below_plan"
    return [
        Finding(
            code,
            "below_plan",
            "worse" if has_plan else "neither",
            "counted",
            int(row[of]),
            value=float(row[kind]),
            compared_with="target" if has_plan else "nothing",
            customers=int(row[kind]),
            mrr=float(row[f"{kind}_mrr"]) if by_contracts else None,
            fields={"of": int(row[of]), "none": int(row["untouched"])},
        )
    ]


def _apart(mix: pd.DataFrame) -> list[Finding]:
    """The models whose share of the year's touches is not the declared one; of levels where all together are as declared."""
    return [
        Finding(
            "mix_apart" if row.level == ALL else "level_mix_apart",
            "mix",
            "neither",
            "clear",
            int(row.touches),
            value=float(row.share),
            compared=float(row.declared),
            compared_with="target",
            size=float(row.share - row.declared),
            low=float(row.low - row.declared),
            high=float(row.high - row.declared),
            unit="share",
            customers=int(row.customers),
            fields={"touch_model": row.touch_model, "level": row.level},
        )
        for row in rows_apart(mix).itertuples()
    ]


def _needs_hours(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    if "changed_mix" not in tables:
        return []
    hours = tables["changed_mix"].set_index("change")["hours"]
    if PLAN not in hours or not hours["now"] or hours[PLAN] < MANY_HOURS * hours["now"]:
        return []
    every = tables["levels"].iloc[0]
    return [
        Finding(
            "plan_needs_hours",
            "changed_mix",
            "neither",
            "counted",
            int(every["customers"]),
            value=float(hours[PLAN]),
            compared=float(hours["now"]),
            size=float(hours[PLAN] / hours["now"]),
            size_unit="ratio",
        )
    ]

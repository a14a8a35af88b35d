"""What the gap plan found: each gap that is short of its target, and where customers in one are lost more often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cs_helpers.contract.to_be import Goal, ToBe
from cs_helpers.result import Finding


def find(gaps: pd.DataFrame, to_be: ToBe, order: Sequence[str]) -> tuple[Finding, ...]:
    """The findings in the order of the priorities; a gap without a place in it comes after, by MRR and customers.

    order: goals, the first one first. `gap` (with `gap_partly_known`, where it is not known of all customers) and `gap_of_number` (fields entry, the id of the goal; goal, its name; and by): the number against its target. `lost_more_often` (fields entry, goal): the
    share of customers lost in a year in the gap against that outside, where they differ beyond chance; these come last.
    """
    goals = {goal.id: goal for goal in to_be.goals}
    place = {goal: n for n, goal in enumerate(order)}
    by_stake = sorted(gaps[gaps["state"] == "short"].to_dict("records"), key=_stake, reverse=True)
    rows = sorted(by_stake, key=lambda row: place.get(row["goal"], len(place)))
    found = [finding for row in rows for finding in _of(row, goals[row["goal"]])]
    return tuple(sorted(found, key=lambda finding: finding.code == "lost_more_often"))


def _stake(row: dict[str, Any]) -> tuple[float, float]:
    return tuple(  # type: ignore[return-value]
        -math.inf if math.isnan(row[key]) else row[key] for key in ("mrr", "customers")
    )


def _of(row: dict[str, Any], goal: Goal) -> list[Finding]:
    """The findings of a gap that is short of its target."""
    customers = None if math.isnan(row["customers"]) else int(row["customers"])
    # the MRR of so many of them, in proportion: no more figures than that tells
    mrr = None if math.isnan(row["mrr"]) else float(f"{row['mrr']:.3g}")
    if goal.is_about_customers:
        found = [
            Finding(
                "gap_partly_known" if row["unknown"] else "gap", "gaps", "worse", "counted", row["n"], value=row["as_is"], compared=row["target"],
                compared_with="target", size=row["gap"], unit="share", customers=customers, mrr=mrr,
                fields={
                    "entry": goal.id, "goal": goal.name, "by": goal.by, "inside": int(row["in_gap"]),
                    "unknown": int(row["unknown"]),
                },
            )
        ]  # fmt: skip
    else:
        low, high = (None if math.isnan(row[key]) else row[key] for key in ("gap_low", "gap_high"))
        found = [
            Finding(
                "gap_of_number", "gaps", "worse", row["certainty"], row["n"], value=row["as_is"],
                compared=row["target"], compared_with="target", size=row["gap"], low=low, high=high, unit=row["unit"],
                customers=customers, mrr=mrr, fields={"entry": goal.id, "goal": goal.name, "by": goal.by},
            )
        ]  # fmt: skip
    if row["losses"] == "more":
        found.append(
            Finding(
                "lost_more_often", "effects", "worse", "clear", row["lost_in"] + row["lost_out"],
                value=row["lost_share_in"], compared=row["lost_share_out"], compared_with="other_customers",
                size=row["kept"], low=row["kept_low"], high=row["kept_high"], unit="share",
                customers=None if math.isnan(row["in_gap"]) else int(row["in_gap"]), fields={"entry": goal.id, "goal": goal.name},
            )
        )  # fmt: skip
    return found

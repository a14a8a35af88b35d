"""The verdicts on where customers stand, from the tables, and the headline share at the upper levels."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from cs_helpers.analyses.maturity.bridge import Fall
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.segment_shares import stands_out
from cs_helpers.result import Metric, Verdict
from cs_helpers.statistics.proportions import wilson

#: the quarters of a year: how far back levels are compared
YEAR = 4


def upper_share(states: pd.Series, upper_from: int) -> dict[str, Metric]:
    """`upper_levels`: the share of the customers with a known level who are there; empty where none is known.

    states: the level of each customer at the end of the quarter.
    """
    level = states[states >= 0]
    if level.empty:
        return {}
    high, n = int((level >= upper_from).sum()), len(level)
    low_bound, high_bound = wilson(high, n)
    return {"upper_levels": Metric("upper_levels", high / n, "share", n, low_bound, high_bound)}


def trend(by_quarter: pd.DataFrame, quarters: list[Quarter], upper_from: int) -> Verdict:
    """The share at the upper levels of customers with a known level, and that of a year earlier where it is known.

    `none`, `now` (level, share), or `year` (before, too).
    """
    known = by_quarter[by_quarter["level"] >= 0]
    total = known.groupby("quarter")["customers"].sum()
    high = known[known["level"] >= upper_from].groupby("quarter")["customers"].sum() / total.where(total > 0)
    now = float(high[str(quarters[-1])])
    if now != now:
        return Verdict("none")
    fields = {"level": upper_from, "share": now}
    before = float(high.get(str(quarters[-1].back(YEAR)), np.nan))
    return Verdict("now", fields) if before != before else Verdict("year", {**fields, "before": before})


def both_states(now: pd.Series, highest: pd.Series, earlier: pd.Series, upper_from: int) -> Verdict:
    """How many customers stand below the highest level that they had, of those whose level is known.

    now, highest: the level at the end of the quarter and the highest one so far, by account_id. earlier: whether a level
    is known at the end of an earlier month, too. `none`, `first` (of nobody; level, share, n), `kept` (the same fields), or `slipped` (ever: the share that was at the upper levels at some time; below: customers).
    """
    known = now[now >= 0]
    if known.empty:
        return Verdict("none")
    highest, n = highest.reindex(known.index), len(known)
    fields = {"level": upper_from, "share": float((known >= upper_from).mean()), "n": n}
    if not earlier.reindex(known.index).any():
        return Verdict("first", fields)
    below = int((known < highest).sum())
    if not below:
        return Verdict("kept", fields)
    return Verdict("slipped", {**fields, "ever": float((highest >= upper_from).mean()), "below": below})


def segment_verdict(customers: pd.DataFrame, segments: pd.DataFrame, upper_from: int) -> Verdict:
    """The segment that stands out most from the others of its dimension, of those dimensions that differ.

    customers, segments: of `standing.by_segment` and `standing.upper_by_segment`. `lower` or `higher` (segment as in
    `size:small`, share, n, other_share, other_n, low and high of the difference), `alike`, `alone` (nothing to compare),
    `none_upper`, `all_upper`, `unknown`.
    """
    known = customers[customers["state"] >= 0]
    is_upper = known["state"] >= upper_from
    fields = {"level": upper_from, "n": len(known)}
    if known.empty:
        return Verdict("unknown")
    if is_upper.sum() in (0, len(known)):
        return Verdict("all_upper" if is_upper.any() else "none_upper", fields)
    if (segments["verdict"] == "one").all():
        return Verdict("alone", {**fields, "share": float(is_upper.mean())})
    different = segments.loc[segments["verdict"] == "differs", "dimension"].unique()
    found = stands_out(is_upper, known, list(different), first="fewer")
    if found is None:
        return Verdict("alike", fields)
    said = asdict(found)
    return Verdict("lower" if said.pop("side") == "fewer" else "higher", {**fields, **said})


def bridge_verdict(told: pd.Series, fall: Fall | None, quarter: str, upper_from: int) -> Verdict:
    """What became of the customers in the quarter.

    told: the row of the quarter, of `bridge.changes`; fall: the largest one of the year. `accounts` (without contracts: who
    left is not known), `accounts_over` (over: who is not recorded any more), `accounts_new` (none at the start), `fell_much`,
    `after_fall` (in an earlier quarter), `unchanged` (nobody came or left), `even` (as many came as left), or `plain`. Fields:
    level (the first of the upper ones), opening, closing, came, left (lost, or not renewed yet), rose, fell; below, or quarter,
    fall_opening and fall_closing: see `bridge.Fall`.
    """
    fields: dict[str, object] = {name: int(told[name]) for name in ("opening", "closing", "rose", "fell")}
    fields["level"] = upper_from
    if "lost" not in told:
        fields["came"] = int(told["new"] + told.get("back", 0))
        if not told["opening"]:
            return Verdict("accounts_new", {name: fields[name] for name in ("closing", "level")})
        if "not_recorded" in told:
            return Verdict("accounts_over", {**fields, "over": int(told["not_recorded"])})
        return Verdict("accounts", fields)
    fields["came"] = came = int(told["new"] + told["back"])
    fields["left"] = left = int(told["lost"] + told["not_recorded"])
    if fall and fall.quarter == quarter:
        return Verdict("fell_much", {**fields, "below": fall.below})
    if fall:
        earlier = {"quarter": fall.quarter, "fall_opening": fall.opening, "fall_closing": fall.closing}
        return Verdict("after_fall", {**fields, **earlier})
    if not (came or left):
        return Verdict("unchanged", fields)
    return Verdict("even" if fields["opening"] == fields["closing"] else "plain", fields)

"""The verdicts on the questions of revenue, each decided from the table that its figure shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.revenue.lifetime import Lifetimes
from cs_helpers.customers.movements import MOVEMENTS
from cs_helpers.result import Verdict
from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS

_YEAR = 12
#: the age in months at which the share of customers that stay is named
_AGE = 36


def bridge_verdict(bridge: pd.DataFrame) -> Verdict:
    """The change of the MRR in the quarter: `grew`, `shrank`, `unchanged`, `from_nothing` or `all_lost`.

    Fields: opening, closing, change (amount), share (of the opening); driver, the kind of movement that did most.
    """
    amounts = bridge.set_index("step")["amount"]
    opening, closing = float(amounts["opening"]), float(amounts["closing"])
    change = closing - opening
    fields: dict[str, Any] = {"opening": opening, "closing": closing, "change": abs(change)}
    if not change:
        return Verdict("unchanged", fields)
    if not opening:
        return Verdict("from_nothing", fields)
    if not closing:
        return Verdict("all_lost", fields)
    moved = amounts[list(MOVEMENTS)]
    driver = moved.idxmax() if change > 0 else moved.idxmin()
    fields |= {"share": abs(change) / opening, "driver": driver, "amount": abs(float(moved[driver]))}
    return Verdict("grew" if change > 0 else "shrank", fields)


def trend_verdict(trend: pd.DataFrame) -> Verdict:
    """The MRR against that of a year ago: `grew`, `shrank`, `unchanged`, `from_nothing`, `all_lost`, or `short` (no year yet).

    Fields: mrr, earlier, share, months (that are known).
    """
    mrr, months = float(trend["mrr"].iloc[-1]), len(trend)
    if months <= _YEAR:
        return Verdict("short", {"mrr": mrr, "months": months})
    earlier = float(trend["mrr"].iloc[-1 - _YEAR])
    fields = {"mrr": mrr, "earlier": earlier, "months": months}
    if mrr == earlier:
        return Verdict("unchanged", fields)
    if not earlier:
        return Verdict("from_nothing", fields)
    if not mrr:
        return Verdict("all_lost", fields)
    return Verdict("grew" if mrr > earlier else "shrank", {**fields, "share": abs(mrr / earlier - 1)})


def retention_verdict(row: dict[str, Any]) -> Verdict:
    """The NRR of a row of the table `retention` against 100 %.

    `above` and `below`: its interval does not hold 100 %; `unclear`: it does; `small`: too few paying customers for an
    interval; `alike`: all changed by the same share; `all_kept`: nobody left or pays less; `free_left`: who left did not pay,
    and nobody pays less; `all_lost`; `unpaid`: nobody paid at the start.
    """
    nrr, low, high = row["nrr"], row["nrr_low"], row["nrr_high"]
    names = ("nrr", "nrr_low", "nrr_high", "grr", "customers", "paying", "lost", "logo_churn", "period")
    if np.isnan(nrr):
        code = "unpaid"
    elif row["lost"] == row["customers"]:
        code = "all_lost"
    elif row["grr"] == 1:
        code = "free_left" if row["lost"] else "all_kept"
    elif row["paying"] < MIN_CUSTOMERS:
        code = "small"
    elif np.isnan(low):
        code = "alike"
    else:
        code = "above" if low > 1 else "below" if high < 1 else "unclear"
    return Verdict(code, {name: row[name] for name in names})


def segments_verdict(segments: pd.DataFrame, of_all: dict[str, Any]) -> Verdict:
    """Whether a segment lost clearly more (or fewer) customers than the others: `more`, `fewer`, `alike`, `none_lost`.

    Of several the one furthest from the others is named, one that lost more before one that lost fewer.
    """
    if not of_all["lost"]:
        return Verdict("none_lost", {"customers": of_all["customers"]})
    for code, ascending in (("more", False), ("fewer", True)):
        clear = segments[segments["verdict"] == code].sort_values("difference", ascending=ascending)
        if len(clear):
            row = clear.iloc[0]
            names = ("dimension", "segment", "logo_churn", "others", "lost", "customers")
            return Verdict(code, {name: row[name] for name in names} | {"p": float(row["p"])})
    return Verdict("alike", {"segments": len(segments)})


def profitability_verdict(ratios: dict[str, float]) -> Verdict:
    """What growth costs against what it brings.

    `pays`: the net growth efficiency index is at most 1; `costs_more`: above 1; `shrinking`: no net new ARR, so it has no
    value; `margin_only`: the cost of sales and marketing is not known; `unknown`: neither is the margin.
    """
    net, margin = ratios.get("growth_efficiency_net"), ratios.get("profit_margin")
    if "sales_and_marketing" not in ratios:
        return Verdict("unknown") if margin is None else Verdict("margin_only", {"margin": margin})
    if net is None:
        return Verdict("shrinking", {"spent": ratios["sales_and_marketing"]})
    fields = {"index": net, "gross": ratios["growth_efficiency"]}
    return Verdict("pays" if net <= 1 else "costs_more", fields)


def survival_verdict(curve: pd.DataFrame, found: Lifetimes) -> Verdict:
    """The share of customers that stay for three years, or as long as is known: `retained`, `none_lost`, `all_lost`."""
    if not found.lost.any():
        return Verdict("none_lost", {"customers": len(found.lost)})
    if found.lost.all():
        return Verdict("all_lost", {"customers": len(found.lost), "months": float(np.median(found.months))})
    known = curve.dropna(subset=["survival"])
    row = known.iloc[min(_AGE, len(known) - 1)]
    age, share, low, high = (float(row[c]) for c in ("month", "survival", "low", "high"))
    fields = {"months": int(age), "share": share, "low": low, "high": high, "customers": len(found.lost)}
    return Verdict("retained", fields)

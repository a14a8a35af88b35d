"""What the page says of each question, decided beside its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.health_check.alarms import Warnings
from cs_helpers.analyses.health_check.headlines import EARLY_DAYS
from cs_helpers.analyses.health_check.learned import OutOfTime
from cs_helpers.analyses.health_check.panel import NEEDED, Panel
from cs_helpers.result import Verdict
from cs_helpers.statistics.discrimination import Auc, auc, auc_difference

#: the part of the customers with the lowest scores that the sentence on telling apart names
LOWEST = 0.2


def apart_verdict(area: Auc, reached: pd.DataFrame) -> Verdict:
    """Whether those who left had lower scores: surely where the interval of the AUC lies above one half."""
    step = reached.iloc[(reached["share_of_customers"] - LOWEST).abs().argmin()]
    fields = {
        "auc": area.value, "low": area.low, "high": area.high, "share": LOWEST, "reached": float(step["share_of_lost"]),
    }  # fmt: skip
    return Verdict("better" if area.low > 0.5 else "worse" if area.high < 0.5 else "cannot_tell", fields)


def bands_verdict(bands: pd.DataFrame, panel: Panel) -> Verdict:
    """Whether more customers are lost from the lowest band than from the highest, of the bands that have customers."""
    present = bands[bands["n"] > 0]
    fields: dict[str, Any] = {"customers": len(set(panel.account)), "lost": panel.lost_customers}
    if not panel.lost.any():
        return Verdict("none_lost", fields)
    high, low = present.iloc[0], present.iloc[-1]  # from green to red
    if len(present) < 2:
        return Verdict("one_band", {**fields, "band": str(low["band"]), "share": float(low["share"])})
    fields |= {
        "band": str(low["band"]),
        "share": float(low["share"]),
        "other_band": str(high["band"]),
        "other": float(high["share"]),
    }
    if panel.lost_customers < NEEDED:
        return Verdict("few", {**fields, "needed": NEEDED})
    # the interval of a difference of two shares from their intervals (MOVER, as Newcombe 1998)
    difference = low["share"] - high["share"]
    least = difference - math.hypot(low["share"] - low["low"], high["high"] - high["share"])
    most = difference + math.hypot(low["high"] - low["share"], high["share"] - high["low"])
    return Verdict("ordered" if least > 0 else "reversed" if most < 0 else "cannot_tell", fields)


def warning_verdict(warned: pd.DataFrame, warnings: Warnings) -> Verdict:
    """Whether most of those who left had been warned of `EARLY_DAYS` days before; with the false alarms beside."""
    row = warned[warned["days"] == EARLY_DAYS].iloc[0]
    fields = {
        "warned": int(row["warned"]),
        "lost": int(row["n"]),
        "share": float(row["share"]),
        "days": EARLY_DAYS,
        "median": float(warnings.losses["lead_days"].median()),
        **false_alarm_rate(warnings),
    }
    if row["n"] < NEEDED:
        return Verdict("few", fields)
    if row["low"] > 0.5:
        return Verdict("mostly", fields)
    return Verdict("some" if row["high"] >= 0.5 else "rarely" if row["warned"] else "never", fields)


def false_alarm_rate(warnings: Warnings) -> dict[str, float]:
    """False alarms a CSM-month (`per_csm`), or in 100 customer-months where no CSM is known (`per_customers`)."""
    if not warnings.customer_months:
        return {}
    if warnings.csm_months:
        return {"per_csm": warnings.false_alarms / warnings.csm_months}
    return {"per_customers": 100 * warnings.false_alarms / warnings.customer_months}


def parts_verdict(areas: Mapping[str, Auc]) -> Verdict:
    """Whether the score tells better apart with the qualitative part than without it."""
    difference, low, high = auc_difference(areas["whole"], areas["quantitative"])
    fields = {
        "whole": areas["whole"].value, "without": areas["quantitative"].value,
        "difference": difference, "low": low, "high": high,
    }  # fmt: skip
    return Verdict("helps" if low > 0 else "harms" if high < 0 else "cannot_tell", fields)


def weights_verdict(panel: Panel, tried: OutOfTime) -> Verdict:
    """Whether learned weights would have told better apart at quarter ends and customers that they were not learned from."""
    known = tried.known & ~np.isnan(tried.score)
    lost, account = panel.lost[known], panel.account[known]
    customers = len(set(account[lost]))
    if customers < NEEDED or len(set(account[~lost])) < NEEDED:
        return Verdict("untried", {"lost": customers, "needed": NEEDED})
    learned, declared = (auc(lost, -s[known], account, panel.cut[known]) for s in (tried.score, panel.score))
    difference, low, high = auc_difference(learned, declared)
    fields = {
        "learned": learned.value, "declared": declared.value, "difference": difference, "low": low, "high": high,
        "lost": customers,
    }  # fmt: skip
    return Verdict("better" if low > 0 else "worse" if high < 0 else "cannot_tell", fields)

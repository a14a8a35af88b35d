"""The findings of a forecast: a quarter of many losses ahead, and what will clearly grow or fall within a year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.analyses.level_outlook.forecast import Forecast, significant
from cs_helpers.analyses.level_outlook.verdicts import compared
from cs_helpers.result import Finding, Metric
from cs_helpers.rounding import rounded

#: losses of one quarter are worth a finding if they are so many times those of the others, in so many of the futures
SEASON, LIKELY, CLEAR = 1.5, 0.8, 0.975


def metrics_ahead(made: Forecast, *, losses: bool, pays: bool) -> dict[str, Metric]:
    """The headlines a year from now: `customers_ahead`, `upper_ahead` (share), `lost_ahead` (within the year), `mrr_ahead`."""
    n = len(made.counted.level)
    last = made.parts(made.futures.customers[:, -1])
    share = last["upper"] / np.maximum(last["all"] - last.get("unknown", 0.0), 1)
    drawn = {"customers_ahead": ("count", last["all"]), "upper_ahead": ("share", share)}
    if losses:
        drawn["lost_ahead"] = ("count", made.futures.lost.sum(axis=1))
    if pays:
        drawn["mrr_ahead"] = ("currency", made.futures.mrr[:, -1].sum(axis=1))
    found = {}
    for name, (unit, values) in drawn.items():
        low, high = np.quantile(values, [0.025, 0.975], method="inverted_cdf")
        shown = significant if unit == "currency" else float
        found[name] = Metric(name, shown(values.mean()), unit, n, shown(low), shown(high))
    return found


def findings_ahead(
    made: Forecast, tables: Mapping[str, pd.DataFrame], *, losses: bool, trusted: bool
) -> tuple[Finding, ...]:
    """`losses_ahead`, and of MRR, customers and the upper levels what a year from now is clearly not as today.

    trusted: whether past forecasts a year ahead were closer than "all stays as it is"; if not, nothing is clear.
    """
    n = len(made.counted.level)
    found = [_season_of_losses(made, n, pays="mrr" in tables)] if losses else []
    measured = (("mrr", "mrr", "all", "currency", "falls", "grows"), ("customers", "outlook", "all", "count", "fall", "grow"),
                ("upper", "outlook", "upper", "count", "fall", "grow"))  # fmt: skip
    for subject, question, part, unit, falls, grows in measured:
        if question not in tables:
            continue
        now, then = compared(tables[question], part, "mrr" if subject == "mrr" else "customers")
        value = float(then["mrr" if subject == "mrr" else "customers"])
        if then["low"] <= now <= then["high"]:
            continue
        is_more = value > now
        found.append(
            Finding(
                f"{subject}_{grows if is_more else falls}", question, "better" if is_more else "worse", "clear" if trusted else "unclear", n, value, now,
                "nothing", value - now, float(then["low"]) - now, float(then["high"]) - now, unit,
                customers=None if subject == "mrr" else int(rounded(abs(value - now))),
                mrr=abs(value - now) if subject == "mrr" else None,
                fields={"quarter": str(then["quarter"])},
            )
        )  # fmt: skip
    return tuple(finding for finding in found if finding is not None)


def _season_of_losses(made: Forecast, n: int, *, pays: bool) -> Finding | None:
    """The quarter ahead with the most losses, where it likely has more than `SEASON` times those of the others.

    `clear` where that is so in 97.5 % of the futures, `unclear` in `LIKELY` of them.
    """
    lost = made.futures.lost
    place = int(lost.mean(axis=0).argmax())
    others = np.delete(lost, place, axis=1).mean(axis=1)
    difference = lost[:, place] - others
    chance = float(np.mean(lost[:, place] > SEASON * others))
    if chance < LIKELY:
        return None
    low, high = np.quantile(difference, [0.025, 0.975])
    value = float(lost[:, place].mean())
    at_stake = significant(made.futures.lost_mrr[:, place].mean()) if pays else None
    return Finding(
        "losses_ahead", "outlook", "worse", "clear" if chance >= CLEAR else "unclear", n, value, float(others.mean()), "usual", float(difference.mean()),
        float(low), float(high), "count", customers=int(rounded(value)), mrr=at_stake,
        fields={"quarter": str(made.quarters[place])},
    )  # fmt: skip

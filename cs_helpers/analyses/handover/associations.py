"""What hand-overs go with: how fast customers reach value, and how often they are lost.

Rates are compared by Cox's model (`statistics.hazards.hazard_trend`) among customers of the same size that started in the same
calendar year, as far as the events suffice. Nobody drew lots over which customers are handed over well: sales may write more
of customers that are easy to help. What remains is an association, not the effect of a hand-over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.customers.handovers import COMPLETE, NONE, PARTIAL
from cs_helpers.result import Verdict
from cs_helpers.statistics.hazards import HazardTrend, hazard_trend
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import REACHED

#: what customers have in common who are compared, from the least to the most
STRATA: dict[str, tuple[str, ...]] = {"nothing": (), "size": ("size",), "size_year": ("size", "year")}
#: finer strata are used as long as this share of the events can still be compared
MIN_COMPARED = 0.5
#: the customers of each group, and the events that can be compared, that it takes
MIN_CUSTOMERS = MIN_EVENTS = 5

#: comparison -> the groups on its two sides
COMPARISONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "complete": ((COMPLETE,), (PARTIAL,)),
    "handed": ((COMPLETE, PARTIAL), (NONE,)),
}
#: the verdicts that tell nothing apart
_UNCLEAR = ("chance", "too_few")
#: outcome -> the verdicts on a ratio above and below 1
DIRECTIONS = {"value": ("faster", "slower"), "loss": ("more", "fewer")}


def associations(value: pd.DataFrame | None, losses: pd.DataFrame | None) -> pd.DataFrame:
    """The ratios of rates, by outcome and comparison.

    value, losses: `followed.periods` until value and until the loss; None: not known. Columns: outcome (`value`, `loss`), comparison (`complete`:
    complete against incomplete hand-overs; `handed`: any against none), n and of (customers on the two sides), events, compared
    (events in strata with both sides at risk), ratio, low, high (95 %), p, adjusted (a key of `STRATA`), verdict: `faster`, `slower`
    (value), `fewer`, `more` (losses) by Benjamini-Hochberg over all rows, `chance`, or `too_few`.
    """
    rows = [
        _row(outcome, comparison, risk)
        for outcome, risk in (("value", value), ("loss", losses))
        if risk is not None
        for comparison in COMPARISONS
    ]
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    tested = table["verdict"] == "chance"
    clear = benjamini_hochberg(table.loc[tested, "p"].to_list(), q=FALSE_DISCOVERY)
    names = [DIRECTIONS[o][int(r < 1)] for o, r in zip(table["outcome"], table["ratio"], strict=True)]
    table.loc[tested, "verdict"] = np.where(clear, np.array(names, dtype=object)[tested], "chance")
    return table


def _row(outcome: str, comparison: str, risk: pd.DataFrame) -> dict[str, Any]:
    first, second = COMPARISONS[comparison]
    rows = risk[risk["group"].isin([*first, *second])]
    exposed = rows["group"].isin(first)
    customers = [rows.loc[side, "account_id"].nunique() for side in (exposed, ~exposed)]
    adjusted, trend = _adjusted(rows, exposed)
    enough = min(customers) >= MIN_CUSTOMERS and trend.compared >= MIN_EVENTS and trend.ratio == trend.ratio
    ratio, low, high, p = trend[:4] if enough else (np.nan,) * 4
    return {
        "outcome": outcome, "comparison": comparison, "n": customers[0], "of": customers[1],
        "events": int((rows["outcome"] == REACHED).sum()), "compared": trend.compared, "ratio": ratio, "low": low,
        "high": high, "p": p, "adjusted": adjusted, "verdict": "chance" if enough else "too_few",
    }  # fmt: skip


def _adjusted(rows: pd.DataFrame, exposed: pd.Series) -> tuple[str, HazardTrend]:
    """The trend within the finest strata that leave enough events to compare, and the key of these strata."""
    coarsest, *finer = STRATA
    of_all = _trend(rows, exposed, STRATA[coarsest])
    for name in reversed(finer):
        trend = _trend(rows, exposed, STRATA[name])
        if trend.compared >= MIN_COMPARED * of_all.compared:
            return name, trend
    return coarsest, of_all


def _trend(rows: pd.DataFrame, exposed: pd.Series, strata: tuple[str, ...]) -> HazardTrend:
    stratum = rows.groupby(list(strata)).ngroup().to_numpy() if strata else np.zeros(len(rows), dtype="int64")
    return hazard_trend(
        rows["entered"].to_numpy("float64"),
        rows["days"].to_numpy("float64"),
        (rows["outcome"] == REACHED).to_numpy(),
        exposed.to_numpy("float64"),
        stratum,
    )


def association_verdict(table: pd.DataFrame) -> Verdict:
    """What complete hand-overs go with: on value, where that is known, else on losses.

    `faster`, `slower`, `unclear` or `few` on value, `fewer`, `more`, `unclear_losses` or `few_losses`; fields: ratio, low, high, n, of.
    """
    row = table[table["comparison"] == "complete"].iloc[0]
    suffix = "" if row["outcome"] == "value" else "_losses"
    numbers = {name: float(row[name]) for name in ("ratio", "low", "high")}
    counts = {"n": int(row["n"]), "of": int(row["of"])}
    if row["verdict"] == "too_few":
        return Verdict(f"few{suffix}", counts)
    code = f"unclear{suffix}" if row["verdict"] == "chance" else str(row["verdict"])
    return Verdict(code, {**numbers, **counts})


def value_verdict(groups: pd.DataFrame, ratios: pd.DataFrame) -> Verdict:
    """The shares with value within half a year, by whether the rates of complete and incomplete hand-overs differ beyond chance.

    groups: `followed.group_table`; ratios: `associations`. `shares` (complete, partial; the rates differ), `shares_unclear` (they may be
    equal); where only one of the two was handed over `with_none`, `with_none_unclear` (group, its share, that without a hand-over);
    `early` (a share is not known yet) or `one_group` (group).
    """
    rows = groups.set_index("group")["half_year"]
    if len(rows) == 1:
        return Verdict("one_group", {"group": rows.index[0]})
    first, second = [name for name in (COMPLETE, PARTIAL, NONE) if name in rows.index][:2]
    shares = {"first": float(rows[first]), "second": float(rows[second])}
    if np.isnan(list(shares.values())).any():
        return Verdict("early", shares)
    unclear = "_unclear" if _of_value(ratios, "handed" if second == NONE else "complete")["verdict"] in _UNCLEAR else ""  # fmt: skip
    if second == NONE:
        return Verdict(
            f"with_none{unclear}", {"group": first, "share": shares["first"], "none": shares["second"]}
        )
    return Verdict(f"shares{unclear}", {COMPLETE: shares["first"], PARTIAL: shares["second"]})


def none_verdict(groups: pd.DataFrame, ratios: pd.DataFrame) -> Verdict | None:
    """Customers without a hand-over beside two groups with one: `none_slower`, `none_faster` or `none_unclear` (customers).

    None where there are not all three groups.
    """
    customers = groups.set_index("group")["n"]
    if len(customers) < 3:
        return None
    code = {"faster": "none_slower", "slower": "none_faster"}
    return Verdict(
        code.get(_of_value(ratios, "handed")["verdict"], "none_unclear"), {"customers": int(customers[NONE])}
    )


def _of_value(ratios: pd.DataFrame, comparison: str) -> pd.Series:
    return ratios[(ratios["outcome"] == "value") & (ratios["comparison"] == comparison)].iloc[0]

"""What one level more is associated with: the rate of loss in the quarter after a landmark, and NRR over the year after it.

Rates of loss are compared by Cox's model (`statistics.hazards.hazard_trend`) on the age of customers, in strata of the
calendar year: only customers of the same age, in the same year, are compared, because levels rise with age and so may
loyalty. The level is that of the landmark; no time before it was reached counts for it. As far as the losses suffice, strata of size and
industry are added. Customers choose to climb: what remains is an association, not the effect of a level.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.level_worth.retained import nrr_slope
from cs_helpers.customers.segments import with_segments
from cs_helpers.statistics.hazards import HazardTrend, hazard_trend
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg

#: what customers have in common who are compared, from the least to the most
STRATA = {"age": (), "size": ("size",), "industry": ("size", "industry")}
#: finer strata are used as long as this share of the losses can still be compared
MIN_COMPARED = 0.5


def quarters_at_risk(follow: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """The quarter after each landmark: one row a customer and quarter.

    follow: `follow_up.follow_up`. Columns: level, earlier, start and stop (age in days), lost, year (of the quarter, the
    calendar's), size, industry.
    """
    after = {q: q.back(-1) for q in follow["landmark"].unique()}
    last = (
        follow["landmark"].map({q: (later.end - q.end).days for q, later in after.items()}).to_numpy("int64")
    )
    days = follow["days"].to_numpy("int64")
    segments = with_segments(accounts).set_index("account_id")
    return pd.DataFrame(
        {
            "account_id": follow["account_id"].to_numpy(),
            "level": follow["level"].to_numpy(),
            "earlier": follow["earlier"].to_numpy(),
            "start": follow["age"].to_numpy(),
            "stop": follow["age"].to_numpy() + np.minimum(days, last),
            "lost": follow["lost"].to_numpy() & (days <= last),
            "year": follow["landmark"].map({q: later.year for q, later in after.items()}).to_numpy("int64"),
            "size": segments["size"].reindex(follow["account_id"]).to_numpy(),
            "industry": segments["industry"].reindex(follow["account_id"]).to_numpy(),
        }
    )


def loss_ratio(rows: pd.DataFrame, strata: tuple[str, ...], level: str = "level") -> HazardTrend:
    """The ratio of the rates of loss of one level more; rows: `quarters_at_risk`, strata: columns of it."""
    known = rows[rows[level].notna() & (rows["stop"] > rows["start"])]
    stratum = known.groupby(["year", *strata], dropna=False).ngroup().to_numpy()
    start, stop, value = (known[c].to_numpy("float64") for c in ("start", "stop", level))
    return hazard_trend(start, stop, known["lost"].to_numpy(bool), value, stratum)


def chosen_strata(compared: dict[str, int]) -> str:
    """The finest of `STRATA` in which at least `MIN_COMPARED` can still be compared of what the coarsest compares.

    compared: by name, how many losses (or customers) can be compared.
    """
    needed = MIN_COMPARED * compared["age"]
    return next((name for name in reversed(STRATA) if compared[name] >= needed), "age")


def associations(rows: pd.DataFrame, years: pd.DataFrame) -> pd.DataFrame:
    """What one level more goes with, by what customers have in common who are compared.

    rows: `quarters_at_risk`. years: `retained.years_after`. Columns: outcome (`loss`: ratio of the rates of loss; `nrr`: difference
    of the NRR of a year), common (a key of `STRATA`, or `earlier`: as chosen, by the level of a quarter before), value, low, high, p,
    compared (losses, or customers), chosen (the row that the page goes by). Strata with the same comparison as a coarser one stay.
    """
    found: list[dict[str, Any]] = []
    losses = {name: loss_ratio(rows, strata) for name, strata in STRATA.items()}
    best = chosen_strata({name: trend.compared for name, trend in losses.items()})
    earlier = loss_ratio(rows, STRATA[best], "earlier")
    slopes = {name: nrr_slope(years, strata) for name, strata in STRATA.items()}
    best_slope = chosen_strata({name: slope.customers for name, slope in slopes.items()})
    for outcome, best_name, results in (
        ("loss", best, {**losses, "earlier": earlier}), ("nrr", best_slope, slopes)
    ):  # fmt: skip
        for name, (value, low, high, p, compared) in results.items():
            found.append(
                {"outcome": outcome, "common": name, "value": value, "low": low, "high": high, "p": p, "compared": compared,
                 "chosen": name == best_name}
            )  # fmt: skip
    return pd.DataFrame(found)


def step_table(rows: pd.DataFrame, levels: Sequence[int], strata: tuple[str, ...]) -> pd.DataFrame:
    """Each step of the curve: the rate of loss at a level against that of the level below.

    Columns: below, level; ratio, low, high, p, compared (losses); quarters, lost (customer-quarters at risk and losses at the
    level), quarters_below, lost_below; verdict (`fewer`, `more` or `unclear`, for all steps together at a false discovery rate of
    5 %); earlier, earlier_low, earlier_high: the ratio by the level of a quarter before. NaN where nobody can be compared.
    """
    found = []
    at_risk, lost = rows.groupby("level").size(), rows.groupby("level")["lost"].sum()
    for below, level in itertools.pairwise(levels):
        ratio, low, high, p, compared = loss_ratio(rows[rows["level"].isin([below, level])], strata)
        earlier = loss_ratio(rows[rows["earlier"].isin([below, level])], strata, "earlier")
        found.append(
            {
                "below": below, "level": level, "ratio": ratio, "low": low, "high": high, "p": p, "compared": compared,
                "quarters": int(at_risk.get(level, 0)), "lost": int(lost.get(level, 0)),
                "quarters_below": int(at_risk.get(below, 0)), "lost_below": int(lost.get(below, 0)),
                "earlier": earlier.ratio, "earlier_low": earlier.low, "earlier_high": earlier.high,
            }
        )  # fmt: skip
    table = pd.DataFrame(found)
    clear = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    return table.assign(verdict=np.where(clear, np.where(table["ratio"] < 1, "fewer", "more"), "unclear"))

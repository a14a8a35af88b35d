"""Customers that stayed with each CSM, against what is expected of customers of the same size in the same quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customer_journey.in_charge import with_in_charge
from cs_helpers.customers.segments import with_segments
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.case_mix import shrunk_ratios
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg

#: quarters over which losses are counted
YEAR = 4
DAYS_A_YEAR = 365.25
_DAY = pd.Timedelta(days=1)

COLUMNS = (
    "csm", "customers", "exposed", "lost", "expected_lost", "ratio", "low", "high", "verdict",
)  # fmt: skip


def periods_in_charge(data: ProductData, time: CustomerTime, quarters: list[Quarter]) -> pd.DataFrame:
    """The time in which each customer could be lost, by quarter and the CSM in charge at its start.

    Losses fall on the day after the last day, so a customer is at risk from the day after its first one. quarters: in
    order. Columns: account_id, csm, size, quarter, began, years, lost (bool).
    """
    spells = time.spells
    after = spells["last_day"] + _DAY
    parts = []
    for quarter in quarters:
        first, last = pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)
        from_day = np.maximum(spells["first_day"] + _DAY, first)
        to_day = np.minimum(after.fillna(last), last)
        days = (to_day - from_day) / _DAY + 1
        parts.append(
            pd.DataFrame(
                {
                    "account_id": spells["account_id"],
                    "quarter": str(quarter),
                    "began": from_day.astype("datetime64[us]"),
                    "years": days / DAYS_A_YEAR,
                    "lost": spells["ended"].isin(ENDINGS) & after.between(first, last),
                }
            )[days > 0]
        )
    rows = pd.concat(parts, ignore_index=True).sort_values(["began", "account_id"], ignore_index=True)
    sizes = with_segments(data["accounts"]).set_index("account_id")["size"]
    return with_in_charge(rows.assign(size=rows["account_id"].map(sizes)), data, "csm")


def retention_table(periods: pd.DataFrame) -> pd.DataFrame:
    """Losses of the customers of each CSM against those expected by size and quarter.

    periods: the table of `periods_in_charge`. Columns: csm, customers, exposed (customer-years), lost, expected_lost,
    ratio (of the expected to the observed rate of losses, shrunk as `case_mix.compare_groups`: above 1, fewer were lost
    than of comparable customers), low, high (95 %), verdict (`above`, `below`, `alike`; Benjamini-Hochberg over the CSMs).
    Sorted by csm. Empty where nobody was lost: then nothing tells CSMs apart.
    """
    strata = periods.groupby(["quarter", periods["size"].astype("str")])
    rate = strata["lost"].transform("sum") / strata["years"].transform("sum")
    groups = (
        periods.assign(expected=periods["years"] * rate)
        .groupby("csm")
        .agg(
            customers=("account_id", "nunique"),
            exposed=("years", "sum"),
            reached=("lost", "sum"),
            expected=("expected", "sum"),
        )
    )
    losses = shrunk_ratios(groups[groups["expected"] > 0].reset_index())
    differs = benjamini_hochberg(losses["doubt"].tolist(), q=FALSE_DISCOVERY)
    ratio = 1 / losses["ratio"]
    table = losses.assign(
        ratio=ratio,
        low=1 / losses["high"],
        high=1 / losses["low"],
        verdict=np.where(differs, np.where(ratio > 1, "above", "below"), "alike"),
    )
    named = table.rename(columns={"reached": "lost", "expected": "expected_lost"})
    return named.sort_values("csm", ignore_index=True)[list(COLUMNS)]

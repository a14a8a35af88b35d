"""Who was in charge of a customer at a time, as far as the data tells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.segments import with_segments
from cs_helpers.snapshot import ProductData

DAYS_A_YEAR = 365.25
_DAY = pd.Timedelta(days=1)


def with_in_charge(rows: pd.DataFrame, data: ProductData, by: str) -> pd.DataFrame:
    """The rows with the CSM or touch model (`by`) at their start, without those of which it is not known.

    By the last touch before the start, else by the account, which holds today's only. rows: account_id, began; sorted by
    began. The index becomes the position of the row.
    """
    touches = data["touches"][["account_id", "occurred_at", by]].dropna().sort_values("occurred_at")
    # merge_asof needs the same string dtype on both sides
    touches = touches.astype({"account_id": rows["account_id"].dtype})
    found = pd.merge_asof(rows, touches, left_on="began", right_on="occurred_at", by="account_id")
    by_account = found["account_id"].map(data["accounts"].set_index("account_id")[by])
    return found.assign(**{by: found[by].fillna(by_account)}).dropna(subset=[by])


def step_and_size(waits: pd.DataFrame) -> pd.Series:
    """The stratum of each wait: what its pace depends on beside who is in charge."""
    return waits["step"] + ":" + waits["size"].astype("str")


def periods_in_charge(data: ProductData, time: CustomerTime, quarters: list[Quarter]) -> pd.DataFrame:
    """The time in which each customer could be lost, by quarter and the CSM in charge at its start.

    Losses fall on the day after the last day, so a customer is at risk from the day after its first one. quarters: in
    order. Columns: account_id, csm, size, quarter, began, years, lost (bool), expected (losses, by the rate of the customers of
    the same size in the same quarter; they add up to those lost).
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
    periods = with_in_charge(rows.assign(size=rows["account_id"].map(sizes)), data, "csm")
    strata = periods.groupby(["quarter", periods["size"].astype("str")])
    rate = strata["lost"].transform("sum") / strata["years"].transform("sum")
    return periods.assign(expected=periods["years"] * rate)

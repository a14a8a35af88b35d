"""Who was in charge of a customer at a time, as far as the data tells."""

from __future__ import annotations

import pandas as pd

from cs_helpers.snapshot import ProductData


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

"""The customers in each gap that is one of customers."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Situation
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData


def gaps(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers in the gap of each goal that says by a rule who is in it."""
    (now,) = Situation.on(data, quarter.end)
    parts = [
        pd.DataFrame({"goal": goal.id, "account_id": list(now.due(goal.customers).customers)})
        for goal in (data.product.to_be.goals if data.product.to_be else ())
        if goal.customers
    ]
    return pd.concat([pd.DataFrame(columns=["goal", "account_id"], dtype="str"), *parts], ignore_index=True)


def _of_customers(gaps: pd.DataFrame) -> pd.DataFrame:
    return gaps[(gaps["kind"] == "customers") & gaps["in_gap"].notna()].assign(customers=gaps["in_gap"])


MEMBERS = {"gaps": Members(gaps, ("goal",), lambda tables: _of_customers(tables["gaps"]))}

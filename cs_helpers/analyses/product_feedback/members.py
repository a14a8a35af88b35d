"""The customers behind each point of the figures of feedback to the product."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.product_feedback.asked import WAITING, Asked
from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData


def ranking(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers who wait for each request."""
    asked = Asked.on(data, quarter.end).of_customers
    return asked.loc[asked["status"].isin(WAITING), ["request_id", "account_id"]]


MEMBERS = {
    "ranking": Members(
        ranking, ("request_id",), lambda tables: tables["ranking"].rename(columns={"companies": "customers"})
    )
}

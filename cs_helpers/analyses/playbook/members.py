"""The customers behind each entry of the playbook."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Situation
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData


def entries(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers for whom each entry is due."""
    (now,) = Situation.on(data, quarter.end)
    parts = [
        pd.DataFrame({"entry": play.key, "account_id": list(now.due(play.rule).customers)})
        for play in data.product.playbook
        if play.rule
    ]
    return pd.concat([pd.DataFrame(columns=["entry", "account_id"], dtype="str"), *parts], ignore_index=True)


MEMBERS = {
    "entries": Members(entries, ("entry",), lambda tables: tables["entries"].dropna(subset=["customers"]))
}

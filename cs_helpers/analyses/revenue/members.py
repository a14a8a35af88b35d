"""The customers behind each step of the bridge of revenue."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.movements import MOVEMENTS, ledger, month_ends
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData

#: months of a quarter
_MONTHS = 3


def bridge(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers of each kind of movement of the quarter, and those at its beginning and its end."""
    of_months = ledger(customer_time_as_of(data, quarter.end), month_ends(quarter, _MONTHS))
    who = {
        "opening": of_months.customers(_MONTHS),
        **{kind: (of_months.movements[kind] != 0).any(axis=1) for kind in MOVEMENTS},
        "closing": of_months.customers(),
    }
    accounts = of_months.at.accounts
    parts = [pd.DataFrame({"account_id": accounts[is_in]}).assign(step=step) for step, is_in in who.items()]
    return pd.concat(parts, ignore_index=True)


MEMBERS = {"bridge": Members(bridge, ("step",), lambda tables: tables["bridge"])}

"""Which accounts were customers of a product at which time: the only place where analyses read contracts."""

from __future__ import annotations

from datetime import date

import pandas as pd

from cs_helpers.contract.spells import CustomerTime, account_time, customer_time
from cs_helpers.snapshot import ProductData


def missing_contracts(data: ProductData) -> tuple[str, ...]:
    """`("contracts",)` where the table of contracts, the source of customers, MRR and losses, is missing; else empty."""
    return data.missing("contracts")


def customer_time_as_of(data: ProductData, day: date) -> CustomerTime:
    """The customer spells of the product as known on a day.

    Without a table of contracts: the spells of accounts known to use it (`contract.spells.account_time`).
    """
    if missing_contracts(data):
        return account_time(data["first_seen"], day)
    return customer_time(data["contracts"], data.product.customers, day)


def term_ends(data: ProductData, day: date) -> pd.Series:
    """The next day on which a paid term of each customer ends, of the contracts that run on a day.

    Index: account_id, of customers with such a term; datetime64[us]. A contract that starts later is not known yet.
    """
    rows = data["contracts"]
    at = pd.Timestamp(day)
    is_term = (
        (rows["ended_how"] == "term").fillna(False) & (rows["started_on"] <= at) & (rows["ended_on"] >= at)
    )
    return rows[is_term].groupby("account_id")["ended_on"].min()


def knows_terms(data: ProductData) -> bool:
    """Whether any contract of the product is one with a paid term, without which renewals have no date."""
    return bool((data["contracts"]["ended_how"] == "term").any())

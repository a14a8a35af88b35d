"""Which accounts were customers of a product at which time: the only place where analyses read contracts."""

from __future__ import annotations

from datetime import date

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

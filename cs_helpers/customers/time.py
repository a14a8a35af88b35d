"""Who was a customer of a product when: the one place where contracts are read."""

from __future__ import annotations

from datetime import date

from cs_helpers.contract.spells import CustomerTime, account_time, customer_time
from cs_helpers.snapshot import ProductData


def without_contracts(data: ProductData) -> tuple[str, ...]:
    """The name of the table that tells of customers, MRR and losses where it is missing; else nothing."""
    return data.missing("contracts")


def as_known(data: ProductData, day: date) -> CustomerTime:
    """Who was a customer of the product when, as known on a day: what every analysis asks.

    Without a table of contracts: which accounts were known of it (`contract.spells.accounts_seen`).
    """
    if without_contracts(data):
        return account_time(data["first_seen"], day)
    return customer_time(data["contracts"], data.product.customers, day)

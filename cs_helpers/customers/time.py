"""Which accounts were customers of a product at which time: the only place where analyses read contracts."""

from __future__ import annotations

from datetime import date

import pandas as pd

from cs_helpers.contract.revenue import ExchangeRate
from cs_helpers.contract.spells import CustomerTime, account_time, customer_time
from cs_helpers.snapshot import ProductData


def missing_contracts(data: ProductData) -> tuple[str, ...]:
    """`("contracts",)` where the table of contracts, the source of customers, MRR and losses, is missing; else empty."""
    return data.missing("contracts")


def customer_time_as_of(data: ProductData, day: date) -> CustomerTime:
    """The customer spells of the product as known on a day, with the MRR of contracts in the product's currency.

    The MRR of a contract in a currency without an exchange rate is missing (`contracts_without_rate`).
    Without a table of contracts: the spells of accounts known to use it (`contract.spells.account_time`).
    """
    if missing_contracts(data):
        return account_time(data["recorded"], day, data.product.customers.recorded_within_days)
    contracts, rules = data["contracts"], data.product.revenue
    converted = contracts.assign(mrr=rules.converted(contracts["mrr"], contracts["currency"], currency(data)))
    return customer_time(converted, data.product.customers, day)


def currency(data: ProductData) -> str:
    """The currency of all amounts on pages of the product; '' where it is not known."""
    return data.product.revenue.main_currency(data["contracts"]["currency"])


def exchange_rates_used(data: ProductData) -> dict[str, ExchangeRate]:
    """The exchange rates by which amounts of contracts are converted, by currency."""
    used = set(data["contracts"]["currency"].dropna())
    return {name: rate for name, rate in data.product.revenue.exchange_rates.items() if name in used}


def contracts_without_rate(data: ProductData, day: date) -> pd.DataFrame:
    """The contracts on a day whose currency has no exchange rate, so that their MRR is in no total.

    Columns: currency, contracts (number), mrr (in that currency).
    """
    rows = data["contracts"]
    at = pd.Timestamp(day)
    running = (rows["started_on"] <= at) & ~(rows["ended_on"] < at)
    apart = rows[running & data.product.revenue.without_rate(rows["currency"], currency(data))]
    return apart.groupby("currency")["mrr"].agg(contracts="size", mrr="sum").reset_index()


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

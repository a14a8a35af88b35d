"""Draw the contracts of the three products: their starts, renewals at another price, and ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.sample.accounts import Customers
from cs_helpers.sample.days import (
    AS_OF,
    NEVER,
    Flags,
    Ints,
    as_dates,
    day,
    month_end,
    month_number,
    office_day,
)
from cs_helpers.sample.rollouts import Rollouts
from cs_helpers.sample.truths import REGRESSIONS, YEAR_ENDS

#: months in which one contract of paper_to_web ends outside a year end, by fiscal year (from April)
_OTHER_ENDS = {
    2022: (11,),
    2023: (9,),
    2024: (5, 6, 8, 9, 11, 12, 1, 2),
    2025: (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2),
    2026: (4, 6, 8),
}
_MRR = {
    "paper_to_web": {"enterprise": 420_000, "mid": 150_000, "small": 48_000},
    "expense_desk": {"enterprise": 260_000, "mid": 90_000, "small": 28_000},
    "helpdesk": {"enterprise": 180_000, "mid": 70_000, "small": 24_000},
}
#: product -> number of accounts, share of contracts that end in a year, and share that is renewed at another price
_OTHER_PRODUCTS = {"expense_desk": (110, 0.10, 0.30), "helpdesk": (70, 0.09, 0.25)}


@dataclass(frozen=True)
class Terms:
    """The time of each customer with a product, over all its contracts; arrays of equal length.

    `account` is the row in `accounts`; `ended` is `NEVER` while running. From `fell` until `recovered`
    a customer of paper_to_web is below the level of maturity that it had reached.
    """

    product: str
    account: Ints
    started: Ints
    ended: Ints
    fell: Ints
    recovered: Ints

    @property
    def leaving(self) -> Flags:
        """Whether each customer has ended by the last day."""
        return self.ended < NEVER


def paper_to_web_terms(starts: Ints, rollouts: Rollouts, rng: np.random.Generator) -> Terms:
    """The terms of paper_to_web: contracts end in single months (`_OTHER_ENDS`), and at year ends as in `YEAR_ENDS`."""
    count = len(starts)
    ended, fell, recovered = np.full(count, NEVER), np.full(count, NEVER), np.full(count, NEVER)
    for fiscal_year in range(2021, 2027):
        for month in _OTHER_ENDS.get(fiscal_year, ()):
            year = fiscal_year + (month < 4)
            last = int(month_end(np.array([(year - 1970) * 12 + month - 1]))[0])
            staying = np.flatnonzero((starts <= last - 120) & (ended >= NEVER))
            ended[rng.choice(staying)] = last
        year_end = date(fiscal_year + 1, 3, 31)
        if year_end not in YEAR_ENDS:
            continue
        last = day(year_end)
        active = (starts < last) & (ended >= NEVER)
        leaving = YEAR_ENDS[year_end].ended
        candidates = np.flatnonzero(active & (starts < last - 200))
        if regression := REGRESSIONS.get(year_end):
            summer = day(date(fiscal_year, 7, 1))
            is_settled = (rollouts.no_outgoing < summer) | (rollouts.no_outgoing > last)
            can_fall = active & (rollouts.second_department < summer) & is_settled & (fell >= NEVER)
            falling = rng.choice(np.flatnonzero(can_fall), regression.fell, replace=False)
            paper_free = rollouts.no_outgoing[falling] < summer
            paper_returns = day(date(fiscal_year, 10, 5)) + rng.integers(0, 95, regression.fell)
            fell[falling] = np.where(paper_free, office_day(paper_returns), day(date(fiscal_year, 10, 1)))
            recovered[falling] = last + 1
            ended[falling[: regression.ended]] = last
            leaving -= regression.ended
            candidates = np.setdiff1d(candidates, falling)
        ended[rng.choice(candidates, leaving, replace=False)] = last
    return Terms("paper_to_web", np.arange(count), starts, ended, fell, recovered)


def other_terms(product: str, customers: Customers, rng: np.random.Generator) -> Terms:
    """The terms of another product, which some of the accounts use."""
    count, yearly_end, _ = _OTHER_PRODUCTS[product]
    account = np.sort(rng.choice(len(customers.accounts), count, replace=False))
    first = day(date(2022, 4, 1))
    started = office_day(rng.integers(first, day(date(2026, 7, 31)), count))
    lifetimes = 240 + rng.exponential(365 / yearly_end, count).astype(np.int64)
    ended = month_end(month_number(started + lifetimes))
    ended = np.where(ended < AS_OF, ended, NEVER)
    never = np.full(count, NEVER)
    return Terms(product, account, started, ended, never, never)


def contracts_table(terms: list[Terms], customers: Customers, rng: np.random.Generator) -> pd.DataFrame:
    """The table `contracts`; a contract that is followed by another ends on the day on which the next one starts."""
    frames = [_contracts_of(each, customers, rng) for each in terms]
    contracts = pd.concat(frames, ignore_index=True).sort_values(
        ["started_on", "account_id", "product"], ignore_index=True
    )
    contracts.insert(0, "contract_id", [f"C-{n:05d}" for n in range(1, len(contracts) + 1)])
    return contracts.assign(currency="JPY")


def _contracts_of(terms: Terms, customers: Customers, rng: np.random.Generator) -> pd.DataFrame:
    accounts = customers.accounts.iloc[terms.account]
    usual_mrr = accounts["size"].map(_MRR[terms.product]).to_numpy(dtype=float)
    mrr = usual_mrr * np.exp(rng.normal(0, 0.25, len(usual_mrr)))
    contracts = pd.DataFrame(
        {
            "account_id": accounts["account_id"].to_numpy(),
            "product": terms.product,
            "started": terms.started,
            "ended": terms.ended,
            "mrr": mrr,
        }
    )
    if terms.product in _OTHER_PRODUCTS:
        renewed = month_end(month_number(terms.started + 364)) + 1
        is_repriced = (rng.random(len(contracts)) < _OTHER_PRODUCTS[terms.product][2]) & (
            renewed < np.minimum(terms.ended, AS_OF) - 60
        )
        later = contracts[is_repriced].assign(started=renewed[is_repriced])
        later["mrr"] *= rng.choice([0.75, 1.2, 1.35, 1.6], len(later), p=[0.25, 0.35, 0.25, 0.15])
        contracts.loc[is_repriced, "ended"] = renewed[is_repriced]
        contracts["renewed"] = is_repriced
        contracts = pd.concat([contracts, later.assign(renewed=False)])
    renewed_here = (
        contracts["renewed"].to_numpy(bool)
        if "renewed" in contracts
        else np.zeros(len(contracts), dtype=bool)
    )
    has_ended = contracts["ended"].to_numpy() < NEVER
    return pd.DataFrame(
        {
            "account_id": contracts["account_id"],
            "product": contracts["product"],
            "started_on": as_dates(contracts["started"].to_numpy()),
            "ended_on": as_dates(contracts["ended"].to_numpy()),
            "ended_how": pd.Series(
                np.where(renewed_here, "term", "cancelled"), contracts.index, dtype="str"
            ).where(has_ended),
            "mrr": (contracts["mrr"] / 1000).round().astype(int) * 1000,
        }
    )


def costs_table(contracts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The table `costs`: fixed shares of the revenue of each month, with noise."""
    shares = {
        "cost_of_goods": 0.19,
        "support": 0.09,
        "general_admin": 0.11,
        "research": 0.17,
        "sales_marketing": 0.24,
    }
    months = pd.date_range("2024-04-01", "2026-09-01", freq="MS")
    rows = []
    for month in months:
        active = contracts[
            (contracts["started_on"] <= month)
            & (contracts["ended_on"].isna() | (contracts["ended_on"] > month))
        ]
        for product, revenue in active.groupby("product")["mrr"].sum().items():
            noise = np.exp(rng.normal(0, 0.06, len(shares)))
            for (category, share), factor in zip(shares.items(), noise, strict=True):
                amount = round(revenue * share * factor / 1000) * 1000
                rows.append((month, product, category, amount, "JPY"))
    return pd.DataFrame(rows, columns=["month", "product", "category", "amount", "currency"])

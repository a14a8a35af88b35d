"""Simulated histories of levels in which it is known what a level does to losses: nothing, or so much a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.contract.products import CustomerRules
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import customer_time
from cs_helpers.customers.maturity_levels import LevelHistory

#: records of three years, up to the end of the quarter
LAST = Quarter(2026, 3)
ENDS = pd.date_range("2023-10-31", "2026-09-30", freq="ME")
#: months before the records in which customers may have started
BEFORE = 24


@dataclass(frozen=True)
class Planted:
    """accounts: account_id, size, industry. contracts: as in the contract. levels: (accounts, months) at the ends of `ENDS`;
    NaN: no customer."""

    accounts: pd.DataFrame
    contracts: pd.DataFrame
    levels: np.ndarray

    def history(self) -> LevelHistory:
        """The histories as the rules of a product would give them."""
        time = customer_time(self.contracts, CustomerRules(), LAST.end)
        index = pd.Index(self.accounts["account_id"], name="account_id")
        levels = pd.DataFrame(self.levels, index=index, columns=list(ENDS.date))
        return LevelHistory(LAST, time, levels, levels, top=4)


def planted(
    seed: int,
    *,
    effect: float = 1.0,
    customers: int = 400,
    rate: float = 0.03,
    renewals: bool = False,
    large_climb: float = 1.0,
    large_loss: float = 1.0,
    later_loss: float = 1.0,
) -> Planted:
    """Customers whose level rises with their tenure, and who are lost at a rate.

    effect: by which the rate is multiplied for each level that was held at the end of the quarter before. rate: that of a month
    at Lv.0, which falls by half in the second year and later. renewals: losses only at the end of each twelve months.
    large_climb, large_loss: how many times as fast large companies rise, and how many times as often they are lost.
    later_loss: how many times as often anybody is lost in the last of the three years.
    """
    random = np.random.default_rng(seed)
    months = len(ENDS)
    start = random.integers(-BEFORE, months - 3, customers)
    large = random.random(customers) < 0.5
    climb = np.where(large, large_climb, 1.0) * 0.09
    level, at_quarter = np.zeros(customers), np.zeros(customers)
    lost_in = np.full(customers, months)  # the month at whose end the account is no customer any more
    levels = np.full((customers, months), np.nan)
    for month in range(-BEFORE, months):
        there = (start <= month) & (lost_in > month)
        age = month - start
        hazard = rate * np.where(age > 12, 0.5, 1.0) * effect**at_quarter * np.where(large, large_loss, 1.0)
        hazard = hazard * (later_loss if month >= months - 12 else 1.0)
        if renewals:
            hazard = np.where((age > 0) & (age % 12 == 0), 10 * hazard, 0.0)
        goes = there & (age > 0) & (random.random(customers) < -np.expm1(-hazard))
        lost_in[goes] = month
        there &= ~goes
        level = np.minimum(level + (random.random(customers) < climb), 4) * there
        if month >= 0:
            levels[there, month] = level[there]
        if month % 3 == 2:  # the records begin with a quarter
            at_quarter = level.copy()
    names = np.array([f"A{n:04}" for n in range(customers)])
    first = np.datetime64("2023-10", "M")
    starts = pd.Series((first + start).astype("datetime64[D]").astype("datetime64[us]"))
    # lost in a month: the last day as a customer is the last of the month before
    ends = (first + lost_in).astype("datetime64[D]") - np.timedelta64(1, "D")
    ended = pd.Series(ends.astype("datetime64[us]")).mask(lost_in == months)
    contracts = pd.DataFrame(
        {
            "contract_id": names, "account_id": pd.Series(names, dtype="str"),
            "started_on": starts, "ended_on": ended,
            "ended_how": pd.Series(np.where(ended.isna(), None, "notice"), dtype="str"),
            "mrr": 100.0, "currency": "JPY",
        }
    )  # fmt: skip
    accounts = pd.DataFrame(
        {
            "account_id": names,
            "size": np.where(large, "enterprise", "small"),
            "industry": "retail",
            "motivation": np.nan,
            "literacy": np.nan,
        }
    )
    return Planted(accounts, contracts, levels)

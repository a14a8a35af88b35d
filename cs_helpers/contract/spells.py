"""Customer time: when each account was a customer, in one place for everything that asks.

A spell is a time in which an account is a customer without a break: its contracts that overlap, follow
each other, or lie no more days apart than the product file allows (`customers.return_gap_days`). A loss
falls on the day after a spell's last day. Everything is as known on one day: contracts that start later do
not exist yet, and one that ends on that day or later still runs.

Where there is no table of contracts nobody knows who is a customer, nor who left. Then accounts are counted: each
from its first recorded row of the product on (use, milestone, ticket, touch, answer, interview ...), without an end
(`accounts_seen`). That is the one definition for all analyses; `CustomerTime.by_contracts` says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.contract.products import CustomerRules
from cs_helpers.contract.vocabulary import ENDINGS

RUNNING, NOT_RECORDED = "running", "renewal_not_recorded"

_DAY = np.timedelta64(1, "D")
_NEVER = np.datetime64("9999-12-31", "D")
#: days between accounts on the common line on which ends are accumulated; more than dates can span
_APART = 10_000_000


@dataclass(frozen=True)
class CustomerTime:
    """The customers of a product, day by day, as known on `known_on`.

    spells: account_id (text), first_day, last_day (datetime64[us]; NaT while it runs), ended (`running`,
    `renewal_not_recorded`: a paid term that ended no more than `customers.renewal_grace_days` ago, or one of
    `vocabulary.ENDINGS`); by account and first day. contracts: those known, `ended_on` being the last day
    (NaT where it was not over). by_contracts: whether they come from contracts; else these are accounts since their
    first row, nobody is ever lost, and there is no MRR: neither may be told as 0.
    """

    spells: pd.DataFrame
    contracts: pd.DataFrame
    known_on: date
    by_contracts: bool = True

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """account_id, first_day and last_day of the spells: a page asks for some fifty days."""
        rows = self.spells
        first, last = (rows[c].to_numpy("datetime64[D]") for c in ("first_day", "last_day"))
        return rows["account_id"].to_numpy(object), first, np.where(np.isnat(last), _NEVER, last)

    def _running(self, day: date) -> np.ndarray:
        """Which spells run on a day; bool."""
        _, first, last = self._arrays
        at = np.datetime64(day, "D")
        running: np.ndarray = (first <= at) & (last >= at)
        return running

    def customers(self, day: date) -> pd.Index:
        """The accounts that are customers on a day; account_ids, in order."""
        return pd.Index(self._arrays[0][self._running(day)], dtype="str", name="account_id")

    def contracts_on(self, day: date) -> pd.DataFrame:
        """The contracts that run on a day."""
        at = pd.Timestamp(day)
        rows = self.contracts
        return rows[(rows["started_on"] <= at) & ~(rows["ended_on"] < at)]

    def mrr(self, day: date) -> pd.Series:
        """MRR of each customer of a day, from the contracts that run on it. Index: account_id, in order; float64.

        0 for one between two contracts; NaN where there is no table of contracts.
        """
        paid = self.contracts_on(day).groupby("account_id")["mrr"].sum().astype("float64")
        return paid.reindex(self.customers(day), fill_value=0.0 if self.by_contracts else np.nan)

    def after(self, day: date, until: date) -> pd.Series:
        """What became, by the day `until`, of each customer of a day.

        Index: account_id, in order. Values: `running`, `renewal_not_recorded`, or how it was lost (one of
        `ENDINGS`). Who left and came back within that time was lost, too.
        """
        running = self._running(day)
        ended = self.spells["ended"].to_numpy(object)[running]
        over = self._arrays[2][running] < np.datetime64(until, "D")
        return pd.Series(np.where(over, ended, RUNNING), self.customers(day), dtype="str")

    def lost(self, day: date, until: date) -> pd.Index:
        """Those customers of a day that were lost by the day `until`; account_ids, in order."""
        became = self.after(day, until)
        return became.index[became.isin(ENDINGS)]

    def movement(self, day: date, until: date) -> dict[str, int]:
        """How the customers of a day became those of a later one.

        Counts of spells: `opening`, `new` (the account's first), `back` (a later one), `lost`, `not_recorded`,
        `closing`; opening + new + back - lost - not_recorded = closing.
        """
        rows, (at, end) = self.spells, (pd.Timestamp(day), pd.Timestamp(until))
        began = (rows["first_day"] > at) & (rows["first_day"] <= end)
        over = (rows["last_day"] >= at) & (rows["last_day"] < end)
        first = ~rows.duplicated("account_id")
        ended = rows.loc[over & (rows["first_day"] <= end), "ended"]
        return {
            "opening": int(self._running(day).sum()),
            "new": int((began & first).sum()),
            "back": int((began & ~first).sum()),
            "lost": int(ended.isin(ENDINGS).sum()),
            "not_recorded": int((ended == NOT_RECORDED).sum()),
            "closing": int(self._running(until).sum()),
        }

    def spell_begins(self, day: date) -> pd.Series:
        """The first day of the spell of each customer of a day. Index: account_id, in order; datetime64[us]."""
        return self.spells[self._running(day)].set_index("account_id")["first_day"]

    def first_days(self) -> pd.Series:
        """The day on which each account first became a customer. Index: account_id; datetime64[us]."""
        return self.spells.groupby("account_id")["first_day"].min()

    def recounted(self, days: Sequence[date]) -> pd.Index:
        """The customers of any of some days who had no contract on it and came back since; account_ids, in order.

        On the page of that day they were counted as lost, or as a renewal that is not recorded.
        """
        if not self.by_contracts:
            return pd.Index([], dtype="str", name="account_id")
        rows = self.contracts
        own, first, last = (
            rows["account_id"].to_numpy(object),
            rows["started_on"].to_numpy("datetime64[D]"),
            rows["ended_on"].to_numpy("datetime64[D]"),
        )
        found: set[str] = set()
        for day in days:
            at = np.datetime64(day, "D")
            with_contract = own[(first <= at) & ~(last < at)]
            found |= set(self._arrays[0][self._running(day)]).difference(with_contract)
        return pd.Index(sorted(found), dtype="str", name="account_id")

    def not_recorded(self) -> pd.Index:
        """The accounts whose paid term is over and whose renewal may still be recorded; account_ids, in order."""
        rows = self.spells
        return pd.Index(rows.loc[rows["ended"] == NOT_RECORDED, "account_id"], name="account_id")

    def last_mrr(self, accounts: pd.Index) -> float:
        """The MRR of accounts on the last day of their last spell."""
        if accounts.empty:
            return 0.0
        rows = self.spells[self.spells["account_id"].isin(accounts)]
        last = rows.groupby("account_id")["last_day"].max()
        days = self.contracts["account_id"].map(last)
        own = (self.contracts["started_on"] <= days) & ~(self.contracts["ended_on"] < days)
        return float(self.contracts.loc[own, "mrr"].sum())


def customer_time(contracts: pd.DataFrame, rules: CustomerRules, known_on: date) -> CustomerTime:
    """The customers of a product from its contracts, as known on a day.

    contracts: account_id, started_on, ended_on (last day, NaT while it runs), ended_how (one of `ENDINGS`;
    missing: it was cancelled), mrr. A contract whose last day is before its first never ran. The order of rows, and whether a contract is written as one or as several
    that follow each other, change nothing.
    """
    known = pd.Timestamp(known_on)
    rows = contracts[(contracts["started_on"] <= known) & ~(contracts["ended_on"] < contracts["started_on"])]
    rows = rows.assign(ended_on=rows["ended_on"].where(rows["ended_on"] < known))
    codes, accounts = pd.factorize(rows["account_id"], sort=True)
    first = rows["started_on"].to_numpy("datetime64[D]")
    last = rows["ended_on"].to_numpy("datetime64[D]")
    last = np.where(np.isnat(last), _NEVER, last)
    # of contracts that end together the one that is over for good says how it ended
    how = rows["ended_how"].map({name: n for n, name in enumerate(ENDINGS)})
    how = how.fillna(ENDINGS.index("cancelled")).to_numpy(np.int64)
    order = np.lexsort((how, last, first, codes))
    codes, first, last, how = codes[order], first[order], last[order], how[order]
    line = last.astype(np.int64) + codes * _APART
    ends = np.maximum.accumulate(line) if len(line) else line
    gap = first.astype(np.int64) + codes * _APART - np.concatenate([[-_APART], ends[:-1]]) - 1
    begins = np.ones(len(codes), dtype=bool)
    begins[1:] = (codes[1:] != codes[:-1]) | (gap[1:] > rules.return_gap_days)
    starts = np.flatnonzero(begins)
    spell = np.cumsum(begins) - 1
    over = np.maximum.reduceat(last, starts) if len(starts) else last
    decides = last == over[spell] if len(starts) else np.zeros(0, dtype=bool)
    ended = np.zeros(len(starts), dtype=np.int64)
    np.maximum.at(ended, spell[decides], how[decides])
    word = np.array(ENDINGS, dtype=object)[ended]
    open_until = np.datetime64(known_on, "D") - rules.renewal_grace_days * _DAY
    latest = np.append(codes[starts][1:] != codes[starts][:-1], [True]) if len(starts) else np.zeros(0, bool)
    word[(word == "term") & latest & (over >= open_until)] = NOT_RECORDED
    word[over == _NEVER] = RUNNING
    spells = pd.DataFrame(
        {
            "account_id": pd.Series(np.asarray(accounts, dtype=object)[codes[starts]], dtype="str"),
            "first_day": first[starts].astype("datetime64[us]"),
            "last_day": np.where(over == _NEVER, np.datetime64("NaT"), over).astype("datetime64[us]"),
            "ended": pd.Series(word, dtype="str"),
        }
    )
    return CustomerTime(spells, rows, known_on)


def accounts_seen(first_seen: pd.DataFrame, known_on: date) -> CustomerTime:
    """The accounts of a product where there is no table of contracts, as known on a day.

    first_seen: account_id (text), first_day (datetime64): the first day with a row of the account in any table of the
    product. Each counts from then on and never ends; one whose first row is later does not exist yet.
    """
    rows = first_seen.loc[first_seen["first_day"] <= pd.Timestamp(known_on), ["account_id", "first_day"]]
    spells = rows.sort_values("account_id", ignore_index=True).assign(
        last_day=pd.Series(pd.NaT, dtype="datetime64[us]"), ended=RUNNING
    )
    spells = spells.astype(
        {"account_id": "str", "first_day": "datetime64[us]", "last_day": "datetime64[us]", "ended": "str"}
    )
    nothing = {
        "account_id": "str",
        "started_on": "datetime64[us]",
        "ended_on": "datetime64[us]",
        "mrr": "float64",
    }
    contracts = pd.DataFrame({c: pd.Series(dtype=kind) for c, kind in nothing.items()})
    return CustomerTime(spells, contracts, known_on, by_contracts=False)

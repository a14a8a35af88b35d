"""Customer time: when each account was a customer, the one definition for all analyses.

A spell is a period in which an account is a customer without interruption: its contracts that overlap,
follow each other, or lie no more days apart than the product file allows (`customers.return_gap_days`). A loss
falls on the day after a spell's last day. Everything is as known on one day: contracts that start later do
not exist yet, and one that ends on that day or later is still running.

Without a table of contracts, customers and losses are unknown. Then accounts are counted instead, each from its first
recorded row of the product on (use, milestone, ticket, touch, answer, interview ...), without an end, or for as many
days after a row as the product file says (`customers.recorded_within_days`; `account_time`). `CustomerTime.by_contracts`
says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
#: added to the days of each account so that one running maximum serves all accounts; more than dates can span
_ACCOUNT_OFFSET = 10_000_000


@dataclass(frozen=True)
class CustomerTime:
    """The customers of a product, day by day, as known on `known_on`.

    spells: account_id (text), first_day, last_day (datetime64[us]; NaT while it is running), ended (`running`,
    `renewal_not_recorded`: a paid term that ended no more than `customers.renewal_grace_days` ago, or an account without
    a later row; or one of `vocabulary.ENDINGS`); sorted by account and first day. contracts: the known contracts, with
    `ended_on` as the last day (NaT while running). by_contracts: whether the spells come from contracts; if not, they are accounts since their
    first row, and losses and MRR are unknown: pages must not show them as 0. return_gap_days: the most days between two
    contracts of one spell. recorded_within_days: without contracts, the days after a row on which an account counts
    (`account_time`); None: without an end.
    """

    spells: pd.DataFrame
    contracts: pd.DataFrame
    known_on: date
    by_contracts: bool = True
    return_gap_days: int = 0
    recorded_within_days: int | None = None

    @property
    def spells_end(self) -> bool:
        """Whether a spell can end: not where accounts are counted from their first row on without an end."""
        return self.by_contracts or self.recorded_within_days is not None

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """account_id, first_day and last_day of the spells; cached, since a page asks for about fifty days."""
        rows = self.spells
        first, last = (rows[c].to_numpy("datetime64[D]") for c in ("first_day", "last_day"))
        return rows["account_id"].to_numpy(object), first, np.where(np.isnat(last), _NEVER, last)

    def _running(self, day: date) -> np.ndarray:
        """Whether each spell is running on a day; bool array."""
        _, first, last = self._arrays
        at = np.datetime64(day, "D")
        running: np.ndarray = (first <= at) & (last >= at)
        return running

    def customers(self, day: date) -> pd.Index:
        """The account_ids of the customers on a day, sorted."""
        return pd.Index(self._arrays[0][self._running(day)], dtype="str", name="account_id")

    def are_customers(self, accounts: pd.Index, days: Sequence[date]) -> np.ndarray:
        """Whether each account is a customer on each of some days: bool, accounts by days. accounts: account_ids."""
        row = accounts.get_indexer(pd.Index(self._arrays[0], dtype=accounts.dtype))
        are_customers = np.zeros((len(accounts), len(days)), dtype=bool)
        for n, day in enumerate(days):
            are_customers[row[self._running(day) & (row >= 0)], n] = True
        return are_customers

    def contracts_on(self, day: date) -> pd.DataFrame:
        """The contracts that are running on a day."""
        at = pd.Timestamp(day)
        rows = self.contracts
        return rows[(rows["started_on"] <= at) & ~(rows["ended_on"] < at)]

    def mrr(self, day: date) -> pd.Series:
        """The MRR of each customer on a day, from the contracts running on it. Index: account_id, sorted; float64.

        0 for a customer between two contracts; NaN where there is no table of contracts, and where all contracts are in
        a currency that cannot be converted.
        """
        paid = self.contracts_on(day).groupby("account_id")["mrr"].sum(min_count=1).astype("float64")
        return paid.reindex(self.customers(day), fill_value=0.0 if self.by_contracts else np.nan)

    def status_after(self, day: date, until: date) -> pd.Series:
        """The status on the day `until` of each customer of an earlier day.

        Index: account_id, sorted. Values: `running`, `renewal_not_recorded`, or how the customer was lost (one of
        `ENDINGS`). A customer who left and returned in between counts as lost.
        """
        running = self._running(day)
        ended = self.spells["ended"].to_numpy(object)[running]
        ended_by_then = self._arrays[2][running] < np.datetime64(until, "D")
        return pd.Series(np.where(ended_by_then, ended, RUNNING), self.customers(day), dtype="str")

    def lost_customers(self, day: date, until: date) -> pd.Index:
        """The account_ids of the customers of a day that were lost by the day `until`, sorted."""
        status = self.status_after(day, until)
        return status.index[status.isin(ENDINGS)]

    def movement(self, day: date, until: date) -> dict[str, int]:
        """The movement of customers from one day to a later one.

        Counts of spells: `opening`, `new` (the account's first spell), `back` (a later spell), `lost`, `not_recorded`,
        `closing`; opening + new + back - lost - not_recorded = closing.
        """
        rows, (at, end) = self.spells, (pd.Timestamp(day), pd.Timestamp(until))
        is_new_spell = (rows["first_day"] > at) & (rows["first_day"] <= end)
        is_over = (rows["last_day"] >= at) & (rows["last_day"] < end)
        is_first = ~rows.duplicated("account_id")
        ended = rows.loc[is_over & (rows["first_day"] <= end), "ended"]
        return {
            "opening": int(self._running(day).sum()),
            "new": int((is_new_spell & is_first).sum()),
            "back": int((is_new_spell & ~is_first).sum()),
            "lost": int(ended.isin(ENDINGS).sum()),
            "not_recorded": int((ended == NOT_RECORDED).sum()),
            "closing": int(self._running(until).sum()),
        }

    def spell_starts(self, day: date) -> pd.Series:
        """The first day of the current spell of each customer on a day. Index: account_id, sorted; datetime64[us]."""
        return self.spells[self._running(day)].set_index("account_id")["first_day"]

    def first_days(self) -> pd.Series:
        """The first day of each account as a customer. Index: account_id; datetime64[us]."""
        return self.spells.groupby("account_id")["first_day"].min()

    def recounted_customers(self, days: Sequence[date]) -> pd.Index:
        """The account_ids of customers who had no contract on one of `days` but returned since, sorted.

        A report of that day counted them as lost, or as a renewal that is not recorded.
        """
        if not self.by_contracts:
            return pd.Index([], dtype="str", name="account_id")
        rows = self.contracts
        account_ids, first, last = (
            rows["account_id"].to_numpy(object),
            rows["started_on"].to_numpy("datetime64[D]"),
            rows["ended_on"].to_numpy("datetime64[D]"),
        )
        recounted: set[str] = set()
        for day in days:
            at = np.datetime64(day, "D")
            with_contract = account_ids[(first <= at) & ~(last < at)]
            recounted |= set(self._arrays[0][self._running(day)]).difference(with_contract)
        return pd.Index(sorted(recounted), dtype="str", name="account_id")

    def renewals_not_recorded(self) -> pd.Index:
        """The account_ids with a paid term that is over and whose renewal may still be recorded, sorted."""
        rows = self.spells
        return pd.Index(rows.loc[rows["ended"] == NOT_RECORDED, "account_id"], name="account_id")

    def last_mrr(self, accounts: pd.Index) -> float:
        """The total MRR of accounts, each on the last day of its last spell."""
        if accounts.empty:
            return 0.0
        rows = self.spells[self.spells["account_id"].isin(accounts)]
        last_days = rows.groupby("account_id")["last_day"].max()
        days = self.contracts["account_id"].map(last_days)
        in_force = (self.contracts["started_on"] <= days) & ~(self.contracts["ended_on"] < days)
        return float(self.contracts.loc[in_force, "mrr"].sum())


def customer_time(contracts: pd.DataFrame, rules: CustomerRules, known_on: date) -> CustomerTime:
    """The customers of a product from its contracts, as known on a day.

    contracts: account_id, started_on, ended_on (last day, NaT while running), ended_how (one of `ENDINGS`;
    missing: cancelled), mrr. A contract that ends before it starts is ignored. The result does not depend on the order
    of rows, nor on whether a contract is recorded as one or as several consecutive ones.
    """
    as_of = pd.Timestamp(known_on)
    rows = contracts[(contracts["started_on"] <= as_of) & ~(contracts["ended_on"] < contracts["started_on"])]
    rows = rows.assign(ended_on=rows["ended_on"].where(rows["ended_on"] < as_of))
    codes, accounts = pd.factorize(rows["account_id"], sort=True)
    first = rows["started_on"].to_numpy("datetime64[D]")
    last = rows["ended_on"].to_numpy("datetime64[D]")
    last = np.where(np.isnat(last), _NEVER, last)
    # where several contracts end on the same day, the most final ending counts
    ending = rows["ended_how"].map({name: n for n, name in enumerate(ENDINGS)})
    ending = ending.fillna(ENDINGS.index("cancelled")).to_numpy(np.int64)
    order = np.lexsort((ending, last, first, codes))
    codes, first, last, ending = codes[order], first[order], last[order], ending[order]
    last_on_line = last.astype(np.int64) + codes * _ACCOUNT_OFFSET
    latest_end = np.maximum.accumulate(last_on_line) if len(last_on_line) else last_on_line
    gap = (
        first.astype(np.int64)
        + codes * _ACCOUNT_OFFSET
        - np.concatenate([[-_ACCOUNT_OFFSET], latest_end[:-1]])
        - 1
    )
    begins = np.ones(len(codes), dtype=bool)
    begins[1:] = (codes[1:] != codes[:-1]) | (gap[1:] > rules.return_gap_days)
    starts = np.flatnonzero(begins)
    spell = np.cumsum(begins) - 1
    spell_last = np.maximum.reduceat(last, starts) if len(starts) else last
    ends_spell = last == spell_last[spell] if len(starts) else np.zeros(0, dtype=bool)
    spell_ending = np.zeros(len(starts), dtype=np.int64)
    np.maximum.at(spell_ending, spell[ends_spell], ending[ends_spell])
    ending_name = np.array(ENDINGS, dtype=object)[spell_ending]
    grace_start = np.datetime64(known_on, "D") - rules.renewal_grace_days * _DAY
    is_latest = (
        np.append(codes[starts][1:] != codes[starts][:-1], [True]) if len(starts) else np.zeros(0, bool)
    )
    ending_name[(ending_name == "term") & is_latest & (spell_last >= grace_start)] = NOT_RECORDED
    ending_name[spell_last == _NEVER] = RUNNING
    spells = pd.DataFrame(
        {
            "account_id": pd.Series(np.asarray(accounts, dtype=object)[codes[starts]], dtype="str"),
            "first_day": first[starts].astype("datetime64[us]"),
            "last_day": np.where(spell_last == _NEVER, np.datetime64("NaT"), spell_last).astype(
                "datetime64[us]"
            ),
            "ended": pd.Series(ending_name, dtype="str"),
        }
    )
    return CustomerTime(spells, rows, known_on, return_gap_days=rules.return_gap_days)


def recorded_spells(days: pd.DataFrame, within_days: Mapping[str, int | None]) -> pd.DataFrame:
    """The times in which each account was recorded, from its days with a row in any table of the product.

    days: account_id, product (text), day (datetime64 at midnight), in any order, also repeated. within_days: product ->
    `customers.recorded_within_days`; rows more days apart than that belong to two spells, all rows to one where it is
    None. Returns account_id, product, first_day, last_day (of the first and the last row), sorted.
    """
    keys = ["account_id", "product"]
    rows = days[[*keys, "day"]].drop_duplicates().sort_values([*keys, "day"], ignore_index=True)
    gap = rows.groupby(keys)["day"].diff().dt.days
    longest = rows["product"].map(within_days).astype("float64").fillna(np.inf)
    rows["spell"] = (gap.isna() | (gap > longest + 1)).cumsum()
    spells = rows.groupby([*keys, "spell"])["day"].agg(first_day="min", last_day="max").reset_index()
    return spells[[*keys, "first_day", "last_day"]]


def account_time(recorded: pd.DataFrame, known_on: date, within_days: int | None = None) -> CustomerTime:
    """The accounts of a product without a table of contracts, as known on a day.

    recorded: account_id (text), first_day, last_day (datetime64) of the product (`recorded_spells`, by the same
    within_days). Each account counts from its first row on: without an end, or up to `within_days` days after its last
    one, and is then over, but not lost. Accounts with a later first row do not exist yet.
    """
    known = pd.Timestamp(known_on)
    rows = recorded.loc[recorded["first_day"] <= known, ["account_id", "first_day", "last_day"]]
    spells = rows.sort_values(["account_id", "first_day"], ignore_index=True)
    # rows after `known_on` lengthen a spell only where it runs on that day anyway
    last = spells["last_day"] + pd.Timedelta(within_days or 0, "D")
    is_over = (last < known) & (within_days is not None)
    spells = spells.assign(last_day=last.where(is_over), ended=np.where(is_over, NOT_RECORDED, RUNNING))
    spells = spells.astype(
        {"account_id": "str", "first_day": "datetime64[us]", "last_day": "datetime64[us]", "ended": "str"}
    )
    kinds = {
        "account_id": "str",
        "started_on": "datetime64[us]",
        "ended_on": "datetime64[us]",
        "mrr": "float64",
    }
    contracts = pd.DataFrame({c: pd.Series(dtype=kind) for c, kind in kinds.items()})
    return CustomerTime(spells, contracts, known_on, by_contracts=False, recorded_within_days=within_days)

"""The MRR of every account on many days at once, without changes that do not last.

The MRR of a day is the sum over the contracts that run on it. Where the sum changes for no more than
`customers.return_gap_days` days and then changes again, nothing was decided in between: a renewal was recorded late or
early, an old contract and its successor overlapped, a service was paused. Such days count with the level beside them, by
one rule in both directions:

- A dip counts with the lower of the levels before and after it: a gap between two contracts is no loss and no return.
- A peak counts with the higher of the levels before and after it: an overlap is no upgrade and no downgrade.

Formally a closing and an opening of the sum over time with a window of `return_gap_days` + 1 days (Serra 1982), within
each spell. A rise at the beginning of a spell, or one that is not over on the day of knowledge, stands beside one level
only and stays as it is: so the MRR on the day of knowledge is the sum of the running contracts. The result depends on
nothing but the sum of each day: not on the order of contracts, nor on whether one is recorded as several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from cs_helpers.contract.spells import CustomerTime

#: accounts whose daily levels are held in memory at once
_CHUNK = 2_000
#: amounts are exact to a millionth, whatever the order in which they are added
_DECIMALS = 6
_NEVER = 10_000_000


@dataclass(frozen=True, eq=False)
class MrrByDay:
    """Arrays over the accounts that ever were a customer (rows) and some days (columns).

    accounts: account_id, sorted. days: sorted. mrr: float64; 0 for who is no customer. spell: the row of
    `CustomerTime.spells` in which the account is a customer on the day, -1 for none.
    """

    accounts: pd.Index
    days: tuple[date, ...]
    mrr: np.ndarray
    spell: np.ndarray


def mrr_by_day(time: CustomerTime, days: Sequence[date]) -> MrrByDay:
    """The MRR and the spell of each account on some days, none of them after the day of knowledge.

    days: in increasing order. Without a table of contracts the MRR is NaN.
    """
    at = np.array(days, dtype="datetime64[D]").astype(np.int64)
    spells = time.spells
    codes, accounts = pd.factorize(spells["account_id"], sort=True)
    spell_rows = _Intervals(codes, *_bounds(spells, "first_day", "last_day"), np.arange(len(spells)) + 1.0)
    spell = spell_rows.sums(len(accounts), at).astype(np.int64) - 1
    index = pd.Index(accounts, dtype="str", name="account_id")
    if not time.by_contracts:
        return MrrByDay(index, tuple(days), np.full(spell.shape, np.nan), spell)
    contracts = _contract_intervals(time, index)
    mrr = contracts.sums(len(accounts), at)
    if time.return_gap_days and len(at):
        brief = contracts.with_brief_levels(time.return_gap_days)
        for chunk in np.split(brief, range(_CHUNK, len(brief), _CHUNK)):
            if len(chunk):
                mrr[chunk] = _lasting(contracts, spell_rows, chunk, at, time)
    return MrrByDay(index, tuple(days), np.where(spell >= 0, mrr, 0.0), spell)


def _lasting(
    contracts: _Intervals, spells: _Intervals, chosen: np.ndarray, at: np.ndarray, time: CustomerTime
) -> np.ndarray:
    """The lasting levels of some accounts on the days `at`: those of every day near them, closed and opened."""
    window = time.return_gap_days + 1
    known_on = int(np.datetime64(time.known_on, "D").astype(np.int64))
    every = np.arange(at[0] - 2 * window, min(int(at[-1]) + 2 * window, known_on) + 1)
    levels = contracts.only(chosen).sums(len(chosen), every)
    inside = spells.only(chosen).sums(len(chosen), every) > 0
    room = ((0, 0), (window, window))
    levels, inside = np.pad(levels, room), np.pad(inside, room)
    # of an even window the second filter looks the other way, so that both together stay in place
    back = {"size": window, "axis": 1, "mode": "nearest", "origin": -((window + 1) % 2)}
    there = {**back, "origin": 0}
    levels = np.where(inside, levels, -np.inf)
    levels = minimum_filter1d(maximum_filter1d(levels, **there), **back)
    levels = np.where(inside, levels, np.inf)
    levels = maximum_filter1d(minimum_filter1d(levels, **there), **back)
    levels = np.where(inside, levels, 0.0)
    return np.asarray(levels[:, window + np.searchsorted(every, at)])


@dataclass(frozen=True, eq=False)
class _Intervals:
    """Periods of accounts with a value each: arrays of equal length; days as numbers, both inclusive."""

    code: np.ndarray
    first: np.ndarray
    last: np.ndarray
    value: np.ndarray

    def sums(self, accounts: int, at: np.ndarray) -> np.ndarray:
        """The sum of the values per account (rows) and day (columns); at: sorted days."""
        low = np.searchsorted(at, self.first, side="left")
        counts = np.maximum(np.searchsorted(at, self.last, side="right") - low, 0)
        row = np.repeat(np.arange(len(counts)), counts)
        column = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + low[row]
        cells = np.bincount(
            self.code[row] * len(at) + column, weights=self.value[row], minlength=accounts * len(at)
        )
        return np.round(cells, _DECIMALS).reshape(accounts, len(at))

    def only(self, chosen: np.ndarray) -> _Intervals:
        """The periods of some accounts (sorted codes), which are numbered anew."""
        place = np.searchsorted(chosen, self.code)
        kept = chosen[np.minimum(place, len(chosen) - 1)] == self.code
        return _Intervals(place[kept], self.first[kept], self.last[kept], self.value[kept])

    def with_brief_levels(self, gap: int) -> np.ndarray:
        """The accounts (codes) with two changes that are no more than `gap` days apart."""
        ends = self.last < _NEVER
        code = np.r_[self.code, self.code[ends]]
        day = np.r_[self.first, self.last[ends] + 1]
        order = np.lexsort((day, code))
        code, day = code[order], day[order]
        near = (code[1:] == code[:-1]) & (day[1:] > day[:-1]) & (day[1:] - day[:-1] <= gap)
        return np.unique(code[1:][near])


def _contract_intervals(time: CustomerTime, accounts: pd.Index) -> _Intervals:
    rows = time.contracts
    first, last = _bounds(rows, "started_on", "ended_on")
    mrr = rows["mrr"].to_numpy("float64", na_value=0.0)
    code = accounts.get_indexer(rows["account_id"])
    order = np.lexsort((mrr, last, first, code))
    return _Intervals(code[order], first[order], last[order], mrr[order])


def _bounds(rows: pd.DataFrame, first: str, last: str) -> tuple[np.ndarray, np.ndarray]:
    days = rows[last].to_numpy("datetime64[D]")
    end = np.where(np.isnat(days), _NEVER, days.astype(np.int64))
    return rows[first].to_numpy("datetime64[D]").astype(np.int64), end

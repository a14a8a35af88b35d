"""Movements of the MRR by month: what came, grew, shrank, went and returned.

A month's movement of an account is the difference between its MRR at the end of the month and at the end of the month
before (`customers.mrr`), so that for each month the opening MRR and its movements add up to the closing MRR. It is

`new`           of an account that never paid before: its first contract, or the first one with an MRR above 0
`expansion`     a rise of who stayed a customer; an upgrade in mid-month counts with its full amount in that month
`contraction`   a fall of who stayed a customer, also to 0 where a contract goes on without an amount
`churn`         all of the MRR of a customer who was lost: the spell (`contract.spells`) ended and no other followed within
                `customers.return_gap_days`
`reactivation`  all of the MRR of a customer in a new spell who had paid before
`not_recorded`  the MRR of a paid term that is over and may still be renewed (`customers.renewal_grace_days`): no churn yet

A renewal at the same price is no movement, at another price an expansion or contraction. Who was lost and returned
between the ends of two months is both churn and reactivation; who came and left between them is not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.customers.mrr import MrrByDay, mrr_by_day

#: kinds of movements, in the order of pages
MOVEMENTS = ("new", "expansion", "reactivation", "contraction", "churn", "not_recorded")


@dataclass(frozen=True, eq=False)
class Ledger:
    """The MRR of each account at the end of consecutive months, and its movements between them.

    at: arrays (accounts, months + 1), the first column the end of the month before the first. movements: kind ->
    array (accounts, months); falls are negative. lost: bool (accounts, months), whether the
    customer of the end of the month before was lost. unrecorded: of each row of the spells, whether its renewal may still be
    recorded.
    """

    at: MrrByDay
    movements: dict[str, np.ndarray]
    lost: np.ndarray
    unrecorded: np.ndarray

    @property
    def months(self) -> int:
        """The number of months with movements."""
        return len(self.at.days) - 1

    def total(self, kind: str, months: int) -> float:
        """The sum of a kind of movement over the last months."""
        return float(self.movements[kind][:, self.months - months :].sum())

    def customers(self, months_ago: int = 0) -> np.ndarray:
        """Which accounts were a customer so many months before the last day: bool."""
        return np.asarray(self.at.spell[:, self.months - months_ago] >= 0)

    def mrr(self, months_ago: int = 0) -> np.ndarray:
        """The MRR of each account so many months before the last day."""
        return np.asarray(self.at.mrr[:, self.months - months_ago])

    def by_month(self) -> pd.DataFrame:
        """Columns: month (its last day), opening, those of `MOVEMENTS`, closing, customers (at its end).

        opening + movements = closing.
        """
        levels = self.at.mrr.sum(axis=0)
        return pd.DataFrame(
            {
                "month": pd.to_datetime(list(self.at.days[1:])).astype("datetime64[us]"),
                "opening": levels[:-1],
                **{kind: amounts.sum(axis=0) for kind, amounts in self.movements.items()},
                "closing": levels[1:],
                "customers": (self.at.spell[:, 1:] >= 0).sum(axis=0),
            }
        )


def month_ends(quarter: Quarter, months: int) -> list[date]:
    """The last days of the months that end with the quarter, and that of the month before them: `months` + 1 days."""
    starts = pd.date_range(end=pd.Timestamp(quarter.back(-1).start), periods=months + 1, freq="MS")
    return [day.date() - timedelta(days=1) for day in starts]


def ledger(time: CustomerTime, days: Sequence[date]) -> Ledger:
    """The movements between the days, which are ends of consecutive months up to the day of knowledge."""
    at = mrr_by_day(time, days)
    before, after = at.mrr[:, :-1], at.mrr[:, 1:]
    spell_before, spell_after = at.spell[:, :-1], at.spell[:, 1:]
    stayed = (spell_before == spell_after) & (spell_before >= 0)
    came, went = (spell_after >= 0) & ~stayed, (spell_before >= 0) & ~stayed
    paid_before = _first_paid(time, at)[:, None] <= np.array(days[:-1], dtype="datetime64[D]")[None, :]
    unrecorded = (time.spells["ended"] == NOT_RECORDED).to_numpy(bool)
    is_unrecorded = went & np.append(unrecorded, False)[spell_before]
    change = after - before
    amounts = {
        "new": np.where(came, after, np.where(stayed, change.clip(min=0), 0.0)) * ~paid_before,
        "expansion": np.where(stayed & paid_before, change.clip(min=0), 0.0),
        "reactivation": np.where(came & paid_before, after, 0.0),
        "contraction": np.where(stayed, change.clip(max=0), 0.0),
        "churn": np.where(went & ~is_unrecorded, -before, 0.0),
        "not_recorded": np.where(is_unrecorded, -before, 0.0),
    }
    return Ledger(at, {kind: amounts[kind] for kind in MOVEMENTS}, went & ~is_unrecorded, unrecorded)


def _first_paid(time: CustomerTime, at: MrrByDay) -> np.ndarray:
    """The first day of each account with an MRR above 0; a day in the far future where there is none."""
    rows = time.contracts[time.contracts["mrr"].fillna(0) > 0]
    first = rows.groupby("account_id")["started_on"].min().reindex(at.accounts)
    days = first.to_numpy("datetime64[D]")
    return np.where(np.isnat(days), np.datetime64("9999-12-31", "D"), days)

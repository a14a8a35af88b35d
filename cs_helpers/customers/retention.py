"""Retention of a cohort: NRR, GRR and logo churn of the customers of a day.

The cohort are the customers on the day before a period, for NRR and GRR those who paid then; new customers, and free
ones that begin to pay, never enter. Of each, the MRR at the end of the
period counts as long as it is in the same spell, else it is lost, also where it returned within the period. Where a renewal
may still be recorded the customer is not lost and counts with its last MRR.

    NRR = (start + expansion - contraction - churn) / start
    GRR = the same without expansion: of each account at most its MRR at the start
    logo churn = lost customers / customers at the start
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.customers.movements import Ledger
from cs_helpers.statistics.bootstrap import ratio_intervals
from cs_helpers.statistics.proportions import wilson


@dataclass(frozen=True, eq=False)
class Cohort:
    """The customers on the day before a period, as arrays of equal length, sorted by account_id.

    start, end: MRR before and at the end of the period, 0 for the lost.
    """

    accounts: pd.Index
    start: np.ndarray
    end: np.ndarray
    lost: np.ndarray

    def only(self, chosen: np.ndarray) -> Cohort:
        """The part of the cohort that `chosen` (bool) names."""
        return Cohort(*(values[chosen] for values in (self.accounts, self.start, self.end, self.lost)))

    def measures(self) -> dict[str, float]:
        """The row of a table: customers, paying, mrr (at the start), lost, lost_mrr, and the three measures.

        nrr, grr, logo_churn: each with _low and _high, 95 %. NaN where nobody paid at the start, or was a customer; the
        intervals also where these are too few, or all changed alike.
        """
        n, lost, pays = len(self.start), int(self.lost.sum()), self.start > 0
        start, end = self.start[pays], self.end[pays]
        row: dict[str, float] = {
            "customers": n,
            "paying": len(start),
            "mrr": float(start.sum()),
            "lost": lost,
            "lost_mrr": float(self.start[self.lost].sum()),
            "logo_churn": lost / n if n else np.nan,
        }
        row["logo_churn_low"], row["logo_churn_high"] = wilson(lost, n)
        tops = np.vstack([end, np.minimum(start, end)])
        for name, top, (low, high) in zip(("nrr", "grr"), tops, ratio_intervals(tops, start), strict=True):
            row[name] = float(top.sum() / start.sum()) if len(start) else np.nan
            row[f"{name}_low"], row[f"{name}_high"] = low, high
        return row


def cohort(ledger: Ledger, months: int, *, until: int = 0) -> Cohort:
    """The customers so many months before the end of the ledger, and what became of them `until` months before it."""
    last = ledger.months - until
    spell_then, spell_now = ledger.at.spell[:, ledger.months - months], ledger.at.spell[:, last]
    there = spell_then >= 0
    spell_then, spell_now = spell_then[there], spell_now[there]
    start, now = ledger.mrr(months)[there], ledger.mrr(until)[there]
    stayed = spell_then == spell_now
    unrecorded = ~stayed & ledger.unrecorded[spell_then]
    end = np.where(stayed, now, np.where(unrecorded, start, 0.0))
    return Cohort(ledger.at.accounts[there], start, end, ~stayed & ~unrecorded)

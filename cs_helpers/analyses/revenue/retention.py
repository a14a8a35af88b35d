"""Retention of a cohort: NRR, GRR and logo churn, of all customers and of segments, and the quick ratio.

The cohort are the customers on the day before the period, for NRR and GRR those who paid then; new customers, and free
ones that begin to pay, never enter. Of each, the MRR at the end of the
period counts as long as it is in the same spell, else it is lost, also where it returned within the period. Where a renewal
may still be recorded the customer is not lost and counts with its last MRR.

    NRR = (start + expansion - contraction - churn) / start
    GRR = the same without expansion: of each account at most its MRR at the start
    logo churn = lost customers / customers at the start
    quick ratio = (new + expansion) / (contraction + churn); reactivation is in neither
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cs_helpers.analyses.revenue.movements import Ledger
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.customers.segments import sort_segments
from cs_helpers.statistics.bootstrap import ratio_intervals
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, newcombe, wilson

#: the dimensions of the table of segments; `cohort` is the year in which an account first became a customer
DIMENSIONS = ("size", "industry", "cohort")


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


def cohort(ledger: Ledger, months: int) -> Cohort:
    """The customers so many months before the end of the ledger, and what became of them."""
    spell_then, spell_now = ledger.at.spell[:, ledger.months - months], ledger.at.spell[:, -1]
    there = spell_then >= 0
    spell_then, spell_now = spell_then[there], spell_now[there]
    start, now = ledger.mrr(months)[there], ledger.mrr()[there]
    stayed = spell_then == spell_now
    unrecorded = ~stayed & ledger.unrecorded[spell_then]
    end = np.where(stayed, now, np.where(unrecorded, start, 0.0))
    return Cohort(ledger.at.accounts[there], start, end, ~stayed & ~unrecorded)


def quick_ratio(ledger: Ledger, months: int) -> tuple[float, float, float]:
    """The quick ratio over the last months, low and high; NaN where nothing was lost or shrank."""
    sums = {
        kind: amounts[:, ledger.months - months :].sum(axis=1) for kind, amounts in ledger.movements.items()
    }
    gained, gone = sums["new"] + sums["expansion"], -(sums["contraction"] + sums["churn"])
    if not gone.sum():
        return float("nan"), float("nan"), float("nan")
    moved = (gained > 0) | (gone > 0)
    low, high = ratio_intervals(gained[moved][None, :], gone[moved])[0]
    return float(gained.sum() / gone.sum()), low, high


def by_segment(all_customers: Cohort, accounts: pd.DataFrame, sizes: tuple[str, ...]) -> pd.DataFrame:
    """The measures of each segment, and whether it lost more or fewer customers than all others.

    accounts: index account_id, columns `DIMENSIONS`. Columns: dimension, segment, those of `Cohort.measures`, others (logo
    churn of the other customers), difference, difference_low, difference_high (logo churn against the others, Newcombe),
    p (Fisher, two-sided), verdict (`more`, `fewer`, or `unclear`). Verdicts hold for all segments together at a false
    discovery rate of 5 %. A dimension with one segment is left out.
    """
    rows = []
    for dimension in DIMENSIONS:
        names = accounts[dimension].reindex(all_customers.accounts).fillna(UNKNOWN).to_numpy(object)
        segments = sort_segments(names, sizes)
        if len(segments) < 2:
            continue
        for segment in segments:
            part, others = all_customers.only(names == segment), all_customers.only(names != segment)
            a, n = int(part.lost.sum()), len(part.lost)
            b, m = int(others.lost.sum()), len(others.lost)
            low, high = newcombe(a, n, b, m)
            rows.append(
                {"dimension": dimension, "segment": segment, **part.measures(), "others": b / m,
                 "difference": a / n - b / m, "difference_low": low, "difference_high": high,
                 "p": float(stats.fisher_exact([[a, n - a], [b, m - b]])[1])}
            )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["dimension", "segment", "p", "difference"])
    clear = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    direction = np.where(table["difference"] > 0, "more", "fewer")
    return table.assign(verdict=np.where(clear, direction, "unclear"))

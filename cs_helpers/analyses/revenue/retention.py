"""Retention of segments (`customers.retention`), and the quick ratio.

quick ratio = (new + expansion) / (contraction + churn); reactivation is in neither
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.customers.movements import Ledger
from cs_helpers.customers.retention import Cohort
from cs_helpers.customers.segments import sort_segments
from cs_helpers.statistics.bootstrap import ratio_intervals
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, newcombe

#: the dimensions of the table of segments; `cohort` is the year in which an account first became a customer
DIMENSIONS = ("size", "industry", "cohort")


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

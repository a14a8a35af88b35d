"""Customers that stayed with each CSM, against what is expected of customers of the same size in the same quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.statistics.case_mix import shrunk_ratios
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg

#: quarters over which losses are counted
YEAR = 4

COLUMNS = (
    "csm", "customers", "exposed", "lost", "expected_lost", "ratio", "low", "high", "verdict",
)  # fmt: skip


def retention_table(periods: pd.DataFrame) -> pd.DataFrame:
    """Losses of the customers of each CSM against those expected by size and quarter.

    periods: the table of `in_charge.periods_in_charge`. Columns: csm, customers, exposed (customer-years), lost, expected_lost,
    ratio (of the expected to the observed rate of losses, shrunk as `case_mix.compare_groups`: above 1, fewer were lost
    than of comparable customers), low, high (95 %), verdict (`above`, `below`, `alike`; Benjamini-Hochberg over the CSMs).
    Sorted by csm. Empty where nobody was lost: then nothing tells CSMs apart.
    """
    groups = periods.groupby("csm").agg(
        customers=("account_id", "nunique"),
        exposed=("years", "sum"),
        reached=("lost", "sum"),
        expected=("expected", "sum"),
    )
    losses = shrunk_ratios(groups[groups["expected"] > 0].reset_index())
    differs = benjamini_hochberg(losses["doubt"].tolist(), q=FALSE_DISCOVERY)
    ratio = 1 / losses["ratio"]
    table = losses.assign(
        ratio=ratio,
        low=1 / losses["high"],
        high=1 / losses["low"],
        verdict=np.where(differs, np.where(ratio > 1, "above", "below"), "alike"),
    )
    named = table.rename(columns={"reached": "lost", "expected": "expected_lost"})
    return named.sort_values("csm", ignore_index=True)[list(COLUMNS)]

"""Histories of levels written as text, one sign a month, for tests that count by hand."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.products import CustomerRules
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import customer_time
from cs_helpers.customers.maturity_levels import LevelHistory

#: the last quarter of a history that is not given another
LAST = Quarter(2026, 2)


def level_history_of(
    levels: Mapping[str, str], *, top: int = 4, ended_how: str = "cancelled", last: Quarter = LAST
) -> LevelHistory:
    """The history of accounts from signs of consecutive months, the last of them the last of a quarter.

    A digit is a level, `?` a level that is not known, `.` no customer. Each contract starts on the 10th of its first
    month, and on the first day of records or before where that is the first sign; its last day is the 15th of the
    month after its last sign, so the loss is on the 16th.
    """
    months = len(next(iter(levels.values())))
    ends = pd.date_range(end=pd.Timestamp(last.end), periods=months, freq="ME")
    rows = []
    for account_id, signs in levels.items():
        is_customer = np.array([False, *(sign != "." for sign in signs), False])
        edges = np.flatnonzero(is_customer[1:] != is_customer[:-1])
        for begin, end in list(pairwise(edges))[::2]:
            first = ends[begin].replace(day=10) if begin else ends[0] - pd.DateOffset(years=1)
            last_day = pd.NaT if end == months else ends[end].replace(day=15)
            rows.append((account_id, first, last_day, pd.NA if end == months else ended_how, 100.0))
    contracts = pd.DataFrame(rows, columns=["account_id", "started_on", "ended_on", "ended_how", "mrr"])
    time = customer_time(contracts, CustomerRules(), last.end)
    known = {a: [float(s) if s.isdigit() else np.nan for s in signs] for a, signs in levels.items()}
    held = {a: [s != "." for s in signs] for a, signs in levels.items()}
    index, columns = pd.Index(list(levels), dtype="str", name="account_id"), list(ends.date)
    known_levels = pd.DataFrame(list(known.values()), index=index, columns=columns)
    is_held = pd.DataFrame(list(held.values()), index=index, columns=columns)
    at_least = known_levels.fillna(0.0).where(is_held)
    at_most = known_levels.fillna(float(top)).where(is_held)
    return LevelHistory(last, time, at_least, at_most, top)

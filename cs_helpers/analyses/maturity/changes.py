"""Changes of level: transitions within a quarter, and losses of customers after a fall in level."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN, LevelHistory
from cs_helpers.statistics.proportions import wilson

#: a fall in level is a warning for this many quarters
FALL_LASTS = 2


def transition_table(history: LevelHistory, quarters: list[Quarter]) -> pd.DataFrame:
    """Transitions between levels from one quarter to the next, summed over quarters.

    Columns: before, after (a level, `LOST`, `UNKNOWN` or `NOT_THERE`), customers, share, n, low, high (Wilson, 95 %).
    """
    moves = [history.moves(quarter, following) for quarter, following in pairwise(quarters)]
    before, after = (np.concatenate([m[c].to_numpy() for m in moves]) for c in ("before", "after"))
    rows = []
    for before_level in history.levels:
        n = int((before == before_level).sum())
        for after_level in (
            (NOT_THERE, UNKNOWN, LOST, *history.levels)
            if history.time.by_contracts
            else (UNKNOWN, *history.levels)
        ):
            count = int(((before == before_level) & (after == after_level)).sum())
            low, high = wilson(count, n)
            rows.append(
                {
                    "before": before_level,
                    "after": after_level,
                    "customers": count,
                    "share": count / n if n else np.nan,
                    "n": n,
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)


def losses_after_falls(time: CustomerTime, states: pd.DataFrame, quarters: list[Quarter]) -> pd.DataFrame:
    """Customers lost in a quarter, of those whose level fell in the `FALL_LASTS` quarters before and of the others.

    A customer counts once per quarter, and only with a known level at its start and a quarter before. Columns: fell,
    customers, lost, share, low, high (Wilson, 95 %).
    """
    customers, lost = {True: 0, False: 0}, {True: 0, False: 0}
    levels = states.where(states >= 0)
    for n in range(1, len(quarters) - 1):
        quarter, following = quarters[n], quarters[n + 1]
        falls = [
            levels[quarters[k]] < levels[quarters[k - 1]] for k in range(max(1, n + 1 - FALL_LASTS), n + 1)
        ]
        has_fallen = np.logical_or.reduce([fall.to_numpy() for fall in falls])
        outcome = time.status_after(quarter.end, following.end).reindex(states.index)
        is_known = (levels[quarter].notna() & levels[quarters[n - 1]].notna()).to_numpy()
        is_known = is_known & (outcome != NOT_RECORDED).to_numpy()
        is_lost = outcome.isin(ENDINGS).to_numpy()
        for fell in (True, False):
            customers[fell] += int((is_known & (has_fallen == fell)).sum())
            lost[fell] += int((is_known & (has_fallen == fell) & is_lost).sum())
    rows = []
    for fell in (True, False):
        low, high = wilson(lost[fell], customers[fell])
        share = lost[fell] / customers[fell] if customers[fell] else np.nan
        rows.append((fell, customers[fell], lost[fell], share, low, high))
    return pd.DataFrame(rows, columns=["fell", "customers", "lost", "share", "low", "high"])

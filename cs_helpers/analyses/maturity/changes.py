"""Changes of level: transitions within a quarter, and losses of customers after a fall in level."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN, LevelHistory
from cs_helpers.statistics.proportions import wilson


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

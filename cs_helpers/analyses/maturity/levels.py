"""The levels of customers by the rules of the product file, and the tables that count them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.customers import measures
from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory
from cs_helpers.snapshot import ProductData


def unknown_conditions(data: ProductData, history: LevelHistory) -> tuple[str, ...]:
    """The keys of the conditions that the data leaves open for any customer whose level is not known at the quarter's end."""
    quarter = history.quarter
    month = pd.DatetimeIndex([pd.Timestamp(quarter.end).replace(day=1)]).as_unit("us")
    values, first_days = measures.MonthlyValues(data, month), history.time.first_days()
    is_unknown = (history.states[quarter.end] == UNKNOWN).to_numpy()
    values.prepare(data.product.maturity.conditions)
    keys = []
    for key, condition in data.product.maturity.conditions_by_key.items():
        _, surely, possibly = values.bounds_met(condition, month, first_days)
        if (surely != possibly)[is_unknown].any():
            keys.append(key)
    return tuple(keys)


def level_table(data: ProductData, history: LevelHistory) -> pd.DataFrame:
    """The customers at the end of a quarter with their level, its bounds, and the level a quarter before.

    Columns: account_id, name, size, mrr (left out without contracts), level, at_least, at_most, previous (`UNKNOWN` or a
    level; NaN: no customer then, or lost and back in between, which is no move between levels).
    """
    quarter, states, time = history.quarter, history.by_quarter, history.time
    low, high = history.at_least.iloc[:, -1], history.at_most.iloc[:, -1]
    table = data["accounts"][["account_id", "name", "size"]].copy()
    table["mrr"] = table["account_id"].map(time.mrr(quarter.end)).astype("float64")
    table["level"] = table["account_id"].map(states[quarter])
    table["at_least"], table["at_most"] = table["account_id"].map(low), table["account_id"].map(high)
    before = quarter.back(1)
    table["previous"] = np.nan
    if before in states:
        stayed = history.moves(before, quarter).query("after >= 0 or after == @UNKNOWN")
        table["previous"] = table["account_id"].map(stayed["before"].astype("float64"))
    table = table.dropna(subset=["level"]).astype({"level": int}).reset_index(drop=True)
    return table if time.by_contracts else table.drop(columns="mrr")

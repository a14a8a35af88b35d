"""Past forecasts: what would have been forecast at the end of each past quarter, against what came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cs_helpers.analyses.level_outlook.counted import NEEDED, step_counts
from cs_helpers.analyses.level_outlook.forecast import AHEAD, forecast
from cs_helpers.customers.maturity_levels import LevelHistory

#: past quarters from which is forecast, the latest ones
ORIGINS = 8
_DRAWS = 400


def past_forecasts(earlier: Sequence[LevelHistory], history: LevelHistory, upper_from: int) -> pd.DataFrame:
    """Forecasts from past quarters, each from its own history: with what was known on its last day.

    earlier: a history for each past quarter. history: of today, with what came. Columns: origin, quarter, part (`all`,
    `upper`, levels, `unknown`), ahead (quarters), customers (forecast), low, high (95 %), actual, before (at the origin),
    held (actual lies within). Empty where no past quarter had enough quarters before it.
    """
    by_quarter = history.by_quarter
    tables = []
    for then in earlier:
        counted = step_counts(then)
        if counted is None or counted.level.empty:
            continue
        ahead = min(AHEAD, history.quarters.index(history.quarter) - history.quarters.index(then.quarter))
        made = forecast(counted, upper_from, draws=_DRAWS, ahead=ahead, losses=then.time.by_contracts)
        states = counted.states
        futures = made.parts(made.futures.customers)
        before = made.parts(np.array([(counted.level == state).sum() for state in states], float))
        for place, quarter in enumerate(made.quarters):
            level = by_quarter[quarter].dropna().to_numpy()
            # a level that is not known now, and was at the origin, is in the total alone
            actual = made.parts(np.array([(level == state).sum() for state in states], float))
            actual["all"] = np.float64(len(level))
            rows = pd.DataFrame({"part": list(futures)})
            drawn = np.array([futures[part][:, place] for part in futures])
            rows["customers"] = drawn.mean(axis=1)
            rows["low"], rows["high"] = np.quantile(drawn, [0.025, 0.975], axis=1, method="inverted_cdf")
            rows["actual"] = [float(actual[part]) for part in futures]
            rows["before"] = [float(before[part]) for part in futures]
            tables.append(rows.assign(origin=str(then.quarter), quarter=str(quarter), ahead=place + 1))
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    return table.assign(held=(table["low"] <= table["actual"]) & (table["actual"] <= table["high"]))


def accuracy(past: pd.DataFrame) -> pd.DataFrame:
    """How past forecasts fared, by how far ahead they were.

    Only all customers and each level: `upper` is a sum of levels. Columns: ahead, forecasts, held, share, error (mean
    distance of the forecast from what came, in customers), unchanged_error (that of "all stays as it is").
    """
    rows = past[past["part"] != "upper"]
    rows = rows.assign(
        error=(rows["customers"] - rows["actual"]).abs(), unchanged=(rows["before"] - rows["actual"]).abs()
    )
    table = rows.groupby("ahead").agg(
        forecasts=("held", "size"), held=("held", "sum"), error=("error", "mean"), unchanged_error=("unchanged", "mean")
    )  # fmt: skip
    return table.assign(share=table["held"] / table["forecasts"]).reset_index()


def origins(history: LevelHistory) -> list:
    """The past quarters from which is forecast: with enough quarters before them, the latest `ORIGINS`."""
    return history.quarters[NEEDED:-1][-ORIGINS:]

"""Past forecasts: what would have been forecast at the end of each past quarter, against what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.analyses.level_outlook.counted import NEEDED, step_counts
from cs_helpers.analyses.level_outlook.forecast import AHEAD, ALL, forecast
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LevelHistory
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: past quarters from which is forecast, the latest ones
ORIGINS = 8
_DRAWS = 300


def past_forecasts(earlier: Sequence[LevelHistory], history: LevelHistory, upper_from: int) -> pd.DataFrame:
    """Forecasts from past quarters, each from its own history: with what was known on its last day.

    earlier: a history for each past quarter. history: of today, with what came. Columns: origin, quarter, part (`all`,
    `upper`, levels, `unknown`), ahead (quarters), customers (forecast), low, high (95 %), actual, before (at the origin),
    held (actual lies within). Empty where no past quarter had enough quarters before it.
    """
    by_quarter = history.by_quarter
    rows: list[dict[str, object]] = []
    for then in earlier:
        counted = step_counts(then)
        if counted is None or not len(counted.level):
            continue
        ahead = min(AHEAD, history.quarters.index(history.quarter) - history.quarters.index(then.quarter))
        made = forecast(counted, upper_from, draws=_DRAWS, ahead=ahead, losses=then.time.by_contracts)
        states = counted.states
        futures = made.parts(made.futures.customers)
        before = made.parts(np.array([(counted.level == state).sum() for state in states], float))
        for place, quarter in enumerate(made.quarters):
            level = by_quarter[quarter].dropna().to_numpy()
            actual = made.parts(np.array([(level == state).sum() for state in states], float))
            for part, future in futures.items():
                low, high = np.quantile(future[:, place], [0.025, 0.975], method="inverted_cdf")
                # all of them: also those whose level is not known, where at the origin every level was
                came = float(len(level) if part == ALL else actual[part])
                rows.append(
                    {
                        "origin": str(then.quarter), "quarter": str(quarter), "part": part, "ahead": place + 1,
                        "customers": float(future[:, place].mean()), "low": float(low), "high": float(high),
                        "actual": came, "before": float(before[part]), "held": low <= came <= high,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


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


def earlier_histories(data: ProductData, history: LevelHistory) -> list[LevelHistory]:
    """The histories as known at the end of each past quarter with enough quarters before it, of the latest `ORIGINS`.

    Who was a customer is worked out with the contracts known then. Levels are those of `history`: a level rests on the
    use up to its month, and whoever counted as a customer then does so today.
    """
    return [_known_at(data, history, quarter) for quarter in history.quarters[NEEDED:-1][-ORIGINS:]]


def _known_at(data: ProductData, history: LevelHistory, quarter: Quarter) -> LevelHistory:
    time = customer_time_as_of(data, quarter.end)
    days = [day for day in history.at_least.columns if day <= quarter.end]
    is_customer = time.are_customers(history.at_least.index, days)
    at_least, at_most = (bound[days].where(is_customer) for bound in (history.at_least, history.at_most))
    return replace(history, quarter=quarter, time=time, at_least=at_least, at_most=at_most)


def is_beaten_by_no_change(furthest: pd.Series) -> bool:
    """Whether "all stays as it is" was as close as the forecasts furthest ahead; furthest: their row of `accuracy`."""
    return bool(furthest["error"] >= furthest["unchanged_error"])

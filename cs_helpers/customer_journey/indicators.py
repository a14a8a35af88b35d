"""Indicators of the members of a team: what their customers did over so many quarters, against what was to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.team import Indicator
from cs_helpers.customer_journey.in_charge import periods_in_charge, step_and_size, with_in_charge
from cs_helpers.customer_journey.waits import all_waits, known_steps, milestone_times, records_begin
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.case_mix import expected_steps
from cs_helpers.statistics.survival import REACHED

#: quarters of losses that an indicator without a period speaks of; steps are few, so it speaks of all of them
LOSSES = 4

COLUMNS = ("csm", "customers", "units", "events", "expected")

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Indicators:
    """The indicators of a product's team as known at the end of a quarter."""

    data: ProductData
    quarter: Quarter

    def counts(self, indicator: Indicator, quarters: int | None = None) -> pd.DataFrame:
        """Events of the customers of each CSM, in the last `quarters`, against those of comparable customers in the same time.

        Columns: csm, customers, units, events, expected (above 0). Of a conversion units are waits for a step and events
        steps that were reached, expected by step and size from the day of the wait on which the period began; of retention
        units are customers and events losses, expected by size and quarter. quarters: default, of conversions all that is
        recorded, of retention the last year. Sorted by csm; empty where the data tells nothing.
        """
        if indicator.kind == "retention":
            return _summed(self._periods(quarters or LOSSES).assign(units=1), "account_id")
        waits = self._waits
        if indicator.step:
            waits = waits[waits["step"] == indicator.step]
        if quarters is None:
            entered = pd.Series(0.0, index=waits.index)
        else:
            since = pd.Timestamp(self.quarter.back(quarters - 1).start)
            entered = ((since - waits["began"]) / _DAY).clip(lower=0.0)
        waits, entered = (rows[waits["days"] >= entered] for rows in (waits, entered))
        return _summed(
            waits.assign(
                events=waits["outcome"] == REACHED,
                expected=expected_steps(waits["days"], waits["outcome"], step_and_size(waits), entered),
            )
        )

    def is_known(self, indicator: Indicator) -> bool:
        """Whether the data has what the indicator counts."""
        if indicator.kind == "retention":
            return customer_time_as_of(self.data, self.quarter.end).by_contracts
        return not self._waits.empty

    @cached_property
    def _waits(self) -> pd.DataFrame:
        """The waits for all steps, with the CSM in charge at their start: csm, account_id, step, size, began, days, outcome."""
        end = pd.Timestamp(self.quarter.end) + _DAY
        names = ["account_id", "step", "size", "began", "days", "outcome", "csm"]
        steps = known_steps(self.data, end)
        if len(steps) < 2:
            return pd.DataFrame(columns=names)
        reached = milestone_times(self.data, steps, records_begin(self.data, steps), end)
        if reached.empty:
            return pd.DataFrame(columns=names)
        size = with_segments(self.data["accounts"]).set_index("account_id").reindex(reached.index)["size"]
        waits = with_in_charge(all_waits(reached, size, steps, end), self.data, "csm")
        return waits[names].reset_index(drop=True)

    def _periods(self, quarters: int) -> pd.DataFrame:
        time = customer_time_as_of(self.data, self.quarter.end)
        if not time.by_contracts:
            return pd.DataFrame(columns=["csm", "account_id", "events", "expected"])
        periods = periods_in_charge(self.data, time, [self.quarter.back(n) for n in range(quarters)])
        return periods.rename(columns={"lost": "events"})


def _summed(rows: pd.DataFrame, unit: str = "") -> pd.DataFrame:
    """The rows (csm, account_id, events, expected) by csm; a unit is a row, or a value of the column `unit`."""
    if rows.empty:
        return pd.DataFrame(
            {name: np.array([], dtype=object if name == "csm" else float) for name in COLUMNS}
        )
    groups = rows.groupby("csm")
    counts = pd.DataFrame(
        {
            "customers": groups["account_id"].nunique(),
            "units": groups[unit].nunique() if unit else groups.size(),
            "events": groups["events"].sum().astype("int64"),
            "expected": groups["expected"].sum(),
        }
    )
    return counts[counts["expected"] > 0].reset_index()[list(COLUMNS)]

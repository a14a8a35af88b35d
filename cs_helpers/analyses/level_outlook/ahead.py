"""The forecast from the end of a quarter, and its headlines; or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cs_helpers.analyses.level_outlook.counted import LEARNED, NEEDED, step_counts
from cs_helpers.analyses.level_outlook.findings import metrics_ahead
from cs_helpers.analyses.level_outlook.forecast import Forecast, forecast, paid_by_quarter
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LevelHistory, level_history
from cs_helpers.result import Metric, Note
from cs_helpers.snapshot import ProductData

#: below so many customers, a forecast says nothing
MIN_CUSTOMERS = 10


@dataclass(frozen=True)
class Ahead:
    """A forecast with the history that it rests on."""

    history: LevelHistory
    made: Forecast

    @property
    def losses(self) -> bool:
        """Whether it is known who was lost."""
        return self.history.time.by_contracts

    @property
    def pays(self) -> bool:
        """Whether any customer pays, as far as that is known."""
        return self.losses and bool(np.nansum(self.made.counted.mrr) > 0)

    def metrics(self) -> dict[str, Metric]:
        """The headlines: see `findings.metrics_ahead`."""
        return metrics_ahead(self.made, losses=self.losses, pays=self.pays)


def quick_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """The headlines of a quarter without the forecasts of the past."""
    ahead = look_ahead(data, quarter)
    return {} if isinstance(ahead, Note) else ahead.metrics()


def look_ahead(data: ProductData, quarter: Quarter) -> Ahead | Note:
    """The forecast from the end of a quarter, or the reason why there is none."""
    missing = data.missing(*data.product.maturity.tables)
    if missing:
        return Note("missing_table", "outlook", {"tables": missing})
    history = level_history(data, quarter)
    time, customers = history.time, len(history.time.customers(quarter.end))
    if not customers:
        code = "no_customers" if time.by_contracts else "no_accounts"
        return Note(code, "outlook", {"quarter": str(quarter)})
    if (
        time.recorded_within_days is not None
    ):  # who is not recorded any more is no loss, and whoever is new no growth
        return Note("recorded_within", "outlook", {"days": time.recorded_within_days})
    counted = step_counts(history, paid_by_quarter(history, LEARNED + 1) if time.by_contracts else None)
    if counted is None:
        held = {"quarters": len(history.quarters), "needed": NEEDED + 1}
        return Note("too_few_quarters", "outlook", held)
    if customers < MIN_CUSTOMERS:
        return Note("too_few_customers", "outlook", {"customers": customers, "needed": MIN_CUSTOMERS})
    return Ahead(history, forecast(counted, data.product.maturity.upper_from, losses=time.by_contracts))

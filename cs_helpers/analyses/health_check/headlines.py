"""What the check rests on: scores and outcomes of past quarter ends, warnings, and the headline metrics of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cs_helpers.analyses.health_check.alarms import Warnings, warnings_of
from cs_helpers.analyses.health_check.panel import NEEDED, History, Panel, panel_of, score_history
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.result import Metric
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.discrimination import Auc, auc
from cs_helpers.statistics.medians import median_interval
from cs_helpers.statistics.proportions import wilson

#: a warning so many days before the customer leaves counts as early enough
EARLY_DAYS = 30


@dataclass(frozen=True)
class Evidence:
    """What the check rests on. area: the AUC of the declared score; None where too few customers were lost or stayed."""

    time: CustomerTime
    history: History
    panel: Panel
    warnings: Warnings
    area: Auc | None


def gather(data: ProductData, quarter: Quarter) -> Evidence | None:
    """The evidence as known at the end of a quarter; None without contracts, or without data on any measure."""
    if missing_contracts(data):
        return None
    time = customer_time_as_of(data, quarter.end)
    history = score_history(data, time, quarter)
    if history is None:
        return None
    panel = panel_of(history, data.product.health.check.horizon_days, quarter.end)
    area = auc(panel.lost, -panel.score, panel.account, panel.cut) if panel.can_be_judged else None
    return Evidence(
        time, history, panel, warnings_of(data, history, np.datetime64(quarter.end, "D")),
        area if area is not None and area.value == area.value else None,
    )  # fmt: skip


def headline_metrics(evidence: Evidence) -> dict[str, Metric]:
    """`auc`, `warned` and `lead_days` with enough losses to judge, `false_alarms` with any alarm."""
    metrics = {}
    if (area := evidence.area) is not None:
        metrics["auc"] = Metric("auc", area.value, "share", len(evidence.panel.score), area.low, area.high)
    warnings = evidence.warnings
    lead = warnings.losses["lead_days"].to_numpy()
    if len(lead) >= NEEDED:
        early, n = int((lead >= EARLY_DAYS).sum()), len(lead)
        metrics["warned"] = Metric("warned", early / n, "share", n, *wilson(early, n))
        metrics["lead_days"] = Metric("lead_days", float(np.median(lead)), "days", n, *median_interval(lead))
    if warnings.alarms:
        false, n = warnings.false_alarms, warnings.alarms
        metrics["false_alarms"] = Metric("false_alarms", false / n, "share", n, *wilson(false, n))
    return metrics


def check_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """The headline metrics of a quarter, without what is learned."""
    evidence = gather(data, quarter)
    return headline_metrics(evidence) if evidence is not None else {}

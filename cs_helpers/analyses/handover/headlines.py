"""The headline metrics of hand-overs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.handover.completeness import mean_completeness
from cs_helpers.analyses.handover.expectations import expectation_rows, expectation_table, expectation_verdict
from cs_helpers.analyses.handover.followed import value_times
from cs_helpers.analyses.handover.handed import Handed
from cs_helpers.analyses.handover.promises import promise_rows
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Metric
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import wilson


def quick_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """The headline metrics of a quarter, for comparisons: see `headline_metrics`."""
    if data.missing("handovers"):
        return {}
    handed = Handed.over(data, quarter)
    if handed.handed.empty or not handed.fields:
        return {}
    times = value_times(handed)
    promises = None if times is None else promise_rows(handed, times)
    return headline_metrics(handed, promises, expectation_table(expectation_rows(handed)))


def headline_metrics(
    handed: Handed, promises: pd.DataFrame | None, expectations: pd.DataFrame
) -> dict[str, Metric]:
    """The metrics that can be told.

    `completeness`: mean of the hand-overs of customers who started in the last four quarters (95 %, bootstrap over customers from ten on);
    `with_handover`: share of these customers that have one (Wilson); `promises_kept`: share of the promises whose day passed in the last
    four quarters by which value was reached; `expectation_met`: share of the customers who spoke of an expectation in interviews
    that named the one of the hand-over. promises: `promises.promise_rows`; expectations: `expectations.expectation_table`.
    """
    metrics = {}
    if len(handed.new_handed):
        mean, low, high = mean_completeness(handed.new_handed["completeness"].to_numpy("float64"))
        known = low == low
        metrics["completeness"] = Metric(
            "completeness",
            mean,
            "share",
            len(handed.new_handed),
            low if known else None,
            high if known else None,
        )
    if len(handed.new):
        metrics["with_handover"] = _share("with_handover", len(handed.new_handed), len(handed.new))
    if promises is not None and len(promises):
        kept = int((promises["status"] == "kept").sum())
        metrics["promises_kept"] = _share("promises_kept", kept, len(promises))
    verdict = expectation_verdict(expectations)
    if verdict.code == "met":
        met, of = int(verdict.fields["same"]), int(verdict.fields["of"])
        metrics["expectation_met"] = _share("expectation_met", met, of)
    return metrics


def _share(name: str, count: int, of: int) -> Metric:
    return Metric(name, count / of, "share", of, *wilson(count, of))

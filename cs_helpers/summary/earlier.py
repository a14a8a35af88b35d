"""Headline metrics compared with earlier quarters and with the targets of the product file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from cs_helpers import analyses
from cs_helpers.comparison import Change, against_target, changes, earlier_quarters
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import ComparedWith, Metric, Result
from cs_helpers.shared_results import shared
from cs_helpers.snapshot import ProductData, Snapshot

#: the quarters before a quarter that a trend shows
TREND = 4


class EarlierQuarters:
    """The metrics of earlier quarters, each computed once.

    They are computed from the same snapshot, product file and code as those of the quarter, so that a change is one of
    the customers, and not one of data or rules.
    """

    def __init__(self, snapshot: Snapshot, data: ProductData, quarter: Quarter, *, leadership: bool) -> None:
        self.data, self.quarter, self.leadership = data, quarter, leadership
        self.known_quarters = frozenset(snapshot.quarters)
        self._metrics: dict[tuple[str, Quarter], Mapping[str, Metric]] = {}

    def metrics(
        self, analysis: str, options: Mapping[str, Any] | None = None
    ) -> Mapping[ComparedWith, Mapping[str, Metric]]:
        """The headline metrics of an analysis in each earlier quarter that the snapshot has data of."""
        return {
            compared_with: self._of_quarter(analysis, quarter, options or {})
            for compared_with, quarter in earlier_quarters(self.quarter).items()
            if quarter in self.known_quarters
        }

    def recent(self, analysis: str) -> list[Mapping[str, Metric]]:
        """The headline metrics of the `TREND` quarters before, oldest first; empty for those without data."""
        quarters = [self.quarter.back(k) for k in range(TREND, 0, -1)]
        return [self._of_quarter(analysis, q, {}) if q in self.known_quarters else {} for q in quarters]

    def _of_quarter(
        self, analysis: str, quarter: Quarter, options: Mapping[str, Any]
    ) -> Mapping[str, Metric]:
        key = (f"{analysis} {sorted(options.items())}", quarter)
        if key not in self._metrics:
            parts = ("metrics", key[0], self.data.product.product, self.data.segment, str(quarter))
            self._metrics[key] = shared(parts, partial(self._work_out, analysis, quarter, options))
        return self._metrics[key]

    def _work_out(self, analysis: str, quarter: Quarter, options: Mapping[str, Any]) -> Mapping[str, Metric]:
        selected = analyses.analysis(analysis)
        return selected.metrics_of(
            selected.with_options(self.data, options), quarter, leadership=self.leadership
        )

    def changes(self, result: Result, names: Sequence[str]) -> dict[str, tuple[Change, ...]]:
        """The changes of metrics of a result from each earlier quarter and from the target, where they are known."""
        better = analyses.analysis(result.analysis).declares.metrics
        earlier = self.metrics(result.analysis, result.settings.get("options"))
        found = {}
        for name in names:
            if name in better and (metric := result.metrics.get(name)) is not None:
                target = self.data.product.targets.get(f"{result.analysis}.{name}")
                to_target = None if target is None else against_target(metric, target, better[name])
                found[name] = changes(metric, earlier, better[name]) + ((to_target,) if to_target else ())
        return found

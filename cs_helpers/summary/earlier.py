"""Headline metrics compared with earlier quarters and with the targets of the product file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cs_helpers import analyses
from cs_helpers.comparison import Change, against_target, changes, earlier_quarters
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import ComparedWith, Metric, Result
from cs_helpers.snapshot import ProductData, Snapshot


class EarlierQuarters:
    """The metrics of the quarter before and of the same quarter last year, each computed once.

    They are computed from the same snapshot, product file and code as those of the quarter, so that a change is one of
    the customers, and not one of data or rules.
    """

    def __init__(self, snapshot: Snapshot, data: ProductData, quarter: Quarter, *, leadership: bool) -> None:
        self.data, self.leadership = data, leadership
        self.quarters = {k: q for k, q in earlier_quarters(quarter).items() if q in snapshot.quarters}
        self._metrics: dict[str, dict[ComparedWith, Mapping[str, Metric]]] = {}

    def metrics(
        self, analysis: str, options: Mapping[str, Any] | None = None
    ) -> Mapping[ComparedWith, Mapping[str, Metric]]:
        """The headline metrics of an analysis in each earlier quarter that the snapshot has data of."""
        selected = analyses.analysis(analysis)
        key = f"{analysis} {sorted((options or {}).items())}"
        if key not in self._metrics:
            data = selected.with_options(self.data, options or {})
            self._metrics[key] = {
                compared_with: selected.metrics_of(data, quarter, leadership=self.leadership)
                for compared_with, quarter in self.quarters.items()
            }
        return self._metrics[key]

    def changes(self, result: Result, names: Sequence[str]) -> dict[str, tuple[Change, ...]]:
        """The changes of metrics of a result from each earlier quarter and from the target, where they are known."""
        better = analyses.analysis(result.analysis).declares.metrics
        earlier = self.metrics(result.analysis, result.settings.get("options"))
        found = {}
        for name in names:
            if (metric := result.metrics.get(name)) is not None:
                target = self.data.product.targets.get(f"{result.analysis}.{name}")
                to_target = None if target is None else against_target(metric, target, better[name])
                found[name] = changes(metric, earlier, better[name]) + ((to_target,) if to_target else ())
        return found

"""What was published of the quarter before is held against what today's data says of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Metric
from cs_helpers.summary.restated import Comparison, compare_with_published

HEADLINES = ("revenue.nrr", "health.red_mrr")


def compare(published: dict[str, Any] | None, **today: float | None) -> Comparison:
    """The comparison with a published quarter, where `today` has the metrics computed again."""
    metrics = {name: Metric(name, value, "share", 9) for name, value in today.items()}
    earlier = SimpleNamespace(
        quarter=Quarter(2026, 3), metrics=lambda analysis: {"previous_quarter": metrics}
    )
    return compare_with_published(published, earlier, HEADLINES)  # type: ignore[arg-type]


def published(causes: list[str] | None = None, **metrics: float) -> dict[str, Any]:
    named = {"revenue.nrr" if name == "nrr" else "health.red_mrr": value for name, value in metrics.items()}
    return {"quarter": "2026Q2", "metrics": named, "causes": causes or []}


def test_the_same_numbers_are_the_same_whatever_else_changed() -> None:
    found = compare(published(["data", "version"], nrr=0.98), nrr=0.98 + 1e-12)
    assert (found.state, found.compared, found.restated) == ("same", 1, ())
    assert found.quarter == Quarter(2026, 2)


def test_another_number_is_restated_with_what_changed_since() -> None:
    found = compare(published(["data", "rules"], nrr=0.98, red_mrr=100.0), nrr=0.97, red_mrr=100.0)
    assert (found.state, found.compared, found.causes) == ("restated", 2, ("data", "rules"))
    assert [(r.analysis, r.metric.value, r.published) for r in found.restated] == [("revenue", 0.97, 0.98)]


@pytest.mark.parametrize(("content", "state"), [(None, "unknown"), ({}, "not_published")])
def test_without_a_published_quarter_nothing_is_compared(content, state) -> None:
    assert compare(content, nrr=0.97).state == state


@pytest.mark.parametrize("today", [None, float("nan")])
def test_a_number_that_one_side_does_not_have_is_not_compared(today) -> None:
    assert compare(published(nrr=0.98), nrr=today).compared == 0
    assert compare(published(), nrr=0.98).compared == 0


def test_where_no_number_can_be_compared_nothing_is_called_the_same() -> None:
    found = compare(published(["data"]), nrr=0.98)
    assert (found.state, found.compared) == ("not_published", 0)

"""Metrics with their changes as JSON objects, as outputs and `run.json` hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cs_helpers.comparison import COMPARED_WITH, Change
from cs_helpers.declaration import Better
from cs_helpers.result import ComparedWith, Metric


def plain(
    metric: Metric | None,
    *,
    label: str = "",
    better: Better = "neither",
    changes: Sequence[Change] = (),
    currency: str = "",
) -> dict[str, Any]:
    """A metric with its changes as a JSON object; numbers that are not finite become strings such as "nan"."""
    if metric is None:
        return {"value": None}
    changes_json: dict[str, Any] = {
        change.compared_with: {
            **_numbers(change.compared),
            "n": int(change.compared.n),
            "difference": _json_number(change.difference),
            "difference_low": _json_number(change.low),
            "difference_high": _json_number(change.high),
            "certainty": change.certainty,
            "direction": change.direction,
        }
        for change in changes
    }
    described = {"label": label, "better": better} if label else {}
    of_money = {"currency": currency} if metric.unit == "currency" else {}
    return {
        **_numbers(metric), "n": int(metric.n), "unit": metric.unit, **of_money, **described, **changes_json,
    }  # fmt: skip


def read_metric(name: str, content: Mapping[str, Any]) -> tuple[Metric, dict[ComparedWith, Metric]]:
    """A metric of `run.json`, and those that it was compared with (`plain` wrote them)."""
    unit = str(content.get("unit", "count"))
    others: dict[ComparedWith, Metric] = {}
    for compared_with in COMPARED_WITH:
        if compared_with in content:
            others[compared_with] = _read(name, content[compared_with], unit)
    return _read(name, content, unit), others


def _read(name: str, content: Mapping[str, Any], unit: str) -> Metric:
    numbers = {
        key: None if content.get(key) is None else float(content[key])
        for key in ("value", "low", "high", "base")
    }
    return Metric(
        name,
        numbers["value"],
        unit,
        int(content.get("n", 0)),
        numbers["low"],
        numbers["high"],
        base=numbers["base"],
        exact=bool(content.get("exact")),
    )


def _numbers(metric: Metric) -> dict[str, Any]:
    names = ("value", "low", "high", *(("base",) if metric.base is not None else ()))
    numbers: dict[str, Any] = {key: _json_number(getattr(metric, key)) for key in names}
    return numbers | ({"exact": True} if metric.exact else {})


def _json_number(number: float | None) -> float | str | None:
    return None if number is None else float(number) if math.isfinite(number) else str(float(number))

"""Customers with scores and losses that can be counted by hand, for the check of the health score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd
from builders import account, contract, health_measure, product, product_data

from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData

Q4 = Quarter(2026, 4)
FIRST = date(2025, 1, 1)
MONTHS = pd.date_range(FIRST, "2026-12-31", freq="ME")
MEASURES = [
    health_measure(name, red=1, green=5, measure={"source": "assessments", "value": "score", "name": name, "months": 1}, kind=kind)
    for name, kind in (("use", "quantitative"), ("plan", "qualitative"))
]  # fmt: skip
#: the scores (1 to 5) of use and plan of a customer at a month's end; None: not assessed
Scores = Callable[[pd.Timestamp], tuple[int | None, int | None]]


def steady(use_score: int | None, plan_score: int | None = None) -> Scores:
    return lambda month: (use_score, plan_score)


def company(
    customers: Mapping[str, tuple[Scores, str | None]],
    *,
    notices: Mapping[str, str] | None = None,
    check: dict[str, Any] | None = None,
    csm: Mapping[str, str] | None = None,
    measures: list[dict[str, Any]] | None = None,
    contracts: list[dict[str, Any]] | None = None,
    as_of: date = Q4.end,
    **other: Any,
) -> ProductData:
    """Customers since 2024 with their scores and the last day of their contract, assessed on each month's last day."""
    assessed = [
        {"account_id": name, "assessed_on": month, "measure": measure, "score": score}
        for name, (scores, ended) in customers.items()
        for month in MONTHS
        if month.date() <= as_of and (ended is None or month <= pd.Timestamp(ended))
        for measure, score in zip(("use", "plan"), scores(month), strict=True)
        if score is not None
    ]
    touches = [
        {"account_id": name, "occurred_at": day, "kind": "churn_notice"}
        for name, day in (notices or {}).items()
    ]
    given = [contract(name, "2024-01-01", ended) for name, (_, ended) in customers.items()]
    return product_data(
        product(measures=measures or MEASURES, health={"check": check or {}}, **other),
        as_of=as_of,
        accounts=[account(name, csm=(csm or {}).get(name)) for name in customers],
        contracts=given if contracts is None else contracts,
        assessments=assessed,
        touches=touches,
    )


def group(
    prefix: str, n: int, scores: Scores, ended: str | None = None
) -> dict[str, tuple[Scores, str | None]]:
    return {f"{prefix}{k:02d}": (scores, ended) for k in range(n)}

"""Which of many p-values raise an alert, so that people are not called too often by chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from cs_helpers.statistics.proportions import benjamini_hochberg

#: how often a series is tested in a week
TESTS_A_WEEK = {"day": 7.0, "week": 1.0, "month": 12 * 7 / 365.25}


class AlertBudget(Protocol):
    """How often chance may raise an alert.

    false_alerts_a_week: at most so many are expected in a week over all series. false_discovery: the share of the alerts
    of a scan that may be due to chance.
    """

    @property
    def false_alerts_a_week(self) -> float: ...  # noqa: D102

    @property
    def false_discovery(self) -> float: ...  # noqa: D102


def weekly_tests(every: Iterable[str]) -> float:
    """How many tests a week series make that are tested each `day`, `week` or `month`."""
    return sum(TESTS_A_WEEK[e] for e in every)


def alerts(
    p: np.ndarray,
    large_enough: np.ndarray,
    tests_a_week: float,
    budget: AlertBudget,
    scan: np.ndarray | None = None,
) -> np.ndarray:
    """Which tests raise an alert.

    p: two-sided p-values of all tests; NaN: not judged. large_enough: whether the departure is worth an alert. scan: the
    number of the scan that each test is part of, as the week in which it would have been made; without it all are one.

    An alert is significant at the false discovery rate within its scan (Benjamini, Hochberg 1995), and its p-value is at
    most the budget over the tests a week: of n ordinary tests a share p has a p-value up to p, so that on average no more
    than the budget raise an alert, whatever the number of series.
    """
    with np.errstate(invalid="ignore"):
        affordable = (
            p <= budget.false_alerts_a_week / tests_a_week if tests_a_week else np.zeros(len(p), bool)
        )
    scans = np.zeros(len(p), dtype=int) if scan is None else scan
    discovered = np.zeros(len(p), dtype=bool)
    for number in np.unique(scans):
        inside = scans == number
        discovered[inside] = benjamini_hochberg(p[inside].tolist(), q=budget.false_discovery)
    return np.asarray(affordable & large_enough & discovered)

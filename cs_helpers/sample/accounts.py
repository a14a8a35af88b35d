"""Draw the customers: accounts with their segments, and the day on which each starts paper_to_web."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.sample.days import Ints, day, office_day
from cs_helpers.sample.truths import QUIET_COHORT

CSMS = tuple(f"csm-{number:02d}" for number in range(1, 13))


@dataclass(frozen=True)
class StartPeriod:
    """The number of customers, by size, that start paper_to_web in a range of days."""

    first: date
    last: date
    small: int
    mid: int
    enterprise: int


#: large companies start first, and mostly small ones since 2024. Before each year end the numbers add up to
#: `YEAR_ENDS`, given the ends in `contracts`.
START_PERIODS = (
    StartPeriod(date(2021, 4, 1), date(2021, 12, 20), 6, 8, 6),
    StartPeriod(date(2022, 4, 1), date(2023, 2, 15), 30, 32, 22),
    StartPeriod(date(2023, 4, 3), date(2024, 2, 15), 10, 17, 9),
    StartPeriod(date(2024, 4, 1), date(2025, 2, 15), 28, 12, 6),
    StartPeriod(date(2025, 4, 1), date(2026, 2, 15), 20, 6, 4),
    StartPeriod(date(2026, 4, 1), date(2026, 6, 19), 6, 3, 1),
    StartPeriod(QUIET_COHORT.first_start, QUIET_COHORT.last_start, 10, 5, 3),
)
#: sizes of the accounts that never use paper_to_web
WITHOUT_PAPER_TO_WEB = ("small", "mid", "mid", "small")

_TOUCH_MODELS = {
    "enterprise": (("high", "low"), (0.85, 0.15)),
    "mid": (("high", "low", "tech"), (0.15, 0.65, 0.20)),
    "small": (("low", "tech", "community"), (0.20, 0.60, 0.20)),
}


@dataclass(frozen=True)
class Customers:
    """The table `accounts`, the language of each account, and its first day of paper_to_web.

    `starts` covers the first `len(starts)` accounts; the others never use paper_to_web.
    """

    accounts: pd.DataFrame
    language: Sequence[str]
    starts: Ints


def draw_customers(companies: Sequence[Mapping[str, Any]], rng: np.random.Generator) -> Customers:
    """Draw the customers, sorted by their start, with the names of `companies`."""
    sizes: list[str] = []
    starts: list[Ints] = []
    for period in START_PERIODS:
        counts = {"small": period.small, "mid": period.mid, "enterprise": period.enterprise}
        sizes_of_period = np.repeat(list(counts), list(counts.values()))
        sizes += list(rng.permutation(sizes_of_period))
        days = rng.integers(day(period.first), day(period.last) + 1, len(sizes_of_period))
        starts.append(np.sort(np.minimum(office_day(days), day(period.last))))
    sizes += WITHOUT_PAPER_TO_WEB
    count = len(sizes)
    chosen = [companies[i] for i in rng.permutation(len(companies))[:count]]
    touch_models = [str(rng.choice(_TOUCH_MODELS[size][0], p=_TOUCH_MODELS[size][1])) for size in sizes]
    accounts = pd.DataFrame(
        {
            "account_id": [f"A-{number:04d}" for number in range(1, count + 1)],
            "name": [company["name"] for company in chosen],
            "size": [str(size) for size in sizes],
            "industry": [company["industry"] for company in chosen],
            "motivation": rng.choice(np.arange(1, 6), count, p=(0.08, 0.2, 0.34, 0.26, 0.12)),
            "literacy": rng.choice(np.arange(1, 6), count, p=(0.12, 0.26, 0.32, 0.2, 0.1)),
            "csm": rng.permutation(np.resize(CSMS, count)),
            "touch_model": touch_models,
        }
    )
    return Customers(accounts, [company["language"] for company in chosen], np.concatenate(starts))

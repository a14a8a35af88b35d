"""The customers: accounts with their segments, and when each takes up paper_to_web."""

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
class Intake:
    """Customers that start paper_to_web in a range of days, by size."""

    first: date
    last: date
    small: int
    mid: int
    enterprise: int


#: who starts when: large companies first, since 2024 mostly small ones. Before each year end the
#: numbers add up to `YEAR_ENDS`, given the ends in `contracts`.
INTAKES = (
    Intake(date(2021, 4, 1), date(2021, 12, 20), 6, 8, 6),
    Intake(date(2022, 4, 1), date(2023, 2, 15), 30, 32, 22),
    Intake(date(2023, 4, 3), date(2024, 2, 15), 10, 17, 9),
    Intake(date(2024, 4, 1), date(2025, 2, 15), 28, 12, 6),
    Intake(date(2025, 4, 1), date(2026, 2, 15), 20, 6, 4),
    Intake(date(2026, 4, 1), date(2026, 6, 19), 6, 3, 1),
    Intake(QUIET_COHORT.first_start, QUIET_COHORT.last_start, 10, 5, 3),
)
#: sizes of the few accounts that never take paper_to_web
WITHOUT_PAPER_TO_WEB = ("small", "mid", "mid", "small")

_TOUCH_MODELS = {
    "enterprise": (("high", "low"), (0.85, 0.15)),
    "mid": (("high", "low", "tech"), (0.15, 0.65, 0.20)),
    "small": (("low", "tech", "community"), (0.20, 0.60, 0.20)),
}


@dataclass(frozen=True)
class Customers:
    """The table `accounts`, each account's language, and its first day of paper_to_web.

    `starts` covers the first `len(starts)` accounts; the rest never take paper_to_web.
    """

    accounts: pd.DataFrame
    language: Sequence[str]
    starts: Ints


def draw_customers(companies: Sequence[Mapping[str, Any]], rng: np.random.Generator) -> Customers:
    """Draw the customers, in order of their start, named after `companies`."""
    sizes: list[str] = []
    starts: list[Ints] = []
    for intake in INTAKES:
        counts = {"small": intake.small, "mid": intake.mid, "enterprise": intake.enterprise}
        of_intake = np.repeat(list(counts), list(counts.values()))
        sizes += list(rng.permutation(of_intake))
        drawn = rng.integers(day(intake.first), day(intake.last) + 1, len(of_intake))
        starts.append(np.sort(np.minimum(office_day(drawn), day(intake.last))))
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

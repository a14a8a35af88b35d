"""Draw the table `handovers`: what sales handed over of each customer that starts from `truths.HANDOVERS_START` on.

Whether a hand-over is complete is drawn after the days to value, so that complete ones go with the planted ratio of hazards
(`truths.HANDOVERS`) and all other tables stay as they are. With S the share that has not reached value by a day, p the share of
complete hand-overs and S0 the same share without one, S = p S0^ratio + (1 - p) S0, and the chance that a customer that reaches
value then had a complete hand-over is p ratio S0^(ratio - 1) / (p ratio S0^(ratio - 1) + 1 - p).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize

from cs_helpers.contract.vocabulary import HANDOVER_FIELDS
from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import AS_OF, LOG_START, NEVER, Flags, Floats, Ints, as_dates, day, office_day
from cs_helpers.sample.truths import HANDOVERS, HANDOVERS_START

#: share of complete hand-overs, by size
_COMPLETE = {"small": 0.42, "mid": 0.52, "enterprise": 0.62}
#: share of customers sold by each role, by size; the others are sold by `HANDOVERS.careless`
_SOLD_BY = {
    "small": {"inside_sales": 0.60, "field_sales": 0.15},
    "mid": {"inside_sales": 0.25, "field_sales": 0.50},
    "enterprise": {"inside_sales": 0.05, "field_sales": 0.70},
}
#: how often each field is among those that are left empty, beside the others
_LEFT_EMPTY = dict(zip(HANDOVER_FIELDS, (0.5, 1.0, 1.0, 1.0, 2.0, 1.5, 3.0), strict=True))
#: the fields that the careless role always leaves empty in an incomplete hand-over
_ALWAYS_EMPTY = ("decision_maker", "stakeholders")
_EXPECTED_AS_HEARD = 0.6
_WITHOUT, _LATE = 0.12, 0.10


@dataclass(frozen=True)
class _Sold:
    """The customers of one product that start within the log: rows of `accounts`, first days, and sizes."""

    account: Ints
    started: Ints
    size: np.ndarray


def handovers_table(
    parts: Sequence[tuple[Terms, Ints]],
    accounts: pd.DataFrame,
    language: Sequence[str],
    contents: Mapping[str, Any],
    heard: Mapping[tuple[str, str], Sequence[str]],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The table `handovers`.

    parts: the terms of each product, and the day on which each of its customers reaches value. contents: product -> what
    hand-overs say (`handovers.yml`). heard: (account_id, product) -> themes of what the customer expects, as interviews have it.
    """
    rows: list[dict[str, Any]] = []
    for terms, value in parts:
        within = np.flatnonzero(terms.started >= day(HANDOVERS_START))
        sold = _Sold(
            terms.account[within], terms.started[within], accounts["size"].to_numpy()[terms.account[within]]
        )
        ratio = HANDOVERS.ratio if terms.product == HANDOVERS.product else 1.0
        older = sold.started < LOG_START  # whose days to value are in no log
        days = np.where(value[within] < NEVER, value[within] - sold.started, NEVER)
        complete = _draw_complete(
            sold, np.where(older, rng.integers(1, 99, len(days)), days), older, ratio, rng
        )
        role = _draw_roles(sold, complete, rng)
        rows += _rows_of(terms.product, sold, complete, role, accounts, language, contents, heard, rng)
    table = pd.DataFrame(rows).sort_values(["handed_over_on", "account_id", "product"], ignore_index=True)
    return table[["account_id", "product", "handed_over_on", "from_role", "from_person", *HANDOVER_FIELDS]]


def _draw_complete(sold: _Sold, days: Ints, older: Flags, ratio: float, rng: np.random.Generator) -> Flags:
    """Whether each hand-over is complete, by the days to value within each size; of older customers by chance."""
    complete = np.zeros(len(days), dtype=bool)
    for size in np.unique(sold.size):
        for is_older in (True, False):
            rows = np.flatnonzero((sold.size == size) & (older == is_older))
            rows = rows[np.lexsort((rng.random(len(rows)), days[rows]))]
            reached = int((days[rows] < NEVER).sum())
            share, of_ratio = _COMPLETE[str(size)], 1.0 if is_older else ratio
            complete[rows] = _even_picks(_chance_of_complete(len(rows), reached, share, of_ratio), rng)
    return complete


def _chance_of_complete(count: int, reached: int, share: float, ratio: float) -> Floats:
    """The chance of a complete hand-over of customers in the order in which they reach value; the last never do."""
    waiting = (
        1 - (np.minimum(np.arange(count), reached) + np.where(np.arange(count) < reached, 0.5, 0)) / count
    )
    without = np.array(
        [optimize.brentq(lambda s, at=at: share * s**ratio + (1 - share) * s - at, 0, 1) for at in waiting]
    )
    times = np.where(np.arange(count) < reached, ratio, 1.0) * without ** (ratio - 1)
    return np.asarray(share * times / (share * times + 1 - share))


def _even_picks(chance: Floats, rng: np.random.Generator) -> Flags:
    """Systematic sampling: as many in every stretch of rows as their chances add up to."""
    return np.asarray(np.diff(np.floor(np.r_[0.0, np.cumsum(chance)] + rng.random())) > 0)


def _draw_roles(sold: _Sold, complete: Flags, rng: np.random.Generator) -> np.ndarray:
    """Who sold each customer, so that the careless role completes `HANDOVERS.careless_share` and all others equally many."""
    roles = np.full(len(complete), HANDOVERS.careless, dtype=object)
    for size in np.unique(sold.size):
        sellers, share = _SOLD_BY[str(size)], _COMPLETE[str(size)]
        careless = 1 - sum(sellers.values())
        for is_complete in (True, False):
            of_careless = HANDOVERS.careless_share if is_complete else 1 - HANDOVERS.careless_share
            all_of = share if is_complete else 1 - share
            rows = rng.permutation(np.flatnonzero((sold.size == size) & (complete == is_complete)))
            kept = np.full(len(rows), min(careless * of_careless / all_of, 1.0))
            others = rows[~_even_picks(kept, rng)]
            drawn = rng.choice(
                list(sellers), len(others), p=np.array(list(sellers.values())) / (1 - careless)
            )
            roles[others] = drawn
    return roles


def _rows_of(
    product: str,
    sold: _Sold,
    complete: Flags,
    role: np.ndarray,
    accounts: pd.DataFrame,
    language: Sequence[str],
    contents: Mapping[str, Any],
    heard: Mapping[tuple[str, str], Sequence[str]],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    count = len(complete)
    handed = rng.permutation(np.flatnonzero(~_even_picks(np.full(count, _WITHOUT), rng)))
    late = set(handed[: round(_LATE * len(handed))].tolist())
    before = rng.integers(2, 26, count)
    after = rng.integers(4, 41, count)
    days = office_day(
        np.array(
            [
                sold.started[n] + after[n] if n in late else sold.started[n] - before[n] - 2
                for n in range(count)
            ]
        )
    )
    said = contents[product]
    themes = sorted(said["themes"])
    spoke = np.array([(name, product) in heard for name in accounts["account_id"].to_numpy()[sold.account]])
    as_heard = _even_picks(np.where(spoke, _EXPECTED_AS_HEARD, 0.0), rng)
    rows = []
    for n in sorted(handed.tolist()):
        if days[n] > AS_OF:
            continue
        account = accounts.iloc[sold.account[n]]
        words = language[sold.account[n]]
        told = sorted(heard.get((account["account_id"], product), ()))
        choice = [t for t in themes if (t in told) == bool(as_heard[n])] if told else themes
        theme = str(rng.choice(choice or themes))
        due = as_dates(np.array([sold.started[n] + int(rng.choice([60, 90, 120, 180]))]))[0]
        filled = {
            "problem": said["themes"][theme]["problem"][words],
            "promised": str(rng.choice(said["promised"][words])),
            "expected_outcome": said["themes"][theme]["expected_outcome"][words],
            "expectation": theme,
            "deadline": due,
            "decision_maker": str(rng.choice(said["decision_maker"][words])),
            "stakeholders": str(rng.choice(said["stakeholders"][words])),
        }
        for name in _left_empty(bool(complete[n]), str(role[n]), rng):
            filled[name] = None
        rows.append(
            {
                "account_id": account["account_id"], "product": product,
                "handed_over_on": as_dates(days[n : n + 1])[0], "from_role": role[n],
                "from_person": f"{role[n].replace('_', '-')}-{1 + int(rng.integers(4)):02d}", **filled,
            }
        )  # fmt: skip
    return rows


def _left_empty(complete: bool, role: str, rng: np.random.Generator) -> list[str]:
    """The fields that a hand-over leaves empty: one at most of a complete one, two to five of another."""
    chance = np.array(list(_LEFT_EMPTY.values()))
    number = int(rng.integers(0, 2)) if complete else int(rng.integers(2, 6))
    names = rng.choice(HANDOVER_FIELDS, number, replace=False, p=chance / chance.sum())
    always = _ALWAYS_EMPTY if role == HANDOVERS.careless and not complete else ()
    return list(dict.fromkeys((*always, *map(str, names))))[: max(number, len(always))]

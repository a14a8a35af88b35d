"""What customers need now: those who wait for a step longer than usual, and those for whom an entry is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Situation
from cs_helpers.customer_journey.waits import known_steps
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

#: a step of the journey, or an entry of the playbook
Kind = Literal["step", "entry"]


@dataclass(frozen=True)
class Need:
    """A step for which customers wait longer than usual, or an entry of the playbook that is due for them.

    since: the day since which each of them needs it (index: account_id; NaT where only its length is known); None where
    the data, or a missing rule, does not tell who they are.
    """

    kind: Kind
    name: str
    since: pd.Series | None

    @property
    def of(self) -> Literal["steps", "plays"]:
        """The key under which roles and means of the product file name it."""
        return "steps" if self.kind == "step" else "plays"

    @property
    def customers(self) -> frozenset[str] | None:
        """The account_ids of the customers; None where they are not known."""
        return None if self.since is None else frozenset(self.since.index)


def needs_now(
    data: ProductData, quarter: Quarter, results: Mapping[str, Result], situation: Situation
) -> tuple[Need, ...]:
    """The needs at the end of the quarter: the steps after the first in their order, then the entries of the playbook.

    results: of `journeys` (its table `waiting`). situation: of the last day of the quarter.
    """
    journeys = results["journeys"].tables
    waiting = journeys.get("waiting")
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    recorded = known_steps(data, end) if waiting is not None else []
    steps = [
        Need("step", step.step, _late(waiting, step.step, quarter) if step.step in recorded[1:] else None)
        for step in data.product.journey.steps[1:]
    ]
    entries = []
    for play in data.product.playbook:
        due = situation.due(play.rule) if play.rule else None
        is_known = due is not None and due.is_known(len(situation.customers))
        entries.append(Need("entry", play.key, due.since if due is not None and is_known else None))
    return (*steps, *entries)


def _late(waiting: pd.DataFrame | None, step: str, quarter: Quarter) -> pd.Series | None:
    """The customers who wait for a step longer than usual, and since when; None where it is not known what is usual."""
    if waiting is None:
        return None
    rows = waiting[waiting["step"] == step]
    if len(rows) and rows["usual"].isna().all():
        return None
    late = rows[rows["late"]]
    days = np.floor((late["days"] - late["usual"]).to_numpy(float))
    since = pd.Timestamp(quarter.end) - pd.to_timedelta(days, unit="D")
    return pd.Series(since.astype("datetime64[us]"), pd.Index(late["account_id"]), name="since")


def customers_of(needs: Iterable[Need]) -> frozenset[str] | None:
    """The customers of any of the needs that are known; None where none is."""
    known = [need.customers for need in needs if need.customers is not None]
    return frozenset().union(*known) if known else None


def counted(customers: frozenset[str] | None, mrr: pd.Series) -> dict[str, float]:
    """`demand` (the number of customers) and `mrr` (theirs); NaN where they are not known."""
    if customers is None:
        return {"demand": np.nan, "mrr": np.nan}
    return {"demand": float(len(customers)), "mrr": float(mrr.reindex(sorted(customers)).sum())}

"""Whether means can serve the customers to move in time: those of a goal, and those of goals that share means.

As on the page of the means, the measures of a goal stand in for each other, and so do its resources; a resource stands in for
no measure. A customer counts once, also where it is in the gaps of several goals.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from cs_helpers.contract.means import Means
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.to_be import Goal
from cs_helpers.customers.pools import overfull, unions

KINDS = ("measure", "resource")
_MONTHS_A_QUARTER = 3


@dataclass(frozen=True)
class Shared:
    """Goals that share means, and whom these can serve.

    goals, means: ids, in the order of the product file. customers: those to move, each once, at least (`fewest_customers`).
    capacity: the customers that the means can serve until `by`, the last of the goals' days.
    """

    goals: tuple[str, ...]
    means: tuple[str, ...]
    customers: int
    capacity: int
    by: date

    @property
    def parts(self) -> tuple[str, ...]:
        """What it is made of: its goals."""
        return self.goals

    @property
    def excess(self) -> int:
        """By how many customers they are too many."""
        return self.customers - self.capacity


def capacity_of(goal: Goal, means: Sequence[Means], quarter: Quarter) -> float:
    """The customers that the means of a goal can serve from the end of a quarter until its day.

    By its measures or by its resources, whichever can serve fewer of them; NaN where neither states it.
    """
    named = [one for one in means if one.id in goal.means]
    each = (served([one for one in named if one.kind == kind], quarter, goal.by) for kind in KINDS)
    return min((able for able in each if able is not None), default=math.nan)


def served(means: Sequence[Means], quarter: Quarter, by: date) -> int | None:
    """The customers that means serve together from the end of a quarter until a day; None without any, or where one does not say."""
    stated = [one.capacity for one in means if one.capacity is not None]
    if not means or len(stated) < len(means):
        return None
    months = (by.year - quarter.end.year) * 12 + by.month - quarter.end.month
    return math.floor(sum(stated) * max(months, 0) / _MONTHS_A_QUARTER + 1e-9)


def shared_means(
    product: Product, rows: pd.DataFrame, inside: Mapping[str, frozenset[str]], quarter: Quarter
) -> list[Shared]:
    """The goals that share means which cannot serve all of their customers to move in time, fewest goals first.

    rows: goal and customers (to move) of the gaps that are short. inside: goal -> the customers in its gap, where a rule says
    who they are. By Hall's theorem (`customers.pools`), and as what is due first has the means of its quarters only, there is
    room for all where each of these groups has it: the goals whose means are among some, and whose day is up to one. A
    group that is short only as far as one of its goals, or a smaller group, is left out; so is one whose days are over.
    """
    to_move = {goal: int(n) for goal, n in zip(rows["goal"], rows["customers"], strict=True) if n > 0}
    goals = {goal.id: goal for goal in (product.to_be.goals if product.to_be else ()) if goal.id in to_move}
    found: list[Shared] = []
    for kind in KINDS:
        of_kind = {one.id: one for one in product.means if one.kind == kind}
        asked = {name: frozenset(goal.means).intersection(of_kind) for name, goal in goals.items()}
        asked = {name: ids for name, ids in asked.items() if ids}
        groups = []
        for day in sorted({goals[name].by for name in asked}):
            due = {name: ids for name, ids in asked.items() if goals[name].by <= day}
            groups += [
                tuple(name for name, of_goal in due.items() if of_goal <= ids) for ids in unions(due.values())
            ]
        for group in dict.fromkeys(groups):
            by = max(goals[name].by for name in group)
            ids = frozenset[str]().union(*(asked[name] for name in group))
            means = [one for name, one in of_kind.items() if name in ids]
            capacity = served(means, quarter, by)
            if by > quarter.end and capacity is not None:
                customers = fewest_customers((to_move[name], inside.get(name)) for name in group)
                found.append(Shared(group, tuple(one.id for one in means), customers, capacity, by))
    return [pool for pool in overfull(found) if len(pool.goals) > 1]


def fewest_customers(asked: Iterable[tuple[int, frozenset[str] | None]]) -> int:
    """How many customers there are to move at least, whoever is chosen, where each counts once.

    asked: of each goal how many of which customers; None: nobody is named, so they may be those of other goals. Of a goal
    those who are in the gaps of earlier ones may be chosen for these already; all others come on top. Of two goals it is
    the number itself, of more it may be too small.
    """
    total, nameless = 0, 0
    seen: frozenset[str] = frozenset()
    for count, who in sorted(asked, key=lambda one: -one[0]):
        if who is None:
            nameless = max(nameless, count)
        else:
            total += max(0, count - len(who & seen))
            seen |= who
    return max(total, nameless)

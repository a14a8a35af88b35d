"""The gap plan as a whole, and its costly parts beside what one would write first; the results are compared, too.

    python benchmarks/gap_plan.py [--copies 1,10] [--customers 130,1300] [--rounds 3]

Reads the newest snapshot of the sample (`cs-workbook sample`, `cs-workbook snapshot`). Three tables:

- the analysis of each product, and of the largest with copies of its customers, without the reports that it is made of, and
  these beside it;
- who was in each gap at nine quarter ends: ours shares the customers and measures of a day among the goals, and measures among the
  days; beside it each goal and day by itself, as the list of the playbook asks for one;
- rates of loss in 2,000 resamples of the customers: ours sums all draws at once; beside it a loop over the draws in numpy, and one with pandas'
  groups (measured for fewer draws).

Prints Markdown: milliseconds of one core, the least of some rounds in turns, and ratios.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers import analyses
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Situation
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.statistics.stratified_rates import DRAWS, PersonTime, Resamples

PLAN = analyses.analysis("gap_plan")
QUARTERS = 8
#: draws of the slowest way
_FEW = 100


def least(ways: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """The least milliseconds of each way, in turns, and what it found."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    found = {}
    for _ in range(rounds):
        for name, way in ways.items():
            begun = time.process_time()
            found[name] = way()
            spent[name].append(1000 * (time.process_time() - begun))
    return {name: min(times) for name, times in spent.items()}, found


def copied(data: ProductData, copies: int) -> ProductData:
    """The data with so many copies of each customer."""

    def many(table: pd.DataFrame) -> pd.DataFrame:
        parts = [table.assign(account_id=table["account_id"] + f"-{n}") for n in range(1, copies)]
        return pd.concat([table, *parts], ignore_index=True)

    changed = {
        name: many(table) for name, table in data.tables.items() if "account_id" in table and len(table)
    }
    return data.with_tables(changed) if copies > 1 else data


def results(data: ProductData, quarter: Quarter) -> dict[str, Result]:
    """Of the analyses that the gap plan of a product is made of."""
    return {name: analyses.analysis(name).analyse(data, quarter) for name in PLAN.built_on(data.product)}


def whole(snapshot: Snapshot, quarter: Quarter, copies: Sequence[int], rounds: int) -> None:
    """The analysis of each product, and of the first with many customers."""
    print("| product | customers | goals | gap plan, ms | reports it is made of, ms |\n|---|---|---|---|---|")
    products = [(name, 1) for name in snapshot.manifest["products"] if snapshot.product(name).to_be]
    first = max(products, key=lambda one: len(snapshot.product(one[0]).to_be.goals))[0]  # type: ignore[union-attr]
    for name, times in [*products, *((first, n) for n in copies if n > 1)]:
        data = copied(snapshot.read(name), times)
        made = results(data, quarter)
        spent, found = least(
            {
                "plan": lambda data=data, made=made: PLAN.analyse(data, quarter, made),  # type: ignore[misc]
                "reports": lambda data=data: results(data, quarter),  # type: ignore[misc]
            },
            rounds,
        )
        goals = len(data.product.to_be.goals) if data.product.to_be else 0
        print(
            f"| {name} | {found['plan'].n:,} | {goals} | {spent['plan']:,.0f} | {spent['reports']:,.0f} |",
            flush=True,
        )


def in_gaps(snapshot: Snapshot, quarter: Quarter, copies: Sequence[int], rounds: int) -> None:
    """Who was in each gap at the end of nine quarters."""
    print("\n| customers | shared, ms | each goal and day by itself, ms | it / ours |\n|---|---|---|---|")
    names = [name for name in snapshot.manifest["products"] if snapshot.product(name).to_be]
    name = max(names, key=lambda one: len(snapshot.product(one).to_be.goals))  # type: ignore[union-attr]
    days = [quarter.back(k).end for k in range(QUARTERS, -1, -1)]
    for times in copies:
        data = copied(snapshot.read(name), times)
        assert data.product.to_be is not None
        rules = [goal.customers for goal in data.product.to_be.goals if goal.customers]
        spent, found = least(
            {
                "ours": lambda data=data, rules=rules: [  # type: ignore[misc]
                    [at.due(rule) for rule in rules] for at in Situation.on(data, *days)
                ],
                "each": lambda data=data, rules=rules: [  # type: ignore[misc]
                    [Situation.on(data, day)[0].due(rule) for rule in rules] for day in days
                ],
            },
            rounds,
        )
        for ours, other in zip(found["ours"], found["each"], strict=True):
            assert [list(due.customers) for due in ours] == [list(due.customers) for due in other]
        customers = len(Situation.on(data, quarter.end)[0].customers)
        print(
            f"| {customers:,} | {spent['ours']:,.0f} | {spent['each']:,.0f} | {spent['each'] / spent['ours']:.1f} |",
            flush=True,
        )


def made_up(customers: int, seed: int = 1) -> PersonTime:
    """Eight quarters of customers in nine strata each, of whom a quarter are in the gap and lost twice as often."""
    rng = np.random.default_rng(seed)
    customer = np.tile(np.arange(customers), QUARTERS)
    stratum = np.repeat(np.arange(QUARTERS), customers) * 9 + np.tile(rng.integers(0, 9, customers), QUARTERS)
    exposed = rng.random(len(customer)) < 0.25
    lost = rng.random(len(customer)) < np.where(exposed, 0.06, 0.03)
    return PersonTime(customer, stratum, exposed, np.where(lost, 0.125, 0.25), lost.astype(np.int64))


def rates_of(years: np.ndarray, events: np.ndarray) -> tuple[float, float]:
    """The rates of Mantel and Haenszel with and without the exposure; both by exposure (others first) and stratum."""
    (t0, t1), (b, a) = years, events
    total = t0 + t1
    weight = (t1 * t0 / total).sum()
    return (a * t0 / total).sum() / weight, (b * t1 / total).sum() / weight


def looped(data: PersonTime, weights: np.ndarray) -> np.ndarray:
    """Draw by draw: all periods weighted and counted again."""
    strata = int(data.stratum.max()) + 1
    cell = data.stratum + strata * data.exposed
    both = data.compared()
    found = []
    for draw in weights.T:
        of_period = draw[data.customer]
        years = np.bincount(cell, data.years * of_period, 2 * strata).reshape(2, strata)[:, both]
        events = np.bincount(cell, data.events * of_period, 2 * strata).reshape(2, strata)[:, both]
        found.append(rates_of(years, events))
    return np.array(found)


def grouped(data: PersonTime, weights: np.ndarray) -> np.ndarray:
    """Draw by draw, with a table and its groups."""
    periods = pd.DataFrame(
        {"customer": data.customer, "stratum": data.stratum, "exposed": data.exposed, "years": data.years, "events": data.events}
    )  # fmt: skip
    both = data.compared()
    found = []
    for draw in weights.T:
        of_period = draw[periods["customer"]]
        weighted = periods.assign(years=periods["years"] * of_period, events=periods["events"] * of_period)
        sums = weighted.groupby(["exposed", "stratum"])[["years", "events"]].sum().unstack("stratum")
        found.append(rates_of(sums["years"][both].to_numpy(), sums["events"][both].to_numpy()))
    return np.array(found)


def resampled(customers: Sequence[int], rounds: int) -> None:
    """The rates in 2,000 resamples."""
    print(
        "\n| customers | ours, ms | a loop in numpy / ours | a loop of pandas' groups / ours |\n|---|---|---|---|"
    )
    for number in customers:
        data, resamples = made_up(number), Resamples(number)
        weights = np.concatenate(list(resamples._blocks()), axis=1)
        spent, found = least(
            {
                "ours": lambda data=data, resamples=resamples: data.resampled(resamples, 1),  # type: ignore[misc]
                "loop": lambda data=data, weights=weights: looped(data, weights),  # type: ignore[misc]
                "groups": lambda data=data, weights=weights: grouped(data, weights[:, :_FEW]),  # type: ignore[misc]
            },
            rounds,
        )
        # without the half event that ours adds to each group
        assert np.allclose(found["loop"][:_FEW], found["groups"])
        above = [ours - loop for ours, loop in zip(found["ours"], found["loop"].T, strict=True)]
        assert min(map(np.min, above)) > 0
        ratios = [spent["loop"] / spent["ours"], spent["groups"] * DRAWS / _FEW / spent["ours"]]
        print(f"| {number:,} | {spent['ours']:,.0f} | {' | '.join(f'{r:.1f}' for r in ratios)} |", flush=True)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quarter", default="2026Q3")
    parser.add_argument("--copies", default="1,10")
    parser.add_argument("--customers", default="130,1300")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    quarter, snapshot = Quarter.parse(asked.quarter), Snapshot.open()
    copies, customers = ([int(n) for n in text.split(",")] for text in (asked.copies, asked.customers))
    with pd.option_context("mode.string_storage", "python"):  # as the workbook
        whole(snapshot, quarter, copies, asked.rounds)
        in_gaps(snapshot, quarter, copies, asked.rounds)
    resampled(customers, asked.rounds)


if __name__ == "__main__":
    main()

"""On any history all analyses agree on who is a customer, who joined and who was lost: with a look at each day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from builders import account, contract, product, product_data, random, use

from cs_helpers.analyses import baselines, health, journeys, maturity
from cs_helpers.analyses.interviews.coverage import current_customers
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.waits import all_waits, milestone_times
from cs_helpers.customers.maturity_levels import LOST
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import LEFT

DAY = timedelta(days=1)
FIRST, QUARTER = date(2024, 1, 1), Quarter(2025, 3)
GAP = product().customers.return_gap_days
DAYS = [FIRST + DAY * n for n in range((QUARTER.end - FIRST).days + 1)]


def histories(seed: int) -> list[tuple[str, date, date | None]]:
    """Contracts of eight accounts: renewed without a gap, paused for days or months, side by side, still to begin."""
    draw = random(seed)
    rows: list[tuple[str, date, date | None]] = []
    for n in range(8):
        first = FIRST + DAY * int(draw.integers(0, 500))
        for _ in range(draw.integers(1, 4)):
            length = int(draw.choice([0, 5, 29, 90, 91, 365]))
            last = None if draw.random() < 0.3 else first + DAY * length
            rows.append((f"c{n}", first, last))
            pause = int(draw.choice([0, 0, 1, 29, 30, 31, 120]))
            first = (last or first) + DAY * (pause + 1 - int(draw.random() < 0.1) * 5)
    return rows


def company(rows: list[tuple[str, date, date | None]]) -> ProductData:
    made = [
        contract(name, str(first), None if last is None else str(last)) | {"contract_id": str(n)}
        for n, (name, first, last) in enumerate(rows)
    ]
    starts = {name: min(first for other, first, _ in rows if other == name) for name, _, _ in rows}
    return product_data(
        product(steps=["kickoff", "value"]),
        as_of=QUARTER.end,
        accounts=[account(name) for name in sorted(starts)],
        contracts=made,
        usage=[use("z", "2023-12-01", "other")],
        milestones=[
            *({"account_id": n, "step": "contract", "reached_at": str(d)} for n, d in starts.items()),
            *({"account_id": "z", "step": s, "reached_at": "2023-12-01"} for s in ("kickoff", "value")),
        ],
    )


def there_day_by_day(rows: list[tuple[str, date, date | None]]) -> dict[str, set[date]]:
    """The days on which each account is a customer, as known at the end of the quarter."""
    result = {}
    for name in {name for name, _, _ in rows}:
        own = [(first, last) for other, first, last in rows if other == name and first <= QUARTER.end]
        days = [d for d in DAYS if any(a <= d and (b is None or d <= b) for a, b in own)]
        pauses = [(a, b) for a, b in pairwise(days) if 1 < (b - a).days <= GAP + 1]
        result[name] = set(days) | {a + DAY * n for a, b in pauses for n in range((b - a).days)}
    return result


@pytest.mark.parametrize("seed", range(16))
def test_all_count_the_same_customers_and_losses(seed: int) -> None:
    rows = histories(seed)
    data, there = company(rows), there_day_by_day(rows)
    time = customer_time_as_of(data, QUARTER.end)
    for day in DAYS[::7]:
        assert set(time.customers(day)) == {name for name, days in there.items() if day in days}
    now = sorted(name for name, days in there.items() if QUARTER.end in days)
    losses = [
        (n, d + DAY) for n, days in there.items() for d in days if d < QUARTER.end and d + DAY not in days
    ]

    opening = QUARTER.back(1).end
    at_start = {name for name, days in there.items() if opening in days}
    lost = {name for name, at in losses if opening < at and name in at_start}
    lost_in = [name for name, at in losses if opening < at]
    moved = time.movement(opening, QUARTER.end)
    assert (moved["opening"], moved["lost"], moved["closing"]) == (len(at_start), len(lost_in), len(now))

    same = baselines.analyse(data, QUARTER).tables.get("same_quarter")
    if same is not None:
        assert same.iloc[-1][["customers", "lost"]].tolist() == [len(at_start), len(lost)]

    levels = maturity.analyse(data, QUARTER)
    assert levels.n == len(now)
    quarters = Quarter(2024, 3).upto(QUARTER)
    of_quarters = sum(
        q.end in there[name] and any(n == name and q.end < at <= after.end for n, at in losses)
        for q, after in pairwise(quarters)
        for name in there
    )
    if "transitions" in levels.tables:
        moves = levels.tables["transitions"]
        assert moves.loc[moves["after"] == LOST, "customers"].sum() == of_quarters
    if "falls" in levels.tables:
        assert levels.tables["falls"]["lost"].sum() <= sum(1 for _ in losses)

    scored = health.analyse(data, QUARTER)
    assert scored.n + sum(
        n.fields["customers"]
        for n in scored.notes
        if n.about == "bands" and n.code in ("too_young", "not_scored")
    ) in (len(now), 0)
    assert sorted(current_customers(data, QUARTER)["account_id"]) == now

    end = pd.Timestamp(QUARTER.end + DAY)
    reached = milestone_times(data, ["contract", "kickoff"], pd.Timestamp("2023-12-01"), end)
    reached = reached[reached.index != "z"]
    waits = all_waits(reached, pd.Series(dtype="object"), ["contract", "kickoff"], end)
    left = waits[waits["outcome"] == LEFT]
    gone = left["began"] + pd.to_timedelta(left["days"], unit="D")
    assert sorted(zip(left["account_id"], gone.dt.date, strict=True)) == sorted(losses)
    assert sorted(waits.loc[waits["outcome"] != LEFT, "account_id"]) == now
    waiting = journeys.analyse(data, QUARTER).tables.get("waiting")
    if waiting is not None:
        assert set(waiting["account_id"]) <= set(now)

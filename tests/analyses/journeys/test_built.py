"""Funnels of some steps: what hand-written SQL counts, and segments that can and cannot be told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data
from funnels_by_hand import by_hand

from cs_helpers.analyses import journeys
from cs_helpers.analyses.journeys.built import built_funnel, counted_units
from cs_helpers.analyses.journeys.counting import with_funnel_options
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.waits import records_begin
from cs_helpers.errors import ParameterError
from cs_helpers.statistics.funnels import Funnel

Q2 = Quarter(2026, 2)
STEPS = ["kickoff", "trained", "used", "spread"]
DAY_ONE = date(2025, 1, 1)


def random_milestones(customers, seed=3):
    """Steps in any order, some of them several times, some never."""
    rng = np.random.default_rng(seed)
    first = {"account_id": "c000", "step": "kickoff", "reached_at": pd.Timestamp(DAY_ONE)}
    return [first] + [
        {"account_id": f"c{n:03d}", "step": step, "reached_at": pd.Timestamp(DAY_ONE) + pd.Timedelta(hours=int(hours))}
        for n in range(customers)
        for step in ["contract", *STEPS]
        for hours in sorted(rng.integers(24, 24 * 300, rng.integers(0, 4)) if step != "contract" else [0])
    ]  # fmt: skip


def desk(milestones, sizes=("small",), **other):
    names = sorted({row["account_id"] for row in milestones})
    return product_data(
        product(steps=STEPS, **other),
        as_of=Q2.end,
        accounts=[account(name, size=sizes[n % len(sizes)]) for n, name in enumerate(names)],
        contracts=[contract(name, "2025-01-01") for name in names],
        milestones=milestones,
    )


def funnel(data, by="", **options):
    return built_funnel(counted_units(data, Q2, **options), by)


@pytest.mark.parametrize(
    "steps", [("kickoff", "used"), ("trained", "used", "spread"), ("contract", "spread")]
)
@pytest.mark.parametrize("days", [20, 90])
def test_some_of_the_steps_are_counted_as_hand_written_sql_does(steps, days):
    data = desk(random_milestones(80))
    found = funnel(data, steps=steps, mode="ordered", window_days=days)
    events = data["milestones"].rename(
        columns={"account_id": "unit", "step": "event", "reached_at": "occurred_at"}
    )
    since = records_begin(data, ["contract", *STEPS])
    told = by_hand(events[["unit", "event", "occurred_at"]], Funnel(steps, timedelta(days=days)), since)
    assert found.tables["funnel"]["units"].tolist() == told
    assert found.tables["funnel"]["step"].tolist() == list(steps)
    assert told[-1] > 0


def test_the_order_is_that_of_the_journey_however_the_steps_are_chosen():
    data = desk(random_milestones(30))
    one, other = (funnel(data, steps=steps) for steps in (("used", "kickoff"), ("kickoff", "used")))
    assert one.tables["funnel"].equals(other.tables["funnel"])


def test_all_steps_as_declared_are_the_funnel_of_the_report(of_product):
    for name in ("helpdesk", "paper_to_web", "expense_desk"):
        data = of_product(name)
        quarter = Quarter(2026, 3)
        built = built_funnel(counted_units(data, quarter))
        assert built.tables["funnel"].equals(journeys.analyse(data, quarter).tables["funnel"])


def planted(rates, each=20):
    """Customers of two sizes, of whom a share reaches the step after the contract."""
    rows = []
    for n in range(2 * each):
        size, k = n % 2, n // 2
        at = pd.Timestamp("2025-02-01")
        rows.append({"account_id": f"c{n:03d}", "step": "contract", "reached_at": pd.Timestamp(DAY_ONE)})
        if k < rates[size] * each:
            rows.append({"account_id": f"c{n:03d}", "step": "kickoff", "reached_at": at})
    rows.append({"account_id": "c000", "step": "kickoff", "reached_at": pd.Timestamp(DAY_ONE)})
    return desk(rows, sizes=("enterprise", "small"))


def test_segments_that_differ_beyond_chance_are_told_apart():
    found = funnel(planted((1.0, 0.2)), by="size", steps=("contract", "kickoff"))
    verdict = found.verdicts["funnel_by"]
    assert verdict.code == "apart"
    assert (verdict.fields["high"], verdict.fields["least"]) == ("enterprise", "small")
    assert (verdict.fields["high_share"], verdict.fields["least_share"]) == (1.0, 0.2)
    rows = found.tables["funnel_by"]
    assert rows[["segment", "step", "units"]].to_numpy().tolist() == [
        ["enterprise", "contract", 20], ["enterprise", "kickoff", 20], ["small", "contract", 20], ["small", "kickoff", 4],
    ]  # fmt: skip


def test_segments_within_chance_cannot_be_told_apart():
    assert (
        funnel(planted((0.6, 0.5)), by="size", steps=("contract", "kickoff")).verdicts["funnel_by"].code
        == "alike"
    )


def test_one_segment_alone_is_not_compared():
    data = desk(random_milestones(20))
    assert funnel(data, by="size", steps=("contract", "used")).verdicts["funnel_by"].code == "one_segment"


def test_customers_still_on_their_way_are_said():
    found = funnel(planted((0.5, 0.5)), steps=("contract", "kickoff"))
    [note] = [n for n in found.notes if n.code == "still_waiting"]
    assert note.fields == {"units": 20, "of": 40}
    lately = funnel(planted((0.5, 0.5)), steps=("contract", "kickoff"), mode="ordered", window_days=3_000)
    assert [n.fields["units"] for n in lately.notes if n.code == "entered_lately"] == [20]


def test_without_milestones_nothing_is_drawn_and_it_says_why():
    data = desk(random_milestones(5))
    empty = replace(
        data, tables={**{n: data[n] for n in data.tables}, "milestones": data["milestones"].iloc[:0]}
    )
    found = built_funnel(counted_units(empty, Q2), "size")
    assert not found.tables
    assert found.notes[-1].code == "too_few_steps"


@pytest.mark.parametrize("steps", [("kickoff",), ()])
def test_fewer_than_two_steps_are_refused(steps):
    with pytest.raises(ParameterError, match="two or more steps"):
        with_funnel_options(desk(random_milestones(3)), steps=steps)


def test_an_unknown_step_is_refused():
    with pytest.raises(ParameterError, match="no such step"):
        with_funnel_options(desk(random_milestones(3)), steps=("kickoff", "flown"))


def test_an_exclusion_between_steps_that_are_not_chosen_does_not_count():
    rule = {"milestone": "cancelled", "after": "kickoff", "before": "used"}
    data = desk(random_milestones(9), journey={"mode": "ordered", "exclusions": [rule]})
    assert with_funnel_options(data, steps=("kickoff", "spread")).product.journey.exclusions == ()
    assert len(with_funnel_options(data, steps=("kickoff", "used")).product.journey.exclusions) == 1

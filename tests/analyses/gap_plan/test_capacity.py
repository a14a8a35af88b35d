"""Means against the customers to move: of a goal by itself, and of goals that share means, by hand."""

from __future__ import annotations

import math
from datetime import date
from itertools import chain, combinations
from typing import Any

import pandas as pd
import pytest
from builders import goal, means, product
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.analyses.gap_plan.capacity import fewest_customers, shared_means
from cs_helpers.analyses.gap_plan.notes import notes_on_means
from cs_helpers.analyses.gap_plan.sizing import COLUMNS
from cs_helpers.analyses.gap_plan.tracker import tracker_rows
from cs_helpers.contract.quarters import Quarter

Q3 = Quarter(2026, 3)
RULE = {"measure": {"value": "events", "months": 3, "at_most": 100}}
#: two quarters after the end of the third of 2026
MARCH, DECEMBER = "2027-03-31", "2026-12-31"


def planned(goals: dict[str, dict[str, Any]], *inventory: dict[str, Any]) -> Any:
    """A product with these means and goals; goals: id -> means, and by."""
    to_be = {"agreed_on": "2026-07-01", "goals": [goal(name, RULE, **said) for name, said in goals.items()]}
    return product(means=list(inventory), to_be=to_be)


def short(**customers: float) -> pd.DataFrame:
    """Gaps with so many customers to move."""
    empty = {"float64": math.nan, "int64": 0, "str": ""}
    gaps = pd.DataFrame(
        {name: pd.Series([empty.get(kind)] * len(customers), dtype=kind) for name, kind in COLUMNS.items()}
    )
    return gaps.assign(goal=list(customers), state="short", customers=list(customers.values()))


def people(first: int, count: int) -> frozenset[str]:
    return frozenset(f"C{n}" for n in range(first, first + count))


def tracked(of: Any, gaps: pd.DataFrame) -> pd.DataFrame:
    by = {one.id: pd.Timestamp(one.by) for one in of.to_be.goals}
    order = pd.DataFrame(columns=["goal", "priority", "first_three"])
    return tracker_rows(of, gaps.assign(by=gaps["goal"].map(by)), order, Q3)


@pytest.mark.parametrize(
    ("inventory", "can", "notes"),
    [
        ([means("a", capacity=7), means("b", capacity=3)], 20.0, ["capacity_short"]),
        ([means("a", capacity=12)], 24.0, []),
        ([means("a", capacity=10), means("b")], math.nan, []),
        # a sheet does not take the place of a meeting, nor a meeting that of a budget
        ([means("a", capacity=10), means("sheet", "resource")], 20.0, ["capacity_short"]),
        ([means("a"), means("budget", "resource", capacity=11)], 22.0, ["capacity_short"]),
        ([means("a", capacity=0)], 0.0, ["capacity_short"]),
        ([], math.nan, ["no_means"]),
    ],
)
def test_what_serves_the_23_customers_to_move_in_two_quarters(
    inventory: list[dict[str, Any]], can: float, notes: list[str]
) -> None:
    of = planned({"low": {"by": MARCH, "means": [one["id"] for one in inventory]}}, *inventory)
    rows = tracked(of, short(low=23.0))
    assert rows["capacity"].tolist() == pytest.approx([can], nan_ok=True)
    assert [note.code for note in notes_on_means(rows, of, [])] == notes


#: 20 of 26 customers are to move for one goal, 12 of 18 for another; 6 are in both gaps: 20 + 12 - 6
TWO = {"one": {"by": MARCH, "means": ["call"]}, "other": {"by": MARCH, "means": ["call"]}}
INSIDE = {"one": people(0, 26), "other": people(20, 18)}


def test_one_means_for_two_goals_whose_26_customers_are_more_than_it_can_serve() -> None:
    of = planned(TWO, means("call", capacity=12))
    gaps = short(one=20.0, other=12.0)
    rows = tracked(of, gaps)
    # each by itself has room
    assert rows["capacity"].tolist() == [24.0, 24.0]
    shared = shared_means(of, rows, INSIDE, Q3)
    [note] = notes_on_means(rows, of, shared)
    said = {
        **note.fields,
        "goals": [w.en for w in note.fields["goals"]],
        "means": [w.en for w in note.fields["means"]],
    }
    assert (note.code, note.about) == ("capacity_shared", "tracker")
    assert said == {
        "goals": ["one", "other"], "means": ["call"], "customers": 26, "capacity": 24, "by": date(2027, 3, 31),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("goals", "inventory"),
    [
        (TWO, [means("call", capacity=13)]),
        (TWO, [means("call")]),
        # nothing is known of a mail that may serve the rest
        ({"one": TWO["one"], "other": {"by": MARCH, "means": ["call", "mail"]}}, [means("call", capacity=12), means("mail")]),
        ({"one": TWO["one"], "other": {"by": MARCH, "means": ["mail"]}}, [means("call", capacity=12), means("mail", capacity=12)]),
        # until the later day there is room for all of them
        ({"one": TWO["one"], "other": {"by": "2027-06-30", "means": ["call"]}}, [means("call", capacity=12)]),
        # one goal alone is as much too short, which is said of it
        ({"one": {"by": MARCH, "means": ["call", "mail"]}, "other": {"by": DECEMBER, "means": ["call"]}}, [means("call", capacity=4), means("mail", capacity=8)]),
    ],
)  # fmt: skip
def test_means_with_room_or_without_a_capacity_are_not_called_shared_too_far(
    goals: dict[str, dict[str, Any]], inventory: list[dict[str, Any]]
) -> None:
    of = planned(goals, *inventory)
    assert shared_means(of, tracked(of, short(one=20.0, other=12.0)), INSIDE, Q3) == []


def test_what_is_to_be_done_first_has_the_means_of_its_quarters_only() -> None:
    """By December 10 a means: 9 of `first`; by March 20: 21 of both and those of `later`, of whom nobody is in the other gap."""
    of = planned(
        {"later": {"by": MARCH, "means": ["call"]}, "first": {"by": DECEMBER, "means": ["call"]}},
        means("call", capacity=10),
    )
    gaps = tracked(of, short(later=12.0, first=9.0))
    [found] = shared_means(of, gaps, {"later": people(0, 12), "first": people(12, 20)}, Q3)
    assert (found.goals, found.customers, found.capacity, found.by) == (
        ("later", "first"), 21, 20, date(2027, 3, 31),
    )  # fmt: skip


def test_three_goals_are_too_many_where_each_two_have_room() -> None:
    """Two means of 5 a quarter, 20 until March; 7 customers each, all different: 14 have room, 21 have not."""
    ids = {"a": ["call"], "b": ["call", "mail"], "c": ["mail"]}
    of = planned(
        {name: {"by": MARCH, "means": of_goal} for name, of_goal in ids.items()},
        means("call", capacity=5),
        means("mail", capacity=5),
    )
    inside = {name: people(100 * n, 9) for n, name in enumerate(ids)}
    [found] = shared_means(of, tracked(of, short(a=7.0, b=7.0, c=7.0)), inside, Q3)
    assert (found.goals, found.means, found.customers, found.capacity) == (
        ("a", "b", "c"), ("call", "mail"), 21, 20,
    )  # fmt: skip


def test_goals_that_are_short_each_with_means_of_its_own_are_not_called_sharing() -> None:
    """A third goal has both means, but is due later, when 20 are enough for all 17."""
    first, last = {"by": DECEMBER, "means": ["call"]}, {"by": DECEMBER, "means": ["mail"]}
    of = planned(
        {"first": first, "last": last, "both": {"by": MARCH, "means": ["call", "mail"]}},
        means("call", capacity=5),
        means("mail", capacity=5),
    )
    inside = {"first": people(0, 9), "last": people(20, 9), "both": people(40, 9)}
    assert shared_means(of, tracked(of, short(first=8.0, last=8.0, both=1.0)), inside, Q3) == []


def test_goals_whose_day_is_over_wait_for_means_too_but_not_for_days_that_are_gone() -> None:
    over = {"by": "2026-09-30", "means": ["call"]}
    of = planned({"over": over, "past": {**over, "by": "2026-08-31"}}, means("call", capacity=5))
    gaps = tracked(of, short(over=3.0, past=3.0))
    inside = {"over": people(0, 9), "past": people(50, 9)}
    assert shared_means(of, gaps, inside, Q3) == []
    of = planned({"over": over, "next": {"by": DECEMBER, "means": ["call"]}}, means("call", capacity=5))
    [found] = shared_means(of, tracked(of, short(over=3.0, next=3.0)), {**inside, "next": people(50, 9)}, Q3)
    assert (found.customers, found.capacity) == (6, 5)


def test_customers_of_a_number_that_names_nobody_may_be_those_of_another_goal() -> None:
    assert fewest_customers([(9, None), (5, people(0, 8))]) == 9
    assert fewest_customers([(4, None), (5, people(0, 8))]) == 5
    assert fewest_customers([]) == 0


@given(st.lists(st.sets(st.integers(0, 7), min_size=1).flatmap(
    lambda inside: st.tuples(st.integers(0, len(inside)), st.just(frozenset(map(str, inside))))), max_size=3))  # fmt: skip
def test_no_choice_of_customers_is_smaller_and_of_two_goals_one_is_as_small(asked: list[Any]) -> None:
    everybody = sorted(frozenset().union(*(inside for _, inside in asked)))
    choices = chain.from_iterable(combinations(everybody, size) for size in range(len(everybody) + 1))
    least = next(
        len(chosen) for chosen in choices if all(len(inside & set(chosen)) >= k for k, inside in asked)
    )
    found = fewest_customers(asked)
    assert found <= least
    if len(asked) <= 2:
        assert found == least

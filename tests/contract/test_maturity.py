"""Rules of levels: which curves can be, decided by hand and by trying every customer of a small world."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product as every
from typing import Any

import pytest
from builders import play, product
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cs_helpers.contract.maturity import MAX_LEVELS, Maturity

WEB = {"event": "web.*", "value": "events"}
PAPER = {"event": "paper.out", "value": "quantity"}
SHARE = {**PAPER, "per": {"event": ["paper.out", "web.*"], "value": "quantity"}}

TOUCHES = {"source": "touches", "value": "count"}
MEETINGS = {**TOUCHES, "kind": "meeting"}


def curve(*levels: list[dict[str, Any]]) -> Maturity:
    words = {"en": "a", "ja": "あ"}
    return Maturity.model_validate(
        {
            "levels": [
                {"level": n, "name": words, "meaning": words, "conditions": conditions}
                for n, conditions in enumerate(levels, 1)
            ]
        }
    )


def at_least(bound: float, **measure: Any) -> dict[str, Any]:
    return {**(measure or WEB), "at_least": bound}


def at_most(bound: float, **measure: Any) -> dict[str, Any]:
    return {**(measure or WEB), "at_most": bound}


@pytest.mark.parametrize("count", range(2, MAX_LEVELS + 1))
def test_a_curve_has_two_to_six_levels(count: int) -> None:
    made = curve(*([at_least(n)] for n in range(1, count + 1)))
    assert (made.top, made.numbers) == (count, tuple(range(count + 1)))
    assert made.upper_from == {2: 2, 3: 2, 4: 3, 5: 3, 6: 4}[count]


@pytest.mark.parametrize("count", [1, MAX_LEVELS + 1])
def test_fewer_or_more_levels_are_refused(count: int) -> None:
    with pytest.raises(ValidationError, match=f"a product has 2 to 6 levels, these are {count}"):
        curve(*([at_least(n)] for n in range(1, count + 1)))


#: bounds of two numbers that have nothing to do with each other (milestones by a pattern: any number), each from 0 to 3
_CONDITIONS = st.lists(
    st.builds(
        lambda name, least, most: {
            "source": "milestones", "value": "reached", "name": name,
            **({"at_least": least} if least is not None else {}), **({"at_most": most} if most is not None else {}),
        },
        st.sampled_from(["one*", "two*"]),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(0, 3),
    ).filter(lambda c: "at_least" in c or "at_most" in c),
    max_size=2,
)  # fmt: skip


@given(st.lists(_CONDITIONS, min_size=2, max_size=4))
def test_a_curve_is_refused_where_nobody_in_a_world_of_all_customers_is_at_a_level(
    levels: list[list[dict[str, Any]]],
) -> None:
    def level(customer: dict[str, int]) -> int:
        reached = 0
        for number, conditions in enumerate(levels, 1):
            for c in conditions:
                if not c.get("at_least", 0) <= customer[c["name"]] <= c.get("at_most", 9):
                    return reached
            reached = number
        return reached

    found = {level({"one*": one, "two*": two}) for one, two in every(range(6), repeat=2)}
    can_be = found >= set(range(1, len(levels) + 1))
    try:
        curve(*levels)
    except ValidationError:
        assert not can_be
    else:
        assert can_be


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        # the same number
        ([[at_least(5)], [at_most(4)]], r"level 2 cannot be reached: level 1 asks for at least 5 of 'events' of 'web.\*'"),
        ([[at_least(5)], [at_least(5)]], "level 2 asks for nothing beyond .* no customer can be at level 1"),
        ([[at_least(5)], [at_least(6)], []], "level 3 asks for nothing .* at level 2"),
        ([[], []], "level 2 asks for nothing"),
        ([[at_most(5, **PAPER)], [at_most(6, **PAPER)]], "level 2 asks for nothing"),
        ([[{**WEB, "at_least": 4, "at_most": 3}], [at_least(9)]], "level 1 cannot be reached"),
        # one number is never above the other
        ([[at_least(4, event="web.*", value="distinct_events")], [at_least(4)]], "level 2 asks for nothing"),
        ([[at_least(3, event="web.*", value="days")], [at_most(2)]], "level 2 cannot be reached"),
        ([[at_least(3, event="web.hr.*", value="events")], [at_most(2)]], "level 2 cannot be reached"),
        ([[at_least(3, **WEB, months=1)], [at_least(3, **WEB, months=6)]], "level 2 asks for nothing"),
        ([[at_most(0, event="paper.*", value="quantity")], [at_most(0, **PAPER)]], "level 2 asks for nothing"),
        ([[at_least(2, event="web.*", value="distinct_parts", part=2)], [at_least(2)]], "level 2 asks for nothing"),
        # any use
        ([[at_least(7, event="web.*", value="quantity")], [at_least(1)]], "level 2 asks for nothing"),
        ([[at_least(0.5, event="web.*", value="quantity")], [at_most(0)]], "level 2 cannot be reached"),
        # what a number can be
        ([[at_least(1)], [at_most(-1)]], "level 2 cannot be reached: .* is never below 0"),
        ([[at_least(1)], [at_least(4, value="active_months", months=3)]], "is never above 3"),
        ([[at_least(1)], [at_least(6, source="assessments", value="score", name="plan")]], "is never above 5"),
        ([[at_least(1)], [at_most(5, **SHARE)]], "level 2: .* is a share from 0 to 1, not 5; write 5 % as 0.05"),
        ([[at_least(1)], [at_least(2, source="milestones", value="reached", name="kickoff")]], "is never above 1"),
        # kinds and names are patterns, too
        ([[at_least(5, **MEETINGS)], [at_most(2, **TOUCHES)]], "level 2 cannot be reached"),
        ([[at_least(1)], [at_least(5, **MEETINGS, per=TOUCHES)]], "is a share from 0 to 1, not 5"),
        ([[at_least(1, source="milestones", value="reached", name="kickoff")],
          [at_most(0, source="milestones", value="reached", name="*")]], "level 2 cannot be reached"),
    ],
    ids=lambda value: str(value)[:70],
)  # fmt: skip
def test_levels_that_exclude_or_repeat_each_other_are_refused_in_a_sentence(
    levels: list[list[dict[str, Any]]], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        curve(*levels)


@pytest.mark.parametrize(
    "levels",
    [
        [[], [at_least(1)]],
        [[at_least(1, **WEB, months=6)], [at_least(1, **WEB, months=1)]],
        [[at_least(5)], [at_most(4, event="web.hr.*", value="events")]],
        [[at_least(5)], [at_least(5, event="web.*", value="days")]],
        [[at_least(5)], [at_most(0, event="web.*", value="quantity")]],
        [[at_least(1)], [at_most(0.2, **SHARE)], [at_most(0.05, **SHARE)]],
        [[at_least(1)], [at_most(1, **SHARE)]],
        [[at_least(5, **TOUCHES)], [at_most(2, **MEETINGS)]],
        [[at_least(1)], [at_least(2, source="milestones", value="reached", name="*")]],
        [[at_least(1, source="tickets", value="count")], [at_most(0, source="touches", value="count")]],
        [[at_least(2, event="web.*", value="distinct_parts", part=2)],
         [at_least(2, event="web.*", value="distinct_parts", part=3)]],
    ],
    ids=lambda value: str(value)[:70],
)  # fmt: skip
def test_levels_that_a_customer_can_be_at_are_allowed(levels: list[list[dict[str, Any]]]) -> None:
    assert curve(*levels).top == len(levels)


@pytest.mark.parametrize("day", ["April", "2026-04", 20260401, datetime(2026, 4, 1, 9), {"on": "2026-04-01"}])
def test_the_day_of_agreement_is_a_day(day: Any) -> None:
    with pytest.raises(ValidationError, match="needs a day, as 2026-04-01"):
        Maturity.model_validate({**curve([at_least(1)], [at_least(2)]).model_dump(), "agreed_on": day})


def test_the_day_of_agreement_survives_the_manifest_of_a_snapshot() -> None:
    agreed = curve([at_least(1)], [at_least(2)]).model_copy(update={"agreed_on": date(2026, 4, 1)})
    assert Maturity.model_validate(agreed.model_dump(mode="json")) == agreed


def test_a_play_below_a_level_is_one_of_the_product() -> None:
    two = [[at_least(1)], [at_least(2)]]
    assert product(levels=two, playbook=[play("low", {"level_below": 2})]).maturity.top == 2
    with pytest.raises(ValidationError, match="below level 3, the highest level is 2"):
        product(levels=two, playbook=[play("low", {"level_below": 3})])


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ({"value": "distinct_parts"}, "'distinct_parts' needs 'part'"),
        ({"value": "events", "part": 2}, "'part' is for distinct_parts of usage, not for 'events'"),
        ({"source": "tickets", "value": "count", "event": "x"}, "'event' is for .* not for 'count'"),
        ({"value": "events", "kind": "mail"}, "'kind' is for count of tickets or touches, not for 'events'"),
        ({"source": "milestones", "value": "reached"}, "source 'milestones' needs 'name'"),
        ({"source": "contracts", "value": "mrr", "months": 6}, "'contracts' is of the end of the month"),
        ({"value": "events", "event": []}, "needs a name, a pattern with '\\*', or a list of them"),
        ({"value": "events", "event": ["a", 3]}, "needs a name, a pattern with '\\*', or a list of them"),
        ({"source": "surveys", "value": "nps", "per": {"value": "events"}}, "'per' is for what is counted"),
        ({"value": "events", "per": {"source": "surveys", "value": "nps"}}, "'per' is for what is counted"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_measure_that_cannot_be_is_refused_in_a_sentence(measure: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        curve([at_least(1, **measure)], [at_least(10**6)])


@pytest.mark.parametrize("bound", [float("nan"), float("inf")])
def test_a_bound_that_nothing_can_be_held_against_is_refused(bound: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        curve([at_least(bound)], [at_least(2)])

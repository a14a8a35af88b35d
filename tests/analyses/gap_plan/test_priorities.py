"""The order of gaps: a planted first gap, an equal pair, gaps that win nothing, and gaps without a place in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from gaps_by_hand import drawn, gap
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.analyses.gap_plan.priorities import prioritise
from cs_helpers.statistics.priorities import DRAWS


def order(gaps: list[dict[str, Any]], draws: dict[str, np.ndarray] | None = None, **options: Any) -> Any:
    return prioritise(pd.DataFrame(gaps), drawn(gaps, **options) if draws is None else draws)


def test_the_score_is_that_computed_by_hand_and_orders_the_gaps() -> None:
    found = order([gap("a", 100, confidence=0.8, effort=4), gap("b", 90, confidence=0.5, effort=1)])
    assert found.ranked["goal"].tolist() == ["b", "a"]
    assert found.ranked["score"].tolist() == [45, 20]
    assert found.ranked["rank"].tolist() == [1, 2]
    # +-1.96 around an impact of 90, times 0.5 / 1
    assert found.ranked.loc[0, ["low", "high"]].tolist() == pytest.approx([44.0, 46.0], abs=0.1)


def test_a_gap_far_ahead_is_decided_and_said_to_come_first() -> None:
    found = order([gap("small", 10), gap("large", 100), gap("middle", 40)])
    assert found.pairs[["goal", "other", "verdict", "open_by"]].to_numpy().tolist() == [
        ["large", "middle", "before", ""], ["middle", "small", "before", ""],
    ]  # fmt: skip
    assert found.verdicts["priorities"].code == "decided"
    assert found.verdicts["priorities"].fields == {"goal": "large", "share": 1.0}
    assert found.verdicts["pairs"].code == "all_decided"


def test_an_equal_pair_is_undecided_by_the_data() -> None:
    gaps = [gap("one", 100), gap("two", 100.5)]
    found = order(gaps, spread=8)
    (pair,) = found.pairs.to_dict("records")
    assert 0.4 < pair["chance"] < 0.6
    assert (pair["verdict"], pair["open_by"]) == ("undecided", "data")
    assert found.verdicts["priorities"].code == "open"
    assert set(found.verdicts["priorities"].fields["goals"]) == {"one", "two"}


def test_the_same_gap_twice_is_even() -> None:
    draws = np.random.default_rng(1).normal(50, 9, DRAWS)
    found = order([gap("one", 50), gap("two", 50)], {"one": draws, "two": draws})
    assert found.ranked["rank"].tolist() == [1, 1]
    assert found.ranked["first"].tolist() == [0.5, 0.5]
    assert found.pairs.loc[0, ["chance", "verdict"]].tolist() == [0.5, "undecided"]


def test_where_only_the_weights_leave_it_open_that_is_said() -> None:
    # much to win for much effort against less for little: the customers tell them apart, opinions do not
    found = order([gap("large", 400, effort=8.0), gap("quick", 60, effort=1.0)], spread=0.5)
    (pair,) = found.pairs.to_dict("records")
    assert (pair["goal"], pair["verdict"], pair["open_by"]) == ("quick", "undecided", "weights")
    assert pair["by_data"] == 1.0


def test_a_gap_without_gain_comes_last_whatever_its_effort() -> None:
    found = order(
        [gap("harm", -5, effort=0.1, confidence=1.0), gap("little", 3, effort=50.0), gap("none", 0.0)],
        spread=0.01,
    )
    assert found.ranked["goal"].tolist() == ["little", "none", "harm"]
    assert found.ranked["priority"].tolist() == ["high", "low", "low"]
    # all scores are in one unit: -5 x 1 / 0.1
    assert found.ranked["score"].tolist() == pytest.approx([0.03, 0, -50])
    low, high = found.ranked.loc[2, ["low", "high"]]
    assert (low, high) == pytest.approx((-50.2, -49.8), abs=0.05)


@pytest.mark.parametrize("said", [{"gain": "unclear"}, {"confidence": 0.0}])
def test_what_may_be_worth_nothing_has_no_high_priority_and_is_not_claimed(said: dict[str, Any]) -> None:
    found = order([gap("a", 100, **said), gap("b", 10, **said)])
    assert "high" not in found.ranked["priority"].tolist()
    if "gain" in said:
        assert found.verdicts["priorities"].code == "decided_unclear"
        assert order([gap("a", 100, **said)]).verdicts["priorities"].code == "one_unclear"


@pytest.mark.parametrize(
    ("values", "said"), [((100, 10, 5), ["high", "medium", "medium"]), ((100, 99.9), ["medium"] * 2)]
)
def test_of_three_or_fewer_only_the_one_that_comes_first_has_a_high_priority(
    values: tuple[float, ...], said: list[str]
) -> None:
    found = order([gap(name, value) for name, value in zip("abc", values, strict=False)])
    assert found.ranked["priority"].tolist() == said


def test_where_no_gap_wins_anything_none_is_said_to_come_first() -> None:
    found = order([gap("a", -1), gap("b", 0)])
    assert found.verdicts["priorities"].code == "nothing_won"


def test_what_is_reached_or_unknown_has_no_place_in_the_order() -> None:
    gaps = [
        gap("a", 5),
        gap("b", np.nan, state="reached"),
        gap("c", np.nan),
        gap("d", np.nan, state="unknown"),
    ]
    found = order(gaps)
    assert found.ranked["goal"].tolist() == ["a"]
    assert (found.reached, found.unknown) == (("b",), ("c", "d"))
    assert found.verdicts["priorities"].code == "one"
    assert "pairs" not in found.verdicts


@pytest.mark.parametrize("gaps", [[gap("a", np.nan, state="unknown")], [gap("a", np.nan, state="reached")]])
def test_without_any_known_gap_there_is_no_order_and_no_verdict(gaps: list[dict[str, Any]]) -> None:
    found = order(gaps)
    assert found.ranked.empty
    assert found.pairs.empty
    assert found.verdicts == {}


def test_an_impact_without_an_interval_decides_nothing() -> None:
    draws = {"a": np.full(DRAWS, 9.0), "b": np.random.default_rng(0).normal(1, 0.1, DRAWS)}
    found = order([gap("a", 9), gap("b", 1)], draws)
    assert found.pairs.loc[0, ["verdict", "open_by"]].tolist() == ["undecided", "few"]
    assert np.isnan(found.ranked.loc[0, "low"])
    assert found.verdicts["priorities"].code == "open"


def test_a_gap_that_is_among_the_first_three_by_chance_has_a_medium_priority() -> None:
    gaps = [gap("a", 100), gap("b", 90), gap("c", 30.5), gap("d", 30), gap("e", 5)]
    found = order(gaps, spread=2).ranked.set_index("goal")
    assert found["priority"].to_dict() == {"a": "high", "b": "high", "c": "medium", "d": "medium", "e": "low"}
    assert found["first_three"].sum() == pytest.approx(3)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(5)))
def test_the_order_of_the_product_file_has_no_say(places: list[int]) -> None:
    gaps = [gap(name, value) for name, value in zip("abcde", (8, 8, 3, 9, 8.2), strict=True)]
    draws = drawn(gaps)
    found, again = order(gaps, draws), order([gaps[n] for n in places], draws)
    pd.testing.assert_frame_equal(found.ranked, again.ranked)
    pd.testing.assert_frame_equal(found.pairs, again.pairs)
    assert found.verdicts == again.verdicts

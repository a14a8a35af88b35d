"""The order of gaps with other weights, by hand, and what no weight changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from gaps_by_hand import drawn, gap

from cs_helpers.analyses.gap_plan.priorities import prioritise
from cs_helpers.analyses.gap_plan.weighed import Weighing
from cs_helpers.statistics.priorities import DECIDED, WEIGHTS, before, scores

#: scores by hand: a 100 x 0.8 / 4 = 20, b 90 x 0.5 / 1 = 45; without the effort 80 and 45
TWO = [gap("a", 100, confidence=0.8, effort=4), gap("b", 90, confidence=0.5, effort=1)]
MANY = [
    gap("a", 100, confidence=0.8, effort=4), gap("b", 90, confidence=0.5, effort=1), gap("c", 30, confidence=0.9, effort=2),
    gap("d", 5, confidence=0.3, effort=8), gap("none", -4),
]  # fmt: skip


def weighing(gaps, spread=1.0):
    return Weighing(pd.DataFrame(gaps), drawn(gaps, spread))


def test_the_effort_left_out_turns_the_order_round():
    found = weighing(TWO).weigh(1, 1, 0).order
    assert found["goal"].tolist() == ["a", "b"]
    assert found["rank_before"].tolist() == [2, 1]
    assert found["decided"].tolist() == ["before", ""]


def test_at_the_declared_weights_it_is_the_order_of_the_report():
    report = prioritise(pd.DataFrame(MANY), drawn(MANY)).ranked
    found = weighing(MANY).weigh(1, 1, 1).order
    assert found["goal"].tolist() == report["goal"].tolist()
    assert found["rank"].tolist() == found["rank_before"].tolist() == report["rank"].tolist()


def test_a_pair_that_a_weight_turns_round_is_not_decided_whatever_the_weights():
    assert weighing(TWO).weigh(1, 1, 1).always == ()
    # 0.8 > 0.5 and 1 < 4: better in every part
    better = [gap("a", 100, confidence=0.8, effort=1), gap("b", 50, confidence=0.5, effort=4)]
    assert weighing(better).weigh(1, 1, 1).always == (("a", "b"),)


def test_what_is_decided_whatever_the_weights_holds_for_weights_between_the_corners():
    draws = drawn(MANY, 9.0)
    found = Weighing(pd.DataFrame(MANY), draws).weigh(1, 1, 1)
    assert found.always
    goals = [g["goal"] for g in MANY]
    drawn_impact = np.vstack([draws[goal] for goal in goals])
    confidence, effort = (np.array([g[name] for g in MANY]) for name in ("confidence", "effort"))
    for weights in np.random.default_rng(5).uniform(*WEIGHTS, (200, 3)):
        chance = before(scores(drawn_impact, confidence, effort, weights[None, :]))
        for one, other in found.always:
            assert chance[goals.index(one), goals.index(other)] > DECIDED


def test_too_few_customers_for_an_interval_decide_nothing():
    draws = {"a": np.full(2_000, 100.0), "b": np.random.default_rng(0).normal(9, 1, 2_000)}
    found = Weighing(pd.DataFrame([gap("a", 100), gap("b", 9)]), draws).weigh(1, 1, 1)
    assert found.order["decided"].tolist() == ["few", ""]
    assert found.always == ()


def test_one_gap_or_none_has_no_pairs():
    alone = weighing([gap("a", 9)]).weigh(1, 2, 0.5)
    assert alone.order["decided"].tolist() == [""]
    assert weighing([gap("a", 9, state="reached")]).goals == []
    assert Weighing(pd.DataFrame([gap("a", float("nan"))]), {}).unknown == ["a"]


@pytest.mark.parametrize("weights", [(0, 0, 0), (2, 2, 2), (0.5, 1.5, 1)])
def test_ranks_are_those_of_the_formula(weights):
    a, b, c = weights
    score = {g["goal"]: g["impact"] ** a * g["confidence"] ** b / g["effort"] ** c for g in MANY[:4]} | {
        "none": -4
    }
    found = weighing(MANY).weigh(*weights).order.set_index("goal")["rank"]
    assert found.to_dict() == {
        g: 1 + sum(other > s + 1e-12 for other in score.values()) for g, s in score.items()
    }

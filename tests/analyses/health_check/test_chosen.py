"""Other weights of the health score: scores of the product file that they would make, and verdicts on planted customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scored_companies import Q4, company, group, steady

from cs_helpers.analyses.health_check.chosen import Weighing
from cs_helpers.analyses.health_check.headlines import gather
from cs_helpers.contract.health import SegmentRule
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.health_score import health_bands

Q3 = Quarter(2026, 3)


def with_health(data, health):
    return replace(data, product=data.product.model_copy(update={"health": health}))


@pytest.fixture(scope="module")
def helpdesk(of_product):
    """The sample's help desk, where small customers have a weight of their own for one measure, and miss another."""
    data = of_product("helpdesk")
    rule = {"active_days": {"weight": 4}, "nps": {"weight": 0}}
    segments = (SegmentRule.model_validate({"segment": "size:small", "measures": rule}),)
    return with_health(data, data.product.health.model_copy(update={"segments": segments}))


@pytest.mark.parametrize(
    "changed",
    [{"templates": 3}, {"sponsor": 0.1, "plan": 4}, {"articles": 0}, {"active_days": 0, "nps": 2}],
    ids=str,
)
def test_scores_and_bands_are_those_of_a_product_file_with_these_weights(helpdesk, changed):
    health = helpdesk.product.health
    weights = {m.id: m.weight for m in health.measures} | changed
    found = Weighing(helpdesk, Q3).weigh(weights)
    edited = with_health(helpdesk, health.weighed(weights))
    oracle, before = gather(edited, Q3), gather(helpdesk, Q3)
    # all of the same rows have a score with both
    assert len(oracle.panel.score) == len(before.panel.score) - found.not_scored
    assert found.verdict.fields["chosen"] == pytest.approx(oracle.area.value, abs=1e-12)
    assert found.verdict.fields["chosen_low"] == pytest.approx(oracle.area.low, abs=1e-9)

    def bands(evidence):
        history = evidence.history
        rows = history.present[:, -1] & ~np.isnan(history.scores[:, -1])
        scores = pd.Series(history.scores[rows, -1], history.spells["account_id"].to_numpy(object)[rows])
        return health_bands(scores, health)

    old, new = bands(before), bands(oracle)
    moved = {name: (old[name], new[name]) for name in new.index if old[name] != new[name]}
    assert {r.account_id: (r.band, r.chosen_band) for r in found.moves.itertuples()} == moved
    assert moved


def test_the_declared_weights_are_the_same_and_move_nobody(helpdesk):
    found = Weighing(helpdesk, Q3).weigh({m.id: m.weight for m in helpdesk.product.health.measures})
    assert found.verdict.code == "same"
    assert found.moves.empty


#: use tells all of those who leave, plan is high for them and low for the others: together they say nothing
PLANTED = company(
    {**group("lost", 12, steady(1, 5), "2026-03-31"), **group("kept", 20, steady(5, 1))},
    check={"horizon_days": 120},
)


@pytest.mark.parametrize(
    ("weights", "code", "chosen"),
    [
        ({"use": 1, "plan": 0}, "better", 1.0),
        ({"use": 0, "plan": 1}, "worse", 0.0),
        ({"use": 3, "plan": 3}, "same", 0.5),
    ],
)
def test_better_and_worse_are_said_of_planted_customers(weights, code, chosen):
    found = Weighing(PLANTED, Q4).weigh(weights)
    assert found.verdict.code == code
    assert found.verdict.fields["chosen"] == chosen
    assert found.verdict.fields["declared"] == 0.5
    assert found.verdict.fields["lost"] == 12


def test_a_difference_within_chance_is_not_called_better():
    mixed = {**group("one", 6, steady(1, 5), "2026-03-31"), **group("two", 6, steady(5, 1), "2026-03-31")}
    data = company({**mixed, **group("kept", 20, steady(3, 3))}, check={"horizon_days": 120})
    assert Weighing(data, Q4).weigh({"use": 2, "plan": 1}).verdict.code in ("cannot_tell", "same")


def test_too_few_losses_say_so_but_customers_still_move():
    data = company({**group("lost", 3, steady(1, 5), "2026-03-31"), **group("kept", 20, steady(5, 1))})
    found = Weighing(data, Q4).weigh({"use": 1, "plan": 0})
    assert found.verdict.code == "few_losses"
    assert found.verdict.fields["lost"] == 3
    # of 50 points (yellow) to 100 (green)
    assert len(found.moves) == found.of == 20
    assert set(found.moves["chosen_band"]) == {"green"}


def test_without_contracts_or_scores_it_says_why():
    data = company(group("kept", 3, steady(5)))
    nothing = replace(data, given=data.given - {"contracts"})
    assert Weighing(nothing, Q4).why_not.code == "missing_table"
    unassessed = company(group("kept", 3, steady(None)))
    assert Weighing(unassessed, Q4).why_not.code == "no_scores"


def test_a_section_without_any_measure_in_a_segment_is_refused():
    health = PLANTED.product.health
    rule = SegmentRule.model_validate({"segment": "size:small", "measures": {"use": {"weight": 0}}})
    one = health.model_copy(update={"segments": (rule,)})
    with pytest.raises(ValidationError, match="leaves out every measure"):
        one.weighed({"use": 1, "plan": 0})
    assert one.weighed({"use": 0, "plan": 1}).segments == ()

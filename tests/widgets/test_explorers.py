"""The explorers: state in, HTML out; numbers as the analyses below them say; and what they say of nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import ipywidgets
import pytest
import yaml
from builders import account, baseline, contract, product, product_data, use
from opened import opened

from cs_helpers.analyses.gap_plan.weighed import weighing_of
from cs_helpers.analyses.health_check.chosen import Weighing
from cs_helpers.contract.health import Health
from cs_helpers.contract.maturity import Maturity
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import level_history
from cs_helpers.widgets import baseline_explorer, funnel_builder, gap_weights, health_weights, maturity_rules
from cs_helpers.widgets.copied_text import CopiedText
from cs_helpers.widgets.keys import Keys
from cs_helpers.widgets.sliders import Sliders

Q3 = Quarter(2026, 3)
EXPLORERS = {
    module.__name__.rpartition(".")[2]: module.Explorer
    for module in (baseline_explorer, funnel_builder, gap_weights, health_weights, maturity_rules)
}


@pytest.fixture(scope="module")
def helpdesk(of_product):
    """Workbooks of the sample's help desk, by language and audience."""
    return cache(
        lambda language="en", audience="team": opened(of_product("helpdesk"), "2026Q3", language, audience)
    )


def written(page):
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#x27;", "'")


def parts(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


@pytest.mark.parametrize("name", EXPLORERS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_worked_out_before_it_is_asked_for(helpdesk, name, language):
    explorer = EXPLORERS[name](helpdesk(language))
    assert explorer.answer.shown == ""
    explorer.answer.begin.click()
    assert explorer.answer.shown
    assert not re.search("Working|This did not|計算していま|計算できません", explorer.answer.shown)
    assert explorer.answer.begin.layout.display == "none"


@pytest.mark.parametrize("name", EXPLORERS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_control_has_a_name(helpdesk, name, language):
    for part in parts(EXPLORERS[name](helpdesk(language)).widget):
        if isinstance(part, Sliders):
            assert all(row["label"] for row in part.rows)
        elif isinstance(part, CopiedText):
            assert all(part.words.values())
        elif not isinstance(part, ipywidgets.Box | ipywidgets.HTML | Keys):
            assert part.description


@pytest.mark.parametrize("language", ["en", "ja"])
def test_weights_show_the_auc_and_the_movers_of_the_check(helpdesk, language):
    workbook = helpdesk(language)
    explorer = health_weights.Explorer(workbook)
    weights = dict(explorer.sliders.values) | {"active_days": 0, "nps": 2}
    explorer.sliders.values = weights
    expected = Weighing(workbook.data, Q3).weigh(weights)
    said, text = written(explorer.answer.shown), workbook.text
    fields = expected.verdict.fields
    assert text.share_within(fields["chosen"], fields["chosen_low"], fields["chosen_high"]) in said
    assert text.share_within(fields["declared"], fields["declared_low"], fields["declared_high"]) in said
    assert expected.moves["name"].iloc[0] in said
    assert f"{len(expected.moves)}" in said
    health = Health.model_validate(yaml.safe_load(explorer.yaml.value)["health"])
    assert health == workbook.data.product.health.weighed(weights)
    explorer.reset.click()
    assert explorer.sliders.values == {m.id: m.weight for m in workbook.data.product.health.measures}
    assert expected.moves["name"].iloc[0] not in explorer.answer.shown


def test_better_is_said_only_beyond_chance_and_the_tries_are_counted(helpdesk):
    explorer = health_weights.Explorer(helpdesk())
    for weight in (0.5, 0.6, 0.5):
        explorer.sliders.values = {**explorer.sliders.values, "active_days": weight}
    said = written(explorer.answer.shown)
    assert "may be chance" in said
    assert "Better" not in said
    assert "Weights tried here: 2." in said


def test_without_any_weight_there_is_no_score(helpdesk):
    explorer = health_weights.Explorer(helpdesk())
    explorer.sliders.values = dict.fromkeys(explorer.sliders.values, 0)
    assert "there is no score" in explorer.answer.shown
    assert explorer.yaml.value == ""


@pytest.mark.parametrize("name", ["health_weights", "maturity_rules"])
def test_leadership_sees_numbers_and_no_customer(helpdesk, name):
    workbook = helpdesk("en", "leadership")
    explorer = EXPLORERS[name](workbook)
    if name == "health_weights":
        explorer.sliders.values = {**explorer.sliders.values, "active_days": 0}
    else:
        explorer.condition.value = "3.1"
        explorer.at_least.value = "60"
    said = written(explorer.answer.shown)
    assert "team only" in said
    assert "MRR" in said
    assert not [name for name in workbook.data["accounts"]["name"] if name in said]


def test_a_rule_moves_the_customers_that_the_product_file_would(helpdesk):
    workbook = helpdesk()
    explorer = maturity_rules.Explorer(workbook)
    explorer.condition.value = "3.1"
    assert explorer.at_least.value == "20"
    explorer.at_least.value = "６０"
    maturity = Maturity.model_validate(yaml.safe_load(explorer.yaml.value)["maturity"])
    assert maturity.conditions_by_key["3.1"].at_least == 60
    data = workbook.data
    edited = replace(data, product=data.product.model_copy(update={"maturity": maturity}))
    before, after = (level_history(d, Q3).states[Q3.end].dropna() for d in (data, edited))
    down = int((after < before).sum())
    assert down
    assert f"Customers who move down: {down}" in written(explorer.answer.shown)
    explorer.reset.click()
    assert explorer.at_least.value == "20"
    assert explorer.yaml.value == ""
    assert "as declared" in explorer.answer.shown


def test_several_rules_are_changed_one_after_the_other(helpdesk):
    explorer = maturity_rules.Explorer(helpdesk())
    explorer.condition.value, explorer.at_least.value = "3.1", "30"
    explorer.condition.value, explorer.at_least.value = "4.1", "90"
    explorer.condition.value = "3.1"
    assert explorer.at_least.value == "30"
    levels = yaml.safe_load(explorer.yaml.value)["maturity"]["levels"]
    assert [levels[n]["conditions"][0]["at_least"] for n in (2, 3)] == [30, 90]


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ("many", "“many” is no number"),
        ("inf", "is no number"),
        ("0", "asks for nothing beyond the levels below"),
    ],
)
def test_a_bad_bound_is_one_sentence(helpdesk, bound, said):
    explorer = maturity_rules.Explorer(helpdesk())
    explorer.condition.value, explorer.at_least.value = "4.2", "3"
    explorer.condition.value, explorer.at_least.value = "4.1", bound
    if bound == "0":
        explorer.condition.value, explorer.at_least.value = "4.2", "0"
    assert said in written(explorer.answer.shown)
    assert explorer.answer.shown.count("<p") == 1
    assert explorer.yaml.value == ""


def test_a_bad_bound_is_said_in_japanese(helpdesk):
    explorer = maturity_rules.Explorer(helpdesk("ja"))
    explorer.condition.value, explorer.at_least.value = "4.2", "99"
    assert "レベル4" in explorer.answer.shown


def test_gap_weights_show_the_order_and_the_places_that_change(helpdesk):
    workbook = helpdesk()
    explorer = gap_weights.Explorer(workbook)
    explorer.sliders.values = {"worth": 0.0, "confidence": 0.0, "effort": 2.0}
    results = {
        n: workbook.analyse(n)
        for n in ("revenue", "interviews", "health", "journeys", "maturity", "baselines")
    }
    expected = weighing_of(workbook.data, Q3, results).weigh(0, 0, 2)
    said = written(explorer.answer.shown)
    places = [
        said.index(f"{row.rank}. {workbook.text.label('goal', row.goal)}")
        for row in expected.order.itertuples()
    ]
    assert places == sorted(places)
    for one, other in expected.always:
        assert f"“{workbook.text.label('goal', one)}” before “{workbook.text.label('goal', other)}”" in said
    explorer.reset.click()
    assert "as in the report" in explorer.answer.shown


def test_a_funnel_shows_the_shares_of_its_steps_and_only_what_has_an_effect(helpdesk):
    explorer = funnel_builder.Explorer(helpdesk())
    assert explorer.window.disabled
    explorer.mode.value = "ordered"
    assert not explorer.window.disabled
    explorer.window.value = 60
    explorer.steps.value = ("templates_used", "first_ticket")
    said = written(explorer.answer.shown)
    assert "came through all 2 steps" in said
    assert "within 60 days" in said
    assert "<img" in explorer.answer.shown
    explorer.by.value = "size"
    assert "cannot be told apart" in written(explorer.answer.shown) or "differs beyond chance" in written(
        explorer.answer.shown
    )
    explorer.steps.value = ("first_ticket",)
    assert "two or more steps" in written(explorer.answer.shown)
    explorer.reset.click()
    assert len(explorer.steps.value) == 5
    assert explorer.mode.value == "milestones"


@pytest.mark.parametrize("mode", ["ordered", "strict", "unordered"])
@pytest.mark.parametrize("by", ["", "industry", "quadrant"])
def test_every_way_of_counting_has_a_picture(helpdesk, mode, by):
    explorer = funnel_builder.Explorer(helpdesk("ja"))
    explorer.mode.value, explorer.by.value = mode, by
    assert explorer.answer.shown.count("<img") == 1


def test_a_number_shows_its_three_comparisons(helpdesk):
    explorer = baseline_explorer.Explorer(helpdesk())
    explorer.number.value = "tickets_opened"
    assert explorer.answer.shown.count("<img") == 3
    explorer.segment.value = "size:small"
    assert explorer.answer.shown.count("<h4>") == 3
    explorer.number.value = "first_answer"
    assert "no sum over single customers" in explorer.answer.shown


#: customers without any row but their contract
BARE = product_data(
    product(), as_of=Q3.end, accounts=[account("one")], contracts=[contract("one", "2026-01-01")]
)
NOBODY = product_data(product(), as_of=Q3.end, accounts=[], contracts=[])
NO_CONTRACTS = product_data(
    product(), as_of=Q3.end, accounts=[account("one")], usage=[use("one", "2026-09-01")]
)


@pytest.mark.parametrize("data", [BARE, NOBODY, NO_CONTRACTS], ids=["one customer", "nobody", "no contracts"])
@pytest.mark.parametrize("name", EXPLORERS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_of_nothing_each_says_a_sentence(data, name, language):
    explorer = EXPLORERS[name](opened(data, language=language))
    explorer.answer.begin.click()
    assert written(explorer.answer.shown).strip()
    assert not re.search("Working|This did not|計算していま|計算できません", explorer.answer.shown)
    assert "nan" not in written(explorer.answer.shown)
    assert "<img" not in explorer.answer.shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("health_weights", "no customer had a health score|left, and 10 are needed"),
        ("gap_weights", "sets no goals"),
        ("funnel_builder", "fewer than two are recorded"),
        ("maturity_rules", "as declared"),
    ],
)
def test_of_one_customer_it_says_why(name, said):
    explorer = EXPLORERS[name](opened(BARE))
    explorer.answer.begin.click()
    assert re.search(said, written(explorer.answer.shown))


def test_a_number_whose_table_is_missing_says_so():
    data = product_data(
        product(baselines=[baseline("opened", source="tickets", value="count")]), as_of=Q3.end, accounts=[account("one")],
        contracts=[contract("one", "2026-01-01")],
    )  # fmt: skip
    explorer = baseline_explorer.Explorer(opened(data))
    explorer.answer.begin.click()
    assert written(explorer.answer.shown).count("Not available") >= 2

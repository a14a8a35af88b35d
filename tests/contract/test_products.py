"""A product file: what it may say, and what is said of it where it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from cs_helpers.contract.handover import HandoverField
from cs_helpers.contract.products import Product, load_product, load_products
from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.touch import TouchPlan
from cs_helpers.contract.vocabulary import HANDOVER_FIELDS
from cs_helpers.errors import SettingError

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "products"


@pytest.fixture
def content():
    """The content of a product file that is right."""
    return yaml.safe_load((SHIPPED / "paper_to_web.yml").read_text(encoding="utf-8"))


@pytest.fixture
def load_error(tmp_path, content):
    """The error that the content, as the test changed it, is refused with."""

    def load(name="paper_to_web"):
        file = tmp_path / f"{name}.yml"
        file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        with pytest.raises(SettingError) as caught:
            load_product(file)
        assert caught.value.file == file
        assert str(file) in str(caught.value)
        return caught.value

    return load


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yml")), ids=lambda file: file.stem)
def test_a_shipped_product_file_loads_under_its_own_name(file):
    assert load_product(file).product == file.stem


def test_all_files_of_a_folder_are_products_by_name():
    assert sorted(load_products(SHIPPED)) == sorted(f.stem for f in SHIPPED.glob("*.yml"))


def test_a_folder_without_files_has_no_products(tmp_path):
    assert load_products(tmp_path) == {}


def test_names_exist_in_both_languages():
    name = load_product(SHIPPED / "paper_to_web.yml").name
    assert (name.in_language("en"), name.in_language("ja")) == ("Mail to Web", "郵送Web化")


def test_a_misspelt_key_is_named_with_the_one_that_was_meant(load_error, content):
    content["abuot"] = content.pop("about")
    error = load_error()
    assert error.key == "abuot"
    assert "Did you mean 'about'?" in str(error)
    assert "playbook" in error.allowed


def test_a_misspelt_key_inside_a_list_is_named_with_its_place(load_error, content):
    content["health"]["measures"][2]["wieght"] = 1
    error = load_error()
    assert error.key == "health.measures.2.wieght"
    assert "Did you mean 'weight'?" in str(error)


def test_a_misspelt_key_of_a_level_is_named_with_the_one_that_was_meant(load_error, content):
    content["maturity"]["levels"][1]["conditions"][0]["atleast"] = 1
    error = load_error()
    assert error.key == "maturity.levels.1.conditions.0.atleast"
    assert "Did you mean 'at_least'?" in str(error)


def test_a_missing_key_is_named(load_error, content):
    del content["journey"]["value_step"]
    error = load_error()
    assert error.key == "journey.value_step"
    assert "missing" in error.problem


def test_a_value_outside_the_enumeration_is_refused_with_the_allowed_ones(load_error, content):
    content["health"]["measures"][0]["kind"] = "numeric"
    error = load_error()
    assert error.key == "health.measures.0.kind"
    assert "'numeric'" in error.problem
    assert "quantitative" in error.allowed
    assert "qualitative" in error.allowed


def test_a_text_where_a_number_belongs_is_refused(load_error, content):
    content["health"]["measures"][0]["weight"] = "much"
    error = load_error()
    assert error.key == "health.measures.0.weight"
    assert "'much'" in error.problem


def test_several_wrong_places_are_counted(load_error, content):
    content["health"]["measures"][0]["weight"] = "much"
    content["health"]["measures"][1]["weight"] = 0
    assert "and 1 more" in load_error().problem


def test_a_touch_mix_must_add_up_to_one(load_error, content):
    content["touch_mix"] = {"high": 0.5, "low": 0.3, "tech": 0.1, "community": 0.05}
    assert "touch_mix (high, low, tech, community) must add up to 1" in load_error().problem


def test_a_touch_model_that_does_not_exist_is_refused(load_error, content):
    content["touch_mix"] = {"hihg": 1.0}
    error = load_error()
    assert error.key.startswith("touch_mix.hihg")
    assert "'high'" in error.allowed


def test_a_product_needs_no_touch_plan(tmp_path, content):
    del content["touch_plan"]
    file = tmp_path / "paper_to_web.yml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert load_product(file).touch_plan is None


def test_a_touch_plan_by_level_stays_the_same_in_the_manifest_of_a_snapshot(content):
    content["touch_plan"] = {"by_level": {0: 4, 1: {"high": 2, "tech": 1}}}
    product = Product.model_validate(content)
    assert Product.model_validate(product.model_dump(mode="json")).touch_plan == product.touch_plan


@pytest.mark.parametrize(
    ("plan", "key", "problem"),
    [
        ({"by_touch_model": {"hihg": 2}}, "by_touch_model.hihg", "'hihg' is not allowed"),
        ({"by_touch_model": {"high": 2.5}}, "by_touch_model.high", "a whole number of touches is needed"),
        ({"by_touch_model": {"high": -1}}, "by_touch_model.high", "a whole number of touches is needed"),
        ({"by_touch_model": {"high": True}}, "by_touch_model.high", "a whole number of touches is needed"),
        ({"by_level": {1: {"hihg": 2}}}, "by_level.1", "or one for each touch model (high, low, tech, community)"),
        ({"by_level": {1: {}}}, "by_level.1", "a whole number of touches is needed"),
        ({"by_level": {"Lv.1": 2}}, "by_level.Lv.1", "a whole number is needed, not 'Lv.1'"),
        ({"by_level": {5: 2}}, "", "touch_plan names the level 5, the product has the levels 0 to 4"),
        ({"by_level": {1: 2}, "by_touch_model": {"high": 2}}, "touch_plan", "needs one of 'by_touch_model' and 'by_level', not both"),
        ({}, "touch_plan", "needs 'by_touch_model' or 'by_level', 'hours_per_touch', or both"),
        ({"hours_per_touch": {"high": 1, "low": 1, "tech": 1}}, "", "touch_plan needs the hours_per_touch of 'community', which is planned"),
        ({"hours_per_touch": {"high": -1}}, "hours_per_touch.high", "greater than or equal to 0"),
        ({"hours": {"high": 1}}, "touch_plan.hours", "there is no such key"),
    ],
)  # fmt: skip
def test_a_wrong_touch_plan_is_refused_where_it_is_wrong(load_error, content, plan, key, problem):
    content["touch_plan"] = plan
    error = load_error()
    assert key in error.key
    assert problem in error.problem


def test_the_planned_mix_is_that_of_the_plan_where_it_names_models_else_that_of_the_product():
    mix = {"high": 0.5, "low": 0.5}
    by_level = TouchPlan(by_level={1: {"high": 3, "tech": 1}, 2: 4})
    assert by_level.mix_of("1", mix) == {"high": 0.75, "low": 0, "tech": 0.25, "community": 0}
    assert by_level.mix_of("2", mix) == {"high": 0.5, "low": 0.5, "tech": 0, "community": 0}
    by_model = TouchPlan(by_touch_model={"high": 3, "low": {"low": 1, "tech": 1}})
    assert by_model.mix_of("high", mix) == {"high": 1, "low": 0, "tech": 0, "community": 0}
    assert by_model.mix_of("low", mix) == {"high": 0, "low": 0.5, "tech": 0.5, "community": 0}


def test_a_playbook_may_only_name_steps_of_the_journey(load_error, content):
    content["playbook"][0]["step"] = "first_dokument"
    assert "playbook names the step 'first_dokument'" in load_error().problem


def test_the_value_step_must_be_a_step_after_the_first(load_error, content):
    content["journey"]["value_step"] = content["journey"]["steps"][0]["step"]
    error = load_error()
    assert error.key == "journey"
    assert "kickoff" in error.problem


def test_a_step_may_not_be_named_twice(load_error, content):
    content["journey"]["steps"][2]["step"] = content["journey"]["steps"][1]["step"]
    assert "a step is named twice" in load_error().problem


def test_a_step_may_not_have_the_name_of_all_of_them(load_error, content):
    content["journey"]["steps"][1]["step"] = "all"
    assert "a step cannot be called 'all'" in load_error().problem


def test_a_baseline_is_named_once(load_error, content):
    content["baselines"].append(content["baselines"][0])
    assert "a baseline is named twice" in load_error().problem


def test_a_step_needs_exactly_one_rule(load_error, content):
    content["journey"]["steps"][1]["rule"] = {"milestone": "kickoff", "event": "web.*"}
    error = load_error()
    assert error.key == "journey.steps.1.rule"
    assert "exactly one" in error.problem


def test_levels_must_stand_in_order(load_error, content):
    content["maturity"]["levels"].reverse()
    assert "1, 2, 3, 4 in this order" in load_error().problem


def test_a_value_must_fit_its_source(load_error, content):
    content["health"]["measures"][3]["measure"] = {"source": "tickets", "value": "nps"}
    assert "source 'tickets' has the values count" in load_error().problem


def test_a_condition_needs_a_bound(load_error, content):
    content["maturity"]["levels"][0]["conditions"] = [{"event": "web.*", "value": "quantity"}]
    assert "'at_least' or 'at_most'" in load_error().problem


def test_red_and_green_must_differ(load_error, content):
    content["health"]["measures"][0]["green"] = content["health"]["measures"][0]["red"]
    assert "'red' and 'green' must differ" in load_error().problem


def test_a_file_must_be_named_after_its_product(load_error):
    error = load_error(name="mail_to_web")
    assert error.key == "product"
    assert "'mail_to_web'" in error.problem


def test_a_product_is_named_in_lower_case_without_paths(load_error, content):
    content["product"] = "../Paper"
    assert load_error().key == "product"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingError, match=r"nowhere\.yml: there is no such file"):
        load_product(tmp_path / "nowhere.yml")


def test_invalid_yaml_is_reported_with_line_and_column(tmp_path):
    file = tmp_path / "broken.yml"
    file.write_text("product: broken\nname: {en: Broken\n", encoding="utf-8")
    with pytest.raises(SettingError, match=r"not valid YAML at line 3, column 1"):
        load_product(file)


def test_a_file_that_is_not_utf8_is_refused_with_a_hint(tmp_path):
    file = tmp_path / "old.yml"
    file.write_bytes("name: 郵送Web化".encode("cp932"))
    with pytest.raises(SettingError, match="save it as UTF-8"):
        load_product(file)


def test_a_file_saved_with_a_byte_order_mark_loads(tmp_path):
    file = tmp_path / "paper_to_web.yml"
    file.write_bytes(b"\xef\xbb\xbf" + (SHIPPED / "paper_to_web.yml").read_bytes())
    shipped = load_product(SHIPPED / "paper_to_web.yml")
    assert load_product(file) == shipped.model_copy(
        update={"scores": ()}
    )  # which lie beside the shipped file


@pytest.mark.parametrize("text", ["", "- one\n- two\n", "just words\n"])
def test_a_file_without_keys_is_refused(tmp_path, text):
    file = tmp_path / "list.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match="a list of keys with values"):
        load_product(file)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"exchange_rates": {"USD": {"rate": 150, "on": "2026-09-30"}}}, "need 'currency'"),
        ({"currency": "USD", "exchange_rates": {"USD": {"rate": 1, "on": "2026-09-30"}}}, "own currency"),
        (
            {"costs": {"cost_of_goods": ["a", "b"], "sales_and_marketing": ["b"]}},
            "names the category 'b' twice",
        ),
        ({"currency": "yen"}, "revenue"),
        ({"costs": {"salaries": ["a"]}}, "revenue"),
    ],
)
def test_what_revenue_cannot_be_is_refused(load_error, content, said, message):
    content["revenue"] = said
    assert message in str(load_error())


def test_the_fields_of_a_hand_over_are_those_of_its_table():
    assert get_args(HandoverField) == HANDOVER_FIELDS
    assert set(HANDOVER_FIELDS) < set(TABLES["handovers"].columns)


@pytest.mark.parametrize(
    ("rules", "key", "sentence"),
    [
        (
            "{fields: [problm]}",
            "handover.fields.0",
            "'problm' is not allowed. Allowed: 'problem', 'promised',",
        ),
        ("{fields: []}", "handover.fields", "1 or more entries are needed here, not 0."),
        ("{fields: [problem, problem]}", "handover", "a field of the hand-over is named twice"),
        ("{field: [problem]}", "handover.field", "Did you mean 'fields'"),
        ("{complete_from: 1.2}", "handover.complete_from", "less than or equal to 1"),
    ],
)
def test_wrong_rules_of_hand_overs_are_named_in_a_sentence(content, load_error, rules, key, sentence):
    content["handover"] = yaml.safe_load(rules)
    error = load_error()
    assert error.key == key
    assert sentence in str(error)

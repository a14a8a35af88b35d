"""The parameters of a notebook are data, and what does not fit is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.contract.parameters import Parameters, join_segment, split_segment
from cs_helpers.errors import ParameterError


def test_missing_parameters_have_the_defaults():
    assert Parameters.check({}).model_dump() == {
        "product": "first",
        "quarter": "latest",
        "language": "en",
        "segment": "all",
        "snapshot": "latest",
        "options": "none",
        "audience": "team",
    }


def test_valid_values_are_kept():
    said = {
        "product": "paper_to_web",
        "quarter": "2026Q3",
        "language": "ja",
        "segment": "size:small",
        "snapshot": "2026-09-30-0123456789ab",
        "options": '{"journeys": {"window_days": 30}}',
        "audience": "leadership",
    }
    assert Parameters.check(said).model_dump() == said


def test_an_unknown_parameter_is_named_with_the_one_that_was_meant():
    with pytest.raises(ParameterError, match="Did you mean 'quarter'") as caught:
        Parameters.check({"quater": "2026Q3"})
    assert caught.value.name == "quater"
    assert caught.value.allowed == "product, quarter, language, segment, snapshot, options, audience"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quarter", "2026Q3'; import os"),
        ("quarter", '2026Q3"\nimport os'),
        ("product", "../x"),
        ("product", "a/b"),
        ("product", "Paper"),
        ("product", ""),
        ("product", "x" * 41),
        ("product", "helpdesk\n"),
        ("language", "fr"),
        ("language", "EN"),
        ("segment", "country:jp"),
        ("segment", "size:"),
        ("segment", "size:a;size:b"),
        ("segment", "all;size:a"),
        ("segment", "size:<script>"),
        ("segment", "size:a\nb"),
        ("audience", "everybody"),
        ("snapshot", "../2026-09-30-0123456789ab"),
        ("snapshot", "2026-09-30"),
        ("snapshot", "latest\n"),
        ("options", ""),
        ("options", "window_days=30"),
        ("options", "[1]"),
        ("options", '{"journeys": 30}'),
    ],
)
def test_an_invalid_value_is_refused_with_name_value_and_help(name, value):
    with pytest.raises(ParameterError) as caught:
        Parameters.check({name: value})
    assert (caught.value.name, caught.value.value) == (name, value)
    assert caught.value.allowed


@pytest.mark.parametrize("value", [20263, None, 3.5, True, ["2026Q3"], {"q": 3}])
@pytest.mark.parametrize("name", ["product", "quarter", "segment", "snapshot"])
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match="must be a text") as caught:
        Parameters.check({name: value})
    assert caught.value.name == name


def test_parameters_cannot_be_changed_after_the_check():
    with pytest.raises(ValueError, match="frozen"):
        Parameters.check({}).quarter = "2026Q3"


@given(st.sampled_from(["product", "quarter", "snapshot"]), st.text(min_size=1, max_size=30))
def test_no_accepted_value_can_leave_a_quoted_text_or_a_folder(name, value):
    try:
        accepted = Parameters.check({name: value})
    except ParameterError:
        return
    assert not set("'\"\\/\n\r.") & set(getattr(accepted, name))


@pytest.mark.parametrize(
    ("segment", "parts"),
    [
        ("all", {}),
        ("size:small", {"size": "small"}),
        ("size:small;csm:csm-03", {"size": "small", "csm": "csm-03"}),
        ("industry:Iron; steel", {"industry": "Iron; steel"}),
        ("industry:Iron; steel;csm:a:b", {"industry": "Iron; steel", "csm": "a:b"}),
    ],
)
def test_a_segment_may_name_each_dimension(segment, parts):
    assert dict(split_segment(segment)) == parts
    assert join_segment(parts) == segment == Parameters.check({"segment": segment}).segment

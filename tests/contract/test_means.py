"""What the organisation and the means of a product file may say, the sentence where they may not, and who can act."""

from __future__ import annotations

from typing import Any

import pytest
from builders import means, play, product, role
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cs_helpers.contract.means import Means, obstacles
from cs_helpers.contract.organisation import Organisation
from cs_helpers.errors import SettingError
from cs_helpers.summary import check_metrics

STEPS = ["kickoff", "live"]


def problem(**sections: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        product(steps=STEPS, playbook=[play("silent"), play("red")], **sections)
    return str(caught.value.errors()[0]["msg"]).removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"organisation": [role("onboarding", steps=["kick-off"])]}, "organisation names the step 'kick-off', journey has no such step. Did you mean 'kickoff'?"),
        ({"organisation": [role("onboarding", plays=["slient"])]}, "organisation names the entry 'slient', playbook has no entry with this id. Did you mean 'silent'?"),
        ({"organisation": [role("support"), role("support", " cs ")]}, "the role 'support' is named twice in ' cs ', write it once with all that it does"),
        ({"organisation": [role("support", people=-1)]}, "Input should be greater than or equal to 0"),
        ({"organisation": [role("boss")]}, "Input should be 'onboarding'"),
        ({"organisation": [role("support", kpis=["revenue"])]}, "a headline number is needed as in docs/metrics.md"),
        ({"means": [means("call", steps=["gone"])]}, "the means 'call' names the step 'gone', journey has no such step"),
        ({"means": [means("call", plays=["gone"])]}, "the means 'call' names the entry 'gone', playbook has no entry with this id"),
        ({"means": [means("call", reasons=["guidence"])]}, "Input should be 'benefit', 'timing', 'guidance' or 'bias'"),
        ({"means": [means("call"), means("call")]}, "two means have the id 'call', give each one of its own"),
        ({"means": [means("sheet", "resource", horizon="root_cause")]}, "'horizon' is for a measure, a resource has none"),
        ({"means": [means("call", capacity=-1)]}, "Input should be greater than or equal to 0"),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(sections: dict[str, Any], said: str) -> None:
    assert problem(**sections).startswith(said)


def test_a_role_may_stand_in_two_departments_and_a_department_is_one_in_any_spelling() -> None:
    made = product(
        steps=STEPS,
        organisation=[role("support", "Sales"), role("support", "CS")],
        means=[means("call", department="sales "), means("post", department="Legal")],
    )
    assert [d.en for d in made.departments] == ["Sales", "CS", "Legal"]


def test_a_kpi_that_no_report_has_is_refused_with_the_nearest() -> None:
    made = product(steps=STEPS, organisation=[role("renewal", kpis=["revenue.nr_year"])])
    with pytest.raises(
        SettingError, match=r"'organisation'.*'revenue.nr_year'.*Did you mean 'revenue.nrr_year'\?"
    ):
        check_metrics(made)


CALL = means("call", plays=["silent"])


@pytest.mark.parametrize(
    ("organisation", "inventory", "found"),
    [
        ([], [], ()),  # nothing is said
        ([], [CALL], ()),
        ([], [means("call", plays=["red"])], ("no_means",)),
        ([], [means("call", steps=["live"])], ()),  # means that name no entry say nothing of any
        ([], [CALL | {"capacity": 0}], ("no_capacity",)),
        ([], [CALL | {"capacity": 0}, means("post", plays=["silent"])], ()),
        # a sheet is no call: where a measure is named, it is by the measure that it is done
        ([], [CALL | {"capacity": 0}, means("sheet", "resource", plays=["silent"])], ("no_capacity",)),
        ([], [means("sheet", "resource", plays=["silent"])], ()),
        ([role("support", plays=["silent"])], [], ()),
        ([role("support", plays=["red"])], [], ("no_role",)),
        ([role("support", kpis=["revenue.mrr"])], [], ()),
        ([role("support", plays=["silent"], people=0)], [], ("no_people",)),
        ([role("support", plays=["silent"], people=0), role("adoption", plays=["silent"])], [], ()),
        ([role("support", plays=["red"])], [means("call", plays=["red"])], ("no_means", "no_role")),
    ],
)  # fmt: skip
def test_why_nobody_can_carry_out_an_entry(
    organisation: list[dict[str, Any]], inventory: list[dict[str, Any]], found: tuple[str, ...]
) -> None:
    made = product(
        steps=STEPS, playbook=[play("silent"), play("red")], organisation=organisation, means=inventory
    )
    assert obstacles("silent", made.means, made.organisation) == found


def test_a_step_is_asked_for_as_an_entry_is() -> None:
    made = product(
        steps=STEPS, organisation=[role("support", steps=["live"])], means=[means("call", steps=["kickoff"])]
    )
    assert obstacles("kickoff", made.means, made.organisation, "steps") == ("no_role",)
    assert obstacles("live", made.means, made.organisation, "steps") == ("no_means",)


names = st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True)
inventories = st.lists(
    st.builds(lambda kind, plays, capacity: (kind, plays, capacity), st.sampled_from(["measure", "resource"]), names, st.sampled_from([None, 0, 3])),
    max_size=4,
)  # fmt: skip
organisations = st.lists(st.tuples(names, st.sampled_from([None, 0, 1.5])), max_size=3)


@given(inventories, organisations)
def test_it_is_what_the_plainest_reading_of_the_file_says(inventory: Any, staff: Any) -> None:
    """A tiny reference: go through the lines of the file one by one."""
    roles = ["onboarding", "adoption", "renewal"]
    section = tuple(
        Means.model_validate(means(f"m{n}", kind, plays=plays, capacity=capacity))
        for n, (kind, plays, capacity) in enumerate(inventory)
    )
    organisation = (
        Organisation.model_validate(
            {"roles": [role(roles[n], plays=plays, people=people) for n, (plays, people) in enumerate(staff)]}
        )
        if staff
        else None
    )
    expected = []
    if any(plays for _, plays, _ in inventory):
        measures = [capacity for kind, plays, capacity in inventory if "a" in plays and kind == "measure"]
        resources = [capacity for kind, plays, capacity in inventory if "a" in plays and kind == "resource"]
        used = measures if measures else resources
        if len(used) == 0:
            expected.append("no_means")
        elif used.count(0) == len(used):
            expected.append("no_capacity")
    if any(plays for plays, _ in staff):
        there = [people for plays, people in staff if "a" in plays]
        if len(there) == 0:
            expected.append("no_role")
        elif there.count(0) == len(there):
            expected.append("no_people")
    assert obstacles("a", section, organisation) == tuple(expected)

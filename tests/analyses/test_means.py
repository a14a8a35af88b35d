"""Means: what was planted in the sample's product files is found, and a hand-made product says what can be counted by hand."""

from __future__ import annotations

from itertools import combinations
from itertools import product as pairs
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import ANALYSES, account, contract, means, play, product, product_data, role
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from cs_helpers.analyses.means.demand import Need, customers_of
from cs_helpers.analyses.means.findings import need_verdict
from cs_helpers.analyses.means.pools import pools
from cs_helpers.analyses.means.served import inventory_table, need_table, root_cause_table
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.pools import overfull
from cs_helpers.result import Result
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
PLANTED = "paper_to_web"


def rows(result: Result, table: str, key: str) -> pd.DataFrame:
    return result.tables[table].set_index(key)


def codes(result: Result, about: str) -> set[str]:
    return {note.code for note in result.about(about)}


# --- the sample: what was planted in the product files


def test_the_entry_without_means_is_the_one_that_nobody_can_carry_out(result_of) -> None:
    result = result_of("means", PLANTED, "2026Q3")
    nobody = result.tables["nobody"]
    assert list(nobody.loc[nobody["kind"] == "entry", "need"]) == ["health_red"]
    assert rows(result, "nobody", "need").at["health_red", "obstacles"] == ("no_means",)
    assert list(nobody.loc[nobody["kind"] == "step", "need"]) == ["all_outgoing"]
    assert rows(result, "nobody", "need").at["all_outgoing", "obstacles"] == ("no_role",)
    red = rows(result_of("playbook", PLANTED, "2026Q3"), "entries", "entry").loc["health_red"]
    row = rows(result, "nobody", "need").loc["health_red"]
    assert (row["demand"], row["mrr"]) == (red["customers"], red["mrr"])
    assert result.metrics["carried_out"].value == pytest.approx(5 / 6)


def test_a_vacant_post_and_a_spent_budget_are_found_where_they_were_planted(result_of) -> None:
    result = result_of("means", "expense_desk", "2026Q3")
    found = rows(result, "nobody", "need")["obstacles"].to_dict()
    assert found == {
        "kickoff": ("no_means",),
        "approval_flow": ("no_people",),
        "approvals_outside": ("no_people",),
        "paperless_receipts": ("no_capacity",),
        "paper_receipts": ("no_capacity",),
    }
    stall = rows(result, "root_causes", "need")["state"]
    assert stall["paperless_receipts"] == "root_spent"
    assert stall["kickoff"] == "none"


def test_where_somebody_can_act_on_all_nothing_is_found(result_of) -> None:
    result = result_of("means", "helpdesk", "2026Q3")
    assert result.tables["nobody"].empty
    verdict = result.verdicts["needs"]
    states = result.tables["needs"]["state"]
    # what serves one of them states no capacity: nothing is known to be missing, and that is all that is said
    assert (verdict.code, verdict.fields["unstated"]) == ("open", (states == "unstated").sum())
    assert verdict.fields["unknown"] == (states == "unknown").sum()
    assert result.verdicts["between"].code == "clear"
    assert (result.metrics["left"].value, result.metrics["carried_out"].value) == (0, 1)


def test_the_exceeded_capacity_counts_each_customer_of_step_and_entry_once(result_of) -> None:
    result = result_of("means", PLANTED, "2026Q3")
    inventory = rows(result, "inventory", "means")
    assert list(inventory.index[inventory["state"] == "exceeded"]) == ["department_meeting"]
    waiting = result_of("journeys", PLANTED, "2026Q3").tables["waiting"]
    late = waiting[waiting["late"] & (waiting["step"] == "second_department")]
    matches = result_of("playbook", PLANTED, "2026Q3").tables["matches"]
    due = matches[matches["entry"] == "one_department"]
    both = pd.concat([late[["account_id", "mrr"]], due[["account_id", "mrr"]]]).drop_duplicates("account_id")
    row = inventory.loc["department_meeting"]
    assert (row["demand"], row["mrr"]) == (len(both), both["mrr"].sum())
    assert len(both) < len(late) + len(due)
    assert row["quarters"] == len(both) / 10
    assert result.metrics["exceeded"].value == 1


def test_the_kpi_of_nobody_and_the_step_of_two_departments_are_those_planted(result_of) -> None:
    result = result_of("means", PLANTED, "2026Q3")
    between = rows(result, "between", "item")
    assert list(between.index[between["state"] == "nobodys"]) == ["all_outgoing", "revenue.logo_churn_year"]
    assert list(between.index[between["state"] == "several"]) == ["first_document"]
    assert between.at["first_document", "departments"] == ("Customer success", "Implementation")
    # Sales and Implementation are measured by a KPI; Support is not, and Product is no department of the organisation
    lent = between[between["kind"] == "means"]["state"].to_dict()
    assert lent == {
        "handover_sheet": "one", "import_template": "one", "welcome_call": "no_kpi", "web_by_default": "no_kpi",
    }  # fmt: skip
    [unowned] = [f for f in result.findings if f.code == "unowned"]
    assert unowned.fields["kpis"] == ("revenue.logo_churn_year",)


def test_the_stall_with_measures_that_help_at_once_only_is_told(result_of) -> None:
    state = rows(result_of("means", PLANTED, "2026Q3"), "root_causes", "need")["state"]
    assert state["second_department"] == "short_only"
    assert state["recipients_registered"] == "root_cause"


def test_who_is_late_for_the_second_department_is_who_sql_finds_waiting_too_long(
    result_of, sample_folder
) -> None:
    """The customers of the need are, by SQL over the files, without a second department."""
    result = result_of("means", PLANTED, "2026Q3")
    has_two = set(
        duckdb.sql(
            f"""select account_id from '{sample_folder}/usage.parquet' where product = '{PLANTED}'
            and event like 'web.%' group by account_id having count(distinct event) >= 3"""
        ).df()["account_id"]
    )
    waiting = result_of("journeys", PLANTED, "2026Q3").tables["waiting"]
    late = set(waiting.loc[waiting["late"] & (waiting["step"] == "second_department"), "account_id"])
    assert rows(result, "needs", "need").at["second_department", "demand"] == len(late)
    assert late
    assert not late & has_two


def test_the_reasons_are_counted_as_in_the_report_on_interviews(result_of) -> None:
    given = result_of("interviews", PLANTED, "2026Q3").tables["reasons"]
    given = given[given["dimension"] == "all"].set_index("reason")["given"]
    reasons = rows(result_of("means", PLANTED, "2026Q3"), "reasons", "reason")
    assert reasons["companies"].to_dict() == given.astype(float).to_dict()
    assert reasons["state"].to_dict() == {
        "guidance": "short_only", "bias": "root_cause", "benefit": "short_only", "timing": "none",
    }  # fmt: skip


def test_the_customers_for_whom_nobody_can_act_add_up_to_the_headline(result_of) -> None:
    for name in (PLANTED, "expense_desk"):
        result = result_of("means", name, "2026Q3")
        listed = result.tables["nobody_customers"]
        assert result.metrics["left"].value == listed["account_id"].nunique()
        assert result.metrics["left_mrr"].value == listed.drop_duplicates("account_id")["mrr"].sum()
        counts = listed.groupby(["kind", "need"]).size()
        known = result.tables["nobody"].dropna(subset="demand").set_index(["kind", "need"])["demand"]
        assert counts.to_dict() == {need: n for need, n in known.items() if n}


def test_findings_are_ordered_by_what_is_at_stake(result_of) -> None:
    for name in (PLANTED, "expense_desk", "helpdesk"):
        found = [f for f in result_of("means", name, "2026Q3").findings if f.mrr is not None]
        assert [f.mrr for f in found] == sorted((f.mrr for f in found), reverse=True)


# --- hand-made products: of eight customers two did not kick off

CUSTOMERS = [f"C{n}" for n in range(1, 9)]
KICKED_OFF = CUSTOMERS[:6]


def analysed(*, with_contracts: bool = True, **sections: Any) -> Result:
    """Eight customers since 1 July; six took the first step on that day, all are due for `silent`."""
    of = product(
        steps=["kickoff", "live"],
        playbook=[
            play("silent", {"silence": {"source": "tickets", "days": 30}}),
            play("told", None),
        ],
        **sections,
    )
    data = product_data(
        of,
        accounts=[account(name) for name in CUSTOMERS],
        **({"contracts": [contract(name, "2026-07-01") for name in CUSTOMERS]} if with_contracts else {}),
        milestones=[
            *({"account_id": one, "step": "contract", "reached_at": "2026-07-01 00:00"} for one in CUSTOMERS),
            *({"account_id": one, "step": "kickoff", "reached_at": "2026-07-01 12:00"} for one in KICKED_OFF),
        ],
        tickets=[
            {"ticket_id": "T0", "account_id": "C8", "opened_at": "2026-06-01"},
            {"ticket_id": "T1", "account_id": "C8", "opened_at": "2026-09-29"},
        ],
    )
    return ANALYSES["means"].analyse(data, Q3)


def test_six_of_eight_took_the_step_so_two_are_late_and_seven_silent() -> None:
    result = analysed(
        means=[
            means("call", steps=["kickoff"], plays=["silent"], capacity=7, horizon="short_term"),
            means("guide", "resource", steps=["kickoff"], capacity=1),
        ]
    )
    needs = rows(result, "needs", "need")
    # C7 and C8 are late for the kick-off; all but C8, who asked yesterday, are silent
    assert needs["demand"].dropna().to_dict() == {"kickoff": 2, "silent": 7}
    assert needs["mrr"].dropna().to_dict() == {"kickoff": 200, "silent": 700}
    inventory = rows(result, "inventory", "means")
    assert inventory["demand"].to_dict() == {"call": 8, "guide": 2}
    assert inventory["state"].to_dict() == {"call": "exceeded", "guide": "exceeded"}
    assert needs["state"].to_dict() == {
        "kickoff": "exceeded", "live": "nobody", "silent": "exceeded", "told": "nobody",
    }  # fmt: skip
    assert rows(result, "root_causes", "need")["state"].to_dict() == {"kickoff": "short_only"}
    assert result.verdicts["needs"].code == "both"
    assert result.verdicts["needs"].fields == {
        "of": 4, "nobody": 2, "means": ("guide",), "demand": 2.0, "capacity": 1.0,
    }  # fmt: skip
    assert codes(result, "needs") == {"not_counted", "steps_not_counted"}
    assert (result.metrics["carried_out"].value, result.metrics["carried_out"].n) == (0.5, 2)
    # of the step and the entry that nobody can do, the data does not tell who needs them
    assert "left" not in result.metrics


def test_a_customer_more_or_less_than_the_capacity_decides() -> None:
    for capacity, state in ((8, "enough"), (7.5, "exceeded"), (0, "spent"), (None, "unstated")):
        result = analysed(means=[means("call", steps=["kickoff"], plays=["silent"], capacity=capacity)])
        assert rows(result, "inventory", "means").at["call", "state"] == state


def test_two_measures_of_five_have_room_for_eight_and_none_for_eleven() -> None:
    both = [means(f"call{n}", steps=["kickoff"], plays=["silent"], capacity=5) for n in (1, 2)]
    result = analysed(means=both)
    assert rows(result, "inventory", "means")["demand"].to_dict() == {"call1": 8, "call2": 8}
    assert set(result.tables["inventory"]["state"]) == {"enough"}
    assert rows(result, "needs", "need").at["silent", "state"] == "enough"
    assert not [f for f in result.findings if f.code == "exceeded"]
    short = analysed(means=[means(f"call{n}", plays=["silent"], capacity=3) for n in (1, 2)])
    assert set(short.tables["inventory"]["state"]) == {"exceeded"}
    assert set(short.tables["inventory"]["quarters"]) == {7 / 6}
    [finding] = [f for f in short.findings if f.code == "exceeded"]
    assert (finding.customers, finding.mrr, finding.fields["capacity"]) == (7, 700.0, 6)
    assert [one.en for one in finding.fields["means"]] == ["call1", "call2"]


def test_a_capacity_that_is_stated_in_part_is_not_known_to_be_missing_or_to_suffice() -> None:
    for capacity, state, own in ((7, "enough", "enough"), (6, "unstated", "shared")):
        result = analysed(
            means=[means("call", plays=["silent"], capacity=capacity), means("mail", plays=["silent"])]
        )
        row = rows(result, "needs", "need").loc["silent"]
        assert (row["capacity"], row["unstated"], row["state"]) == (capacity, 1, state)
        assert rows(result, "inventory", "means")["state"].to_dict() == {"call": own, "mail": "unstated"}


def test_means_of_what_nobody_can_do_do_not_suffice() -> None:
    result = analysed(
        means=[means("call", plays=["silent"], capacity=20)],
        organisation=[role("support", people=0, plays=["silent"]), role("adoption", plays=["told"])],
    )
    assert rows(result, "inventory", "means").at["call", "state"] == "in_vain"


def test_that_nobody_needs_anything_is_said_only_where_it_is_known_of_all() -> None:
    def verdict(*demands: frozenset[str] | None) -> str:
        table = pd.DataFrame(
            {
                "demand": [np.nan if d is None else len(d) for d in demands],
                "state": ["unknown" if d is None else "idle" if not d else "enough" for d in demands],
            }
        )
        return need_verdict(table, []).code

    nobody, one = frozenset(), frozenset({"C1"})
    assert verdict(nobody, nobody) == "nothing_due"
    assert verdict(nobody, None) == "none_known"
    assert verdict(None, None) == "untold"
    assert verdict(one, None) == "open"
    assert verdict(one, nobody) == "served"


@given(
    st.lists(st.sampled_from([1, 2, 3, 7]), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(1, 15), st.integers(0, 5)), min_size=1, max_size=4),
)
def test_measures_are_too_few_exactly_where_no_assignment_takes_all(capacities: Any, asked: Any) -> None:
    """Against the largest flow from customers, each with one need, through the measures that serve it."""
    serving = [[n for n in range(len(capacities)) if mask >> n & 1] for mask, _ in asked]
    named = [
        means(f"m{n}", steps=[f"s{step}" for step, ids in enumerate(serving) if n in ids], capacity=capacity)
        for n, capacity in enumerate(capacities)
    ]
    of = product(steps=[f"s{n}" for n in range(len(asked))], means=named)
    needs, start, first = [], 1 + len(asked), 0
    flow = np.zeros((start + len(capacities) + 1,) * 2, dtype="int32")
    for step, (_, count) in enumerate(asked):
        count = count if serving[step] else 0
        ids = pd.Index([f"C{first + n}" for n in range(count)], dtype="str")
        needs.append(Need("step", f"s{step}", pd.Series(pd.Timestamp("2026-09-30"), ids)))
        flow[0, 1 + step] = count
        first += count
        for n in serving[step]:
            flow[1 + step, start + n] = count
    for n, capacity in enumerate(capacities):
        flow[start + n, -1] = capacity
    taken = maximum_flow(csr_array(flow), 0, len(flow) - 1).flow_value
    assert bool(overfull(pools(of, needs).values())) == (taken < first)


def test_missing_sections_say_what_to_add_and_do_not_say_nobody() -> None:
    result = analysed()
    assert not result.tables
    assert not result.metrics
    assert not result.findings
    for about in ("needs", "inventory", "root_causes", "reasons"):
        assert codes(result, about) == {"no_means"}
    assert codes(result, "between") == {"no_organisation"}
    assert codes(result, "nobody") == {"nothing_said"}


def test_sections_that_name_nothing_say_so() -> None:
    result = analysed(means=[means("call")], organisation=[role("support")])
    assert set(result.tables) == {"inventory"}
    assert rows(result, "inventory", "means").at["call", "state"] == "uncounted"
    for about in ("needs", "root_causes", "nobody", "reasons", "between"):
        assert codes(result, about) == {"nothing_said"}
    assert not result.metrics


def test_the_organisation_alone_tells_who_can_act() -> None:
    result = analysed(
        organisation=[
            role("onboarding", "CS", people=0, plays=["silent"], kpis=["revenue.mrr"]),
            role("support", "Support", plays=["told"]),
        ]
    )
    assert rows(result, "nobody", "need")["obstacles"].to_dict() == {"silent": ("no_people",)}
    assert result.metrics["left"].value == 7
    between = result.tables["between"]
    assert set(between["kind"]) == {"entry", "kpi"}  # no role names a step, so nothing is known of them
    assert codes(result, "between") == {"responsibility_unsaid"}
    assert between[between["kind"] == "entry"]["state"].to_list() == ["one", "one"]


def test_roles_without_a_step_and_an_entry_are_named() -> None:
    result = analysed(
        organisation=[
            role("onboarding", "CS", steps=["kickoff"]),
            role("support", "Support", plays=["told"]),
            role("expansion", "Sales", people=2, kpis=["revenue.mrr"]),
            role("renewal", "Sales"),
        ]
    )
    (note,) = (n for n in result.about("between") if n.code == "roles_without_tasks")
    english = sentence(note, Text("en", product()), "means", "JPY")
    assert english.endswith(": Expansion (Sales), Renewal (Sales)")
    japanese = sentence(note, Text("ja", product()), "means", "JPY")
    assert japanese.endswith("：拡大提案（Sales）、契約更新（Sales）")
    # where no role has any, the product file speaks of KPIs only
    of_kpis = analysed(organisation=[role("expansion", "Sales", kpis=["revenue.mrr"])])
    assert codes(of_kpis, "between") == {"responsibility_unsaid"}


def test_the_role_without_a_task_in_the_sample_is_named(result_of) -> None:
    (note,) = (n for n in result_of("means", PLANTED, "2026Q3").notes if n.code == "roles_without_tasks")
    assert [role for role, _ in note.fields["job_roles"]] == ["expansion"]


def test_without_contracts_there_is_no_mrr_anywhere() -> None:
    result = analysed(
        with_contracts=False,
        means=[means("call", steps=["live"], plays=["told"])],
        organisation=[role("support", kpis=["revenue.mrr"], plays=["told"])],
    )
    assert all("mrr" not in table for table in result.tables.values())
    assert "left_mrr" not in result.metrics
    assert codes(result, "left_mrr") == {"no_mrr"}
    assert all(f.mrr is None for f in result.findings)


def test_before_there_were_customers_every_question_says_so() -> None:
    of = product(means=[means("call", steps=["kickoff"])])
    data = product_data(of, accounts=[account("A")], contracts=[contract("A", "2026-09-01")])
    result = ANALYSES["means"].analyse(data, Quarter(2026, 1))
    assert not result.tables
    assert {note.code for note in result.notes} == {"no_customers"}
    assert {note.about for note in result.notes} == set(ANALYSES["means"].declares.questions)


# --- a tiny reference: customers are counted one by one

IDS = ("a", "b", "c", "d")
some = st.lists(st.sampled_from(["kickoff", "live"]), max_size=2, unique=True)
inventories = st.lists(
    st.tuples(
        st.sampled_from(["measure", "resource"]), some, st.sampled_from([None, 0, 1, 2.5]),
        st.sampled_from([None, "short_term", "root_cause"]),
    ),
    max_size=4,
)  # fmt: skip
demands = st.tuples(*[st.none() | st.sets(st.sampled_from(IDS)) for _ in range(2)])


def _doing(inventory: Any, step: str) -> list[int]:
    serving = [n for n, line in enumerate(inventory) if step in line[1]]
    return [n for n in serving if inventory[n][0] == "measure"] or serving


@settings(max_examples=150)
@given(inventories, demands)
def test_demand_and_states_are_those_of_counting_one_by_one(inventory: Any, demand: Any) -> None:
    named = [
        means(f"m{n}", kind, steps=steps, capacity=capacity, **({"horizon": horizon} if kind == "measure" else {}))
        for n, (kind, steps, capacity, horizon) in enumerate(inventory)
    ]  # fmt: skip
    of = product(steps=["kickoff", "live"], means=named)
    day = pd.Timestamp("2026-09-30")
    needs = [
        Need("step", step, None if ids is None else pd.Series(day, pd.Index(sorted(ids), dtype="str")))
        for step, ids in zip(("kickoff", "live"), demand, strict=True)
    ]
    mrr = pd.Series({one: 10.0 * (n + 1) for n, one in enumerate(IDS)})
    known = dict(zip(("kickoff", "live"), demand, strict=True))

    of_means, of_needs = inventory_table(of, needs, mrr), None
    # by Hall's theorem, over all sets of means: whom only these can take, against what they can take
    groups = []
    for step in known:
        for kind in ("measure", "resource"):
            ids = frozenset(
                n
                for n, (k, s, capacity, _) in enumerate(inventory)
                if k == kind and step in s and capacity != 0
            )
            if ids and known[step] is not None:
                groups.append((ids, known[step]))
    excess = {}
    for size in range(1, len(inventory) + 1):
        for ids in map(frozenset, combinations(range(len(inventory)), size)):
            capacities = [inventory[n][2] for n in ids]
            people = set().union(*(found for asked_of, found in groups if asked_of <= ids))
            if None not in capacities and len(people) > sum(capacities):
                excess[ids] = len(people) - sum(capacities)
    full = [
        ids for ids, more in excess.items() if not any(less < ids and excess[less] >= more for less in excess)
    ]
    for n, (_, steps, capacity, _) in enumerate(inventory):
        row = of_means.iloc[n]
        sets = [known[step] for step in steps if known[step] is not None]
        people = [one for one in IDS if any(one in ids for ids in sets)]
        count = len(people) if sets else None
        assert (row["demand"] == count) if count is not None else np.isnan(row["demand"])
        if count is not None:
            assert row["mrr"] == sum(mrr[one] for one in people)
        if capacity == 0:
            expected = "spent"
        elif not steps:
            expected = "uncounted"
        elif count is None:
            expected = "unknown"
        elif any(sets) and all(
            all(inventory[m][2] == 0 for m in _doing(inventory, step)) for step in steps if known[step]
        ):
            expected = "in_vain"
        elif capacity is None:
            expected = "unstated"
        elif any(n in ids for ids in full):
            expected = "exceeded"
        else:
            # where it need not suffice, another that serves the same has not said how many it takes
            expected = "enough" if count <= capacity else row["state"]
            assert expected == "enough" or expected == "shared"
        assert row["state"] == expected

    of_needs = need_table(of, needs, mrr).set_index("need")
    for step, ids in known.items():
        serving = [n for n, (_, steps, _, _) in enumerate(inventory) if step in steps]
        measures = [n for n in serving if inventory[n][0] == "measure"]
        doing = measures or serving
        if not any(steps for _, steps, _, _ in inventory):
            expected = "unsaid"
        elif all(inventory[n][2] == 0 for n in doing):
            expected = "nobody"
        elif ids is None:
            expected = "unknown"
        elif not ids:
            expected = "idle"
        elif any({n for n in doing if inventory[n][2] != 0} <= ids for ids in full):
            expected = "exceeded"
        elif any(inventory[n][2] is None for n in doing):
            group = frozenset(n for n in doing if inventory[n][2] != 0)
            people = set().union(*(found for asked_of, found in groups if asked_of <= group))
            stated = sum(inventory[n][2] or 0 for n in doing)
            expected = "enough" if len(people) <= stated else "unstated"
        else:
            expected = "enough"
        assert of_needs.at[step, "state"] == expected
        assert of_needs.at[step, "root_cause"] == sum(
            inventory[n][0] == "measure" and inventory[n][3] == "root_cause" for n in serving
        )

    causes = root_cause_table(of_needs.reset_index(), of_means).set_index("need")["state"]
    assert set(causes.index) == {step for step, ids in known.items() if ids}
    for step, state in causes.items():
        measures = [line for line in inventory if step in line[1] and line[0] == "measure"]
        roots = [line for line in measures if line[3] == "root_cause"]
        if roots:
            assert state == ("root_spent" if all(line[2] == 0 for line in roots) else "root_cause")
        elif measures:
            all_short = all(line[3] == "short_term" for line in measures)
            assert state == ("short_only" if all_short else "unstated")
        else:
            assert state == ("resources_only" if any(step in line[1] for line in inventory) else "none")


@given(st.lists(st.none() | st.sets(st.sampled_from(IDS)), max_size=3))
def test_a_customer_of_several_needs_counts_once(sets: Any) -> None:
    needs = [
        Need("step", str(n), None if ids is None else pd.Series(0, pd.Index(sorted(ids), dtype="str")))
        for n, ids in enumerate(sets)
    ]
    known = [ids for ids in sets if ids is not None]
    expected = {one for one, ids in pairs(IDS, known) if one in ids} if known else None
    assert customers_of(needs) == expected

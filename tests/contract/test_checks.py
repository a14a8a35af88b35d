"""Each rule is broken by exactly the rows that were planted for it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import ibis
import pytest

from cs_helpers.contract.casts import RAW, ROW, cast_columns
from cs_helpers.contract.checks import (
    column_rules,
    cross_table_rules,
    join_contracts,
    key_rule,
    relation_rules,
)
from cs_helpers.contract.tables import TABLES

AS_OF = date(2026, 9, 30)


@pytest.fixture(scope="module")
def connection():
    opened = ibis.duckdb.connect()
    yield opened
    opened.disconnect()


@pytest.fixture
def table(connection):
    """Rows of the contract's table of that name, each given as the text of a CSV file."""

    def make(name, rows):
        columns = TABLES[name].columns
        schema = {ROW: "int64", **dict.fromkeys(columns, "string")}
        data = [{ROW: i, **{c: row.get(c) for c in columns}} for i, row in enumerate(rows, start=1)]
        raw = connection.create_table(ibis.util.gen_name(name), ibis.memtable(data, schema=schema))
        return connection.create_table(ibis.util.gen_name(name), cast_columns(raw, TABLES[name]))

    return make


def broken(rows, rules):
    """Rule -> column -> the source rows that break it; rules that none breaks are left out."""
    findings = defaultdict(dict)
    for rule in rules:
        hit = rows.mutate(hit=rule.broken.fill_null(False)).filter(lambda t: t.hit)[ROW].execute()
        if len(hit):
            findings[rule.name][rule.column] = sorted(hit)
    return dict(findings)


def own_rules(rows, name):
    """All rules that look at the table alone."""
    rules = list(column_rules(rows, TABLES[name]))
    return [*rules, *key_rule(rows, TABLES[name], rules)]


def account(key="A1", **other):
    return {"account_id": key, "name": "Kita", "size": "mid", "industry": "retail", **other}


def contract(key="C1", account_id="A1", **other):
    return {
        "contract_id": key, "account_id": account_id, "product": "helpdesk",
        "started_on": "2026-01-01", "mrr": "100", "currency": "JPY", **other,
    }  # fmt: skip


def event(occurred_at="2026-05-01 10:00:00", account_id="A1", **other):
    return {
        "account_id": account_id, "product": "helpdesk", "occurred_at": occurred_at, "event": "reply", **other,
    }  # fmt: skip


def ticket(key, opened_at="2026-05-01 10:00:00", **other):
    return {"ticket_id": key, "account_id": "A1", "product": "helpdesk", "opened_at": opened_at, **other}


def test_valid_rows_break_no_rule_of_the_schema(table):
    rows = table("accounts", [account("A1", motivation="5", churned="true"), account("A2", literacy="1")])
    assert broken(rows, column_rules(rows, TABLES["accounts"])) == {}


def test_text_in_a_number_column_is_of_the_wrong_type(table):
    rows = table("contracts", [contract("C1"), contract("C2", mrr="much"), contract("C3", mrr="1e3")])
    assert broken(rows, column_rules(rows, TABLES["contracts"])) == {"wrong_type": {"mrr": [2]}}


def test_a_date_that_does_not_exist_is_of_the_wrong_type(table):
    rows = table("contracts", [contract("C1", started_on="2026-02-30"), contract("C2", ended_on="soon")])
    assert broken(rows, column_rules(rows, TABLES["contracts"])) == {
        "wrong_type": {"started_on": [1], "ended_on": [2]}
    }


def test_a_flag_that_is_neither_true_nor_false_is_of_the_wrong_type(table):
    rows = table("accounts", [account("A1", churned="maybe"), account("A2", churned="false")])
    assert broken(rows, column_rules(rows, TABLES["accounts"])) == {"wrong_type": {"churned": [1]}}


def test_a_fraction_in_an_integer_column_is_of_the_wrong_type(connection):
    columns = dict.fromkeys(TABLES["accounts"].columns, "string")
    raw = connection.create_table(
        ibis.util.gen_name("fractions"),
        ibis.memtable(
            [{ROW: i, **account(f"A{i}"), "motivation": m} for i, m in enumerate((3.0, 3.5, None), start=1)],
            schema={
                ROW: "int64",
                **{c: "float64" if c == "motivation" else k for c, k in columns.items() if c in account()},
                "motivation": "float64",
            },
        ).mutate(**{c: ibis.null("string") for c in columns if c not in account() and c != "motivation"}),
    )
    rows = cast_columns(raw, TABLES["accounts"])
    assert broken(rows, column_rules(rows, TABLES["accounts"])) == {"wrong_type": {"motivation": [2]}}


def test_the_original_value_is_kept_next_to_the_cast_one(table):
    rows = table("contracts", [contract("C1", mrr=" much ")])
    row = rows.execute().iloc[0]
    assert row[RAW + "mrr"] == "much"
    assert row["mrr"] != row["mrr"]


@pytest.mark.parametrize("nothing", [None, "", "   "])
def test_an_empty_cell_is_a_missing_value(table, nothing):
    rows = table("contracts", [contract("C1"), contract("C2", mrr=nothing)])
    assert broken(rows, column_rules(rows, TABLES["contracts"])) == {"missing_value": {"mrr": [2]}}


def test_an_empty_cell_of_an_optional_column_is_no_finding(table):
    rows = table("accounts", [account("A1", motivation="", csm=None)])
    assert broken(rows, column_rules(rows, TABLES["accounts"])) == {}


def test_a_value_outside_the_enumeration_is_not_allowed(table):
    rows = table("accounts", [account("A1"), account("A2", size="big"), account("A3", touch_model="High")])
    assert broken(rows, column_rules(rows, TABLES["accounts"])) == {
        "not_allowed": {"size": [2], "touch_model": [3]}
    }


def test_a_score_outside_one_to_five_is_out_of_range(table):
    scores = ("0", "1", "5", "6", None)
    rows = table("accounts", [account(f"A{i}", motivation=s) for i, s in enumerate(scores)])
    assert broken(rows, column_rules(rows, TABLES["accounts"])) == {"out_of_range": {"motivation": [1, 4]}}


def test_a_negative_price_is_out_of_range_and_an_empty_one_is_not(table):
    rows = table("contracts", [contract("C1", mrr="-0.01"), contract("C2", mrr="0")])
    assert broken(rows, column_rules(rows, TABLES["contracts"])) == {"out_of_range": {"mrr": [1]}}


def test_every_row_but_the_first_of_a_key_is_a_duplicate(table):
    rows = table("accounts", [account(k) for k in ("A1", "A2", "A1", "A1", "A3")])
    assert broken(rows, own_rules(rows, "accounts")) == {"duplicate_key": {"account_id": [3, 4]}}


def test_the_first_good_row_of_a_key_is_kept_where_an_earlier_one_is_refused(table):
    rows = table("contracts", [contract("C1", mrr="-1"), contract("C1"), contract("C1")])
    assert broken(rows, own_rules(rows, "contracts")) == {
        "out_of_range": {"mrr": [1]},
        "duplicate_key": {"contract_id": [1, 3]},
    }


def test_rows_without_a_key_are_not_duplicates_of_each_other(table):
    rows = table("usage", [event(), event(), event(usage_id="E1"), event(usage_id="E1")])
    assert broken(rows, own_rules(rows, "usage")) == {"duplicate_key": {"usage_id": [4]}}


def test_a_key_of_several_columns_is_a_duplicate_only_where_all_agree(table):
    cost = {
        "month": "2026-06-01",
        "product": "helpdesk",
        "category": "support",
        "amount": "1",
        "currency": "JPY",
    }
    rows = table("costs", [cost, {**cost, "category": "hosting"}, {**cost, "amount": "2"}])
    assert broken(rows, own_rules(rows, "costs")) == {"duplicate_key": {"": [3]}}


def test_a_contract_of_an_unknown_customer_is_an_orphan(table):
    kept = {"accounts": table("accounts", [account("A1")])}
    rows = table("contracts", [contract("C1"), contract("C2", "A9")])
    assert broken(rows, relation_rules(rows, TABLES["contracts"], kept, AS_OF)) == {
        "orphan": {"account_id": [2]}
    }


def test_a_note_without_any_table_of_interviews_is_an_orphan(table):
    rows = table("notes", [{"note_id": "N1", "interview_id": "I1", "evidence": "words", "text": "…"}])
    assert broken(rows, relation_rules(rows, TABLES["notes"], {}, AS_OF)) == {"orphan": {"interview_id": [1]}}


def test_rows_dated_after_the_last_day_are_after_as_of(table):
    kept = {"accounts": table("accounts", [account()])}
    days = ("2026-09-30", "2026-10-01")
    answers = [{"account_id": "A1", "product": "helpdesk", "answered_on": day} for day in days]
    rows = table("surveys", answers)
    assert broken(rows, relation_rules(rows, TABLES["surveys"], kept, AS_OF)) == {
        "after_as_of": {"answered_on": [2]}
    }


def test_the_last_minute_of_the_last_day_is_not_after_it(table):
    kept = {"accounts": table("accounts", [account()]), "contracts": table("contracts", [contract()])}
    times = ("2026-09-30 23:59:59", "2026-10-01 00:00:00")
    rows = join_contracts(table("usage", [event(at) for at in times]), kept["contracts"])
    assert broken(rows, relation_rules(rows, TABLES["usage"], kept, AS_OF)) == {
        "after_as_of": {"occurred_at": [2]}
    }


def test_a_contract_that_starts_after_the_last_day_is_after_as_of(table):
    kept = {"accounts": table("accounts", [account()])}
    rows = table("contracts", [contract("C1"), contract("C2", started_on="2026-10-01")])
    found = broken(rows, relation_rules(rows, TABLES["contracts"], kept, AS_OF))
    assert found["after_as_of"] == {"started_on": [2]}


def test_a_contract_for_nothing_is_kept_with_a_warning(table):
    kept = {"accounts": table("accounts", [account("A1"), account("A2")])}
    rows = table("contracts", [contract("C1", "A1", mrr="0"), contract("C2", "A2")])
    rules = [r for r in relation_rules(rows, TABLES["contracts"], kept, AS_OF) if r.name == "mrr_zero"]
    assert broken(rows, rules) == {"mrr_zero": {"mrr": [1]}}
    assert [r.policy for r in rules] == ["warn"]


def test_contracts_overlap_where_one_starts_before_an_earlier_one_ends(table):
    kept = {"accounts": table("accounts", [account("A1"), account("A2")])}
    rows = table(
        "contracts",
        [
            contract("C1", "A1", started_on="2024-01-01", ended_on="2024-12-31"),
            contract("C2", "A1", started_on="2025-01-01", ended_on="2025-12-01"),  # follows: no overlap
            contract("C3", "A1", started_on="2025-11-30"),  # a day before the second ends
            contract("C4", "A1", started_on="2025-11-30", product="expense_desk"),  # another product
            contract("C5", "A2", started_on="2025-11-30"),  # another customer
        ],
    )
    assert broken(rows, relation_rules(rows, TABLES["contracts"], kept, AS_OF)) == {
        "overlapping_contracts": {"started_on": [3]}
    }


def test_a_long_contract_overlaps_what_starts_after_a_short_one_inside_it(table):
    kept = {"accounts": table("accounts", [account()])}
    rows = table(
        "contracts",
        [
            contract("C1", started_on="2024-01-01"),  # still running
            contract("C2", started_on="2024-02-01", ended_on="2024-03-01"),
            contract("C3", started_on="2024-06-01"),
        ],
    )
    assert broken(rows, relation_rules(rows, TABLES["contracts"], kept, AS_OF)) == {
        "overlapping_contracts": {"started_on": [2, 3]}
    }


@pytest.fixture
def contracts_for_usage(table):
    """A1 has helpdesk from February to June, twice; A2 has none."""
    return {
        "accounts": table("accounts", [account("A1"), account("A2")]),
        "contracts": table(
            "contracts",
            [
                contract("C1", started_on="2026-02-01", ended_on="2026-03-31"),
                contract("C2", started_on="2026-05-01", ended_on="2026-06-30"),
            ],
        ),
    }


def test_usage_before_its_contract_is_kept_and_counted(table, contracts_for_usage):
    rows = join_contracts(
        table("usage", [event("2026-01-31 23:59:59"), event("2026-02-01")]), contracts_for_usage["contracts"]
    )
    rules = list(relation_rules(rows, TABLES["usage"], contracts_for_usage, AS_OF))
    assert broken(rows, rules) == {"before_contract": {"occurred_at": [1]}}
    assert {r.policy for r in rules if r.name == "before_contract"} == {"warn"}


def test_usage_after_its_contract_is_counted(table, contracts_for_usage):
    rows = join_contracts(
        table("usage", [event("2026-06-30 23:00:00"), event("2026-07-01")]), contracts_for_usage["contracts"]
    )
    assert broken(rows, relation_rules(rows, TABLES["usage"], contracts_for_usage, AS_OF)) == {
        "after_contract": {"occurred_at": [2]}
    }


def test_usage_between_two_contracts_is_within_the_span_of_the_customer(table, contracts_for_usage):
    rows = join_contracts(table("usage", [event("2026-04-15")]), contracts_for_usage["contracts"])
    assert broken(rows, relation_rules(rows, TABLES["usage"], contracts_for_usage, AS_OF)) == {}


def test_usage_that_names_its_contract_is_compared_with_that_contract(table, contracts_for_usage):
    rows = table("usage", [event("2026-04-15", contract_id="C1"), event("2026-04-15", contract_id="C2")])
    rows = join_contracts(rows, contracts_for_usage["contracts"])
    assert broken(rows, relation_rules(rows, TABLES["usage"], contracts_for_usage, AS_OF)) == {
        "after_contract": {"occurred_at": [1]},
        "before_contract": {"occurred_at": [2]},
    }


def test_usage_that_names_an_unknown_contract_is_compared_with_the_span(table, contracts_for_usage):
    rows = join_contracts(
        table("usage", [event("2026-01-01", contract_id="C9")]), contracts_for_usage["contracts"]
    )
    assert broken(rows, relation_rules(rows, TABLES["usage"], contracts_for_usage, AS_OF)) == {
        "before_contract": {"occurred_at": [1]}
    }


def test_usage_of_a_product_without_any_contract_is_counted(table, contracts_for_usage):
    rows = table("usage", [event(), event(account_id="A2"), event(product="expense_desk")])
    rows = join_contracts(rows, contracts_for_usage["contracts"])
    assert broken(rows, relation_rules(rows, TABLES["usage"], contracts_for_usage, AS_OF)) == {
        "without_contract": {"occurred_at": [2, 3]}
    }


def test_joining_contracts_neither_adds_nor_drops_rows(table, contracts_for_usage):
    rows = table("usage", [event(), event(), event(account_id="A2"), event(contract_id="C2")])
    assert sorted(join_contracts(rows, contracts_for_usage["contracts"])[ROW].execute()) == [1, 2, 3, 4]


def test_a_ticket_that_closes_before_it_opens_is_counted(table, contracts_for_usage):
    rows = table(
        "tickets",
        [
            ticket("T1", closed_at="2026-05-01 09:59:59"),
            ticket("T2", closed_at="2026-05-01 10:00:00"),
            ticket("T3"),
        ],
    )
    rows = join_contracts(rows, contracts_for_usage["contracts"])
    assert broken(rows, relation_rules(rows, TABLES["tickets"], contracts_for_usage, AS_OF)) == {
        "closed_before_opened": {"closed_at": [1]}
    }


def test_a_request_that_is_answered_before_it_is_raised_is_counted(table):
    rows = table(
        "requests",
        [
            {
                "request_id": f"R{n}",
                "product": "desk",
                "status": "released",
                "raised_on": "2026-05-02",
                "decided_on": decided,
                "released_on": released,
            }
            for n, (decided, released) in enumerate(
                [("2026-05-01", None), ("2026-05-02", "2026-05-01"), (None, "2026-05-02")]
            )
        ],
    )
    assert broken(rows, relation_rules(rows, TABLES["requests"], {}, AS_OF)) == {
        "decided_before_raised": {"decided_on": [1]},
        "released_before_raised": {"released_on": [2]},
        "released_before_decided": {"released_on": [2]},
    }


def test_days_of_requests_that_disagree_with_the_status_or_have_not_come_are_counted(table):
    days = [
        ("open", "2026-05-03", None),  # 1 decided, and open
        ("considering", "2099-05-03", None),  # a day on which it is to be decided
        ("declined", "2099-05-03", None),  # 3 declined in the future
        ("planned", "2026-05-03", "2099-06-01"),  # a day on which it is to come
        ("planned", "2026-05-03", "2026-06-01"),  # 5 released, and planned
        ("released", "2026-05-03", "2099-06-01"),  # 6 released in the future
        ("released", "2026-05-03", "2026-05-03"),
        ("exists", None, None),
    ]
    rows = table(
        "requests",
        [
            {"request_id": f"R{n}", "product": "desk", "status": status, "raised_on": "2026-05-02"}
            | {"decided_on": decided, "released_on": released}
            for n, (status, decided, released) in enumerate(days)
        ],
    )
    assert broken(rows, relation_rules(rows, TABLES["requests"], {}, AS_OF)) == {
        "status_disagrees": {"status": [1, 5]},
        "day_ahead": {"decided_on": [3], "released_on": [6]},
    }


def test_a_hand_over_after_its_deadline_and_one_of_a_product_without_contracts_are_counted(table):
    handed = {"account_id": "A1", "handed_over_on": "2026-05-02"}
    kept = {
        "accounts": table("accounts", [account("A1")]),
        "contracts": table("contracts", [contract("C1", product="desk")]),
    }
    rows = table(
        "handovers",
        [
            {**handed, "product": "desk", "deadline": "2026-05-01"},
            {**handed, "product": "desk", "deadline": "2026-05-02"},
            {**handed, "product": "dest", "deadline": None},
        ],
    )
    assert broken(rows, relation_rules(rows, TABLES["handovers"], kept, AS_OF)) == {
        "deadline_before_handover": {"deadline": [1]},
        "product_without_contracts": {"product": [3]},
    }


def test_who_asked_belongs_to_a_customer_and_to_a_request_of_the_same_product(table):
    request = {"status": "open", "raised_on": "2026-05-02"}
    kept = {
        "accounts": table("accounts", [{"account_id": "A1"}]),
        "requests": table(
            "requests",
            [{"request_id": f"R{n}", "product": p, **request} for n, p in ((1, "desk"), (2, "web"))],
        ),
    }
    asked = [
        ("A1", "R1", "desk"),
        ("A9", "R1", "desk"),
        ("A1", "R9", "desk"),
        ("A1", "R2", "desk"),
        ("A1", "R2", "web"),
    ]
    rows = table(
        "request_accounts",
        [{"account_id": a, "request_id": r, "product": p, "asked_on": "2026-05-02"} for a, r, p in asked]
        + [
            {
                "account_id": "A1",
                "request_id": "R1",
                "product": "desk",
                "asked_on": "2026-05-02",
                "told_on": "2026-05-01",
            }
        ],
    )
    assert broken(rows, relation_rules(rows, TABLES["request_accounts"], kept, AS_OF)) == {
        "orphan": {"account_id": [2], "request_id": [3]},
        "other_product": {"request_id": [4]},
        "told_before_asked": {"told_on": [6]},
    }


def test_a_ticket_that_is_answered_before_it_opens_is_counted(table, contracts_for_usage):
    rows = table(
        "tickets",
        [
            ticket("T1", answered_at="2026-05-01 09:59:59"),
            ticket("T2", answered_at="2026-05-01 10:00:00"),
            ticket("T3"),
        ],
    )
    rows = join_contracts(rows, contracts_for_usage["contracts"])
    assert broken(rows, relation_rules(rows, TABLES["tickets"], contracts_for_usage, AS_OF)) == {
        "answered_before_opened": {"answered_at": [1]}
    }


def cross_table_findings(kept):
    findings = {}
    for name, rows, rule in cross_table_rules(kept, AS_OF):
        assert rule.policy == "warn"
        if hits := broken(rows, [rule]):
            findings[name, rule.name] = hits[rule.name][rule.column]
    return findings


def test_a_churned_flag_disagrees_with_the_notices_in_either_direction(table):
    touch = {"product": "helpdesk", "occurred_at": "2026-05-01"}
    kept = {
        "accounts": table(
            "accounts",
            [
                account("A1", churned="true"),  # no notice
                account("A2", churned="false"),  # notice
                account("A3", churned="true"),  # notice
                account("A4", churned="false"),  # no notice, a meeting
                account("A5"),  # the list does not say
            ],
        ),
        "contracts": table("contracts", [contract("C1", "A4")]),
        "touches": table(
            "touches",
            [
                {**touch, "account_id": "A2", "kind": "churn_notice"},
                {**touch, "account_id": "A2", "kind": "churn_notice"},
                {**touch, "account_id": "A3", "kind": "churn_notice"},
                {**touch, "account_id": "A4", "kind": "meeting"},
                {**touch, "account_id": "A5", "kind": "churn_notice"},
            ],
        ),
    }
    assert cross_table_findings(kept) == {("accounts", "churn_flag_disagrees"): [1, 2]}


def test_without_touches_the_churned_flag_is_not_compared(table):
    kept = {
        "accounts": table("accounts", [account("A1", churned="true")]),
        "contracts": table("contracts", [contract(ended_on="2026-06-30")]),
    }
    assert cross_table_findings(kept) == {}


def test_a_churned_customer_with_a_contract_beyond_the_last_day_is_still_running(table):
    kept = {
        "accounts": table("accounts", [account(f"A{i}", churned="true") for i in (1, 2, 3)]),
        "contracts": table(
            "contracts",
            [
                contract("C1", "A1"),
                contract("C2", "A2", ended_on="2026-09-30"),  # it ends with the last day
                contract("C3", "A3", ended_on="2026-09-29"),
            ],
        ),
    }
    assert cross_table_findings(kept) == {("accounts", "churned_but_running"): [1, 2]}


def test_an_interview_without_notes_is_counted(table):
    talk = {"account_id": "A1", "product": "helpdesk", "held_on": "2026-05-01"}
    kept = {
        "accounts": table("accounts", [account()]),
        "contracts": table("contracts", [contract()]),
        "interviews": table("interviews", [{**talk, "interview_id": "I1"}, {**talk, "interview_id": "I2"}]),
        "notes": table("notes", [{"note_id": "N1", "interview_id": "I1", "evidence": "words", "text": "…"}]),
    }
    assert cross_table_findings(kept) == {("interviews", "without_notes"): [2]}

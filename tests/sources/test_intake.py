"""Tables are mapped, checked and counted: rows read = rows kept + rows refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_helpers.contract.products import load_product
from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.errors import ContractError, SourceError

PRODUCTS = Path(__file__).resolve().parents[2] / "data" / "products"
USAGE = "account_id,product,occurred_at,event\n"


def test_tables_that_are_right_are_kept_whole_without_findings(take):
    taken = take()
    assert taken.rows_read == taken.rows_kept == {"accounts": 2, "contracts": 2}
    assert taken.findings == ()
    assert list(taken.kept["contracts"]["mrr"]) == [100.0, 200.0]


def test_a_column_is_taken_from_the_one_it_is_mapped_to(take, accounts):
    taken = take(
        {"accounts.csv": accounts.replace("name", "company")}, {"accounts": {"columns": {"name": "company"}}}
    )
    assert list(taken.kept["accounts"]["name"]) == ["Kita", "Minami"]


def test_a_mapping_wins_over_a_column_of_the_same_name(take):
    rows = "account_id,name,size,industry,branch\nA1,Kita,mid,retail,shops\nA2,Minami,small,logistics,vans\n"
    taken = take({"accounts.csv": rows}, {"accounts": {"columns": {"industry": "branch"}}})
    assert list(taken.kept["accounts"]["industry"]) == ["shops", "vans"]


def test_values_are_mapped_and_others_stay(take, accounts):
    taken = take(
        {"accounts.csv": accounts.replace("mid", "M")},
        {"accounts": {"columns": {"size": {"column": "size", "values": {"M": "mid"}}}}},
    )
    assert list(taken.kept["accounts"]["size"]) == ["mid", "small"]


def test_values_that_are_numbers_are_mapped(take, accounts):
    taken = take(
        {"accounts.csv": accounts.replace("mid", "2").replace("small", "1")},
        {"accounts": {"columns": {"size": {"column": "size", "values": {1: "small", 2: "mid"}}}}},
    )
    assert list(taken.kept["accounts"]["size"]) == ["mid", "small"]


def test_values_that_are_truths_are_mapped(take, accounts):
    taken = take(
        {"accounts.csv": accounts.replace("mid", "true").replace("small", "false")},
        {
            "accounts": {
                "columns": {"size": {"column": "size", "values": {True: "enterprise", False: "small"}}}
            }
        },
    )
    assert list(taken.kept["accounts"]["size"]) == ["enterprise", "small"]


def test_a_value_may_be_mapped_to_nothing(take):
    rows = "account_id,name,size,industry,csm\nA1,Kita,mid,retail,n/a\nA2,Minami,small,logistics,csm-1\n"
    taken = take(
        {"accounts.csv": rows},
        {"accounts": {"columns": {"csm": {"column": "csm", "values": {"n/a": None}}}}},
    )
    assert taken.kept["accounts"]["csm"].isna().tolist() == [True, False]


def test_a_constant_stands_in_every_row(take):
    taken = take(tables={"accounts": {"columns": {"touch_model": {"constant": "low"}}}})
    assert list(taken.kept["accounts"]["touch_model"]) == ["low", "low"]


def test_a_constant_with_a_quote_is_kept(take):
    taken = take(tables={"accounts": {"columns": {"csm": {"constant": "O'Neil"}}}})
    assert list(taken.kept["accounts"]["csm"]) == ["O'Neil", "O'Neil"]


def test_a_column_may_be_an_expression(take):
    taken = take(tables={"contracts": {"columns": {"mrr": {"sql": "mrr * 12"}}}})
    assert list(taken.kept["contracts"]["mrr"]) == [1200.0, 2400.0]


def test_a_table_may_be_a_query_over_the_files(take):
    log = "contract,at\nC1,2026-05-01 10:00:00\nC2,2026-05-02 10:00:00\n"
    query = "select l.at as occurred_at, c.account_id, c.product, 'reply' as event from log l join contracts c on l.contract = c.contract_id"
    taken = take({"log.csv": log}, {"usage": {"sql": query}})
    assert sorted(taken.kept["usage"]["account_id"]) == ["A1", "A2"]


def test_a_filter_leaves_rows_out_before_they_are_checked(take):
    taken = take(tables={"contracts": {"where": "mrr > 150"}})
    assert (taken.rows_read["contracts"], taken.rows_kept["contracts"]) == (2, 1)
    assert list(taken.kept["contracts"]["contract_id"]) == ["C2"]


def test_the_row_of_an_example_is_the_row_of_the_source_also_after_a_filter(take, contracts):
    taken = take(
        {"contracts.csv": contracts.replace("2026-08-15,200", "2026-08-15,much")},
        {"contracts": {"where": "contract_id <> 'C1' or account_id = 'A1'"}},
    )
    assert taken.findings[0].examples == ((2, "C2", "much"),)


def test_a_column_that_was_not_given_is_empty(take):
    assert take().kept["accounts"]["motivation"].isna().all()


def test_a_missing_column_is_named_with_what_the_source_has(take, accounts):
    with pytest.raises(SourceError) as caught:
        take({"accounts.csv": accounts.replace("account_id", "key")})
    assert (caught.value.table, caught.value.column) == ("accounts", "account_id")
    assert "The source has: key, name, size, industry" in str(caught.value)


def test_a_column_mapped_to_what_the_source_does_not_have_is_named_with_what_was_meant(take):
    with pytest.raises(SourceError, match="Did you mean 'industry'") as caught:
        take(tables={"accounts": {"columns": {"name": "industrie"}}})
    assert caught.value.column == "name"
    assert "'industrie'" in caught.value.problem


def test_a_filter_that_cannot_run_is_named(take):
    with pytest.raises(SourceError, match=r"table 'accounts': the query or filter cannot run.*\"seats\""):
        take(tables={"accounts": {"where": "seats > 3"}})


def test_an_expression_that_cannot_run_is_named(take):
    with pytest.raises(SourceError, match=r"table 'accounts': the mapping cannot run.*\"seats\""):
        take(tables={"accounts": {"columns": {"csm": {"sql": "seats + 1"}}}})


def test_an_expression_that_fails_on_a_row_is_named(take):
    with pytest.raises(SourceError, match="table 'accounts': the rows cannot be read"):
        take(tables={"accounts": {"columns": {"motivation": {"sql": "cast(name as integer)"}}}})


@pytest.mark.parametrize("table", ["accounts", "contracts"])
def test_a_table_without_rows_stops_the_snapshot(take, accounts, contracts, table):
    head = {"accounts": accounts, "contracts": contracts}[table].splitlines()[0] + "\n"
    with pytest.raises(ContractError) as caught:
        take({f"{table}.csv": head})
    assert any(f"table '{table}' has no rows" in failure for failure in caught.value.failures)


def test_an_optional_table_without_rows_is_told_it_may_be_left_out(take):
    with pytest.raises(ContractError, match="leave it out of the sources file"):
        take({"usage.csv": USAGE}, {"usage": {}})


def test_a_table_whose_rows_are_all_refused_says_for_what(take, accounts):
    tickets = "ticket_id,account_id,product,opened_at\nT1,A1,helpdesk,soon\nT2,A2,helpdesk,later\n"
    with pytest.raises(ContractError) as caught:
        take({"tickets.csv": tickets}, {"tickets": {}})
    first = caught.value.failures[0]
    assert "table 'tickets': all 2 rows were refused" in first
    assert "column 'opened_at', rule wrong_type (time; another way of writing is said by 'format'" in first
    assert "row 1, key T1, value 'soon'" in first


def test_two_currencies_in_one_product_stop_the_snapshot(take, contracts):
    with pytest.raises(ContractError, match="'helpdesk' is paid in JPY, USD"):
        take({"contracts.csv": contracts.replace("200,JPY", "200,USD")})


def test_a_product_file_that_names_its_currency_may_have_several(take, contracts):
    declared = load_product(PRODUCTS / "helpdesk.yml")
    declared = declared.model_copy(update={"revenue": RevenueRules(currency="JPY")})
    taken = take({"contracts.csv": contracts.replace("200,JPY", "200,USD")}, products={"helpdesk": declared})
    assert list(taken.kept["contracts"]["currency"]) == ["JPY", "USD"]


def test_two_products_may_have_a_currency_each(take, contracts):
    taken = take(
        {"contracts.csv": contracts.replace("A2,helpdesk", "A2,expense_desk").replace("200,JPY", "200,USD")}
    )
    assert list(taken.kept["contracts"]["currency"]) == ["JPY", "USD"]


def test_a_refused_row_is_kept_aside_with_its_rules_and_its_values_as_they_were(take, contracts):
    taken = take({"contracts.csv": contracts + "C3,A9,helpdesk,soon,,-1,JPY\n"})
    row = taken.rejected["contracts"].iloc[0]
    assert row["source_row"] == 3
    assert set(row["rules"].split()) == {"started_on:wrong_type", "mrr:out_of_range", "account_id:orphan"}
    assert (row["started_on"], row["account_id"]) == ("soon", "A9")


def test_what_belongs_to_a_refused_row_is_refused_too(take, accounts):
    taken = take({"accounts.csv": accounts.replace("A2,", ",")})
    assert taken.counts() == {
        ("accounts", "account_id", "missing_value"): 1,
        ("contracts", "account_id", "orphan"): 1,
    }


def test_at_most_ten_rows_are_kept_as_examples(take):
    rows = "".join(f"A9,helpdesk,2026-05-{i:02} 10:00:00,reply\n" for i in range(1, 26))
    taken = take({"usage.csv": USAGE + "A1,helpdesk,2026-05-01 10:00:00,reply\n" + rows}, {"usage": {}})
    orphans = next(f for f in taken.findings if f.rule == "orphan")
    assert orphans.count == 25
    assert [row for row, _, _ in orphans.examples] == list(range(2, 12))


def test_the_last_day_is_the_one_that_the_sources_file_names(take):
    assert take(as_of="2026-06-30").as_of == date(2026, 6, 30)


def test_without_one_it_is_the_latest_dated_row_that_is_not_in_the_future(take):
    usage = USAGE + "A1,helpdesk,2026-05-01 10:00:00,reply\nA1,helpdesk,2027-05-01 10:00:00,reply\n"
    taken = take({"usage.csv": usage}, {"usage": {}}, as_of=None, today=date(2026, 12, 31))
    assert taken.as_of == date(2026, 5, 1)
    assert taken.counts() == {("usage", "occurred_at", "after_as_of"): 1}


cells = st.sampled_from(
    ["A1", "A2", "A9", "", "mid", "2026-05-01", "2099-01-01", "-1", "5", "x", "0", "helpdesk"]
)


@st.composite
def corrupted(draw, columns, good):
    """CSV rows: the good one first, then copies of it of which some cells are anything."""
    rows = [good]
    for _ in range(draw(st.integers(0, 20))):
        row = list(good)
        for place in draw(st.lists(st.integers(0, len(good) - 1), max_size=3)):
            row[place] = draw(cells)
        rows.append(tuple(row))
    return "\n".join(",".join(row) for row in [columns, *rows]) + "\n"


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    accounts=corrupted(
        ("account_id", "name", "size", "industry", "motivation"), ("A1", "Kita", "mid", "retail", "5")
    ),
    contracts=corrupted(
        ("contract_id", "account_id", "product", "started_on", "mrr"),
        ("C1", "A1", "helpdesk", "2026-01-01", "100"),
    ),
    usage=corrupted(
        ("usage_id", "account_id", "product", "occurred_at", "event", "quantity"),
        ("E1", "A1", "helpdesk", "2026-05-01", "reply", "1"),
    ),
)
def test_the_books_balance_whatever_the_tables_hold(take, accounts, contracts, usage):
    files = {"accounts.csv": accounts, "contracts.csv": contracts, "usage.csv": usage}
    one = {"columns": {"currency": {"constant": "JPY"}}}  # two would stop the snapshot
    taken = take(files, {"contracts": one, "usage": {}})
    for name, text in (("accounts", accounts), ("contracts", contracts), ("usage", usage)):
        assert taken.rows_read[name] == len(text.splitlines()) - 1
        refused = taken.rejected.get(name, pd.DataFrame(columns=["source_row", "rules"]))
        assert taken.rows_read[name] == taken.rows_kept[name] + len(refused)
        assert taken.rows_kept[name] == len(taken.kept[name])
        assert not set(taken.kept[name]["source_row"]) & set(refused["source_row"])
        assert (refused["rules"].str.len() > 0).all()
    assert set(taken.kept["contracts"]["account_id"]) <= set(taken.kept["accounts"]["account_id"])
    assert taken.kept["accounts"]["account_id"].is_unique

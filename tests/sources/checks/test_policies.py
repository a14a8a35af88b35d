"""What a company says becomes of rows that break a rule, for every rule and every policy it may have."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_helpers.contract.policies import PAST_KEEP_UNTIL, RULES, allowed
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ContractError
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.intake import take_in
from cs_helpers.sources.sources_file import load_sources

PRODUCTS = Path(__file__).resolve().parents[3] / "data" / "products"
GOOD = {
    "accounts": (
        "account_id,name,size,industry,motivation,touch_model,churned\n"
        "A1,Kita,mid,retail,5,low,false\n"
        "A2,Minami,small,logistics,4,high,false\n"
        "A3,Higashi,mid,retail,3,tech,false\n"
        "A4,Nishi,mid,retail,3,tech,false\n"
    ),
    "contracts": (
        "contract_id,account_id,product,started_on,ended_on,mrr,currency\n"
        "C1,A1,helpdesk,2026-01-01,,100,JPY\n"
        "C2,A2,helpdesk,2026-02-01,2026-08-31,200,JPY\n"
        "C3,A3,helpdesk,2026-03-01,,300,JPY\n"
    ),
    "usage": (
        "usage_id,account_id,product,user_id,occurred_at,event,quantity\n"
        "E1,A1,helpdesk,U1,2026-05-01 10:00:00,reply,10\n"
        "E2,A2,helpdesk,U2,2026-05-02 10:00:00,reply,20\n"
        "E3,A3,helpdesk,U3,2026-05-03 10:00:00,reply,30\n"
    ),
    "tickets": (
        "ticket_id,account_id,product,opened_at,closed_at,kind,answered_at\n"
        "T1,A1,helpdesk,2026-05-01 10:00:00,,how_to,2026-05-01 12:00:00\n"
        "T2,A2,helpdesk,2026-05-02 10:00:00,2026-05-03 10:00:00,how_to,\n"
    ),
    "touches": (
        "account_id,product,occurred_at,kind\n"
        "A1,helpdesk,2026-05-01 10:00:00,meeting\nA3,helpdesk,2026-09-01 10:00:00,mail\n"
    ),
    "interviews": (
        "interview_id,account_id,product,held_on\nI1,A1,helpdesk,2026-05-01\nI2,A2,helpdesk,2026-05-02\n"
    ),
    "notes": "note_id,interview_id,evidence,text\nN1,I1,words,slow\nN2,I2,words,fast\n",
    "handovers": (
        "account_id,product,handed_over_on,deadline\n"
        "A1,helpdesk,2025-12-20,2026-06-30\nA3,helpdesk,2026-02-20,\n"
    ),
    "requests": (
        "request_id,product,status,raised_on,decided_on,released_on\n"
        "R1,helpdesk,released,2026-03-02,2026-04-20,2026-07-15\nR2,helpdesk,open,2026-05-02,,\n"
    ),
    "request_accounts": (
        "account_id,product,request_id,asked_on,told_on\n"
        "A1,helpdesk,R1,2026-02-24,2026-07-20\nA3,helpdesk,R2,2026-05-01,\n"
    ),
    "staff": "person,product,joined_on,left_on\nP1,helpdesk,2024-04-01,2026-03-31\nP2,helpdesk,2024-04-01,\n",
    "training_records": (
        "person,product,training,assigned_on,completed_on\n"
        "P1,helpdesk,kickoff_design,2026-02-01,2026-03-01\nP2,helpdesk,kickoff_design,2026-02-01,\n"
    ),
}


@dataclass(frozen=True)
class Defect:
    """A row that breaks one rule: what becomes of a text of `GOOD`, and the key of that row.

    customers: what the product file says of them. ends: how the sources file reads the end of a contract.
    """

    table: str
    column: str
    key: str
    old: str
    new: str
    extra_tables: tuple[str, ...] = field(default=())
    customers: dict[str, str] = field(default_factory=lambda: {"zero_mrr": "customer"})
    ends: str | None = None
    where: str | None = None


#: rule -> a defect; in `usage` they are reduced, not kept, and stand apart
DEFECTS = {
    "wrong_type": Defect("accounts", "motivation", "A2", ",4,", ",high,"),
    "missing_value": Defect("contracts", "currency", "C2", "200,JPY", "200,"),
    "not_allowed": Defect("accounts", "touch_model", "A2", "high", "medium"),
    "out_of_range": Defect("accounts", "motivation", "A2", ",4,", ",9,"),
    "label_unknown": Defect("accounts", "touch_model", "A2", "high", "N/A"),
    "duplicate_key": Defect("tickets", "ticket_id", "T1", "T2,A2", "T1,A2"),
    "orphan": Defect("contracts", "account_id", "C2", "C2,A2", "C2,A9"),
    "after_as_of": Defect("contracts", "started_on", "C2", "2026-02-01,2026-08-31", "2026-12-01,"),
    "ends_before_start": Defect("contracts", "ended_on", "C2", "2026-08-31", "2025-08-31"),
    "mrr_zero": Defect("contracts", "mrr", "C2", ",200,", ",0,"),
    "never_ran": Defect("contracts", "ended_on", "C2", "2026-02-01,2026-08-31", "2026-02-01,2026-02-01", ends="day_after"),
    "not_a_customer": Defect("contracts", "mrr", "C2", ",200,", ",0,", customers={"zero_mrr": "not_customer"}),
    "term_without_end": Defect("contracts", "ended_on", "C1", "", "", customers={"amount_per": "term"}, ends="last_day"),
    "last_day_contradicted": Defect("contracts", "ended_on", "C1", "2026-01-01,,", "2026-01-01,2026-07-31,", ends="day_after"),
    "ended_but_continued": Defect("contracts", "ended_how", "C1", "2026-01-01,,", "2026-01-01,2026-07-31,"),
    "overlapping_contracts": Defect("contracts", "started_on", "C2", "C2,A2", "C2,A1"),
    "without_contract": Defect("tickets", "opened_at", "T2", "T2,A2", "T2,A4"),
    "before_contract": Defect("tickets", "opened_at", "T2", "2026-05-02", "2026-01-31"),
    "after_contract": Defect("tickets", "opened_at", "T2", "2026-05-02 10:00:00,2026-05-03 10", "2026-09-02 10:00:00,2026-09-03 10"),
    "answered_before_opened": Defect("tickets", "answered_at", "T1", "2026-05-01 12", "2026-05-01 09"),
    "closed_before_opened": Defect("tickets", "closed_at", "T2", "2026-05-03", "2026-05-01"),
    "decided_before_raised": Defect("requests", "decided_on", "R1", "2026-04-20", "2026-02-20"),
    "released_before_raised": Defect("requests", "released_on", "R1", "2026-07-15", "2026-02-15"),
    "released_before_decided": Defect("requests", "released_on", "R1", "2026-07-15", "2026-04-15"),
    "status_disagrees": Defect("requests", "status", "R1", "released,2026-03-02", "open,2026-03-02"),
    "deadline_before_handover": Defect("handovers", "deadline", "A1", "2026-06-30", "2025-06-30"),
    "day_ahead": Defect("requests", "released_on", "R1", "2026-07-15", "2027-07-15"),
    "product_without_contracts": Defect("touches", "product", "A3", "A3,helpdesk", "A3,helpdsk"),
    "told_before_asked": Defect("request_accounts", "told_on", "A1", "2026-07-20", "2026-02-20", ("requests",)),
    "other_product": Defect("request_accounts", "request_id", "A1", "A1,helpdesk,R1", "A1,expense_desk,R1", ("requests",)),
    "left_before_joined": Defect("staff", "left_on", "helpdesk P1", "2026-03-31", "2024-03-31"),
    "completed_before_assigned": Defect("training_records", "completed_on", "P1", "2026-03-01", "2026-01-01"),
    "churn_flag_disagrees": Defect("accounts", "churned", "A2", "high,false", "high,true", ("touches",)),
    "churned_but_running": Defect("accounts", "churned", "A3", "tech,false", "tech,true"),
    "without_notes": Defect("interviews", "interview_id", "I2", "", "", ("notes",)),
    "filter_unknown": Defect("accounts", "", "A2", "4,high", "4,", where="touch_model <> 'test'"),
    "total_row": Defect("tickets", "", "Total", "T2,A2,helpdesk,2026-05-02 10:00:00,2026-05-03 10:00:00", "Total,,,,"),
    "identical_rows": Defect("touches", "", "A1", "A3,helpdesk,2026-09-01 10:00:00,mail", "A1,helpdesk,2026-05-01 10:00:00,meeting"),
    "differ_in_case": Defect("touches", "kind", "Meeting | meeting", "10:00:00,mail\n", "10:00:00,meeting\nA2,helpdesk,2026-09-02 10:00:00,Meeting\n"),
}  # fmt: skip
#: rules on what was coded in the notebook, which `test_notebook_codings` tries
IN_THE_NOTEBOOK = ("coded_again", "line_unreadable", "note_changed")
IN_USAGE = {
    "wrong_type": Defect("usage", "quantity", "E2", "reply,20", "reply,much"),
    "out_of_range": Defect("usage", "quantity", "E2", "reply,20", "reply,-20"),
    "missing_value": Defect("usage", "event", "E2", "reply,20", ",20"),
    "duplicate_key": Defect("usage", "usage_id", "E1", "E2,A2", "E1,A2"),
    "orphan": Defect("usage", "account_id", "E2", "E2,A2", "E2,A9"),
    "after_as_of": Defect("usage", "occurred_at", "E2", "2026-05-02", "2026-10-02"),
    "without_contract": Defect("usage", "occurred_at", "E2", "E2,A2", "E2,A4"),
    "before_contract": Defect("usage", "occurred_at", "E2", "2026-05-02", "2026-01-31"),
    "after_contract": Defect("usage", "occurred_at", "E2", "2026-05-02", "2026-09-02"),
}


def written(folder, tables, policies, **more):
    """A sources file over tables (name -> CSV) that lie in `folder`."""
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    sources_content = {
        "as_of": date(2026, 9, 30),
        "policies": dict(policies),
        "files": {name: f"{name}.csv" for name in tables},
        "tables": {name: {"from": name, **more.get(name, {})} for name in tables},
    }
    (folder / "sources.yml").write_text(yaml.safe_dump(sources_content, sort_keys=False), encoding="utf-8")
    return folder / "sources.yml"


@pytest.fixture
def taken(tmp_path):
    """A snapshot of tables (name -> CSV) under policies."""

    def run(tables, policies, defect=None):
        (tmp_path / "snapshots").mkdir(exist_ok=True)
        columns = said_of(tmp_path, defect or Defect("", "", "", "", ""))
        return take_snapshot(
            written(
                tmp_path, tables, policies, contracts={"columns": columns},
                **({defect.table: {"where": defect.where}} if defect and defect.where else {}),
            ),
            folder=tmp_path / "snapshots", products=tmp_path / "products", today=date(2026, 12, 31),
        )  # fmt: skip

    return run


def said_of(folder, defect):
    """The product files, with what `defect` says of helpdesk's customers, and the columns of contracts."""
    products = folder / "products"
    products.mkdir(exist_ok=True)
    for file in PRODUCTS.glob("*.yml"):
        text = file.read_text(encoding="utf-8")
        more = {"customers": defect.customers} if file.stem == "helpdesk" else {}
        (products / file.name).write_text(text + yaml.safe_dump(more) if more else text, encoding="utf-8")
    return {
        "ended_on": {"column": "ended_on"} | ({"means": defect.ends} if defect.ends else {}),
        "ended_how": {"constant": "cancelled"},
    }


def planted(defect, *other_tables):
    """The two required tables and those that the defect needs, with the defect in its table."""
    tables = {name: GOOD[name] for name in ("accounts", "contracts", *other_tables, *defect.extra_tables)}
    text = GOOD[defect.table]
    assert defect.old in text
    tables[defect.table] = text.replace(defect.old, defect.new, 1)
    if defect.table == "contracts" and "07-31" in defect.new:  # the account's next contract follows
        tables["contracts"] += "C4,A1,helpdesk,2026-08-01,,100,JPY\n"
    if defect.customers.get("amount_per") == "term":
        tables["contracts"] = text.replace("2026-03-01,,", "2026-03-01,2026-12-31,")
    if defect.extra_tables == ("notes",):
        tables["notes"] = GOOD["notes"].replace("N2,I2", "N2,I1")
    return {name: tables[name] for name in TABLES if name in tables}


def kept(snapshot, table):
    """What of a table was frozen."""
    return duckdb.sql(f"from read_parquet('{snapshot.folder}/{table}/**/*.parquet', union_by_name=true)").df()


def refused(snapshot, table):
    """What of a table was refused, as it was written."""
    file = snapshot.folder / "rejected" / f"{table}.csv"
    return pd.read_csv(file, dtype=str, keep_default_na=False) if file.exists() else pd.DataFrame()


def stopped(folder, call, defect, rule):
    """That the rule stopped the snapshot by name, and that none was taken."""
    with pytest.raises(ContractError) as caught:
        call()
    line = next(f for f in caught.value.failures if f"break the rule {rule}, whose policy is stop" in f)
    column = f", column '{defect.column}'" if defect.column else ""
    assert f"table '{defect.table}'{column}: 1 rows" in line
    assert f"key {defect.key}, value" in line
    assert {p.name for p in (folder / "snapshots").iterdir() if not p.name.startswith(".")} == set()


def cells(table, defect):
    """The cells of the broken row as they were written, by their column: the last that has its key."""
    frame = pd.read_csv(io.StringIO(table), dtype=str, keep_default_na=False)
    named_by = [c for c in TABLES[defect.table].named_by if c in frame] or [frame.columns[0]]
    return frame[frame[named_by].agg(" ".join, axis=1) == defect.key].iloc[-1].to_dict()


def test_every_rule_is_tried():
    # of a row whose last day is over no key may be told: tests/snapshot/test_retention.py
    assert {*DEFECTS, *IN_THE_NOTEBOOK, PAST_KEEP_UNTIL} == set(RULES)


@pytest.mark.parametrize(("rule", "policy"), [(rule, policy) for rule in DEFECTS for policy in RULES[rule]])
def test_a_rule_does_to_its_rows_what_is_said(taken, tmp_path, rule, policy):
    defect = DEFECTS[rule]
    tables = planted(defect)
    if policy == "stop":
        stopped(tmp_path, lambda: taken(tables, {rule: "stop"}, defect), defect, rule)
        return
    snapshot = taken(tables, {rule: policy}, defect)
    finding = next(f for f in snapshot.findings if f.rule == rule and f.table == defect.table)
    assert (finding.column, finding.policy, finding.count) == (defect.column, policy, 1)
    assert finding.examples[0][1] == defect.key
    rows, out = kept(snapshot, defect.table), refused(snapshot, defect.table)
    remaining = rows[
        rows[list(TABLES[defect.table].named_by)].astype("str").agg(" ".join, axis=1) == defect.key
    ]
    if policy == "reject":
        assert len(remaining) == (1 if rule in ("duplicate_key", "identical_rows") else 0)
        label = f"{defect.column or defect.table}:{rule}"
        row = out[out["rules"].str.split().map(lambda rules: label in rules)].iloc[0]
        assert {c: row[c] for c in cells(tables[defect.table], defect)} == cells(tables[defect.table], defect)
        return
    if rule == "total_row":  # what it lacks refuses it then
        assert "account_id:missing_value" in out["rules"].iloc[0].split()
        return
    assert out.empty
    if rule == "differ_in_case":
        assert sorted(rows[defect.column].value_counts()) == [1, 2]
        return
    assert len(remaining) == (2 if rule == "identical_rows" else 1)
    if defect.column:
        assert remaining[defect.column].isna().all() == (
            rule in ("wrong_type", "not_allowed", "out_of_range", "label_unknown")
        )


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("rule", "policy"),
    [(rule, policy) for rule, d in IN_USAGE.items() for policy in allowed("usage", d.column, rule)],
)
def test_a_rule_does_to_rows_of_usage_what_is_said(taken, tmp_path, rule, policy):
    defect = IN_USAGE[rule]
    tables = planted(defect, "usage")
    if policy == "stop":
        stopped(tmp_path, lambda: taken(tables, {f"usage.{rule}": "stop"}), defect, rule)
        return
    snapshot = taken(tables, {f"usage.{rule}": policy})
    finding = next(f for f in snapshot.findings if f.rule == rule and f.table == "usage")
    assert (finding.column, finding.policy, finding.count) == (defect.column, policy, 1)
    assert finding.examples[0][1] == defect.key
    manifest, out = snapshot.manifest, refused(snapshot, "usage")
    daily = kept(snapshot, "usage_daily")
    assert manifest["rows_read"]["usage"] == 3
    if policy == "reject":
        assert manifest["rows_kept"]["usage"] == 2
        assert out["rules"].str.split().explode().tolist().count(f"{defect.column}:{rule}") == 1
        assert {c: out.iloc[0][c] for c in cells(tables["usage"], defect)} == cells(tables["usage"], defect)
        # of two rows of one key the second is refused
        assert sorted(daily["quantity"]) == [10.0, 30.0]
        assert sorted(daily["account_id"]) == ["A1", "A3"]
        return
    assert manifest["rows_kept"]["usage"] == 3
    assert out.empty
    # without its quantity a row counts as one
    remaining = 1.0 if rule in ("wrong_type", "out_of_range") else 20.0
    assert sorted(daily["quantity"]) == sorted([10.0, remaining, 30.0])


@pytest.mark.parametrize(
    ("policies", "policy"),
    [
        ({}, "warn"),
        ({"mrr_zero": "reject"}, "reject"),
        ({"mrr_zero": "stop", "contracts.mrr_zero": "reject"}, "reject"),
        ({"mrr_zero": "stop", "contracts.mrr_zero": "reject", "contracts.mrr.mrr_zero": "warn"}, "warn"),
        ({"contracts.mrr.mrr_zero": "reject", "mrr_zero": "warn", "contracts.mrr_zero": "warn"}, "reject"),
        ({"mrr_zero": "warn", "contracts.mrr_zero": "stop"}, "stop"),
    ],
)
def test_the_most_particular_word_counts(taken, tmp_path, policies, policy):
    defect = DEFECTS["mrr_zero"]
    tables = planted(defect)
    if policy == "stop":
        stopped(tmp_path, lambda: taken(tables, policies), defect, "mrr_zero")
        return
    snapshot = taken(tables, policies)
    assert [(f.rule, f.policy) for f in snapshot.findings] == [("mrr_zero", policy)]
    assert ("C2" in set(kept(snapshot, "contracts")["contract_id"])) == (policy == "warn")


def test_a_rule_may_do_one_thing_in_a_table_and_another_in_the_next(taken):
    tables = planted(DEFECTS["before_contract"]) | {
        "usage": planted(IN_USAGE["before_contract"], "usage")["usage"]
    }
    sources_content = {
        "before_contract": "stop",
        "usage.before_contract": "warn",
        "tickets.opened_at.before_contract": "reject",
    }
    snapshot = taken({name: tables[name] for name in TABLES if name in tables}, sources_content)
    assert {(f.table, f.policy) for f in snapshot.findings} == {("usage", "warn"), ("tickets", "reject")}
    assert snapshot.manifest["rows_kept"]["usage"] == 3
    assert snapshot.manifest["rows_kept"]["tickets"] == 1


@pytest.mark.parametrize("named", [False, True], ids=["by account", "by contract"])
def test_users_are_counted_without_what_lies_before_their_contract(taken, named):
    rows = [
        ("U1", "2026-02-05 09:00"), ("U1", "2026-02-05 10:00"), ("U2", "2026-02-05 11:00"),  # inside
        ("U3", "2026-02-05 12:00"), ("U3", "2026-01-31 12:00"), ("U4", "2026-01-31 23:59"),
        ("U1", "2026-01-31 09:00"), ("U2", "2026-02-01 00:00"), ("", "2026-02-05 13:00"),
    ]  # fmt: skip
    contract = "C2" if named else ""
    usage = "account_id,product,user_id,occurred_at,event,quantity,contract_id\n" + "".join(
        f"A2,helpdesk,{user},{at},{'reply' if i % 2 else 'call'},2,{contract}\n"
        for i, (user, at) in enumerate(rows)
    )
    tables = {"accounts": GOOD["accounts"], "contracts": GOOD["contracts"], "usage": usage}
    snapshot = taken(tables, {"usage.before_contract": "reject"})
    assert snapshot.manifest["rows_kept"]["usage"] == 6
    assert list(refused(snapshot, "usage")["user_id"]) == ["U3", "U4", "U1"]
    active = kept(snapshot, "active_daily").sort_values("day")
    assert [str(d)[:10] for d in active["day"]] == ["2026-02-01", "2026-02-05"]
    assert list(active["users"]) == [1, 3]
    assert list(active["events"]) == [1, 5]
    assert list(active["quantity"]) == [2.0, 10.0]
    monthly = kept(snapshot, "usage_monthly").set_index(["month", "event"])
    assert set(monthly.index.get_level_values("month")) == {pd.Timestamp("2026-02-01")}
    assert monthly[monthly.index.get_level_values("event").isna()]["users"].tolist() == [3]
    assert snapshot.manifest["first_day"] == "2026-02-01"


def test_a_policy_that_changes_changes_what_was_reduced_before(taken):
    tables = planted(IN_USAGE["before_contract"], "usage")
    counts = [
        taken(tables, policies).manifest["rows_kept"]["usage"]
        for policies in ({}, {"usage.before_contract": "reject"}, {})
    ]
    assert counts == [3, 2, 3]


COLUMNS = {
    "accounts": ("account_id", "name", "size", "industry", "motivation", "touch_model", "churned"),
    "contracts": ("contract_id", "account_id", "product", "started_on", "ended_on", "mrr", "currency"),
    "usage": ("usage_id", "account_id", "product", "user_id", "occurred_at", "event", "quantity"),
}
CELLS = (
    "",
    "A1",
    "A2",
    "A9",
    "C1",
    "E1",
    "mid",
    "low",
    "2026-02-01",
    "2099-01-01",
    "01/02/2026",
    "-1",
    "0",
    "5",
    "x",
    "true",
)


@st.composite
def dirty(draw, table):
    """The rows of `GOOD`, and copies of them of which some cells are anything."""
    good = [line.split(",") for line in GOOD[table].splitlines()[1:]]
    rows = [list(row) for row in good]
    for _ in range(draw(st.integers(0, 8))):
        row = list(draw(st.sampled_from(good)))
        for place in draw(st.lists(st.integers(0, len(row) - 1), max_size=3)):
            row[place] = draw(st.sampled_from(CELLS))
        rows.append(row)
    return rows


@st.composite
def spoken(draw):
    """Policies for rules, rules of a table and rules of a column."""
    policies = {}
    for rule in draw(st.lists(st.sampled_from(sorted(RULES)), max_size=6, unique=True)):
        table = draw(st.sampled_from(["", *COLUMNS]))
        policies[f"{table}.{rule}" if table else rule] = draw(st.sampled_from(RULES[rule]))
    for name in draw(st.lists(st.sampled_from(["quantity", "user_id", "usage_id"]), max_size=2, unique=True)):
        rule = {"quantity": "out_of_range", "user_id": "wrong_type", "usage_id": "duplicate_key"}[name]
        policies[f"usage.{name}.{rule}"] = draw(st.sampled_from(allowed("usage", name, rule)))
    return policies


@pytest.mark.thorough
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(accounts=dirty("accounts"), contracts=dirty("contracts"), usage=dirty("usage"), policies=spoken())
def test_the_books_balance_and_refused_rows_are_whole_under_any_policies(
    tmp_path, accounts, contracts, usage, policies
):
    rows = {"accounts": accounts, "contracts": contracts, "usage": usage}
    tables = {
        name: "\n".join(",".join(row) for row in [COLUMNS[name], *lines]) + "\n"
        for name, lines in rows.items()
    }
    (tmp_path / "scratch").mkdir(exist_ok=True)
    sources = load_sources(
        written(tmp_path, tables, policies, contracts={"columns": {"currency": {"constant": "JPY"}}})
    )
    with open_engines(sources, tmp_path, tmp_path / "scratch") as engines:
        intake = take_in(engines, sources, today=date(2026, 12, 31), reductions=tmp_path / "reduced")
        for name, lines in rows.items():
            read, remaining = intake.rows_read[name], intake.rows_kept[name]
            out = (
                intake.rejected[name].execute()
                if name in intake.rejected
                else pd.DataFrame(columns=["source_row", "rules"])
            )
            assert (read, remaining + len(out)) == (len(lines), len(lines))
            assert out["source_row"].is_unique
            assert (out["rules"].str.len() > 0).all()
            for row in out.to_dict("records"):
                cells = dict(zip(COLUMNS[name], lines[row["source_row"] - 1], strict=True))
                cells.pop("currency", None)  # a constant
                assert {c: "" if pd.isna(row[c]) else row[c] for c in cells} == cells
            if name in intake.kept:
                stayed = intake.kept[name].execute()
                assert len(stayed) == remaining
                assert set(stayed["source_row"]) | set(out["source_row"]) == set(range(1, read + 1))
        refused_by = {
            f"{f.column}:{f.rule}"
            for f in intake.findings
            if f.table == "usage" and f.policy != "warn" and f.rule != "would_match"
        }
        labels = (
            intake.rejected["usage"].execute()["rules"]
            if "usage" in intake.rejected
            else pd.Series(dtype=str)
        )
        assert set(labels.str.split().explode().dropna()) == refused_by
        if intake.usage is not None:
            counted = intake.usage.table("active_daily").execute()["events"]
            assert counted.sum() == intake.rows_kept["usage"]

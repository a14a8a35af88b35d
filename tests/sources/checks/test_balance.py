"""Rows read = rows kept + rows refused + rows filtered out, and what a filter says of empty cells."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_helpers.contract.findings import Finding
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError
from cs_helpers.report.data_check import advice, data_check_page, describe, examples
from cs_helpers.snapshot.take import check_tables, take_snapshot
from cs_helpers.sources.checks import balance
from cs_helpers.sources.columns import map_table
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.intake import take_in
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.sources_file import load_sources
from cs_helpers.text import Text

ROOT = Path(__file__).resolve().parents[3]
PRODUCTS = ROOT / "data" / "products"
ACCOUNTS = "account_id,name,size,industry,status\n" + "".join(
    f"A{i},Company {i},mid,retail,{status}\n" for i, status in enumerate(["live", "", "test", ""], 1)
)
CONTRACTS = "contract_id,account_id,product,started_on,mrr,currency\n" + "".join(
    f"C{i},A{i},helpdesk,2024-01-01,100,JPY\n" for i in range(1, 5)
)


@dataclass(frozen=True)
class Books:
    """What was counted of each table, and the rows themselves by their numbers."""

    read: dict[str, int]
    kept: dict[str, int]
    filtered: dict[str, int]
    filters: dict[str, str]
    rows: dict[str, pd.DataFrame]
    rejected: dict[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    stops: tuple[str, ...]

    def rule(self, name):
        """The one finding of a rule."""
        return next(f for f in self.findings if f.rule == name)


@pytest.fixture
def books(tmp_path):
    """The books of tables: files (name -> CSV) and what the sources file says of each beside `from`."""

    def run(files=None, tables=None, **more):
        contents = {"accounts": ACCOUNTS, "contracts": CONTRACTS, **(files or {})}
        for name, text in contents.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        entries = {
            name: {"from": name, **(tables or {}).get(name, {})}
            for name in ("accounts", "contracts", *contents)
        }
        entries = {
            n: {k: v for k, v in t.items() if k != "from" or "sql" not in t} for n, t in entries.items()
        }
        content = {
            "as_of": date(2026, 9, 30), "files": {n: f"{n}.csv" for n in contents}, "tables": entries, **more
        }  # fmt: skip
        file = tmp_path / "sources.yml"
        file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
        (tmp_path / "scratch").mkdir(exist_ok=True)
        sources = load_sources(file)
        with open_engines(sources, tmp_path, tmp_path / "scratch") as engines:
            result = take_in(engines, sources, today=date(2026, 12, 31), reductions=tmp_path / "reduced")
            return Books(
                dict(result.rows_read), dict(result.rows_kept), dict(result.rows_filtered), dict(result.filters),
                {n: t.order_by("source_row").execute() for n, t in result.kept.items()},
                {n: t.order_by("source_row").execute() for n, t in result.rejected.items()},
                result.findings, tuple(s.sentence for s in result.stops),
            )  # fmt: skip

    return run


# --- filters -------------------------------------------------------------------------------------


def test_only_rows_for_which_the_filter_is_false_are_left_out_and_all_are_counted(books):
    result = books(tables={"accounts": {"where": "status <> 'test'"}})
    assert (result.read["accounts"], result.kept["accounts"], result.filtered["accounts"]) == (4, 3, 1)
    assert list(result.rows["accounts"].account_id) == ["A1", "A2", "A4"]
    assert result.filters == {"accounts": "status <> 'test'"}
    assert (result.read["contracts"], result.kept["contracts"], result.filtered["contracts"]) == (4, 3, 0)


def test_rows_of_which_the_filter_says_nothing_are_named_with_the_lines_to_write(books):
    unknown = books(tables={"accounts": {"where": "status <> 'test'"}}).rule("filter_unknown")
    assert (unknown.table, unknown.policy, unknown.count) == ("accounts", "warn", 2)
    assert unknown.examples == ((2, "A2", "status IS NULL"), (4, "A4", "status IS NULL"))
    assert unknown.write.splitlines()[0] == "where: status is distinct from 'test'"
    text = Text("en")
    assert describe(unknown, text) == (
        "Rows of accounts for which the filter (status <> 'test') says neither yes nor no, as a column that it names"
        " is empty, so that it does not leave them out: 2"
    )
    assert "'test'" not in describe(unknown, text, "leadership")


@pytest.fixture
def passing(tmp_path):
    """The accounts that pass a filter, how many it leaves out, and the finding where it says nothing of some."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "scratch").mkdir()

    def run(entries):
        table = {"from": "accounts", **(entries if isinstance(entries, dict) else {"where": entries})}
        content = {"files": {"accounts": "accounts.csv"}, "tables": {"accounts": table}}
        sources = Sources.model_validate(content)
        with open_engines(sources, tmp_path, tmp_path / "scratch") as engines:
            counted, filters, errors = balance.relax_filters(engines, sources)
            assert not errors
            rows = map_table(engines.files, counted, TABLES["accounts"]).execute()
            result = list(balance.filter_findings(filters, engines, sources, Policies()))
            return sorted(rows.account_id), filters["accounts"].excluded, next(iter(result), None)

    return run


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("status is distinct from 'test'", ["A1", "A2", "A4"]),
        ("(status <> 'test') is true", ["A1"]),
        ("(status = 'test') is not false", ["A2", "A3", "A4"]),
        ("coalesce(status, '') <> 'test'", ["A1", "A2", "A4"]),
    ],
)
def test_a_filter_that_looks_at_empty_cells_itself_leaves_no_question(passing, where, kept):
    assert passing(where) == (kept, 4 - len(kept), None)


@pytest.mark.parametrize(
    ("where", "write"),
    [
        ("status = 'live'", "where: (status = 'live') is not false"),
        ("status <> 'test' -- ours", "where: status is distinct from 'test'"),
        ("status > 'm' -- ours", "where: (status > 'm') is not false"),
        ("\"status\" <> 'it''s: #1'", "where: '\"status\" is distinct from ''it''''s: #1'''"),
        ("status not in ('a', 'test')", "where: (status not in ('a', 'test')) is not false"),
    ],
)
def test_the_lines_to_write_keep_or_leave_out_what_they_say(passing, where, write):
    kept, false, unknown = passing(where)
    keep, drop = unknown.write.splitlines()
    assert (keep, unknown.count) == (write, 2)
    assert passing(yaml.safe_load(keep)) == (kept, false, None)
    assert passing(yaml.safe_load(drop)) == ([a for a in kept if a not in ("A2", "A4")], false + 2, None)


def test_a_policy_may_stop_where_the_filter_says_nothing(books):
    entries = {"policies": {"accounts.filter_unknown": "stop"}}
    stops = books(tables={"accounts": {"where": "status <> 'test'"}}, **entries).stops
    assert any(
        "rule filter_unknown, whose policy is stop: row 2, key A2, value 'status IS NULL'" in s for s in stops
    )


def test_a_filter_that_no_row_passes_stops_with_its_text(books):
    stops = books(tables={"accounts": {"where": "size = 'huge'"}}).stops
    assert (
        "table 'accounts': its filter (size = 'huge') lets none of 4 rows pass; correct 'tables.accounts.where' of the"
        " sources file or take it out"
    ) in stops


def test_rows_that_are_all_filtered_or_refused_are_told_apart(books):
    bad = CONTRACTS.replace("2024-01-01", "x")
    stops = books({"contracts": bad}, {"contracts": {"where": "contract_id <> 'C1'"}}).stops
    assert any(
        s.startswith("table 'contracts': all 3 rows that its filter lets pass were refused") for s in stops
    )


@pytest.mark.parametrize("columns", ["account_id", "usage_id,account_id"])
def test_the_log_is_counted_whole_too(books, columns):
    names = columns.split(",")
    rows = [("A1", "live"), ("A1", ""), ("A9", "live"), ("A2", "test"), ("A2", "test"), ("", "live")]
    log = f"{columns},product,occurred_at,event,status\n" + "".join(
        ",".join(
            [
                *([f"E{i}"] if len(names) == 2 else []),
                account,
                "helpdesk",
                f"2026-05-0{i} 10:00:00",
                "reply",
                s,
            ]
        )
        + "\n"
        for i, (account, s) in enumerate(rows, 1)
    )
    result = books({"usage": log}, {"usage": {"where": "status <> 'test'"}})
    assert (result.read["usage"], result.kept["usage"], result.filtered["usage"]) == (6, 2, 2)
    assert list(result.rejected["usage"].source_row) == [3, 6]
    assert result.rule("filter_unknown").examples == ((2, "A1", "status IS NULL"),)


def test_a_log_without_a_row_that_passes_stops(books):
    log = "account_id,product,occurred_at,event\nA1,helpdesk,2026-05-01 10:00:00,reply\n"
    stops = books({"usage": log}, {"usage": {"where": "event = 'no'"}}).stops
    assert any("its filter (event = 'no') lets none of 1 rows pass" in s for s in stops)


def test_of_a_query_the_rows_of_the_query_are_read(books):
    entries = {"sql": "select * from accounts where account_id <> 'A4'", "where": "status <> 'test'"}
    result = books(tables={"accounts": entries})
    assert (result.read["accounts"], result.kept["accounts"], result.filtered["accounts"]) == (3, 2, 1)


def test_a_filter_that_fails_on_a_row_says_so_before_anything_is_counted(books):
    with pytest.raises(
        SourceError, match=r"table 'accounts': the query or filter cannot run.*tables.accounts.where"
    ):
        books(tables={"accounts": {"where": "cast(status as integer) > 3"}})


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_a_table_in_a_database_is_counted_whole_too(books, tmp_path, kind):
    frame = pd.read_csv(io.StringIO(ACCOUNTS))
    if kind == "duckdb":
        with duckdb.connect(str(tmp_path / "crm.duckdb")) as database:
            database.register("frame", frame)
            database.execute("create table customers as from frame")
        url = "crm.duckdb"
    else:
        with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as database:
            frame.to_sql("customers", database, index=False)
        url = f"sqlite://{tmp_path}/crm.sqlite"
    entries = {"in": "crm", "from": "customers", "where": "status <> 'test'"}
    result = books(tables={"accounts": entries}, databases={"crm": url})
    assert (result.read["accounts"], result.kept["accounts"], result.filtered["accounts"]) == (4, 3, 1)
    assert {key for _, key, _ in result.rule("filter_unknown").examples} == {"A2", "A4"}


CELLS = st.sampled_from(["A1", "A2", "", "live", "test", "2024-01-01", "x", "-5"])
FILTERS = {
    "status <> 'test'": lambda r: None if r["status"] == "" else r["status"] != "test",
    "status = 'live' and account_id <> 'A2'": lambda r: (
        False
        if r["status"] not in ("live", "") or r["account_id"] == "A2"
        else None
        if "" in (r["status"], r["account_id"])
        else True
    ),
    "status is null": lambda r: r["status"] == "",
    "account_id in ('A1', 'A2') or status = 'live'": lambda r: (
        True
        if r["account_id"] in ("A1", "A2") or r["status"] == "live"
        else None
        if "" in (r["account_id"], r["status"])
        else False
    ),
}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(*[CELLS] * 4), max_size=12),
    where=st.sampled_from(sorted(FILTERS)),
)
def test_the_books_balance_and_the_rows_kept_are_those_of_a_plain_reading(books, rows, where):
    """The oracle reads the same rows in Python: three-valued filter, then three rules."""
    rows = [("A1", "live", "2024-01-01", "5"), *rows]
    table = pd.DataFrame(rows, columns=["account_id", "status", "started_on", "mrr"])
    table.insert(0, "contract_id", [f"C{i}" for i in range(len(table))])
    result = books(
        {"contracts": table.to_csv(index=False)},
        {"contracts": {"where": where, "columns": {"product": {"constant": "helpdesk"}, "currency": {"constant": "JPY"}}}},
    )  # fmt: skip
    entries = table.apply(FILTERS[where], axis=1)
    passed = table[entries.map(lambda s: s is not False)]
    good = passed[
        passed.account_id.isin(["A1", "A2"]) & (passed.started_on == "2024-01-01") & passed.mrr.isin(["5"])
    ]
    out = result.rejected["contracts"]
    assert result.read["contracts"] == len(table)
    assert result.filtered["contracts"] == len(table) - len(passed)
    assert result.read["contracts"] == result.kept["contracts"] + len(out) + result.filtered["contracts"]
    assert list(result.rows["contracts"].contract_id) == list(good.contract_id)
    assert list(out.source_row) == [i + 1 for i in passed.index.difference(good.index)]
    unknown = [f for f in result.findings if f.rule == "filter_unknown"]
    assert sum(f.count for f in unknown) == sum(s is None for s in entries)


# --- the export whose filter met empty cells -----------------------------------------------------


@pytest.fixture(scope="module")
def exported(shared_data, tmp_path_factory):
    """A snapshot of a folder of exports, and what `check` finds in it."""

    def run(name):
        folder = tmp_path_factory.mktemp("snapshots")
        entries = {"folder": folder, "products": PRODUCTS, "today": date(2026, 12, 31)}
        file = shared_data / "exports" / name / "sources.yml"
        return take_snapshot(file, **entries), check_tables(file, **entries)

    return run


def test_an_empty_status_removes_no_contract(exported):
    snapshot, checked = exported("15_where_null")
    manifest = snapshot.manifest
    counts = {k: manifest[f"rows_{k}"]["contracts"] for k in ("read", "kept", "rejected", "filtered")}
    assert counts == {"read": 4, "kept": 3, "rejected": 0, "filtered": 1}
    assert manifest["filters"] == {"contracts": "status <> 'test'"}
    assert snapshot.table("contracts", "helpdesk").mrr.sum() == 300
    assert [(f.rule, f.count) for f in snapshot.findings] == [("filter_unknown", 2)]
    for language, entries in (("en", "rows for which it is false: 1"), ("ja", "対象外とした行：1行")):
        page = data_check_page(Path("sources.yml"), checked, language)
        assert entries in page
        assert "status &lt;&gt; &#39;test&#39;" in page
        assert (
            '<td class="right">4</td><td class="right">3</td><td class="right">0</td><td class="right">1</td>'
            in page
        )
        assert "status is distinct from" in page


# --- totals and the foot of a report -------------------------------------------------------------


TOTALS = [
    "合計,,,,300,", "総合計,,,,300,", ",小計,,,300,", "計,,,,300,", "総計：,,,,300,", "合　計,,,,300,",
    "Total,,,,300,", "Grand Total,,,,300,", "Subtotal,,,,300,", "Sub-total,,,,300,", "SUM,,,,300,",
    "Ｔｏｔａｌ（12）,,,,300,", "Total (12),,,,300,", "Grand Totals (12 records),,,,300,", "Grand Summaries,,,,,",
    "合計 3件,,,,300,", "Total,Total,,,300,", ",,Total,,300,", ",,,Total,300,",
    "Confidential Information - Do Not Distribute,,,,,", '"Copyright (c) 2000-2026 x.com, inc.",,,,,',
]  # fmt: skip
RECORDS = ["Totals Ltd,,,,5,", "Sumner,,,,5,", "計測,,,,5,", "Total,A9,,,5,"]


def test_totals_and_feet_are_named_and_left_out_and_break_no_other_rule(books):
    named = "Total,A1,helpdesk,2024-02-01,5,JPY\n"  # a contract that is called so
    rows = "\n".join([*TOTALS, *RECORDS])
    result = books({"contracts": f"{CONTRACTS}{named}{rows}\n"})
    out = result.rejected["contracts"]
    assert list(out.source_row[out.rules == "contracts:total_row"]) == list(range(6, 6 + len(TOTALS)))
    assert not out.rules[len(TOTALS) :].str.contains("total_row").any()
    assert len(out) == len(TOTALS) + len(RECORDS)
    total = result.rule("total_row")
    assert (total.policy, total.count) == ("reject", len(TOTALS))
    assert [value for _, _, value in total.examples][:4] == ["合計", "総合計", "小計", "計"]
    missing = [f for f in result.findings if (f.rule, f.column) == ("missing_value", "started_on")]
    assert [f.count for f in missing] == [len(RECORDS)]
    assert result.kept["contracts"] == 5


def test_a_total_of_the_accounts_is_none_and_a_customer_of_that_name_is_one(books):
    result = books({"accounts": ACCOUNTS + "A5,Total,mid,retail,live\n合計,,,,\n,Total,,,\n"})
    assert list(result.rows["accounts"].account_id) == ["A1", "A2", "A3", "A4", "A5"]
    assert [(f.rule, f.count) for f in result.findings] == [("total_row", 2)]


def test_a_total_below_a_column_of_days_is_one(books):
    costs = "month,product,category,amount,currency\n2026-06-01,helpdesk,support,5,JPY\nTotal,,,5,JPY\n"
    result = books({"costs": costs})
    assert [(f.table, f.rule, f.count) for f in result.findings] == [("costs", "total_row", 1)]
    assert result.rows["costs"].amount.sum() == 5


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_words_of_the_new_rules_are_whole(books, language):
    text = Text(language)
    result = books({"accounts": ACCOUNTS + "Total,,,,\n"}, {"accounts": {"where": "status <> 'test'"}})
    for finding in result.findings:
        entries = " ".join([describe(finding, text), *examples(finding, text), advice(finding, text)])
        assert "{" not in entries
        assert str(finding.count) in entries


def test_a_policy_may_leave_totals_to_the_other_rules(books):
    result = books({"contracts": CONTRACTS + "Total,,,,300,\n"}, policies={"total_row": "warn"})
    rules = {f.rule: f.policy for f in result.findings}
    assert rules["total_row"] == "warn"
    assert rules["missing_value"] == "reject"


def test_two_currencies_of_costs_stop_as_those_of_contracts_do(books):
    costs = "month,product,category,amount,currency\n" + "".join(
        f"2026-0{i}-01,helpdesk,support,5,{c}\n" for i, c in ((6, "JPY"), (7, "USD"))
    )
    stops = books({"costs": costs}).stops
    assert stops == (
        "table 'costs', column 'currency': product 'helpdesk' is paid in JPY, USD; convert amount to one currency,"
        " or name it in the product file helpdesk.yml (revenue: currency, exchange_rates)",
    )

"""Every kind of file and place that the sources file can name gives the rows as they were written."""

from __future__ import annotations

import gzip
import io
import uuid
from datetime import date

import duckdb
import fsspec
import pandas as pd
import pytest
import yaml

from cs_helpers.errors import SourceError
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.intake import take_in
from cs_helpers.sources.sources_file import load_sources

NAMES = ["北浜包装株式会社", "髙橋運輸㈱"]
JAPANESE = f"account_id,name,size,industry\nA1,{NAMES[0]},mid,retail\nA2,{NAMES[1]},small,logistics\n"
LOG = (
    "account_id,product,occurred_at,event\n"
    "A1,helpdesk,2026-03-31 15:30:00,reply\n"  # the next day in Tokyo
    "A2,helpdesk,2026-03-31 14:30:00,reply\n"
)


def frame(text, **types):
    return pd.read_csv(io.StringIO(text), dtype=types or None)


def excel(*sheets, **how):
    """The bytes of a workbook: name of a sheet and frame, one after the other."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as book:
        for name, rows in sheets:
            rows.to_excel(book, sheet_name=name, index=False, **how)
    return buffer.getvalue()


def parquet(rows):
    buffer = io.BytesIO()
    rows.to_parquet(buffer, index=False)
    return buffer.getvalue()


def names(taken):
    return list(taken.kept["accounts"].sort_values("account_id")["name"])


def days(taken):
    used = taken.kept["usage"].sort_values("account_id")
    return [str(at)[:16] for at in used["occurred_at"]]


@pytest.fixture
def remote():
    """Puts files (name -> bytes) into fsspec's storage in memory; gives their address."""
    storage = fsspec.filesystem("memory")
    place = f"/{uuid.uuid4().hex}"

    def put(**files):
        for name, content in files.items():
            storage.pipe(f"{place}/{name.replace('__', '/').replace('_', '.')}", content)
        return f"memory:/{place}"

    yield put
    if storage.exists(place):
        storage.rm(place, recursive=True)


@pytest.fixture
def take_said(tmp_path):
    """Takes in the tables of a sources file, said whole; gives table -> rows that were kept."""

    def run(source, today=date(2026, 12, 31)):
        (tmp_path / "sources.yml").write_text(yaml.safe_dump({"as_of": date(2026, 9, 30), **source}))
        (tmp_path / "scratch").mkdir(exist_ok=True)
        sources = load_sources(tmp_path / "sources.yml")
        with open_engines(sources, tmp_path, tmp_path / "scratch") as engines:
            intake = take_in(engines, sources, today=today, reductions=tmp_path / "reduced")
            assert intake.stops == ()
            return {name: rows.execute() for name, rows in intake.kept.items()}

    return run


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "utf-8-sig", "UTF-8"])
def test_a_text_in_another_encoding_gives_the_names_as_they_are(take, encoding):
    source = {"path": "accounts.csv", "encoding": encoding}
    assert names(take({"accounts.csv": JAPANESE.encode(encoding)}, accounts=source)) == NAMES


def test_a_compressed_text_in_another_encoding_gives_the_names_as_they_are(take):
    files = {"accounts.csv": None, "accounts.csv.gz": gzip.compress(JAPANESE.encode("cp932"))}
    assert names(take(files, accounts={"path": "accounts.csv.gz", "encoding": "cp932"})) == NAMES


def test_line_ends_in_another_encoding_are_no_part_of_a_value(take):
    text = JAPANESE.replace("\n", "\r\n").encode("cp932")
    taken = take({"accounts.csv": text}, accounts={"path": "accounts.csv", "encoding": "cp932"})
    assert list(taken.kept["accounts"]["industry"]) == ["retail", "logistics"]


def test_a_text_may_say_in_which_line_its_names_stand(take):
    text = "List of customers,,,\nmade by Sato,2026,,\n" + JAPANESE
    assert names(take({"accounts.csv": text}, accounts={"path": "accounts.csv", "header_row": 3})) == NAMES


def test_a_sheet_of_a_workbook_is_read_by_its_name_and_from_its_header(take):
    cover, rows = pd.DataFrame({"注意": ["社外秘"]}), frame(JAPANESE)
    book = excel(("表紙", cover), ("顧客", rows), startrow=2)
    source = {"path": "book.xlsx", "sheet": "顧客", "header_row": 3}
    assert names(take({"book.xlsx": book}, accounts=source)) == NAMES


def test_two_sheets_of_a_workbook_are_two_tables(take, contracts):
    book = excel(("crm", frame(JAPANESE)), ("deals", frame(contracts)))
    taken = take(
        {"book.xlsx": book},
        accounts={"path": "book.xlsx", "sheet": "crm"},
        contracts={"path": "book.xlsx", "sheet": "deals"},
    )
    assert names(taken) == NAMES
    assert list(taken.kept["contracts"]["mrr"]) == [100.0, 200.0]


def test_a_pattern_of_parquet_files_is_one_table(take, tmp_path):
    (tmp_path / "crm").mkdir()
    rows = frame(JAPANESE)
    for i in range(len(rows)):
        (tmp_path / "crm" / f"part-{i}.parquet").write_bytes(parquet(rows.iloc[[i]]))
    (tmp_path / "crm" / "notes.parquet").write_bytes(parquet(pd.DataFrame({"other": [1]})))
    assert names(take(accounts="crm/part-*.parquet")) == NAMES


@pytest.mark.parametrize("folder", ["crm", "crm.2026", "crm.2026/"])
def test_a_folder_of_parquet_files_is_one_table(take, tmp_path, folder):
    (tmp_path / folder / "deep").mkdir(parents=True)
    rows = frame(JAPANESE)
    (tmp_path / folder / "a.parquet").write_bytes(parquet(rows.iloc[:1]))
    (tmp_path / folder / "deep" / "b.parquet").write_bytes(parquet(rows.iloc[1:]))
    assert names(take(accounts=folder)) == NAMES


def test_parts_that_lack_a_column_or_hold_it_elsewhere_are_joined_by_name(take, tmp_path):
    (tmp_path / "crm").mkdir()
    rows = frame(JAPANESE).assign(csm="csm-1")
    (tmp_path / "crm" / "a.parquet").write_bytes(parquet(rows.iloc[:1].drop(columns="csm")))
    (tmp_path / "crm" / "b.parquet").write_bytes(parquet(rows.iloc[1:][reversed(rows.columns)]))
    taken = take(accounts="crm")
    assert names(taken) == NAMES
    assert sorted(taken.kept["accounts"]["csm"].fillna("")) == ["", "csm-1"]


def test_what_the_names_of_folders_say_is_text_with_its_zeros(take, tmp_path, accounts, contracts):
    for account, month in (("0042", "01"), ("0042", "02"), ("7", "03")):
        folder = tmp_path / "log" / "product=helpdesk" / f"account_id={account}"
        folder.mkdir(parents=True, exist_ok=True)
        rows = pd.DataFrame({"occurred_at": pd.to_datetime([f"2026-{month}-01 09:00"]), "event": ["reply"]})
        (folder / f"{month}.parquet").write_bytes(parquet(rows))
    ids = str.maketrans({})
    files = {
        "accounts.csv": accounts.translate(ids).replace("A1", "0042").replace("A2", "7"),
        "contracts.csv": contracts.replace("A1", "0042").replace("A2", "7"),
    }
    taken = take(files, {"usage": {}}, usage="log")
    assert sorted(taken.kept["usage"]["account_id"]) == ["0042", "0042", "7"]
    assert set(taken.kept["usage"]["product"]) == {"helpdesk"}
    assert ("usage", "account_id", "orphan") not in taken.counts()


def test_a_text_in_storage_is_read(take, remote):
    place = remote(crm_csv=JAPANESE.encode())
    assert names(take(accounts=f"{place}/crm.csv")) == NAMES


def test_a_compressed_text_in_storage_is_read(take, remote):
    place = remote(crm_csv_gz=gzip.compress(JAPANESE.encode()))
    assert names(take(accounts=f"{place}/crm.csv.gz")) == NAMES


def test_a_text_in_storage_in_another_encoding_is_read(take, remote):
    place = remote(crm_csv=JAPANESE.encode("cp932"))
    assert names(take(accounts={"path": f"{place}/crm.csv", "encoding": "cp932"})) == NAMES


def test_a_pattern_in_storage_is_one_table(take, remote):
    rows = frame(JAPANESE)
    place = remote(crm__a_parquet=parquet(rows.iloc[:1]), crm__b_parquet=parquet(rows.iloc[1:]))
    assert names(take(accounts=f"{place}/crm/*.parquet")) == NAMES


def test_a_folder_in_storage_is_one_table(take, remote):
    rows = frame(JAPANESE)
    place = remote(crm__a_parquet=parquet(rows.iloc[:1]), crm__deep__b_parquet=parquet(rows.iloc[1:]))
    assert names(take(accounts=f"{place}/crm")) == NAMES


def test_a_workbook_in_storage_is_read_with_options_from_the_environment(take, remote, monkeypatch):
    monkeypatch.setenv("CS_TEST_SECRET", "hunter2")
    place = remote(book_xlsx=excel(("cover", pd.DataFrame({"x": [1]})), ("crm", frame(JAPANESE))))
    source = {"path": f"{place}/book.xlsx", "sheet": "crm", "options": {"secret": "${CS_TEST_SECRET}"}}
    assert names(take(accounts=source)) == NAMES


def test_a_text_in_storage_is_read_with_options(take, remote, monkeypatch):
    monkeypatch.setenv("CS_TEST_SECRET", "hunter2")
    place = remote(crm_csv=JAPANESE.encode())
    source = {"path": f"{place}/crm.csv", "options": {"secret": "${CS_TEST_SECRET}", "retries": 3}}
    assert names(take(accounts=source)) == NAMES


@pytest.fixture
def crm(tmp_path, contracts):
    """A database of DuckDB with a table in its main schema and one in another."""
    with duckdb.connect(tmp_path / "crm.duckdb") as connection:
        connection.register("rows", frame(JAPANESE))
        connection.execute("create table customers as from rows")
        connection.execute("create schema sales")
        connection.register("deals", frame(contracts))
        connection.execute('create table sales."contracts of 2026" as from deals')
    return tmp_path / "crm.duckdb"


@pytest.mark.parametrize("address", ["crm.duckdb", "duckdb://crm.duckdb"])
def test_a_table_of_a_database_file_is_read_by_its_name_and_its_schema(take_said, crm, address):
    before = crm.read_bytes()
    kept = take_said({
        "databases": {"crm": address},
        "tables": {
            "accounts": {"in": "crm", "from": "customers"},
            "contracts": {"in": "crm", "from": "sales.contracts of 2026"},
        },
    })  # fmt: skip
    assert sorted(kept["accounts"]["name"]) == sorted(NAMES)
    assert sorted(kept["contracts"]["mrr"]) == [100.0, 200.0]
    assert crm.read_bytes() == before


def test_a_query_of_a_database_file_is_run_there(take_said, crm, tmp_path, contracts):
    (tmp_path / "deals.csv").write_text(contracts)
    kept = take_said({
        "databases": {"crm": "crm.duckdb"},
        "files": {"deals": "deals.csv"},
        "tables": {
            "accounts": {"in": "crm", "sql": "select * from customers order by 1;", "where": "size = 'mid'"},
            "contracts": {"from": "deals", "where": "account_id = 'A1'"},
        },
    })  # fmt: skip
    assert list(kept["accounts"]["name"]) == NAMES[:1]


def test_a_database_file_is_only_read(take_said, crm, tmp_path, contracts):
    (tmp_path / "deals.csv").write_text(contracts)
    with pytest.raises(SourceError, match="table 'accounts'"):
        take_said({
            "databases": {"crm": "crm.duckdb"},
            "files": {"deals": "deals.csv"},
            "tables": {
                "accounts": {"in": "crm", "sql": "select * from customers); drop table customers; select (1"},
                "contracts": {"from": "deals"},
            },
        })  # fmt: skip
    with duckdb.connect(crm, read_only=True) as connection:
        assert connection.execute("select count(*) from customers").fetchone() == (2,)


@pytest.mark.parametrize(
    ("written", "form"),
    [("01/02/2026", "%d/%m/%Y"), ("2026年2月1日", "%Y年%m月%d日"), ("2026年02月01日", "%Y年%m月%d日"),
     ("1.2.26", "%d.%m.%y"), ("20260201", "%Y%m%d"), ("Feb 1, 2026", "%b %d, %Y")],
)  # fmt: skip
def test_dates_are_read_as_they_are_said_to_be_written(take, contracts, written, form):
    source = {"contracts": {"columns": {"started_on": {"column": "started_on", "format": form}}}}
    text = contracts.replace("2026-02-01", f'"{written}"').replace("2026-01-01", "")
    taken = take({"contracts.csv": text}, source)
    assert [str(d)[:10] for d in taken.kept["contracts"]["started_on"]] == ["2026-02-01"]
    assert taken.counts() == {("contracts", "started_on", "missing_value"): 1}


def test_times_are_read_as_they_are_said_to_be_written(take):
    log = LOG.replace("2026-03-31 15:30:00", "31/03/2026 15:30").replace(
        "2026-03-31 14:30:00", "12/04/2026 07:05"
    )
    source = {"usage": {"columns": {"occurred_at": {"column": "occurred_at", "format": "%d/%m/%Y %H:%M"}}}}
    assert days(take({"usage.csv": log}, source)) == ["2026-03-31 15:30", "2026-04-12 07:05"]


def test_what_is_not_written_as_said_is_refused_by_its_row(take, contracts):
    source = {"contracts": {"columns": {"started_on": {"column": "started_on", "format": "%d/%m/%Y"}}}}
    text = contracts.replace("2026-01-01", "31/01/2026").replace("2026-02-01", "31/02/2026")
    taken = take({"contracts.csv": text}, source)
    assert [str(d)[:10] for d in taken.kept["contracts"]["started_on"]] == ["2026-01-31"]
    assert taken.findings[0].examples == ((2, "C2", "31/02/2026"),)


def test_columns_come_from_values_constants_and_expressions_at_once(take):
    rows = "id,firm,staff,branch,vip\n0042,O'Neil,120,R,yes\n7,北浜,3,L,no\n"
    columns = {
        "account_id": "id", "name": "firm", "csm": {"constant": "csm's"}, "touch_model": {"constant": "low"},
        "size": {"sql": "case when staff >= 100 then 'enterprise' else 'small' end -- by heads"},
        "industry": {"column": "branch", "values": {"R": "retail", "L": "logistics"}},
        "churned": {"column": "vip", "values": {"yes": False, "no": None}},
        "motivation": {"sql": "least(staff, 5)"},
    }  # fmt: skip
    deals = "contract_id,account_id,product,started_on,mrr,currency\nC1,0042,helpdesk,2026-01-01,1,JPY\n"
    taken = take({"accounts.csv": rows, "contracts.csv": deals}, {"accounts": {"columns": columns}})
    kept = taken.kept["accounts"]
    assert list(kept["account_id"]) == ["0042", "7"]
    assert list(kept["name"]) == ["O'Neil", "北浜"]
    assert list(kept["size"]) == ["enterprise", "small"]
    assert list(kept["industry"]) == ["retail", "logistics"]
    assert list(kept["csm"]) == ["csm's"] * 2
    assert list(kept["motivation"]) == [5, 3]
    assert kept["churned"].isna().tolist() == [False, True]
    assert taken.findings == ()


def test_a_filter_sees_the_columns_of_the_source(take):
    rows = "account_id,name,size,industry,status\nA1,Kita,mid,retail,live\nA2,Minami,small,logistics,test\n"
    taken = take({"accounts.csv": rows}, {"accounts": {"where": "status <> 'test' -- not ours"}})
    assert list(taken.kept["accounts"]["account_id"]) == ["A1"]
    assert (taken.rows_read["accounts"], taken.rows_kept["accounts"]) == (2, 1)


@pytest.mark.parametrize(
    ("log", "read"),
    [
        (LOG, ["2026-04-01 00:30", "2026-03-31 23:30"]),
        (LOG.replace(":00,reply", ":00+00:00,reply"), ["2026-04-01 00:30", "2026-03-31 23:30"]),
        (LOG.replace(":00,reply", ":00Z,reply"), ["2026-04-01 00:30", "2026-03-31 23:30"]),
        (LOG.replace(":00,reply", ":00+09:00,reply"), ["2026-03-31 15:30", "2026-03-31 14:30"]),
        (LOG.replace("15:30:00", "15:30:00-05:00"), ["2026-04-01 05:30", "2026-03-31 23:30"]),
    ],
    ids=["no offset, said to be UTC", "UTC", "Z", "of Tokyo", "some with an offset"],
)
def test_days_of_a_log_are_counted_in_the_zone_of_the_workbook(
    take_said, tmp_path, accounts, contracts, log, read
):
    for name, text in (("accounts", accounts), ("contracts", contracts), ("usage", log)):
        (tmp_path / f"{name}.csv").write_text(text)
    tables = {name: {"from": name} for name in ("accounts", "contracts", "usage")}
    source = {
        "timezone": "Asia/Tokyo",
        "files": {name: f"{name}.csv" for name in tables},
        "tables": {**tables, "usage": {"from": "usage", "timezone": "UTC"}},
    }
    (tmp_path / "sources.yml").write_text(yaml.safe_dump({"as_of": date(2026, 9, 30), **source}))
    (tmp_path / "scratch").mkdir()
    sources = load_sources(tmp_path / "sources.yml")
    with open_engines(sources, tmp_path, tmp_path / "scratch") as engines:
        intake = take_in(engines, sources, today=date(2026, 12, 31), reductions=tmp_path / "reduced")
        rows = intake.log.numbered_rows.order_by("account_id").execute()
        counted = intake.usage.table("usage_daily").order_by("account_id").execute()["day"]
    assert [str(at)[:16] for at in rows["occurred_at"]] == read
    assert [str(day)[:10] for day in counted] == [at[:10] for at in read]


def test_a_date_is_the_same_day_in_every_zone(take_said, tmp_path, accounts, contracts):
    (tmp_path / "accounts.csv").write_text(accounts)
    (tmp_path / "contracts.csv").write_text(contracts)
    kept = take_said({
        "timezone": "America/New_York",
        "files": {"accounts": "accounts.csv", "contracts": "contracts.csv"},
        "tables": {"accounts": {"from": "accounts"}, "contracts": {"from": "contracts", "timezone": "UTC"}},
    })  # fmt: skip
    assert sorted(str(d)[:10] for d in kept["contracts"]["started_on"]) == ["2026-01-01", "2026-02-01"]


def test_a_column_that_only_some_files_of_a_pattern_have_is_read(take):
    files = {
        "accounts.csv": None,
        "north.csv": "account_id,name,size,industry\nA1,Kita,mid,retail\n",
        "north-2.csv": "csm,name,account_id,size,industry\ncsm-1,Minami,A2,small,logistics\n",
    }
    kept = take(files, accounts="north*.csv").kept["accounts"].sort_values("account_id")
    assert list(kept["name"]) == ["Kita", "Minami"]
    assert list(kept["csm"].fillna("")) == ["", "csm-1"]


def test_a_leading_zero_in_the_last_of_many_files_is_kept(take, tmp_path, contracts):
    (tmp_path / "crm").mkdir()
    for i in range(1, 15):
        row = f"account_id,name,size,industry\n{i if i < 14 else '0042'},x,mid,retail\n"
        (tmp_path / "crm" / f"{i:02}.csv").write_text(row)
    files = {"contracts.csv": contracts.replace("A1", "0042").replace("A2", "7")}
    taken = take(files, accounts="crm/*.csv")
    assert "0042" in set(taken.kept["accounts"]["account_id"])
    assert taken.rows_kept == {"accounts": 14, "contracts": 2}


@pytest.mark.parametrize(
    "words", [("yes", "no"), ("t", "f"), ("true", "FALSE"), ("09:30", "10:30"), ("1.50", "2")]
)
def test_a_text_is_not_taken_for_what_it_looks_like(take, accounts, words):
    rows = accounts.replace("retail", words[0]).replace("logistics", words[1])
    assert list(take({"accounts.csv": rows}).kept["accounts"]["industry"]) == list(words)

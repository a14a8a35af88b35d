"""What an analyst has is shown, and mapped as a person would; what cannot be known is said."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from servers import postgres_driver

from cs_helpers.errors import ParameterError, SettingError, SourceError
from cs_helpers.sources.files.encodings import detect_encoding
from cs_helpers.sources.inspect import file_layout
from cs_helpers.sources.inspect.proposal import inspect, propose, without_password

ACCOUNTS = "customer_id,company name,segment,Industry\nA1,Kita,mid,retail\nA2,Minami,small,logistics\n"
CONTRACTS = (
    "Contract No,CustomerId,product,start-date,end_date,MRR,currency\n"
    "C1,A1,helpdesk,2026-01-01,,100,JPY\n"
    "C2,A1,helpdesk,2026-02-01,2026-03-01,200,JPY\n"
)


def columns(content, table):
    return content["tables"][table]["columns"]


def contracts_of(folder, dates):
    """A list of contracts that start on `dates`, as they are written."""
    rows = "".join(f'C{i},A{i},"{day}",100\n' for i, day in enumerate(dates))
    return folder({"contracts.csv": "contract_id,account_id,start_date,mrr\n" + rows})


# --- looking -----------------------------------------------------------------------------------


def test_a_file_is_shown_with_its_columns_types_samples_and_empties(folder):
    [candidate] = inspect(folder({"contracts.csv": CONTRACTS}) + "/contracts.csv")
    shown_columns = {c.name: (c.type, c.samples, c.empty_share) for c in candidate.columns}
    assert (candidate.name, candidate.rows) == ("contracts", 2)
    assert shown_columns["MRR"] == ("BIGINT", ("100", "200"), 0.0)
    assert shown_columns["end_date"] == ("DATE", ("2026-03-01",), 0.5)
    assert shown_columns["CustomerId"][1] == ("A1",)


def test_samples_are_three_and_cut_and_of_one_line(folder):
    rows = "".join(f'"{i} line\nbreak {"x" * 100}"\n' for i in range(9))
    [candidate] = inspect(folder({"notes.csv": "note\n" + rows}) + "/notes.csv")
    assert len(candidate.columns[0].samples) == 3
    assert candidate.columns[0].samples[0] == ("0 line break " + "x" * 100)[:40]


def test_a_folder_gives_each_file_that_can_be_read_and_no_hidden_one(folder):
    path = folder({"accounts.csv": ACCOUNTS, "contracts.tsv": CONTRACTS.replace(",", "\t"), ".old.csv": ACCOUNTS,
                   "logo.png": b"x"})  # fmt: skip
    assert [candidate.name for candidate in inspect(path)] == ["accounts", "contracts"]


def test_what_cannot_be_read_in_a_folder_is_named_beside_what_can(folder, proposed):
    path = folder({"accounts.csv": ACCOUNTS, "plan.xlsx": b"no workbook"})
    good, bad = inspect(path)
    assert good.columns
    assert not good.problem
    assert not bad.columns
    assert "not an Excel workbook" in bad.problem
    text, content = proposed(path)
    assert "not an Excel workbook" in text
    assert content["files"] == {"accounts": "accounts.csv"}


def test_parquet_files_of_one_kind_are_one_table(tmp_path):
    for month in ("01", "02"):
        part = tmp_path / "log" / f"month={month}"
        part.mkdir(parents=True)
        frame = pd.DataFrame(
            {"account_id": ["A1"], "event": ["login"], "timestamp": [pd.Timestamp("2026-01-05")]}
        )
        frame.to_parquet(part / "part-0.parquet")
    [candidate] = inspect(str(tmp_path / "log"))
    assert (candidate.name, candidate.rows) == ("log", 2)
    content = yaml.safe_load(propose([candidate], tmp_path))
    assert (content["folder"], content["files"]) == ("log", {"log": "**/*.parquet"})
    assert content["tables"]["usage"]["columns"]["occurred_at"] == "timestamp"


def test_parquet_files_of_different_columns_are_different_tables(tmp_path):
    pd.DataFrame({"account_id": ["A1"], "name": ["Kita"]}).to_parquet(tmp_path / "accounts.parquet")
    pd.DataFrame({"contract_id": ["C1"], "mrr": [1]}).to_parquet(tmp_path / "contracts.parquet")
    assert [candidate.name for candidate in inspect(str(tmp_path))] == ["accounts", "contracts"]


def test_a_pattern_of_files_with_the_same_columns_is_one_table(folder):
    path = folder({"log_1.csv": CONTRACTS, "log_2.csv": CONTRACTS, "accounts.csv": ACCOUNTS})
    [candidate] = inspect(f"{path}/log_*.csv")
    assert (candidate.name, candidate.rows) == ("log", 4)
    assert len(inspect(f"{path}/*.csv")) == 3


def test_each_sheet_of_a_workbook_is_a_table(tmp_path, proposed, loaded):
    with pd.ExcelWriter(tmp_path / "顧客台帳.xlsx") as book:
        pd.DataFrame(
            {"顧客ID": ["A1"], "会社名": ["北浜包装"], "企業規模": ["mid"], "業種": ["小売"]}
        ).to_excel(book, sheet_name="顧客", index=False)
        pd.DataFrame(
            {"契約番号": ["C1"], "顧客ID": ["A1"], "製品": ["helpdesk"], "契約開始日": [pd.Timestamp("2026-01-01")],
             "月額(円)": [1000], "通貨": ["JPY"]}
        ).to_excel(book, sheet_name="契約", index=False)  # fmt: skip
    text, content = proposed(tmp_path / "顧客台帳.xlsx")
    assert content["files"]["顧客台帳_契約"] == {"path": "顧客台帳.xlsx", "sheet": "契約"}
    assert columns(content, "contracts")["mrr"] == "月額(円)"
    assert loaded(text).tables["accounts"].from_ == "顧客台帳_顧客"


def test_a_duckdb_file_gives_each_of_its_tables(tmp_path, folder, proposed):
    path = folder({"accounts.csv": ACCOUNTS, "contracts.csv": CONTRACTS})
    with duckdb.connect(tmp_path / "warehouse.duckdb") as database:
        for name in ("accounts", "contracts"):
            database.execute(f"CREATE TABLE {name} AS FROM read_csv('{path}/{name}.csv')")
    accounts, contracts = inspect(str(tmp_path / "warehouse.duckdb"))
    assert (accounts.name, accounts.rows, contracts.rows) == ("accounts", 2, 2)
    _, content = proposed(tmp_path / "warehouse.duckdb")
    assert content["databases"] == {"warehouse": "warehouse.duckdb"}
    assert content["tables"]["contracts"]["in"] == "warehouse"
    assert columns(content, "contracts")["contract_id"] == "Contract No"


@pytest.fixture
def warehouse(postgres):
    """A PostgreSQL database that holds what the test writes, and nothing else."""
    with postgres.empty_database("warehouse") as server:
        yield server


@pytest.fixture
def written(warehouse):
    """Runs statements in the warehouse."""

    def run(*statements):
        connection = warehouse.connect()
        for statement in statements:
            connection.raw_sql(statement).close()
        connection.disconnect()

    return run


def test_a_postgres_database_gives_its_tables_and_never_its_password(warehouse, written, proposed, loaded):
    written(
        "CREATE TABLE kyaku (id text, account_name varchar(40), segment text, sector text)",
        "INSERT INTO kyaku VALUES ('A1', 'Kita', 'mid', 'retail'), ('A2', 'Minami', 'small', '')",
        "CREATE TABLE keiyaku (id uuid, customer_id text, service text, start_date date, mrr numeric(10,2),"
        " currency char(3), signed text)",
        "INSERT INTO keiyaku VALUES (gen_random_uuid(), 'A1', 'helpdesk', '2026-01-01', 100.5, 'JPY', '1/2/26')",
    )
    contracts, accounts = inspect(warehouse.url)
    text, content = proposed(warehouse.url)
    assert accounts.rows is None
    assert accounts.columns[-1].empty_share == 0.5
    assert {c.name: c.type for c in contracts.columns}["id"] == "UUID"
    assert warehouse.password not in repr((contracts, accounts)) + text
    assert content["databases"]["warehouse"].count("${PGPASSWORD}") == 1
    assert columns(content, "accounts") == {
        "account_id": "id", "name": "account_name", "size": "segment", "industry": "sector"
    }  # fmt: skip
    assert columns(content, "contracts")["contract_id"] == "id"
    assert loaded(text).variables() == ("PGPASSWORD",)


def test_a_table_that_cannot_be_read_is_named_beside_those_that_can(warehouse, written):
    written(
        "CREATE TABLE readable (customer_id text, name text)",
        "CREATE TABLE columnless ()",
        "CREATE VIEW broken AS SELECT 1 / (SELECT count(*) FROM readable) AS x",
    )
    broken, columnless, readable = inspect(warehouse.url)
    assert "table 'broken': the rows cannot be read: division by zero" in broken.problem
    assert columnless.problem
    assert not readable.problem


def test_a_database_of_another_kind_is_refused(folder):
    with pytest.raises(ParameterError, match="this is not a database of DuckDB"):
        inspect(folder({"crm.db": b"SQLite format 3"}) + "/crm.db")


def test_a_database_that_cannot_be_reached_is_refused_without_its_password():
    postgres_driver()
    with pytest.raises(SourceError, match="cannot be reached") as refused:
        inspect("postgres://reader:s3cret-word@127.0.0.1:1/cs")
    assert "s3cret-word" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:pw@h/db", "postgres://u:${PGPASSWORD}@h/db"),
        ("postgres://u:p@ss/w?rd@h:5432/db", "postgres://u:${PGPASSWORD}@h:5432/db"),
        ("postgres://u:${MINE}@h/db", "postgres://u:${MINE}@h/db"),
        ("postgres://u@h:5432/db", "postgres://u@h:5432/db"),
        ("mysql://u:pw@h/db?ssl=1&auth_token=x&a=b", "mysql://u:${DB_PASSWORD}@h/db?ssl=1&auth_token=${DB_PASSWORD}&a=b"),
        ("spark://local[2]", "spark://local[2]"),
    ],
)  # fmt: skip
def test_a_password_is_replaced_by_a_variable(url, expected):
    assert without_password(url) == expected


def test_a_missing_path_is_refused_with_the_one_that_was_meant(folder):
    path = folder({"accounts.csv": ACCOUNTS})
    with pytest.raises(ParameterError, match=r"no such file or folder\. Did you mean 'accounts.csv'"):
        inspect(f"{path}/acounts.csv")


def test_a_folder_without_a_table_is_refused(folder):
    with pytest.raises(ParameterError, match="nothing in this folder can be read as a table"):
        inspect(folder({"logo.png": b"x", ".hidden.csv": ACCOUNTS}))


def test_an_empty_file_is_refused(folder):
    with pytest.raises(SourceError, match="the file is empty"):
        inspect(folder({"accounts.csv": ""}) + "/accounts.csv")


# --- proposing ---------------------------------------------------------------------------------


def test_a_proposal_with_all_required_columns_loads(folder, proposed, loaded):
    text, content = proposed(folder({"accounts.csv": ACCOUNTS, "contracts.csv": CONTRACTS}))
    sources = loaded(text)
    assert "needed:" not in text
    assert content["folder"] == "exports"
    assert sources.tables["accounts"].column("name").column == "company name"
    assert columns(content, "contracts") == {
        "contract_id": "Contract No", "account_id": "CustomerId", "product": "product", "started_on": "start-date",
        "ended_on": "end_date", "mrr": "MRR", "currency": "currency",
    }  # fmt: skip


def test_a_required_column_that_nothing_fits_is_refused_by_its_name(folder, proposed, loaded):
    files = {
        "accounts.csv": ACCOUNTS.replace("segment", "plan"),
        "contracts.csv": CONTRACTS.replace("currency", "note"),
    }
    text, content = proposed(folder(files))
    assert "currency: { constant: } # needed: currency of mrr" in text
    assert "# Still needed: contracts.currency\n" in text  # an account needs its key alone
    assert "# not used: plan" in text
    with pytest.raises(SettingError, match=r"tables.contracts.columns.currency': needs exactly one of"):
        loaded(text)
    assert "motivation" not in columns(content, "accounts")


def test_japanese_headers_in_cp932_are_mapped(folder, proposed, loaded):
    accounts = "顧客コード,会社名,企業規模,業種,担当者,解約フラグ\nA1,北浜包装㈱,mid,小売,佐藤,0\nA2,南堀江商事,small,物流,鈴木,1\n"
    contracts = (
        "契約ID,取引先コード,サービス名,開始日,解約日,月額(税抜),通貨\nC1,A1,helpdesk,2026/1/5,,120000,JPY\n"
    )
    tickets = "問い合わせID,顧客ID,製品,受付日時,完了日時,種別\n1,A1,helpdesk,2026/1/5 10:00,,質問\n"
    usage = "顧客ID,ユーザーID,利用日時,イベント,製品\nA1,U1,2026-01-05 10:00:00,請求,helpdesk\n"
    files = {"顧客.csv": accounts, "契約.csv": contracts, "問い合わせ.csv": tickets, "利用ログ.csv": usage}
    text, content = proposed(folder({name: content.encode("cp932") for name, content in files.items()}))
    assert content["files"]["顧客"] == {"path": "顧客.csv", "encoding": "cp932"}
    assert columns(content, "accounts") == {
        "account_id": "顧客コード", "name": "会社名", "size": "企業規模", "industry": "業種", "csm": "担当者",
        "churned": "解約フラグ",
    }  # fmt: skip
    assert columns(content, "contracts")["mrr"] == "月額(税抜)"
    assert columns(content, "contracts")["ended_on"] == "解約日"
    assert columns(content, "tickets")["opened_at"] == "受付日時"
    assert columns(content, "usage")["user_id"] == "ユーザーID"
    assert loaded(text).files["契約"].encoding == "cp932"


def test_a_column_of_the_wrong_type_is_not_taken_and_said(folder, proposed):
    text, content = proposed(
        folder({"contracts.csv": CONTRACTS.replace(",100,", ",free,").replace(",200,", ",paid,")})
    )
    assert columns(content, "contracts")["mrr"] == {"column": None}
    assert "# mrr: 'MRR' holds 'free', which does not fit" in text


def test_a_key_that_repeats_is_no_key(folder, proposed):
    text, content = proposed(folder({"contracts.csv": CONTRACTS.replace("C2", "C1")}))
    assert columns(content, "contracts")["contract_id"] == {"column": None}
    assert "'Contract No' repeats, a key does not" in text


def test_a_column_is_used_once_a_table(folder, proposed):
    _, content = proposed(folder({"contracts.csv": CONTRACTS}))
    used = [v for v in columns(content, "contracts").values() if isinstance(v, str)]
    assert len(used) == len(set(used))


def test_a_misspelt_name_is_taken_with_a_word_and_another_columns_name_is_not(folder, proposed):
    text, content = proposed(folder({"contracts.csv": CONTRACTS.replace("Contract No", "contarct_id")}))
    assert columns(content, "contracts")["contract_id"] == "contarct_id"
    assert "contract_id: contarct_id # check: the name is only spelt alike" in text
    assert "contracts.contract_id" in next(
        line for line in text.splitlines() if line.startswith("# To check: ")
    )
    _, content = proposed(folder({"contracts.csv": CONTRACTS.replace("Contract No", "contact_id")}))
    assert columns(content, "contracts")["contract_id"] == {"column": None}


def test_values_that_are_not_allowed_are_listed_for_a_person(folder, proposed, loaded):
    accounts = ACCOUNTS.replace("mid", "SMB").replace("small", "Enterprise")
    accounts = accounts.replace("SMB", "Keiretsu")
    text, _ = proposed(folder({"accounts.csv": accounts, "contracts.csv": CONTRACTS}))
    line = "size: { column: segment, values: { Enterprise: enterprise } } # check: not known: Keiretsu; say which of"
    assert line in text
    assert loaded(text).tables["accounts"].column("size").values == {"Enterprise": "enterprise"}
    many = "".join(f"B{i},x,size{i},y\n" for i in range(40))
    text, _ = proposed(folder({"accounts.csv": ACCOUNTS + many}))
    assert "28 more values" in text


def test_values_that_differ_in_case_alone_are_translated(folder, proposed, loaded):
    accounts = ACCOUNTS.replace("mid", "Mid").replace("small", "SMALL")
    text, _ = proposed(folder({"accounts.csv": accounts, "contracts.csv": CONTRACTS}))
    assert loaded(text).tables["accounts"].column("size").values == {"Mid": "mid", "SMALL": "small"}


@pytest.mark.parametrize(
    ("days", "format_"),
    [
        (["01/02/2024", "25/02/2024"], "%d/%m/%Y"),
        (["1/2/2024", "2/25/2024"], "%m/%d/%Y"),
        (["2024年1月5日", "2024年12月25日"], "%Y年%m月%d日"),
        (["20240105", "20241225"], "%Y%m%d"),
        (["25.12.2024 09:30", "01.02.2024 10:00"], "%d.%m.%Y %H:%M"),
        (["25-02-2024 09:00", "01-02-2024 10:00"], "%d-%m-%Y %H:%M"),
    ],
)
def test_dates_of_one_possible_format_are_proposed_with_it(folder, proposed, days, format_):
    _, content = proposed(contracts_of(folder, days))
    assert columns(content, "contracts")["started_on"] == {"column": "start_date", "format": format_}


@pytest.mark.parametrize(
    "days", [["2024-01-05", "2024-12-25"], ["2024/1/5"], ["2024-01-05 09:30:00"], ["", ""]]
)
def test_dates_that_the_workbook_reads_need_no_format(folder, proposed, days):
    _, content = proposed(contracts_of(folder, days))
    assert columns(content, "contracts")["started_on"] == "start_date"


@pytest.mark.parametrize("days", [["01/02/2024", "03/04/2024"], ["01-02-2024 09:00"]])
def test_dates_whose_day_and_month_cannot_be_told_apart_are_left_to_a_person(folder, proposed, loaded, days):
    text, content = proposed(contracts_of(folder, days))
    assert columns(content, "contracts")["started_on"] == {"column": None}
    assert "which can be %d" in text
    assert " or %m" in text
    assert "contracts.started_on" in next(line for line in text.splitlines() if "Still needed" in line)


@pytest.mark.parametrize(
    ("days", "word"),
    [
        (["令和6年1月5日", "R8.4.1", "平成31年4月30日"], "era"),
        (["45292", "46113.5"], "excel"),
        (["1767225600", "1782864000"], "epoch"),
        (["1767225600123"], "epoch_ms"),
    ],
)
def test_dates_that_no_format_writes_are_named_by_a_word(folder, proposed, days, word):
    _, content = proposed(contracts_of(folder, days))
    assert columns(content, "contracts")["started_on"] == {"column": "start_date", "format": word}


def test_names_that_mean_something_to_yaml_stay_names(folder, proposed, loaded):
    accounts = ACCOUNTS.replace("company name", '"name"').replace("segment", '"size (a, {b}: #c)\n"')
    text, content = proposed(folder({"yes: no.csv": accounts, "contracts.csv": CONTRACTS}))
    assert columns(content, "accounts")["size"] == "size (a, {b}: #c)"
    assert loaded(text).files["yes_no"].path == "yes: no.csv"


# --- what people have, which is no table of the contract ----------------------------------------


def test_tickets_without_a_customer_are_the_nearest_table_with_what_is_missing(folder, proposed):
    rows = "ticket_id,created_time,resolved_time,status\n1,2026-07-01 09:00,,open\n2,2026-07-02 09:00,,open\n"
    text, content = proposed(folder({"tickets.csv": rows}))
    assert "#   tickets (2 rows): tickets; missing: account_id\n" in text
    assert (content["folder"], content["files"]) == ("exports", {"tickets": "tickets.csv"})
    assert columns(content, "tickets")["opened_at"] == "created_time"
    assert columns(content, "tickets")["account_id"] == {"column": None}
    assert (
        "    sql: # needed: the list of customers, as in: select distinct COLUMN as account_id from tickets"
        in text
    )
    assert "# Still needed: accounts.sql, " in text


@pytest.mark.parametrize(
    ("header", "row", "table"),
    [
        ("customer_id,user_id,event_name,event_time", "K{},U{},login,2026-07-0{} 09:00", "usage"),
        ("case,activity,time,resource", "c{},a{},2026-07-0{} 09:00,Ann", "milestones"),
        (
            "case:concept:name,concept:name,time:timestamp,org:resource",
            "c{},a{},2026-07-0{},Ann",
            "milestones",
        ),
        ("Company,Conversation ID,Created at,Closed at", "K{},{},2026-07-0{},", "tickets"),
        ("顧客名,種別,日時,内容", "北{},訪問{},2026-07-0{} 09:00,x", "touches"),
    ],
)
def test_the_headers_of_a_log_say_what_it_is(folder, proposed, header, row, table):
    rows = "".join(row.format(n, n, n) + "\n" for n in (1, 2, 3))
    _, content = proposed(folder({"export.csv": f"{header}\n{rows}"}))
    assert set(content["tables"]) == {"accounts", table}
    assert content["tables"]["accounts"]["sql"].startswith("select ")


def test_what_holds_nothing_of_a_customer_is_no_table_and_leaves_a_draft(folder, proposed):
    text, content = proposed(folder({"weather.csv": "town,rain\nOsaka,3\nKobe,4\n"}))
    assert "#   weather (2 rows): no table\n" in text
    assert content["files"] == {"weather": "weather.csv"}
    assert list(content["tables"]) == ["accounts"]


def test_rows_that_know_their_customer_by_name_are_joined_where_the_names_are_those_of_the_list(
    folder, proposed
):
    tickets = "Ticket ID,Organization,Created at\n1,Kita,2026-07-01\n2,{},2026-07-02\n"
    organizations = "ID,Name\n7,Kita\n8,Minami\n"
    _, content = proposed(
        folder({"organizations.csv": organizations, "tickets.csv": tickets.format("Minami")})
    )
    assert 't."Organization" = c."Name"' in content["tables"]["tickets"]["sql"]
    _, content = proposed(folder({"tickets.csv": tickets.replace("Kita", "Nishi").format("Higashi")}))
    assert columns(content, "tickets")["account_id"] == "Organization"


def test_a_log_that_knows_users_alone_is_joined_with_whose_they_are(folder, proposed):
    files = {
        "events.csv": "event,time,distinct_id\nlogin,2026-07-01 09:00:00,u1\nlogin,2026-07-02 09:00:00,u2\n",
        "people.csv": "user_id,company_id,mail\nu1,A1,x\nu2,A2,y\n",
    }
    text, content = proposed(folder(files))
    assert "t.distinct_id = c.user_id" in content["tables"]["usage"]["sql"]
    assert "select distinct company_id as account_id from people" in content["tables"]["accounts"]["sql"]
    assert "people (2 rows): no table of its own; it tells whose the rows of another are" in text


def test_tables_of_the_same_columns_are_asked_about(folder, proposed):
    text, content = proposed(folder({"july.csv": CONTRACTS, "august.csv": CONTRACTS.replace("C1", "C7")}))
    assert content["tables"]["contracts"]["from"] is None
    assert "select * from august union all by name select * from july" in text
    assert "contracts.from" in next(line for line in text.splitlines() if line.startswith("# Still needed: "))


@pytest.mark.parametrize(
    ("there", "here", "normal"),
    [
        (["0501", "0502"], ["501", "502"], "zeros"),
        (["501", "502"], ["501.0", "502.0"], "point_zero"),
        (["Ａ１", "Ａ２"], ["A1", "A2"], "width"),
        (["KITA", "MINAMI"], ["kita", "minami"], "case"),
    ],
)
def test_keys_in_two_forms_are_named_with_the_line_to_write(folder, proposed, there, here, normal):
    accounts = "customer_id,company name\n" + "".join(f"{key},Company {i}\n" for i, key in enumerate(there))
    contracts = CONTRACTS.replace(",A1,", f",{here[0]},").replace(",A2,", f",{here[1]},")
    contracts = contracts.replace(f"C2,{here[0]}", f"C2,{here[1]}")
    text, _ = proposed(folder({"accounts.csv": accounts, "contracts.csv": contracts}))
    line = next(line for line in text.splitlines() if "account_id: CustomerId" in line)
    assert (
        f"'{here[0]}' here is '{there[0]}' there" in line or f"'{here[1]}' here is '{there[1]}' there" in line
    )
    assert f"{{ column: CustomerId, normalize: [{normal}] }}" in line


# --- how things are written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "number"),
    [
        (["¥120,000", "¥80"], "¥1,234.5"),
        (["１２０，０００", "８０，０００"], "1,234.5"),
        (["(1,200.50)", "300.00"], "1,234.5"),
        (["1.200,50", "80,00"], "1.234,5"),
        (["1.200,50 €", "80,00 €"], "1.234,5 €"),
        (["12 %", "7.5 %"], "1234.5 %"),
        (["120千円", "80千円"], "1234.5千円"),
        (["USD 1,200.00"], "USD 1,234.5"),
        (["1 200,5", "80"], "1 234,5"),
    ],
)
def test_amounts_are_mapped_with_an_example_of_how_they_are_written(folder, proposed, amounts, number):
    rows = "".join(f'C{i},A{i},2026-01-01,"{amount}"\n' for i, amount in enumerate(amounts))
    _, content = proposed(folder({"契約.csv": "契約番号,顧客ID,契約開始日,月額\n" + rows}))
    assert columns(content, "contracts")["mrr"] == {"column": "月額", "number": number}


def test_points_that_may_stand_between_thousands_are_asked_with_both(folder, proposed):
    rows = 'C1,A1,2026-01-01,"1.200"\nC2,A2,2026-01-01,"2.500"\n'
    text, content = proposed(folder({"contracts.csv": "contract_id,account_id,start_date,mrr\n" + rows}))
    assert columns(content, "contracts")["mrr"] == {"column": None}
    assert '{ column: mrr, number: "1.234,5" } or { column: mrr, number: "1234.5" }' in text


def test_the_whole_column_tells_days_from_months(folder, proposed):
    days = [f"0{i % 9 + 1}/0{i % 7 + 1}/2026" for i in range(5_200)]
    _, content = proposed(contracts_of(folder, [*days, "25/07/2026"]))
    assert columns(content, "contracts")["started_on"] == {"column": "start_date", "format": "%d/%m/%Y"}


def test_words_for_nothing_are_none_and_what_is_rarely_no_date_is_named(folder, proposed):
    text, content = proposed(contracts_of(folder, ["2026-01-05", "-", "2026-02-05", "未定"]))
    assert columns(content, "contracts")["started_on"] == {
        "column": "start_date",
        "values": {"-": None, "未定": None},
    }
    text, _ = proposed(contracts_of(folder, [f"2026-01-{i:02}" for i in range(1, 29)] + ["soon"]))
    assert "start_date # check: 'soon' is no date: such rows are refused" in text


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("企業規模", ["大手", "中堅", "中小"], {"大手": "enterprise", "中堅": "mid", "中小": "small"}),
        (
            "Segment",
            ["Mid-Market", "SMB", "Strategic"],
            {"Mid-Market": "mid", "SMB": "small", "Strategic": "enterprise"},
        ),
        (
            "Company size",
            ["1-10", "51-200", "1,001+"],
            {"1-10": "small", "51-200": "mid", "1,001+": "enterprise"},
        ),
    ],
)
def test_words_and_ranges_of_size_are_translated(folder, proposed, header, values, expected):
    rows = "".join(f'A{i},Company {i},"{value}"\n' for i, value in enumerate(values))
    _, content = proposed(folder({"accounts.csv": f"customer_id,company name,{header}\n{rows}"}))
    assert columns(content, "accounts")["size"] == {"column": header, "values": expected}


def test_a_number_of_employees_is_cut_at_bounds_and_own_classes_are_put_in_order(folder, proposed):
    text, content = proposed(
        folder({"accounts.csv": "customer_id,company name,従業員数\nA1,K,1200\nA2,M,30\n"})
    )
    bounds = {"small": 1, "mid": 50, "enterprise": 300}
    assert columns(content, "accounts")["size"] == {"column": "従業員数", "bounds": bounds}
    assert "accounts.size" in next(line for line in text.splitlines() if line.startswith("# To check: "))
    _, content = proposed(
        folder({"accounts.csv": "customer_id,company name,Tier\nA1,K,Tier 1\nA2,M,Tier 3\nA3,H,Tier 2\n"})
    )
    assert content["sizes"] == ["Tier 3", "Tier 2", "Tier 1"]


def test_a_segment_of_industries_is_one(folder, proposed):
    _, content = proposed(folder({"accounts.csv": "顧客ID,会社名,セグメント\nA1,北,製造業\nA2,南,小売業\n"}))
    assert columns(content, "accounts")["industry"] == "セグメント"


def test_which_rows_are_contracts_is_shown_and_not_guessed(folder, proposed):
    rows = (
        CONTRACTS.replace(",MRR,", ",Stage,MRR,").replace(",100,", ",Won,100,").replace(",200,", ",Lost,200,")
    )
    text, content = proposed(folder({"contracts.csv": rows}))
    assert "where" not in content["tables"]["contracts"]
    assert "# check: 'Stage' holds 'Won', 'Lost'; where not all of these are contracts, say which" in text


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("契約一覧\n\nContract No,CustomerId,start-date,MRR\nC1,A1,2026-01-01,5\n", {"header_row": 3}),
        ("A;B list\nContract No;CustomerId;start-date;MRR\nC1;A1;2026-01-01;5\n", {"header_row": 2}),
        (
            "契約番号,顧客ID,契約開始日,月額\nContract No,CustomerId,start-date,MRR\nC1,A1,2026-01-01,5\n",
            {"header_rows": 2},
        ),
        ("契約,,顧客,\n番号,開始日,顧客ID,月額\nC1,2026-01-01,A1,5\n", {"header_rows": 2}),
        ("Contract No,CustomerId,start-date,MRR\nC1,A1,2026-01-01,5\n", {}),
    ],
)
def test_the_line_of_the_names_is_found(tmp_path, monkeypatch, lines, expected):
    (tmp_path / "a.csv").write_text(lines, encoding="utf-8")
    # what the sources file says of a file, whatever of it can be read already
    monkeypatch.setattr(
        file_layout,
        "_file_source",
        lambda path, **expected: {k: v for k, v in expected.items() if v is not None},
    )
    [item] = file_layout.tables_in(str(tmp_path / "a.csv"))
    assert item.file == expected


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("顧客,会社\n", "cp932"), ("Süd,Größe,café\n", "cp1252"), ("顧客\n", "utf-16"), ("Süd 顧客\n", None)],
)
def test_the_encoding_is_found(tmp_path, text, encoding):
    (tmp_path / "a.csv").write_bytes((text * 3).encode(encoding or "utf-8"))
    assert detect_encoding(tmp_path / "a.csv") == encoding


# --- public data sets --------------------------------------------------------------------------


def test_ravenstack_is_mapped_as_its_example_maps_it(shared_data, proposed):
    text, content = proposed(shared_data / "ravenstack" / "*.csv")
    tables = {name: table.get("from") for name, table in content["tables"].items()}
    assert tables == {
        "accounts": "ravenstack_accounts", "contracts": "ravenstack_subscriptions", "usage": None,
        "touches": "ravenstack_churn_events", "tickets": "ravenstack_support_tickets",
    }  # fmt: skip
    accounts, contracts = columns(content, "accounts"), columns(content, "contracts")
    assert (accounts["name"], accounts["churned"]) == ("account_name", "churn_flag")
    assert [contracts[c] for c in ("contract_id", "started_on", "ended_on", "mrr")] == [
        "subscription_id", "start_date", "end_date", "mrr_amount"
    ]  # fmt: skip
    assert "join ravenstack_subscriptions" in content["tables"]["usage"]["sql"]
    assert [columns(content, "usage")[c] for c in ("occurred_at", "event", "quantity")] == [
        "usage_date", "feature_name", "usage_count"
    ]  # fmt: skip
    assert columns(content, "tickets")["opened_at"] == "submitted_at"
    assert columns(content, "touches")["kind"] == {"constant": "churn_notice"}
    assert "# Still needed: contracts.product, contracts.currency" in text


def test_ravenstack_is_taken_in_once_a_person_has_filled_in_what_is_needed(shared_data, tmp_path, proposed):
    from cs_helpers.snapshot.take import take_snapshot

    text, _ = proposed(shared_data / "ravenstack" / "*.csv")
    size = "size: { sql: \"case when seats >= 23 then 'enterprise' else 'small' end\" }"
    text = text.replace("size: { column: }", size)
    text = text.replace("product: { constant: }", "product: { constant: ravenstack }")
    text = text.replace("currency: { constant: }", "currency: { constant: USD }")
    text = text.replace("ended_on: end_date", "ended_on: { column: end_date, means: day_after }")
    (tmp_path / "sources.yml").write_text(text, encoding="utf-8")
    products = Path(__file__).resolve().parents[3] / "data" / "products"
    taken = take_snapshot(tmp_path / "sources.yml", folder=tmp_path / "snapshots", products=products)
    assert taken.manifest["rows_read"]["usage"] == 25_000
    assert taken.manifest["rows_kept"]["contracts"] == 5_000


def test_telco_is_one_list_of_customers_and_their_contracts(shared_data, proposed):
    text, content = proposed(shared_data / "telco")
    assert set(content["tables"]) == {"accounts", "contracts"}
    assert (
        columns(content, "accounts")["account_id"]
        == columns(content, "contracts")["account_id"]
        == "customerID"
    )
    assert columns(content, "accounts")["churned"] == "Churn"
    assert columns(content, "contracts")["mrr"] == "MonthlyCharges"
    assert columns(content, "contracts")["contract_id"] == {"column": None}
    assert "contracts.started_on" in text


def test_the_mrr_playbook_has_contracts_and_no_list_of_customers(shared_data, proposed, loaded):
    text, content = proposed(shared_data / "mrr_playbook" / "subscription_periods.csv")
    candidate = columns(content, "contracts")
    assert [candidate[c] for c in ("contract_id", "account_id", "started_on", "mrr")] == [
        "subscription_id", "customer_id", "start_date", "monthly_amount"
    ]  # fmt: skip
    assert candidate["ended_on"] == {"column": "end_date", "means": "day_after"}
    assert "sql: select distinct customer_id as account_id from subscription_periods" in text
    filled = text.replace("{ constant: }", "{ constant: x }").replace("{ column: }", "{ constant: small }")
    assert loaded(filled).tables["accounts"].sql.startswith("select distinct customer_id")


def test_a_sheet_of_hand_overs_is_known_by_its_day(folder, tmp_path):
    sheet = (
        "顧客ID,サービス,引き継ぎ日,営業担当,導入の理由,約束事項,期限,決裁者,関係者\n"
        "A1,helpdesk,2026-04-01,山本,問い合わせの山,ひな形10件,2026-06-30,部長,情シス\nA2,helpdesk,2026-05-01,佐藤,回答の重複,,,,\n"
    )
    found = folder({"accounts.csv": ACCOUNTS, "引き継ぎシート.csv": sheet})
    content = yaml.safe_load(propose(inspect(found), tmp_path))
    assert columns(content, "handovers") == {
        "account_id": "顧客ID", "product": "サービス", "handed_over_on": "引き継ぎ日", "from_person": "営業担当", "problem": "導入の理由",
        "promised": "約束事項", "deadline": "期限", "decision_maker": "決裁者", "stakeholders": "関係者",
    }  # fmt: skip


# --- the team ------------------------------------------------------------------------------------

TEAM = {
    "staff": [
        ("product,Employee,Job title,Job grade,Hire date,Leave date,Top performer", "helpdesk,csm-0{0},csm,senior,2023-04-0{0},,true",
         "person role grade joined_on left_on high_performer"),
        ("製品,メンバー,役割,等級,着任日,離任日,ハイパフォーマー", "helpdesk,csm-0{0},csm,senior,2023-04-0{0},,true",
         "person role grade joined_on left_on high_performer"),
    ],
    "competency_ratings": [
        ("product,Employee,Competency,Rater,Relationship,Review date,Rating", "helpdesk,csm-0{0},listening,lead-01,manager,2026-06-3{0},{0}",
         "person element rated_by relation rated_on score"),
        ("製品,被評価者,能力要素,評価者,評価者との関係,評価日,評点", "helpdesk,csm-0{0},listening,lead-01,manager,2026-06-2{0},{0}",
         "person element rated_by relation rated_on score"),
    ],
    "training_records": [
        ("product,Employee,Course,Enrolled on,Completion date", "helpdesk,csm-0{0},kickoff_design,2026-04-0{0},2026-05-0{0}",
         "person training assigned_on completed_on"),
        ("製品,受講者,研修名,割当日,修了日", "helpdesk,csm-0{0},kickoff_design,2026-04-0{0},2026-05-0{0}",
         "person training assigned_on completed_on"),
    ],
    "candidate_scores": [
        ("product,Applicant ID,Question ID,Scored by,Interview date,Points,Delete by",
         "helpdesk,C-{0},stuck_customer,csm-03,2026-08-0{0},{0},2027-03-31",
         "candidate question interviewer interviewed_on score keep_until"),
        ("製品,候補者番号,質問,面接官,面接日,評点,保存期限", "helpdesk,C-{0},stuck_customer,csm-03,2026-08-0{0},{0},2027-03-31",
         "candidate question interviewer interviewed_on score keep_until"),
    ],
    "principle_assessments": [
        ("product,Principle no,Assessment date,Maturity level,Rationale,Assessor", "helpdesk,{0},2026-06-30,defined,because,lead-01",
         "principle assessed_on level why assessed_by"),
        ("製品,原則番号,評価日,成熟度,根拠,評価者", "helpdesk,{0},2026-06-30,defined,なぜなら,lead-01",
         "principle assessed_on level why assessed_by"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", [0, 1], ids=["en", "ja"])
@pytest.mark.parametrize("table", TEAM)
def test_a_table_of_the_team_is_mapped_by_its_headers(folder, proposed, loaded, table, language):
    header, row, mapped = TEAM[table][language]
    rows = "".join(row.format(n) + "\n" for n in (1, 2, 3))
    path = folder({"accounts.csv": ACCOUNTS, "contracts.csv": CONTRACTS, "x.csv": f"{header}\n{rows}"})
    text, content = proposed(path)
    assert set(content["tables"]) == {"accounts", "contracts", table}
    first, *others = header.split(",")
    expected = dict(zip(["product", *mapped.split()], [first, *others], strict=True))
    assert {c: n for c, n in columns(content, table).items() if c in expected} == expected
    assert loaded(text).tables[table].from_ == "x"


def test_a_roster_of_users_of_customers_is_no_team(folder, proposed):
    users = "user_id,customer_id,role,created_at\nU1,A1,admin,2026-01-05\nU2,A2,viewer,2026-02-05\n"
    _, content = proposed(folder({"accounts.csv": ACCOUNTS, "contracts.csv": CONTRACTS, "users.csv": users}))
    assert not {"staff", "competency_ratings", "training_records"} & set(content["tables"])

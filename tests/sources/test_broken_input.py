"""Whatever is wrong with a company's tables: what, where and what to do is said in plain words."""

from __future__ import annotations

import gzip
import io
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from servers import postgres_driver

from cs_helpers.errors import ContractError, SettingError, SourceError, SourcesError, WorkbookError
from cs_helpers.report.data_check import describe, examples
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.text import Text

PRODUCTS = Path(__file__).resolve().parents[2] / "data" / "products"
SECRET = "hunter2-and-more"
ACCOUNTS = "account_id,name,size,industry\nA1,Kita,mid,retail\nA2,Minami,small,logistics\n"
CONTRACTS = (
    "contract_id,account_id,product,started_on,ended_on,mrr,currency\n"
    "C1,A1,helpdesk,2026-01-01,,100,JPY\n"
    "C2,A2,helpdesk,2026-02-01,2026-08-15,200,JPY\n"
)
USAGE = (
    "usage_id,account_id,product,user_id,occurred_at,event,quantity\n"
    "E1,A1,helpdesk,U1,2026-05-01 10:00:00,reply,1\n"
    "E2,A2,helpdesk,U2,2026-05-02 10:00:00,reply,2\n"
)
JAPANESE = ACCOUNTS.replace("Kita", "北浜包装株式会社")
MANY = "".join(f"B{i},Company {i},mid,retail\n" for i in range(5000))
#: what a message must not hold: traces, classes of Python, an engine's headings, our SQL and its names
OURS = re.compile(
    r"Traceback|\b\w+(Error|Exception)\b|\w+ Error:|\bLINE \d|object at 0x|\[Errno|<class"
    r"|\b(typed|flagged|kept|raw|misfit|broken|refused(?!_at_most))_|\"?\bt\d+\b|source_row|incoming|reduced\."
    r"|\bSELECT\b|\bCAST\(|row_number|\bNone\b|\bNoneType\b"
)
MEND = "Fix the source or its mapping (data/README.md lists what each table must hold)"


@dataclass(frozen=True)
class Case:
    """A defect: the files and lines of the sources file that differ from good ones, and what is said.

    expected: the class of the error, or table, column and rule of the finding.
    says: what must be in the message; of a finding, its sentence, its examples and the refused rows.
    """

    expected: type[WorkbookError] | tuple[str, str, str]
    says: tuple[str, ...]
    files: dict[str, str | bytes | None] = field(default_factory=dict)
    entries: dict[str, Any] = field(default_factory=dict)


def merged(one, other):
    out = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


def excel(text, **how):
    buffer = io.BytesIO()
    pd.read_csv(io.StringIO(text)).to_excel(buffer, index=False, **how)
    return buffer.getvalue()


def parquet(text, **columns):
    buffer = io.BytesIO()
    pd.read_csv(io.StringIO(text)).assign(**columns).to_parquet(buffer, index=False)
    return buffer.getvalue()


def accounts(file):
    return {"files": {"accounts": file}}


def table(name, /, **what):
    return {"tables": {name: what}}


def column(name, /, **columns):
    return {"tables": {name: {"columns": columns}}}


def query(sql):
    return {"tables": {"accounts": {"from": None, "sql": sql}}}


def usage(**what):
    return {"files": {"usage": "usage.csv"}, "tables": {"usage": {"from": "usage", **what}}}


def database(url, **what):
    return {"databases": {"crm": url}, "tables": {"accounts": {"from": "accounts", "in": "crm", **what}}}


FILES = {
    "a file that is not there": Case(
        SourceError,
        ("table 'accounts': there is no such file", "check 'folder' and 'files'", "customers_2026.csv"),
        entries=accounts("customers_2026.csv"),
    ),
    "a misspelt name of a file": Case(
        SourceError,
        ("table 'accounts'", "Did you mean 'accounts.csv'?", "acounts.csv"),
        entries=accounts("acounts.csv"),
    ),
    "an empty file": Case(
        SourceError, ("table 'accounts': the file is empty", "accounts.csv"), {"accounts.csv": ""}
    ),
    "a file of empty lines": Case(
        SourceError, ("table 'accounts': the file holds no line", "accounts.csv"), {"accounts.csv": "\n\n\n"}
    ),
    "a header and no rows": Case(
        ContractError,
        (
            "table 'accounts' has no rows: check its file",
            MEND,
        ),
        {"accounts.csv": ACCOUNTS.splitlines()[0] + "\n"},
    ),
    "an optional table without rows": Case(
        ContractError,
        ("table 'usage' has no rows", "or leave it out of the sources file"),
        {"usage.csv": USAGE.splitlines()[0] + "\n"},
        usage(),
    ),
    "a folder in the place of a file": Case(
        SourceError,
        ("table 'accounts': this is a folder; name a file in it, or a folder of Parquet files", "exports"),
        {"exports/readme.md": "x"},
        accounts("exports"),
    ),
    "a pattern that fits no file": Case(
        SourceError,
        ("table 'accounts': no file fits the pattern 'accounts-*.csv'; check 'folder' and 'files'",),
        entries=accounts("accounts-*.csv"),
    ),
    "a pattern that fits no Parquet file": Case(
        SourceError,
        ("no file fits the pattern '*.parquet'; check 'folder'",),
        entries=accounts("part/*.parquet"),
    ),
    "a pattern of Excel files": Case(
        SourceError,
        ("table 'accounts': a pattern of Excel files cannot be read; name one of them", "a*.xlsx"),
        {"a1.xlsx": excel(ACCOUNTS)},
        accounts("a*.xlsx"),
    ),
    "a kind of file that is not read": Case(
        SourceError,
        ("table 'accounts': files of type '.dbf'", "save it as CSV, Excel or Parquet", "accounts.dbf"),
        {"accounts.dbf": ACCOUNTS},
        accounts("accounts.dbf"),
    ),
    "a file whose name has no ending": Case(
        SourceError,
        ("name does not end in their type, as in .csv", "save it as CSV, Excel or Parquet", "(in customers)"),
        {"customers": ACCOUNTS},
        accounts("customers"),
    ),
    "a file that is not UTF-8": Case(
        SourceError,
        ("table 'accounts': the file is not UTF-8 text", "{path: accounts.csv, encoding: cp932}"),
        {"accounts.csv": JAPANESE.encode("cp932")},
    ),
    "another encoding than the one that is said": Case(
        SourceError,
        ("table 'accounts': the file is not euc_jp text; check 'encoding'", "accounts.csv"),
        {"accounts.csv": JAPANESE.encode("cp932")},
        accounts({"path": "accounts.csv", "encoding": "euc_jp"}),
    ),
    "a UTF-8 file that is said to be cp932": Case(
        SourceError,
        ("the file is not cp932 text; check 'encoding'",),
        {"accounts.csv": JAPANESE},
        accounts({"path": "accounts.csv", "encoding": "cp932"}),
    ),
    "an encoding that there is not": Case(
        SourceError,
        ("there is no encoding 'shift-jiss'; cp932, utf-8 and utf-16 are usual", "accounts.csv"),
        entries=accounts({"path": "accounts.csv", "encoding": "shift-jiss"}),
    ),
    "a compressed file that was cut off": Case(
        SourceError,
        ("table 'accounts': the file is not whole", "export or copy it again", "accounts.csv.gz"),
        {"accounts.csv.gz": gzip.compress((ACCOUNTS + MANY).encode())[:9000]},
        accounts("accounts.csv.gz"),
    ),
    "a compressed file of which only the last bytes are gone": Case(
        SourceError,
        ("the file is not whole", "export or copy it again"),
        {"accounts.csv.gz": gzip.compress((ACCOUNTS + MANY).encode())[:-8]},
        accounts("accounts-*.csv.gz".replace("-*", "")),
    ),
    "a compressed file in another encoding that was cut off": Case(
        SourceError,
        ("the file is not whole", "export or copy it again"),
        {"accounts.csv.gz": gzip.compress((JAPANESE + MANY).encode("cp932"))[:9000]},
        accounts({"path": "accounts.csv.gz", "encoding": "cp932"}),
    ),
    "a file that is only called compressed": Case(
        SourceError,
        ("not compressed with gzip; export or copy it again", "accounts.csv.gz"),
        {"accounts.csv.gz": ACCOUNTS},
        accounts("accounts.csv.gz"),
    ),
    "an Excel file that was cut off": Case(
        SourceError,
        ("table 'accounts': the file is not an Excel workbook; save it again as .xlsx or as CSV",),
        {"accounts.xlsx": excel(ACCOUNTS)[:3000]},
        accounts("accounts.xlsx"),
    ),
    "a sheet that there is not": Case(
        SourceError,
        ("there is no sheet '顧客一覧'. Did you mean '顧客'? There are: 顧客 (in accounts.xlsx)",),
        {"accounts.xlsx": excel(ACCOUNTS, sheet_name="顧客")},
        accounts({"path": "accounts.xlsx", "sheet": "顧客一覧"}),
    ),
    "a number of a sheet that there is not": Case(
        SourceError,
        ("there is no sheet 3; the first is 0. There are: 顧客 (in accounts.xlsx)",),
        {"accounts.xlsx": excel(ACCOUNTS, sheet_name="顧客")},
        accounts({"path": "accounts.xlsx", "sheet": 3}),
    ),
    "a header in another row of a sheet": Case(
        SourceError,
        (
            "table 'accounts', column 'account_id'",
            "stand in another line, say which: 'header_row' of the file",
        ),
        {"accounts.xlsx": excel(ACCOUNTS, startrow=2)},
        accounts("accounts.xlsx"),
    ),
    "a header below the last row of a sheet": Case(
        SourceError,
        ("the sheet has 3 rows; check 'header_row', which says 30 (in accounts.xlsx)",),
        {"accounts.xlsx": excel(ACCOUNTS)},
        accounts({"path": "accounts.xlsx", "header_row": 30}),
    ),
    "a header in another line of a text": Case(
        SourceError,
        ("The source has: List, made, by, Sato", "'header_row' of the file", "accounts.csv"),
        {"accounts.csv": "List,made,by,Sato\n" + ACCOUNTS},
    ),
    "a header below the last line of a text": Case(
        SourceError,
        ("the file holds no line after line 8; check 'header_row' (in accounts.csv)",),
        entries=accounts({"path": "accounts.csv", "header_row": 9}),
    ),
    "a Parquet file that was cut off": Case(
        SourceError,
        ("table 'accounts': the file is not Parquet, or was cut off", "copy it again", "accounts.parquet"),
        {"accounts.parquet": parquet(ACCOUNTS)[:400]},
        accounts("accounts.parquet"),
    ),
    "one broken file in a folder of Parquet files": Case(
        SourceError,
        ("table 'accounts': the file is not Parquet, or was cut off", "part-2.parquet"),
        {"parts/part-1.parquet": parquet(ACCOUNTS), "parts/part-2.parquet": parquet(ACCOUNTS)[:400]},
        accounts("parts"),
    ),
    "a line with too many cells": Case(
        SourceError,
        ("table 'accounts': line 4, which begins with 'A3', has 5 cells", "needs quotes", "accounts.csv"),
        {"accounts.csv": ACCOUNTS + "A3,Kita, Ltd.,mid,retail\n"},
    ),
    "a line with too few cells among many": Case(
        SourceError,
        ("line 5004, which begins with 'Total 5002', has 1 cells, the line of the names has 4; mend it",),
        {"accounts.csv": ACCOUNTS + MANY + "Total 5002\n"},
    ),
    "a line with too many cells in one of several files": Case(
        SourceError,
        ("line 2, which begins with 'A2', has 5 cells", "north-2.csv"),
        {"north-1.csv": ACCOUNTS, "north-2.csv": "account_id,name,size,industry\nA2,x,mid,retail,5\n"},
        accounts("north-*.csv"),
    ),
    "a line with too many cells in another encoding": Case(
        SourceError,
        ("line 4, which begins with 'A3', has 6 cells", "accounts.csv"),
        {"accounts.csv": (JAPANESE + "A3,Higashi,mid,retail,,5\n").encode("cp932")},
        accounts({"path": "accounts.csv", "encoding": "cp932"}),
    ),
    "a quote that is not closed": Case(
        SourceError,
        ("table 'accounts': line 4 opens a quote", "close it or take it out"),
        {"accounts.csv": ACCOUNTS + 'A3,"Higashi,mid,retail\n' + MANY + 'A4,"Nishi, Inc.",mid,retail\n'},
    ),
    "storage that is not known": Case(
        SourceError,
        ("table 'accounts': 's4://' cannot be read", "s4://bucket/accounts.csv"),
        entries=accounts("s4://bucket/accounts.csv"),
    ),
    "a file that is not in the storage": Case(
        SourceError,
        ("table 'accounts': there is no such file; check 'folder' and 'files' (in memory://none/a.csv)",),
        entries=accounts("memory://none/a.csv"),
    ),
    "a workbook that is not in the storage": Case(
        SourceError,
        ("there is no such file", "memory://none/a.xlsx"),
        entries=accounts("memory://none/a.xlsx"),
    ),
    "several files that are not there": Case(
        SourcesError,
        ("2 tables cannot be read", "table 'accounts': there is no such file", "crm.csv", "deals.csv"),
        entries={"files": {"accounts": "crm.csv", "contracts": "deals.csv"}},
    ),
}
MAPPING = {
    "a required column that is missing": Case(
        SourceError,
        (
            "table 'accounts', column 'account_id'",
            "map it under tables.accounts.columns",
            "key, name, size",
            "accounts.csv",
        ),
        {"accounts.csv": ACCOUNTS.replace("account_id", "key")},
    ),
    "a misspelt column": Case(
        SourceError,
        ("table 'accounts', column 'name': it is mapped to 'nmae'", "Did you mean 'name'?", "accounts.csv"),
        entries=column("accounts", name="nmae"),
    ),
    "a query with a mistake": Case(
        SourceError,
        ("table 'accounts': the query or filter cannot run", 'near "from"', "tables.accounts.sql"),
        entries=query("selec * from accounts"),
    ),
    "a query of a table that there is not": Case(
        SourceError,
        ("acounts does not exist", "There are: accounts, contracts", "tables.accounts.sql"),
        entries=query("select * from acounts"),
    ),
    "a query of a column that there is not": Case(
        SourceError,
        ("table 'accounts'", '"seats"', "tables.accounts.sql"),
        entries=query("select *, x.seats from accounts x"),
    ),
    "a filter by a column that there is not": Case(
        SourceError,
        ('"stauts" not found', "The source has: account_id, name, size, industry", "tables.accounts.where"),
        entries=table("accounts", where="stauts <> 'test'"),
    ),
    "a filter with a mistake": Case(
        SourceError,
        ("table 'accounts'", 'near "="', "tables.accounts.where"),
        entries=table("accounts", where="size = = 'mid'"),
    ),
    "a filter of the usage log by a column that there is not": Case(
        SourceError,
        ("table 'usage'", '"evnt" not found', "The source has: usage_id", "tables.usage.where"),
        {"usage.csv": USAGE},
        usage(where="evnt = 'reply'"),
    ),
    "a filter that leaves no row": Case(
        ContractError,
        (
            "table 'accounts': its filter (size = 'huge') lets none of 2 rows pass; correct 'tables.accounts.where'",
            MEND,
        ),
        entries=table("accounts", where="size = 'huge'"),
    ),
    "an expression of a column that there is not": Case(
        SourceError,
        ("table 'accounts': the mapping cannot run", '"seats"', "tables.accounts.columns.size"),
        entries=column("accounts", name="name", size={"sql": "case when seats > 3 then 'mid' end"}),
    ),
    "an expression with a mistake": Case(
        SourceError,
        ("table 'accounts': the mapping cannot run", "syntax error", "tables.accounts.columns.size"),
        entries=column("accounts", size={"sql": "case when name then"}),
    ),
    "an expression that fails on a row": Case(
        SourceError,
        ("table 'contracts': the rows cannot be read", "'JPY'", "column currency"),
        entries=column("contracts", mrr={"sql": "cast(currency as integer)"}),
    ),
    "a way to write dates that there is not": Case(
        SourceError,
        ("table 'contracts'", "%Q", "tables.contracts.columns.started_on"),
        entries=column("contracts", started_on={"column": "started_on", "format": "%Q"}),
    ),
    "a format of what is no date": Case(
        SettingError,
        ("sources.yml: key 'tables.accounts.columns.name': a format is for dates and times",),
        entries=column("accounts", name={"column": "name", "format": "%d"}),
    ),
    "values that lead to an unknown size": Case(
        ("accounts", "size", "not_allowed"),
        ("accounts.size other than small, mid, enterprise: 1 (kept with a warning)", "row 1, A1: medium"),
        entries=column("accounts", size={"column": "size", "values": {"mid": "medium"}}),
    ),
    "values that lead to unknown sizes only": Case(
        ("accounts", "size", "not_allowed"),
        ("accounts.size other than small, mid, enterprise: 2 (kept with a warning)", "row 1, A1: M"),
        {"accounts.csv": ACCOUNTS.replace("mid", "M").replace("small", "S")},
    ),
    "several broken tables": Case(
        SourcesError,
        ("3 tables cannot be read", "column 'account_id'", '"mr" not found', "table 'usage', column 'event'"),
        {"usage.csv": USAGE.replace("event", "evnt"), "accounts.csv": ACCOUNTS.replace("account_id", "key")},
        merged(usage(), table("contracts", where="mr > 0")),
    ),
}
ROWS = {
    "a word in a column of numbers": Case(
        ("contracts", "mrr", "wrong_type"),
        ("contracts.mrr that is no number as in 1234.5", "row 1, C1: much"),
        {"contracts.csv": CONTRACTS.replace(",100,", ",much,")},
    ),
    "a number with a thousands separator": Case(
        ("contracts", "mrr", "wrong_type"),
        (
            "contracts.mrr that is not plainly written",
            'say mrr: {column: mrr, number: "1,234"}',
            "row 2, C2: 1,200",
        ),
        {"contracts.csv": CONTRACTS.replace(",200,", ',"1,200",')},
    ),
    "a usage log with a thousands separator": Case(
        ("usage", "quantity", "wrong_type"),
        ("usage.quantity that is not plainly written", 'number: "1,234"}', "row 1, E1: 1,200"),
        {"usage.csv": USAGE.replace("reply,1", 'reply,"1,200"')},
        usage(),
    ),
    "what is not a number in a text": Case(
        ("contracts", "mrr", "wrong_type"),
        ("that is no number as in 1234.5", "row 1, C1: NaN"),
        {"contracts.csv": CONTRACTS.replace(",100,", ",NaN,").replace(",200,", ',"200",')},
    ),
    "a number without an end": Case(
        ("contracts", "mrr", "wrong_type"),
        ("that is no number as in 1234.5", "row 1, C1: inf"),
        {"contracts.parquet": parquet(CONTRACTS, mrr=[float("inf"), 5.0])},
        {"files": {"contracts": "contracts.parquet"}},
    ),
    "a negative price": Case(
        ("contracts", "mrr", "out_of_range"),
        ("contracts.mrr outside >= 0: 1 (left out)", "row 1, C1: -100"),
        {"contracts.csv": CONTRACTS.replace(",100,", ",-100,")},
    ),
    "a negative quantity": Case(
        ("usage", "quantity", "out_of_range"),
        ("usage.quantity outside 0 - ", "row 1, E1: -1"),
        {"usage.csv": USAGE.replace("reply,1", "reply,-1")},
        usage(),
    ),
    "a score that there is not": Case(
        ("accounts", "motivation", "out_of_range"),
        ("accounts.motivation outside 1 - 5: 1", "row 1, A1: 9"),
        {
            "accounts.csv": ACCOUNTS.replace("industry", "motivation,industry")
            .replace(",retail", ",9,retail")
            .replace(",logistics", ",5,logistics")
        },
    ),
    "a date that there is not": Case(
        ("contracts", "started_on", "wrong_type"),
        ("contracts.started_on that is no date as in 2026-07-31", "row 2, C2: 2026-02-30"),
        {"contracts.csv": CONTRACTS.replace("2026-02-01", "2026-02-30")},
    ),
    "a date with two meanings": Case(
        ("contracts", "started_on", "wrong_type"),
        ("contracts.started_on that is no date as in 2026-07-31", "row 2, C2: 01/02/2026"),
        {"contracts.csv": CONTRACTS.replace("2026-02-01", "01/02/2026")},
    ),
    "dates with two meanings only": Case(
        ContractError,
        ("table 'contracts': all 2 rows were refused", "'started_on'", "row 1, key C1, value '01/03/2026'"),
        {"contracts.csv": CONTRACTS.replace("2026-02-01", "01/02/2026").replace("2026-01-01", "01/03/2026")},
    ),
    "a year of two digits": Case(
        ("contracts", "started_on", "wrong_type"),
        ("that is no date as in 2026-07-31", "row 2, C2: 26-02-01"),
        {"contracts.csv": CONTRACTS.replace("2026-02-01", "26-02-01")},
    ),
    "a time that there is not": Case(
        ("usage", "occurred_at", "wrong_type"),
        ("usage.occurred_at that is no time as in 2026-07-31", "row 2, E2: noon"),
        {"usage.csv": USAGE.replace("2026-05-02 10:00:00", "noon")},
        usage(),
    ),
    "a constant that is no date": Case(
        ContractError,
        ("table 'contracts': all 2 rows were refused", "column 'started_on'", "'yesterday'"),
        entries=column("contracts", started_on={"constant": "yesterday"}),
    ),
    "a contract of the future": Case(
        ("contracts", "started_on", "after_as_of"),
        ("Rows of contracts dated after 2026-09-30: 1 (left out)", "row 1, C1: 2027-01-01"),
        {"contracts.csv": CONTRACTS.replace("2026-01-01", "2027-01-01")},
    ),
    "use in the future": Case(
        ("usage", "occurred_at", "after_as_of"),
        ("Rows of usage dated after 2026-09-30: 1 (left out)", "row 1, E1: 2027-05-01 10:00:00"),
        {"usage.csv": USAGE.replace("2026-05-01", "2027-05-01")},
        usage(),
    ),
    "an id that stands twice": Case(
        ("accounts", "account_id", "duplicate_key"),
        ("Duplicate ids in accounts.account_id: 1 (left out)", "row 3, A1", "Kita again"),
        {"accounts.csv": ACCOUNTS + "A1,Kita again,mid,retail\n"},
    ),
    "an id of the usage log that stands twice": Case(
        ("usage", "usage_id", "duplicate_key"),
        ("Duplicate ids in usage.usage_id: 1 (left out)", "row 2, E1"),
        {"usage.csv": USAGE.replace("E2", "E1")},
        usage(),
    ),
    "a row without an id": Case(
        ("accounts", "account_id", "missing_value"),
        ("Rows with no accounts.account_id: 1 (left out)", "row 3", "Higashi"),
        {"accounts.csv": ACCOUNTS + ",Higashi,mid,retail\n"},
    ),
    "a contract of nobody": Case(
        ("contracts", "account_id", "orphan"),
        ("Rows of contracts that match no row of accounts (contracts.account_id): 1", "row 3, C3: A9"),
        {"contracts.csv": CONTRACTS + "C3,A9,helpdesk,2026-01-01,,1,JPY\n"},
    ),
    "use of nobody": Case(
        ("usage", "account_id", "orphan"),
        ("Rows of usage that match no row of accounts (usage.account_id): 1", "row 2, E2: A9"),
        {"usage.csv": USAGE.replace("A2", "A9")},
        usage(),
    ),
    "a contract that ends before it starts": Case(
        ("contracts", "ended_on", "ends_before_start"),
        ("Contracts that end before they start: 1 (left out)", "row 2, C2: 2025-08-15"),
        {"contracts.csv": CONTRACTS.replace("2026-08-15", "2025-08-15")},
    ),
    "two currencies of one product": Case(
        ContractError,
        ("column 'currency': product 'helpdesk' is paid in JPY, USD; convert mrr to one currency", MEND),
        {"contracts.csv": CONTRACTS.replace("200,JPY", "200,USD")},
    ),
    "use without a contract, which is said to stop": Case(
        ContractError,
        (
            "table 'usage', column 'occurred_at': 1 rows break the rule without_contract",
            "stop: row 2, key E2",
        ),
        {"usage.csv": USAGE.replace("E2,A2,helpdesk", "E2,A2,expense_desk")},
        merged(usage(), {"policies": {"usage.without_contract": "stop"}}),
    ),
    "a product without a file": Case(
        ContractError,
        (
            "column 'product': 'helpdsk' has no product file",
            "Did you mean 'helpdesk'?",
            "cs-workbook new-product",
        ),
        {"contracts.csv": CONTRACTS.replace("A2,helpdesk", "A2,helpdsk")},
    ),
}
SETTINGS = {
    "a variable that is not set": Case(
        SettingError,
        ("key 'databases.crm': the environment variable CS_NOT_SET is not set; export it first",),
        entries=database("postgres://reader:${CS_NOT_SET}@localhost/crm"),
    ),
    "a variable of an option that is not set": Case(
        SettingError,
        ("key 'files.accounts.options.token': the environment variable CS_NOT_SET is not set; export it",),
        entries=accounts({"path": "memory://a.csv", "options": {"token": "${CS_NOT_SET}"}}),
    ),
    "a password in the file": Case(
        SettingError,
        ("sources.yml: key 'databases.crm': a password is written here; write ${NAME} and set NAME",),
        entries=database(f"postgres://reader:{SECRET}@localhost/crm"),
    ),
    "a secret in the options of a file": Case(
        SettingError,
        ("sources.yml: key 'files.accounts.options.secret': a secret is written here; write ${NAME}",),
        entries=accounts({"path": "s3://bucket/a.csv", "options": {"secret": SECRET}}),
    ),
    "a database that does not answer": Case(
        SourceError,
        ("database 'crm'", "the database cannot be reached", "port 1", "check its address, that it runs"),
        entries=database("postgres://reader:${CS_TEST_PASSWORD}@127.0.0.1:1/crm"),
    ),
    "a database whose driver is not installed": Case(
        SourceError,
        ("database 'crm'", "the driver is not installed; run 'pip install", "ibis-framework[mssql]"),
        entries=database("mssql://reader:${CS_TEST_PASSWORD}@localhost/crm"),
    ),
    "a wrong password of PostgreSQL": Case(
        SourceError,
        ("database 'crm'", "password authentication failed", "that the user and password are right"),
        entries=database("postgres://READER:${CS_WRONG_PASSWORD}@SERVER"),
    ),
    "a table that PostgreSQL does not have": Case(
        SourceError,
        ("table 'accounts'", 'relation "accounts" does not exist', "tables.accounts.from"),
        entries=database("postgres://READER:${CS_TEST_PASSWORD}@SERVER"),
    ),
    "a query with a mistake in PostgreSQL": Case(
        SourceError,
        ("table 'accounts'", 'syntax error at or near "', "tables.accounts.sql"),
        entries=database("postgres://READER:${CS_TEST_PASSWORD}@SERVER", **{"from": None, "sql": "select * form x"}),
    ),
    "a file that is no database": Case(
        SourceError,
        ("database 'crm'", "the file is no DuckDB database"),
        {"crm.duckdb": "no database"},
        database("crm.duckdb"),
    ),
    "a database file that is not there": Case(
        SourceError, ("database 'crm'", "there is no such file"), entries=database("crm.duckdb")
    ),
    "a time zone that there is not": Case(
        SettingError,
        ("sources.yml: key 'timezone': there is no time zone 'Asia/Tokio'. Did you mean 'Asia/Tokyo'?",),
        entries={"timezone": "Asia/Tokio"},
    ),
    "a time zone of a table that there is not": Case(
        SettingError,
        ("sources.yml: key 'tables.accounts.timezone': there is no time zone 'JST'", "as in Asia/Tokyo"),
        entries=table("accounts", timezone="JST"),
    ),
    "a rule that there is not": Case(
        SettingError,
        ("key 'policies.mrr_zeros': there is no rule 'mrr_zeros'. Did you mean 'mrr_zero'?", "Allowed: "),
        entries={"policies": {"mrr_zeros": "stop"}},
    ),
    "a policy that a rule cannot have": Case(
        SettingError,
        ("key 'policies.orphan': rows that break 'orphan' cannot have the policy 'warn'. Allowed: reject, stop",),
        entries={"policies": {"orphan": "warn"}},
    ),
    "a policy that a required column cannot have": Case(
        SettingError,
        ("key 'policies.contracts.mrr.out_of_range'", "cannot have the policy 'warn'. Allowed: reject, stop"),
        entries={"policies": {"contracts.mrr.out_of_range": "warn"}},
    ),
    "a policy that there is not": Case(
        SettingError,
        ("key 'policies.orphan': 'drop' is not allowed", "'reject'"),
        entries={"policies": {"orphan": "drop"}},
    ),
    "a key that there is not": Case(
        SettingError,
        ("sources.yml: key 'fodler': there is no such key. Did you mean 'folder'?", "Allowed: as_of"),
        entries={"fodler": "x"},
    ),
    "a table that the contract does not have": Case(
        SettingError,
        ("key 'tables.acounts': the contract has no such table. Did you mean 'accounts'?",),
        entries=table("acounts", **{"from": "accounts"}),
    ),
    "a file that is not named": Case(
        SettingError,
        ("key 'tables.accounts.from': 'crm' is not one of the files. Allowed: accounts, contracts",),
        entries=table("accounts", **{"from": "crm"}),
    ),
    "a last day that is no day": Case(
        SettingError, ("sources.yml: key 'as_of'", "'2026-13-01'"), entries={"as_of": "2026-13-01"}
    ),
    "an amount of memory that is none": Case(
        SettingError, ("key 'memory': needs an amount of memory, as in 2GB, not 'lots'",), entries={"memory": "lots"}
    ),
    "a file that is not YAML": Case(
        SettingError,
        ("sources.yml: this is not valid YAML at line 2, column 7",),
        {"sources.yml": "files: {accounts: accounts.csv\ntables:\n"},
    ),
    "a tab in YAML": Case(
        SettingError,
        ("sources.yml: this is not valid YAML at line 2, column 1",),
        {"sources.yml": "files:\n\taccounts: accounts.csv\n"},
    ),
}  # fmt: skip
CASES = FILES | MAPPING | ROWS | SETTINGS


def read_in(folder, case, server=None):
    """A snapshot of good tables with the defect of `case`."""
    files = {"accounts.csv": ACCOUNTS, "contracts.csv": CONTRACTS} | case.files
    good = {
        "as_of": "2026-09-30",
        "files": {"accounts": "accounts.csv", "contracts": "contracts.csv"},
        "tables": {"accounts": {"from": "accounts"}, "contracts": {"from": "contracts"}},
    }
    entries = yaml.safe_dump(merged(good, case.entries), allow_unicode=True)
    if server is not None:
        place = f"{server.host}:{server.port}/{server.database}"
        entries = entries.replace("READER", server.user).replace("SERVER", place)
    for name, content in {"sources.yml": entries, **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "snapshots").mkdir()
    return take_snapshot(
        folder / "sources.yml", folder=folder / "snapshots", products=PRODUCTS, today=date(2026, 12, 31)
    )


@pytest.mark.parametrize("defect", CASES)
def test_a_defect_is_named_with_its_place_and_what_to_do(defect, tmp_path, monkeypatch, request):
    case, server = CASES[defect], None
    if "postgres://" in str(case.entries):
        postgres_driver()
    if "SERVER" in str(case.entries):
        server = request.getfixturevalue("postgres")
    monkeypatch.setenv("CS_TEST_PASSWORD", server.password if server else SECRET)
    monkeypatch.setenv("CS_WRONG_PASSWORD", SECRET)
    monkeypatch.delenv("CS_NOT_SET", raising=False)
    monkeypatch.chdir(tmp_path)
    if isinstance(case.expected, tuple):
        snapshot = read_in(tmp_path, case)
        text = Text("en")
        finding = next(f for f in snapshot.findings if (f.table, f.column, f.rule) == case.expected)
        refused = ""
        if finding.policy == "reject":  # nobody is removed for a label
            refused = (snapshot.folder / "rejected" / f"{finding.table}.csv").read_text(encoding="utf-8")
            assert f"{finding.column}:{finding.rule}" in refused
        description = f"{describe(finding, text)} ({text(f'rules.policy.{finding.policy}')})"
        message = "\n".join([description, *examples(finding, text), *refused.splitlines()[1:]])
    else:
        with pytest.raises(WorkbookError) as caught:
            read_in(tmp_path, case, server)
        assert type(caught.value) is case.expected
        message = str(caught.value)
        assert str(tmp_path) not in message
    assert [part for part in case.says if part not in message] == [], message
    assert not OURS.search(message), message
    assert SECRET not in message

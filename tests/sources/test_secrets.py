"""A password stays in the environment: no file, no page, no output and no error says it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import traceback
from datetime import date
from pathlib import Path
from urllib.parse import quote, quote_plus

import fsspec
import pandas as pd
import pytest
import yaml
from fsspec.implementations.memory import MemoryFileSystem

from cs_helpers.errors import SourceError, WorkbookError
from cs_helpers.snapshot.take import check_tables, take_snapshot
from cs_helpers.sources.inspect.proposal import inspect, propose

ROOT = Path(__file__).resolve().parents[2]
#: what an address cannot hold as it is
ODD = "p@ss:w/rd%"
OTHER = "tr0ub4dor-and-3"
ACCOUNTS = "account_id,name,size,industry\nA1,Kita,mid,retail\nA2,Minami,tiny,logistics\n"
CONTRACTS = (
    "contract_id,account_id,product,started_on,ended_on,mrr,currency\n"
    "C1,A1,helpdesk,2026-01-01,,100,JPY\nC2,A9,helpdesk,2026-02-01,,200,JPY\n"
)
USAGE = (
    "account_id,product,user_id,occurred_at,event,quantity\n"
    "A1,helpdesk,U1,2026-05-01 10:00:00,reply,1\nA9,helpdesk,U2,2026-05-02 10:00:00,reply,2\n"
)


def forms(secret):
    """How a secret may be written."""
    return {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1]}


def leaks(secret, *texts):
    """Which forms of a secret are in one of the texts."""
    return {form for form in forms(secret) for text in texts if form in text}


def files_with(secret, folder):
    """The files below a folder that hold a secret, in their bytes or in the cells of their tables."""
    found = []
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        content = file.read_bytes()
        text = content.decode("utf-8", errors="replace") + content.decode("utf-16-le", errors="replace")
        if file.suffix == ".parquet":  # compressed
            text += pd.read_parquet(file).to_csv()
        if leaks(secret, text, str(file)):
            found.append(file.relative_to(folder))
    return found


@pytest.fixture
def server(postgres):
    """The started server with three tables, whose reader has a password that an address must encode."""

    def change(before, after):
        with postgres.connect(password=before).con as connection:
            connection.execute(f"alter role {postgres.user} password '{after}'")

    connection = postgres.connect()
    for name, text in (("crm", ACCOUNTS), ("deals", CONTRACTS), ("log", USAGE)):
        connection.create_table(name, pd.read_csv(io.StringIO(text), dtype=str), overwrite=True)
    connection.con.commit()
    connection.disconnect()
    change(postgres.password, ODD)
    yield postgres
    change(ODD, postgres.password)
    connection = postgres.connect()
    for name in ("crm", "deals", "log"):
        connection.drop_table(name)
    connection.con.commit()
    connection.disconnect()


@pytest.fixture
def home(tmp_path):
    """A workbook's home without tables."""
    folder = tmp_path / "home"
    (folder / "data" / "products").mkdir(parents=True)
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copy(ROOT / "data" / "products" / "helpdesk.yml", folder / "data" / "products")
    return folder


def from_server(home, server, *, place="", **more):
    """A sources file of three tables in the server, whose password is `${CS_TEST_PASSWORD}`."""
    where = place or f"{server.host}:{server.port}/{server.database}"
    tables = {"accounts": "crm", "contracts": "deals", "usage": "log"}
    sources = {
        "as_of": date(2026, 9, 30),
        "databases": {"warehouse": f"postgres://{server.user}:${{CS_TEST_PASSWORD}}@{where}"},
        "tables": {name: {"in": "warehouse", "from": table} for name, table in tables.items()},
    }
    for name, what in more.items():
        sources["tables"][name] = {"in": "warehouse", **what}
    (home / "data" / "sources.yml").write_text(yaml.safe_dump(sources))
    return home / "data" / "sources.yml"


def process(home, *arguments, **environment):
    """The command in a process of its own: its code, and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "cs_helpers.cli", *arguments],
        cwd=home, capture_output=True, text=True, check=False,
        env={**os.environ, "CS_WORKBOOK_HOME": str(home), "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.thorough
def test_a_snapshot_and_its_checks_do_not_hold_the_password_that_they_were_read_with(home, server):
    sources = from_server(home, server)
    password = {"CS_TEST_PASSWORD": quote(ODD, safe="")}
    for command in ("snapshot", "check"):
        code, output = process(home, command, "--data", str(sources), **password)
        assert code == 0, output
        assert not leaks(ODD, output)
    code, output = process(home, "snapshots", "show", **password)
    assert "helpdesk" in output
    assert not leaks(ODD, output)
    written = {file.name for file in home.rglob("*")}
    assert {"manifest.json", "usage.csv", ".reduced", "data-check.en.html"} <= written
    assert files_with(ODD, home) == []


def test_a_proposal_of_the_command_does_not_hold_the_password_of_its_address(home, server):
    url = f"postgres://{server.user}:{quote(ODD, safe='')}@{server.host}:{server.port}/{server.database}"
    code, output = process(home, "inspect", url, "--write", str(home / "data" / "proposed.yml"))
    assert code == 0, output
    assert "${PGPASSWORD}" in (home / "data" / "proposed.yml").read_text()
    assert not leaks(ODD, output)
    assert files_with(ODD, home) == []


def test_a_wrong_password_is_not_said_by_the_command(home, server):
    sources = from_server(home, server)
    code, output = process(home, "check", "--data", str(sources), CS_TEST_PASSWORD=OTHER)
    assert code == 1
    assert "password authentication failed" in output
    assert not leaks(OTHER, output)
    assert files_with(OTHER, home) == []


FAILURES = {
    "a wrong password": ({}, OTHER, "password authentication failed"),
    "a host that does not answer": ({"place": "127.0.0.1:1/cs"}, ODD, "cannot be reached"),
    "a database that is not there": ({"place": "SERVER/nowhere"}, ODD, '"nowhere" does not exist'),
    "a table that is not there": ({"accounts": {"from": "customers"}}, ODD, '"customers" does not exist'),
    "a query with a mistake": ({"accounts": {"sql": "select * form crm"}}, ODD, "syntax error"),
    "a filter with a mistake": ({"accounts": {"from": "crm", "where": "seats > 3"}}, ODD, "seats"),
    "an expression that fails on a row": (
        {"usage": {"sql": "select *, 1 / (length(event) - 5) as x from log where 1 / (length(event) - 5) > 0"}},
        ODD, "division by zero",
    ),
    "a column that is not there": ({"contracts": {"from": "log"}}, ODD, "no such column"),
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("read", [take_snapshot, check_tables])
def test_no_failure_says_the_password(home, server, monkeypatch, capfd, failure, read):
    more, password, message = FAILURES[failure]
    place = more.get("place", "").replace("SERVER", f"{server.host}:{server.port}")
    sources = from_server(home, server, **{**more, "place": place})
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    monkeypatch.setenv("CS_TEST_PASSWORD", quote(password, safe=""))
    with pytest.raises(WorkbookError) as caught:
        read(sources)
    trace = "".join(traceback.format_exception(caught.value))
    out, err = capfd.readouterr()
    assert message in str(caught.value)
    assert not leaks(password, trace, out, err)
    assert files_with(password, home) == []


@pytest.mark.parametrize(
    "address", ["postgres://{user}:{secret}@{place}", "oracel://{user}:{secret}@{place}"]
)
def test_a_password_that_breaks_its_address_is_not_said_in_parts(home, server, monkeypatch, address):
    sources = from_server(home, server)
    url = address.format(user=server.user, secret="${CS_TEST_PASSWORD}", place="127.0.0.1:1/cs")
    content = yaml.safe_load(sources.read_text()) | {"databases": {"warehouse": url}}
    sources.write_text(yaml.safe_dump(content))
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    monkeypatch.setenv("CS_TEST_PASSWORD", ODD)  # not encoded
    with pytest.raises(WorkbookError) as caught:
        take_snapshot(sources)
    message = str(caught.value)
    assert not leaks(ODD, message)
    assert "ss:w" not in message
    assert "rd%" not in message


@pytest.mark.parametrize("password", [ODD, "s3cret"])
def test_a_look_at_a_database_that_fails_does_not_say_the_password(server, password):
    for place in ("127.0.0.1:1/cs", f"{server.host}:{server.port}/nowhere"):
        with pytest.raises(WorkbookError) as caught:
            inspect(f"postgres://{server.user}:{quote(password, safe='')}@{place}")
        assert not leaks(password, str(caught.value))


def test_a_look_at_a_database_does_not_hold_its_password(server):
    url = f"postgres://{server.user}:{quote(ODD, safe='')}@{server.host}:{server.port}/{server.database}"
    found = inspect(url)
    assert {"crm", "deals", "log"} <= {one.name for one in found}
    assert not leaks(ODD, repr(found), propose(found))


class Leaky(MemoryFileSystem):
    """A storage that says its secret whenever it is asked for what is not there."""

    protocol = "leaky"
    cachable = False

    def __init__(self, secret="", when="", **_):
        super().__init__()
        self.secret, self.when = secret, when
        if when == "connect":
            raise PermissionError(f"no access with {secret}")
        if when == "options":
            raise ValueError(f"{secret} is no key")

    @classmethod
    def _strip_protocol(cls, path):
        return MemoryFileSystem._strip_protocol(path.replace("leaky://", "memory://"))

    def _open(self, path, *args, **kwargs):
        if self.when == "read":
            raise RuntimeError(f"the key {self.secret} has run out")
        return super()._open(path, *args, **kwargs)


@pytest.fixture
def storage(home, monkeypatch):
    """A sources file whose customers lie in a storage with a secret among its options."""
    fsspec.register_implementation("leaky", Leaky, clobber=True)
    memory = fsspec.filesystem("memory")
    memory.pipe("/secrets/crm.csv", ACCOUNTS.encode())
    book = io.BytesIO()
    pd.read_csv(io.StringIO(ACCOUNTS)).to_excel(book, index=False)
    memory.pipe("/secrets/crm.xlsx", book.getvalue())
    (home / "data" / "deals.csv").write_text(CONTRACTS)
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    monkeypatch.setenv("CS_TEST_SECRET", ODD)

    def output(name, when=""):
        options = {"secret": "${CS_TEST_SECRET}", "when": when}
        file = {"path": f"leaky://secrets/{name}", "options": options}
        (home / "data" / "sources.yml").write_text(yaml.safe_dump({
            "as_of": date(2026, 9, 30),
            "files": {"crm": file, "deals": "deals.csv"},
            "tables": {"accounts": {"from": "crm"}, "contracts": {"from": "deals"}},
        }))  # fmt: skip
        return home / "data" / "sources.yml"

    yield output
    memory.rm("/secrets", recursive=True)


@pytest.mark.parametrize("name", ["crm.csv", "crm.xlsx"])
def test_a_snapshot_of_a_storage_does_not_hold_its_secret(home, storage, name):
    snapshot = take_snapshot(storage(name))
    assert snapshot.manifest["rows_kept"]["accounts"] == 2
    assert files_with(ODD, home) == []


@pytest.mark.parametrize("when", ["connect", "options", "read", "missing"])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_no_failure_of_a_storage_says_its_secret(home, storage, capfd, when, kind):
    name = "none" if when == "missing" or kind == "parquet" else "crm"
    with pytest.raises(SourceError) as caught:
        take_snapshot(storage(f"{name}.{kind}", when))
    out, err = capfd.readouterr()
    assert "leaky://" in str(caught.value)
    assert not leaks(ODD, "".join(traceback.format_exception(caught.value)), out, err)
    assert files_with(ODD, home) == []

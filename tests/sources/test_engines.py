"""The same log gives the same snapshot wherever it lies: DuckDB, PostgreSQL and Spark, really started."""

from __future__ import annotations

import io
import shutil
import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_helpers.snapshot.take import take_snapshot

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = ROOT / "data" / "products"
ACCOUNTS = "account_id,name,size,industry\n" + "".join(f"A{i},Company {i},mid,retail\n" for i in range(1, 5))
CONTRACTS = "contract_id,account_id,product,started_on,mrr,currency\n" + "".join(
    f"C{i},A{i},paper_to_web,2023-12-01,100,JPY\n" for i in range(1, 5)
)
SCHEMA = pa.schema(
    [
        ("account_id", pa.string()), ("product", pa.string()), ("user_id", pa.string()),
        ("occurred_at", pa.timestamp("us")), ("event", pa.string()), ("quantity", pa.float64()),
    ]
)  # fmt: skip


class Log:
    """A place that a usage log can be put into, and what a sources file says of it."""

    def __init__(self, name, put, entry):
        self.name, self.put, self.source_entry = name, put, entry


def into_file(folder):
    def put(table, name="log"):
        pq.write_table(table, folder / f"{name}.parquet")

    return Log(
        "duckdb", put, lambda name="log": {"files": {name: f"{name}.parquet"}, "usage": {"from": name}}
    )


def into_postgres(server):
    connection = server.connect()

    def put(table, name="log"):
        types = {
            "timestamp[us]": "timestamp",
            "timestamp[us, tz=UTC]": "timestamptz",
            "double": "double precision",
        }
        columns = ", ".join(f"{f.name} {types.get(str(f.type), 'text')}" for f in table.schema)
        cursor = connection.con.cursor()
        cursor.execute("set time zone 'UTC'")
        cursor.execute(f"drop table if exists {name}")
        cursor.execute(f"create table {name} ({columns})")
        text = io.StringIO()
        table.to_pandas().to_csv(text, index=False, header=False, na_rep="\\N")
        with cursor.copy(f"copy {name} from stdin (format csv, null '\\N')") as copy:
            copy.write(text.getvalue())
        connection.con.commit()

    url = server.url.replace(server.password, "${CS_TEST_PASSWORD}")
    return Log(
        "postgres", put, lambda name="log": {"databases": {"db": url}, "usage": {"in": "db", "from": name}}
    )


def into_spark(session):
    def put(table, name="log"):
        # times without a zone stay so: Spark's own TIMESTAMP is a moment
        session.createDataFrame(table).createOrReplaceTempView(name)

    return Log(
        "spark",
        put,
        lambda name="log": {"databases": {"db": "spark://local[2]"}, "usage": {"in": "db", "from": name}},
    )


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def log(request, tmp_path, monkeypatch):
    """A log in each engine in turn."""
    if request.param == "duckdb":
        return into_file(tmp_path)
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        monkeypatch.setenv("CS_TEST_PASSWORD", server.password)
        return into_postgres(server)
    return into_spark(request.getfixturevalue("spark"))


def taken(folder, log, *, name="log", as_of="2026-12-31", **entry):
    """A snapshot of four customers and a log."""
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "contracts.csv").write_text(CONTRACTS)
    where = log.source_entry(name)
    usage = {**where.pop("usage"), **entry.pop("usage", {})}
    files = {"accounts": "accounts.csv", "contracts": "contracts.csv", **where.pop("files", {})}
    tables = {"accounts": {"from": "accounts"}, "contracts": {"from": "contracts"}, "usage": usage}
    (folder / "sources.yml").write_text(
        yaml.safe_dump(
            {"as_of": date.fromisoformat(as_of), "files": files, "tables": tables, **where, **entry}
        )
    )
    return take_snapshot(
        folder / "sources.yml", folder=folder / "snapshots", products=PRODUCTS, today=date(2026, 12, 31)
    )


def table_of(rows):
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


def reference(rows, read=lambda t: t):
    """The reductions, row by row: table -> {key: (events, quantity, users[, days, first time])}."""
    sums = {"usage_daily": {}, "active_daily": {}, "usage_monthly": {}}
    for account, product, user, at, event, quantity in rows:
        if None in (account, product, at, event) or account not in {"A1", "A2", "A3", "A4"}:
            continue
        if product != "paper_to_web":
            continue
        day = read(at).date()
        month = day.replace(day=1)
        for table, key in (
            ("usage_daily", (account, day, event)), ("active_daily", (account, day)),
            ("usage_monthly", (account, month, event)), ("usage_monthly", (account, month, None)),
        ):  # fmt: skip
            events, total, users, times = sums[table].get(key, (0, 0.0, frozenset(), frozenset()))
            quantity_ = 1.0 if quantity is None else quantity
            sums[table][key] = (events + 1, total + quantity_, users | {user}, times | {read(at)})
    return {
        table: {
            key: (
                n,
                round(q, 6),
                len(users - {None}),
                *(
                    [len({t.date() for t in times}), min(times).replace(tzinfo=None)]
                    if table == "usage_monthly"
                    else []
                ),
            )
            for key, (n, q, users, times) in found.items()
        }
        for table, found in sums.items()
    }


def found_in(snapshot):
    data = snapshot.read("paper_to_web")
    when = {"usage_daily": ["day", "event"], "active_daily": ["day"], "usage_monthly": ["month", "event"]}
    out = {}
    for table, keys in when.items():
        values = ["events", "quantity", "users", *(["days", "first_at"] if table == "usage_monthly" else [])]
        out[table] = {
            (r["account_id"], *(r[k].date() if k in ("day", "month") else r[k] if isinstance(r[k], str) else None for k in keys)):
            tuple(
                round(float(r[v]), 6) if v == "quantity" else r[v].replace(tzinfo=None) if v == "first_at" else int(r[v])
                for v in values
            )
            for r in data[table].to_dict("records")
        }  # fmt: skip
    return out


moments = st.one_of(
    st.none(),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)).map(lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)),
    st.sampled_from(
        [
            datetime(2024, 2, 29), datetime(2024, 2, 29, 23, 59, 59, 999000), datetime(2024, 3, 1),
            datetime(2025, 2, 28, 23, 59, 59), datetime(2025, 3, 1), datetime(2025, 12, 31, 23, 59, 59),
            datetime(2026, 1, 1), datetime(2026, 3, 31, 15), datetime(2026, 3, 31, 14, 59, 59),
        ]
    ),
)  # fmt: skip
one_row = st.tuples(
    st.sampled_from(["A1", "A2", "A3", "A4", "A9", None, " "]),
    st.sampled_from(["paper_to_web", "paper_to_web", "paper_to_web", "helpdesk", None]),
    st.sampled_from(["U1", "U2", "U3", None, ""]),
    moments,
    st.sampled_from(
        ["web.accounting.invoice", "web.sales.quote", "web.hr.letter", "paper.print", "it's 100%", None]
    ),
    st.sampled_from([None, 0.0, 1.0, 2.5, 0.1, 0.2, 40.0, -1.0]),
)


def cleaned(rows):
    """The rows as the contract reads them: a blank is nothing, a negative quantity is refused."""
    for account, product, user, at, event, quantity in rows:
        if quantity is None or quantity >= 0:
            yield (account or "").strip() or None, product, user or None, at, event, quantity


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(one_row, min_size=1, max_size=120))
def test_random_rows_are_reduced_as_row_by_row(tmp_path, log, rows):
    rows = [*rows, ("A1", "paper_to_web", "U1", datetime(2024, 2, 29, 12), "web.sales.quote", 1.0)]
    log.put(table_of(rows))
    snapshot = taken(tmp_path, log)
    assert found_in(snapshot) == reference(list(cleaned(rows)))
    assert snapshot.manifest["rows_read"]["usage"] == len(rows)
    refused = len(rows) - snapshot.manifest["rows_kept"]["usage"]
    path = snapshot.folder / "rejected" / "usage.csv"
    assert (len(pd.read_csv(path)) if path.exists() else 0) == refused


ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"]


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(zone=st.sampled_from(ZONES), rows=st.lists(one_row, min_size=1, max_size=80))
def test_days_are_counted_in_the_zone_that_is_asked_for(tmp_path, log, zone, rows):
    rows = [*rows, ("A1", "paper_to_web", "U1", datetime(2026, 3, 31, 15, 30), "web.sales.quote", 1.0)]

    def read(at):
        return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    rows = [row for row in rows if row[3] is None or read(row[3]).date() <= date(2026, 12, 31)]
    log.put(table_of(rows))
    snapshot = taken(tmp_path, log, timezone=zone, usage={"timezone": "UTC"})
    assert found_in(snapshot) == reference(list(cleaned(rows)), read)


def test_moments_with_a_zone_are_the_same_moments_everywhere(tmp_path, log):
    at = datetime(2026, 3, 31, 15, 30, tzinfo=ZoneInfo("UTC"))
    rows = [("A1", "paper_to_web", "U1", at, "web.sales.quote", 1.0)]
    schema = SCHEMA.set(3, pa.field("occurred_at", pa.timestamp("us", tz="UTC")))
    log.put(pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=schema))
    days = set(found_in(taken(tmp_path, log, timezone="Asia/Tokyo"))["active_daily"])
    assert days == {("A1", date(2026, 4, 1))}
    assert set(found_in(taken(tmp_path, log))["active_daily"]) == {("A1", date(2026, 3, 31))}


def test_times_in_text_are_read_alike(tmp_path, log):
    texts = ["2026-04-01 09:30:00", "2026/4/1 9:30", "2026-04-01T09:30", "2026-04-01 09:30:00+00:00"]
    schema = SCHEMA.set(3, pa.field("occurred_at", pa.string()))
    good = dict(zip(SCHEMA.names, ("A1", "paper_to_web", "U1", "", "web.sales.quote", 1.0), strict=True))
    bad = ["2026-02-30 09:00:00", "2026-13-01", "01/02/2026", "yesterday", "24-01-02", "2026-04-01 25:00"]
    rows = [{**good, "occurred_at": text, "user_id": f"U{i}"} for i, text in enumerate((*texts, *bad))]
    log.put(pa.Table.from_pylist(rows, schema=schema))
    snapshot = taken(tmp_path, log)
    assert set(found_in(snapshot)["active_daily"]) == {("A1", date(2026, 4, 1))}
    assert snapshot.manifest["rows_kept"]["usage"] == len(texts)
    counts = {(f.column, f.rule): f.count for f in snapshot.findings}
    assert counts == {("occurred_at", "wrong_type"): len(bad)}
    refused = pd.read_csv(snapshot.folder / "rejected" / "usage.csv")
    assert sorted(refused["occurred_at"]) == sorted(bad)


def test_steps_that_a_total_reaches_are_reached_at_the_same_moment(tmp_path, log):
    start = datetime(2026, 4, 1, 9)
    rows = [
        ("A1", "paper_to_web", f"U{i % 3}", start + timedelta(minutes=7 * i, days=i // 40), "web.sales.quote", 1.0 if i % 4 else None)
        for i in range(200)
    ]  # fmt: skip
    products = tmp_path / "products"
    shutil.copytree(PRODUCTS, products)
    file = products / "paper_to_web.yml"
    entry = yaml.safe_load(file.read_text(encoding="utf-8"))
    step = entry["journey"]["steps"][-1]
    step["rule"] = {"event": "web.*", "value": "events", "at_least": 93}
    file.write_text(yaml.safe_dump(entry, allow_unicode=True), encoding="utf-8")
    log.put(table_of(rows))
    taken(tmp_path, log)
    snapshot = take_snapshot(tmp_path / "sources.yml", folder=tmp_path / "snapshots", products=products)
    reached = snapshot.read("paper_to_web")["milestones"].set_index("step")["reached_at"]
    assert reached[step["step"]] == rows[92][3]


def test_another_engine_that_ibis_reaches_is_read_by_its_url(tmp_path):
    rows = [
        ("A1", "paper_to_web", "U1", datetime(2024, 2, 29, 12), "web.sales.quote", 0.1),
        ("A1", "paper_to_web", "U2", datetime(2024, 2, 29, 23, 59), "web.sales.quote", 0.2),
        ("A9", "paper_to_web", "U1", datetime(2024, 2, 29, 12), "web.sales.quote", 1.0),
        (None, "paper_to_web", "U1", None, "web.sales.quote", -1.0),
    ]
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection:
        table_of(rows).to_pandas().to_sql("log", connection, index=False)
    entry = {"databases": {"db": f"sqlite://{tmp_path}/log.sqlite"}, "usage": {"in": "db", "from": "log"}}
    snapshot = taken(tmp_path, Log("sqlite", None, lambda name: dict(entry)))
    assert found_in(snapshot) == reference(list(cleaned(rows)))
    assert snapshot.manifest["rows_read"]["usage"] == 4


def but_for_numbers(manifest):
    """A manifest without the numbers of rows, which those of a database have not, and the id that rests on them."""
    findings = [{**f, "examples": [e[1:] for e in f["examples"]]} for f in manifest["findings"]]
    return {**manifest, "findings": findings, "id": ""}


@pytest.fixture(scope="module")
def half_year(sample_folder, tmp_path_factory):
    """The sample with the last half year of its usage log, for Spark takes a minute for four years: sources and snapshot."""
    folder = tmp_path_factory.mktemp("half year")
    since = [("occurred_at", ">=", datetime(2026, 4, 1))]
    rows = pq.read_table(sample_folder / "usage.parquet", filters=since)
    assert rows.num_rows > 50_000
    pq.write_table(rows, folder / "usage.parquet")
    sources = yaml.safe_load((sample_folder / "sources.yml").read_text(encoding="utf-8"))
    sources["folder"] = str(sample_folder)
    sources["files"]["usage"] = str(folder / "usage.parquet")
    (folder / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    return sources, take_snapshot(folder / "sources.yml", folder=folder, products=PRODUCTS)


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_the_sample_gives_the_same_snapshot_from_another_engine(
    request, half_year, tmp_path, monkeypatch, engine
):
    sources, here = half_year
    if engine == "postgres":
        server = request.getfixturevalue("postgres")
        monkeypatch.setenv("CS_TEST_PASSWORD", server.password)
        log = into_postgres(server)
        log.put(pq.read_table(sources["files"]["usage"]), "sample_usage")
    else:
        session = request.getfixturevalue("spark")
        log = into_spark(session)
        session.read.parquet(sources["files"]["usage"]).createOrReplaceTempView("sample_usage")
    where = log.source_entry("sample_usage")
    usage = {k: v for k, v in sources["tables"]["usage"].items() if k != "from"} | where.pop("usage")
    content = {**sources, **where, "tables": {**sources["tables"], "usage": usage}}
    (tmp_path / "sources.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    other = take_snapshot(tmp_path / "sources.yml", folder=tmp_path, products=PRODUCTS)
    assert but_for_numbers(other.manifest) == but_for_numbers(here.manifest)

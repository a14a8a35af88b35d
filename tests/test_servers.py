"""The servers that other tests read from are real ones."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from pathlib import Path

import ibis
import pandas as pd
import pytest
import servers

ROOT = Path(__file__).resolve().parents[1]


def test_postgresql_says_its_version(postgres):
    with closing(postgres.connect().con) as connection:
        version = connection.execute("SELECT version()").fetchone()[0]
    assert re.match(r"PostgreSQL \d+\.\d+", version)


def test_what_is_written_to_postgresql_is_read_from_it(postgres):
    connection = postgres.connect()
    schema = ibis.schema({"account_id": "string", "name": "string", "seats": "int64"})
    connection.create_table("accounts", schema=schema)
    rows = pd.DataFrame({"account_id": ["A1", "A2"], "name": ["北浜包装株式会社", None], "seats": [40, 3]})
    connection.insert("accounts", rows)
    other = postgres.connect()
    accounts = other.table("accounts")
    assert accounts.filter(accounts.name == "北浜包装株式会社").seats.execute().tolist() == [40]
    assert accounts.count().execute() == 2
    assert accounts.name.isnull().sum().execute() == 1
    other.disconnect()
    connection.drop_table("accounts")
    connection.disconnect()


def test_the_address_alone_is_enough_for_a_connection(postgres):
    connection = ibis.connect(postgres.url)
    assert connection.name == "postgres"
    assert connection.current_database == "public"
    connection.disconnect()


@pytest.mark.parametrize("password", ["wrong", ""])
def test_postgresql_refuses_a_wrong_password_in_english(postgres, password, monkeypatch, tmp_path):
    import psycopg

    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(
        psycopg.OperationalError, match=r"password authentication failed|no password supplied"
    ):
        postgres.connect(password=password)


def test_the_password_is_not_shown_with_the_server(postgres):
    assert postgres.password in postgres.url
    assert postgres.password not in repr(postgres)


def test_postgresql_takes_another_port_where_one_is_taken(postgres, monkeypatch):
    ports = iter([postgres.port, servers.free_port()])
    monkeypatch.setattr(servers, "free_port", lambda: next(ports))
    with servers.started_postgres() as second:
        assert second.port != postgres.port
        second.connect().disconnect()
    with pytest.raises(ConnectionRefusedError), socket.create_connection((second.host, second.port)):
        pass


def test_spark_counts_by_group_through_ibis(spark):
    connection = ibis.pyspark.connect(spark)
    events = pd.DataFrame(
        {
            "account": ["北浜", "北浜", "A2"],
            "seats": [2, 3, 5],
            "at": pd.to_datetime(["2026-07-01 23:30", "2026-07-02 00:30", "2026-07-02 01:00"]),
        }
    )
    connection.create_view("events", ibis.memtable(events), overwrite=True)
    found = connection.table("events")
    by_account = found.group_by("account").agg(seats=found.seats.sum(), days=found["at"].date().nunique())
    shown = by_account.order_by("account").execute()
    assert shown.to_dict("list") == {"account": ["A2", "北浜"], "seats": [5, 5], "days": [1, 2]}
    connection.drop_view("events")


def test_spark_is_local_and_as_strict_as_it_comes(spark):
    assert spark.version.startswith("4.")
    assert spark.sparkContext.master == "local[2]"
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"


def test_spark_writes_its_tables_outside_the_checkout(spark):
    before = set(ROOT.iterdir())
    spark.range(3).write.saveAsTable("three")
    assert spark.table("three").count() == 3
    [file, *_] = spark.table("three").inputFiles()
    assert not Path(file.removeprefix("file:")).resolve().is_relative_to(ROOT)
    spark.sql("DROP TABLE three")
    assert not {path.name for path in set(ROOT.iterdir()) - before} & {"spark-warehouse", "metastore_db"}


def test_what_is_missing_is_skipped_here_and_fails_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Chromium"):
        servers.missing("Chromium")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"no Chromium; \.ci/run installs it"):
        servers.missing("Chromium")

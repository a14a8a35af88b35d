"""A log in Parquet is reduced in lots of some rows; how many there are changes nothing."""

from __future__ import annotations

import companies
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from companies import COLUMNS, content, larger

from cs_helpers.contract.frames import REDUCED
from cs_helpers.sources.usage_log import reduce_cells as reduced

pytestmark = pytest.mark.thorough

#: rows at the edges of quarters and days, of nobody, without a time, of another age, of no product
EDGES = [
    ["X1", "A1", "helpdesk", "2025-12-31 23:59:59", "reply", "1", "P1"],
    ["X2", "A1", "helpdesk", "2026-01-01 00:00:00", "reply", "1", "P1"],
    ["X3", "A1", "helpdesk", "2026-03-31 15:00:00", "reply", "1", "P1"],
    ["X4", "A1", "helpdesk", "2026-04-01 07:59:59", "reply", "1", "P1"],
    ["X5", "A9", "helpdesk", "2026-02-03 10:00:00", "reply", "1", "P1"],
    ["X6", "A1", "helpdesk", "", "reply", "1", "P1"],
    ["X7", "A1", "expense_desk", "1850-02-03 10:00:00", "reply", "-1", "P1"],
    ["X8", "A1", "", "2026-02-03 10:00:00", "reply", "1", "P1"],
    ["X9", "A1", "helpdesk", "2027-02-03 10:00:00", "reply", "1", "P1"],
]


@pytest.fixture
def lots(monkeypatch):
    """How many cells each lot of the last takes had."""
    seen, whole = [], reduced._reduce_batch

    def reducing(hub, log, rows, lot, memory):
        seen.append(len(lot))
        return whole(hub, log, rows, lot, memory)

    monkeypatch.setattr(reduced, "_reduce_batch", reducing)
    return seen


def in_parquet(root, type_, zone):
    """A company whose log is a Parquet file with times of a type."""
    company = larger(root, [*companies.log(), *EDGES])
    columns = ", ".join(f'"{c}"' for c in COLUMNS if c not in ("usage_id", "occurred_at"))
    log = company.folder / "usage"
    duckdb.sql("SET TimeZone = 'UTC'")
    duckdb.sql(
        f"COPY (SELECT {columns}, nullif(occurred_at, '')::{type_} AS occurred_at"
        f" FROM read_csv('{log}.csv', all_varchar=true)) TO '{log}.parquet' (FORMAT parquet, ROW_GROUP_SIZE 64)"
    )
    company.change("sources.yml", "usage.csv", "usage.parquet")
    if zone:
        said = "" if type_ == "TIMESTAMPTZ" else ", timezone: UTC"
        company.change("sources.yml", "{from: usage}", f"{{from: usage{said}}}\ntimezone: {zone}")
    return company


@pytest.mark.parametrize(
    ("type_", "zone"),
    [
        ("TIMESTAMP", ""), ("TIMESTAMP", "Pacific/Kiritimati"), ("TIMESTAMP", "America/Los_Angeles"),
        ("TIMESTAMPTZ", "Asia/Tokyo"), ("TIMESTAMP_NS", ""), ("VARCHAR", "Asia/Tokyo"), ("DATE", ""),
    ],
)  # fmt: skip
def test_the_snapshot_is_the_same_in_whatever_lots(tmp_path, monkeypatch, lots, type_, zone):
    company = in_parquet(tmp_path, type_, zone)
    whole = content(company.take().folder)
    assert len(lots) == 1
    for size in (1, 60):
        lots.clear()
        monkeypatch.setattr(reduced, "BATCH_ROWS", size)
        assert content(company.take(folder=tmp_path / f"lots of {size}").folder) == whole
        assert len(lots) > 3


def test_only_what_changed_is_read_again_in_lots(tmp_path, monkeypatch, lots):
    company = in_parquet(tmp_path, "TIMESTAMP", "")
    company.take()
    log = company.folder / "usage.parquet"
    rows = pq.read_table(log).to_pylist()
    for row in rows:
        if row["product"] == "expense_desk" and str(row["occurred_at"]) > "2026":
            row["quantity"] = "9"
    pq.write_table(pa.Table.from_pylist(rows), log)
    lots.clear()
    monkeypatch.setattr(reduced, "BATCH_ROWS", 1)
    after = company.take()
    assert lots == [1, 1]
    assert content(after.folder) == content(company.take(folder=tmp_path / "fresh").folder)


@pytest.mark.parametrize(
    ("row", "left_out"),
    [
        ("'A1', 'helpdesk', TIMESTAMP '12000-01-01', 'reply'", 1),  # milliseconds, read as seconds
        ("'A1', 'helpdesk', TIMESTAMP '2026-08-05', chr(0) || 'reply'", 0),
        ("'A' || chr(0) || '1', 'helpdesk', TIMESTAMP '2026-08-05', 'reply'", 1),
    ],
)
def test_an_invalid_row_is_kept_or_refused_and_stops_nothing(company, row, left_out):
    log = company.folder / "usage.parquet"
    duckdb.sql(
        f"COPY (SELECT * FROM (VALUES ('A1', 'helpdesk', TIMESTAMP '2026-08-05', 'reply'), ({row}))"
        f" AS log(account_id, product, occurred_at, event)) TO '{log}' (FORMAT parquet)"
    )
    company.change("sources.yml", "usage.csv", "usage.parquet")
    manifest = company.take().manifest
    assert manifest["rows_read"]["usage"] == 2
    assert manifest["rows_kept"]["usage"] == 2 - left_out


@pytest.mark.parametrize("name", REDUCED)
def test_a_partition_has_the_types_that_pandas_writes(company, name):
    folder = company.take().folder / name
    empty, *partitions = [folder / "empty.parquet", *folder.glob("product=*/*.parquet")]
    assert partitions
    for partition in partitions:
        assert types(partition) == types(empty)


def types(file):
    schema = pq.ParquetFile(file).schema_arrow
    return {f.name: pa.string() if f.type == pa.large_string() else f.type for f in schema}

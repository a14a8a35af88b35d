"""Taking a snapshot: the same input gives the same id, and a failure leaves what was there."""

from __future__ import annotations

import errno
import hashlib
import random
from datetime import date
from types import SimpleNamespace

import companies
import duckdb
import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest
from companies import content, leftovers

from cs_helpers.errors import ContractError, SettingError, SnapshotError, SourceError, WorkbookError
from cs_helpers.snapshot import Snapshot
from cs_helpers.sources.usage_log import cell_store as cells
from cs_helpers.sources.usage_log import reduce_cells as reduced


def test_the_same_input_gives_the_same_id_and_the_same_bytes(company, company_snapshot):
    again = company.take()
    assert company_snapshot.id == again.id
    assert content(company_snapshot.folder) == content(again.folder)


def test_the_order_of_rows_does_not_matter(company, company_snapshot):
    head, *rows = company.text("usage.csv").splitlines()
    company.write(usage="\n".join([head, *reversed(rows)]) + "\n")
    assert company.take().id == company_snapshot.id


def test_another_value_gives_another_id(company, company_snapshot):
    company.write(contracts=company.text("contracts.csv").replace("100", "101"))
    assert company.take().id != company_snapshot.id


def test_the_id_begins_with_the_last_day(company_snapshot):
    assert company_snapshot.as_of == date(2026, 8, 31)
    assert company_snapshot.id.startswith("2026-08-31-")


def test_a_snapshot_taken_twice_exists_once(company):
    company.take()
    taken = company.take()
    shown = sorted(p.name for p in company.snapshots.iterdir() if not p.name.startswith("."))
    assert shown == sorted(["LATEST", taken.id])


def test_the_latest_one_is_the_one_taken_last(company):
    company.take()
    company.write(contracts=company.text("contracts.csv").replace("100", "101"))
    newest = company.take()
    assert Snapshot.open(folder=company.snapshots).id == newest.id


def test_the_manifest_lists_every_file_with_its_hash(company_snapshot):
    files = {
        p: hashlib.sha256(b).hexdigest()
        for p, b in content(company_snapshot.folder).items()
        if p != "manifest.json"
    }
    assert company_snapshot.manifest["files"] == files


def test_refused_rows_are_written_beside_the_tables_with_their_rules(company):
    company.write(accounts=company.text("accounts.csv") + "A3,Nishi,huge,retail\n")
    taken = company.take()
    refused = pd.read_csv(taken.folder / "rejected" / "accounts.csv")
    assert refused[["source_row", "rules", "account_id", "size"]].values.tolist() == [
        [4, "account_id:duplicate_key", "A3", "huge"]
    ]
    assert (taken.manifest["rows_read"]["accounts"], taken.manifest["rows_kept"]["accounts"]) == (4, 3)


def test_findings_come_back_as_they_were_found(company):
    company.write(contracts=company.text("contracts.csv").replace("100", "0"))
    taken = company.take()
    finding = Snapshot.open(taken.id, folder=company.snapshots).findings[0]
    assert (finding.table, finding.rule, finding.policy, finding.count) == (
        "contracts",
        "mrr_zero",
        "warn",
        1,
    )
    assert finding.examples == ((1, "C1", "0"),)


@pytest.mark.parametrize(
    ("error", "files"),
    [
        (SettingError, {"sources": "files: ["}),
        (SourceError, {"accounts": "key,name,size\nA1,Kita,mid\n"}),
        (SourceError, {"accounts": b"\xff\xfe\x00\x01garbage"}),
        (ContractError, {"accounts": "account_id,name,size,industry\n"}),
        (ContractError, {"contracts": "contract_id,account_id,product,started_on,mrr,currency\nC1,A1,unknown,2026-01-01,1,JPY\n"}),
    ],
    ids=["settings", "column", "garbage", "empty", "product"],
)  # fmt: skip
def test_a_failed_take_leaves_the_earlier_snapshot_and_nothing_else(company, copied_snapshot, error, files):
    before = content(company.snapshots)
    company.write(**files)
    with pytest.raises(error):
        company.take()
    assert content(company.snapshots) == before
    assert leftovers(company.snapshots) == []


def pyarrow_is_full(monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)


def duckdb_is_full(monkeypatch):
    def full(self, hub, name, query, said):
        file = self.folder / f"{name}.parquet"
        file.write_bytes(b"PAR1 and half of the rows")
        raise duckdb.IOException(f'Could not write file "{file}": No space left on device')

    monkeypatch.setattr(cells.NewCell, "add", full)


def the_memory_is_full(monkeypatch):
    def full(*args):
        raise duckdb.OutOfMemoryException("failed to offload data block; see 'max_temp_directory_size'")

    monkeypatch.setattr(reduced, "_store_in_hub", full)


@pytest.mark.parametrize("full", [pyarrow_is_full, duckdb_is_full, the_memory_is_full])
def test_a_take_for_which_the_disk_is_too_small_leaves_no_half_snapshot(
    company, copied_snapshot, monkeypatch, full
):
    before = content(company.snapshots)
    company.add("usage.csv", "A1,helpdesk,2026-08-06 10:00:00,reply,3")
    with monkeypatch.context() as patch:
        full(patch)
        with pytest.raises(SnapshotError, match=r"^the disk is full: .*; make room in .*snapshots and take"):
            company.take()
    assert content(company.snapshots) == before
    assert leftovers(company.snapshots) == []
    assert company.take().is_intact()


def test_reductions_that_cannot_be_written_for_another_reason_leave_no_half_snapshot(
    company, copied_snapshot, monkeypatch
):
    before = content(company.snapshots)
    company.add("usage.csv", "A1,helpdesk,2026-08-06 10:00:00,reply,3")
    with monkeypatch.context() as patch:
        nowhere = SimpleNamespace(mkdtemp=lambda dir, prefix: f"{dir}/nowhere")
        patch.setattr(cells, "tempfile", nowhere)
        with pytest.raises(SnapshotError, match=r"usage cannot be written to .*reduced.*Cannot open file"):
            company.take()
    assert content(company.snapshots) == before
    assert leftovers(company.snapshots) == []


def test_a_product_without_a_file_is_named_with_the_one_that_was_meant(company):
    company.write(contracts=company.text("contracts.csv").replace("helpdesk", "helpdsk"))
    with pytest.raises(ContractError, match="Did you mean 'helpdesk'") as caught:
        company.take()
    assert "helpdsk.yml" in caught.value.failures[0]
    assert "cs-workbook new-product helpdsk" in caught.value.failures[0]


def test_all_exceptions_are_errors_that_a_user_can_fix():
    assert {SettingError, SourceError, ContractError} <= set(WorkbookError.__subclasses__())


# --- the same input, the same id ---------------------------------------------------------------

SPLIT = ("0.1", "0.2", "0.3", "0.7", "1e-6", "1000000000.1", "", "0.000001")


def with_sums(company, quantities):
    """The company with many fractions on one day, as its log holds them in some order."""
    head = company.text("usage.csv").splitlines()[0]
    rows = [f"A1,helpdesk,2026-08-05 10:{i:02}:00,reply,{q}" for i, q in enumerate(quantities)]
    company.write(usage="\n".join([head, *rows]) + "\n")
    return company.take()


def test_sums_are_exact_whatever_the_order_of_their_parts(company):
    taken = {with_sums(company, rotated(SPLIT, i)).id for i in (0, 3, 6)}
    assert len(taken) == 1
    quantity = Snapshot.open(folder=company.snapshots).read("helpdesk")["usage_daily"]["quantity"]
    assert list(quantity) == [1000000002.400002]  # a missing quantity is one


def rotated(values, by):
    # every value keeps the time of its place in the day, so that only the order of the sum differs
    return [*values[by:], *values[:by]]


def test_a_tenth_and_two_tenths_are_three_tenths(company):
    with_sums(company, ["0.1", "0.2"])
    assert list(Snapshot.open(folder=company.snapshots).read("helpdesk")["usage_daily"]["quantity"]) == [0.3]


@pytest.fixture(scope="module")
def larger_taken(tmp_path_factory):
    return companies.larger(tmp_path_factory.mktemp("larger")).take()


def test_another_folder_gives_the_same_id_and_the_same_bytes(tmp_path, larger_taken):
    taken = companies.larger(tmp_path / "製品 with spaces, 'and quotes'").take()
    assert taken.id == larger_taken.id
    assert content(taken.folder) == content(larger_taken.folder)


@pytest.mark.parametrize("threads", [1, 5])
def test_the_number_of_threads_does_not_matter(tmp_path, larger_taken, monkeypatch, threads):
    connect = ibis.duckdb.connect
    monkeypatch.setattr(ibis.duckdb, "connect", lambda *a, **k: connect(*a, threads=threads, **k))
    taken = companies.larger(tmp_path).take()
    assert (taken.id, content(taken.folder)) == (larger_taken.id, content(larger_taken.folder))


def test_a_partition_of_many_row_groups_does_not_depend_on_the_threads(tmp_path, monkeypatch):
    # DuckDB cuts row groups of 122,880 rows; threads must not cut them elsewhere
    company = companies.small(tmp_path)
    with (company.folder / "accounts.csv").open("a", encoding="utf-8") as accounts:
        width = (company.folder / "accounts.csv").read_text(encoding="utf-8").splitlines()[0].count(",")
        accounts.writelines(f"M{i},many,mid,retail{',' * (width - 3)}\n" for i in range(1000))
    query = (
        "COPY (SELECT 'M' || (hash(i) % 1000) AS account_id, 'helpdesk' AS product, TIMESTAMP '2026-07-01' + INTERVAL"
        " (i % 80000) MINUTE AS occurred_at, 'event ' || (hash(i) // 1000 % 30) AS event, i % 7 / 10 AS quantity"
        " FROM range(200000) t(i))"
        f" TO '{company.folder}/usage.parquet'"
    )
    duckdb.sql(query)
    company.change("sources.yml", "usage.csv", "usage.parquet")
    connect = ibis.duckdb.connect
    taken = {}
    for number in (1, 4):
        with monkeypatch.context() as patch:
            patch.setattr(ibis.duckdb, "connect", lambda *a, n=number, **k: connect(*a, threads=n, **k))
            taken[number] = company.take(folder=tmp_path / f"with {number}")
    assert pq.ParquetFile(taken[1].folder / "usage_daily/product=helpdesk/2026Q3.parquet").num_row_groups > 1
    assert content(taken[1].folder) == content(taken[4].folder)


def test_a_parquet_log_gives_the_same_id_as_a_csv_log(tmp_path, larger_taken):
    company = companies.larger(tmp_path)
    file = company.folder / "usage"
    typed = "occurred_at::TIMESTAMP AS occurred_at, quantity::DOUBLE AS quantity"
    duckdb.sql(
        f"COPY (SELECT * REPLACE ({typed}) FROM read_csv('{file}.csv') ORDER BY hash(usage_id)) TO '{file}.parquet'"
    )
    company.change("sources.yml", "usage.csv", "usage.parquet")
    assert company.take().id == larger_taken.id


def shuffled(company, seed):
    for name in ("accounts.csv", "contracts.csv", "usage.csv"):
        head, *rows = company.text(name).splitlines()
        random.Random(seed).shuffle(rows)
        (company.folder / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_rows_of_all_tables_does_not_matter(tmp_path, larger_taken, seed):
    company = companies.larger(tmp_path)
    shuffled(company, seed)
    assert content(company.take().folder) == content(larger_taken.folder)


def test_where_a_row_is_shown_the_order_of_rows_changes_its_number_and_no_table(tmp_path):
    company = companies.larger(tmp_path)
    company.change("contracts.csv", "2025-10-04,,", "2025-10-04,2026-01-31,")
    one = company.take()
    shuffled(company, 1)
    other = company.take()
    assert one.id != other.id  # an example says in which row of the file it stands
    assert one.manifest["files"] == other.manifest["files"]
    counts = [{(f.table, f.column, f.rule, f.count) for f in s.findings} for s in (one, other)]
    assert counts[0] == counts[1]
    assert {rule for _, _, rule, _ in counts[0]} == {"after_contract"}

"""Taking a snapshot: the same input gives the same id, and a failure leaves what was there."""

from __future__ import annotations

import hashlib
from datetime import date

import pandas as pd
import pytest

from cs_helpers.errors import ContractError, SettingError, SourceError, WorkbookError
from cs_helpers.snapshot import Snapshot


def content(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def test_the_same_input_gives_the_same_id_and_the_same_bytes(company, taken):
    again = company.take()
    assert taken.id == again.id
    assert content(taken.folder) == content(again.folder)


def test_the_order_of_rows_does_not_matter(company, taken):
    head, *rows = company.text("usage.csv").splitlines()
    company.write(usage="\n".join([head, *reversed(rows)]) + "\n")
    assert company.take().id == taken.id


def test_another_value_gives_another_id(company, taken):
    company.write(contracts=company.text("contracts.csv").replace("100", "101"))
    assert company.take().id != taken.id


def test_the_id_begins_with_the_last_day(taken):
    assert taken.as_of == date(2026, 8, 31)
    assert taken.id.startswith("2026-08-31-")


def test_a_snapshot_taken_twice_is_there_once(company):
    company.take()
    taken = company.take()
    assert sorted(p.name for p in company.snapshots.iterdir()) == sorted(["LATEST", taken.id])


def test_the_latest_one_is_the_one_taken_last(company):
    company.take()
    company.write(contracts=company.text("contracts.csv").replace("100", "101"))
    newest = company.take()
    assert Snapshot.open(folder=company.snapshots).id == newest.id


def test_the_manifest_lists_every_file_with_its_hash(taken):
    files = {
        p: hashlib.sha256(b).hexdigest() for p, b in content(taken.folder).items() if p != "manifest.json"
    }
    assert taken.manifest["files"] == files


def test_refused_rows_are_written_beside_the_tables_with_their_rules(company):
    company.write(accounts=company.text("accounts.csv") + "A4,Nishi,huge,retail\n")
    taken = company.take()
    refused = pd.read_csv(taken.folder / "rejected" / "accounts.csv")
    assert refused[["source_row", "rules", "account_id", "size"]].values.tolist() == [
        [4, "size:not_allowed", "A4", "huge"]
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
        (SourceError, {"accounts": "account_id,name,size\nA1,Kita,mid\n"}),
        (SourceError, {"accounts": b"\xff\xfe\x00\x01garbage"}),
        (ContractError, {"accounts": "account_id,name,size,industry\n"}),
        (ContractError, {"contracts": "contract_id,account_id,product,started_on,mrr,currency\nC1,A1,unknown,2026-01-01,1,JPY\n"}),
    ],
    ids=["settings", "column", "garbage", "empty", "product"],
)  # fmt: skip
def test_a_failed_take_leaves_the_earlier_snapshot_and_nothing_else(company, own, error, files):
    before = content(company.snapshots)
    company.write(**files)
    with pytest.raises(error):
        company.take()
    assert content(company.snapshots) == before
    assert not list(company.snapshots.glob(".taking-*"))


def test_a_take_that_breaks_while_it_writes_leaves_no_half_snapshot(company, own, monkeypatch):
    before = content(company.snapshots)
    company.write(contracts=company.text("contracts.csv").replace("100", "101"))

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(OSError, match="No space left"):
        company.take()
    assert content(company.snapshots) == before
    assert not list(company.snapshots.glob(".taking-*"))


def test_a_product_without_a_file_is_named_with_the_one_that_was_meant(company):
    company.write(contracts=company.text("contracts.csv").replace("helpdesk", "helpdsk"))
    with pytest.raises(ContractError, match="Did you mean 'helpdesk'") as caught:
        company.take()
    assert "helpdsk.yml" in caught.value.failures[0]
    assert "cs-workbook new-product helpdsk" in caught.value.failures[0]


def test_all_that_goes_wrong_is_an_error_that_a_user_can_mend():
    assert {SettingError, SourceError, ContractError} <= set(WorkbookError.__subclasses__())

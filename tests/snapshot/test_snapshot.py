"""A snapshot gives back what was frozen, and says where it cannot."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.vocabulary import DTYPES
from cs_helpers.errors import ParameterError, SnapshotError
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import REDUCED

FROZEN = [name for name in TABLES if name != "usage"]


@pytest.fixture(scope="module")
def product_data(sample_snapshot):
    return sample_snapshot.read("paper_to_web")


@pytest.mark.parametrize("name", FROZEN)
def test_a_table_comes_back_with_the_columns_and_types_of_the_contract(product_data, name):
    table = TABLES[name]
    assert {c: str(t) for c, t in product_data[name].dtypes.items()} == {
        c: DTYPES[table.kind(c)] for c in table.columns
    }
    assert len(product_data[name]) > 0


@pytest.mark.parametrize("name", REDUCED)
def test_usage_comes_back_reduced(product_data, name):
    assert list(product_data[name].columns) == list(REDUCED[name])
    assert "usage" not in product_data.tables


def test_every_table_was_given(product_data):
    assert product_data.missing(*FROZEN) == ()


@pytest.mark.parametrize("product", ["expense_desk", "helpdesk", "paper_to_web"])
def test_a_product_holds_the_rows_of_its_own_files(sample_snapshot, sample_folder, product):
    data = sample_snapshot.read(product)
    for name in ("contracts", "touches", "tickets", "surveys", "assessments", "interviews", "costs"):
        raw = pd.read_csv(sample_folder / f"{name}.csv", dtype="str")
        assert len(data[name]) == (raw["product"] == product).sum()


def test_the_accounts_of_a_product_are_those_that_ever_had_a_contract(sample_snapshot, sample_folder):
    contracts = pd.read_csv(sample_folder / "contracts.csv", dtype="str")
    wanted = set(contracts.loc[contracts["product"] == "helpdesk", "account_id"])
    found = sample_snapshot.read("helpdesk")["accounts"]["account_id"]
    assert set(found) == wanted
    assert found.is_unique


def test_notes_and_codings_follow_the_interviews_of_the_product(sample_snapshot, sample_folder):
    interviews, notes, codings = (
        pd.read_csv(sample_folder / f"{n}.csv", dtype="str") for n in ("interviews", "notes", "codings")
    )
    inside = notes[
        notes["interview_id"].isin(interviews.loc[interviews["product"] == "helpdesk", "interview_id"])
    ]
    data = sample_snapshot.read("helpdesk")
    assert set(data["notes"]["note_id"]) == set(inside["note_id"])
    assert len(data["codings"]) == codings["note_id"].isin(inside["note_id"]).sum()


def test_some_accounts_alone_have_only_their_rows(product_data):
    some = product_data["accounts"]["account_id"].head(5)
    part = product_data.of_accounts(some)
    for table in part.tables.values():
        if "account_id" in table:
            assert set(table["account_id"]) <= set(some)
    assert set(part["notes"]["interview_id"]) <= set(part["interviews"]["interview_id"])
    assert len(part["contracts"]) == product_data["contracts"]["account_id"].isin(some).sum()
    assert len(part["costs"]) == len(product_data["costs"])


def test_an_optional_table_that_was_not_given_is_empty_and_named_as_missing(company_snapshot):
    data = company_snapshot.read("helpdesk")
    assert len(data["tickets"]) == 0
    assert list(data["tickets"].columns) == list(TABLES["tickets"].columns)
    assert data.missing("accounts", "tickets", "usage", "surveys") == ("tickets", "surveys")


def test_a_given_table_without_rows_of_the_product_is_empty_and_not_missing(company_snapshot):
    data = company_snapshot.read("expense_desk")
    assert len(data["usage_daily"]) == 0
    assert {c: str(t) for c, t in data["usage_daily"].dtypes.items()} == {
        c: DTYPES[k] for c, k in REDUCED["usage_daily"].items()
    }
    assert data.missing("usage") == ()


def test_a_customer_without_a_contract_belongs_to_no_product(company_snapshot):
    assert list(company_snapshot.read("helpdesk")["accounts"]["account_id"]) == ["A1"]
    assert list(company_snapshot.read("expense_desk")["accounts"]["account_id"]) == ["A2"]


def test_the_quarters_are_those_complete_since_the_first_day_of_usage(company_snapshot):
    assert company_snapshot.quarters == [Quarter(2025, 4), Quarter(2026, 1), Quarter(2026, 2)]


def test_the_latest_quarter_is_the_last_complete_one(company_snapshot):
    assert company_snapshot.check_quarter("latest") == Quarter(2026, 2)


@pytest.mark.parametrize("quarter", ["2025Q3", "2026Q3"])
def test_a_quarter_that_is_not_covered_is_refused_with_those_that_are(company_snapshot, quarter):
    with pytest.raises(SnapshotError, match="2025Q4 to 2026Q2"):
        company_snapshot.check_quarter(quarter)


def test_an_invalid_quarter_is_an_invalid_parameter(company_snapshot):
    with pytest.raises(ParameterError, match="as in 2026Q3"):
        company_snapshot.check_quarter("nonsense")


def test_without_a_complete_quarter_there_is_none_to_report_on(company):
    company.write(
        sources=company.text("sources.yml").replace("2026-08-31", "2025-12-30"),
        contracts=company.text("contracts.csv").replace("2026-02-01,2026-08-31", "2025-12-01,"),
    )
    taken = company.take()
    assert taken.quarters == []
    with pytest.raises(SnapshotError, match="no complete quarter up to 2025-12-30"):
        taken.check_quarter("latest")


def test_an_unknown_product_is_named_with_the_one_that_was_meant(company_snapshot):
    with pytest.raises(SnapshotError, match="Did you mean 'helpdesk'"):
        company_snapshot.read("helpdsk")


def test_first_is_the_first_product(company_snapshot):
    assert company_snapshot.check_product("first") == "expense_desk"


def test_the_product_comes_back_as_its_file_described_it(company_snapshot):
    assert company_snapshot.products["helpdesk"].name.in_language("en")
    assert sorted(company_snapshot.products) == ["expense_desk", "helpdesk"]


def test_without_a_snapshot_the_error_says_how_to_take_one(tmp_path):
    with pytest.raises(SnapshotError, match="make snapshot"):
        Snapshot.open(folder=tmp_path)


def test_an_unknown_id_is_refused_with_the_existing_ones(company_snapshot):
    with pytest.raises(
        SnapshotError, match=rf"no snapshot '2020-01-01-abc'; there are: {company_snapshot.id}"
    ):
        Snapshot.open("2020-01-01-abc", folder=company_snapshot.folder.parent)


def test_a_latest_snapshot_that_was_deleted_is_named(copied_snapshot):
    shutil.rmtree(copied_snapshot.folder)
    with pytest.raises(SnapshotError, match=copied_snapshot.id):
        Snapshot.open(folder=copied_snapshot.folder.parent)


@pytest.mark.parametrize("damage", ["{}", "[]", "null", "", '{"id": 3', "\x00\x01"])
def test_a_damaged_manifest_is_named(copied_snapshot, damage):
    (copied_snapshot.folder / "manifest.json").write_text(damage, encoding="utf-8")
    with pytest.raises(
        SnapshotError, match=rf"{copied_snapshot.id}.*manifest\.json is damaged; delete the folder"
    ):
        Snapshot.open(folder=copied_snapshot.folder.parent)


def test_a_manifest_that_someone_changed_is_damaged(copied_snapshot):
    file = copied_snapshot.folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["rows_kept"]["accounts"] += 1
    file.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(SnapshotError, match="damaged"):
        Snapshot.open(folder=copied_snapshot.folder.parent)


def gone(file):
    file.unlink()


def cut(file):
    file.write_bytes(file.read_bytes()[:100])


def emptied(file):
    file.write_bytes(b"")


def turned(file):
    """One bit of the data is another; the Parquet still reads."""
    content = bytearray(file.read_bytes())
    content[300] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [gone, cut, emptied, turned])
def test_a_damaged_file_is_named(copied_snapshot, damage):
    damage(copied_snapshot.folder / "contracts" / "product=helpdesk.parquet")
    with pytest.raises(
        SnapshotError, match=r"contracts/product=helpdesk\.parquet is gone or damaged"
    ) as caught:
        Snapshot.open(folder=copied_snapshot.folder.parent).read("helpdesk")
    assert copied_snapshot.id in str(caught.value)
    assert "take the snapshot again" in str(caught.value)


def test_a_damaged_file_of_one_product_leaves_the_other_readable(copied_snapshot):
    gone(copied_snapshot.folder / "contracts" / "product=helpdesk.parquet")
    assert len(Snapshot.open(folder=copied_snapshot.folder.parent).read("expense_desk")["contracts"]) == 1

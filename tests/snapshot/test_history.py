"""The snapshots over time: which there are, how two differ, which may go."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from companies import content, leftovers

from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import LATEST, Snapshot
from cs_helpers.snapshot.history import Difference, differences, latest_id, prune, size, snapshots
from cs_helpers.snapshot.lock import snapshot_lock


@pytest.fixture(scope="module")
def snapshot_series(tmp_path_factory):
    """Four snapshots of a company that changed in between; oldest first."""
    import companies

    company = companies.small(tmp_path_factory.mktemp("several"))
    taken = [company.take()]
    company.change("contracts.csv", ",100,", ",0,")
    taken.append(company.take())
    company.add("accounts.csv", "A3,Nishi,mid,retail", "A5,Naka,mid,retail")
    company.add("usage.csv", "A1,helpdesk,2026-08-07 10:00:00,reply,1")
    taken.append(company.take())
    company.change("sources.yml", "2026-08-31", "2026-09-01")
    (company.folder / "products" / "helpdesk.yml").open("a", encoding="utf-8").write(
        "# a remark changes nothing\n"
    )
    taken.append(company.take())
    for i, snapshot in enumerate(taken):  # the clock of a file system may be coarse
        os.utime(snapshot.folder / "manifest.json", (1_700_000_000 + i, 1_700_000_000 + i))
    return taken


@pytest.fixture
def root(snapshot_series, tmp_path):
    """A copy of their folder, to be pruned."""
    return shutil.copytree(snapshot_series[0].folder.parent, tmp_path / "snapshots")


@pytest.fixture
def ids(snapshot_series):
    return [s.id for s in snapshot_series]


def test_the_snapshots_are_listed_with_the_one_taken_last_at_the_end(root, ids):
    assert [s.id for s in snapshots(root)] == ids
    assert latest_id(root) == ids[-1]


def test_a_folder_without_snapshots_has_an_empty_list(tmp_path):
    assert snapshots(tmp_path / "nothing") == []
    assert latest_id(tmp_path / "nothing") == ""
    assert prune(1, tmp_path / "nothing", tmp_path) == []
    assert not (tmp_path / "nothing").exists()


def test_a_damaged_one_is_left_out_of_the_list_and_is_not_deleted(root, ids):
    (root / ids[0] / "manifest.json").write_text("{", encoding="utf-8")
    assert [s.id for s in snapshots(root)] == ids[1:]
    assert prune(1, root, root) == ids[1:3]
    assert (root / ids[0]).is_dir()


def test_its_size_is_that_of_its_files(snapshot_series):
    assert size(snapshot_series[0]) == sum(len(b) for b in content(snapshot_series[0].folder).values())


def test_a_snapshot_does_not_differ_from_itself(snapshot_series):
    assert list(differences(snapshot_series[0], snapshot_series[0])) == []


def test_a_changed_value_shows_in_the_files_and_in_the_rules_that_it_breaks(snapshot_series):
    assert list(differences(snapshot_series[0], snapshot_series[1])) == [
        Difference("contracts: files", "3", "3, 2 of them unchanged"),
        Difference("rule contracts.mrr mrr_zero", "0", "1"),
    ]


def test_rows_keys_and_refused_rows_are_compared(snapshot_series):
    found_differences = {
        d.name: (d.before, d.after) for d in differences(snapshot_series[1], snapshot_series[2])
    }
    assert found_differences["accounts: rows"] == ("3", "4")
    assert found_differences["accounts: rows left out"] == ("0", "1")
    assert found_differences["rule accounts.account_id duplicate_key"] == ("0", "1")
    assert found_differences["usage_daily: rows"] == ("2", "3")
    assert "usage_daily: keys" not in found_differences
    assert "as of" not in found_differences


def test_comparing_in_reverse_gives_the_opposite(snapshot_series):
    forth = {d.name: (d.before, d.after) for d in differences(snapshot_series[1], snapshot_series[2])}
    back = {d.name: (d.after, d.before) for d in differences(snapshot_series[2], snapshot_series[1])}
    rows = {what for what in forth if what.endswith("rows")}
    assert rows
    assert {what: forth[what] for what in rows} == {what: back[what] for what in rows}


def test_another_last_day_is_a_difference(snapshot_series):
    assert list(differences(snapshot_series[2], snapshot_series[3])) == [
        Difference("as of", "2026-08-31", "2026-09-01")
    ]


def test_added_and_removed_keys_are_named(company):
    before = company.take()
    company.change("contracts.csv", "C1,", "C7,")
    found_differences = {d.name: (d.before, d.after) for d in differences(before, company.take())}
    assert found_differences["contracts: keys"] == ("1 gone: C1", "1 new: C7")


def test_an_added_product_is_a_difference(company):
    before = company.take()
    company.add("contracts.csv", "C3,A1,paper_to_web,2026-01-01,,5,JPY")
    text = (company.folder / "products" / "helpdesk.yml").read_text(encoding="utf-8")
    (company.folder / "products" / "paper_to_web.yml").write_text(
        text.replace("product: helpdesk", "product: paper_to_web"), encoding="utf-8"
    )
    found_differences = {d.name: (d.before, d.after) for d in differences(before, company.take())}
    assert found_differences["product paper_to_web"] == ("–", "there")


@pytest.mark.parametrize("keep", [1, 2, 3, 4, 5, 100])
def test_the_last_snapshots_are_kept(root, ids, tmp_path, keep):
    assert prune(keep, root, tmp_path) == ids[: max(4 - keep, 0)]
    assert [s.id for s in snapshots(root)] == ids[max(4 - keep, 0) :]
    assert leftovers(root) == []


def test_the_latest_is_kept_whatever_its_position(root, ids, tmp_path):
    (root / LATEST).write_text(ids[0] + "\n", encoding="utf-8")
    assert prune(1, root, tmp_path) == ids[1:3]
    assert Snapshot.open(folder=root).id == ids[0]


@pytest.mark.parametrize("named", [
    lambda one: {"snapshot": one},
    lambda one: {"snapshot": "another", "reports": {"x": {"parameters": {"snapshot": one}}, "y": {}}},
], ids=["of the quarter", "of one report"])  # fmt: skip
def test_snapshots_that_reports_use_are_kept(root, ids, tmp_path, named):
    reports = tmp_path / "reports"
    (reports / "2026Q2").mkdir(parents=True)
    (reports / "2026Q2" / "run.json").write_text(json.dumps(named(ids[1])), encoding="utf-8")
    (reports / "2026Q3").mkdir()
    (reports / "2026Q3" / "run.json").write_text("{ half", encoding="utf-8")
    assert prune(1, root, reports) == [ids[0], ids[2]]
    assert Snapshot.open(ids[1], folder=root).is_intact()


def test_the_kept_snapshots_keep_their_shared_partitions(root, ids, tmp_path):
    prune(1, root, tmp_path)
    assert all(s.is_intact() for s in snapshots(root))


def test_nothing_is_deleted_while_a_snapshot_is_taken(root, ids, tmp_path):
    with snapshot_lock(root), pytest.raises(SnapshotError, match="is being taken"):
        prune(1, root, tmp_path)
    assert [s.id for s in snapshots(root)] == ids

"""What did not change is not reduced or written again, and the snapshot is the same as a fresh one."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date
from pathlib import Path

import companies
import pytest
from companies import COLUMNS, MONTHS, NAMES, content, larger, written
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ContractError
from cs_helpers.sources.usage_log import reduce_cells as reduced

pytestmark = pytest.mark.thorough

QUARTERS = ("2025Q4", "2026Q1", "2026Q2")
CELLS = {(name, quarter) for name in NAMES for quarter in QUARTERS}
#: the reductions that are written in partitions
TABLES = ("usage_daily", "usage_monthly", "active_daily")


def inodes(snapshot):
    """Partition of usage -> where it lies on the disk."""
    return {
        file: (snapshot.folder / file).stat().st_ino
        for file in snapshot.manifest["files"]
        if file.startswith(TABLES) and "product=" in file
    }


def rewritten_files(before, after):
    """The partitions that were written anew: (product, quarter)."""
    old, new = inodes(before), inodes(after)
    anew = {file.split("/", 1)[1] for file in new if new[file] != old.get(file)}
    return {
        (f.split("/")[0].removeprefix("product="), f.split("/")[1].removesuffix(".parquet")) for f in anew
    }


def rows_of(company):
    return [line.split(",") for line in company.text("usage.csv").splitlines()[1:]]


def as_fresh(company, snapshot, folder):
    return content(company.take(folder=folder).folder) == content(snapshot.folder)


@pytest.fixture
def company(tmp_path):
    return larger(tmp_path)


@pytest.fixture
def before(company):
    return company.take()


def test_a_first_take_reduces_and_writes_every_cell(company, work_log):
    taken = company.take()
    assert (work_log.reused, work_log.again) == (0, CELLS)
    assert {Quarter.containing(month) for month in MONTHS} == {Quarter.parse(q) for q in QUARTERS}
    assert set(inodes(taken)) == {
        f"{table}/product={name}/{quarter}.parquet" for table in TABLES for name, quarter in CELLS
    }


def test_without_a_change_no_cell_is_reduced_and_no_partition_written_again(company, before, work_log):
    company.change("contracts.csv", ",100,", ",101,")
    after = company.take()
    assert after.id != before.id
    assert (work_log.reused, work_log.cells, work_log.again) == (9, 9, set())
    assert inodes(after) == inodes(before)


def test_new_days_alone_are_reduced_and_written_again(company, before, work_log, tmp_path):
    company.change("sources.yml", "2026-05-20", "2026-05-25")
    company.add("usage.csv", *(
        f"N{p}{day},A1,{name},2026-05-{day} 10:00:00,template.used,1,P1"
        for p, name in enumerate(NAMES) for day in range(21, 26)
    ))  # fmt: skip
    after = company.take()
    assert work_log.again == rewritten_files(before, after) == {(name, "2026Q2") for name in NAMES}
    assert work_log.reused == 6
    assert as_fresh(company, after, tmp_path / "fresh")


def test_a_new_quarter_is_reduced_alone(company, before, work_log, tmp_path):
    company.change("sources.yml", "2026-05-20", "2026-07-03")
    company.add("usage.csv", "N1,A1,helpdesk,2026-07-02 10:00:00,template.used,1,P1")
    after = company.take()
    assert work_log.again == rewritten_files(before, after) == {("helpdesk", "2026Q3")}
    assert as_fresh(company, after, tmp_path / "fresh")


def test_a_change_of_one_product_leaves_the_others_as_they_are(company, before, work_log, tmp_path):
    rows = rows_of(company)
    for row in rows:
        if row[2] == "expense_desk":
            row[5] = "7"
    company.write(usage=written(rows))
    after = company.take()
    assert work_log.again == {("expense_desk", quarter) for quarter in QUARTERS}
    assert work_log.reused == 6
    assert {product for product, _ in rewritten_files(before, after)} == {"expense_desk"}
    assert as_fresh(company, after, tmp_path / "fresh")


@pytest.mark.parametrize("column", range(1, len(COLUMNS)))
def test_a_change_of_any_value_is_seen(company, before, work_log, column):
    rows = rows_of(company)
    row = next(r for r in rows if r[2] == "helpdesk" and r[3].startswith("2026-02") and r[1] != "A1")
    row[column] = ["", "A1", "expense_desk", "2026-02-20 23:59:59", "other", "9", "P9"][column]
    company.write(usage=written(rows))
    company.take()
    changed = {("helpdesk", "2026Q1")}
    assert work_log.again == (changed | {("expense_desk", "2026Q1")} if column == 2 else changed)


def test_removed_rows_are_not_in_the_next_snapshot(company, before, work_log, tmp_path):
    company.write(usage=written(r for r in rows_of(company) if r[2] != "helpdesk" or r[3] > "2026-03"))
    after = company.take()
    assert not [f for f in inodes(after) if "helpdesk/2025Q4" in f]
    assert work_log.again == rewritten_files(before, after) == {("helpdesk", "2026Q1")}
    assert as_fresh(company, after, tmp_path / "fresh")


def test_an_account_that_was_unknown_counts_from_the_take_in_which_it_is_known(company, work_log, tmp_path):
    company.add("usage.csv", "N1,A9,helpdesk,2026-02-02 10:00:00,template.used,1,P1")
    before = company.take()
    company.add("accounts.csv", "A9,Late,mid,retail")
    company.add("contracts.csv", "C9,A9,helpdesk,2026-01-01,,100,JPY")
    after = company.take()
    assert work_log.again == set()
    assert rewritten_files(before, after) == {("helpdesk", "2026Q1")}
    assert "A9" not in set(before.read("helpdesk")["usage_daily"]["account_id"])
    assert "A9" in set(after.read("helpdesk")["usage_daily"]["account_id"])
    assert as_fresh(company, after, tmp_path / "fresh")


def test_a_damaged_partition_of_the_earlier_snapshot_is_written_anew(company, before, work_log):
    file = before.folder / "usage_daily" / "product=helpdesk" / "2026Q1.parquet"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))
    company.change("contracts.csv", ",100,", ",101,")
    after = company.take()
    assert after.is_intact()
    assert work_log.again == rewritten_files(before, after) == {("helpdesk", "2026Q1")}


def cells_of(company):
    """The folders of the memory."""
    return sorted(path.parent for path in (company.snapshots / ".reduced").glob("*/*/cell.json"))


@pytest.mark.parametrize("damage", ["deleted", "emptied", "cut", "turned", "of something else"])
def test_a_memory_that_is_damaged_is_made_anew(company, before, work_log, damage):
    """Each of its four files, in a cell of its own."""
    names = ("cell.json", "usage_daily.parquet", "usage_monthly.parquet", "active_daily.parquet")
    for cell, name in zip(cells_of(company)[2:], names, strict=False):
        file = cell / name
        bytes_ = file.read_bytes()
        file.unlink()  # its other links stay as they are
        match damage:
            case "emptied":
                file.write_bytes(b"")
            case "cut":
                file.write_bytes(bytes_[: len(bytes_) // 2])
            case "turned":
                file.write_bytes(bytes(255 - b for b in bytes_))
            case "of something else":
                file.write_text('{"rows": [], "sha256": "usage_daily", "broken": null}', encoding="utf-8")
    assert content(company.take().folder) == content(before.folder)
    assert work_log.reused == 5
    company.take()
    assert work_log.reused == 9


def test_a_memory_that_is_gone_is_made_anew(company, before, work_log):
    shutil.rmtree(company.snapshots / ".reduced")
    assert content(company.take().folder) == content(before.folder)
    assert work_log.reused == 0


def test_the_memory_holds_the_cells_of_the_last_take_and_nothing_else(company, before):
    (cells_of(company)[0].parent / ".new-of-a-run-that-was-killed").mkdir()
    company.write(usage=written(r for r in rows_of(company) if r[2] != "helpdesk"))
    company.take()
    assert len(cells_of(company)) == 6
    assert set(cells_of(company)[0].parent.iterdir()) == set(cells_of(company))


def test_two_sources_files_do_not_take_each_others_reductions(company, before, work_log, tmp_path):
    other = larger(tmp_path / "other", companies.log(seed=2))
    one = other.take(folder=company.snapshots)
    assert work_log.reused == 0
    assert as_fresh(other, one, tmp_path / "fresh")
    assert content(company.take().folder) == content(before.folder)
    assert work_log.reused == 9


def test_other_code_reduces_and_writes_everything_again(company, before, work_log, monkeypatch):
    """Whoever mends a reduction must not get the partitions that the old one wrote."""
    monkeypatch.setattr(reduced, "_code_hash", lambda: "other code")
    query = reduced._CELL_QUERIES["usage_daily"].replace("events::BIGINT AS", "events::BIGINT + 1 AS")
    monkeypatch.setitem(reduced._CELL_QUERIES, "usage_daily", query)
    after = company.take()
    assert work_log.reused == 0
    events = [s.read("helpdesk")["usage_daily"]["events"] for s in (before, after)]
    assert list(events[1]) == list(events[0] + 1)


@pytest.mark.parametrize("said", ["usage.before_contract: reject", "usage.quantity.wrong_type: warn"])
def test_a_rule_that_only_warns_is_counted_and_the_rows_are_kept(company, said):
    company.add("usage.csv", "N1,A1,helpdesk,2025-10-01 10:00:00,template.used,x,P1")
    company.change("sources.yml", "as_of:", f"policies: {{{said}}}\nas_of:")
    assert company.take().is_intact()


# --- any change --------------------------------------------------------------------------------

days = st.dates(date(2025, 11, 25), date(2026, 6, 5)).map(str)
values = {
    "usage_id": st.sampled_from(["U1", "U40", "U200", "X1", "X2", ""]),
    "account_id": st.sampled_from(["A1", "A2", "A4", "A9", "", "a1"]),
    "product": st.sampled_from([*NAMES, "other", ""]),
    "occurred_at": st.one_of(
        st.builds("{} {}".format, days, st.sampled_from(["00:00:00", "14:59:59", "15:00:00", "23:59:59"])),
        st.sampled_from(["", "soon", "2026-02-30 10:00:00"]),
    ),
    "event": st.sampled_from([*companies.EVENTS, "", "評価"]),
    "quantity": st.sampled_from(["0.1", "0.2", "0.3", "-1", "x", "", "1e9"]),
    "user_id": st.sampled_from(["P1", "P2", "P9", ""]),
}
place = st.integers(0, 10**6)
edits = st.one_of(
    st.tuples(st.just("add"), st.tuples(*values.values()).map(list)),
    st.tuples(st.just("drop"), place),
    st.tuples(st.just("change"), place, st.sampled_from(COLUMNS).flatmap(lambda c: st.tuples(st.just(c), values[c]))),
    st.tuples(st.just("duplicate"), place),
    st.tuples(st.just("move"), place, place),
    st.tuples(st.just("know"), st.just("A9")),
    st.tuples(st.just("forget"), st.sampled_from(["A1", "A4"])),
    st.tuples(st.just("end"), st.sampled_from(["C10", "C21", "C42"]), days),
    st.tuples(st.just("as_of"), days),
    st.tuples(st.just("policies"), st.sampled_from([
        "usage.before_contract: reject, usage.after_contract: reject, usage.without_contract: reject", "",
        "usage.before_contract: reject", "usage.quantity.wrong_type: warn, usage.out_of_range: warn",
    ])),
    st.tuples(st.just("timezone"), st.sampled_from(["Asia/Tokyo", "America/New_York", ""])),
)  # fmt: skip


def apply_edit(company, edit):
    """One change of what a company gives."""
    rows = rows_of(company)
    match edit:
        case "add", row:
            rows.append(row)
        case "drop", i:
            del rows[i % len(rows)]
        case "change", i, (column, value):
            rows[i % len(rows)][COLUMNS.index(column)] = value
        case "duplicate", i:
            rows.append(rows[i % len(rows)])
        case "move", i, j:
            rows.insert(j % len(rows), rows.pop(i % len(rows)))
        case "know", account:
            if account not in company.text("accounts.csv"):
                company.add("accounts.csv", f"{account},Late,mid,retail")
        case "forget", account:
            kept = [r for r in company.text("accounts.csv").splitlines() if not r.startswith(account + ",")]
            company.write(accounts="\n".join(kept) + "\n")
        case "end", contract, day:
            lines = [line.split(",") for line in company.text("contracts.csv").splitlines()]
            for line in lines:
                line[4] = day if line[0] == contract else line[4]
            company.write(contracts=written(lines[1:], lines[0]))
        case word, value:
            lines = [r for r in company.text("sources.yml").splitlines() if not r.startswith(word + ":")]
            said = {"policies": f"{{{value}}}", "timezone": value and f"{value}"}.get(word, value)
            # the log is written in UTC, so that another zone moves rows to another day
            log = "  usage: {from: usage, timezone: UTC}" if word == "timezone" and value else None
            lines = [log if log and r.startswith("  usage:") else r for r in lines]
            company.write(sources="\n".join([*([f"{word}: {said}"] if said else []), *lines]) + "\n")
    company.write(usage=written(rows))


def outcome(company, **where):
    """The bytes of a snapshot, or why there is none."""
    try:
        return content(company.take(**where).folder)
    except ContractError as error:
        return str(error)


@given(st.lists(edits, min_size=1, max_size=4), st.lists(edits, max_size=3))
@example([("duplicate", 5), ("move", 216, 0)], [("change", 0, ("user_id", "P9")), ("drop", 6)])
@example(
    [("add", ["X1", "A9", "helpdesk", "2026-06-01 10:00:00", "x", "1", ""])],
    [("know", "A9"), ("as_of", "2026-06-05")],
)
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to shrink would take minutes
    suppress_health_check=[HealthCheck.too_slow],
)
def test_after_any_changes_the_snapshot_is_the_same_as_a_fresh_one(first, then):
    with tempfile.TemporaryDirectory() as folder:
        company = larger(Path(folder), companies.log(each=4))
        company.take()
        for edit in first:
            apply_edit(company, edit)
        found = outcome(company)
        if then:
            for edit in then:
                apply_edit(company, edit)
            found = outcome(company)
        assert found == outcome(company, folder=Path(folder) / "fresh")

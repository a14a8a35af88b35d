"""The small exports beside the checkout give what their README says: the numbers counted by hand, or a question."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.errors import WorkbookError
from cs_helpers.snapshot.take import take_snapshot

PRODUCTS = Path(__file__).resolve().parents[3] / "data" / "products"
END = date(2026, 9, 30)


@pytest.fixture
def taken(shared_data, tmp_path):
    def take(name):
        sources = shared_data / "exports" / name / "sources.yml"
        if not sources.exists():
            pytest.skip(f"../shared/data/exports/{name} does not lie beside this checkout")
        return take_snapshot(sources, folder=tmp_path, products=PRODUCTS, today=date(2026, 12, 31))

    return take


def found(snapshot):
    return {(f.table, f.rule): f.count for f in snapshot.findings}


@pytest.mark.parametrize(
    ("name", "customers", "mrr", "findings"),
    [
        ("15_where_null", 3, 300, {("contracts", "filter_unknown"): 2}),
        ("25d_comment_rows", 3, 300, {}),
        ("40b_offsets_tokyo", 6, 600, {("tickets", "after_as_of"): 1}),
        ("43_keyless_duplicates", 6, 600, {(t, "identical_rows"): n for t, n in (("usage", 2), ("touches", 1), ("surveys", 2))}),
        ("45_segments", 6, 600, {}),
    ],
)  # fmt: skip
def test_the_customers_and_their_mrr_are_those_of_a_hand_count(taken, name, customers, mrr, findings):
    snapshot = taken(name)
    time = customer_time_as_of(snapshot.read("helpdesk"), END)
    assert (len(time.customers(END)), float(time.mrr(END).sum())) == (customers, mrr)
    assert findings.items() <= found(snapshot).items()


def test_the_row_that_a_filter_leaves_out_is_counted_as_such(taken):
    manifest = taken("15_where_null").manifest
    counts = {k: manifest[f"rows_{k}"]["contracts"] for k in ("read", "kept", "rejected", "filtered")}
    assert counts == {"read": 4, "kept": 3, "rejected": 0, "filtered": 1}


def test_a_time_without_an_offset_stays_as_it_is_written(taken):
    opened = taken("40b_offsets_tokyo").read("helpdesk")["tickets"].set_index("ticket_id")["opened_at"]
    assert {key: f"{at:%m-%d %H:%M}" for key, at in opened.items()} == {
        "T1": "07-01 08:00", "T2": "06-30 23:30", "T3": "07-01 05:00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("17b_thousand_point", ("column 'mrr'", "is '1.200' 1.2 or 1,200?", "to 15.7 ", "to 15,700 ", "number: \"1.234,5\"")),
        ("20_sql_ambiguous_times", ("all 3 rows were refused", "'01-02-2026 09:00:00'", "'format'")),
        ("24_dup_header", ("column 'mrr'", "2 columns of that name", '"mrr [1]"', '"mrr [2]"')),
        ("30_xlsx_hidden_first", ("sheets 'current' and 'old' (hidden) have the same columns", "sheet: current")),
        ("38f_csv_is_xlsx", ("not text but an Excel workbook", ".xlsx")),
    ],
)  # fmt: skip
def test_what_only_a_person_knows_is_asked(taken, name, words):
    with pytest.raises(WorkbookError) as error:
        taken(name)
    for word in words:
        assert word in str(error.value)

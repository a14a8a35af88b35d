"""Public data sets load by a mapping file alone; what comes out is what SQL over the raw file says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot.take import take_snapshot

HERE = Path(__file__).parent
PRODUCTS = HERE.parents[1] / "data" / "products"


@pytest.fixture
def taken(shared_data, tmp_path):
    """A snapshot of a public data set through its mapping file."""

    def take(name, **changed):
        text = (HERE / "mappings" / f"{name}.yml").read_text(encoding="utf-8")
        text = text.replace(name.upper(), str(shared_data / name))
        (tmp_path / f"{name}.yml").write_text(text, encoding="utf-8")
        return take_snapshot(tmp_path / f"{name}.yml", folder=tmp_path / "snapshots", products=PRODUCTS)

    return take


def test_telco_loads_with_its_published_churn(taken):
    snapshot = taken("telco")
    data = snapshot.read("helpdesk")
    assert snapshot.manifest["rows_kept"]["accounts"] == 7043
    assert int(data["accounts"]["churned"].sum()) == len(data["touches"]) == 1869
    day = date(2026, 9, 30)
    assert len(customer_time_as_of(data, day).customers(day)) == 7043 - 1869
    assert {f.rule for f in snapshot.findings} == set()


def test_telco_revenue_is_what_sql_over_the_file_says(taken, shared_data):
    file = shared_data / "telco" / "Telco-Customer-Churn.csv"
    expected = duckdb.sql(
        f"select sum(MonthlyCharges) from '{file}' where not Churn and tenure > 0"
    ).fetchone()[0]
    time = customer_time_as_of(taken("telco").read("helpdesk"), date(2026, 9, 30))
    assert time.mrr(date(2026, 9, 29)).sum() == pytest.approx(
        duckdb.sql(f"select sum(MonthlyCharges) from '{file}' where tenure > 0").fetchone()[0]
    )
    there = time.contracts_on(date(2026, 9, 30))
    assert there.loc[there["started_on"] < "2026-09-30", "mrr"].sum() == pytest.approx(expected)


@pytest.mark.parametrize("day", [date(2017, 10, 1), date(2018, 6, 1), date(2018, 12, 15), date(2019, 2, 1)])
def test_the_revenue_of_the_mrr_playbook_is_what_sql_over_the_file_says(taken, shared_data, day):
    file = shared_data / "mrr_playbook" / "subscription_periods.csv"
    expected = duckdb.sql(
        f"select sum(monthly_amount) from '{file}' where start_date <= '{day}' and (end_date is null or end_date > '{day}')"
    ).fetchone()[0]
    snapshot = taken("mrr_playbook")
    assert snapshot.manifest["rows_kept"] == snapshot.manifest["rows_read"]
    assert customer_time_as_of(snapshot.read("helpdesk"), day).mrr(day).sum() == expected

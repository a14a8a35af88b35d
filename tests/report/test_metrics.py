"""metrics.json and metrics.parquet hold the same rows, one for each product, metric and segment."""

from __future__ import annotations

import json

import duckdb
import pytest

from cs_helpers import paths
from cs_helpers.report.manifest import PublishedPage, Report
from cs_helpers.report.metrics import COLUMNS, metric_files, metric_rows, metrics_page


def report(product: str, language: str, made_at: str, *, segments=(), **metrics) -> Report:
    good = PublishedPage(
        status="published", sha256="", title="", message="", fingerprint="", snapshot=f"of {made_at}", made_at=made_at,
        metrics={name.replace("__", "."): content for name, content in metrics.items()}, segments=segments,
    )  # fmt: skip
    return Report(
        status="published", analysis="x", notebook="10_x", seconds=1, made_at=made_at, good=good,
        parameters={"product": product, "language": language},
    )  # fmt: skip


NRR = {"value": 0.98, "low": 0.97, "high": 1.0, "n": 115, "unit": "share", "better": "higher", "label": "NRR"}
MRR = {"value": 21_843_000.0, "low": None, "high": None, "n": 132, "unit": "currency", "currency": "JPY"}
OF_SMALL = {**NRR, "metric": "revenue.nrr", "segment": "size=small", "value": 0.5, "n": 7}


@pytest.fixture
def reports():
    return {
        "b/x.en.html": report("b", "en", "2026-10-01T00:00:00+00:00", revenue__nrr=NRR, revenue__mrr=MRR, segments=(OF_SMALL,)),
        "b/x.ja.html": report("b", "ja", "2026-10-02T00:00:00+00:00", revenue__nrr={**NRR, "value": 0.99}),
        "a/x.en.html": report("a", "en", "2026-10-01T00:00:00+00:00", health__red={"value": "nan", "n": 0, "unit": "share"}),
        "a/y.en.html": Report(status="failed", analysis="y", notebook="20_y", seconds=1, made_at="", parameters={"product": "a", "language": "en"}),
    }  # fmt: skip


def test_each_metric_is_one_row_and_the_latest_report_counts(reports) -> None:
    rows = metric_rows("2026Q3", reports)
    assert [(r["product"], r["analysis"], r["metric"], r["segment"], r["value"]) for r in rows] == [
        ("a", "health", "red", "all", None),
        ("b", "revenue", "mrr", "all", 21_843_000.0),
        ("b", "revenue", "nrr", "all", 0.99),
        ("b", "revenue", "nrr", "size=small", 0.5),
    ]
    assert all(set(row) == set(COLUMNS) for row in rows)
    assert rows[1]["currency"] == "JPY"
    assert rows[2]["snapshot"] == "of 2026-10-02T00:00:00+00:00"


def test_both_files_hold_the_rows_and_quarters_can_be_read_together(reports, tmp_path) -> None:
    for quarter in ("2026Q2", "2026Q3"):
        for name, content in metric_files(quarter, reports).items():
            (tmp_path / quarter).mkdir(exist_ok=True)
            (tmp_path / quarter / name).write_bytes(content)
    assert json.loads((tmp_path / "2026Q3" / "metrics.json").read_text())["metrics"] == metric_rows(
        "2026Q3", reports
    )
    query = f"SELECT * FROM '{tmp_path}/*/metrics.parquet' WHERE metric = 'nrr' AND segment = 'all' ORDER BY quarter"
    found = duckdb.sql(query).fetchall()
    assert [row[1] for row in found] == ["2026Q2", "2026Q3"]
    assert [d[0] for d in duckdb.sql(query).description] == list(COLUMNS)


def test_without_reports_the_files_have_their_columns(tmp_path) -> None:
    file = tmp_path / "metrics.parquet"
    file.write_bytes(metric_files("2026Q3", {})["metrics.parquet"])
    assert [d[0] for d in duckdb.sql(f"SELECT * FROM '{file}'").description] == list(COLUMNS)


def test_the_document_of_the_columns_is_up_to_date() -> None:
    assert (paths.home() / "docs" / "metrics.md").read_text(encoding="utf-8") == metrics_page()

"""metrics.json and metrics.parquet, the headline metrics of a quarter for other tools.

They lie in the quarter's folder and stay there, so that `reports/*/metrics.parquet` holds all quarters.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cs_helpers.report.manifest import Report, of_whole_products

JSON_FILE, PARQUET_FILE = "metrics.json", "metrics.parquet"
#: version of the columns
FORMAT = 1
#: column -> its type and meaning
COLUMNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "product": ("text", "the product's key"),
        "quarter": ("text", "as in 2026Q3"),
        "analysis": ("text", "the analysis that computed it"),
        "metric": ("text", "its name in the analysis"),
        "segment": ("text", "`all`, or `<dimension>=<value>` as in `size=small`"),
        "value": ("number", "the value in `unit`; missing where it is not known"),
        "low": ("number", "lower end of the 95 % interval; missing where the value is counted"),
        "high": ("number", "upper end of the 95 % interval; missing where the value is counted"),
        "n": ("integer", "observations behind it"),
        "unit": ("text", "`share` (0 to 1), `days`, `ratio`, `currency`, `points` or `count`"),
        "currency": ("text", "of an amount, as in JPY; else empty"),
        "better": ("text", "the direction that is better: `higher`, `lower` or `neither`"),
        "snapshot": ("text", "the snapshot that it was computed from"),
    }
)


def metric_rows(quarter: str, reports: Mapping[str, Report]) -> list[dict[str, Any]]:
    """One row of `COLUMNS` for each product, metric and segment of the published reports, sorted.

    Saved reports are left out. Where reports of several languages or notebooks show a metric, it is taken from the one that was made last.
    """
    rows = {}
    for report in sorted(of_whole_products(reports).values(), key=lambda r: r.good.made_at if r.good else ""):
        if report.good is None:
            continue
        shown = [(key, "all", content) for key, content in report.good.metrics.items()]
        shown += [(str(c["metric"]), str(c["segment"]), c) for c in report.good.segments]
        for key, segment, content in shown:
            analysis, _, metric = key.partition(".")
            rows[report.product, analysis, metric, segment] = {
                "product": report.product,
                "quarter": quarter,
                "analysis": analysis,
                "metric": metric,
                "segment": segment,
                **{name: _number(content.get(name)) for name in ("value", "low", "high")},
                "n": content.get("n"),
                "unit": str(content.get("unit", "")),
                "currency": str(content.get("currency", "")),
                "better": str(content.get("better", "neither")),
                "snapshot": report.good.snapshot,
            }
    return [rows[key] for key in sorted(rows)]


def metric_files(quarter: str, reports: Mapping[str, Report]) -> dict[str, bytes]:
    """The content of both files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = metric_rows(quarter, reports)
    types = {"text": pa.string(), "number": pa.float64(), "integer": pa.int64()}
    schema = pa.schema([(name, types[kind]) for name, (kind, _) in COLUMNS.items()])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
    content = {"format": FORMAT, "quarter": quarter, "metrics": rows}
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return {JSON_FILE: text.encode(), PARQUET_FILE: buffer.getvalue()}


def metrics_page() -> str:
    """`docs/metrics.md`: every column and what it means."""
    lines = [
        "# metrics.json and metrics.parquet",
        "",
        "<!-- written by `make dictionary` from cs_helpers/report/metrics.py -->",
        "",
        "The headline metrics of a quarter, for dashboards and other tools. Both files lie beside the reports, hold the same",
        "rows, and stay when later quarters are published: `SELECT * FROM 'reports/*/metrics.parquet'` (DuckDB) reads all",
        f"quarters. Format {FORMAT}; `metrics.json` has the rows below `metrics`.",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {kind} | {meaning} |" for name, (kind, meaning) in COLUMNS.items()]
    return "\n".join(lines) + "\n"


def _number(value: Any) -> float | None:
    """A number of run.json; None where it is missing or not finite (which run.json has as a text)."""
    return float(value) if isinstance(value, int | float) else None

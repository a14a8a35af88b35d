"""The snapshot of a large usage log against the same reductions written by hand.

    python benchmarks/snapshot_scale.py [--millions 1,10,100] [--shapes sessions,scattered] [--keep DIR]

Each way runs in a process of its own and does the same work on the same Parquet file: use by day and event, by
day, by month and event, by month, with distinct users, and two first times of each account, written as Parquet by
product. `ours` also checks every row, relates it to the contracts, writes rows in a fixed order, hashes every file
and caches the reductions. Prints wall seconds, peak memory and ratios. The ways run one after another, so the ratios
are more reliable than the seconds.

Shapes: `sessions`: 1,500 accounts of very different sizes; a session is one user doing one thing about five times.
`scattered`: the worst case of a reduction, where nearly every row is a group of its own (20,000 accounts, a million
users).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEMORY = "2GB"
STEP = "web."
#: name of each reduction -> columns that it groups by, besides account and product
KEYS = {
    "usage_daily": ["day", "event"],
    "active_daily": ["day"],
    "monthly_event": ["month", "event"],
    "monthly": ["month"],
}


def write_log(millions: float, shape: str, folder: Path) -> Path:
    """Writes a log over two years in order of time, with its customers and contracts; returns the log's file."""
    import duckdb

    file = folder / f"usage-{shape}-{millions:g}.parquet"
    con = duckdb.connect()
    con.execute("SET memory_limit = '6GB'")
    n, session = int(millions * 1e6), "(i // 5)" if shape == "sessions" else "i"

    def random(salt: int) -> str:
        return f"(hash({session} * 31 + {salt}) / 18446744073709551616.0)"

    account = f"floor(1500 * pow({random(1)}, 2))" if shape == "sessions" else f"floor(20000 * {random(1)})"
    users = 20 if shape == "sessions" else 1_000_000
    if not file.exists():
        con.execute(
            f"""COPY (SELECT 'A-' || lpad(({account})::INT::VARCHAR, 5, '0') AS account_id,
                ['paper_to_web', 'expense_desk', 'helpdesk'][1 + floor(3 * {random(2)})::INT] AS product,
                'U-' || floor({users} * {random(3)})::INT::VARCHAR AS user_id,
                TIMESTAMP '2024-10-01' + to_microseconds(((i / {n}) * 730 * 86400 * 1000000)::BIGINT) AS occurred_at,
                'web.module.event_' || floor(20 * pow({random(4)}, 2))::INT::VARCHAR AS event,
                floor(10 * (hash(i) / 18446744073709551616.0))::DOUBLE AS quantity
            FROM range({n}) t(i)) TO '{file}' (FORMAT parquet)"""
        )
    home = folder / f"{shape}-{millions:g}"
    home.mkdir(exist_ok=True)
    con.execute(
        f"""COPY (SELECT DISTINCT account_id, account_id AS name, 'mid' AS size, 'retail' AS industry
        FROM read_parquet('{file}')) TO '{home}/accounts.csv'"""
    )
    con.execute(
        f"""COPY (SELECT product || account_id AS contract_id, account_id, product, DATE '2024-01-01' AS started_on,
        100 AS mrr, 'JPY' AS currency FROM (SELECT DISTINCT account_id, product FROM read_parquet('{file}')))
        TO '{home}/contracts.csv'"""
    )
    (home / "sources.yml").write_text(
        f"memory: {MEMORY}\nfiles: {{accounts: accounts.csv, contracts: contracts.csv, usage: {file}}}\n"
        "tables: {accounts: {from: accounts}, contracts: {from: contracts}, usage: {from: usage}}\n"
    )
    return file


def ours(file: Path, out: Path) -> None:
    """Takes the snapshot; where `out` holds one of the same tables, its reductions are reused."""
    from cs_helpers.snapshot.take import take_snapshot

    home = file.parent / file.stem.removeprefix("usage-")
    take_snapshot(home / "sources.yml", folder=out)


def sql(file: Path, out: Path) -> None:
    """The same reductions in hand-written SQL."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute(f"SET temp_directory = '{out}/spill'")
    measures = "count(*) AS events, sum(coalesce(quantity, 1)) AS quantity, count(DISTINCT user_id) AS users"
    days = "count(DISTINCT occurred_at::DATE) AS days"
    month = "date_trunc('month', occurred_at) AS month"
    log = f"FROM read_parquet('{file}')"
    for name, query in {
        "usage_daily": f"SELECT account_id, product, occurred_at::DATE AS day, event, {measures} {log} GROUP BY ALL",
        "active_daily": f"SELECT account_id, product, occurred_at::DATE AS day, {measures} {log} GROUP BY ALL",
        "monthly_event": f"SELECT account_id, product, {month}, event, {measures}, {days} {log} GROUP BY ALL",
        "monthly": f"SELECT account_id, product, {month}, {measures}, {days} {log} GROUP BY ALL",
        "first": f"SELECT account_id, product, min(occurred_at) AS first_at {log} WHERE event LIKE '{STEP}%' GROUP BY ALL",
        "third": f"""SELECT account_id, product, first_at FROM (
            SELECT account_id, product, first_at, row_number() OVER (PARTITION BY account_id, product ORDER BY first_at) AS place
            FROM (SELECT account_id, product, event, min(occurred_at) AS first_at {log} WHERE event LIKE '{STEP}%' GROUP BY ALL)
        ) WHERE place = 3""",
    }.items():
        con.execute(f"COPY ({query}) TO '{out}/{name}' (FORMAT parquet, PARTITION_BY (product))")


def pandas(file: Path, out: Path) -> None:
    """The same reductions in pandas."""
    import pandas as pd

    log = pd.read_parquet(file)
    log["day"] = log["occurred_at"].dt.normalize()
    log["month"] = log["occurred_at"].dt.to_period("M").dt.start_time
    log["quantity"] = log["quantity"].fillna(1)
    measures = {"events": ("event", "size"), "quantity": ("quantity", "sum"), "users": ("user_id", "nunique")}
    for name, keys in KEYS.items():
        more = {"days": ("day", "nunique")} if "month" in keys else {}
        reduced = (
            log.groupby(["account_id", "product", *keys], sort=False).agg(**measures, **more).reset_index()
        )
        reduced.to_parquet(out / name, partition_cols=["product"])
    used = log[log["event"].str.startswith(STEP)]
    used.groupby(["account_id", "product"])["occurred_at"].min().reset_index().to_parquet(
        out / "first.parquet"
    )
    first = used.groupby(["account_id", "product", "event"])["occurred_at"].min().sort_values()
    first.groupby(["account_id", "product"]).nth(2).reset_index().to_parquet(out / "third.parquet")


def polars(file: Path, out: Path) -> None:
    """The same reductions in polars, lazily, with its streaming engine."""
    import polars as pl

    log = pl.scan_parquet(file).with_columns(
        pl.col("occurred_at").dt.truncate("1d").alias("day"),
        pl.col("occurred_at").dt.truncate("1mo").alias("month"),
    )
    measures = [
        pl.len().alias("events"), pl.col("quantity").fill_null(1).sum(), pl.col("user_id").n_unique().alias("users")
    ]  # fmt: skip
    for name, keys in KEYS.items():
        more = [pl.col("day").n_unique().alias("days")] if "month" in keys else []
        reduced = log.group_by("account_id", "product", *keys).agg(*measures, *more)
        reduced.collect(engine="streaming").write_parquet(out / name, partition_by="product")
    used = log.filter(pl.col("event").str.starts_with(STEP))
    used.group_by("account_id", "product").agg(pl.col("occurred_at").min()).collect(
        engine="streaming"
    ).write_parquet(out / "first.parquet")
    first = used.group_by("account_id", "product", "event").agg(pl.col("occurred_at").min())
    first.group_by("account_id", "product").agg(
        pl.col("occurred_at").sort().get(2, null_on_oob=True)
    ).collect(engine="streaming").write_parquet(out / "third.parquet")


WAYS = {"ours": ours, "sql": sql, "pandas": pandas, "polars": polars}


def measure(way: str, file: Path, out: Path) -> tuple[float, float]:
    """Wall seconds and peak memory in GB of one way in a process of its own; NaN where it failed."""
    out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, __file__, "--way", way, str(file), str(out)])
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    return (seconds if status == 0 else float("nan")), used.ru_maxrss / 1e6


def main() -> None:
    """Runs each way on each log and prints a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--millions", default="1,10")
    parser.add_argument("--shapes", default="sessions,scattered")
    parser.add_argument("--ways", default="ours,again,sql,polars,pandas")
    parser.add_argument("--keep", help="folder for the logs, to use them again")
    parser.add_argument("--way", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        WAYS[arguments.way[0]](Path(arguments.way[1]), Path(arguments.way[2]))
        return
    print(
        "| shape | million rows | way | seconds | peak GB | it / ours |\n|---|---|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as scratch:
        logs = Path(arguments.keep or scratch).resolve()
        logs.mkdir(exist_ok=True)
        for shape in arguments.shapes.split(","):
            for millions in (float(m) for m in arguments.millions.split(",")):
                file = write_log(millions, shape, logs)
                base = float("nan")
                for way in arguments.ways.split(","):
                    if way == "pandas" and millions > 10:
                        continue
                    out = Path(scratch) / (f"{shape}-{millions:g}-" + ("ours" if way == "again" else way))
                    seconds, gigabytes = measure("ours" if way == "again" else way, file, out)
                    base = seconds if way == "ours" else base
                    label = "ours, nothing changed" if way == "again" else way
                    print(
                        f"| {shape} | {millions:g} | {label} | {seconds:.1f} | {gigabytes:.2f} | {seconds / base:.2f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()

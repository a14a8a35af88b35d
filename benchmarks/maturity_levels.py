"""Levels of maturity by customer and month, from a large log of use: ours, hand-written SQL, pandas, side by side.

    python benchmarks/maturity_levels.py [--millions 100] [--ways scan,ours,sql,pandas] [--rounds 2] [--folder DIR]

The log is a snapshot's `usage_monthly`: rows of an account, month and event over 36 months, a Parquet file a quarter,
about 28 rows of each account and month, and one over all its events. There are 1,000 accounts a million rows, all of
them customers throughout. The four levels ask for what those of the field's example ask for: documents delivered,
departments and documents in use, and the shares of outgoing and of incoming paper that are left, each over three months.

Each way runs in a process of its own, its start included. Prints wall seconds, peak memory, a digest of the levels
(which must be the same) and ratios. DuckDB has two threads. Ways: `scan` reads the columns that the rules need and does
nothing with them; `ours` opens the snapshot, checks the hashes of its files and works out `level_history`; `sql` is one
query; `pandas` reads the columns and uses what one would reach for first (it needs about 0.6 GB a million rows).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

MONTHS, FIRST, LAST = 36, "2023-10-01", "2026-09-30"
PRODUCT = "paper_to_web"
DEPARTMENTS = ("accounting", "hr", "legal", "logistics", "purchasing", "sales")
DOCUMENTS = ("contract", "invoice", "notice", "offer", "order", "payslip", "receipt", "report")
#: all names of events in their order, after the row over all of them
EVENTS = (
    "login", "paper.in", "paper.out", "setting", *(f"web.{d}.{x}" for d in DEPARTMENTS for x in DOCUMENTS),
)  # fmt: skip

PAPER_LEFT = {
    name: {"value": "quantity", "event": name, "per": {"value": "quantity", "event": [name, "web.*"]}}
    for name in ("paper.out", "paper.in")
}
LEVELS = [
    [{"value": "quantity", "event": "web.*", "at_least": 1500}],
    [
        {"value": "distinct_parts", "part": 2, "event": "web.*", "at_least": 3},
        {"value": "distinct_events", "event": "web.*", "at_least": 20},
    ],
    [PAPER_LEFT["paper.out"] | {"at_most": 0.04}],
    [PAPER_LEFT["paper.in"] | {"at_most": 0.025}],
]

#: by month: sums, and the documents and departments as bits, whose places are tables of names; then windows over them
SQL = """
WITH names AS (
    SELECT event, row_number() OVER (ORDER BY event) AS document, dense_rank() OVER (ORDER BY split_part(event, '.', 2)) AS part
    FROM (SELECT DISTINCT event FROM use WHERE event LIKE 'web.%')
), months AS (
    SELECT account_id, month,
        coalesce(sum(quantity) FILTER (document > 0), 0) AS web,
        coalesce(sum(quantity) FILTER (event = 'paper.out'), 0) AS outgoing,
        coalesce(sum(quantity) FILTER (event = 'paper.in'), 0) AS incoming,
        coalesce(bit_or(1::UBIGINT << document::UBIGINT), 0) AS documents,
        coalesce(bit_or(1::UBIGINT << part::UBIGINT), 0) AS parts
    FROM use LEFT JOIN names USING (event) GROUP BY ALL
), every_month AS (
    SELECT a.account_id, m.month, web, outgoing, incoming, documents, parts
    FROM (SELECT DISTINCT account_id FROM months) a CROSS JOIN (SELECT DISTINCT month FROM months) m
    LEFT JOIN months USING (account_id, month)
), windows AS (
    SELECT account_id, month, sum(web) OVER w AS web, sum(outgoing) OVER w AS outgoing, sum(incoming) OVER w AS incoming,
        bit_count(bit_or(documents) OVER w) AS documents, bit_count(bit_or(parts) OVER w) AS parts
    FROM every_month WINDOW w AS (PARTITION BY account_id ORDER BY month ROWS 2 PRECEDING)
)
SELECT account_id, month,
    CASE WHEN NOT coalesce(web >= 1500, false) THEN 0
         WHEN NOT coalesce(parts >= 3 AND documents >= 20, false) THEN 1
         WHEN NOT coalesce(outgoing / nullif(outgoing + web, 0) <= 0.04, false) THEN 2
         WHEN NOT coalesce(incoming / nullif(incoming + web, 0) <= 0.025, false) THEN 3 ELSE 4 END::UTINYINT AS level
FROM windows ORDER BY account_id, month
"""


def write(folder: Path, millions: float) -> int:
    """Writes the snapshot; returns the number of rows of use."""
    import duckdb
    import pandas as pd
    import yaml

    from cs_helpers.contract.coverage import Coverage, Period
    from cs_helpers.contract.products import Product
    from cs_helpers.contract.vocabulary import DTYPES
    from cs_helpers.hashes import of_file
    from cs_helpers.snapshot import FORMAT, LATEST, Snapshot, identity
    from cs_helpers.snapshot.files import FROZEN, Files, empty, kinds_of

    file = Path(__file__).resolve().parents[1] / "data" / "products" / f"{PRODUCT}.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    for level, conditions in zip(settings["maturity"]["levels"], LEVELS, strict=True):
        level["conditions"] = conditions
    product = Product.model_validate(settings)
    accounts = pd.DataFrame({"account_id": [f"A-{n:06d}" for n in range(int(millions * 1000))]})
    accounts = accounts.assign(name=accounts["account_id"], size="unknown")
    contracts = accounts[["account_id"]].assign(
        contract_id=accounts["account_id"],
        product=PRODUCT,
        started_on=pd.Timestamp(FIRST),
        mrr=100.0,
        currency="JPY",
    )
    root = folder / "snapshots"
    staging = root / "taking"
    files = Files(staging)
    given = {"accounts": accounts, "contracts": contracts}
    for name in FROZEN:
        kinds = {column: DTYPES[kind] for column, kind in kinds_of(name).items()}
        table = given[name].reindex(columns=list(kinds)).astype(kinds) if name in given else empty(name)
        files.table(name, table, {PRODUCT: product})
    rows = 0
    slots, names = len(EVENTS) + 1, ", ".join(f"'{name}'" for name in EVENTS)
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '4GB'")
        for n in range(MONTHS // 3):
            quarter = pd.Period(FIRST, "Q") + n
            target = f"usage_monthly/product={PRODUCT}/{quarter}.parquet"
            (staging / target).parent.mkdir(parents=True, exist_ok=True)
            # an account uses from one to all departments, and one in three sends or gets no paper
            connection.execute(
                f"""COPY (SELECT 'A-' || lpad(account::VARCHAR, 6, '0') AS account_id, '{PRODUCT}' AS product, month,
                    CASE WHEN slot > 0 THEN [{names}][slot] END AS event, (1 + hash(i) % 50)::BIGINT AS events,
                    (hash(i + 7) % 100)::DOUBLE AS quantity, (1 + hash(i + 9) % 20)::BIGINT AS users,
                    (1 + hash(i + 11) % 22)::BIGINT AS days, month + to_hours((hash(i + 13) % 600)::BIGINT) AS first_at
                FROM (SELECT i, i // {3 * slots} AS account, i % {slots} AS slot,
                        TIMESTAMP '{quarter.start_time}' + to_months(((i // {slots}) % 3)::INT) AS month
                    FROM range({len(accounts) * 3 * slots}) t(i))
                WHERE slot = 0 OR hash(i * 3 + {n}) % 100 < 93 AND CASE
                    WHEN slot <= 4 THEN hash(account * 5 + slot) % 3 > 0
                    ELSE (slot - 5) // {len(DOCUMENTS)} <= hash(account) % {len(DEPARTMENTS)} END
                ) TO '{staging / target}' (FORMAT parquet)"""
            )
            files.hashes[target] = of_file(staging / target)
            rows += connection.read_parquet(str(staging / target)).shape[0]
    # known to be without use in the quarter before, so that the windows of the first months are known
    period = Period(date(2023, 7, 1), date.fromisoformat(LAST))
    content = {
        "format": FORMAT, "as_of": LAST, "first_day": FIRST, "tables": list(FROZEN),
        "known": {PRODUCT: Coverage({"usage": period, "contracts": period}).as_json()},
        "given": ["accounts", "contracts", "usage"],
        "sizes": [], "products": {PRODUCT: product.model_dump(mode="json")}, "files": files.hashes,
    }  # fmt: skip
    manifest: dict[str, Any] = {"id": identity(content), **content}
    (staging / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    staging.rename(root / manifest["id"])
    (root / LATEST).write_text(manifest["id"], encoding="utf-8")
    if not Snapshot.open(folder=root).is_intact():
        raise SystemExit("the snapshot that was written is not readable")
    return rows


def scan(folder: Path) -> str:
    """Reads the columns that the rules need, and does nothing with them."""
    with _connection(folder) as connection:
        query = "SELECT max(account_id), max(month), max(event), max(quantity) FROM use"
        connection.execute(query).fetchall()
    return ""


def ours(folder: Path) -> str:
    """Opens the snapshot, checks its files, and works out the levels."""
    from cs_helpers.contract.quarters import Quarter
    from cs_helpers.customers.maturity_levels import level_history
    from cs_helpers.snapshot import Snapshot

    data = Snapshot.open(folder=folder / "snapshots").read(PRODUCT)
    states = level_history(data, Quarter.containing(data.as_of)).states
    return _digest(states.sort_index().to_numpy()[:, -MONTHS:])


def sql(folder: Path) -> str:
    """One query, written by hand."""
    with _connection(folder) as connection:
        return _digest(connection.sql(SQL).fetchnumpy()["level"])


def pandas(folder: Path) -> str:
    """Groups by account and month, and rolling windows; distinct names by a table of accounts and months for each."""
    import numpy as np
    import pandas as pd

    use = pd.concat(
        [
            pd.read_parquet(file, columns=["account_id", "month", "event", "quantity"])
            for file in _files(folder)
        ]
    )
    use = use[use["event"].notna()]
    months = pd.date_range(FIRST, periods=MONTHS, freq="MS")
    accounts = np.sort(use["account_id"].unique())

    def by_month(rows: pd.DataFrame, how: str) -> pd.DataFrame:
        table = rows.groupby(["account_id", "month"])["quantity"].agg(how).unstack("month")
        return table.reindex(index=accounts, columns=months).fillna(0)

    def over_window(table: pd.DataFrame, how: str) -> pd.DataFrame:
        return getattr(table.T.rolling(3, min_periods=1), how)().T

    web = use[use["event"].str.startswith("web.")]
    quantity = {
        name: over_window(by_month(rows, "sum"), "sum")
        for name, rows in (("web", web), *((p, use[use["event"] == p]) for p in ("paper.out", "paper.in")))
    }
    distinct = {
        name: sum(
            (over_window(by_month(rows, "size"), "max") > 0).astype(int) for _, rows in web.groupby(keys)
        )
        for name, keys in (("documents", web["event"]), ("parts", web["event"].str.split(".").str[1]))
    }
    holds = [
        quantity["web"] >= 1500,
        (distinct["parts"] >= 3) & (distinct["documents"] >= 20),
        quantity["paper.out"] / (quantity["paper.out"] + quantity["web"]) <= 0.04,
        quantity["paper.in"] / (quantity["paper.in"] + quantity["web"]) <= 0.025,
    ]
    return _digest(sum(np.logical_and.reduce(holds[:n]).astype("uint8") for n in range(1, 5)))


WAYS = {"scan": scan, "ours": ours, "sql": sql, "pandas": pandas}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"snapshots/*/usage_monthly/product={PRODUCT}/*.parquet"))


def _connection(folder: Path):  # type: ignore[no-untyped-def]
    import duckdb

    connection = duckdb.connect(
        config={"memory_limit": "1500MB", "threads": 2, "temp_directory": str(folder / "spill")}
    )
    connection.read_parquet([str(file) for file in _files(folder)]).create_view("use")
    return connection


def _digest(levels) -> str:  # type: ignore[no-untyped-def]
    """How many values each level has, and a hash of all, of accounts by months in order."""
    import numpy as np

    flat = np.ascontiguousarray(levels, dtype="uint8").ravel()
    return f"{np.bincount(flat).tolist()} {hashlib.sha256(flat.tobytes()).hexdigest()[:8]}"


def measure(way: str, folder: Path) -> tuple[list[float], str]:
    """Wall seconds, seconds of all cores, peak GB and the digest of one way in a process of its own; NaN if it failed."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, __file__, "--way", way, "--folder", str(folder)], stdout=subprocess.PIPE, text=True
    ) as child:
        digest = child.stdout.read().strip() if child.stdout else ""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
    seconds = time.perf_counter() - started
    if status:
        return [float("nan")] * 3, digest
    return [seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6], digest


def main() -> None:
    """Measures the ways and prints a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--millions", type=float, default=1)
    parser.add_argument("--ways", default="scan,ours,sql,pandas")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="folder for the snapshot, to use it again")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way == "write":
        print(f"{write(arguments.folder, arguments.millions):,} rows of use written")
        return
    if arguments.way:
        print(WAYS[arguments.way](arguments.folder))
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = (arguments.folder or Path(scratch)).resolve() / f"{arguments.millions:g}"
        if not (folder / "snapshots" / "LATEST").exists():
            # in a process of its own: the memory that it needed would count as that of the ways
            own = [sys.executable, __file__, "--way", "write", "--folder", str(folder)]
            subprocess.run([*own, "--millions", str(arguments.millions)], check=True)
        taken: dict[str, list[list[float]]] = {}
        digests = set()
        for _ in range(arguments.rounds):
            for way in arguments.ways.split(","):
                numbers, digest = measure(way, folder)
                taken.setdefault(way, []).append(numbers)
                digests |= {digest} if way != "scan" else set()
                seconds, cores, gigabytes = numbers
                print(
                    f"{way}: {seconds:.1f} s, {cores:.1f} s of cores, {gigabytes:.2f} GB {digest}", flush=True
                )
    print("the ways agree" if len(digests) < 2 else f"THE WAYS DISAGREE: {digests}")
    print(
        "\n| way | seconds | seconds of cores | peak GB | it / ours | by cores |\n|---|---|---|---|---|---|"
    )
    base = [median(of[n] for of in taken.get("ours", [[float("nan")] * 3])) for n in (0, 1)]
    for way, rounds in taken.items():
        seconds, cores, gigabytes = (median(of[n] for of in rounds) for n in (0, 1, 2))
        print(
            f"| {way} | {seconds:.1f} | {cores:.1f} | {gigabytes:.2f} | {seconds / base[0]:.2f} | {cores / base[1]:.2f} |"
        )


if __name__ == "__main__":
    main()

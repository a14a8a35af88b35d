"""What the usage log was reduced to, kept from one snapshot to the next.

One DuckDB file, in parts of one product and month. A part whose rows did not change is used again;
the others are replaced in one transaction, so a kill leaves the file as it was. The file is only a
memory: it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pandas as pd
from ibis.backends.duckdb import Backend

from cs_helpers.contract.policies import Policies
from cs_helpers.contract.quarters import Quarter
from cs_helpers.sources import reduce
from cs_helpers.sources.engines import reading
from cs_helpers.sources.files import sql_text
from cs_helpers.sources.usage import UsageLog, contracts_matter, digest, grouped

_TABLES = {
    "parts": "product VARCHAR, month DATE, key VARCHAR, rows BIGINT",
    "daily": (
        "account_id VARCHAR, product VARCHAR, month DATE, day DATE, event VARCHAR, events BIGINT,"
        " quantity DECIMAL(38, 6), users BIGINT, first_at TIMESTAMP"
    ),
    "active": (
        "account_id VARCHAR, product VARCHAR, month DATE, day DATE, events BIGINT, quantity DECIMAL(38, 6),"
        " users BIGINT"
    ),
    "months": (
        "account_id VARCHAR, product VARCHAR, month DATE, event VARCHAR, events BIGINT,"
        " quantity DECIMAL(38, 6), users BIGINT, day_bits BIGINT"
    ),
    "days": (
        "account_id VARCHAR, product VARCHAR, contract_id VARCHAR, month DATE, day DATE, rows BIGINT, good BIGINT"
    ),
    "broken": "product VARCHAR, month DATE, rule VARCHAR, count BIGINT",
}
_INSIDE = "product = $product AND month BETWEEN $first AND $last AND {known}"

#: the tables of a snapshot that usage is reduced to: SQL over one product and one quarter
_FROZEN = {
    "usage_daily": f"""
        SELECT account_id, product, day::TIMESTAMP AS day, event, events, quantity::DOUBLE AS quantity, users
        FROM reduced.daily WHERE {_INSIDE} ORDER BY account_id, day, event""",
    "active_daily": f"""
        SELECT account_id, product, day::TIMESTAMP AS day, events, quantity::DOUBLE AS quantity, users
        FROM reduced.active WHERE {_INSIDE} ORDER BY account_id, day""",
    "usage_monthly": f"""
        SELECT account_id, product, month::TIMESTAMP AS month, event, events, quantity::DOUBLE AS quantity, users,
               bit_count(day_bits)::BIGINT AS days
        FROM reduced.months WHERE {_INSIDE} ORDER BY account_id, month, event NULLS FIRST""",
}


@dataclass(frozen=True)
class Reduced:
    """The reductions of the log, in the database `reduced` of the hub.

    parts: product, month, key, rows, one row a part. reused: how many of them had not changed.
    known: an SQL condition on the accounts that there are.
    """

    hub: Backend
    parts: pd.DataFrame
    reused: int = 0
    known: str = "true"

    def only(self, accounts: ir.Table) -> Reduced:
        """The same, without what was used by accounts that are not in `accounts`."""
        self.hub.raw_sql(
            "CREATE OR REPLACE TEMP TABLE usage_accounts AS"
            f" SELECT account_id FROM ({self.hub.compile(accounts.select('account_id'))})"
        ).fetchall()
        strangers = self.scalar(
            "SELECT EXISTS (FROM reduced.days WHERE account_id NOT IN (FROM usage_accounts))"
        )
        return replace(self, known="account_id IN (FROM usage_accounts)" if strangers else "true")

    def freeze(self, table: str, product: str, quarter: Quarter, file: Path, metadata: str) -> int:
        """Writes one partition of a table as Parquet, in a fixed order of rows; gives their number.

        `metadata` is what pandas reads the types of columns from.
        """
        said = {"product": product, "first": quarter.start, "last": quarter.end}
        query = (
            f"COPY ({_FROZEN[table].format(known=self.known)}) TO {sql_text(file)}"
            f" (FORMAT parquet, KV_METADATA {{pandas: {sql_text(metadata)}}})"
        )
        row = self.hub.con.execute(query, said).fetchone()
        return int(row[0]) if row else 0

    def partition_key(self, product: str, quarter: Quarter) -> str:
        """Changes when one of the partitions of that product and quarter would."""
        inside = self.parts[
            (self.parts["product"] == product) & self.parts["month"].between(quarter.start, quarter.end)
        ]
        strangers: list[Any] = []
        if self.known != "true":
            strangers = self.hub.con.execute(
                "SELECT DISTINCT account_id FROM reduced.days WHERE product = $product"
                " AND month BETWEEN $first AND $last AND account_id NOT IN (FROM usage_accounts) ORDER BY ALL",
                {"product": product, "first": quarter.start, "last": quarter.end},
            ).fetchall()
        return _hash(list(inside["key"]), strangers)

    def scalar(self, query: str) -> Any:
        """One value."""
        row = self.hub.raw_sql(query).fetchone()
        return row[0] if row else None


@contextmanager
def memory(hub: Backend, file: Path) -> Iterator[None]:
    """Opens the file of earlier reductions as the database `reduced`; a damaged one starts anew."""
    try:
        _attach(hub, file)
    except duckdb.Error:
        with suppress(duckdb.Error):
            hub.raw_sql("DETACH reduced").fetchall()
        for leftover in (file, file.with_name(file.name + ".wal")):
            leftover.unlink(missing_ok=True)
        _attach(hub, file)
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            hub.raw_sql("DETACH reduced").fetchall()


def _attach(hub: Backend, file: Path) -> None:
    hub.raw_sql(f"ATTACH {sql_text(file)} AS reduced").fetchall()
    known = hub.raw_sql(
        "SELECT comment FROM duckdb_tables() WHERE database_name = 'reduced' AND table_name = 'parts'"
    ).fetchall()
    if known and known[0][0] == version():
        for name in _TABLES:  # a file that was cut off opens, and fails where it is read
            hub.raw_sql(f"SELECT max(COLUMNS(*)) FROM reduced.{name}").fetchall()
        return
    for name, columns in _TABLES.items():
        hub.raw_sql(f"CREATE OR REPLACE TABLE reduced.{name} ({columns})").fetchall()
    hub.raw_sql(f"COMMENT ON TABLE reduced.parts IS '{version()}'").fetchall()


def reduced(
    hub: Backend, log: UsageLog, found: pd.DataFrame, policies: Policies, as_of: date, contracts: ir.Table
) -> Reduced:
    """Reduces the parts of the log that changed; `found` is its `survey`."""
    ordered = contracts.order_by(contracts.columns)
    basis = _hash(
        sorted(policies.said.items()),
        ordered.to_pyarrow().to_pylist() if contracts_matter(policies) else [],
        _repeats(log) if "repeated" in log.rows.columns else "",
    )
    parts = found[["product", "month", "rows"]].assign(
        key=[
            _hash(basis, row.checksum, row.rows, as_of if row.last_day and row.last_day > as_of else "")
            for row in found.itertuples()
        ]
    )  # fmt: skip
    known = hub.raw_sql("SELECT product, month, key FROM reduced.parts").fetchall()
    old = {(product, month): key for product, month, key in known}
    same = [old.get((p.product, p.month)) == p.key for p in parts.itertuples()]
    changed = parts[[not s for s in same]]
    gone = set(old) - set(zip(parts["product"], parts["month"], strict=True))
    if len(changed) or gone:
        with reading("usage"):
            _replace(hub, log, changed if any(same) else None, changed, gone)
    return Reduced(hub, parts, sum(same))


def _replace(
    hub: Backend,
    log: UsageLog,
    narrowed: pd.DataFrame | None,
    changed: pd.DataFrame,
    gone: set[tuple[str, date]],
) -> None:
    base = log.engine.aside("usage_grouped", grouped(log, narrowed)) if len(changed) else None
    hub.raw_sql("BEGIN").fetchall()
    try:
        stale = [*gone, *zip(changed["product"], changed["month"], strict=True)]
        hub.con.register("usage_stale", pd.DataFrame(stale, columns=["product", "month"]))
        for name in _TABLES:
            hub.raw_sql(
                f"DELETE FROM reduced.{name} AS t USING usage_stale AS s"
                " WHERE t.product = s.product AND t.month = s.month::DATE"
                if narrowed is not None or gone or name == "parts" else f"TRUNCATE reduced.{name}"
            ).fetchall()  # fmt: skip
        hub.con.unregister("usage_stale")
        if base is not None:
            good = base.filter(base.mask == 0)
            for name, rows in {
                "daily": reduce.daily(good),
                "active": reduce.active(good),
                "months": reduce.months(good, log.engine.dialect),
                "days": reduce.days(base, log.refusing),
            }.items():
                _insert(hub, log, name, rows)
            _insert_broken(hub, log, base)
            hub.con.register("usage_changed", changed)
            hub.raw_sql(
                "INSERT INTO reduced.parts SELECT product, month::DATE, key, rows FROM usage_changed"
            ).fetchall()
            hub.con.unregister("usage_changed")
        hub.raw_sql("COMMIT").fetchall()
    except BaseException:
        with suppress(duckdb.Error):
            hub.raw_sql("ROLLBACK").fetchall()
        raise
    if base is not None and not log.engine.database:
        hub.drop_table("usage_grouped", force=True)


def _insert(hub: Backend, log: UsageLog, name: str, rows: ir.Table) -> None:
    if not log.engine.database:
        hub.raw_sql(f"INSERT INTO reduced.{name} BY NAME {hub.compile(rows)}").fetchall()
        return
    with log.engine.incoming(hub, rows) as source:
        hub.raw_sql(f"INSERT INTO reduced.{name} BY NAME FROM {source}").fetchall()


def _insert_broken(hub: Backend, log: UsageLog, base: ir.Table) -> None:
    counts = {
        f"n{i}": (
            ((base.mask & (1 << i)) != 0).ifelse(base.rows, 0) if rule.refuses else base[f"odd_{i}"]
        ).sum()
        for i, rule in enumerate(log.rules)
    }
    touched = base.mask != 0
    for i, rule in enumerate(log.rules):
        if not rule.refuses:
            touched |= base[f"odd_{i}"] > 0
    found = base.filter(touched).group_by("product", "month").aggregate(**counts)
    for row in log.engine.few(found):
        for i, rule in enumerate(log.rules):
            if row[f"n{i}"]:
                hub.con.execute(
                    "INSERT INTO reduced.broken VALUES (?, ?, ?, ?)",
                    [row["product"], row["month"], rule.label, int(row[f"n{i}"])],
                )


def _repeats(log: UsageLog) -> str:
    """Changes when other rows repeat a key: which part holds the first one is seen nowhere else."""
    repeats = log.rows.filter(log.rows.repeated)
    return str(log.engine.few(repeats.aggregate(digest=digest(log.engine, repeats))))


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


def version() -> str:
    """What reductions depend on besides the rows: the code, and the engine of the files."""
    return f"{_code()} {duckdb.__version__}"


@cache
def _code() -> str:
    """The code that reductions come from: other code, other reductions."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for folder in ("contract", "sources"):
        for file in sorted((package / folder).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]

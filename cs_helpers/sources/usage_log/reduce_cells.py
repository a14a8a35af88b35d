"""Reduces the usage log cell by cell; cells that did not change since an earlier snapshot are reused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis.backends.duckdb import Backend

from cs_helpers import hashes
from cs_helpers.contract.frames import REDUCED
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.quarters import Quarter
from cs_helpers.sources.engines import source_errors
from cs_helpers.sources.usage_log import reductions as reductions
from cs_helpers.sources.usage_log.cell_store import (
    Cell,
    CellSpec,
    NewCell,
    cached_cell,
    pandas_metadata,
    read_parquet_sql,
    remove_unfinished,
    remove_unused,
)
from cs_helpers.sources.usage_log.log import NO_MONTH, UsageLog, checksum, group_rows, needs_contracts

#: rows of the log that are reduced at a time, where its files can be read in part: the grouped rows then fit in memory
BATCH_ROWS = 5_000_000

#: the quarter of cells whose rows have no readable time
UNDATED = Quarter.containing(NO_MONTH)

_CELL_FILTER = "product = $product AND month BETWEEN $first AND $last"

#: the files of a cell, each in a fixed row order; `days` is written only where it differs from `active_daily`:
#: where rows were refused or name a contract
_CELL_QUERIES = {
    "usage_daily": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, day::TIMESTAMP AS day,
               event::VARCHAR AS event, events::BIGINT AS events, quantity::DOUBLE AS quantity, users::BIGINT AS users
        FROM reduced_usage_daily AS r WHERE {_CELL_FILTER} ORDER BY r.account_id, r.day, r.event""",
    "active_daily": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, day::TIMESTAMP AS day,
               events::BIGINT AS events, quantity::DOUBLE AS quantity, users::BIGINT AS users
        FROM reduced_active_daily AS r WHERE {_CELL_FILTER} ORDER BY r.account_id, r.day""",
    "usage_monthly": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, month::TIMESTAMP AS month,
               event::VARCHAR AS event, events::BIGINT AS events, quantity::DOUBLE AS quantity, users::BIGINT AS users,
               bit_count(day_bits)::BIGINT AS days, first_at::TIMESTAMP AS first_at
        FROM reduced_usage_monthly AS r WHERE {_CELL_FILTER} ORDER BY r.account_id, r.month, r.event NULLS FIRST""",
    "days": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, contract_id::VARCHAR AS contract_id,
               day, rows::BIGINT AS rows, good::BIGINT AS good
        FROM reduced_days AS r WHERE {_CELL_FILTER} ORDER BY r.account_id, r.contract_id, r.day""",
}


@dataclass(frozen=True)
class ReducedUsage:
    """The reductions of the log. reused: number of cells that came from the cache."""

    hub: Backend
    cells: tuple[Cell, ...]
    reused: int = 0

    def table(self, name: str) -> ir.Table:
        """One table of `REDUCED` over all cells."""
        return self.hub.sql(f"SELECT * FROM {read_parquet_sql(c.file(name) for c in self.cells)}")

    def days(self) -> ir.Table:
        """All rows, refused ones too, by account, product, contract and day.

        Columns: account_id, product, contract_id, day, rows, good (rows that no single-row rule refuses).
        """
        with_days = [c.file("days") for c in self.cells if "days" in c.rows]
        without_days = [c.file("active_daily") for c in self.cells if "days" not in c.rows]
        parts = []
        if with_days:
            parts.append(
                f"SELECT account_id, product, contract_id, day, rows, good FROM {read_parquet_sql(with_days)}"
            )
        if without_days:
            parts.append(
                "SELECT account_id, product, NULL::VARCHAR AS contract_id, day::DATE AS day, events AS rows,"
                f" events AS good FROM {read_parquet_sql(without_days)}"
            )
        return self.hub.sql(" UNION ALL ".join(parts))

    def broken(self) -> dict[str, int]:
        """Rule -> number of rows of the log that break it."""
        counts: dict[str, int] = {}
        for cell in self.cells:
            for rule, count in cell.broken.items():
                counts[rule] = counts.get(rule, 0) + count
        return counts

    def restricted_to(self, accounts: ir.Table) -> ReducedUsage:
        """The reductions without the use of accounts that are not in `accounts`.

        Removes cells from the store that are in neither the original nor the result.
        """
        self.hub.raw_sql(
            "CREATE OR REPLACE TABLE usage_accounts AS"
            f" SELECT account_id FROM ({self.hub.compile(accounts.select('account_id'))})"
        ).fetchall()
        is_unknown = "account_id IS NULL OR account_id NOT IN (FROM usage_accounts)"
        outside = self.hub.con.execute(
            "SELECT filename, array_agg(DISTINCT account_id ORDER BY account_id) FROM"
            f" {read_parquet_sql(c.file('active_daily') for c in self.cells)} WHERE {is_unknown} GROUP BY ALL"
        ).fetchall()
        unknown_accounts = {Path(file).parent.name: accounts for file, accounts in outside}
        cells = tuple(
            _exclude_accounts(self.hub, cell, unknown_accounts[cell.folder.name])
            if cell.folder.name in unknown_accounts
            else cell
            for cell in self.cells
        )
        remove_unused(self.cells[0].folder.parent, (*self.cells, *cells))
        return ReducedUsage(self.hub, cells, self.reused)


def reduce_usage(
    hub: Backend,
    log: UsageLog,
    summary: pd.DataFrame,
    policies: Policies,
    as_of: date,
    contracts: ir.Table | None,
    store: Path,
) -> ReducedUsage:
    """Reduce the cells of the log that the folder `store` does not hold; summary: see `log.survey_usage`."""
    deciding_contracts = contracts if needs_contracts(policies) else None
    basis = _hash(
        f"{_code_hash()} {duckdb.__version__}",
        [pandas_metadata(name) for name in REDUCED],
        sorted(policies.declared.items()),
        []
        if deciding_contracts is None
        else deciding_contracts.order_by(deciding_contracts.columns).to_pyarrow().to_pylist(),
        _repeats_checksum(log) if "repeated" in log.rows.columns else "",
        log.repeats,
    )
    specs = _cell_specs(summary, basis, as_of)
    cells = {spec.key: cached_cell(store, spec) for spec in specs}
    missing = [spec for spec in specs if cells[spec.key] is None]
    store.mkdir(parents=True, exist_ok=True)
    remove_unfinished(store)
    with source_errors("usage"):
        for batch in _batches(missing, specs, readable_by_month=log.readable_by_month):
            for cell in _reduce_batch(hub, log, _rows_of_batch(log, batch, specs), batch, store):
                cells[cell.folder.name] = cell
    return ReducedUsage(hub, tuple(c for c in cells.values() if c is not None), len(specs) - len(missing))


def _cell_specs(summary: pd.DataFrame, basis: str, as_of: date) -> list[CellSpec]:
    """The cells that the log needs, sorted by quarter and product."""
    months: dict[tuple[Quarter, str], list[Any]] = {}
    for part in summary.itertuples():
        months.setdefault((Quarter.containing(part.month), part.product), []).append(part)
    return [
        CellSpec(
            product,
            quarter,
            _hash(
                basis,
                product,
                [
                    (p.month, p.checksum, p.rows, as_of if p.last_day and p.last_day > as_of else "")
                    for p in parts
                ],
            ),
            parts[0].month,
            parts[-1].month,
            sum(p.rows for p in parts),
        )
        for (quarter, product), parts in sorted(months.items())
    ]


def _batches(
    missing: Sequence[CellSpec], specs: Sequence[CellSpec], *, readable_by_month: bool
) -> Iterator[list[CellSpec]]:
    """The missing cells in batches that are reduced together; cells without a time form a batch of their own."""
    batch: list[CellSpec] = []
    all_at_once = not readable_by_month or (
        len(missing) == len(specs) and sum(spec.rows for spec in specs) <= BATCH_ROWS
    )
    for spec in missing:
        is_full = sum(spec.rows for spec in batch) + spec.rows > BATCH_ROWS
        if batch and not all_at_once and (is_full or batch[-1].quarter == UNDATED != spec.quarter):
            yield batch
            batch = []
        batch.append(spec)
    if batch:
        yield batch


def _rows_of_batch(log: UsageLog, batch: Sequence[CellSpec], specs: Sequence[CellSpec]) -> ir.Table:
    """The rows of the log for one batch."""
    if len(batch) == len(specs):
        return log.rows
    first, last = min(spec.first for spec in batch), max(spec.last for spec in batch)
    rows = log.rows if first == NO_MONTH else log.rows_of_months(first, last)
    quarters: dict[Quarter, list[CellSpec]] = {}
    for spec in batch:
        quarters.setdefault(spec.quarter, []).append(spec)
    product = rows["product"].fill_null("")
    return rows.filter(
        ibis.or_(
            *(
                product.isin([spec.product for spec in quarter_specs])
                & rows.month.between(
                    min(spec.first for spec in quarter_specs), max(spec.last for spec in quarter_specs)
                )
                for quarter_specs in quarters.values()
            )
        )
    )


def _reduce_batch(
    hub: Backend, log: UsageLog, rows: ir.Table, batch: Sequence[CellSpec], store: Path
) -> Iterator[Cell]:
    """Reduce the cells of a batch and write them; `rows` are the log's rows of these cells."""
    base = log.engine.materialize("usage_grouped", group_rows(log, rows))
    if not log.engine.database:
        _encode_texts(hub, base)
    accepted = base.filter(base.mask == 0)
    broken = _count_broken(log, base, batch)
    refusing = {rule.label for rule in log.rules if rule.refuses}
    by_contract = "contract_id" in base.columns
    tables = {
        "usage_daily": (reductions.usage_daily(accepted), batch),
        "active_daily": (reductions.active_daily(accepted), batch),
        "usage_monthly": (reductions.usage_monthly(accepted, log.engine.dialect), batch),
        "days": (
            reductions.days(base, log.refusing_mask),
            [spec for spec in batch if by_contract or refusing.intersection(broken[spec.key])],
        ),
    }
    new_cells = {spec.key: NewCell(store, spec) for spec in batch}
    try:
        # DuckDB writes a file with one thread: write several at a time, and while the next table is reduced
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            files = []
            for name, (expression, cells) in tables.items():
                if cells:
                    _store_in_hub(hub, log, f"reduced_{name}", expression)
                    files += [
                        threads.submit(
                            new_cells[spec.key].add, hub, name, _CELL_QUERIES[name], _cell_parameters(spec)
                        )
                        for spec in cells
                    ]
            for file in files:
                file.result()
        for spec in batch:
            yield new_cells[spec.key].publish(broken[spec.key])
    finally:
        remove_unfinished(store)
    for name in tables:
        hub.raw_sql(f"DROP TABLE IF EXISTS reduced_{name}").fetchall()
    if not log.engine.database:
        hub.raw_sql("DROP TABLE usage_grouped").fetchall()


def _cell_parameters(cell: CellSpec) -> dict[str, Any]:
    return {"product": cell.product, "first": cell.first, "last": cell.last}


def _encode_texts(hub: Backend, base: ir.Table) -> None:
    """Convert the columns of `usage_grouped` with few distinct texts to ENUM, in the order of the texts.

    To queries an ENUM is a text, but DuckDB groups and sorts it in half the time.
    """
    encoded = []
    for column in {"account_id", "product", "contract_id", "event", "user_id"}.intersection(base.columns):
        often = hub.raw_sql(
            f"SELECT count({column}) > 0 AND approx_count_distinct({column}) < greatest(10_000, count({column}) / 10)"
            # DuckDB truncates ENUM values at NUL
            f" AND NOT bool_or(contains({column}, chr(0))) FROM usage_grouped"
        ).fetchone()
        if often and often[0]:
            hub.raw_sql(
                f"CREATE OR REPLACE TYPE enum_of_{column} AS ENUM (SELECT DISTINCT {column} FROM usage_grouped"
                f" WHERE {column} IS NOT NULL ORDER BY ALL)"
            ).fetchall()
            encoded.append(f"{column}::enum_of_{column} AS {column}")
    if not encoded:
        return
    hub.raw_sql(
        f"CREATE TEMP TABLE usage_encoded AS SELECT * REPLACE ({', '.join(encoded)}) FROM usage_grouped"
    ).fetchall()
    hub.raw_sql("DROP TABLE usage_grouped").fetchall()
    hub.raw_sql("ALTER TABLE usage_encoded RENAME TO usage_grouped").fetchall()


def _store_in_hub(hub: Backend, log: UsageLog, name: str, rows: ir.Table) -> None:
    """Create a table of the hub from reductions."""
    if log.engine.database:
        log.engine.copy_to_hub(hub, name, rows)
        return
    # as SQL: Ibis would cast ENUM columns back to text
    hub.raw_sql(f"CREATE OR REPLACE TABLE {name} AS {hub.compile(rows)}").fetchall()


def _count_broken(log: UsageLog, base: ir.Table, batch: Sequence[CellSpec]) -> dict[str, dict[str, int]]:
    """Key of a cell -> rule -> number of rows that break it."""
    counts = {
        rule.label: (
            ((base.mask & (1 << i)) != 0).ifelse(base.rows, 0) if rule.refuses else base[f"odd_{i}"]
        ).sum()
        for i, rule in enumerate(log.rules)
    }
    has_broken = base.mask != 0
    for i, rule in enumerate(log.rules):
        if not rule.refuses:
            has_broken |= base[f"odd_{i}"] > 0
    keys = {(spec.product, spec.quarter): spec.key for spec in batch}
    broken: dict[str, dict[str, int]] = {spec.key: {} for spec in batch}
    for row in log.engine.fetch_rows(
        base.filter(has_broken).group_by("product", "month").aggregate(**counts)
    ):
        counts_of_cell = broken[keys[row["product"], Quarter.containing(row["month"])]]
        for label in counts:
            if row[label]:
                counts_of_cell[label] = counts_of_cell.get(label, 0) + int(row[label])
    return broken


def _exclude_accounts(hub: Backend, cell: Cell, unknown_accounts: Sequence[str | None]) -> Cell:
    """A copy of a cell without some accounts, stored as a cell of its own."""
    key = _hash(cell.folder.name, unknown_accounts)
    spec = CellSpec(cell.product, cell.quarter, key, NO_MONTH, NO_MONTH, 0)
    cached = cached_cell(cell.folder.parent, spec)
    if cached is not None:
        return cached
    new = NewCell(cell.folder.parent, spec)
    for name in REDUCED:
        rows = (
            f"SELECT * FROM {read_parquet_sql([cell.file(name)])} WHERE account_id IN (FROM usage_accounts)"
        )
        new.add(hub, name, rows, {})
    return new.publish({})


def _repeats_checksum(log: UsageLog) -> str:
    """A checksum of the rows that repeat a key; no cell's own checksum shows which cell holds the first of them."""
    repeats = log.rows.filter(log.rows.repeated)
    return str(log.engine.fetch_rows(repeats.aggregate(digest=checksum(log.engine, repeats))))


def _hash(*parts: Any) -> str:
    return hashes.of(json.dumps(parts, default=str))[:32]


@cache
def _code_hash() -> str:
    """A hash of the code that reductions depend on, so that changed code invalidates the cache."""
    package = Path(__file__).resolve().parents[2]
    files = (file for folder in ("contract", "sources") for file in sorted((package / folder).rglob("*.py")))
    return hashes.of_files(files)[:16]

"""Reduces the usage log, cell by cell; what did not change since an earlier snapshot is used again."""

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
from cs_helpers.sources.engines import reading
from cs_helpers.sources.usage_log import reductions as reduce
from cs_helpers.sources.usage_log.cell_store import (
    Cell,
    NewCell,
    Wanted,
    forget,
    forget_unfinished,
    kept,
    metadata,
    parquet,
)
from cs_helpers.sources.usage_log.log import NO_MONTH, UsageLog, contracts_matter, digest, grouped

#: so many rows of the log are reduced at a time, where its files let us read a part of them: what
#: stands between the log and its reductions then stays in memory
LOT = 5_000_000

#: cells of rows whose time cannot be read
UNDATED = Quarter.containing(NO_MONTH)

_INSIDE = "product = $product AND month BETWEEN $first AND $last"

#: the files of a cell, each in a fixed order of rows; `days` is there where it says other than
#: `active_daily`: of rows that were refused, or that name a contract
_FILES = {
    "usage_daily": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, day::TIMESTAMP AS day,
               event::VARCHAR AS event, events::BIGINT AS events, quantity::DOUBLE AS quantity, users::BIGINT AS users
        FROM reduced_usage_daily AS r WHERE {_INSIDE} ORDER BY r.account_id, r.day, r.event""",
    "active_daily": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, day::TIMESTAMP AS day,
               events::BIGINT AS events, quantity::DOUBLE AS quantity, users::BIGINT AS users
        FROM reduced_active_daily AS r WHERE {_INSIDE} ORDER BY r.account_id, r.day""",
    "usage_monthly": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, month::TIMESTAMP AS month,
               event::VARCHAR AS event, events::BIGINT AS events, quantity::DOUBLE AS quantity, users::BIGINT AS users,
               bit_count(day_bits)::BIGINT AS days, first_at::TIMESTAMP AS first_at
        FROM reduced_usage_monthly AS r WHERE {_INSIDE} ORDER BY r.account_id, r.month, r.event NULLS FIRST""",
    "days": f"""
        SELECT account_id::VARCHAR AS account_id, product::VARCHAR AS product, contract_id::VARCHAR AS contract_id,
               day, rows::BIGINT AS rows, good::BIGINT AS good
        FROM reduced_days AS r WHERE {_INSIDE} ORDER BY r.account_id, r.contract_id, r.day""",
}


@dataclass(frozen=True)
class Reduced:
    """The reductions of the log. reused: how many cells had not changed."""

    hub: Backend
    cells: tuple[Cell, ...]
    reused: int = 0

    def table(self, name: str) -> ir.Table:
        """A table of `REDUCED`, of all cells."""
        return self.hub.sql(f"SELECT * FROM {parquet(c.file(name) for c in self.cells)}")

    def days(self) -> ir.Table:
        """All rows, refused ones too, by account, product, contract and day.

        Columns: account_id, product, contract_id, day, rows, good (rows that no rule of a row refuses).
        """
        own = [c.file("days") for c in self.cells if "days" in c.rows]
        rest = [c.file("active_daily") for c in self.cells if "days" not in c.rows]
        parts = []
        if own:
            parts.append(f"SELECT account_id, product, contract_id, day, rows, good FROM {parquet(own)}")
        if rest:
            parts.append(
                "SELECT account_id, product, NULL::VARCHAR AS contract_id, day::DATE AS day, events AS rows,"
                f" events AS good FROM {parquet(rest)}"
            )
        return self.hub.sql(" UNION ALL ".join(parts))

    def broken(self) -> dict[str, int]:
        """Rule -> how many rows of the log break it."""
        counts: dict[str, int] = {}
        for cell in self.cells:
            for rule, count in cell.broken.items():
                counts[rule] = counts.get(rule, 0) + count
        return counts

    def only(self, accounts: ir.Table) -> Reduced:
        """The same, without what was used by accounts that are not in `accounts`.

        Cells that neither of the two consists of are forgotten.
        """
        self.hub.raw_sql(
            "CREATE OR REPLACE TABLE usage_accounts AS"
            f" SELECT account_id FROM ({self.hub.compile(accounts.select('account_id'))})"
        ).fetchall()
        strange = "account_id IS NULL OR account_id NOT IN (FROM usage_accounts)"
        found = self.hub.con.execute(
            "SELECT filename, array_agg(DISTINCT account_id ORDER BY account_id) FROM"
            f" {parquet(c.file('active_daily') for c in self.cells)} WHERE {strange} GROUP BY ALL"
        ).fetchall()
        strangers = {Path(file).parent.name: accounts for file, accounts in found}
        cells = tuple(
            _without(self.hub, cell, strangers[cell.folder.name]) if cell.folder.name in strangers else cell
            for cell in self.cells
        )
        forget(self.cells[0].folder.parent, (*self.cells, *cells))
        return Reduced(self.hub, cells, self.reused)


def reduced(
    hub: Backend,
    log: UsageLog,
    found: pd.DataFrame,
    policies: Policies,
    as_of: date,
    contracts: ir.Table | None,
    memory: Path,
) -> Reduced:
    """Reduces the cells of the log that `memory`, a folder, does not hold; `found` is the log's `survey`."""
    looked_at = contracts if contracts_matter(policies) else None
    basis = _hash(
        f"{_code()} {duckdb.__version__}",
        [metadata(name) for name in REDUCED],
        sorted(policies.declared.items()),
        [] if looked_at is None else looked_at.order_by(looked_at.columns).to_pyarrow().to_pylist(),
        _repeats(log) if "repeated" in log.rows.columns else "",
        log.repeats,
    )
    wanted = _wanted(found, basis, as_of)
    known = {w.key: kept(memory, w) for w in wanted}
    missing = [w for w in wanted if known[w.key] is None]
    memory.mkdir(parents=True, exist_ok=True)
    forget_unfinished(memory)
    with reading("usage"):
        for lot in _lots(missing, wanted, sliced=log.sliced):
            for cell in _reduce(hub, log, _rows(log, lot, wanted), lot, memory):
                known[cell.folder.name] = cell
    return Reduced(hub, tuple(c for c in known.values() if c is not None), len(wanted) - len(missing))


def _wanted(found: pd.DataFrame, basis: str, as_of: date) -> list[Wanted]:
    """The cells of the log, by quarter and product."""
    months: dict[tuple[Quarter, str], list[Any]] = {}
    for part in found.itertuples():
        months.setdefault((Quarter.containing(part.month), part.product), []).append(part)
    return [
        Wanted(
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


def _lots(missing: Sequence[Wanted], wanted: Sequence[Wanted], *, sliced: bool) -> Iterator[list[Wanted]]:
    """The missing cells, in lots that are reduced together; those without a time by themselves."""
    lot: list[Wanted] = []
    whole = not sliced or (len(missing) == len(wanted) and sum(w.rows for w in wanted) <= LOT)
    for cell in missing:
        full = sum(w.rows for w in lot) + cell.rows > LOT
        if lot and not whole and (full or lot[-1].quarter == UNDATED != cell.quarter):
            yield lot
            lot = []
        lot.append(cell)
    if lot:
        yield lot


def _rows(log: UsageLog, lot: Sequence[Wanted], wanted: Sequence[Wanted]) -> ir.Table:
    """The rows of the log that a lot is made of."""
    if len(lot) == len(wanted):
        return log.rows
    first, last = min(w.first for w in lot), max(w.last for w in lot)
    rows = log.rows if first == NO_MONTH else log.within(first, last)
    quarters: dict[Quarter, list[Wanted]] = {}
    for cell in lot:
        quarters.setdefault(cell.quarter, []).append(cell)
    product = rows["product"].fill_null("")
    return rows.filter(
        ibis.or_(
            *(
                product.isin([w.product for w in cells])
                & rows.month.between(min(w.first for w in cells), max(w.last for w in cells))
                for cells in quarters.values()
            )
        )
    )


def _reduce(
    hub: Backend, log: UsageLog, rows: ir.Table, lot: Sequence[Wanted], memory: Path
) -> Iterator[Cell]:
    """Reduces the cells of a lot, and writes them; `rows` are the log's rows of these cells."""
    base = log.engine.aside("usage_grouped", grouped(log, rows))
    if not log.engine.database:
        _coded(hub, base)
    good = base.filter(base.mask == 0)
    broken = _broken(log, base, lot)
    refusing = {rule.label for rule in log.rules if rule.refuses}
    by_contract = "contract_id" in base.columns
    tables = {
        "usage_daily": (reduce.daily(good), lot),
        "active_daily": (reduce.active(good), lot),
        "usage_monthly": (reduce.months(good, log.engine.dialect), lot),
        "days": (
            reduce.days(base, log.refusing),
            [w for w in lot if by_contract or refusing.intersection(broken[w.key])],
        ),
    }
    new = {w.key: NewCell(memory, w) for w in lot}
    try:
        # the engine writes a file with one thread: several at a time, and while the next table is reduced
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            files = []
            for name, (reductions, cells) in tables.items():
                if cells:
                    _landed(hub, log, f"reduced_{name}", reductions)
                    files += [
                        threads.submit(new[w.key].add, hub, name, _FILES[name], _inside(w)) for w in cells
                    ]
            for file in files:
                file.result()
        for w in lot:
            yield new[w.key].done(broken[w.key])
    finally:
        forget_unfinished(memory)
    for name in tables:
        hub.raw_sql(f"DROP TABLE IF EXISTS reduced_{name}").fetchall()
    if not log.engine.database:
        hub.raw_sql("DROP TABLE usage_grouped").fetchall()


def _inside(cell: Wanted) -> dict[str, Any]:
    return {"product": cell.product, "first": cell.first, "last": cell.last}


def _coded(hub: Backend, base: ir.Table) -> None:
    """Puts a number, in the order of the texts, for each text of `usage_grouped` that comes often.

    The engine takes them for texts, and groups and sorts them in half the time.
    """
    codes = []
    for column in {"account_id", "product", "contract_id", "event", "user_id"}.intersection(base.columns):
        found = hub.raw_sql(
            f"SELECT count({column}) > 0 AND approx_count_distinct({column}) < greatest(10_000, count({column}) / 10)"
            # DuckDB ends the text of a code at a NUL
            f" AND NOT bool_or(contains({column}, chr(0))) FROM usage_grouped"
        ).fetchone()
        if found and found[0]:
            hub.raw_sql(
                f"CREATE OR REPLACE TYPE code_of_{column} AS ENUM (SELECT DISTINCT {column} FROM usage_grouped"
                f" WHERE {column} IS NOT NULL ORDER BY ALL)"
            ).fetchall()
            codes.append(f"{column}::code_of_{column} AS {column}")
    if not codes:
        return
    hub.raw_sql(
        f"CREATE TEMP TABLE usage_coded AS SELECT * REPLACE ({', '.join(codes)}) FROM usage_grouped"
    ).fetchall()
    hub.raw_sql("DROP TABLE usage_grouped").fetchall()
    hub.raw_sql("ALTER TABLE usage_coded RENAME TO usage_grouped").fetchall()


def _landed(hub: Backend, log: UsageLog, name: str, rows: ir.Table) -> None:
    """Reductions as a table of the hub."""
    if log.engine.database:
        log.engine.into(hub, name, rows)
        return
    # as SQL: Ibis would make texts of what stands coded
    hub.raw_sql(f"CREATE OR REPLACE TABLE {name} AS {hub.compile(rows)}").fetchall()


def _broken(log: UsageLog, base: ir.Table, lot: Sequence[Wanted]) -> dict[str, dict[str, int]]:
    """Key of a cell -> rule -> how many rows break it."""
    counts = {
        rule.label: (
            ((base.mask & (1 << i)) != 0).ifelse(base.rows, 0) if rule.refuses else base[f"odd_{i}"]
        ).sum()
        for i, rule in enumerate(log.rules)
    }
    touched = base.mask != 0
    for i, rule in enumerate(log.rules):
        if not rule.refuses:
            touched |= base[f"odd_{i}"] > 0
    keys = {(cell.product, cell.quarter): cell.key for cell in lot}
    broken: dict[str, dict[str, int]] = {cell.key: {} for cell in lot}
    for row in log.engine.few(base.filter(touched).group_by("product", "month").aggregate(**counts)):
        of_cell = broken[keys[row["product"], Quarter.containing(row["month"])]]
        for label in counts:
            if row[label]:
                of_cell[label] = of_cell.get(label, 0) + int(row[label])
    return broken


def _without(hub: Backend, cell: Cell, strangers: Sequence[str | None]) -> Cell:
    """A cell without the accounts that are not known, which is kept as a cell of its own."""
    key = _hash(cell.folder.name, strangers)
    twin = Wanted(cell.product, cell.quarter, key, NO_MONTH, NO_MONTH, 0)
    known = kept(cell.folder.parent, twin)
    if known is not None:
        return known
    new = NewCell(cell.folder.parent, twin)
    for name in REDUCED:
        rows = f"SELECT * FROM {parquet([cell.file(name)])} WHERE account_id IN (FROM usage_accounts)"
        new.add(hub, name, rows, {})
    return new.done({})


def _repeats(log: UsageLog) -> str:
    """Changes when other rows repeat a key: which part holds the first one is seen nowhere else."""
    repeats = log.rows.filter(log.rows.repeated)
    return str(log.engine.few(repeats.aggregate(digest=digest(log.engine, repeats))))


def _hash(*parts: Any) -> str:
    return hashes.of(json.dumps(parts, default=str))[:32]


@cache
def _code() -> str:
    """The code that reductions come from: other code, other reductions."""
    package = Path(__file__).resolve().parents[2]
    files = (file for folder in ("contract", "sources") for file in sorted((package / folder).rglob("*.py")))
    return hashes.of_files(files)[:16]

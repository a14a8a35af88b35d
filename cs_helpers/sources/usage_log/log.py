"""The usage log, the one table that may be larger than memory: checked and reduced where it lies.

A first reading takes a checksum of each product and month; what changed since an earlier snapshot
is reduced anew. The rules that look at one row run beside the reduction, in the same reading; those
that look at accounts and contracts run on what was reduced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce as fold

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.casts import MISFIT, RAW, ROW
from cs_helpers.contract.checks import (
    Rule,
    column_rules,
    contract_rules,
    future_rule,
    join_contracts,
)
from cs_helpers.contract.findings import Policy
from cs_helpers.contract.policies import VALUE_RULES, Policies
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError
from cs_helpers.sources.checks.unclear import point_counts
from cs_helpers.sources.columns import given, sliced, typed_table
from cs_helpers.sources.engines import Engine, reading
from cs_helpers.sources.mapping import Sources

USAGE = TABLES["usage"]
#: the month of rows whose time cannot be read
NO_MONTH = date(1, 1, 1)
#: quantities are summed to a millionth: the same sum on every engine, in whatever order
EXACT = dt.Decimal(38, 6)


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _duckdb_hash(a, b, c, d, e, f, g, h) -> dt.uint64: ...  # type: ignore[no-untyped-def]


@ibis.udf.scalar.builtin(name="xxhash64")  # type: ignore[untyped-decorator]
def _spark_hash(a, b, c, d, e, f, g, h) -> dt.int64: ...  # type: ignore[no-untyped-def]


@ibis.udf.scalar.builtin(name="hashtextextended")  # type: ignore[untyped-decorator]
def _postgres_hash(text: str, seed: int) -> dt.int64: ...


@dataclass(frozen=True)
class UsageLog:
    """The rows of the log in their engine.

    repeats: what becomes of rows that repeat another, where the log has no key; `None`: nothing, they were not
    looked for. rows: typed, with `day` and `month`. rules: those that look at one row; bit i of `mask` is set
    where a row breaks the i-th. whole: the same rows with their numbers, read one after the other.
    within: the rows of the months from a first to a last one, and maybe some around them. sliced:
    whether to read those is less than to read all.
    """

    engine: Engine
    rows: ir.Table
    rules: tuple[Rule, ...]
    whole: ir.Table
    mapped: frozenset[str]
    within: Callable[[date, date], ir.Table]
    sliced: bool
    repeats: Policy | None = None

    @property
    def refusing(self) -> int:
        """The bits of the rules that refuse a row."""
        return sum(1 << i for i, rule in enumerate(self.rules) if rule.refuses)

    def good(self, rows: ir.Table) -> ir.BooleanValue:
        """The rows that break no rule that would refuse them."""
        return (rows.mask & self.refusing) == 0


def survey(engine: Engine, sources: Sources, today: date) -> pd.DataFrame:
    """The parts of the log, one row for each product and month.

    Columns: product ('' where it is missing), month (its first day; 0001-01-01 where the time cannot
    be read), rows, checksum (of all columns, whatever the order of rows), last_day and known_day (the last that is not after `today`);
    where quantities are read from text, what their points tell (`unclear.point_counts`).
    """
    rows = _dated(typed_table(engine, sources, USAGE, numbered=False))
    known = ibis.ifelse(rows.day <= today, rows.day, ibis.null("date"))
    parts = rows.group_by(product=rows["product"].fill_null(""), month=rows.month).aggregate(
        rows=rows.count(), checksum=digest(engine, rows), last_day=rows.day.max(), known_day=known.max(),
        **point_counts(rows, USAGE),
    )  # fmt: skip
    with reading("usage"):
        found = pd.DataFrame(engine.few(parts), columns=parts.columns, dtype="object")
    return found.sort_values(["product", "month"], ignore_index=True)


def usage_log(
    engine: Engine,
    sources: Sources,
    policies: Policies,
    as_of: date,
    contracts: ir.Table | None,
    repeats: Policy | None = None,
) -> UsageLog:
    """The log with the rules that look at one row.

    repeats: what becomes of rows that repeat another in every column, where no key is mapped.

    `contracts` are the kept ones, in the engine of the files, `None` where there is no such table; they are looked at
    where a contract rule refuses rows (`contracts_matter`).
    """
    mapped = given(engine, sources, USAGE)
    numbered = typed_table(engine, sources, USAGE)
    plain = typed_table(engine, sources, USAGE, numbered=False)
    if "usage_id" in mapped:
        if sources.tables["usage"].duplicates is not None:
            raise SourceError(
                "usage",
                "duplicates is for a log without a key; of rows that share a usage_id the first is kept: take it out",
                where="tables.usage.duplicates",
            )
        repeats = None
        plain, numbered = _without_repeats(engine, plain, numbered, as_of)
    elif repeats is not None:
        plain, numbered = _without_twins(engine, plain, numbered)
    matter = contracts is not None and contracts_matter(policies)
    beside = engine.brought("kept_contracts", contracts) if matter else None
    rows, rules = _masked(_dated(plain), policies, as_of, beside, repeats)
    whole, _ = _masked(_dated(numbered), policies, as_of, beside, repeats)
    in_parts = "usage_id" not in mapped and "twin" not in plain.columns and sliced(engine, sources, USAGE)

    def within(first: date, last: date) -> ir.Table:
        if not in_parts:
            return rows
        part = typed_table(engine, sources, USAGE, numbered=False, months=(first, last))
        return _masked(_dated(part), policies, as_of, beside)[0]

    return UsageLog(engine, rows, rules, whole, mapped, within, in_parts, repeats)


def contracts_matter(policies: Policies) -> bool:
    """Whether a row's contract decides if it is kept."""
    return any(
        policies.of("usage", "occurred_at", rule) != "warn"
        for rule in ("without_contract", "before_contract", "after_contract")
    )


def _dated(rows: ir.Table) -> ir.Table:
    day = rows.occurred_at.cast("date")
    return rows.mutate(day=day, month=_month(day))


def _masked(
    rows: ir.Table,
    policies: Policies,
    as_of: date,
    contracts: ir.Table | None,
    repeats: Policy | None = None,
) -> tuple[ir.Table, tuple[Rule, ...]]:
    if contracts is not None:
        rows = join_contracts(rows, contracts)
    rules = [*column_rules(rows, USAGE, policies), future_rule(USAGE, rows.day, as_of, policies)]
    if contracts is not None:
        rules += contract_rules("usage", "occurred_at", rows.day, rows, policies)
    if "repeated" in rows.columns:
        policy = policies.of("usage", "usage_id", "duplicate_key")
        rules.append(Rule("usage", "usage_id", "duplicate_key", policy, rows.repeated))
    if "twin" in rows.columns and repeats is not None:
        rules.append(Rule("usage", "", "identical_rows", repeats, rows.twin))
    bits = [
        ibis.ifelse(rule.broken.fill_null(False), ibis.literal(1 << i, "int64"), ibis.literal(0, "int64"))
        for i, rule in enumerate(rules)
    ]
    blanked = {
        rule.column: ibis.ifelse(rule.broken.fill_null(False), ibis.null(), rows[rule.column])
        for rule in rules
        if rule.name in VALUE_RULES and not rule.refuses
    }
    return rows.mutate(mask=fold(lambda a, b: a + b, bits), **blanked), tuple(rules)


def _without_repeats(
    engine: Engine, plain: ir.Table, numbered: ir.Table, as_of: date
) -> tuple[ir.Table, ir.Table]:
    """The rows with `repeated`: true for all but the first of those that share a key.

    Only keys that occur twice are looked at row by row. The first is the first that breaks no
    other rule of a row; where rows have no order, the first by its columns.
    """
    with reading("usage"):
        known = plain.filter(plain.usage_id.notnull())
        counted = known.group_by("usage_id").aggregate(n=known.count())
        twice = engine.aside("usage_twice", counted.filter(counted.n > 1).select("usage_id"))
        if not twice.count().execute():
            return plain, numbered
        rows = numbered.semi_join(twice, "usage_id")
        rules = [*column_rules(rows, USAGE), future_rule(USAGE, rows.occurred_at.cast("date"), as_of)]
        broken = ibis.or_(*(r.broken.fill_null(False) for r in rules))
        order = [broken.cast("int8"), rows[ROW], *(rows[c] for c in USAGE.columns)]
        place = ibis.row_number().over(group_by=rows.usage_id, order_by=order)
        shared = engine.aside("usage_shared", rows.mutate(repeated=place > 0))
    found = ("usage_id", "repeated", twice, shared)
    return _beside(plain, *found), _beside(numbered, *found)


def _without_twins(engine: Engine, plain: ir.Table, numbered: ir.Table) -> tuple[ir.Table, ir.Table]:
    """The rows with `twin`: true for all but the first of those that are the same in every column.

    A hash finds those that may be, and only they are looked at column by column.
    """
    plain, numbered = (rows.mutate(row_hash=_hashed(engine, rows)) for rows in (plain, numbered))
    with reading("usage"):
        counted = plain.group_by("row_hash").aggregate(n=plain.count())
        twice = engine.aside("usage_twice", counted.filter(counted.n > 1).select("row_hash"))
        if not twice.count().execute():
            return plain.drop("row_hash"), numbered.drop("row_hash")
        rows = numbered.semi_join(twice, "row_hash")
        same = [rows[RAW + c] for c in USAGE.columns]
        place = ibis.row_number().over(group_by=same, order_by=rows[ROW])
        shared = engine.aside("usage_shared", rows.mutate(twin=place > 0))
    found = ("row_hash", "twin", twice, shared)
    return _beside(plain, *found), _beside(numbered, *found)


def _beside(rows: ir.Table, key: str, mark: str, twice: ir.Table, shared: ir.Table) -> ir.Table:
    alone = rows.anti_join(twice, key).mutate(**{mark: ibis.literal(False)})
    return ibis.union(alone, shared.cast(alone.schema()).select(alone.columns))


def digest(engine: Engine, rows: ir.Table) -> ir.StringScalar:
    """A text that is the same for the same rows in any order.

    A value that does not fit is nothing by now, so those are counted beside the hash.
    """
    hashed = _hashed(engine, rows)
    misfits = [
        rows[MISFIT + c].ifelse(1, 0).sum().fill_null(0).cast("string") for c in ("occurred_at", "quantity")
    ]
    # DuckDB adds whole numbers up in 128 bits, the others have to be told
    total = hashed.sum() if engine.dialect == "duckdb" else hashed.cast(dt.Decimal(38, 0)).sum()
    return ibis.literal("/").join([total.cast("string"), *misfits])


def _hashed(engine: Engine, rows: ir.Table) -> ir.IntegerColumn:
    """A number that is the same for rows that are the same in every column."""
    columns: Sequence[ir.Value] = [rows[c] for c in USAGE.columns]
    if engine.dialect == "duckdb":
        return _duckdb_hash(*columns)
    if engine.dialect == "pyspark":
        return _spark_hash(*columns)
    written = [c.cast("string").fill_null("\\N") for c in columns]
    return _postgres_hash(ibis.literal("\x1f").join(written), 0)


def grouped(log: UsageLog, rows: ir.Table) -> ir.Table:
    """Rows of the log by account, product, contract, day, event and user: what all reductions start from.

    Columns: account_id, product, contract_id (where it is mapped), month, day, event, user_id, mask,
    rows, quantity, first_at, and odd_<i> for each rule that only warns (rows that break it).
    """
    amount = ibis.ifelse(log.good(rows), rows.quantity.fill_null(1.0), 0.0)
    rows = rows.mutate(
        product=rows["product"].fill_null(""),
        mask=rows.mask & log.refusing,
        broken=rows.mask,
        amount=amount.cast(EXACT),
    )
    warned = {
        f"odd_{i}": ibis.ifelse((rows.broken & (1 << i)) != 0, 1, 0).sum().cast("int64")
        for i, rule in enumerate(log.rules)
        if not rule.refuses
    }
    keys = ["account_id", "product", "contract_id", "day", "event", "user_id", "mask"]
    if "contract_id" not in log.mapped:
        keys.remove("contract_id")
    groups = rows.group_by(keys).aggregate(
        rows=rows.count().cast("int64"), quantity=rows.amount.sum(), first_at=rows.occurred_at.min(), **warned
    )
    return groups.mutate(month=_month(groups.day))


def _month(day: ir.DateValue) -> ir.DateValue:
    return ibis.date(day.year(), day.month(), ibis.literal(1)).fill_null(ibis.literal(NO_MONTH))

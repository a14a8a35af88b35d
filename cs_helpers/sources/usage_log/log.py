"""The usage log, the one table that may be larger than memory: checked in its own engine.

A first scan computes a checksum for each product and month; only what changed since an earlier snapshot
is reduced again. Rules about a single row run in the same scan as the reduction; rules about accounts and
contracts run on the reduced tables.
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
from cs_helpers.sources.columns import provided_columns, readable_by_month, typed_table
from cs_helpers.sources.engines import Engine, source_errors
from cs_helpers.sources.mapping import Sources

USAGE = TABLES["usage"]
#: the month of rows whose time cannot be read
NO_MONTH = date(1, 1, 1)
#: quantities are summed to a millionth: the same sum on every engine, in whatever order
QUANTITY_TYPE = dt.Decimal(38, 6)


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _duckdb_hash(a, b, c, d, e, f, g, h) -> dt.uint64: ...  # type: ignore[no-untyped-def]


@ibis.udf.scalar.builtin(name="xxhash64")  # type: ignore[untyped-decorator]
def _spark_hash(a, b, c, d, e, f, g, h) -> dt.int64: ...  # type: ignore[no-untyped-def]


@ibis.udf.scalar.builtin(name="hashtextextended")  # type: ignore[untyped-decorator]
def _postgres_hash(text: str, seed: int) -> dt.int64: ...


@dataclass(frozen=True)
class UsageLog:
    """The rows of the log in their engine.

    rows: typed rows with `day`, `month` and `mask`; bit i of `mask` is set where a row breaks `rules[i]`.
    rules: the rules about a single row. numbered_rows: the same rows with their row numbers, which forces a
    sequential scan. provided_columns: the columns that the source has or maps. rows_of_months: returns at least the
    rows from a first to a last month. readable_by_month: whether that reads less than the whole log. repeats: the
    policy for rows identical to an earlier one in a log without a key; `None` where they were not looked for.
    """

    engine: Engine
    rows: ir.Table
    rules: tuple[Rule, ...]
    numbered_rows: ir.Table
    provided_columns: frozenset[str]
    rows_of_months: Callable[[date, date], ir.Table]
    readable_by_month: bool
    repeats: Policy | None = None

    @property
    def refusing_mask(self) -> int:
        """The bits of the rules that refuse a row."""
        return sum(1 << i for i, rule in enumerate(self.rules) if rule.refuses)

    def is_accepted(self, rows: ir.Table) -> ir.BooleanValue:
        """Whether a row breaks no refusing rule."""
        return (rows.mask & self.refusing_mask) == 0


def survey_usage(engine: Engine, sources: Sources, today: date) -> pd.DataFrame:
    """Summarize the log: one row for each product and month.

    Columns: product ('' where it is missing), month (its first day; 0001-01-01 where the time cannot be
    read), rows, checksum (over all columns, independent of row order), last_day, last_past_day (the last day
    that is not after `today`) and, where quantities are read from text, the counts of `unclear.point_counts`.
    """
    rows = _add_day_and_month(typed_table(engine, sources, USAGE, numbered=False))
    past_day = ibis.ifelse(rows.day <= today, rows.day, ibis.null("date"))
    parts = rows.group_by(product=rows["product"].fill_null(""), month=rows.month).aggregate(
        rows=rows.count(), checksum=checksum(engine, rows), last_day=rows.day.max(), last_past_day=past_day.max(),
        **point_counts(rows, USAGE),
    )  # fmt: skip
    with source_errors("usage"):
        summary = pd.DataFrame(engine.fetch_rows(parts), columns=parts.columns, dtype="object")
    return summary.sort_values(["product", "month"], ignore_index=True)


def open_usage_log(
    engine: Engine,
    sources: Sources,
    policies: Policies,
    as_of: date,
    contracts: ir.Table | None,
    repeats: Policy | None = None,
) -> UsageLog:
    """Return the log with the rules about a single row.

    contracts: the accepted contracts in the hub, `None` without such a table; they are joined only where a contract
    rule refuses rows (`needs_contracts`). repeats: the policy for rows identical to an earlier one, where no key is
    mapped. Raises `SourceError` where the log cannot be read, or has both a key and `duplicates`.
    """
    columns = provided_columns(engine, sources, USAGE)
    numbered = typed_table(engine, sources, USAGE)
    plain = typed_table(engine, sources, USAGE, numbered=False)
    if "usage_id" in columns:
        if sources.tables["usage"].duplicates is not None:
            raise SourceError(
                "usage",
                "duplicates is for a log without a key; of rows that share a usage_id the first is kept: take it out",
                where="tables.usage.duplicates",
            )
        repeats = None
        plain, numbered = _mark_repeated_keys(engine, plain, numbered, as_of)
    elif repeats is not None:
        plain, numbered = _mark_identical_rows(engine, plain, numbered)
    needed = contracts is not None and needs_contracts(policies)
    hub_contracts = engine.upload("kept_contracts", contracts) if needed else None
    rows, rules = _add_rule_mask(_add_day_and_month(plain), policies, as_of, hub_contracts, repeats)
    numbered_rows, _ = _add_rule_mask(_add_day_and_month(numbered), policies, as_of, hub_contracts, repeats)
    by_month = (
        "usage_id" not in columns
        and "identical" not in plain.columns
        and readable_by_month(engine, sources, USAGE)
    )

    def rows_of_months(first: date, last: date) -> ir.Table:
        if not by_month:
            return rows
        month_rows = typed_table(engine, sources, USAGE, numbered=False, months=(first, last))
        return _add_rule_mask(_add_day_and_month(month_rows), policies, as_of, hub_contracts)[0]

    return UsageLog(engine, rows, rules, numbered_rows, columns, rows_of_months, by_month, repeats)


def needs_contracts(policies: Policies) -> bool:
    """Whether a contract rule can refuse rows of the log."""
    return any(
        policies.of("usage", "occurred_at", rule) != "warn"
        for rule in ("without_contract", "before_contract", "after_contract")
    )


def _add_day_and_month(rows: ir.Table) -> ir.Table:
    day = rows.occurred_at.cast("date")
    return rows.mutate(day=day, month=_first_of_month(day))


def _add_rule_mask(
    rows: ir.Table,
    policies: Policies,
    as_of: date,
    contracts: ir.Table | None,
    repeats: Policy | None = None,
) -> tuple[ir.Table, tuple[Rule, ...]]:
    """The rows with `mask`, and the rules of its bits; values that break a rule about values are set to null."""
    if contracts is not None:
        rows = join_contracts(rows, contracts)
    rules = [*column_rules(rows, USAGE, policies), future_rule(USAGE, rows.day, as_of, policies)]
    if contracts is not None:
        rules += contract_rules("usage", "occurred_at", rows.day, rows, policies)
    if "repeated" in rows.columns:
        policy = policies.of("usage", "usage_id", "duplicate_key")
        rules.append(Rule("usage", "usage_id", "duplicate_key", policy, rows.repeated))
    if "identical" in rows.columns and repeats is not None:
        rules.append(Rule("usage", "", "identical_rows", repeats, rows.identical))
    bits = [
        ibis.ifelse(rule.broken.fill_null(False), ibis.literal(1 << i, "int64"), ibis.literal(0, "int64"))
        for i, rule in enumerate(rules)
    ]
    blanked_values = {
        rule.column: ibis.ifelse(rule.broken.fill_null(False), ibis.null(), rows[rule.column])
        for rule in rules
        if rule.name in VALUE_RULES and not rule.refuses
    }
    return rows.mutate(mask=fold(lambda a, b: a + b, bits), **blanked_values), tuple(rules)


def _mark_repeated_keys(
    engine: Engine, plain: ir.Table, numbered: ir.Table, as_of: date
) -> tuple[ir.Table, ir.Table]:
    """Both tables with `repeated`: true for all but one row of each key.

    Only keys that occur more than once are compared row by row. The row that stays is the first that breaks no
    other rule; where rows have no order, the first by its columns.
    """
    with source_errors("usage"):
        with_key = plain.filter(plain.usage_id.notnull())
        key_counts = with_key.group_by("usage_id").aggregate(n=with_key.count())
        repeated_keys = engine.materialize(
            "usage_repeats", key_counts.filter(key_counts.n > 1).select("usage_id")
        )
        if not repeated_keys.count().execute():
            return plain, numbered
        rows = numbered.semi_join(repeated_keys, "usage_id")
        rules = [*column_rules(rows, USAGE), future_rule(USAGE, rows.occurred_at.cast("date"), as_of)]
        broken = ibis.or_(*(r.broken.fill_null(False) for r in rules))
        order = [broken.cast("int8"), rows[ROW], *(rows[c] for c in USAGE.columns)]
        position = ibis.row_number().over(group_by=rows.usage_id, order_by=order)
        marked = engine.materialize("usage_marked", rows.mutate(repeated=position > 0))
    mark = ("usage_id", "repeated", repeated_keys, marked)
    return _add_mark(plain, *mark), _add_mark(numbered, *mark)


def _mark_identical_rows(engine: Engine, plain: ir.Table, numbered: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Both tables with `identical`: true for each row that equals an earlier one in every column.

    A hash finds the candidates; only those are compared column by column.
    """
    plain, numbered = (rows.mutate(row_hash=_row_hash(engine, rows)) for rows in (plain, numbered))
    with source_errors("usage"):
        hash_counts = plain.group_by("row_hash").aggregate(n=plain.count())
        repeated_hashes = engine.materialize(
            "usage_repeats", hash_counts.filter(hash_counts.n > 1).select("row_hash")
        )
        if not repeated_hashes.count().execute():
            return plain.drop("row_hash"), numbered.drop("row_hash")
        rows = numbered.semi_join(repeated_hashes, "row_hash")
        raw_columns = [rows[RAW + c] for c in USAGE.columns]
        position = ibis.row_number().over(group_by=raw_columns, order_by=rows[ROW])
        marked = engine.materialize("usage_marked", rows.mutate(identical=position > 0))
    mark = ("row_hash", "identical", repeated_hashes, marked)
    return _add_mark(plain, *mark), _add_mark(numbered, *mark)


def _add_mark(
    rows: ir.Table, key: str, column: str, repeated_keys: ir.Table, marked_rows: ir.Table
) -> ir.Table:
    unique_rows = rows.anti_join(repeated_keys, key).mutate(**{column: ibis.literal(False)})
    return ibis.union(unique_rows, marked_rows.cast(unique_rows.schema()).select(unique_rows.columns))


def checksum(engine: Engine, rows: ir.Table) -> ir.StringScalar:
    """A checksum of rows that does not depend on their order.

    A value that does not fit its type is null by now, so misfits are counted next to the hash.
    """
    hashed = _row_hash(engine, rows)
    misfits = [
        rows[MISFIT + c].ifelse(1, 0).sum().fill_null(0).cast("string") for c in ("occurred_at", "quantity")
    ]
    # DuckDB sums integers in 128 bits; the other engines need a wider type
    total = hashed.sum() if engine.dialect == "duckdb" else hashed.cast(dt.Decimal(38, 0)).sum()
    return ibis.literal("/").join([total.cast("string"), *misfits])


def _row_hash(engine: Engine, rows: ir.Table) -> ir.IntegerColumn:
    """A hash of all columns of a row."""
    columns: Sequence[ir.Value] = [rows[c] for c in USAGE.columns]
    if engine.dialect == "duckdb":
        return _duckdb_hash(*columns)
    if engine.dialect == "pyspark":
        return _spark_hash(*columns)
    texts = [c.cast("string").fill_null("\\N") for c in columns]
    return _postgres_hash(ibis.literal("\x1f").join(texts), 0)


def group_rows(log: UsageLog, rows: ir.Table) -> ir.Table:
    """Group rows of the log by account, product, contract, day, event and user: the input of all reductions.

    Columns: account_id, product, contract_id (where it is mapped), month, day, event, user_id, mask,
    rows, quantity, first_at, and odd_<i> for each rule that only warns (rows that break it).
    """
    quantity = ibis.ifelse(log.is_accepted(rows), rows.quantity.fill_null(1.0), 0.0)
    rows = rows.mutate(
        product=rows["product"].fill_null(""),
        mask=rows.mask & log.refusing_mask,
        broken=rows.mask,
        amount=quantity.cast(QUANTITY_TYPE),
    )
    warning_counts = {
        f"odd_{i}": ibis.ifelse((rows.broken & (1 << i)) != 0, 1, 0).sum().cast("int64")
        for i, rule in enumerate(log.rules)
        if not rule.refuses
    }
    keys = ["account_id", "product", "contract_id", "day", "event", "user_id", "mask"]
    if "contract_id" not in log.provided_columns:
        keys.remove("contract_id")
    groups = rows.group_by(keys).aggregate(
        rows=rows.count().cast("int64"),
        quantity=rows.amount.sum(),
        first_at=rows.occurred_at.min(),
        **warning_counts,
    )
    return groups.mutate(month=_first_of_month(groups.day))


def _first_of_month(day: ir.DateValue) -> ir.DateValue:
    return ibis.date(day.year(), day.month(), ibis.literal(1)).fill_null(ibis.literal(NO_MONTH))

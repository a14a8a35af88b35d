"""The reductions of the log, as expressions: the same on every engine.

They start from rows grouped by account, product, contract, day, event and user (`log.group_rows`), so
that distinct users are counted without a `count(distinct)` over the whole log.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.products import as_regex


@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def _spark_bit_or(bits: int) -> int: ...  # type: ignore[empty-body]


ACCOUNT_KEYS = ["account_id", "product", "month"]


def usage_daily(groups: ir.Table) -> ir.Table:
    """Use by account, product, day and event.

    Columns: account_id, product, month, day, event, events (rows), quantity (sum), users (distinct).
    """
    keys = [*ACCOUNT_KEYS, "day", "event"]
    per_user = groups
    if "contract_id" in groups.columns:  # a user of two contracts is one user
        per_user = groups.group_by([*keys, "user_id"]).aggregate(
            rows=groups.rows.sum(), quantity=groups.quantity.sum()
        )
    return per_user.group_by(keys).aggregate(**_measure_aggregates(per_user))


def active_daily(groups: ir.Table) -> ir.Table:
    """Use by account, product and day: account_id, product, month, day, events, quantity, users."""
    keys = [*ACCOUNT_KEYS, "day"]
    per_user = groups.group_by([*keys, "user_id"]).aggregate(
        rows=groups.rows.sum(), quantity=groups.quantity.sum()
    )
    return per_user.group_by(keys).aggregate(**_measure_aggregates(per_user))


def usage_monthly(groups: ir.Table, dialect: str = "duckdb") -> ir.Table:
    """Use by account, product, month and event, with a total over all events (`event` is null).

    Columns: account_id, product, month, event, events, quantity, users, day_bits (the active days of
    the month: bit 1 is the first day), first_at (the first time).
    """
    # a power of 2 instead of a shift: the engines disagree on which types can be shifted
    dated = groups.mutate(day_bits=(ibis.literal(2.0) ** groups.day.day()).cast("int64"))
    by_event = _aggregate_by_user(dated, [*ACCOUNT_KEYS, "event"], dialect)
    by_account = _aggregate_by_user(by_event, ACCOUNT_KEYS, dialect)
    by_event_total = _aggregate_users(by_event, [*ACCOUNT_KEYS, "event"], dialect)
    overall = _aggregate_users(by_account, ACCOUNT_KEYS, dialect).mutate(event=ibis.null("string"))
    return ibis.union(by_event_total, overall.select(by_event_total.columns))


def _aggregate_by_user(rows: ir.Table, keys: list[str], dialect: str) -> ir.Table:
    return rows.group_by([*keys, "user_id"]).aggregate(
        rows=rows.rows.sum(), quantity=rows.quantity.sum(), **_time_aggregates(rows, dialect)
    )


def _aggregate_users(rows: ir.Table, keys: list[str], dialect: str) -> ir.Table:
    return rows.group_by(keys).aggregate(**_measure_aggregates(rows), **_time_aggregates(rows, dialect))


def _time_aggregates(rows: ir.Table, dialect: str) -> dict[str, ir.Value]:
    return {"day_bits": _bit_or(rows.day_bits, dialect), "first_at": rows.first_at.min()}


def _bit_or(bits: ir.IntegerColumn, dialect: str) -> ir.IntegerScalar:
    return _spark_bit_or(bits) if dialect == "pyspark" else bits.bit_or()  # Ibis lacks Spark's bit_or


def _measure_aggregates(per_user: ir.Table) -> dict[str, ir.Value]:
    """From one row per user: events, quantity and number of users."""
    return {
        "events": per_user.rows.sum().cast("int64"),
        "quantity": per_user.quantity.sum(),
        "users": per_user.user_id.count().cast("int64"),
    }


def days(groups: ir.Table, refusing: int) -> ir.Table:
    """All rows, refused ones too, by account, product, contract and day.

    Columns: account_id, product, contract_id (null where it is missing), month, day, rows, good (rows
    that no single-row rule refuses).
    """
    if "contract_id" not in groups.columns:
        groups = groups.mutate(contract_id=ibis.null("string"))
    good = ibis.ifelse((groups.mask & refusing) == 0, groups.rows, 0)
    return groups.group_by("account_id", "product", "contract_id", "month", "day").aggregate(
        rows=groups.rows.sum().cast("int64"), good=good.sum().cast("int64")
    )


def matches(event: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """Whether an event's name matches `pattern`, in which `*` stands for any text."""
    head, star, tail = pattern.partition("*")
    if not star:
        return event == pattern
    if not tail:
        return event.startswith(head)
    return event.re_search(f"^{as_regex(pattern)}$")

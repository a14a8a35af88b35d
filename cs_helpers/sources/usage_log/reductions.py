"""The reductions of the log, as expressions: the same on every engine.

They start from the log by account, product, contract, day, event and user (`usage.grouped`), so
that distinct users are counted without a `count(distinct)` over everything at once.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.products import as_regex


@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def _spark_bit_or(bits: int) -> int: ...  # type: ignore[empty-body]


ACCOUNT = ["account_id", "product", "month"]


def daily(grouped: ir.Table) -> ir.Table:
    """Use by account, product, day and event.

    Columns: account_id, product, month, day, event, events (rows), quantity (sum), users (distinct).
    """
    keys = [*ACCOUNT, "day", "event"]
    each = grouped
    if "contract_id" in grouped.columns:  # a user of two contracts is one user
        each = grouped.group_by([*keys, "user_id"]).aggregate(
            rows=grouped.rows.sum(), quantity=grouped.quantity.sum()
        )
    return each.group_by(keys).aggregate(**_measures(each))


def active(grouped: ir.Table) -> ir.Table:
    """Use by account, product and day: account_id, product, month, day, events, quantity, users."""
    keys = [*ACCOUNT, "day"]
    each = grouped.group_by([*keys, "user_id"]).aggregate(
        rows=grouped.rows.sum(), quantity=grouped.quantity.sum()
    )
    return each.group_by(keys).aggregate(**_measures(each))


def months(grouped: ir.Table, dialect: str = "duckdb") -> ir.Table:
    """Use by account, product, month and event; `event` null: of all events.

    Columns: account_id, product, month, event, events, quantity, users, day_bits (the days of the
    month that had any: bit 1 is the first), first_at (the first time).
    """
    # 2 to the power of the day: the engines do not agree on the types that may be shifted
    dated = grouped.mutate(day_bits=(ibis.literal(2.0) ** grouped.day.day()).cast("int64"))
    by_event = _by_user(dated, [*ACCOUNT, "event"], dialect)
    by_account = _by_user(by_event, ACCOUNT, dialect)
    each = _of_users(by_event, [*ACCOUNT, "event"], dialect)
    overall = _of_users(by_account, ACCOUNT, dialect).mutate(event=ibis.null("string"))
    return ibis.union(each, overall.select(each.columns))


def _by_user(rows: ir.Table, keys: list[str], dialect: str) -> ir.Table:
    return rows.group_by([*keys, "user_id"]).aggregate(
        rows=rows.rows.sum(), quantity=rows.quantity.sum(), **_times(rows, dialect)
    )


def _of_users(rows: ir.Table, keys: list[str], dialect: str) -> ir.Table:
    return rows.group_by(keys).aggregate(**_measures(rows), **_times(rows, dialect))


def _times(rows: ir.Table, dialect: str) -> dict[str, ir.Value]:
    return {"day_bits": _any_bit(rows.day_bits, dialect), "first_at": rows.first_at.min()}


def _any_bit(bits: ir.IntegerColumn, dialect: str) -> ir.IntegerScalar:
    return _spark_bit_or(bits) if dialect == "pyspark" else bits.bit_or()  # Ibis does not know Spark's


def _measures(each: ir.Table) -> dict[str, ir.Value]:
    """From one row a user: events, quantity, and how many users there are."""
    return {
        "events": each.rows.sum().cast("int64"),
        "quantity": each.quantity.sum(),
        "users": each.user_id.count().cast("int64"),
    }


def days(grouped: ir.Table, refusing: int) -> ir.Table:
    """All rows, refused ones too, by account, product, contract and day.

    Columns: account_id, product, contract_id (null where it is not known), month, day, rows, good (rows
    that no rule of a row refuses).
    """
    if "contract_id" not in grouped.columns:
        grouped = grouped.mutate(contract_id=ibis.null("string"))
    good = ibis.ifelse((grouped.mask & refusing) == 0, grouped.rows, 0)
    return grouped.group_by("account_id", "product", "contract_id", "month", "day").aggregate(
        rows=grouped.rows.sum().cast("int64"), good=good.sum().cast("int64")
    )


def matches(event: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """Whether an event's name is `pattern`, in which `*` stands for any text."""
    head, star, rest = pattern.partition("*")
    if not star:
        return event == pattern
    if not rest:
        return event.startswith(head)
    return event.re_search(f"^{as_regex(pattern)}$")

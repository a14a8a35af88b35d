"""Reduces usage in the engine: nothing larger than these reductions comes to Python."""

from __future__ import annotations

import re
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.products import Product, StepRule


def usage_daily(usage: ir.Table) -> ir.Table:
    """Use by account, product, day and event.

    Columns: account_id, product, day, event, events (rows), quantity (sum), users (distinct).
    """
    day = usage.occurred_at.cast("date")
    return _reduced(usage.mutate(day=day), ["account_id", "product", "day", "event"])


def usage_monthly(usage: ir.Table) -> ir.Table:
    """Use by account, product, month (its first day) and event; `event` null: all events.

    Columns: account_id, product, month, event, events, quantity, users, days (distinct days).
    """
    day = usage.occurred_at.cast("date")
    dated = usage.mutate(day=day, month=day.truncate("M"))
    keys = ["account_id", "product", "month"]
    by_event = _reduced(dated, [*keys, "event"])
    overall = _reduced(dated, keys).mutate(event=ibis.null("string")).select(by_event.columns)
    return ibis.union(by_event, overall)


def active_daily(usage: ir.Table) -> ir.Table:
    """Use by account, product and day over all events; columns as in `usage_daily` but event."""
    return _reduced(usage.mutate(day=usage.occurred_at.cast("date")), ["account_id", "product", "day"])


def _reduced(usage: ir.Table, keys: list[str]) -> ir.Table:
    measures = {
        "events": usage.count(),
        "quantity": usage.quantity.fill_null(1.0).sum(),
        "users": usage.user_id.nunique(),
    }
    if "month" in keys:
        measures["days"] = usage.day.nunique()
    return usage.group_by(keys).aggregate(**measures)


def milestones(kept: Mapping[str, ir.Table], products: Mapping[str, Product]) -> ir.Table | None:
    """When each account first reached each step of its product's journey.

    Columns: account_id, product, step, reached_at. `None` when no rule has a table to be read
    from.
    """
    parts = []
    for product in products.values():
        for step in product.journey.steps:
            reached = _reached(kept, product.product, step.rule)
            if reached is not None:
                parts.append(
                    reached.select(
                        "account_id",
                        product=ibis.literal(product.product),
                        step=ibis.literal(step.step),
                        reached_at=reached.reached_at.cast("timestamp(6)"),
                    )
                )
    return ibis.union(*parts) if len(parts) > 1 else (parts[0] if parts else None)


def matches(event: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """Whether an event's name is `pattern`, in which `*` stands for any text."""
    head, star, rest = pattern.partition("*")
    if not star:
        return event == pattern
    if not rest:
        return event.startswith(head)
    return event.re_search("^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$")


def _reached(kept: Mapping[str, ir.Table], product: str, rule: StepRule) -> ir.Table | None:
    if rule.contract:
        rows = kept["contracts"]
        rows = rows.filter(rows["product"] == product)
        return rows.group_by("account_id").aggregate(reached_at=rows.started_on.min())
    if rule.milestone:
        if "milestones" not in kept:
            return None
        rows = kept["milestones"]
        rows = rows.filter((rows["product"] == product) & (rows.step == rule.milestone))
        return rows.group_by("account_id").aggregate(reached_at=rows.reached_at.min())
    if "usage" not in kept:
        return None
    rows = kept["usage"]
    rows = rows.filter((rows["product"] == product) & matches(rows.event, str(rule.event)))
    if rule.value == "distinct_events":
        rows = rows.group_by("account_id", "event").aggregate(occurred_at=rows.occurred_at.min())
        amount: ir.Value = ibis.literal(1.0)
    elif rule.value == "quantity":
        amount = rows.quantity.fill_null(1.0)
    else:
        amount = ibis.literal(1.0)
    total = rows.mutate(amount=amount)
    total = total.mutate(
        total=total.amount.sum().over(
            ibis.cumulative_window(group_by=total.account_id, order_by=total.occurred_at)
        )
    )
    enough = total.filter(total.total >= rule.at_least)
    return enough.group_by("account_id").aggregate(reached_at=enough.occurred_at.min())

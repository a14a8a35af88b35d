"""The times at which accounts reached the steps of their product's journey, and other recorded milestones.

For a step by usage only the first time is stored, as later use is in the daily reductions; where the product counts
users, every use of every user is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from cs_helpers import hashes
from cs_helpers.contract.products import Product, StepRule
from cs_helpers.sources.engines import source_errors
from cs_helpers.sources.intake import Intake
from cs_helpers.sources.usage_log.log import QUANTITY_TYPE
from cs_helpers.sources.usage_log.reductions import matches


@dataclass(frozen=True)
class Crossing:
    """A step that is reached by a running total.

    days: account_id, day (on which the total is reached), before (the total at the end of the previous day).
    """

    product: str
    step: str
    rule: StepRule
    days: ir.Table


def milestones(intake: Intake, products: Mapping[str, Product]) -> ir.Table | None:
    """The times of each step; `None` where the tables of all rules are missing.

    Columns: account_id, product, step, reached_at, user_id (null for a step of the account). Recorded milestones that no
    step's rule names keep their own name.
    """
    parts: list[ir.Table] = []
    crossings: list[Crossing] = []
    for product in products.values():
        for step in product.journey.steps:
            reached = (
                _uses_by_user(intake, product.product, step.rule.repeatable_event)
                if product.journey.unit == "user" and step.rule.repeatable_event
                else _reached_at(intake, product.product, step.rule)
            )
            if isinstance(reached, _CrossingDays):
                crossings.append(Crossing(product.product, step.step, step.rule, reached.rows))
            elif reached is not None:
                parts.append(_with_step(reached, product.product, step.step))
        if "milestones" in intake.kept:
            parts.append(_other_milestones(intake.kept["milestones"], product))
        for excluded in product.journey.exclusions if product.journey.unit == "user" else ():
            if excluded.event and not any(excluded.is_step(s) for s in product.journey.steps):
                used = _uses_by_user(intake, product.product, excluded.event)
                parts += [] if used is None else [_with_step(used, product.product, excluded.milestone_name)]
    parts += _crossing_times(intake, crossings)
    return ibis.union(*parts) if len(parts) > 1 else (parts[0] if parts else None)


def _with_step(reached: ir.Table, product: str, step: str) -> ir.Table:
    return reached.select(
        "account_id",
        product=ibis.literal(product),
        step=ibis.literal(step),
        reached_at=reached.reached_at.cast("timestamp(6)"),
        user_id=reached.user_id if "user_id" in reached.columns else ibis.null("string"),
    )


def _other_milestones(recorded: ir.Table, product: Product) -> ir.Table:
    """The recorded milestones that belong to no step; those with the name of a step by another rule are omitted."""
    steps = product.journey.steps
    step_names = {s.step for s in steps} | {s.rule.milestone for s in steps if s.rule.milestone}
    rows = recorded.filter((recorded["product"] == product.product) & recorded.step.notin(sorted(step_names)))
    return rows.select(
        "account_id", "product", "step", reached_at=rows.reached_at.cast("timestamp(6)"), user_id=rows.user_id
    )


@dataclass(frozen=True)
class _CrossingDays:
    rows: ir.Table


def _reached_at(intake: Intake, product: str, rule: StepRule) -> ir.Table | _CrossingDays | None:
    kept = intake.kept
    if rule.contract:
        if "contracts" not in kept:
            return None
        rows = kept["contracts"]
        rows = rows.filter(rows["product"] == product)
        return rows.group_by("account_id").aggregate(reached_at=rows.started_on.min())
    if rule.milestone:
        if "milestones" not in kept:
            return None
        rows = kept["milestones"]
        rows = rows.filter((rows["product"] == product) & (rows.step == rule.milestone))
        return rows.select("account_id", "reached_at", "user_id").distinct()
    if intake.usage is None:
        return None
    if rule.value == "distinct_events":
        first = _matching_use(intake.usage.table("usage_monthly"), product, rule)
        first = first.group_by("account_id", "event").aggregate(reached_at=first.first_at.min())
        place = ibis.row_number().over(group_by=first.account_id, order_by=[first.reached_at, first.event])
        return first.mutate(place=place).filter(lambda t: t.place == math.ceil(rule.at_least) - 1)
    if rule.repeatable_event is not None:
        first = _matching_use(intake.usage.table("usage_monthly"), product, rule)
        return first.group_by("account_id").aggregate(reached_at=first.first_at.min())
    days = _matching_use(intake.usage.table("usage_daily"), product, rule)
    amount = days.quantity if rule.value == "quantity" else days.events
    used = days.group_by("account_id", days.day.cast("date").name("day")).aggregate(
        amount=amount.cast(QUANTITY_TYPE).sum().cast(QUANTITY_TYPE)
    )
    total = used.amount.sum().over(ibis.cumulative_window(group_by=used.account_id, order_by=used.day))
    used = used.mutate(total=total)
    used = used.mutate(before=used.total - used.amount)
    return _CrossingDays(
        used.filter((used.before < rule.at_least) & (used.total >= rule.at_least)).select(
            "account_id", "day", "before"
        )
    )


def _uses_by_user(intake: Intake, product: str, pattern: str) -> ir.Table | None:
    """Every use of every user, from the log itself."""
    if intake.log is None or intake.usage is None:
        return None
    log = intake.log
    rows = log.rows.filter(log.is_accepted(log.rows) & log.rows.user_id.notnull())
    rows = rows.filter((rows["product"] == product) & matches(rows.event, pattern))
    with source_errors("usage"):
        each = rows.select("account_id", "user_id", reached_at=rows.occurred_at).distinct()
        name = f"uses_{hashes.of(f'{product} {pattern}')[:16]}"
        return log.engine.copy_to_hub(intake.usage.hub, name, each).semi_join(
            intake.kept["accounts"], "account_id"
        )


def _matching_use(reductions: ir.Table, product: str, rule: StepRule) -> ir.Table:
    return reductions.filter((reductions["product"] == product) & matches(reductions.event, str(rule.event)))


def _crossing_times(intake: Intake, crossings: list[Crossing]) -> list[ir.Table]:
    """The exact times at which the totals are reached within their days, from one query of the log."""
    if not crossings or intake.log is None or intake.usage is None:
        return []
    hub, log = intake.usage.hub, intake.log
    needed = hub.create_table(
        "crossing_days",
        ibis.union(
            *(c.days.select("account_id", "day", product=ibis.literal(c.product)) for c in crossings),
            distinct=True,
        )
        if len(crossings) > 1
        else crossings[0].days.select("account_id", "day", product=ibis.literal(crossings[0].product)),
        temp=True,
        overwrite=True,
    )
    if not needed.count().execute():
        return []
    rows = log.rows.filter(log.is_accepted(log.rows))
    with source_errors("usage"):
        candidate_rows = rows.semi_join(
            log.engine.upload("crossing_days", needed),
            ["account_id", "product", "day"],
        ).select("account_id", "product", "day", "event", "occurred_at", "quantity")
        candidate_rows = log.engine.copy_to_hub(hub, "crossing_rows", candidate_rows)
    return [_with_step(_crossing_time(candidate_rows, c), c.product, c.step) for c in crossings]


def _crossing_time(candidate_rows: ir.Table, crossing: Crossing) -> ir.Table:
    rule = crossing.rule
    rows = candidate_rows.filter(
        (candidate_rows["product"] == crossing.product) & matches(candidate_rows.event, str(rule.event))
    ).inner_join(crossing.days, ["account_id", "day"])
    amount = rows.quantity.fill_null(1.0) if rule.value == "quantity" else ibis.literal(1.0)
    rows = rows.mutate(amount=amount.cast(QUANTITY_TYPE))
    running = rows.amount.sum().over(
        ibis.cumulative_window(group_by=rows.account_id, order_by=rows.occurred_at)
    )
    rows = rows.mutate(total=rows.before + running)
    return (
        rows.filter(rows.total >= rule.at_least)
        .group_by("account_id")
        .aggregate(reached_at=rows.occurred_at.min())
    )

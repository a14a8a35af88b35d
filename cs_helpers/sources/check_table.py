"""Checks every row of a table other than usage, and separates the kept rows from the refused ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.casts import RAW, ROW
from cs_helpers.contract.checks import (
    Rule,
    column_rules,
    join_contracts,
    key_rule,
    relation_rules,
    repeat_rule,
    retention_rule,
    total_rule,
)
from cs_helpers.contract.policies import PAST_KEEP_UNTIL, VALUE_RULES
from cs_helpers.contract.schema import Table
from cs_helpers.sources import contracts, labels
from cs_helpers.sources.checks import choices, refused
from cs_helpers.sources.checks.examples import broken_rules
from cs_helpers.sources.checks.totals import mark_total_rows
from cs_helpers.sources.columns import provided_columns
from cs_helpers.sources.engines import nested_selects, source_errors
from cs_helpers.sources.intake_run import IntakeRun


def check_table(run: IntakeRun, rows: ir.Table, table: Table, as_of: date) -> ir.Table:
    """Check the typed rows of a table; adds kept and refused rows, counts and findings to `run`.

    Parents have to be checked before their children. Returns the kept rows with all columns, also those that are not
    in the contract. Raises `SourceError` where the rows cannot be read.
    """
    hub, name = run.engines.hub, table.name
    rows, rules = _with_rules(run, rows, table, as_of)
    marks = {f"broken_{i}": rule.broken.fill_null(False) for i, rule in enumerate(rules)}
    with source_errors(name), nested_selects():
        flagged = hub.create_table(f"flagged_{name}", rows.mutate(**marks))
    broken = [(rule, flagged[f"broken_{i}"]) for i, rule in enumerate(rules)]
    counts = flagged.aggregate(
        total=flagged.count(), **{f"n{i}": b.sum() for i, (_, b) in enumerate(broken)}
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    for i, (rule, is_broken) in enumerate(broken):
        if counts[f"n{i}"]:
            run.add_finding(rule, int(counts[f"n{i}"]), table, flagged.filter(is_broken))
    is_refused = ibis.or_(ibis.literal(False), *(is_broken for rule, is_broken in broken if rule.refuses))
    # a row whose last day is over is not missing from the data: it is to be no part of them
    expired = [is_broken for rule, is_broken in broken if rule.name == PAST_KEEP_UNTIL]
    with source_errors(name):
        counted = flagged.filter(~expired[0]) if expired else flagged
        run.counts[name] = refused.count_by_product(counted, is_refused, table)
    blanked_values = {
        rule.column: is_broken.ifelse(ibis.null(), flagged[rule.column])
        for i, (rule, is_broken) in enumerate(broken)
        if rule.name in VALUE_RULES and not rule.refuses and counts[f"n{i}"]
    }
    accepted = flagged.filter(~is_refused)
    if blanked_values:
        accepted = accepted.mutate(**blanked_values)
    filled = labels.fill_unknown(accepted.select(ROW, *table.columns), table)
    run.kept[name] = hub.create_table(f"kept_{name}", filled)
    content = () if table.keep_until else table.columns
    run.rejected[name] = flagged.filter(is_refused).select(
        ROW, rules=broken_rules(broken), **{c: flagged[RAW + c] for c in content}
    )
    run.rows_read[name] = int(counts["total"]) + run.rows_filtered(name)
    run.rows_kept[name] = int(run.kept[name].count().execute())
    return accepted


def _with_rules(run: IntakeRun, rows: ir.Table, table: Table, as_of: date) -> tuple[ir.Table, list[Rule]]:
    """The normalized rows with the columns that rules need, and the rules; total rows are exempt from other rules."""
    name = table.name
    rows = _mark_totals(run, rows, table)
    engine = run.engines.of(run.sources.tables[name].in_)
    with source_errors(name):
        rows = labels.normalize_labels(rows, table, run.sources)
        given = provided_columns(engine, run.sources, table)
    if name == "tickets" and "contracts" in run.kept:
        rows = join_contracts(rows, run.kept["contracts"])
    if name == "contracts":
        rows = contracts.normalize_contracts(rows, run.sources, run.products)
    rules = [
        *column_rules(
            rows, table, run.policies, classes=labels.allowed_classes(table, run.sources),
            details=labels.bounds_details(table, run.sources), given=given,
        ),
        *relation_rules(rows, table, run.kept, as_of, run.policies),
        *retention_rule(rows, table, run.today, run.policies),
    ]  # fmt: skip
    if name == "contracts":
        rules += contracts.rules(rows, run.sources, run.products, run.policies)
    rules += key_rule(rows, table, rules, run.policies)
    rules += repeat_rule(rows, table, choices.repeat_policy(run.declared, name, run.policies))
    totals = list(total_rule(rows, table, run.policies))
    if totals and totals[0].refuses:
        is_record = ~totals[0].broken
        rules = [replace(rule, broken=rule.broken.fill_null(False) & is_record) for rule in rules]
    return rows, [*totals, *rules]


def _mark_totals(run: IntakeRun, rows: ir.Table, table: Table) -> ir.Table:
    """The rows with `total` where some are total rows; constants and SQL expressions are not searched for its words."""
    source = run.declared.tables[table.name]
    mapped_columns = [
        c for c in table.columns if (mapping := source.column(c)) is None or mapping.column is not None
    ]
    with source_errors(table.name):
        return mark_total_rows(run.engines.hub, rows, table, mapped_columns)

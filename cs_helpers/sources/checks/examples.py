"""Findings with examples of the rows that break a rule."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.casts import RAW, ROW
from cs_helpers.contract.checks import EXAMPLES, Rule, identifying_columns
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.schema import Table


def finding(rule: Rule, count: int, table: Table, broken: ir.Table, key: tuple[str, ...] = ()) -> Finding:
    """The finding of a rule, with the first rows that break it as examples.

    key: the columns that identify a row; default: `Table.named_by`. Of a table whose rows have a last day, an example is the
    number of the row alone, as findings are kept longer.
    """
    key = key or table.named_by
    column = rule.column or key[0]
    raw = [broken[RAW + c] for c in table.columns if RAW + c in broken.columns]
    raw_value = broken[RAW + column] if RAW + column in broken.columns else broken[column].cast("string")
    rows = (
        broken.order_by([broken[ROW], *raw])
        .limit(EXAMPLES)
        .select(
            ROW,
            key=ibis.literal(" ").join([ibis.coalesce(broken[k].cast("string"), "") for k in key]),
            value=ibis.coalesce(raw_value, ""),
        )
        .to_pyarrow()
        .to_pylist()
    )
    if table.keep_until:
        examples = tuple((int(r[ROW]), "", "") for r in rows if r[ROW])
    else:
        examples = tuple((int(r[ROW]), r["key"][:80], r["value"][:80]) for r in rows)
    return Finding(table.name, rule.column, rule.name, rule.policy, count, examples, rule.detail)


def with_total_text(broken: ir.Table, table: Table) -> ir.Table:
    """Total rows with their text in the first column that names a row, from whichever column of `identifying_columns` has it."""
    key_column = table.named_by[0]
    total_text = ibis.coalesce(*(broken[RAW + c] for c in identifying_columns(table)))
    return broken.mutate(**{RAW + key_column: total_text})


def broken_rules(rules: list[tuple[Rule, ir.BooleanValue]]) -> ir.StringValue:
    """The labels of the refusing rules that a row breaks, separated by spaces."""
    text: ir.StringValue = ibis.literal("")
    for rule, broken in rules:
        if rule.refuses:
            text = text.concat(broken.ifelse(rule.label + " ", ""))
    return text.strip()

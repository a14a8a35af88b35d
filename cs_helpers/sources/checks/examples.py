"""Rows that break a rule, as a person is shown them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.casts import RAW, ROW
from cs_helpers.contract.checks import EXAMPLES, Rule, identifying_columns
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.schema import Table


def finding(rule: Rule, count: int, table: Table, broken: ir.Table, key: tuple[str, ...] = ()) -> Finding:
    """The rule's finding, with the first of the rows that break it.

    `key` names the columns that say which row it is; default: the table's key.
    """
    key = key or table.key or tuple(c for c in ("account_id",) if c in table.columns)
    column = rule.column or key[0]
    raw = [broken[RAW + c] for c in table.columns if RAW + c in broken.columns]
    value = broken[RAW + column] if RAW + column in broken.columns else broken[column].cast("string")
    shown = (
        broken.order_by([broken[ROW], *raw])
        .limit(EXAMPLES)
        .select(
            ROW,
            key=ibis.literal(" ").join([ibis.coalesce(broken[k].cast("string"), "") for k in key]),
            value=ibis.coalesce(value, ""),
        )
        .to_pyarrow()
        .to_pylist()
    )
    examples = tuple((int(r[ROW]), r["key"][:80], r["value"][:80]) for r in shown)
    return Finding(table.name, rule.column, rule.name, rule.policy, count, examples, rule.detail)


def worded(broken: ir.Table, table: Table) -> ir.Table:
    """Rows without a record, with what they say in the first column of their key: whichever of `telling` says it."""
    first = (table.key or ("account_id",))[0]
    said = ibis.coalesce(*(broken[RAW + c] for c in identifying_columns(table)))
    return broken.mutate(**{RAW + first: said})


def broken_rules(rules: list[tuple[Rule, ir.BooleanValue]]) -> ir.StringValue:
    """The labels of the refusing rules that a row breaks, with a blank between them."""
    text: ir.StringValue = ibis.literal("")
    for rule, broken in rules:
        if rule.refuses:
            text = text.concat(broken.ifelse(rule.label + " ", ""))
    return text.strip()

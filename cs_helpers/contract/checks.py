"""The rules that rows are held against, as Ibis expressions, so that they run in the engine.

Rules of one table come from its pandera schema; the others look across tables. A rule that is
broken gives a `Finding` with its count and the first rows that break it. What becomes of such
rows is the rule's policy: `reject` leaves them out, `warn` keeps them, `stop` takes no snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.findings import Policy
from cs_helpers.contract.tables import Table

#: how many rows that break a rule are kept as examples in the manifest
EXAMPLES = 10
ROW = "source_row"
RAW = "raw_"

IBIS_TYPES = {
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "date": "date",
    "time": "timestamp",
    "flag": "boolean",
}


@dataclass(frozen=True)
class Rule:
    """A rule over one table: `broken` is true for the rows that break it."""

    column: str
    name: str
    policy: Policy
    broken: ir.BooleanValue
    detail: str = ""


def typed(raw: ir.Table, table: Table) -> ir.Table:
    """The mapped columns in the contract's types; what does not fit becomes null.

    The value as it was stays beside it as `raw_<column>`, in text.
    """
    out: dict[str, Any] = {ROW: raw[ROW]}
    for name in table.columns:
        value = raw[name]
        kind = table.kind(name)
        if value.type().is_string():
            value = value.strip().nullif("")
        out[name] = value.try_cast(IBIS_TYPES[kind])
        if kind == "integer" and value.type().is_floating():
            out[name] = (value == value.floor()).ifelse(out[name], ibis.null("int64"))
        out[RAW + name] = value.cast("string")
    return raw.select(**out)


def column_rules(rows: ir.Table, table: Table) -> Iterator[Rule]:
    """The rules that the table's schema declares: type, presence, enumeration, range."""
    for name, column in table.columns.items():
        value, raw = rows[name], rows[RAW + name]
        if table.kind(name) != "text":
            yield Rule(name, "wrong_type", "reject", raw.notnull() & value.isnull(), table.kind(name))
        if not column.nullable:
            yield Rule(name, "missing_value", "reject", raw.isnull())
        for check in column.checks:
            allowed = check.statistics
            if check.name == "isin":
                choice = sorted(str(v) for v in allowed["allowed_values"])
                yield Rule(
                    name,
                    "not_allowed",
                    "reject",
                    value.notnull() & value.notin(choice),
                    ", ".join(choice),
                )
            elif check.name == "in_range":
                low, high = allowed["min_value"], allowed["max_value"]
                yield Rule(name, "out_of_range", "reject", (value < low) | (value > high), f"{low} - {high}")
            elif check.name == "greater_than_or_equal_to":
                low = allowed["min_value"]
                yield Rule(name, "out_of_range", "reject", value < low, f">= {low}")
            else:
                raise NotImplementedError(f"no engine rule for the check {check.name}")


def key_rule(rows: ir.Table, table: Table, others: Sequence[Rule]) -> Iterator[Rule]:
    """No key twice: the first row that no other rule refuses is kept, the rest are refused."""
    if not table.key:
        return
    refused = ibis.or_(*(r.broken.fill_null(False) for r in others if r.policy == "reject"))
    place = ibis.row_number().over(
        group_by=[rows[k] for k in table.key], order_by=[refused.cast("int8"), rows[ROW]]
    )
    known = ibis.and_(*(rows[k].notnull() for k in table.key))
    column = table.key[0] if len(table.key) == 1 else ""
    yield Rule(column, "duplicate_key", "reject", known & (place > 0))


def beside_contracts(rows: ir.Table, contracts: ir.Table) -> ir.Table:
    """`rows` with `first_day` and `last_day` of the contract each belongs to.

    That is the contract the row names, where it names one, else the span of all contracts of its
    account and product.
    """
    running = ibis.date("9999-12-31")
    ends = contracts.mutate(ended_on=ibis.coalesce(contracts.ended_on, running))
    named = ends.select(contract_id="contract_id", named_first="started_on", named_last="ended_on")
    spans = ends.group_by("account_id", "product").aggregate(
        span_first=ends.started_on.min(), span_last=ends.ended_on.max()
    )
    if "contract_id" not in rows.columns:
        rows = rows.mutate(contract_id=ibis.null("string"))
    columns = rows.columns
    joined = rows.left_join(named, "contract_id").left_join(spans, ["account_id", "product"])
    return joined.select(
        *columns,
        first_day=ibis.coalesce(joined.named_first, joined.span_first),
        last_day=ibis.coalesce(joined.named_last, joined.span_last),
    )


def relation_rules(rows: ir.Table, table: Table, kept: Mapping[str, ir.Table], as_of: date) -> Iterator[Rule]:
    """The rules that look at another table, at other rows or at the calendar.

    `rows` of usage and tickets stand `beside_contracts`.
    """
    if table.parent:
        parent, key = table.parent
        orphan: ir.BooleanValue = ibis.literal(True)
        if parent in kept:
            orphan = rows[key].notnull() & rows[key].notin(kept[parent][key])
        yield Rule(key, "orphan", "reject", orphan, parent)
    if table.time:
        day = rows[table.time].cast("date")
        yield Rule(table.time, "after_as_of", "reject", day > as_of, str(as_of))
    if table.name == "contracts":
        yield Rule("ended_on", "ends_before_start", "reject", rows.ended_on < rows.started_on)
        yield Rule("started_on", "after_as_of", "reject", rows.started_on > as_of, str(as_of))
        yield Rule("mrr", "mrr_zero", "warn", rows.mrr == 0)
        earlier = ibis.window(
            group_by=[rows.account_id, rows["product"]],
            order_by=[rows.started_on, rows[ROW]],
            rows=(None, -1),
        )
        ended = ibis.coalesce(rows.ended_on, ibis.date("9999-12-31")).max().over(earlier)
        yield Rule("started_on", "overlapping_contracts", "warn", rows.started_on < ended)
    if table.time and table.name in ("usage", "tickets"):
        day = rows[table.time].cast("date")
        yield Rule(table.time, "without_contract", "warn", rows.first_day.isnull())
        yield Rule(table.time, "before_contract", "warn", day < rows.first_day)
        yield Rule(table.time, "after_contract", "warn", day > rows.last_day)
    if table.name == "tickets":
        yield Rule("closed_at", "closed_before_opened", "warn", rows.closed_at < rows.opened_at)


def whole_rules(kept: Mapping[str, ir.Table], as_of: date) -> Iterator[tuple[str, ir.Table, Rule]]:
    """The rules that need all tables at once: table, its rows, rule."""
    accounts = kept["accounts"]
    if "touches" in kept:
        touches = kept["touches"]
        gone = touches.filter(touches.kind == "churn_notice").account_id
        noticed = accounts.account_id.isin(gone)
        yield (
            "accounts",
            accounts,
            Rule("churned", "churn_flag_disagrees", "warn", accounts.churned != noticed, "touches"),
        )
    contracts = kept["contracts"]
    running = contracts.filter(contracts.ended_on.isnull() | (contracts.ended_on > as_of)).account_id
    yield (
        "accounts",
        accounts,
        Rule(
            "churned",
            "churned_but_running",
            "warn",
            accounts.churned & accounts.account_id.isin(running),
            "contracts",
        ),
    )
    if "interviews" in kept and "notes" in kept:
        interviews = kept["interviews"]
        silent = interviews.interview_id.notin(kept["notes"].interview_id)
        yield "interviews", interviews, Rule("interview_id", "without_notes", "warn", silent, "notes")

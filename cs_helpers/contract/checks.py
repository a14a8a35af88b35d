"""The rules that rows are checked against, as Ibis expressions that run in the engine.

Rules of one table come from its pandera schema; the others compare tables. A broken rule is reported as
a `Finding` with the number of rows that break it and the first of them. The rule's policy
(`contract.policies`) decides what happens to these rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.casts import MISFIT, RAW, ROW
from cs_helpers.contract.findings import Policy
from cs_helpers.contract.policies import PAST_KEEP_UNTIL, Policies
from cs_helpers.contract.schema import Table
from cs_helpers.contract.vocabulary import DESCRIPTIVE_COLUMNS, UNDECIDED_STATUSES

#: number of rows that break a rule that the manifest keeps as examples
EXAMPLES = 10

DEFAULT_POLICIES = Policies()

#: rules that compare a contract with the one before or after it
_SEQUENCE_RULES = ("overlapping_contracts", "last_day_contradicted", "ended_but_continued")


@dataclass(frozen=True)
class Rule:
    """A rule of one table. broken: expression that is true for the rows that break it."""

    table: str
    column: str
    name: str
    policy: Policy
    broken: ir.BooleanValue
    detail: str = ""

    @property
    def refuses(self) -> bool:
        """Whether a row that breaks it is refused (or stops the snapshot)."""
        return self.policy != "warn"

    @property
    def label(self) -> str:
        """`column:name` (or `table:name`), as in the list of a refused row's reasons."""
        return f"{self.column or self.table}:{self.name}"


def column_rules(
    rows: ir.Table,
    table: Table,
    policies: Policies = DEFAULT_POLICIES,
    *,
    classes: Mapping[str, Sequence[str]] = MappingProxyType({}),
    details: Mapping[str, str] = MappingProxyType({}),
    given: Collection[str] = (),
) -> Iterator[Rule]:
    """The rules of the table's schema: type, presence, enumeration, range.

    classes: column -> allowed values, for columns whose values a company declares. details: column -> description of
    what is allowed, where the list of values is not enough. given: the columns that the source has; empty values in
    those that describe a customer are reported.
    """

    def rule(column: str, name: str, broken: ir.BooleanValue, detail: str = "") -> Rule:
        return Rule(table.name, column, name, policies.of(table.name, column, name), broken, detail)

    for name, column in table.columns.items():
        value, misfit = rows[name], rows[MISFIT + name]
        if table.kind(name) != "text":
            yield rule(name, "wrong_type", misfit, table.kind(name))
        if not column.nullable:
            yield rule(name, "missing_value", value.isnull() & ~misfit)
        counts_empty = table.name == "accounts" and name in DESCRIPTIVE_COLUMNS and name in given
        if counts_empty or name in table.labels:
            is_empty = value.isnull() & ~misfit
            yield rule(
                name, "label_unknown", is_empty if counts_empty else is_empty & rows[RAW + name].notnull()
            )
        for check in column.checks:
            allowed = check.statistics
            if check.name == "isin":
                choice = classes.get(name) or sorted(str(v) for v in allowed["allowed_values"])
                # a number that belongs to none of the declared classes is a misfit
                outside = (value.notnull() & value.notin(choice)) | misfit
                yield rule(name, "not_allowed", outside, details.get(name) or ", ".join(choice))
            elif check.name == "in_range":
                low, high = allowed["min_value"], allowed["max_value"]
                yield rule(name, "out_of_range", (value < low) | (value > high), f"{low} - {high}")
            elif check.name == "greater_than_or_equal_to":
                low = allowed["min_value"]
                yield rule(name, "out_of_range", value < low, f">= {low}")
            else:
                raise NotImplementedError(f"no engine rule for the check {check.name}")


def any_refuses(rules: Sequence[Rule]) -> ir.BooleanValue:
    """Whether a row breaks any rule that refuses it."""
    return ibis.or_(ibis.literal(False), *(r.broken.fill_null(False) for r in rules if r.refuses))


def key_rule(
    rows: ir.Table, table: Table, other_rules: Sequence[Rule], policies: Policies = DEFAULT_POLICIES
) -> Iterator[Rule]:
    """The rule against duplicate keys: the first row that no other rule refuses is kept, the others break it."""
    if not table.key:
        return
    # rules about neighbouring contracts are window functions too, and window functions cannot be nested
    order_free = [rule for rule in other_rules if rule.name not in _SEQUENCE_RULES]
    position = ibis.row_number().over(
        group_by=[rows[k] for k in table.key], order_by=[any_refuses(order_free).cast("int8"), rows[ROW]]
    )
    has_key = ibis.and_(*(rows[k].notnull() for k in table.key))
    column = table.key[0] if len(table.key) == 1 else ""
    policy = policies.of(table.name, column, "duplicate_key")
    yield Rule(table.name, column, "duplicate_key", policy, has_key & (position > 0))


def repeat_rule(rows: ir.Table, table: Table, policy: Policy | None) -> Iterator[Rule]:
    """The rule against identical rows in a table without a key: all but the first of equal mapped rows break it."""
    if policy is not None and not table.key:
        same = [rows[RAW + c] for c in table.columns]
        position = ibis.row_number().over(group_by=same, order_by=rows[ROW])
        yield Rule(table.name, "", "identical_rows", policy, position > 0)


def total_rule(rows: ir.Table, table: Table, policies: Policies = DEFAULT_POLICIES) -> Iterator[Rule]:
    """The rule against total rows, where `rows` has the column `total` (bool)."""
    if "total" in rows.columns:
        yield Rule(table.name, "", "total_row", policies.of(table.name, "", "total_row"), rows["total"])


def identifying_columns(table: Table) -> tuple[str, ...]:
    """The columns that identify a row: its keys, product, name and day."""
    identifying = {*table.key, *(key for _, key in table.parents), "product", "name", str(table.time)}
    days = {c for c in table.required_columns() if table.kind(c) in ("date", "time")}
    return tuple(c for c in table.columns if c in identifying | days)


def contract_days(contracts: ir.Table) -> tuple[ir.Table, ir.Table]:
    """First and last day of each contract (by contract_id), and of all contracts of an account and product."""
    running = ibis.date("9999-12-31")
    ends = contracts.mutate(ended_on=ibis.coalesce(contracts.ended_on, running))
    by_contract = ends.select(contract_id="contract_id", named_first="started_on", named_last="ended_on")
    spans = ends.group_by("account_id", "product").aggregate(
        span_first=ends.started_on.min(), span_last=ends.ended_on.max()
    )
    return by_contract, spans


def join_contracts(rows: ir.Table, contracts: ir.Table) -> ir.Table:
    """`rows` with `first_day` and `last_day` of the contract that each row belongs to.

    That is the contract that the row names or, where it names none, the span of all contracts of its
    account and product.
    """
    by_contract, spans = contract_days(contracts)
    if "contract_id" not in rows.columns:
        rows = rows.mutate(contract_id=ibis.null("string"))
    columns = rows.columns
    joined = rows.left_join(by_contract, "contract_id").left_join(spans, ["account_id", "product"])
    return joined.select(
        *columns,
        first_day=ibis.coalesce(joined.named_first, joined.span_first),
        last_day=ibis.coalesce(joined.named_last, joined.span_last),
    )


def contract_rules(
    table: str, column: str, day: ir.DateValue, rows: ir.Table, policies: Policies = DEFAULT_POLICIES
) -> Iterator[Rule]:
    """The rules that a row lies inside its contract; `rows` are those of `join_contracts`."""
    for name, broken in (
        ("without_contract", rows.first_day.isnull()),
        ("before_contract", day < rows.first_day),
        ("after_contract", day > rows.last_day),
    ):
        yield Rule(table, column, name, policies.of(table, column, name), broken)


def future_rule(table: Table, day: ir.DateValue, as_of: date, policies: Policies = DEFAULT_POLICIES) -> Rule:
    """The rule that no row is dated after the as-of date."""
    column = str(table.time)
    policy = policies.of(table.name, column, "after_as_of")
    return Rule(table.name, column, "after_as_of", policy, day > as_of, str(as_of))


def retention_rule(
    rows: ir.Table, table: Table, today: date, policies: Policies = DEFAULT_POLICIES
) -> Iterator[Rule]:
    """The rule that a row is not kept after its last day, in tables whose rows have one."""
    if table.keep_until is not None:
        policy = policies.of(table.name, table.keep_until, PAST_KEEP_UNTIL)
        broken = rows[table.keep_until].cast("date") < today
        yield Rule(table.name, table.keep_until, PAST_KEEP_UNTIL, policy, broken, str(today))


def relation_rules(
    rows: ir.Table,
    table: Table,
    kept: Mapping[str, ir.Table],
    as_of: date,
    policies: Policies = DEFAULT_POLICIES,
) -> Iterator[Rule]:
    """The rules that compare a row with another table, with other rows or with the calendar.

    Where `rows` are those of `join_contracts`, they are compared with their contracts too.
    """

    def rule(column: str, name: str, broken: ir.BooleanValue, detail: str = "") -> Rule:
        return Rule(table.name, column, name, policies.of(table.name, column, name), broken, detail)

    for parent, key in table.parents:
        orphan: ir.BooleanValue = ibis.literal(True)
        if parent in kept:
            orphan = rows[key].notnull() & rows[key].notin(kept[parent][key])
        yield rule(key, "orphan", orphan, parent)
    # rows of `join_contracts` are held against the contracts of their account
    is_joined = table.name == "contracts" or "first_day" in rows.columns
    if "contracts" in kept and "product" in table.columns and not is_joined:
        unsold = rows["product"].notin(kept["contracts"]["product"])
        yield rule("product", "product_without_contracts", unsold, "contracts")
    if table.time:
        yield future_rule(table, rows[table.time].cast("date"), as_of, policies)
    if table.name == "contracts":
        yield rule("started_on", "after_as_of", rows.started_on > as_of, str(as_of))
        yield rule("mrr", "mrr_zero", rows.mrr == 0)
        earlier_contracts = ibis.window(
            group_by=[rows.account_id, rows["product"]],
            order_by=[rows.started_on, rows[ROW]],
            rows=(None, -1),
        )
        latest_end = ibis.coalesce(rows.ended_on, ibis.date("9999-12-31")).max().over(earlier_contracts)
        yield rule("started_on", "overlapping_contracts", rows.started_on <= latest_end)
    if table.time and "first_day" in rows.columns:
        yield from contract_rules(table.name, table.time, rows[table.time].cast("date"), rows, policies)
    if table.name == "tickets":
        yield rule("answered_at", "answered_before_opened", rows.answered_at < rows.opened_at)
        yield rule("closed_at", "closed_before_opened", rows.closed_at < rows.opened_at)
    if table.name == "handovers":
        yield rule("deadline", "deadline_before_handover", rows.deadline < rows.handed_over_on)
    if table.name == "staff":
        yield rule("left_on", "left_before_joined", rows.left_on < rows.joined_on)
    if table.name == "training_records":
        yield rule("completed_on", "completed_before_assigned", rows.completed_on < rows.assigned_on)
    if table.name == "requests":
        is_decided, is_released = ~rows.status.isin(UNDECIDED_STATUSES), rows.status == "released"
        decided, released = rows.decided_on, rows.released_on
        yield rule("decided_on", "decided_before_raised", decided < rows.raised_on)
        yield rule("released_on", "released_before_raised", released < rows.raised_on)
        yield rule("released_on", "released_before_decided", released < decided)
        yield rule("decided_on", "day_ahead", is_decided & (decided > as_of), str(as_of))
        yield rule("released_on", "day_ahead", is_released & (released > as_of), str(as_of))
        # a later day is one that is planned
        disagrees = ibis.or_(
            (~is_decided & (decided <= as_of)).fill_null(False),
            (~is_released & (released <= as_of)).fill_null(False),
        )
        yield rule("status", "status_disagrees", disagrees)
    if table.name == "request_accounts":
        yield rule("told_on", "told_before_asked", rows.told_on < rows.asked_on)
        yield rule("told_on", "day_ahead", rows.told_on > as_of, str(as_of))
        if "requests" in kept:
            of_products = kept["requests"].select(
                own=kept["requests"].request_id + "/" + kept["requests"]["product"]
            )
            known = rows.request_id.isin(kept["requests"].request_id)
            other = (rows.request_id + "/" + rows["product"]).notin(of_products.own)
            yield rule("request_id", "other_product", known & other, "requests")


def cross_table_rules(
    kept: Mapping[str, ir.Table], as_of: date, policies: Policies = DEFAULT_POLICIES
) -> Iterator[tuple[str, ir.Table, Rule]]:
    """The rules that need several tables at once, each as table, its rows, rule."""

    def rule(table: str, column: str, name: str, broken: ir.BooleanValue, detail: str) -> Rule:
        return Rule(table, column, name, policies.of(table, column, name), broken, detail)

    accounts = kept["accounts"]
    if "touches" in kept:
        touches = kept["touches"]
        gave_notice = touches.filter(touches.kind == "churn_notice").account_id
        disagrees = accounts.churned != accounts.account_id.isin(gave_notice)
        yield "accounts", accounts, rule("accounts", "churned", "churn_flag_disagrees", disagrees, "touches")
    if "contracts" in kept:
        contracts = kept["contracts"]
        running = contracts.filter(contracts.ended_on.isnull() | (contracts.ended_on >= as_of)).account_id
        churned_but_running = accounts.churned & accounts.account_id.isin(running)
        yield (
            "accounts",
            accounts,
            rule("accounts", "churned", "churned_but_running", churned_but_running, "contracts"),
        )
    if "interviews" in kept and "notes" in kept:
        interviews = kept["interviews"]
        without_notes = interviews.interview_id.notin(kept["notes"].interview_id)
        yield (
            "interviews",
            interviews,
            rule("interviews", "interview_id", "without_notes", without_notes, "notes"),
        )

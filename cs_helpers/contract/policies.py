"""Policies for rows that break a rule: the default of each rule, and the alternatives a company may choose.

`reject` leaves the row out, `warn` keeps it, `stop` takes no snapshot. Where a rule only warns, a value of an
optional column that has the wrong type, is not allowed or is out of range is replaced by null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cs_helpers.contract.findings import Policy
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import did_you_mean

_REJECT: tuple[Policy, ...] = ("reject", "stop")
_ANY: tuple[Policy, ...] = ("warn", "reject", "stop")
_KEEP: tuple[Policy, ...] = ("warn", "stop")
#: a label never removes a row by default
_LABEL: tuple[Policy, ...] = ("warn", "reject", "stop")

#: the rules about a value of one column; where the column is optional, they may warn
VALUE_RULES = ("wrong_type", "not_allowed", "out_of_range")

#: the rule that a row is not kept after its last day
PAST_KEEP_UNTIL = "past_keep_until"

#: rule -> allowed policies, the default first
RULES: Mapping[str, tuple[Policy, ...]] = MappingProxyType(
    {
        "filter_unknown": _KEEP,
        "total_row": ("reject", "warn", "stop"),
        "identical_rows": _ANY,
        "differ_in_case": _KEEP,
        "wrong_type": ("reject", "warn", "stop"),
        "missing_value": _REJECT,
        "not_allowed": ("reject", "warn", "stop"),
        "out_of_range": ("reject", "warn", "stop"),
        "label_unknown": _ANY,
        "duplicate_key": _REJECT,
        "orphan": _REJECT,
        "after_as_of": _REJECT,
        "ends_before_start": _REJECT,
        "mrr_zero": _ANY,
        "never_ran": _ANY,
        "not_a_customer": _REJECT,
        "term_without_end": _REJECT,
        "last_day_contradicted": _KEEP,
        "ended_but_continued": _KEEP,
        "overlapping_contracts": _ANY,
        "without_contract": _ANY,
        "before_contract": _ANY,
        "after_contract": _ANY,
        "answered_before_opened": _ANY,
        "closed_before_opened": _ANY,
        "decided_before_raised": _ANY,
        "released_before_raised": _ANY,
        "released_before_decided": _ANY,
        "status_disagrees": _ANY,
        "told_before_asked": _ANY,
        "deadline_before_handover": _ANY,
        "left_before_joined": _ANY,
        "completed_before_assigned": _ANY,
        "day_ahead": _ANY,
        "other_product": _REJECT,
        "product_without_contracts": _REJECT,
        "churn_flag_disagrees": _KEEP,
        "churned_but_running": _KEEP,
        "without_notes": _KEEP,
        "coded_again": _REJECT,
        "line_unreadable": _REJECT,
        "note_changed": _KEEP,
        # whoever is responsible for the rows decides on the day; here it is only kept to
        PAST_KEEP_UNTIL: _REJECT,
    }
)


@dataclass(frozen=True)
class Policies:
    """The policies that a company declared. declared: `rule`, `table.rule` or `table.column.rule` -> policy."""

    declared: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, table: str, column: str, rule: str) -> Policy:
        """The policy of a rule for a column; the most specific declaration takes precedence."""
        for key in (f"{table}.{column}.{rule}", f"{table}.{rule}", rule):
            policy = self.declared.get(key)
            if policy is not None and policy in allowed(table, column, rule):
                return policy
        return allowed(table, column, rule)[0]


def allowed(table: str, column: str, rule: str) -> tuple[Policy, ...]:
    """The policies allowed for a rule on a column, the default first.

    A row cannot be kept without the value of a required column; an unknown label removes no row by default.
    """
    if rule not in VALUE_RULES:
        return RULES[rule]
    if column in TABLES[table].labels:
        return _LABEL
    return RULES[rule] if TABLES[table].columns[column].nullable else _REJECT


def policy_problem(key: str, policy: str) -> tuple[str, str] | None:
    """Why a declared policy is invalid, and what is allowed; `None` if it is valid."""
    *location, rule = key.split(".")
    if rule not in RULES:
        return f"there is no rule '{rule}'.{did_you_mean(rule, RULES)}".rstrip("."), ", ".join(RULES)
    if location and location[0] not in TABLES:
        return f"the contract has no table '{location[0]}'.{did_you_mean(location[0], TABLES)}".rstrip(
            "."
        ), ", ".join(TABLES)
    if len(location) > 2:
        return "this is not the name of a rule", "rule, table.rule or table.column.rule"
    choices = RULES[rule]
    if len(location) == 2:
        columns = TABLES[location[0]].columns
        if location[1] not in columns:
            return f"the table has no column '{location[1]}'.{did_you_mean(location[1], columns)}".rstrip(
                "."
            ), ", ".join(columns)
        choices = allowed(location[0], location[1], rule)
    if policy not in choices:
        return f"rows that break '{rule}' cannot have the policy '{policy}'", ", ".join(choices)
    return None

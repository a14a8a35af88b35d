"""What becomes of rows that break a rule: the default of each rule, and what a company may say instead.

`reject` leaves the row out, `warn` keeps it, `stop` takes no snapshot. A value of an optional column
that is of the wrong type, not allowed or out of range is left empty where its rule only warns.
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
#: nobody is removed for a label
_LABEL: tuple[Policy, ...] = ("warn", "reject", "stop")

#: the rules over a value of one column; where the column is optional, they may warn
VALUE_RULES = ("wrong_type", "not_allowed", "out_of_range")

#: rule -> what it may do, its default first
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
        "closed_before_opened": _ANY,
        "churn_flag_disagrees": _KEEP,
        "churned_but_running": _KEEP,
        "without_notes": _KEEP,
    }
)


@dataclass(frozen=True)
class Policies:
    """What a company said: `rule`, `table.rule` or `table.column.rule` -> policy."""

    said: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, table: str, column: str, rule: str) -> Policy:
        """The policy of a rule over a column; the most particular word wins."""
        for key in (f"{table}.{column}.{rule}", f"{table}.{rule}", rule):
            said = self.said.get(key)
            if said is not None and said in allowed(table, column, rule):
                return said
        return allowed(table, column, rule)[0]


def allowed(table: str, column: str, rule: str) -> tuple[Policy, ...]:
    """What a rule over a column may do, its default first.

    A required column cannot do without its value; a label that is not known removes no row.
    """
    if rule not in VALUE_RULES:
        return RULES[rule]
    if column in TABLES[table].labels:
        return _LABEL
    return RULES[rule] if TABLES[table].columns[column].nullable else _REJECT


def refused_policy(key: str, policy: str) -> tuple[str, str] | None:
    """Why a line of a company's policies cannot be kept, and what is allowed; `None`: it can."""
    *where, rule = key.split(".")
    if rule not in RULES:
        return f"there is no rule '{rule}'.{did_you_mean(rule, RULES)}".rstrip("."), ", ".join(RULES)
    if where and where[0] not in TABLES:
        return f"the contract has no table '{where[0]}'.{did_you_mean(where[0], TABLES)}".rstrip(
            "."
        ), ", ".join(TABLES)
    if len(where) > 2:
        return "this is not the name of a rule", "rule, table.rule or table.column.rule"
    choice = RULES[rule]
    if len(where) == 2:
        columns = TABLES[where[0]].columns
        if where[1] not in columns:
            return f"the table has no column '{where[1]}'.{did_you_mean(where[1], columns)}".rstrip(
                "."
            ), ", ".join(columns)
        choice = allowed(where[0], where[1], rule)
    if policy not in choice:
        return f"rows that break '{rule}' cannot have the policy '{policy}'", ", ".join(choice)
    return None

"""What leadership may read: each column of the contract and of an analysis says what it tells of.

`public`    nothing that names anybody
`company`   names a customer, or leads to one: its name, and the keys of what belongs to it
`person`    names a person: a CSM, an interviewer, a coder, a user
`told`      was learnt in an interview or an open answer, or is worked out from that

The rule, for every notebook: in leadership's edition what is told never stands beside a company or a
person that has no pseudonym, and our own people have pseudonyms everywhere unless the product file
allows their names. `editions/disclosure.py` applies it to every result, `report/disclosure_gate.py` checks
each page; a column that is not declared is a mistake in both.

This page is the one declaration for the contract's tables (a test holds it against them, column by
column); each analysis declares its own (`declaration.Declaration.discloses`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Disclosure = Literal["public", "company", "person", "told"]

#: an analysis's declaration: column, or `table.column` where one table means something else by it, or
#: `table.*` where its columns are data
Declared = Mapping[str, Disclosure]


def columns(
    *, public: str = "", company: str = "", person: str = "", told: str = ""
) -> dict[str, Disclosure]:
    """A declaration, from the names of the columns of each kind."""
    kinds = dict(zip(get_args(Disclosure), (public, company, person, told), strict=True))
    return {column: kind for kind, names in kinds.items() for column in names.split()}


def declared_of(declared: Declared, table: str, column: str) -> Disclosure | None:
    """What a column of an analysis's table tells of; None where nothing is said of it."""
    for name in (f"{table}.{column}", f"{table}.*", column):
        if name in declared:
            return declared[name]
    return None


#: the tables of the contract
COLUMNS: Mapping[str, Declared] = {
    "accounts": columns(
        public="size industry motivation literacy touch_model churned",
        company="account_id name",
        person="csm",
    ),
    "contracts": columns(
        public="product started_on ended_on ended_how mrr currency",
        company="contract_id account_id",
    ),
    "usage": columns(
        public="product occurred_at event quantity",
        company="account_id usage_id contract_id",
        person="user_id",
    ),
    "milestones": columns(
        public="product step reached_at",
        company="account_id",
        person="user_id",
    ),
    "touches": columns(
        public="product occurred_at touch_model kind content step",
        company="account_id",
        person="csm",
    ),
    "tickets": columns(
        public="product opened_at closed_at kind",
        company="ticket_id account_id",
    ),
    "surveys": columns(
        public="product answered_on nps",
        company="account_id",
        told="comment",
    ),
    "assessments": columns(
        public="product assessed_on measure score",
        company="account_id",
        person="assessed_by",
    ),
    "interviews": columns(
        public="product held_on interviewer_role",
        company="interview_id account_id",
        person="interviewer",
    ),
    "notes": columns(
        public="position",
        company="note_id interview_id",
        told="speaker evidence text",
    ),
    "codings": columns(
        public="coder_role",
        company="note_id",
        person="coder",
        told="viewpoint polarity code why_level reason reason_status",
    ),
    "costs": columns(
        public="month product category amount currency",
    ),
}

#: the columns that name our own people; what a customer's users are called stays in the log
STAFF: Mapping[str, tuple[str, ...]] = {
    table: tuple(c for c, kind in declared.items() if kind == "person" and c != "user_id")
    for table, declared in COLUMNS.items()
}

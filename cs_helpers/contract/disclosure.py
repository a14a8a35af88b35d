"""What leadership may read: the disclosure class of each column.

`public`    identifies nobody
`company`   identifies a customer: its name, and the keys of its records
`person`    identifies a person: a CSM, an interviewer, a coder, a user
`candidate` identifies somebody who applies for a place in the team
`told`      was said in an interview or an open answer, or is derived from that

The rule for every notebook: the leadership edition never shows `told` columns next to a company or a
person without a pseudonym, and members of staff have pseudonyms everywhere unless the product file
allows their names. Candidates are never shown to it, not even by a pseudonym. `editions/disclosure.py` applies it to every result, `report/disclosure_gate.py` checks
each page; both fail for a column without a declaration.

This module declares the columns of the contract's tables (a test compares it with them); each analysis
declares its own columns as `declaration.Declaration.discloses`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Disclosure = Literal["public", "company", "person", "candidate", "told"]

#: the declaration of an analysis: column, or `table.column` where a column means something else in one table, or
#: `table.*` where the column names are data -> disclosure
ColumnDisclosures = Mapping[str, Disclosure]


def columns(
    *, public: str = "", company: str = "", person: str = "", candidate: str = "", told: str = ""
) -> dict[str, Disclosure]:
    """A declaration from the column names of each class, separated by blanks."""
    kinds = dict(zip(get_args(Disclosure), (public, company, person, candidate, told), strict=True))
    return {column: kind for kind, names in kinds.items() for column in names.split()}


def disclosure_of(declared: ColumnDisclosures, table: str, column: str) -> Disclosure | None:
    """The disclosure of a column of an analysis's table; None where it is not declared."""
    for name in (f"{table}.{column}", f"{table}.*", column):
        if name in declared:
            return declared[name]
    return None


#: table of the contract -> column -> disclosure
COLUMNS: Mapping[str, ColumnDisclosures] = {
    "accounts": columns(
        public="size industry motivation literacy touch_model churned",
        company="account_id name",
        person="csm",
    ),
    "contracts": columns(
        public="product started_on ended_on ended_how mrr currency",
        company="contract_id account_id",
    ),
    "handovers": columns(
        public="product handed_over_on from_role deadline",
        company="account_id",
        person="from_person",
        told="problem promised expected_outcome expectation decision_maker stakeholders",
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
        public="product opened_at answered_at closed_at kind",
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
        told="viewpoint polarity code evidence why_level reason reason_status",
    ),
    "requests": columns(
        public="request_id product kind status raised_on decided_on released_on",
        company="link",
        told="title code",
    ),
    "request_accounts": columns(
        public="request_id product asked_on told_on heard_in",
        company="account_id",
    ),
    "costs": columns(
        public="month product category amount currency",
    ),
    "staff": columns(
        public="product role grade joined_on left_on high_performer",
        person="person",
    ),
    "competency_ratings": columns(
        public="product element relation rated_on score",
        person="person rated_by",
    ),
    "training_records": columns(
        public="product training assigned_on completed_on",
        person="person",
    ),
    "candidate_scores": columns(
        public="product question interviewed_on score keep_until",
        person="interviewer",
        candidate="candidate",
    ),
    "principle_assessments": columns(
        public="product principle assessed_on level",
        person="assessed_by",
        told="why",
    ),
}

#: the columns that name members of staff, by table; `user_id` names the users of a customer
STAFF: Mapping[str, tuple[str, ...]] = {
    table: tuple(c for c, kind in declared.items() if kind == "person" and c != "user_id")
    for table, declared in COLUMNS.items()
}

#: the columns that name candidates, by table
CANDIDATES: Mapping[str, tuple[str, ...]] = {
    table: tuple(c for c, kind in declared.items() if kind == "candidate")
    for table, declared in COLUMNS.items()
}

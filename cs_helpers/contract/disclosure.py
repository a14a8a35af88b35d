"""What leadership may read: each column of the contract and of an analysis says what it tells of.

`public`    nothing that names anybody
`company`   names a customer, or leads to one: its name, and the keys of what belongs to it
`person`    names a person: a CSM, an interviewer, a coder, a user
`told`      was learnt in an interview or an open answer, or is worked out from that

The rule, for every notebook: in leadership's edition what is told never stands beside a company or a
person that has no pseudonym, and persons have pseudonyms everywhere unless the product file allows
their names. `analyses/leadership.py` applies it to every result, `report/disclosed.py` checks each
page; a column that says nothing of itself is a mistake in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Disclosure = Literal["public", "company", "person", "told"]

#: an analysis's declaration: column, or `table.column` where one table means something else by it
Declared = Mapping[str, Disclosure]


def declared_of(declared: Declared, table: str, column: str) -> Disclosure | None:
    """What a column of an analysis's table tells of; None where nothing is said of it."""
    return declared.get(f"{table}.{column}", declared.get(column))

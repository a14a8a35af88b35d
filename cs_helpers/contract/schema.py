"""What a table of the contract is, and how its columns are declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandera.pandas as pa

from cs_helpers.contract.disclosure import COLUMNS, Disclosure
from cs_helpers.contract.vocabulary import DTYPES


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    `time` names the column by which a row is dated: rows dated after the snapshot's as-of date
    are refused. `parent` names the table (and its key column) that each row must belong to.
    """

    name: str
    meaning: Mapping[str, str]
    schema: pa.DataFrameSchema
    key: tuple[str, ...]
    required: bool = False
    time: str | None = None
    parent: tuple[str, str] | None = None

    @property
    def columns(self) -> Mapping[str, pa.Column]:
        """The columns, by name, in order."""
        return dict(self.schema.columns)

    def kind(self, column: str) -> str:
        """The contract's type of a column: text, integer, number, date, time or flag."""
        return str(self.columns[column].metadata["kind"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that only sort rows into classes: no row is refused for what stands there."""
        return tuple(n for n, c in self.columns.items() if c.metadata["label"])

    def discloses(self, column: str) -> Disclosure:
        """What a column tells of: public, company, person or told (`disclosure.Disclosure`)."""
        return COLUMNS[self.name][column]

    def required_columns(self) -> tuple[str, ...]:
        """The columns without which the table cannot be read."""
        return tuple(n for n, c in self.columns.items() if c.metadata["mapped"])


def column(
    kind: str,
    en: str,
    ja: str,
    example: str,
    *checks: pa.Check,
    unit: str = "",
    needed: bool = True,
    empty: bool = False,
    label: bool | None = None,
) -> pa.Column:
    """A column of a `kind` of the contract, with what it means in both languages.

    needed: the source must have it. empty: single values may be missing. label: a value that is not known is left
    empty and the row stays; default: of optional columns whose words are given.
    """
    metadata: dict[str, Any] = {
        "kind": kind,
        "en": en,
        "ja": ja,
        "unit": unit,
        "example": example,
        "mapped": needed,
        "label": not needed and any(c.name == "isin" for c in checks) if label is None else label,
    }
    return pa.Column(
        DTYPES[kind], list(checks), nullable=empty or not needed, metadata=metadata, description=en
    )


def one_of(values: tuple[str, ...]) -> pa.Check:
    """A check that a value is one of these."""
    return pa.Check.isin(list(values))


def score() -> pa.Check:
    """A check of a judgement, 1 to 5."""
    return pa.Check.in_range(1, 5)


def not_negative() -> pa.Check:
    """A check that a number is 0 or more."""
    return pa.Check.greater_than_or_equal_to(0)


def table(
    name: str,
    en: str,
    ja: str,
    columns: dict[str, pa.Column],
    *,
    key: tuple[str, ...],
    required: bool = False,
    time: str | None = None,
    parent: tuple[str, str] | None = ("accounts", "account_id"),
) -> Table:
    """A table of the contract; nearly all belong to an account."""
    schema = pa.DataFrameSchema(columns, name=name, strict=True, description=en)
    return Table(name, {"en": en, "ja": ja}, schema, key, required, time, parent)


def account() -> pa.Column:
    """The column that leads to the customer."""
    return column("text", "the customer", "顧客", "A-0001")


def product() -> pa.Column:
    """The column that names the product."""
    return column("text", "the product", "製品", "paper_to_web")

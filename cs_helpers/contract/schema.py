"""The class of the contract's tables, and functions that declare their columns."""

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

    time: the column that dates a row; rows dated after the snapshot's as-of date are refused. parent: the
    table, and its key column, that each row must refer to. refers_to: further tables, with their key columns, that it must
    refer to. keep_until: the column with the last day on which a row may be kept: a row whose day is over is refused, and
    of any refused row of such a table only its number is kept.
    """

    name: str
    meaning: Mapping[str, str]
    schema: pa.DataFrameSchema
    key: tuple[str, ...]
    required: bool = False
    time: str | None = None
    parent: tuple[str, str] | None = None
    refers_to: tuple[tuple[str, str], ...] = ()
    keep_until: str | None = None

    @property
    def parents(self) -> tuple[tuple[str, str], ...]:
        """All tables, with their key columns, that each row must refer to."""
        return (*((self.parent,) if self.parent else ()), *self.refers_to)

    @property
    def columns(self) -> Mapping[str, pa.Column]:
        """The columns, by name, in order."""
        return dict(self.schema.columns)

    @property
    def named_by(self) -> tuple[str, ...]:
        """The columns by which messages name a row: its key, else its account, else what it is about (a person, a principle)."""
        about = next(c for c in self.columns if c != "product")
        return self.key or (("account_id",) if "account_id" in self.columns else (about,))

    def kind(self, column: str) -> str:
        """The contract's type of a column: text, integer, number, date, time or flag."""
        return str(self.columns[column].metadata["kind"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that only classify rows: an unknown value there never refuses a row."""
        return tuple(n for n, c in self.columns.items() if c.metadata["label"])

    def discloses(self, column: str) -> Disclosure:
        """What a column discloses: public, company, person, candidate or told (`disclosure.Disclosure`)."""
        return COLUMNS[self.name][column]

    def required_columns(self) -> tuple[str, ...]:
        """The columns that the source must have."""
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
    """A column of the contract's type `kind`, with its meaning in both languages.

    needed: the source must have it. empty: single values may be missing. label: an unknown value is replaced by null
    and the row is kept; default: true for optional columns with an enumeration.
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
    """A check that a value is one of `values`."""
    return pa.Check.isin(list(values))


def score() -> pa.Check:
    """A check that a score is from 1 to 5."""
    return pa.Check.in_range(1, 5)


def not_negative() -> pa.Check:
    """A check that a number is not negative."""
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
    refers_to: tuple[tuple[str, str], ...] = (),
    keep_until: str | None = None,
) -> Table:
    """A table of the contract; by default its rows belong to an account."""
    schema = pa.DataFrameSchema(columns, name=name, strict=True, description=en)
    return Table(name, {"en": en, "ja": ja}, schema, key, required, time, parent, refers_to, keep_until)


def account() -> pa.Column:
    """The column `account_id`, which refers to the customer."""
    return column("text", "the customer", "顧客", "A-0001")


def product() -> pa.Column:
    """The column `product`, which names the product."""
    return column("text", "the product", "製品", "paper_to_web")

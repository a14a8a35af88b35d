"""What is exchanged: the interviews of a product, their notes, and what coders made of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.vocabulary import DTYPES
from cs_helpers.snapshot import ProductData

NAMES = ("accounts", "interviews", "notes", "codings")
#: the columns of a reading that stand beside its viewpoint and theme
ATTRIBUTES = ("polarity", "why_level", "reason", "reason_status")


@dataclass(frozen=True)
class Material:
    """Four tables of the contract, with its columns and types.

    `accounts` are the companies that were interviewed, and no others.
    """

    accounts: pd.DataFrame
    interviews: pd.DataFrame
    notes: pd.DataFrame
    codings: pd.DataFrame

    @classmethod
    def of(cls, data: ProductData) -> Material:
        """The material of one product."""
        accounts = data["accounts"]
        heard = accounts["account_id"].isin(set(data["interviews"]["account_id"]))
        tables = {name: data[name] for name in NAMES} | {"accounts": accounts[heard]}
        return cls(**{name: sorted_rows(name, table) for name, table in tables.items()})

    def of_coder(self, coder: str, role: str | None = None) -> Material:
        """The same with the readings of one coder; with a role, those of that role and of none."""
        codings = self.codings
        own = codings["coder"] == coder
        if role is not None:
            own &= codings["coder_role"].isna() | (codings["coder_role"] == role)
        return replace(self, codings=codings[own].reset_index(drop=True))


def frame(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as the contract's table of that name; what a row does not say is missing."""
    table = TABLES[name]
    said = list(rows)
    return pd.DataFrame(
        {c: pd.Series([row.get(c) for row in said], dtype=DTYPES[table.kind(c)]) for c in table.columns}
    )


def sorted_rows(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The rows in an order that does not depend on the one they came in."""
    keys = {
        "accounts": ["account_id"],
        "interviews": ["held_on", "interview_id"],
        "notes": ["interview_id", "position", "note_id"],
        "codings": ["note_id", "coder", "coder_role", "viewpoint", "code"],
    }[name]
    return table.sort_values(keys, na_position="last", kind="stable", ignore_index=True)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries, with `None` where a value is missing."""
    columns = [[None if pd.isna(v) else v for v in table[c].tolist()] for c in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def write_csv(table: pd.DataFrame, file: Path) -> None:
    """A table as CSV that the intake reads back as it was: every cell quoted, nothing for what is missing."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([_cell(value) for value in row.values()] for row in records(table))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return str(value).lower() if isinstance(value, bool) else str(value)

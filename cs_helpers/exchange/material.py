"""The tables that are exchanged: interviews of a product, their notes, and the codings of these."""

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
#: the columns of a reading besides its viewpoint and theme
ATTRIBUTES = ("polarity", "why_level", "reason", "reason_status")


@dataclass(frozen=True)
class Material:
    """Four tables with the columns and types of the contract; `accounts` holds interviewed companies only."""

    accounts: pd.DataFrame
    interviews: pd.DataFrame
    notes: pd.DataFrame
    codings: pd.DataFrame

    @classmethod
    def of(cls, data: ProductData) -> Material:
        """The material of one product."""
        accounts = data["accounts"]
        is_interviewed = accounts["account_id"].isin(set(data["interviews"]["account_id"]))
        tables = {name: data[name] for name in NAMES} | {"accounts": accounts[is_interviewed]}
        return cls(**{name: sorted_rows(name, table) for name, table in tables.items()})

    def of_coder(self, coder: str, role: str | None = None) -> Material:
        """The same with the readings of one coder; with `role`, only those with that role or without one."""
        codings = self.codings
        is_selected = codings["coder"] == coder
        if role is not None:
            is_selected &= codings["coder_role"].isna() | (codings["coder_role"] == role)
        return replace(self, codings=codings[is_selected].reset_index(drop=True))


def contract_frame(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as the contract's table `name`; values that a row does not have are missing."""
    table = TABLES[name]
    records = list(rows)
    return pd.DataFrame(
        {c: pd.Series([row.get(c) for row in records], dtype=DTYPES[table.kind(c)]) for c in table.columns}
    )


def sorted_rows(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table `name`, sorted by its keys."""
    keys = {
        "accounts": ["account_id"],
        "interviews": ["held_on", "interview_id"],
        "notes": ["interview_id", "position", "note_id"],
        "codings": ["note_id", "coder", "coder_role", "viewpoint", "code"],
    }[name]
    return table.sort_values(keys, na_position="last", kind="stable", ignore_index=True)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries, with `None` for missing values."""
    columns = [[None if pd.isna(v) else v for v in table[c].tolist()] for c in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def write_csv(table: pd.DataFrame, file: Path) -> None:
    """Write a table as CSV that the intake reads back unchanged: every cell quoted, missing values empty."""
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

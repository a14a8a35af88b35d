"""The sources file: which file or query holds each table, and how its columns are named.

as_of: 2026-09-30                 # default: the latest dated row
folder: exports                   # where the files lie, relative to this file
files: {crm: customers.csv, log: events.parquet}
tables:
accounts:
from: crm
where: "status <> 'test'"
columns:
name: company_name          # the source's own column
size: {sql: "case when seats >= 100 then 'enterprise' else 'small' end"}
touch_model: {constant: low}
industry: {column: branch, values: {R: retail, L: logistics}}
usage:
sql: select l.*, c.account_id from log l join crm c using (crm_key)
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cs_helpers.contract.products import read_yaml, setting_error
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SettingError, did_you_mean
from cs_helpers.paths import shown


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSource(_Part):
    """Where a column comes from: a column of the source, one value for all, or an expression."""

    column: str | None = None
    constant: str | int | float | bool | date | None = None
    sql: str | None = None
    values: dict[str, str | int | float | bool | None] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone_is_a_column(cls, said: Any) -> Any:
        return {"column": said} if isinstance(said, str) else said

    @field_validator("values", mode="before")
    @classmethod
    def _keys_as_the_engine_writes_them(cls, values: Any) -> Any:
        # YAML reads 1 and yes as a number and a truth value; the engine compares them as text
        return {_text(k): v for k, v in values.items()} if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _exactly_one(self) -> ColumnSource:
        if sum(x is not None for x in (self.column, self.constant, self.sql)) != 1:
            raise ValueError("needs exactly one of 'column', 'constant', 'sql'")
        return self


def _text(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


class TableSource(_Part):
    """Where a table comes from: one of the files, or a query over them."""

    from_: str | None = Field(None, alias="from")
    sql: str | None = None
    where: str | None = None
    columns: dict[str, ColumnSource] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _exactly_one(self) -> TableSource:
        if (self.from_ is None) == (self.sql is None):
            raise ValueError("needs exactly one of 'from', 'sql'")
        return self

    def column(self, name: str) -> ColumnSource | None:
        """What the mapping says of a column of the contract, `None` when it says nothing."""
        return self.columns.get(name)


class Sources(_Part):
    """A sources file, checked."""

    as_of: date | None = None
    folder: str = "."
    files: dict[str, str] = Field(min_length=1)
    tables: dict[str, TableSource]


def load_sources(file: Path) -> Sources:
    """The sources that a file describes; raises `SettingError` (file, key, what is allowed)."""
    shown_file = Path(shown(file))
    if not file.exists():
        raise SettingError(
            shown_file,
            "there is no such sources file; copy data/sources.example.yml and change it to your tables",
        )
    content = read_yaml(shown_file)
    if not isinstance(content, dict):
        raise SettingError(shown_file, "a sources file is a list of keys with values")
    try:
        sources = Sources.model_validate(content)
    except ValidationError as error:
        raise setting_error(shown_file, error, Sources) from None
    _check_names(shown_file, sources)
    return sources


def _check_names(file: Path, sources: Sources) -> None:
    for name, table in sources.tables.items():
        if name not in TABLES:
            raise SettingError(
                file,
                f"the contract has no such table.{did_you_mean(name, TABLES)}".rstrip("."),
                key=f"tables.{name}",
                allowed=", ".join(TABLES),
            )
        if table.from_ is not None and table.from_ not in sources.files:
            raise SettingError(
                file,
                f"'{table.from_}' is not one of the files.{did_you_mean(table.from_, sources.files)}".rstrip(
                    "."
                ),
                key=f"tables.{name}.from",
                allowed=", ".join(sources.files),
            )
        columns = TABLES[name].columns
        for column in table.columns:
            if column not in columns:
                raise SettingError(
                    file,
                    f"the table has no such column.{did_you_mean(column, columns)}".rstrip("."),
                    key=f"tables.{name}.columns.{column}",
                    allowed=", ".join(columns),
                )
    missing: list[Any] = [n for n, t in TABLES.items() if t.required and n not in sources.tables]
    if missing:
        raise SettingError(file, f"the table '{missing[0]}' is required and not mapped", key="tables")

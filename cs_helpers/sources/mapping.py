"""The sources file: where each table is read, and how its columns are named.

    as_of: 2026-09-30                 # default: the latest dated row
    timezone: Asia/Tokyo              # days are counted in it; default: times stay as they are written
    folder: exports                   # where the files lie, relative to this file
    files:
      crm: customers.csv              # CSV, Excel, Parquet; a pattern or a folder of Parquet files
      old: {path: kokyaku.csv, encoding: cp932}
      book: {path: plan.xlsx, sheet: 顧客, header_row: 3}
      log: {path: "s3://bucket/log/*.parquet", options: {key: "${AWS_KEY}", secret: "${AWS_SECRET}"}}
    databases:
      warehouse: "postgres://reader:${PGPASSWORD}@db.example.com/cs"
    policies: {usage.before_contract: reject, mrr_zero: stop}
    tables:
      accounts:
        from: crm
        where: "status is distinct from 'test'"
        columns:
          name: company_name          # the source's own column
          size: {sql: "case when seats >= 100 then 'enterprise' else 'small' end"}
          touch_model: {constant: low}
          industry: {column: branch, values: {R: retail, L: logistics}}
          account_id: {column: id, normalize: [trim, zeros]}   # ' 007' and 7 are one key
      surveys:
        from: crm
        duplicates: keep              # or drop: what rows are that repeat another in every column
      contracts:
        from: old
        columns:
          started_on: {column: 開始日, format: "%d/%m/%Y"}
          ended_on: {column: 終了日, means: last_day} # or day_after: the first day without the contract
          ended_how: {constant: term}   # or notice, cancelled, or the column that tells
      usage:
        in: warehouse
        sql: select l.*, c.account_id from log l join crm c using (crm_key)
        timezone: UTC                 # what its times are written in

Secrets stand in no file: `${NAME}` is read from the environment.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cs_helpers.contract.findings import Policy
from cs_helpers.contract.normal import Form
from cs_helpers.contract.policies import refused_policy
from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SettingError, did_you_mean
from cs_helpers.paths import shown

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSource(_Part):
    """Where a column comes from: a column of the source, one value for all, or an expression.

    `format` says how dates are written in text, as in `%d/%m/%Y`. `means`, for the end of a contract alone:
    whether the date is its last day or the day after. `normalize` brings a key or another text to a form in which
    it is compared (`contract.normal`).
    """

    column: str | None = None
    constant: str | int | float | bool | date | None = None
    sql: str | None = None
    values: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    format: str | None = None
    means: Literal["last_day", "day_after"] | None = None
    normalize: tuple[Form, ...] = ()

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


class FileSource(_Part):
    """A file: where it lies and what it does not say of itself."""

    path: str = Field(min_length=1)
    encoding: str | None = None
    sheet: str | int | None = None
    header_row: int = Field(default=1, ge=1)
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _path_alone_is_a_file(cls, said: Any) -> Any:
        return {"path": said} if isinstance(said, str) else said


class TableSource(_Part):
    """Where a table comes from: a file or a query over files, or one in a database.

    `where` leaves out the rows for which it is false. `duplicates` says what rows are that repeat another in every
    column, where the table has no key: `drop` leaves them out, `keep` counts each.
    """

    in_: str | None = Field(None, alias="in")
    from_: str | None = Field(None, alias="from")
    sql: str | None = None
    where: str | None = None
    timezone: str | None = None
    duplicates: Literal["keep", "drop"] | None = None
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
    timezone: str | None = None
    memory: str = "2GB"
    folder: str = "."
    files: dict[str, FileSource] = Field(default_factory=dict)
    databases: dict[str, str] = Field(default_factory=dict)
    policies: dict[str, Policy] = Field(default_factory=dict)
    tables: dict[str, TableSource]

    @field_validator("memory")
    @classmethod
    def _amount(cls, memory: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?[MGT]i?B", memory):
            raise ValueError("needs an amount of memory, as in 2GB")
        return memory

    def variables(self) -> tuple[str, ...]:
        """The environment variables that the file names."""
        texts = [*self.databases.values(), *(str(v) for f in self.files.values() for v in f.options.values())]
        return tuple(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))


def filled(text: str, key: str) -> str:
    """`text` with `${NAME}` from the environment; raises `SettingError` where a name is not set."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise SettingError(
                "the sources file",
                f"the environment variable {found[1]} is not set; export it first",
                key=key,
            )
        return os.environ[found[1]]

    return _VARIABLE.sub(value, text)


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
    if not sources.files and not sources.databases:
        raise SettingError(file, "name the files, the databases or both that the tables lie in", key="files")
    _check_secrets(file, sources)
    for key, policy in sources.policies.items():
        if refused := refused_policy(key, policy):
            raise SettingError(file, refused[0], key=f"policies.{key}", allowed=refused[1])
    _check_timezone(file, "timezone", sources.timezone)
    for name, table in sources.tables.items():
        _known(file, f"tables.{name}", name, TABLES, "the contract has no such table")
        _check_timezone(file, f"tables.{name}.timezone", table.timezone)
        if table.in_ is not None:
            _known(
                file, f"tables.{name}.in", table.in_, sources.databases,
                f"'{table.in_}' is not one of the databases",
            )  # fmt: skip
        elif table.from_ is not None:
            _known(
                file, f"tables.{name}.from", table.from_, sources.files,
                f"'{table.from_}' is not one of the files",
            )  # fmt: skip
        if table.duplicates is not None and (
            TABLES[name].key and (name != "usage" or "usage_id" in table.columns)
        ):
            raise SettingError(
                file,
                f"duplicates is for tables without a key; of rows that share {' and '.join(TABLES[name].key)} the first"
                " is kept (the rule duplicate_key)",
                key=f"tables.{name}.duplicates",
            )
        columns = TABLES[name].columns
        for column, said in table.columns.items():
            key = f"tables.{name}.columns.{column}"
            _known(file, key, column, columns, "the table has no such column")
            if said.format is not None and table.in_ is not None:
                raise SettingError(
                    file, "a format is for text in files; in a database write an sql expression", key=key
                )
            if said.format is not None and TABLES[name].kind(column) not in ("date", "time"):
                raise SettingError(file, "a format is for dates and times", key=key)
            if said.normalize and TABLES[name].kind(column) != "text":
                raise SettingError(file, "normalize is for keys and other texts", key=key)
            if said.means is not None and (name, column) != ("contracts", "ended_on"):
                raise SettingError(file, "means is for the end of a contract, contracts.ended_on", key=key)
    missing: list[Any] = [n for n, t in TABLES.items() if t.required and n not in sources.tables]
    if missing:
        raise SettingError(file, f"the table '{missing[0]}' is required and not mapped", key="tables")


def _known(file: Path, key: str, name: str, allowed: Any, problem: str) -> None:
    if name not in allowed:
        raise SettingError(
            file,
            f"{problem}.{did_you_mean(name, allowed)}".rstrip("."),
            key=key,
            allowed=", ".join(allowed),
        )


def _check_timezone(file: Path, key: str, name: str | None) -> None:
    if name is not None and name not in available_timezones():
        hint = did_you_mean(name, available_timezones())
        raise SettingError(
            file,
            f"there is no time zone '{name}'.{hint}".rstrip("."),
            key=key,
            allowed="names as in Asia/Tokyo",
        )


def _check_secrets(file: Path, sources: Sources) -> None:
    """A password in the file would go where the file goes."""
    for name, url in sources.databases.items():
        if url.startswith(("spark:", "pyspark:")):  # local[2] is no host
            continue
        try:
            parts = urlsplit(url)
            written = parts.password or next(
                (value for word, value in parse_qsl(parts.query) if _SECRET.search(word)), None
            )
        except ValueError:
            raise SettingError(file, "this is not the URL of a database", key=f"databases.{name}") from None
        if written and not _VARIABLE.search(written):
            raise SettingError(
                file,
                "a password is written here; write ${NAME} and set NAME in the environment",
                key=f"databases.{name}",
            )
    for name, source in sources.files.items():
        for word, value in source.options.items():
            if _SECRET.search(word) and isinstance(value, str) and not _VARIABLE.search(value):
                raise SettingError(
                    file,
                    "a secret is written here; write ${NAME} and set NAME in the environment",
                    key=f"files.{name}.options.{word}",
                )

"""The models of the sources file: where each table is read from, and how its columns are mapped.

    as_of: 2026-09-30                 # default: the latest dated row
    timezone: Asia/Tokyo              # days are counted in it; default: times stay as they are written
    folder: exports                   # where the files lie, relative to this file
    files:
      crm: customers.csv              # CSV, Excel, Parquet; a pattern or a folder of Parquet files
      old: {path: kokyaku.csv, encoding: cp932}
      book: {path: plan.xlsx, sheet: 顧客, header_row: 3, header_rows: 2}  # .xls, .xlsb and .ods, too
      tabs: {path: export.zip, member: tickets.txt, delimiter: ";"}
      events: mixpanel.jsonl          # JSON, and JSON lines
      log: {path: "s3://bucket/log/*.parquet", options: {key: "${AWS_KEY}", secret: "${AWS_SECRET}"}}
    combined:                         # files of different layouts as one, which tables name like a file
      answers:
        - {from: survey_2025, columns: {who: Respondent, stage: column 24, year: {constant: 2025}}}
        - {from: survey_2026, columns: {who: ID, stage: Stage, year: {constant: 2026}}}
    databases:
      warehouse: "postgres://reader:${PGPASSWORD}@db.example.com/cs"
    sizes: [SMB, Mid-Market, Enterprise]  # own classes of company size, smallest first; with names per
                                          # language: {smb: {en: SMB, ja: 中小}, ent: {en: Enterprise, ja: 大手}}
    refused_at_most: {rows: 0.2, mrr: 0.05}  # no snapshot where a larger share is left out; default: no limit
    policies: {usage.before_contract: reject, mrr_zero: stop}
    tables:
      accounts:
        from: crm
        where: "status is distinct from 'test'"
        columns:
          name: company_name          # the source's own column
          size: {sql: "case when seats >= 100 then 'enterprise' else 'small' end"}
          # or by a number: size: {column: employees, bounds: {SMB: 1, Mid-Market: 50, Enterprise: 300}}
          touch_model: {constant: low}
          industry: {column: branch, values: {R: retail, L: logistics}}
          account_id: {column: id, normalize: [trim, zeros]}   # ' 007' and 7 are one key
      surveys:
        from: crm
        duplicates: keep              # or drop: what rows are that repeat another in every column
      contracts:
        from: old
        columns:
          started_on: {column: 開始日, format: "%d/%m/%Y"} # or era, excel, epoch, epoch_ms
          mrr: {column: 月額, number: "120千円"} # an example of how its numbers are written
          ended_on: {column: 終了日, means: last_day} # or day_after: the first day without the contract
          ended_how: {constant: term}   # or notice, cancelled, or the column that tells
      usage:
        in: warehouse
        sql: select l.*, c.account_id from log l join crm c using (crm_key)
        timezone: UTC                 # what its times are written in

Secrets are not written into the file: `${NAME}` is read from the environment.
"""

from __future__ import annotations

import os
import re
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cs_helpers.contract.findings import Policy
from cs_helpers.contract.labels import DEFAULT_SIZES, SizeClass, read_sizes
from cs_helpers.contract.normal import Form
from cs_helpers.errors import SettingError

VARIABLE = re.compile(r"\$\{(\w+)\}")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSource(_Model):
    """The source of a column: a column of the source, a constant for all rows, or an SQL expression.

    column: its name, or `column 24` for the 24th one where none has that name.
    format: of dates in text, as in `%d/%m/%Y`, or a word: `era` (令和8年4月1日, R8.4.1), `excel` (serial numbers of
    days), `epoch` and `epoch_ms` (seconds and milliseconds since 1970 in UTC). number: an example of the format of
    numbers, as in `1.234,5` or `120千円`. means: for the end of a contract, whether it is the last day or the day after.
    bounds: for the size of a company, the lower bound of each class in a column of numbers (of employees, for example).
    normalize: the normal forms in which a key or text is compared (`contract.normal`).
    """

    column: str | None = None
    constant: str | int | float | bool | date | None = None
    sql: str | None = None
    values: dict[str | bool, str | int | float | bool | None] = Field(default_factory=dict)
    format: str | None = None
    number: str | None = None
    means: Literal["last_day", "day_after"] | None = None
    bounds: dict[str, float] = Field(default_factory=dict)
    normalize: tuple[Form, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _expand_column_name(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @field_validator("values", mode="before")
    @classmethod
    def _keys_to_text(cls, values: Any) -> Any:
        # values are compared as text, but YAML reads 1 as a number; yes, True and ON all become one boolean key
        if not isinstance(values, dict):
            return values
        return {k if isinstance(k, bool) else str(k): v for k, v in values.items()}

    @field_validator("number", mode="before")
    @classmethod
    def _number_to_text(cls, number: Any) -> Any:
        return str(number) if isinstance(number, int | float) and not isinstance(number, bool) else number

    @model_validator(mode="after")
    def _exactly_one(self) -> ColumnSource:
        if sum(x is not None for x in (self.column, self.constant, self.sql)) != 1:
            raise ValueError("needs exactly one of 'column', 'constant', 'sql'")
        return self


class FileSource(_Model):
    """A file and its layout.

    encoding, delimiter, quote ('' for a file without quoting), escape (the character before a quote within quotes): of
    a text file. sheet: name or index (from 0) of a sheet. header_row: line of the column names, from 1; header_rows:
    number of header lines. member: file within a zip archive. options: of a remote file system.
    """

    path: str = Field(min_length=1)
    encoding: str | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    quote: str | None = Field(None, max_length=1)
    escape: str | None = Field(None, min_length=1, max_length=1)
    sheet: str | int | None = None
    header_row: int = Field(default=1, ge=1)
    header_rows: int = Field(default=1, ge=1, le=5)
    member: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _expand_path(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class TableSource(_Model):
    """The source of a table: a file or a query over files, or a table or query in a database.

    where: a filter that excludes the rows where it is false. duplicates: for a table without a key, whether to `drop`
    rows identical to an earlier one or to `keep` each.
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
        """The mapping of a column of the contract, `None` without one."""
        return self.columns.get(name)


class CombinedPart(_Model):
    """A file of several that are read as one: its rows under the names of columns that all of them share.

    It has no filter: rows that a table leaves out are counted with the table.
    """

    from_: str = Field(alias="from")
    columns: dict[str, ColumnSource] = Field(min_length=1)

    @field_validator("columns")
    @classmethod
    def _without_meanings(cls, columns: dict[str, ColumnSource]) -> dict[str, ColumnSource]:
        if any(c.means or c.bounds or c.normalize for c in columns.values()):
            raise ValueError(
                "'means', 'bounds' and 'normalize' belong to the columns of the table, in 'tables'"
            )
        return columns


class RefusedAtMost(_Model):
    """The largest shares that may be refused, of the rows of each table and the MRR of each product; None: no limit."""

    rows: float | None = Field(default=None, ge=0, le=1)
    mrr: float | None = Field(default=None, ge=0, le=1)


class Sources(_Model):
    """A validated sources file."""

    as_of: date | None = None
    timezone: str | None = None
    memory: str = "2GB"
    folder: str = "."
    files: dict[str, FileSource] = Field(default_factory=dict)
    combined: dict[str, tuple[CombinedPart, ...]] = Field(default_factory=dict)
    databases: dict[str, str] = Field(default_factory=dict)
    policies: dict[str, Policy] = Field(default_factory=dict)
    sizes: tuple[SizeClass, ...] = DEFAULT_SIZES
    refused_at_most: RefusedAtMost = RefusedAtMost()
    tables: dict[str, TableSource]

    @field_validator("combined")
    @classmethod
    def _same_case(cls, combined: dict[str, tuple[CombinedPart, ...]]) -> dict[str, tuple[CombinedPart, ...]]:
        for parts in combined.values():
            names: dict[str, str] = {}
            for name in (name for part in parts for name in part.columns):
                first = names.setdefault(name.casefold(), name)
                if first != name:
                    raise ValueError(
                        f"'{first}' and '{name}' are one column; write its name alike in all parts"
                    )
        return combined

    @field_validator("memory")
    @classmethod
    def _check_memory(cls, memory: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?[MGT]i?B", memory):
            raise ValueError("needs an amount of memory, as in 2GB")
        return memory

    @field_validator("sizes", mode="before")
    @classmethod
    def _read_sizes(cls, value: Any) -> tuple[SizeClass, ...]:
        return read_sizes(value)

    def variables(self) -> tuple[str, ...]:
        """The environment variables that the file refers to."""
        texts = [*self.databases.values(), *(str(v) for f in self.files.values() for v in f.options.values())]
        return tuple(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))


def expand_variables(text: str, key: str) -> str:
    """Replace `${NAME}` in a text by the environment variable; raises `SettingError` where it is not set."""

    def replacement(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise SettingError(
                "the sources file",
                f"the environment variable {match[1]} is not set; export it first",
                key=key,
            )
        return os.environ[match[1]]

    return VARIABLE.sub(replacement, text)

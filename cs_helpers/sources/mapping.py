"""The sources file: where each table is read, and how its columns are named.

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

Secrets stand in no file: `${NAME}` is read from the environment.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cs_helpers.contract.findings import Policy
from cs_helpers.contract.labels import DEFAULT_SIZES, SizeClass, read_sizes
from cs_helpers.contract.normal import Form
from cs_helpers.contract.policies import policy_problem
from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.contract.tables import ACCOUNT_TABLES, TABLES
from cs_helpers.errors import SettingError, did_you_mean
from cs_helpers.paths import display_path
from cs_helpers.sources.written import ALLOWED, WORDS, NumberForm, wrong_format

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSource(_Part):
    """Where a column comes from: a column of the source, one value for all, or an expression.

    `format` says how dates are written in text, as in `%d/%m/%Y`, or by a word: `era` (令和8年4月1日, R8.4.1), `excel`
    (serial numbers of days), `epoch` and `epoch_ms` (seconds and milliseconds since 1970 in UTC). `number` is an
    example of how numbers are written, as in `1.234,5` or `120千円`. `means`, for the end of a contract alone: whether
    the date is its last day or the day after. `bounds`, for the size of a company alone: the least number of each
    class, where the column holds a number (of employees, say). `normalize` brings a key or another text to a form in
    which it is compared (`contract.normal`).
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
    def _name_alone_is_a_column(cls, said: Any) -> Any:
        return {"column": said} if isinstance(said, str) else said

    @field_validator("values", mode="before")
    @classmethod
    def _keys_as_they_are_written(cls, values: Any) -> Any:
        # YAML reads 1 as a number, which is compared as text; which of yes, True and ON was written, it does not tell
        if not isinstance(values, dict):
            return values
        return {k if isinstance(k, bool) else str(k): v for k, v in values.items()}

    @field_validator("number", mode="before")
    @classmethod
    def _example_as_text(cls, number: Any) -> Any:
        return str(number) if isinstance(number, int | float) and not isinstance(number, bool) else number

    @model_validator(mode="after")
    def _exactly_one(self) -> ColumnSource:
        if sum(x is not None for x in (self.column, self.constant, self.sql)) != 1:
            raise ValueError("needs exactly one of 'column', 'constant', 'sql'")
        return self


class FileSource(_Part):
    """A file: where it lies and what it does not say of itself.

    delimiter, quote ('' where quotes are letters like others), escape (what stands before a quote within quotes): of
    text. sheet: of a workbook. header_row: the line of the names; header_rows: how many lines they take. member:
    the file within a zip archive.
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


class RefusedAtMost(_Part):
    """The shares that may be left out: of the rows of each table, and of the MRR of each product; None: any."""

    rows: float | None = Field(default=None, ge=0, le=1)
    mrr: float | None = Field(default=None, ge=0, le=1)


class Sources(_Part):
    """A sources file, checked."""

    as_of: date | None = None
    timezone: str | None = None
    memory: str = "2GB"
    folder: str = "."
    files: dict[str, FileSource] = Field(default_factory=dict)
    databases: dict[str, str] = Field(default_factory=dict)
    policies: dict[str, Policy] = Field(default_factory=dict)
    sizes: tuple[SizeClass, ...] = DEFAULT_SIZES
    refused_at_most: RefusedAtMost = RefusedAtMost()
    tables: dict[str, TableSource]

    @field_validator("memory")
    @classmethod
    def _amount(cls, memory: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?[MGT]i?B", memory):
            raise ValueError("needs an amount of memory, as in 2GB")
        return memory

    @field_validator("sizes", mode="before")
    @classmethod
    def _classes(cls, said: Any) -> tuple[SizeClass, ...]:
        return read_sizes(said)

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
    shown_file = Path(display_path(file))
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
        if refused := policy_problem(key, policy):
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
            _check_written(file, key, said, TABLES[name].kind(column), in_file=table.in_ is None)
            if said.normalize and TABLES[name].kind(column) != "text":
                raise SettingError(file, "normalize is for keys and other texts", key=key)
            if said.means is not None and (name, column) != ("contracts", "ended_on"):
                raise SettingError(file, "means is for the end of a contract, contracts.ended_on", key=key)
            if said.bounds:
                _check_bounds(file, key, (name, column), said, sources.sizes)
    missing: list[Any] = [n for n, t in TABLES.items() if t.required and n not in sources.tables]
    if missing:
        raise SettingError(file, f"the table '{missing[0]}' is required and not mapped", key="tables")
    if not set(ACCOUNT_TABLES).intersection(sources.tables):
        raise SettingError(
            file,
            "nothing tells of any product: map one more table that says what the accounts did with it, or their contracts",
            key="tables",
            allowed=", ".join(ACCOUNT_TABLES),
        )


def _check_written(file: Path, key: str, said: ColumnSource, kind: str, *, in_file: bool) -> None:
    """What is said of how dates and numbers are written."""
    for name, value, kinds, what in (
        ("format", said.format, ("date", "time"), "dates and times"),
        ("number", said.number, ("number", "integer"), "numbers"),
    ):
        if value is not None and not in_file:
            raise SettingError(
                file, f"a {name} is for text in files; in a database write an sql expression", key=key
            )
        if value is not None and kind not in kinds:
            raise SettingError(file, f"a {name} is for {what}", key=key)
    if said.format is not None and (wrong := wrong_format(said.format)):
        allowed = f"a format such as %d/%m/%Y, or {', '.join(WORDS)}"
        raise SettingError(file, wrong, key=f"{key}.format", allowed=allowed)
    if said.number is not None:
        try:
            NumberForm.of(said.number)
        except ValueError as error:
            raise SettingError(file, str(error), key=f"{key}.number", allowed=ALLOWED) from None


def _check_bounds(
    file: Path, key: str, of: tuple[str, str], said: ColumnSource, sizes: Sequence[SizeClass]
) -> None:
    """Each class has its least number, and the larger class the larger one."""
    if of != ("accounts", "size"):
        raise SettingError(file, "bounds are for the size of a company, accounts.size", key=key)
    if said.constant is not None:
        raise SettingError(file, "bounds are for a column or an sql expression that gives a number", key=key)
    order = [each.size for each in sizes]
    for size in said.bounds:
        _known(file, f"{key}.bounds", size, order, f"'{size}' is not one of the sizes")
    named = [size for size in order if size in said.bounds]
    least = [said.bounds[size] for size in named]
    if not all(math.isfinite(n) for n in least) or any(b <= a for a, b in pairwise(least)):
        raise SettingError(
            file,
            f"the least number of each class must be larger than that of the one before: {', '.join(named)}"
            " is their order, smallest first",
            key=f"{key}.bounds",
        )


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

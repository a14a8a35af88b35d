"""Loads a sources file and checks it against the contract: tables, columns, formats, time zones, secrets."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import available_timezones

from pydantic import ValidationError

from cs_helpers.contract.labels import SizeClass
from cs_helpers.contract.policies import policy_problem
from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.contract.tables import ACCOUNT_TABLES, TABLES
from cs_helpers.errors import SettingError, did_you_mean
from cs_helpers.paths import display_path
from cs_helpers.sources.mapping import VARIABLE, ColumnSource, Sources
from cs_helpers.sources.written import EXAMPLES_HINT, FORMAT_WORDS, NumberForm, format_problem

_SECRET = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)


def load_sources(file: Path) -> Sources:
    """Load and check a sources file; raises `SettingError` with file, key and allowed values."""
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
    _check_combined(file, sources)
    for name, table in sources.tables.items():
        _check_choice(file, f"tables.{name}", name, TABLES, "the contract has no such table")
        _check_timezone(file, f"tables.{name}.timezone", table.timezone)
        if table.in_ is not None:
            _check_choice(
                file, f"tables.{name}.in", table.in_, sources.databases,
                f"'{table.in_}' is not one of the databases",
            )  # fmt: skip
        elif table.from_ is not None:
            _check_choice(
                file, f"tables.{name}.from", table.from_, {**sources.files, **sources.combined},
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
        for column, source in table.columns.items():
            key = f"tables.{name}.columns.{column}"
            _check_choice(file, key, column, columns, "the table has no such column")
            _check_formats(file, key, source, TABLES[name].kind(column), in_file=table.in_ is None)
            if source.normalize and TABLES[name].kind(column) != "text":
                raise SettingError(file, "normalize is for keys and other texts", key=key)
            if source.means is not None and (name, column) != ("contracts", "ended_on"):
                raise SettingError(file, "means is for the end of a contract, contracts.ended_on", key=key)
            if source.bounds:
                _check_bounds(file, key, (name, column), source, sources.sizes)
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


def _check_combined(file: Path, sources: Sources) -> None:
    """Check the parts of combined files; their columns are those of tables only later, so any format may stand there."""
    for name, parts in sources.combined.items():
        if name in sources.files:
            raise SettingError(
                file, "a file has this name already; choose another one", key=f"combined.{name}"
            )
        for i, part in enumerate(parts):
            key = f"combined.{name}.{i}"
            _check_choice(
                file, f"{key}.from", part.from_, sources.files, f"'{part.from_}' is not one of the files"
            )
            for column, source in part.columns.items():
                kind = "time" if source.format is not None else "number"
                _check_formats(file, f"{key}.columns.{column}", source, kind, in_file=True)


def _check_formats(file: Path, key: str, source: ColumnSource, kind: str, *, in_file: bool) -> None:
    """Check the formats of dates and numbers of a column."""
    for name, value, kinds, values_name in (
        ("format", source.format, ("date", "time"), "dates and times"),
        ("number", source.number, ("number", "integer"), "numbers"),
    ):
        if value is not None and not in_file:
            raise SettingError(
                file, f"a {name} is for text in files; in a database write an sql expression", key=key
            )
        if value is not None and kind not in kinds:
            raise SettingError(file, f"a {name} is for {values_name}", key=key)
    if source.format is not None and (problem := format_problem(source.format)):
        allowed = f"a format such as %d/%m/%Y, or {', '.join(FORMAT_WORDS)}"
        raise SettingError(file, problem, key=f"{key}.format", allowed=allowed)
    if source.number is not None:
        try:
            NumberForm.of(source.number)
        except ValueError as error:
            raise SettingError(file, str(error), key=f"{key}.number", allowed=EXAMPLES_HINT) from None


def _check_bounds(
    file: Path, key: str, table_column: tuple[str, str], source: ColumnSource, sizes: Sequence[SizeClass]
) -> None:
    """Check that the lower bounds of size classes increase with size."""
    if table_column != ("accounts", "size"):
        raise SettingError(file, "bounds are for the size of a company, accounts.size", key=key)
    if source.constant is not None:
        raise SettingError(file, "bounds are for a column or an sql expression that gives a number", key=key)
    order = [size_class.size for size_class in sizes]
    for size in source.bounds:
        _check_choice(file, f"{key}.bounds", size, order, f"'{size}' is not one of the sizes")
    named_sizes = [size for size in order if size in source.bounds]
    lower_bounds = [source.bounds[size] for size in named_sizes]
    if not all(math.isfinite(n) for n in lower_bounds) or any(b <= a for a, b in pairwise(lower_bounds)):
        raise SettingError(
            file,
            f"the least number of each class must be larger than that of the one before: {', '.join(named_sizes)}"
            " is their order, smallest first",
            key=f"{key}.bounds",
        )


def _check_choice(file: Path, key: str, name: str, allowed: Any, problem: str) -> None:
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
    """Refuse secrets in the file itself, which is shared more widely than the environment."""
    for name, url in sources.databases.items():
        if url.startswith(("spark:", "pyspark:")):  # local[2] is no host
            continue
        try:
            parts = urlsplit(url)
            password = parts.password or next(
                (value for option, value in parse_qsl(parts.query) if _SECRET.search(option)), None
            )
        except ValueError:
            raise SettingError(file, "this is not the URL of a database", key=f"databases.{name}") from None
        if password and not VARIABLE.search(password):
            raise SettingError(
                file,
                "a password is written here; write ${NAME} and set NAME in the environment",
                key=f"databases.{name}",
            )
    for name, source in sources.files.items():
        for option, value in source.options.items():
            if _SECRET.search(option) and isinstance(value, str) and not VARIABLE.search(value):
                raise SettingError(
                    file,
                    "a secret is written here; write ${NAME} and set NAME in the environment",
                    key=f"files.{name}.options.{option}",
                )

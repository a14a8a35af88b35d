"""Lines of the sources file, as messages tell a person to write them."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from cs_helpers.sources.mapping import ColumnSource, Sources


def column_line(sources: Sources, table: str, column: str, **more: Any) -> str:
    """The mapping of a column as the sources file has it, with something more: `mrr: {column: fee, number: "1,234.5"}`."""
    said = sources.tables[table].column(column) or ColumnSource(column=column)
    return f"{column}: {in_yaml(said.model_dump(exclude_none=True, exclude_defaults=True) | more)}"


def placed_line(sources: Sources, table: str, column: str, **more: Any) -> str:
    """The same with its place: `tables.contracts.columns.mrr: {...}`."""
    return f"tables.{table}.columns.{column_line(sources, table, column, **more)}"


def in_yaml(value: Any) -> str:
    """A value on one line of YAML; text in double quotes where it needs any, as messages have single ones around."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{in_yaml(key)}: {in_yaml(meaning)}' for key, meaning in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_yaml, value))}]"
    if isinstance(value, str) and re.fullmatch(r"\w[\w .()/-]*", value) and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)

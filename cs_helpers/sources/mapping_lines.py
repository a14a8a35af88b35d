"""Lines of the sources file that messages suggest."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from cs_helpers.sources.mapping import ColumnSource, Sources


def column_line(sources: Sources, table: str, column: str, **extra_keys: Any) -> str:
    """The mapping of a column in the sources file with additional keys: `mrr: {column: fee, number: "1,234.5"}`."""
    source = sources.tables[table].column(column) or ColumnSource(column=column)
    return f"{column}: {flow_yaml(source.model_dump(exclude_none=True, exclude_defaults=True) | extra_keys)}"


def placed_line(sources: Sources, table: str, column: str, **extra_keys: Any) -> str:
    """The line of `column_line` with its place: `tables.contracts.columns.mrr: {...}`."""
    return f"tables.{table}.columns.{column_line(sources, table, column, **extra_keys)}"


def flow_yaml(value: Any) -> str:
    """A value in YAML's flow style, with double quotes where needed, as messages put single quotes around lines."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow_yaml(key)}: {flow_yaml(meaning)}' for key, meaning in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow_yaml, value))}]"
    if isinstance(value, str) and re.fullmatch(r"\w[\w .()/-]*", value) and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)

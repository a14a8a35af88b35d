"""Names and texts quoted for DuckDB's SQL."""

from __future__ import annotations

from pathlib import Path


def quote_identifier(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def sql_text(text: Path | str) -> str:
    """A text literal in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"

"""The bytes of a file, wherever it lies, and texts as DuckDB's SQL writes them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from cs_helpers.paths import display_path


def opened_bytes(path: str, options: Mapping[str, Any]) -> BinaryIO:
    """A file, opened: of this machine, or of another by fsspec with its options; `.gz` is unpacked."""
    if "://" in path:
        import fsspec

        content = fsspec.open(path, "rb", **options).open()
        return gzip.GzipFile(fileobj=content) if path.endswith(".gz") else content  # type: ignore[return-value]
    return gzip.open(path) if path.endswith(".gz") else Path(path).open("rb")  # type: ignore[return-value]


def place(path: str) -> str:
    """Where a file lies, as messages say it."""
    return path if "://" in path else display_path(Path(path))


def escaped(name: str) -> str:
    """A name between double quotes."""
    return name.replace('"', '""')


def sql_text(text: Path | str) -> str:
    """A text as DuckDB's SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"

"""Byte streams of files, local or remote, and their paths as messages show them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from cs_helpers import paths


def open_bytes(path: str, options: Mapping[str, Any]) -> BinaryIO:
    """Open a local file, or a remote one by fsspec with its options; `.gz` is decompressed."""
    if "://" in path:
        import fsspec

        content = fsspec.open(path, "rb", **options).open()
        return gzip.GzipFile(fileobj=content) if path.endswith(".gz") else content  # type: ignore[return-value]
    return gzip.open(path) if path.endswith(".gz") else Path(path).open("rb")  # type: ignore[return-value]


def display_path(path: str) -> str:
    """A path or address as messages show it."""
    return path if "://" in path else paths.display_path(Path(path))

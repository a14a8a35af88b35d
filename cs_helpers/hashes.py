"""SHA-256 of bytes, text, files and JSON values, in hexadecimal, to detect changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def of(content: bytes | str) -> str:
    """The hash of bytes, or of a text encoded as UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def of_json(content: Any) -> str:
    """The hash of a JSON-serialisable value; the order of keys does not matter."""
    return of(json.dumps(content, sort_keys=True))


def of_file(file: Path) -> str:
    """The hash of a file's content; the file may be larger than memory."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def path_key(file: Path) -> str:
    """A short key for a file, derived from its absolute path."""
    return of(str(file.resolve()))[:12]


def of_files(files: Iterable[Path]) -> str:
    """One hash of several files: of their names and contents."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()

"""Whether something is as it was: SHA-256 of bytes, text, files and what JSON can say, as hexadecimal text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def of(content: bytes | str) -> str:
    """The hash of bytes, or of a text in UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def of_json(content: Any) -> str:
    """The hash of what JSON can say; the order of keys does not matter."""
    return of(json.dumps(content, sort_keys=True))


def of_file(file: Path) -> str:
    """The hash of what a file holds, which may be larger than memory."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def name_of(file: Path) -> str:
    """A short name for what is kept about a file, which tells files apart by where they lie."""
    return of(str(file.resolve()))[:12]


def of_files(files: Iterable[Path]) -> str:
    """One hash of files: their names and what they hold."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()

"""What is installed here: this package's own code and the versions of everything else, as hashes."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path


@cache
def package_code() -> str:
    """The hash of this package's source, the sample data's generator aside."""
    package = Path(__file__).resolve().parent
    files = [f for f in package.rglob("*") if f.suffix in (".py", ".yml") and "sample" not in f.parts]
    return hash_of_files(sorted(files))


@cache
def installed_versions() -> str:
    """The hash of Python's and all installed packages' versions, as their folders name them."""
    installed = {
        entry.name
        for folder in sys.path
        if folder and Path(folder).is_dir()
        for entry in Path(folder).iterdir()
        if entry.suffix in (".dist-info", ".egg-info")
    }
    return hashlib.sha256("\n".join([platform.python_version(), *sorted(installed)]).encode()).hexdigest()


def hash_of_files(files: Iterable[Path]) -> str:
    """One hash of files: their names and what they hold."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()

"""What is installed here: this package's own code and the versions of everything else, as hashes."""

from __future__ import annotations

import platform
import sys
from functools import cache
from pathlib import Path

from cs_helpers import hashes


@cache
def package_code() -> str:
    """The hash of this package's source, the sample data's generator aside."""
    package = Path(__file__).resolve().parent
    files = [f for f in package.rglob("*") if f.suffix in (".py", ".yml") and "sample" not in f.parts]
    return hashes.of_files(sorted(files))


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
    return hashes.of("\n".join([platform.python_version(), *sorted(installed)]))

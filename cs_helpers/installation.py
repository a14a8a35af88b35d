"""Hashes of this package's code and of the installed versions of its dependencies."""

from __future__ import annotations

import platform
import re
import sys
from functools import cache
from pathlib import Path

from cs_helpers import hashes

#: folders of the package that no report depends on: the generator of the sample data, and what is made of reports
_NO_PART = ("sample", "delivery")


@cache
def package_code() -> str:
    """The hash of this package's source, without what no report depends on."""
    package = Path(__file__).resolve().parent
    files = [f for f in package.rglob("*") if f.suffix in (".py", ".yml") and f.parent.name not in _NO_PART]
    return hashes.of_files(sorted(files))


@cache
def installed_versions() -> str:
    """The hash of the versions of Python and of the packages that a report needs.

    Those are the packages of requirements.lock; where that file is missing, all installed packages. Versions are
    read from the names of the metadata folders.
    """
    required = locked_names()
    installed = {
        entry.name
        for folder in sys.path
        if folder and Path(folder).is_dir()
        for entry in Path(folder).iterdir()
        if entry.suffix in (".dist-info", ".egg-info")
        and (not required or _canonical(entry.name.partition("-")[0]) in required)
    }
    return hashes.of("\n".join([platform.python_version(), *sorted(installed)]))


def locked_names() -> frozenset[str]:
    """The names of the packages in requirements.lock; empty where that file is not next to this package."""
    file = Path(__file__).resolve().parents[1] / "requirements.lock"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    return frozenset(_canonical(m[1]) for m in re.finditer(r"^([\w.-]+)(?:\[[^\]]*\])?==", text, re.M))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

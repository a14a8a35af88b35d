"""What a report was made from, as one hash: the same fingerprint and an intact file need no new run."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from cs_helpers import paths
from cs_helpers.report.plan import Run


def fingerprint(run: Run) -> str:
    """Notebook, parameters (the snapshot's id is a hash of its content), code, templates, versions."""
    parts = {
        "notebook": _hash([run.notebook]),
        "parameters": run.parameters.model_dump(mode="json"),
        "code": _code(),
        "versions": _versions(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    package = Path(__file__).resolve().parents[1]
    files = [f for f in package.rglob("*") if f.suffix in (".py", ".yml") and "sample" not in f.parts]
    return _hash(sorted(files) + sorted(f for f in paths.templates().rglob("*") if f.is_file()))


@cache
def _versions() -> str:
    installed = sorted(f"{d.name}=={d.version}" for d in distributions())
    return hashlib.sha256("\n".join([platform.python_version(), *installed]).encode()).hexdigest()


def _hash(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()

"""Detect without reading the tables whether they are unchanged since a snapshot was taken of them.

A file is unchanged if its size, times and inode are: no program can set the time of the last change
of an inode. A file that changed less than two seconds before it was inspected could change again within
the resolution of these times, so its content is hashed as well. Changes in a database or on another
machine cannot be detected.
"""

from __future__ import annotations

import glob
import json
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from cs_helpers import hashes, paths
from cs_helpers.contract.products import product_files
from cs_helpers.errors import SnapshotError
from cs_helpers.installation import installed_versions, package_code
from cs_helpers.snapshot import Snapshot

_MEMORY_FOLDER = ".seen"
_RECENT_NS = 2_000_000_000

#: expressions of the sources file that read other inputs than its files: other files, the clock, random numbers
_OUTSIDE_INPUT = re.compile(
    r"read_\w+\s*\(|_scan\s*\(|\b(?:attach|glob|now|today|random|uuid|getenv)\b|\bcurrent_|from\s+'",
    re.IGNORECASE,
)


class ChangeDetector:
    """Compares a sources file and the files that it names with their state at the last snapshot."""

    def __init__(
        self, sources_file: Path, *, folder: Path | None = None, products: Path | None = None
    ) -> None:
        self.root = folder or paths.snapshots()
        self.sources_file = sources_file
        name = hashes.path_key(sources_file)
        self._memory_file = self.root / _MEMORY_FOLDER / f"{name}.json"
        files = product_files(products or paths.products())
        self._context = {
            "sources": hashes.of_file(sources_file),
            "products": hashes.of_json({f"{f.parent.name}/{f.name}": hashes.of_file(f) for f in files}),
            "code": package_code(),
            "versions": installed_versions(),
            "today": date.today().isoformat(),
        }

    def unchanged_snapshot(self) -> Snapshot | None:
        """The snapshot that taking one now would give; None where that is unknown without reading the tables."""
        try:
            remembered = json.loads(self._memory_file.read_text(encoding="utf-8"))
            if remembered["around"] != self._context or remembered["files"] != _file_states(
                remembered["patterns"], remembered["files"]
            ):
                return None
            snapshot = Snapshot.open(remembered["snapshot"], folder=self.root)
        except (OSError, ValueError, KeyError, TypeError, SnapshotError):
            return None
        return snapshot if snapshot.is_intact() else None

    def remember(self, snapshot: Snapshot, before: dict[str, Any] | None) -> None:
        """Remember that this snapshot was taken of the files in the state `before` (from `file_states`)."""
        self._memory_file.unlink(missing_ok=True)
        if before is None or before["files"] != _file_states(before["patterns"], before["files"]):
            return
        self._memory_file.parent.mkdir(parents=True, exist_ok=True)
        content = {"around": self._context, **before, "snapshot": snapshot.id}
        new = self._memory_file.with_suffix(".new")
        new.write_text(json.dumps(content, indent=1), encoding="utf-8")
        new.replace(self._memory_file)

    def file_states(self) -> dict[str, Any] | None:
        """The state of the files that the sources file names; None where some inputs cannot be monitored."""
        from cs_helpers.sources import coding_log
        from cs_helpers.sources.sources_file import load_sources

        sources = load_sources(self.sources_file)
        has_outside_input = _OUTSIDE_INPUT.search(self.sources_file.read_text(encoding="utf-8"))
        if (
            has_outside_input
            or sources.databases
            or any("://" in file.path for file in sources.files.values())
        ):
            return None
        base = self.sources_file.resolve().parent / sources.folder
        patterns = [str(base / file.path) for file in sources.files.values()]
        patterns.append(str(paths.codings() / coding_log.PATTERN))  # what was coded in the notebook
        return {"patterns": patterns, "files": _file_states(patterns, None)}


def _file_states(patterns: list[str], before: dict[str, Any] | None) -> dict[str, Any]:
    """File -> size, times, inode, and the hash of its content where these are not enough (else "")."""
    now = time.time_ns()
    states: dict[str, Any] = {}
    for file in sorted({file for pattern in patterns for file in _files(pattern)}):
        status = file.stat()
        state: list[Any] = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, ""]
        is_recent = max(status.st_mtime_ns, status.st_ctime_ns) > now - _RECENT_NS
        if is_recent if before is None else (before.get(str(file)) or [""])[-1]:
            state[-1] = hashes.of_file(file)
        states[str(file)] = state
    return states


def _files(pattern: str) -> Iterator[Path]:
    matches = [pattern] if Path(pattern).exists() else glob.glob(pattern, recursive=True)  # noqa: PTH207 - of a whole path
    for name in matches:
        path = Path(name)
        yield from (p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
